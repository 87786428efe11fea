"""Budgets, quarantine, critical tests first, floors of coverage."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pytest_integration_gate.configuration.reading import read_settings
from pytest_integration_gate.errors import SettingsError

SLOW = """
import time
import pytest

@pytest.fixture
def slow():
    yield
    time.sleep(0.2)

@pytest.mark.budget(0.1)
def test_slow_call():
    time.sleep(0.2)

@pytest.mark.budget(0.1)
def test_slow_end(slow):
    pass

@pytest.mark.budget(60)
def test_quick():
    pass

@pytest.mark.budget(0.1)
def test_slow_and_wrong():
    time.sleep(0.2)
    assert 1 == 2
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
def test_a_test_over_its_budget_ends_and_then_fails(project: Any, workers: tuple[str, ...]) -> None:
    """Every phase counts; a test that fails by itself says so and nothing else."""
    project.write("tests/unit/test_greet.py", SLOW)
    result = project.run("tests/unit", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2, failed=2, errors=1)
    reasons = {one["name"]: one["reason"] for one in project.report["failed_tests"]}
    assert "its budget is 0.1 s (setup" in reasons["test_slow_call"]
    assert "teardown" in reasons["test_slow_end"]
    assert reasons["test_slow_and_wrong"] == "assert 1 == 2"


def test_none_only_tells(project: Any) -> None:
    """Under `none` a budget is a sentence, and so is that of the run."""
    project.write("tests/unit/test_greet.py", SLOW.replace("assert 1 == 2", "pass"))
    project.write("pytest.ini", "[pytest]\npythonpath = .\ngate_budget = 10ms\n")
    result = project.run("tests/unit", "--gate-fail-on=none")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=4)
    told = [warning for warning in project.report["warnings"] if "its budget is 0.1 s" in warning]
    assert len(told) == 3
    assert project.report["gate"]["status"] == "PARTIAL"


def test_the_run_has_a_budget(project: Any) -> None:
    """The run ends before it fails."""
    project.write("tests/unit/test_greet.py", "def test_quick():\n    pass\n")
    project.write("pytest.ini", "[pytest]\npythonpath = .\ngate_budget = 10ms\n")
    result = project.run("tests/unit")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1)
    (reason,) = project.report["gate"]["reasons"]
    assert reason.endswith("its budget is 0.01 s")
    project.write("pytest.ini", "[pytest]\npythonpath = .\ngate_budget = 1h\n")
    assert project.run("tests/unit").ret == pytest.ExitCode.OK


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
def test_a_failure_in_quarantine_is_told_and_fails_nothing(project: Any, workers: tuple[str, ...]) -> None:
    """Until its last day; after it the test fails, whether it would pass or not."""
    project.write(
        "tests/unit/test_greet.py",
        "import pytest\n\n"
        '@pytest.mark.quarantine("#12", until="2999-01-01")\ndef test_known():\n    assert 0\n\n'
        '@pytest.mark.quarantine(reason="#13", until="2999-01-01")\ndef test_fine():\n    pass\n\n'
        "@pytest.fixture\ndef broken():\n    assert 0\n\n"
        '@pytest.mark.quarantine("#14", until="2999-01-01")\ndef test_setup(broken):\n    pass\n',
    )
    result = project.run("tests/unit", *workers)
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1, xfailed=2)
    assert project.report["warnings"] == [
        "tests/unit/test_greet.py::test_known failed in quarantine until 2999-01-01: #12.",
        "tests/unit/test_greet.py::test_setup failed in quarantine until 2999-01-01: #14.",
    ]
    path = project.root / "tests/unit/test_greet.py"
    path.write_text(path.read_text().replace("2999", "2020"))
    result = project.run("tests/unit", *workers)
    result.assert_outcomes(failed=2, errors=1)
    reasons = [one["reason"] for one in project.report["failed_tests"]]
    assert "The quarantine ended on 2020-01-01 (#13). Remove the marker, or renew the date." in reasons


