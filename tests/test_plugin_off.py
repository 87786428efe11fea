"""Without option and ini flag the plugin declares what it offers and does nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pytest_integration_gate

LOADED = ("-p", "pytest_integration_gate.plugin")

SHOW_MODULES = """
import sys
import pytest

@pytest.fixture(scope="session", autouse=True)
def modules(request):
    before = set(sys.modules)
    yield
    plugin = request.config.pluginmanager.get_plugin("pytest_integration_gate.plugin")
    hooks = [caller.name for caller in request.config.pluginmanager.get_hookcallers(plugin)]
    print("HOOKS", *sorted(hooks))
    print("MODULES", *sorted(name for name in sys.modules if name.partition(".")[0] == "pytest_integration_gate"))
    print("MOCK", "unittest.mock" in sys.modules, "YAML", "yaml" in sys.modules)
"""


@pytest.fixture(autouse=True)
def _only_this_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(pytest_integration_gate.__file__).parents[1]))


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in a process of its own, because this one has everything imported already."""
    return pytester.runpytest_subprocess(*LOADED, *arguments)


def test_nothing_of_the_run_phase_exists(pytester: pytest.Pytester) -> None:
    """Only the doorbell is imported, it has no hook of the run phase, and no file is written."""
    pytester.makeconftest(SHOW_MODULES)
    pytester.makepyfile("def test(): pass")
    result = run(pytester, "-s", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*HOOKS pytest_addoption pytest_configure pytest_plugin_registered",
            "MODULES pytest_integration_gate pytest_integration_gate.plugin",
            "MOCK False YAML False",
        ]
    )
    written = {path.name for path in pytester.path.iterdir() if not path.name.startswith("runpytest")}
    assert written - {"__pycache__", "stdout", "stderr"} == {"conftest.py", f"{pytester.path.name[:-1]}.py"}


def test_an_ini_flag_that_says_false_is_off(pytester: pytest.Pytester) -> None:
    """`integration_gate = false` is the same as nothing."""
    pytester.makeini("[pytest]\nintegration_gate = false\n")
    pytester.makeconftest(SHOW_MODULES)
    pytester.makepyfile("def test(): pass")
    result = run(pytester, "-s")
    result.stdout.fnmatch_lines(["MODULES pytest_integration_gate pytest_integration_gate.plugin"])


def test_an_ini_flag_that_is_neither_is_an_error(pytester: pytest.Pytester) -> None:
    """A value that is neither true nor false is a usage error, not a traceback."""
    pytester.makeini("[pytest]\nintegration_gate = maybe\n")
    result = run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *maybe*"])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_wrong_settings_disturb_nobody(pytester: pytest.Pytester) -> None:
    """Settings of a gate that is off are not read."""
    pytester.makeini("[pytest]\ngate_fail_on = nonsense\ngate_config = missing.yaml\n")
    pytester.makepyfile("def test(): pass")
    run(pytester).assert_outcomes(passed=1)


def test_the_marker_is_known(pytester: pytest.Pytester) -> None:
    """Tests may carry the marker whether the gate is on or off, under strict markers too."""
    pytester.makepyfile('import pytest\n@pytest.mark.boundary("database", fidelity="emulated")\ndef test(): pass')
    run(pytester, "--strict-markers", "-W", "error").assert_outcomes(passed=1)
    run(pytester, "--markers").stdout.fnmatch_lines(["@pytest.mark.boundary(name, ..., fidelity='real'): *"])


def test_the_help_shows_the_options(pytester: pytest.Pytester) -> None:
    """`pytest --help` lists every option and ini name."""
    out = run(pytester, "--help").stdout.str()
    for name in (
        "--integration-gate",
        "--boundary=NAME",
        "--gate-report=PATH",
        "--gate-fail-on=WORDS",
        "--gate-store=PATH",
    ):
        assert name in out
    for name in (
        "integration_gate (bool)",
        "gate_boundaries (linelist)",
        "gate_redact (linelist)",
        "gate_config (string)",
    ):
        assert name in out


def test_runs_inside_runs(pytester: pytest.Pytester) -> None:
    """Two runs in one process do not know of each other."""
    pytester.makepyfile("def test(): pass")
    pytester.runpytest_inprocess(*LOADED).assert_outcomes(passed=1)
    pytester.runpytest_inprocess(*LOADED).assert_outcomes(passed=1)


def test_the_package_imports_nothing_heavy() -> None:
    """`import pytest_integration_gate` loads no other module than itself."""
    code = "import sys; before = set(sys.modules); import pytest_integration_gate; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - {"__future__"} == {"pytest_integration_gate"}
