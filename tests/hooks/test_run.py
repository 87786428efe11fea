"""Whole runs: what is found, what is written, and how the run ends."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import jsonschema
import pytest


def timeless(report: dict[str, Any]) -> dict[str, Any]:
    """The report without what must differ between two runs."""
    for name in ("timestamp", "duration", "workers", "seed"):
        report["test_run"].pop(name, None)
    return report


def test_a_lie_fails_the_run_and_stands_in_the_report(project: Any) -> None:
    """The mock says `mail`, the boundary test saw `email`: exit 1, one mismatch with both places."""
    result = project.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2)
    (mismatch,) = project.report["mismatches"]
    assert (mismatch["target"], mismatch["kind"], mismatch["verdict"]) == (
        "shop:Repo.get",
        "return_shape",
        "contradicted",
    )
    assert mismatch["boundary"] == "database"
    assert mismatch["claim"]["at"] == "tests/unit/test_greet.py:5"
    assert mismatch["claim"]["tests"] == ["tests/unit/test_greet.py::test_greets"]
    assert mismatch["reality"]["tests"] == ["tests/integration/test_repo.py::test_comes_back"]
    assert mismatch["differences"] == [{"path": "$.mail", "claim": "str", "reality": "absent (nearest: email)"}]
    assert project.report["gate"]["reasons"] == ["1 mismatch"]


def test_observations_count_where_the_configuration_files_them(project: Any) -> None:
    """The boundary test is marked `database`; what the configuration gives to another boundary counts there."""
    project.write("gate.yaml", "boundaries: {people: {collaborators: [shop]}}\n")
    project.run()
    (mismatch,) = project.report["mismatches"]
    assert mismatch["boundary"] == "people"
    counted = {one["name"]: one["observations"] for one in project.report["boundaries"]}
    assert counted["database"] == 0
    assert counted["people"] > 0


def test_the_report_has_the_shipped_schema(project: Any) -> None:
    """What a run writes is what the JSON Schema describes."""
    project.run()
    schema = files("pytest_integration_gate.reports").joinpath("schemas/report.schema.json").read_text()
    jsonschema.validate(project.report, json.loads(schema))


def test_a_mended_mock_passes(project: Any) -> None:
    """When the mock and the code say what reality says, the run passes."""
    for name in ("shop.py", "tests/unit/test_greet.py"):
        path = project.root / name
        path.write_text(path.read_text().replace('"mail"', '"email"'))
    assert project.run().ret == pytest.ExitCode.OK
    assert project.report["gate"]["claims"]["verified"] == 1


def test_none_reports_and_never_fails(project: Any) -> None:
    """`--gate-fail-on none` keeps the mismatch in the report and the exit status at 0."""
    assert project.run("--gate-fail-on", "none").ret == pytest.ExitCode.OK
    assert len(project.report["mismatches"]) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("tests/unit", "tests/integration"),
        ("-p", "xdist", "-n2"),
        ("-p", "xdist", "-n2", "--dist", "loadfile"),
        *(("-p", "pytest_randomly", "-p", "xdist", "-n2", f"--randomly-seed={seed}") for seed in (1, 2, 3)),
        *(("-p", "pytest_randomly", f"--randomly-seed={seed}") for seed in (1, 2, 3)),
    ],
    ids=" ".join,
)
def test_order_and_workers_change_nothing(project: Any, options: tuple[str, ...]) -> None:
    """The report is the same in any order and on any number of workers."""
    more = project.root / "tests/unit/test_more.py"
    more.write_text(
        "from unittest.mock import patch\nimport shop\n\n"
        + "\n".join(
            f"def test_{n}():\n    with patch('shop.Repo') as repo:\n"
            f"        repo.return_value.get.return_value = {{'mail': {n % 2}}}\n"
            f"        try:\n            shop.greet({n})\n        except TypeError:\n            pass\n"
            for n in range(6)
        )
    )
    plugins = ("-p", "pytest_randomly", "--randomly-seed=7") if "pytest_randomly" in options else ()
    project.run(*plugins)
    expected = timeless(project.report)
    for path in (project.root / ".integration_gate").iterdir():
        path.unlink()
    project.run(*options)
    assert timeless(project.report) == expected


def test_stored_evidence_judges_a_later_run_of_unit_tests(project: Any) -> None:
    """Reality that was observed last night contradicts a mock of today."""
    assert project.run("tests/integration").ret == pytest.ExitCode.OK
    assert project.run("tests/unit").ret == pytest.ExitCode.TESTS_FAILED
    (mismatch,) = project.report["mismatches"]
    assert mismatch["reality"]["tests"] == ["tests/integration/test_repo.py::test_comes_back"]


def test_a_test_that_is_gone_takes_its_evidence_along(project: Any) -> None:
    """What a removed test once saw no longer counts."""
    project.run("tests/integration")
    project.write("tests/integration/test_repo.py", "def test_nothing():\n    pass\n")
    project.run("tests/integration")
    assert project.run("tests/unit").ret == pytest.ExitCode.OK
    assert project.report["gate"]["reasons"] == ["1 unverified claim", "no claim met any evidence"]


def test_one_boundary_at_a_time(project: Any) -> None:
    """`--boundary` deselects the boundary tests of others, keeps unit tests and reports that boundary only."""
    project.write(
        "tests/integration/test_mail.py",
        "import pytest\n\n@pytest.mark.boundary('mail')\ndef test_mail():\n    pass\n",
    )
    result = project.run("--boundary", "mail")
    result.assert_outcomes(passed=2, deselected=1)
    assert [boundary["name"] for boundary in project.report["boundaries"]] == ["mail"]
    assert project.report["mismatches"] == []


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
def test_an_unknown_boundary_is_a_usage_error(project: Any, workers: tuple[str, ...]) -> None:
    """A boundary that nobody knows ends the run with exit 4 and names the nearest."""
    result = project.run("--boundary", "databse", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "there is no boundary `databse`" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize(
    ("marker", "text"),
    [
        ("boundary()", "must name its boundaries"),
        ("boundary('database', fidelity='fake')", "fidelity 'fake'"),
        ("boundary('database', level=1)", "does not know `level`"),
    ],
)
def test_a_wrong_marker_is_a_usage_error(project: Any, marker: str, text: str) -> None:
    """A marker that cannot be read says who wrote what, and what is allowed."""
    project.write("tests/test_wrong.py", f"import pytest\n\n@pytest.mark.{marker}\ndef test_wrong():\n    pass\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert text in result.stderr.str()


def test_a_store_from_the_future_is_left_alone(project: Any) -> None:
    """A newer format is an error with exit 4, and the file stays as it is."""
    header = '{"format": 99, "kind": "integration-gate evidence"}\n'
    store = project.write(".integration_gate/evidence.jsonl", header)
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "format 99" in result.stderr.str()
    assert store.read_text() == header


def test_a_damaged_store_is_set_aside(project: Any) -> None:
    """A damaged store is kept under another name, said once, and the run goes on."""
    project.write(".integration_gate/evidence.jsonl", "not ours\n")
    assert project.run().ret == pytest.ExitCode.TESTS_FAILED
    assert (project.root / ".integration_gate/evidence.jsonl.damaged-1").read_text() == "not ours\n"
    assert any("damaged" in warning for warning in project.report["warnings"])


@pytest.mark.parametrize(
    "body",
    [
        "@patch('builtins.open')\ndef test(m):\n    shop.greet_safely()",
        "@patch('time.time', return_value=0)\ndef test(m):\n    shop.greet_safely()",
        "@patch('json.dumps', side_effect=RuntimeError)\ndef test(m):\n    shop.greet_safely()",
        "@patch('builtins.isinstance', return_value=True)\ndef test(m):\n    Mock().method(shop.greet_safely())",
        "@patch('builtins.len', return_value=0)\ndef test(m):\n    shop.greet_safely()",
        "@patch('builtins.any', side_effect=RuntimeError)\ndef test(m):\n    shop.use(Mock(return_value=1))",
        "@patch('builtins.id', side_effect=RuntimeError)\ndef test(m):\n    shop.use(Mock(get=lambda *x: x).get)",
        "@patch('os.path.exists', return_value=True)\ndef test(m):\n    shop.greet_safely()",
        "def test():\n    shop.use(Mock(return_value=shop.Fragile()))\n    shop.use(Mock(side_effect=KeyError))",
    ],
    ids=["open", "time", "json", "isinstance", "len", "any", "id", "exists", "repr"],
)
def test_tests_that_patch_everything_run_as_without_the_gate(project: Any, body: str) -> None:
    """What tests patch, the gate does without; no outcome changes and nothing is warned of."""
    project.write(
        "shop.py",
        (project.root / "shop.py").read_text()
        + "\ndef greet_safely():\n    return Repo()\n\ndef use(f):\n    try:\n        return f(1, Fragile())\n"
        "    except KeyError:\n        return None\n",
    )
    source = f"import pytest\nfrom unittest.mock import *\nimport shop\n\n{body}\n"
    project.write("tests/unit/test_patched.py", source)
    decorated = re.sub(r"(?m)^(?=@patch|def test\(\))", "@pytest.mark.boundary('x')\n", source)
    project.write("tests/integration/test_patched_too.py", decorated)
    without = project.run("tests", gate=False).parseoutcomes()
    result = project.run("tests")
    assert result.parseoutcomes() == without
    assert project.report["warnings"] == []


def test_a_crashed_worker_loses_only_its_running_test(project: Any) -> None:
    """What other tests said and saw is still judged."""
    project.write("tests/test_crash.py", "import os\n\ndef test_crash():\n    os._exit(3)\n")
    result = project.run("-p", "xdist", "-n2", "--max-worker-restart=4")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(project.report["mismatches"]) == 1
    assert "crashed" in project.report["failed_tests"][0]["reason"]


def test_an_interrupted_run_still_has_its_report(project: Any) -> None:
    """Ctrl-C keeps pytest's exit status; what ran is judged, and the report says that it is not all."""
    project.write("tests/zz/test_stop.py", "def test_stop():\n    raise KeyboardInterrupt\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert len(project.report["mismatches"]) == 1
    assert "interrupted" in project.report["warnings"][0]


def test_a_failing_test_keeps_its_reason(project: Any) -> None:
    """Failed tests stand in the report; without contexts they are unclassified."""
    project.write("tests/test_bad.py", "def test_bad():\n    assert 1 == 2\n")
    project.run()
    (failed,) = project.report["failed_tests"]
    assert (failed["nodeid"], failed["category"]) == ("tests/test_bad.py::test_bad", "unclassified")
    assert re.search("assert 1 == 2", failed["reason"])
    assert project.report["test_run"]["status"] == "FAILED"


def test_contaminated_observations_are_no_evidence(project: Any) -> None:
    """A boundary test that reached a double underneath saw the double, not reality."""
    project.write(
        "tests/integration/test_repo.py",
        """
import pytest, shop
from unittest.mock import patch

@pytest.mark.boundary("database")
def test_half_real():
    with patch.object(shop, "Repo") as repo:
        repo.return_value.get.return_value = {"mail": "x"}
        shop.greet(1)
""",
    )
    project.write(
        "tests/unit/test_greet.py",
        """
from unittest.mock import patch
import shop, page

def test_page():
    with patch("shop.greet", return_value=3):
        page.show()
""",
    )
    project.write("page.py", "import shop\n\ndef show():\n    return shop.greet(1)\n")
    assert project.run().ret == pytest.ExitCode.OK
    assert project.report["gate"]["claims"]["verified"] == 0
    assert [entry["kind"] for entry in project.report["hygiene"]] == ["contaminated_observation", "internal_mock"]


WAIVED = """
from unittest.mock import patch
import shop

# gate: ignore[return_shape] the key is renamed next week until={until}
@patch.object(shop.Repo, "get", return_value={{"id": 1, "{key}": "ada@example.com"}})
def test_greets(get):
    try:
        shop.greet(1)
    except KeyError:
        pass
"""


def test_a_waiver_accepts_a_mismatch_until_its_date(project: Any) -> None:
    """A waived claim does not fail the run, and is counted as waived."""
    project.write("tests/unit/test_greet.py", WAIVED.format(until="2999-01-31", key="mail"))
    assert project.run().ret == pytest.ExitCode.OK
    assert project.report["gate"]["claims"]["waived"] == 1
    assert project.report["mismatches"] == []


@pytest.mark.parametrize(
    ("until", "key", "problem"),
    [
        ("2020-01-31", "mail", "tests/unit/test_greet.py:5: the waiver ended on 2020-01-31."),
        ("2999-01-31", "email", "tests/unit/test_greet.py:5: the waiver of return_shape covers nothing."),
    ],
    ids=["expired", "unused"],
)
def test_a_waiver_that_does_not_hold_fails_the_run(project: Any, until: str, key: str, problem: str) -> None:
    """An expired waiver and one that covers nothing any more both fail, with their line."""
    project.write("tests/unit/test_greet.py", WAIVED.format(until=until, key=key))
    assert project.run().ret == pytest.ExitCode.TESTS_FAILED
    assert "1 waiver that does not hold" in project.report["gate"]["reasons"]
    assert [warning for warning in project.report["warnings"] if warning.startswith(problem)]


def test_an_unused_waiver_of_a_test_that_did_not_run_is_no_problem(project: Any) -> None:
    """Only when all tests of a file ran can a waiver in it be called unused."""
    text = WAIVED.format(until="2999-01-31", key="email") + "\ndef test_other():\n    pass\n"
    project.write("tests/unit/test_greet.py", text)
    assert project.run("-k", "not greets").ret == pytest.ExitCode.OK


def test_boundary_tests_that_run_alone_know_the_doubles_of_the_others(project: Any) -> None:
    """What unit tests replace is watched also when only the boundary tests are collected."""
    project.write(
        "tool.py", "import subprocess, sys\n\ndef run():\n    return subprocess.run([sys.executable, '-c', ''])\n"
    )
    project.write(
        "tests/unit/test_greet.py",
        "from unittest.mock import Mock, patch\nimport tool\n\n@patch('tool.subprocess.run')\ndef test_tool(run):\n"
        "    run.return_value = Mock(returncode='0')\n    assert tool.run().returncode == '0'\n",
    )
    project.write(
        "tests/integration/test_repo.py",
        "import pytest\nimport tool\n\n@pytest.mark.boundary('process')\ndef test_tool():\n"
        "    assert tool.run().returncode == 0\n",
    )
    assert project.run("tests/integration").ret == pytest.ExitCode.OK
    assert project.run("tests/unit").ret == pytest.ExitCode.TESTS_FAILED
    assert [mismatch["target"] for mismatch in project.report["mismatches"]] == ["subprocess:run"]