@pytest.mark.parametrize(
    ("marker", "form"),
    [
        ("budget()", "must have one number of seconds above 0"),
        ("budget('1s')", "must have one number of seconds above 0"),
        ("budget(0)", "must have one number of seconds above 0"),
        ("quarantine('#1')", "must have a reason and a last day"),
        ("quarantine(until='2030-01-01')", "must have a reason and a last day"),
        ("quarantine('#1', until='soon')", "must have a reason and a last day"),
    ],
)
def test_a_marker_that_cannot_be_read_is_a_usage_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, marker: str, form: str
) -> None:
    """It says who wrote what and shows the form."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass\n")
    result = pytester.runpytest_inprocess("-p", "pytest_integration_gate.plugin", "--integration-gate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"test_it.py::test_it: @pytest.mark.{marker}" in result.stderr.str().replace('"', "'")
    assert form in result.stderr.str()


def test_critical_tests_come_first(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among themselves, and behind them, nothing changes."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        test_a="def test_1(): pass\ndef test_2(): pass\n",
        test_b="import pytest\ndef test_3(): pass\n@pytest.mark.critical\ndef test_4(): pass\n",
        test_c="import pytest\npytestmark = pytest.mark.critical\ndef test_5(): pass\ndef test_6(): pass\n",
    )
    result = pytester.runpytest_inprocess("-p", "pytest_integration_gate.plugin", "--integration-gate", "-v")
    result.stdout.fnmatch_lines(
        [f"test_{file}.py::test_{n} PASSED*" for file, n in ("b4", "c5", "c6", "a1", "a2", "b3")]
    )


@pytest.mark.parametrize(
    ("name", "lines", "problem"),
    [
        ("gate_rules", "names: error", "`names` is no rule. Did you mean `name`?"),
        ("gate_rules", "name: fatal", "`name` must be `warning`, `error` or `off`, not `fatal`."),
        ("gate_budget", "soon", "`soon` is no time. Write seconds, or a unit behind them, like `90s` or `5m`."),
        ("gate_budget", "0", "`0` is no time."),
        ("gate_coverage", "shop", "`shop` is no floor. Write `shop/orders: 90`, percent above 0 up to 100."),
        ("gate_coverage", "shop: 101", "`shop: 101` is no floor."),
    ],
)
def test_limits_that_cannot_be_read_are_usage_errors(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, lines: str, problem: str
) -> None:
    """Each names the setting and what is allowed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini(f"[pytest]\n{name} = {lines}\n")
    with pytest.raises(SettingsError) as caught:
        read_settings(pytester.parseconfig("-p", "pytest_integration_gate.plugin"))
    assert str(caught.value).startswith(f"{name} in tox.ini: {problem}")


FLOORS = "[pytest]\npythonpath = .\ntestpaths = tests\ngate_coverage =\n    shop.py: 60%\n    pack: 1\n    gone/*: 1\n"


def test_floors_are_held_against_the_data_of_this_run(project: Any) -> None:
    """Files that no test imports count with nothing; without data, and with old data, no floor is reached."""
    project.write("pack/__init__.py", "")
    project.write("pack/unused.py", "def unused():\n    return 1\n")
    project.write("pytest.ini", FLOORS)
    project.write("tests/unit/test_greet.py", "")
    run = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-p", "pytest_integration_gate.plugin"]
    result = project.pytester.run(*run, "--integration-gate")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert project.report["gate"]["reasons"] == [
        "coverage of pack is 0 %, its floor is 1 %",
        "coverage of gone/* is unknown: no file of the project belongs to it",
    ]
    for forget in (False, True):
        if forget:
            (project.root / ".coverage").unlink()
        assert project.run().ret == pytest.ExitCode.TESTS_FAILED
        (reason,) = project.report["gate"]["reasons"]
        assert ("there are no coverage data" if forget else "older than this run") in reason
