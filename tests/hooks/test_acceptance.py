"""Whole runs that judge acceptance criteria, requirements, a test plan and rules for boundary tests."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from pytest_integration_gate.configuration.reading import read_settings
from pytest_integration_gate.hooks.linking import Linking

GATE = """
stories:
  US-7: {criteria: {AC-1: The row comes back, AC-2: The customer is greeted, AC-3: It is fast, AC-4: It is safe}}
requirements: {FR-01: Rows are kept, FR-02: Rows are counted, QR-01: It is fast}
plan: TEST_PLAN.md
"""
BELL = """
class Bell:
    def ring(self, key):
        return key in "abc"

def announce(key):
    return Bell().ring(key)
"""
PLAN = "## Seam: shop → database\n- round trip (priority: high)\n- empty table\n"
TESTS = '''
from unittest.mock import patch
import pytest
import bell
import shop

@pytest.mark.boundary("database")
@pytest.mark.story("US-7", criterion=["AC-1"])
@pytest.mark.seam("SHOP -> database", path="Round trip")
def test_row_comes_back():
    """From the shop to the database and back.

    Validates: FR-01, US-7/AC-4.
    """
    repo = shop.Repo()
    repo.add(1, "ada@example.com")
    assert repo.get(1)["id"] == 1

@pytest.mark.story("US-7/AC-2")
@patch.object(bell.Bell, "ring", return_value=True)
def test_rings(ring):
    assert bell.announce(2)

class TestSpeed:
    """Validates: QR-01"""

    @pytest.mark.story("US-7", criterion="AC-3")
    @pytest.mark.xfail(reason="slow", strict=True)
    def test_speed(self):
        assert False

@pytest.mark.story("US-7")
def test_says_too_little():
    pass
'''


@pytest.fixture
def shop(project: Any) -> Any:
    """A project with stories, requirements and a plan."""
    project.write("gate.yaml", GATE)
    project.write("TEST_PLAN.md", PLAN)
    project.write("tests/unit/test_greet.py", "")
    project.write("tests/integration/test_repo.py", "")
    project.write("tests/test_asked.py", TESTS)
    project.write("bell.py", BELL)
    return project


def states(report: dict[str, Any]) -> dict[str, str]:
    criteria = {f"{one['story']}/{one['criterion']}": one["state"] for one in report["acceptance"]}
    return criteria | {one["id"]: one["state"] for one in report["requirements"]}


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
def test_everything_that_is_asked_has_a_state(shop: Any, workers: tuple[str, ...]) -> None:
    """Markers and docstrings link tests; the tables stand in the report and in Markdown, whoever ran the tests."""
    result = shop.run("--gate-trace=trace.md", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    report = shop.report
    jsonschema.validate(
        report, json.loads(files("pytest_integration_gate.reports").joinpath("schemas/report.schema.json").read_text())
    )
    assert states(report) == {
        "US-7/AC-1": "met",
        "US-7/AC-2": "mock_only",
        "US-7/AC-3": "failed",
        "US-7/AC-4": "met",
        "FR-01": "met",
        "FR-02": "gap",
        "QR-01": "failed",
    }
    assert report["plan"] == [
        {
            "seam": "shop → database",
            "path": "round trip",
            "priority": "high",
            "state": "covered",
            "tests": ["tests/test_asked.py::test_row_comes_back"],
        },
        {"seam": "shop → database", "path": "empty table", "state": "gap", "tests": []},
    ]
    assert report["gate"]["reasons"] == [
        "2 criteria not met",
        "2 requirements not met",
        "1 planned path without a test",
        "no claim met any evidence",
    ]
    assert report["warnings"] == [
        "tests/test_asked.py::test_says_too_little names US-7 and no criterion of it: "
        "it proves none of AC-1, AC-2, AC-3, AC-4."
    ]
    trace = (shop.root / "trace.md").read_text()
    assert "| US-7 | AC-1 | The row comes back | met | tests/test_asked.py::test_row_comes_back |" in trace
    assert "| FR-02 | Rows are counted | gap |  |" in trace
    assert "| shop → database | round trip | high | covered | tests/test_asked.py::test_row_comes_back |" in trace


def test_what_is_not_a_cause_leaves_the_run_partial(shop: Any) -> None:
    """With `gate_fail_on` only the words that somebody wrote fail; gaps of the plan have a word of their own."""
    assert shop.run("--gate-fail-on=mismatch").ret == pytest.ExitCode.OK
    assert shop.report["test_run"]["status"] == "PARTIAL"
    assert shop.run("--gate-fail-on=plan").ret == pytest.ExitCode.TESTS_FAILED
    assert shop.report["gate"]["reasons"] == ["1 planned path without a test", "no claim met any evidence"]


def test_deselected_tests_did_not_run(shop: Any) -> None:
    """`-k` leaves criteria `not_run`; tests of files that were not asked for are remembered, and are no gap."""
    shop.run()
    shop.run("-k", "rings")
    assert states(shop.report)["US-7/AC-1"] == "not_run"
    shop.run("tests/unit")
    assert states(shop.report)["US-7/AC-1"] == "not_run"
    assert states(shop.report)["US-7/AC-2"] == "gap"  # it was never met


def test_a_changed_text_waits_for_its_tests(shop: Any) -> None:
    """A criterion whose text changed since it was met is `changed` until one of its tests changes."""
    shop.run()
    shop.write("gate.yaml", GATE.replace("The row comes back", "Every row comes back"))
    shop.run()
    assert states(shop.report)["US-7/AC-1"] == "changed"
    shop.write("tests/test_asked.py", TESTS.replace("and back.", "and all back."))
    shop.run()
    assert states(shop.report)["US-7/AC-1"] == "met"


def test_a_damaged_memory_is_set_aside(shop: Any) -> None:
    """What cannot be read is kept under another name, and the run goes on."""
    shop.write(".integration_gate/acceptance.jsonl", "nonsense")
    shop.run()
    assert states(shop.report)["FR-01"] == "met"
    assert any("It was set aside" in warning for warning in shop.report["warnings"])
    assert (shop.root / ".integration_gate/acceptance.jsonl.damaged-1").read_text() == "nonsense"


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
def test_unknown_ids_are_usage_errors_all_at_once(shop: Any, workers: tuple[str, ...]) -> None:
    """Each names the test, what it wrote and what is known; nothing runs."""
    shop.write(
        "tests/test_wrong.py",
        'import pytest\n@pytest.mark.story("US-77", criterion="AC-1")\n@pytest.mark.story("US-7", criterion="AC-9")\n'
        '@pytest.mark.requirement("FR-1")\n@pytest.mark.seam("shop → disk", path="x")\n'
        '@pytest.mark.seam("shop → database", path="ruond trip")\n@pytest.mark.story(7)\n'
        'def test_wrong():\n    """Validates: FR-99, something else, US-7/AC-1"""\n',
    )
    result = shop.run(*workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stdout.str() + result.stderr.str()
    for text in (
        "there is no story `US-77`. Did you mean `US-7`?",
        "there is no criterion of US-7 `AC-9`. Did you mean `AC-4`? Known: AC-1, AC-2, AC-3, AC-4",
        "there is no requirement `FR-1`. Did you mean `FR-01`?",
        "there is no seam `shop → disk`. Known: shop → database",
        "there is no path of shop → database `ruond trip`. Did you mean `round trip`?",
        "@pytest.mark.story(7) must name one story",
        "there is no requirement or story `FR-99`.",
    ):
        assert text in told
    assert "something else" not in told


def test_markers_without_definitions_judge_nothing(project: Any) -> None:
    """A project that marks its tests and defines nothing has empty tables and no errors."""
    project.write("bell.py", BELL)
    project.write("tests/unit/test_greet.py", TESTS)
    project.run("tests/unit")
    assert (project.report["acceptance"], project.report["requirements"], project.report["plan"]) == ([], [], [])


def test_rules_warn_and_fail_where_that_is_asked(shop: Any) -> None:
    """With a plan boundary tests follow the rules; `error` fails the run, `off` hides; others, and YAML, are free."""
    shop.write("TEST_PLAN.md", PLAN.replace("- empty table\n", ""))
    shop.write("gate.yaml", "plan: TEST_PLAN.md\n")
    shop.write("tests/test_asked.py", "def test_x():\n    assert True\n")
    shop.write(
        "tests/integration/test_repo.py",
        'import pytest\nimport shop\nfrom unittest.mock import patch\n\n@pytest.mark.boundary("database")\n'
        '@pytest.mark.seam("shop → database", path="round trip")\ndef test_get():\n    repo = shop.Repo()\n'
        '    with patch.object(repo, "add"):\n        repo.add(1, "a")\n'
        "    repo._rows = {}\n    assert repo._rows == {}\n",
    )
    assert shop.run("--gate-fail-on=plan").ret == pytest.ExitCode.OK
    kinds = [(entry["kind"], entry["at"]) for entry in shop.report["hygiene"]]
    here = "tests/integration/test_repo.py"
    assert [(kind, at) for kind, at in kinds if kind != "internal_mock"] == [
        ("docstring", f"{here}:5"),
        ("name", f"{here}:5"),
        ("private_state", f"{here}:12"),
    ]
    assert "internal_mock" in dict(kinds)
    shop.write(
        "tests/integration/test_api.gate.yaml",
        "test_suite: The API\nboundary: http\ntests:\n- {name: It is there, type: command, command: 'true'}\n",
    )
    assert shop.run("--gate-fail-on=plan").ret == pytest.ExitCode.OK
    assert kinds == [(entry["kind"], entry["at"]) for entry in shop.report["hygiene"]]
    shop.write(
        "pytest.ini",
        "[pytest]\npythonpath = .\ntestpaths = tests\n"
        "gate_rules =\n    name: error\n    internal_mock\n    docstring: off\n    private_state: warn\n",
    )
    assert shop.run("--gate-fail-on=plan").ret == pytest.ExitCode.TESTS_FAILED
    assert shop.report["gate"]["reasons"] == ["rule internal_mock broken 1 time", "rule name broken 1 time"]
    assert "docstring" not in {entry["kind"] for entry in shop.report["hygiene"]}
    assert shop.run("--gate-fail-on=none").ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("line", "linked", "unknown"),
    [
        ("FR-01, QR-01.", {"FR-01", "QR-01"}, []),
        ("FR-01 and FR-02; US-7/AC-4", {"FR-01", "FR-02", "US-7/AC-4"}, []),
        ("US-7 AC-1, US-7 AC-2", {"US-7/AC-1", "US-7/AC-2"}, []),
        ("FR-01 (US-7/AC-3)", {"FR-01", "US-7/AC-3"}, []),
        ("ISO-8601 dates of FR-01", {"FR-01"}, []),
        ("that rows of UTF-8 text come back", set(), []),
        ("FX-01", set(), ["FX-01"]),
        ("that FR-77 holds", set(), ["FR-77"]),
        ("US-7/AC-9", set(), ["AC-9"]),
    ],
)
def test_docstrings_are_read_as_people_write_them(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, line: str, linked: set[str], unknown: list[str]
) -> None:
    """Lists and prose are told apart: in prose only ids that begin like a known one can be wrong."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.path.joinpath("gate.yaml").write_text(GATE.replace("plan: TEST_PLAN.md\n", ""))
    config = pytester.parseconfig("-p", "pytest_integration_gate.plugin")
    linking = Linking(config, read_settings(config))
    items = pytester.getitems(f'def test_it():\n    """Says.\n\n    Validates: {line}\n    """\n')
    if unknown:
        with pytest.raises(pytest.UsageError) as caught:
            linking.pytest_collection_modifyitems(items)
        assert all(f"`{one}`" in str(caught.value) for one in unknown)
        return
    linking.pytest_collection_modifyitems(items)
    found = {f"{story}/{criterion}" for one in linking.links.values() for story, criterion in one.criteria}
    assert found.union(*(one.requirements for one in linking.links.values())) == linked
