"""Runs that are judged by what earlier runs saw, when some of that no longer counts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

SHOP = Path("shop.py")
ROW = '{"id": key, "email": mail}'


def change(project: Any, old: str, new: str) -> None:
    """Change the source of the collaborator."""
    text = (project.root / SHOP).read_text()
    assert old in text
    project.write(str(SHOP), text.replace(old, new))


def judge(project: Any, *arguments: str) -> pytest.RunResult:
    """Run `integration-gate judge` in the folder of the project."""
    result: pytest.RunResult = project.pytester.run(
        sys.executable, "-m", "pytest_integration_gate.cli", "judge", *arguments
    )
    return result


def test_evidence_of_changed_code_is_stale(project: Any) -> None:
    """A unit run is judged by stored reality until the code that it saw changes; the boundary test makes it fresh."""
    project.run()
    change(project, "class Repo:", "class Repo:  # rows")
    assert project.run("tests/unit").ret == pytest.ExitCode.TESTS_FAILED
    assert project.report["gate"]["claims"]["contradicted"] == 1
    change(project, "return self.rows[key]", "return dict(self.rows[key])")
    result = project.run("tests/unit", "-v")
    assert result.ret == pytest.ExitCode.OK
    assert (project.report["gate"]["status"], project.report["gate"]["claims"]["stale"]) == ("PARTIAL", 1)
    assert project.report["mismatches"] == []
    (stale,) = project.report["stale"]
    assert (stale["target"], stale["boundary"], stale["would_be"], stale["claims"]) == (
        "shop:Repo.get",
        "database",
        "contradicted",
        1,
    )
    assert stale["reality"]["stale"] == "its source has changed"
    assert stale["differences"][0]["path"] == "$.mail"
    assert project.report["recommendations"] == ["Run the boundary tests again: what 1 claim met is stale"]
    result.stdout.fnmatch_lines(
        [
            "1 claim met only stale evidence:",
            "  shop:Repo.get: 1 claim at tests/unit/test_greet.py:5; contradicted*",
            "*its source has changed*",
        ]
    )
    assert project.run("tests/unit", "--gate-fail-on=stale").ret == pytest.ExitCode.TESTS_FAILED
    assert project.report["gate"]["reasons"] == ["1 stale claim", "no claim met any evidence"]
    assert project.run("--gate-export=all.jsonl").ret == pytest.ExitCode.TESTS_FAILED
    assert project.report["gate"]["claims"]["contradicted"] == 1
    assert judge(project, "all.jsonl").ret == 1
    assert project.report["gate"]["claims"]["contradicted"] == 1
    assert "stale" not in project.report


def test_evidence_of_another_branch_counts_when_it_is_checked_out_again(project: Any) -> None:
    """Evidence of several states of the code stands side by side, and only that of the present one counts."""
    there = (project.root / "shop.py").read_text()
    project.run()
    change(project, "return self.rows[key]", "return {'mail': self.rows[key]['email'], 'id': 5}")
    project.run()
    assert project.report["gate"]["claims"]["verified"] == 1
    here = (project.root / "shop.py").read_text()
    for text, verdict in ((there, "contradicted"), (here, "verified"), (there, "contradicted")):
        project.write("shop.py", text)
        project.run("tests/unit")
        assert project.report["gate"]["claims"][verdict] == 1
        assert "stale" not in project.report
    change(project, "return self.rows[key]", "return dict(self.rows[key])")
    project.run("tests/unit")
    assert project.report["gate"]["claims"]["stale"] == 1


def test_facts_stay_fresh(project: Any) -> None:
    """A call that the changed signature does not take contradicts, however old the evidence is."""
    project.run()
    change(project, "def get(self, key):", "def get(self, tenant, key):")
    assert project.run("tests/unit").ret == pytest.ExitCode.TESTS_FAILED
    assert [one["kind"] for one in project.report["mismatches"]] == ["signature"]


def test_evidence_may_be_too_old(project: Any) -> None:
    """`gate_evidence_max_age` says how old; the moment of the run that saw it counts."""
    project.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\ngate_evidence_max_age = 30d\n")
    project.run()
    assert project.run("tests/unit").ret == pytest.ExitCode.TESTS_FAILED
    store = project.root / ".integration_gate/evidence.jsonl"
    lines = [json.loads(line) for line in store.read_text().splitlines()]
    for line in lines:
        if "test" in line:
            line["test"] |= {"date": "2020-02-29", "moment": "2020-02-29T03:00:00.000000Z"}
    store.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert project.run("tests/unit").ret == pytest.ExitCode.OK
    assert project.report["stale"][0]["reality"]["stale"] == "it is older than 30 days"


def test_exported_evidence_is_judged_by_the_checkout(project: Any) -> None:
    """The job that judges has newer code than the night that observed; merging keeps what tells that."""
    project.run("tests/integration", "--gate-export=night.jsonl", "--gate-store=night")
    project.run("tests/unit", "--gate-export=unit.jsonl", "--gate-store=day")
    assert judge(project, "night.jsonl", "unit.jsonl").ret == 1
    change(project, "return self.rows[key]", "return dict(self.rows[key])")
    assert judge(project, "night.jsonl", "unit.jsonl").ret == 0
    assert project.report["gate"]["claims"]["stale"] == 1
    assert judge(project, "night.jsonl", "unit.jsonl", "--fail-on=stale").ret == 1
    project.run("tests/unit", "--gate-import=night.jsonl", "--gate-store=other", "--gate-export=both.jsonl")
    assert project.report["gate"]["claims"]["stale"] == 1
    assert judge(project, "both.jsonl").ret == 0
    assert project.report["gate"]["claims"]["stale"] == 1


def test_a_boundary_test_that_is_skipped_takes_nothing_away(project: Any) -> None:
    """Where there is no database today, what was seen yesterday still counts."""
    project.run()
    text = (project.root / "tests/integration/test_repo.py").read_text()
    project.write(
        "tests/integration/test_repo.py", f"{text.rstrip()}\n\npytestmark = pytest.mark.skip(reason='no database')\n"
    )
    assert project.run("--gate-export=all.jsonl").ret == pytest.ExitCode.TESTS_FAILED
    assert project.report["gate"]["claims"]["contradicted"] == 1
    assert judge(project, "all.jsonl").ret == 1
    assert project.report["gate"]["claims"]["contradicted"] == 1
