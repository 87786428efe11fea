"""Adoption: the baseline, waivers by marker and in gate.yaml, and audit mode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

LYING = "tests/unit/test_greet.py"
MARKED = """
from unittest.mock import patch
import pytest
import desk, shop

@pytest.mark.gate_waive("shop:Repo.get", kind={kind!r}, reason="#12", until="{until}")
@pytest.mark.parametrize("name", ["a", "b"])
def test_greets(name):
    with patch.object(shop.Repo, "get", return_value={{"id": 1, "{key}": "ada@example.com"}}):
        assert desk.{key}() == "ada@example.com"
"""
GIVEN = "waivers:\n- {{target: '{target}', kind: [return_shape], reason: '#12', until: {until}}}\n"
OTHER_LIE = """
from unittest.mock import patch
import desk, shop

def test_new():
    with patch.object(shop.Repo, "get", return_value={"id": 1, "post": "x"}):
        assert desk.post() == "x"
"""
DESK = "import shop\n\n" + "\n".join(
    f"def {key}():\n    return shop.Repo().get(1)['{key}']\n" for key in ("mail", "email", "post")
)
BASELINE = "--gate-baseline=known.jsonl"
UPDATE = "--gate-baseline-update"


def entries(project: Any) -> list[dict[str, Any]]:
    """What the baseline holds, without its first line."""
    return [json.loads(line) for line in (project.root / "known.jsonl").read_text().splitlines()[1:]]


@pytest.fixture(autouse=True)
def desk(project: Any) -> None:
    """Give the project code that reads several keys of a row."""
    project.write("desk.py", DESK)


# -- the baseline --------------------------------------------------------------------------------------------------


def test_a_missing_baseline_names_the_option_that_writes_it(project: Any) -> None:
    """The run ends with exit code 4 before a test has run."""
    result = project.run(BASELINE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*There is no baseline *known.jsonl. Write it with --gate-baseline-update*"])


def test_an_update_without_a_file_is_an_error(project: Any) -> None:
    """The flag alone does not know where to write."""
    result = project.run(UPDATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gate-baseline-update: no baseline is named. Add --gate-baseline FILE.*"])


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
def test_only_new_mismatches_fail(project: Any, options: tuple[str, ...]) -> None:
    """What the baseline holds is waived, also when its lines have moved; another mismatch fails the run."""
    assert project.run(BASELINE, UPDATE, *options).ret == pytest.ExitCode.OK
    (entry,) = entries(project)
    assert entry == {
        "target": "shop:Repo.get",
        "kind": "return_shape",
        "test": f"{LYING}::test_greets",
        "paths": ["$.mail"],
    }
    lying = project.root / LYING
    lying.write_text("\n\n\n" + lying.read_text())
    assert project.run(BASELINE, *options).ret == pytest.ExitCode.OK
    assert project.report["gate"]["claims"]["waived"] == 1
    assert project.report["mismatches"] == []
    project.write("tests/unit/test_new.py", OTHER_LIE)
    assert project.run(BASELINE, *options).ret == pytest.ExitCode.TESTS_FAILED
    assert [one["differences"][0]["path"] for one in project.report["mismatches"]] == ["$.post"]


def test_vanished_entries_are_a_warning_and_removed_by_update(project: Any) -> None:
    """A mended mock is told of; the update takes its entry out, and that of a file that is gone."""
    project.write("tests/unit/test_new.py", OTHER_LIE)
    project.run(BASELINE, UPDATE)
    assert len(entries(project)) == 2
    for name in ("shop.py", LYING):
        path = project.root / name
        path.write_text(path.read_text().replace('"mail"', '"email"'))
    (project.root / "tests/unit/test_new.py").unlink()
    assert project.run(BASELINE).ret == pytest.ExitCode.OK
    assert [one for one in project.report["warnings"] if "Remove it with --gate-baseline-update" in one] == [
        f"{test}: the return_shape of shop:Repo.get is in the baseline and no longer occurs. "
        "Remove it with --gate-baseline-update."
        for test in (f"{LYING}::test_greets", "tests/unit/test_new.py::test_new")
    ]
    assert project.run(BASELINE, UPDATE).ret == pytest.ExitCode.OK
    assert entries(project) == []


def test_an_update_keeps_what_did_not_run_or_met_no_evidence(project: Any) -> None:
    """Neither a selected test nor a run without boundary tests says that a mismatch is gone."""
    project.run(BASELINE, UPDATE)
    before = entries(project)
    project.run(BASELINE, UPDATE, "-k", "comes_back")
    assert entries(project) == before
    for file in (project.root / ".integration_gate").iterdir():
        file.unlink()
    project.run(BASELINE, UPDATE, "tests/unit")
    assert entries(project) == before
    assert not [one for one in project.report["warnings"] if "baseline" in one]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello\n", "known.jsonl:1: this line of the baseline cannot be understood"),
        ('{"format": 2, "kind": "integration-gate baseline"}\n', "has format 2; this version reads format 1."),
        ('{"format": 1, "kind": "integration-gate baseline"}\n{"target": 3}\n', "known.jsonl:2: this line"),
        ("", "known.jsonl:1: this line"),
    ],
    ids=["foreign", "newer", "damaged", "empty"],
)
def test_a_baseline_that_is_not_understood_stays_as_it_is(project: Any, text: str, said: str) -> None:
    """One clear error, exit code 4, also for an update, and not a byte is lost."""
    path: Path = project.write("known.jsonl", text)
    result = project.run(BASELINE, UPDATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()
    assert path.read_text() == text


# -- waivers that name a target ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
@pytest.mark.parametrize("kind", ["return_shape", ["return_shape", "signature"]], ids=["one kind", "two kinds"])
def test_a_marker_waives_the_claims_of_its_test(project: Any, kind: Any, options: tuple[str, ...]) -> None:
    """The claim is counted as waived, and the run passes."""
    project.write(LYING, MARKED.format(kind=kind, until="2999-01-31", key="mail"))
    assert project.run(*options).ret == pytest.ExitCode.OK
    assert project.report["gate"]["claims"]["waived"] == 1
    assert project.report["warnings"] == []


def test_a_marker_waives_for_its_own_test_only(project: Any) -> None:
    """The same lie in another test fails the run."""
    project.write("tests/unit/test_marked.py", MARKED.format(kind="return_shape", until="2999-01-31", key="mail"))
    assert project.run().ret == pytest.ExitCode.TESTS_FAILED
    assert project.report["gate"]["claims"] == {
        **dict.fromkeys(("verified", "suspect", "unverified", "stale"), 0),
        "total": 2,
        "contradicted": 1,
        "waived": 1,
    }


@pytest.mark.parametrize(
    ("kind", "until", "key", "problem"),
    [
        ("return_shape", "2020-01-31", "mail", "the waiver ended on 2020-01-31. Mend the mismatch or renew the date."),
        ("return_shape", "2999-01-31", "email", "the waiver of shop:Repo.get covers nothing. Remove it."),
        ("signature", "2999-01-31", "mail", "the waiver of shop:Repo.get covers nothing. Remove it."),
    ],
    ids=["expired", "unused", "another kind"],
)
def test_a_marker_that_does_not_hold_fails_the_run(project: Any, kind: str, until: str, key: str, problem: str) -> None:
    """It is told once for all parameters of the test."""
    project.write(LYING, MARKED.format(kind=kind, until=until, key=key))
    assert project.run().ret == pytest.ExitCode.TESTS_FAILED
    assert "1 waiver that does not hold" in project.report["gate"]["reasons"]
    assert f"{LYING}::test_greets: {problem}" in project.report["warnings"]


def test_an_unused_marker_is_no_problem_when_not_all_of_its_tests_ran(project: Any) -> None:
    """The test that it is for may be the one that was left out."""
    project.write(LYING, MARKED.format(kind="return_shape", until="2999-01-31", key="email"))
    assert project.run(f"{LYING}::test_greets[a]", "tests/integration").ret == pytest.ExitCode.OK


@pytest.mark.parametrize("kind", ["marker", "gate.yaml", "inline"])
def test_a_waiver_whose_claim_met_no_evidence_is_not_unused(project: Any, kind: str) -> None:
    """A run of the unit tests alone, without stored evidence, cannot tell whether the waiver is needed."""
    if kind == "marker":
        project.write(LYING, MARKED.format(kind="return_shape", until="2999-01-31", key="mail"))
    elif kind == "gate.yaml":
        project.write("gate.yaml", GIVEN.format(target="shop:Repo.get", until="2999-01-31"))
    else:
        lying = (project.root / LYING).read_text()
        project.write(LYING, lying.replace("@patch", "# gate: ignore[return_shape] #12 until=2999-01-31\n@patch"))
    (project.root / "tests/integration/test_repo.py").unlink()
    assert project.run().ret == pytest.ExitCode.OK
    assert project.report["gate"]["claims"]["unverified"] == 1


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n2")], ids=["plain", "xdist"])
def test_a_marker_that_cannot_be_read_is_a_usage_error(project: Any, options: tuple[str, ...]) -> None:
    """All that is wrong with it is said, with an example."""
    project.write(
        LYING, "import pytest\n\n@pytest.mark.gate_waive('shop:Repo.get', kind='shape')\ndef test_a():\n    pass\n"
    )
    result = project.run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stdout.str() + result.stderr.str()
    for part in ("`shape` is no kind", "it must give a reason", "it must have an end", "For example: @pytest.mark"):
        assert part in said


@pytest.mark.parametrize(
    ("target", "until", "problem"),
    [
        ("shop:Repo.get", "2999-01-31", ""),
        ("shop:Repo.get", "2020-01-31", "gate.yaml:2:3: the waiver ended on 2020-01-31."),
        ("shop:Repo.put", "2999-01-31", "gate.yaml:2:3: the waiver of shop:Repo.put covers nothing."),
    ],
    ids=["holds", "expired", "unused"],
)
def test_a_waiver_in_gate_yaml(project: Any, target: str, until: str, problem: str) -> None:
    """It covers its target in every test until its day; one that does not hold fails the run with its place."""
    project.write("gate.yaml", GIVEN.format(target=target, until=until))
    assert project.run("tests").ret == (pytest.ExitCode.TESTS_FAILED if problem else pytest.ExitCode.OK)
    assert project.report["gate"]["claims"]["waived"] == (not problem)
    assert [one[: len(problem)] for one in project.report["warnings"]] == ([problem] if problem else [])


@pytest.mark.parametrize("options", [("-k", "comes_back"), ("tests/integration",)], ids=["selected", "one folder"])
def test_an_unused_waiver_in_gate_yaml_is_no_problem_in_a_part_of_the_run(
    project: Any, options: tuple[str, ...]
) -> None:
    """The claim that it covers may be made by a test that did not run."""
    project.write("gate.yaml", GIVEN.format(target="shop:Repo.get", until="2999-01-31"))
    assert project.run(*options).ret == pytest.ExitCode.OK


def test_mistakes_in_waivers_of_gate_yaml_are_told_at_once(project: Any) -> None:
    """Kind, day and missing keys, each with its place, exit code 4."""
    project.write("gate.yaml", "waivers:\n- {target: a:b, kind: shape, until: 2027-02-31}\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stderr.str()
    assert "gate.yaml:2:3: `waivers[0]` lacks `reason`." in said
    assert "`2027-02-31` is no day." in said
    assert "`waivers[0].kind` must be `missing_attribute`" in said


# -- audit ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "status"), [("audit", 0), ("gate", 1)])
def test_audit_reports_and_never_fails(project: Any, mode: str, status: int) -> None:
    """The mismatch stands in the report either way, whatever `--gate-fail-on` says."""
    (project.root / "pytest.ini").write_text(f"[pytest]\npythonpath = .\ngate_mode = {mode}\n")
    assert project.run("--gate-fail-on=mismatch").ret == status
    assert len(project.report["mismatches"]) == 1


def test_an_unknown_mode_is_an_error(project: Any) -> None:
    """It says what is allowed."""
    (project.root / "pytest.ini").write_text("[pytest]\ngate_mode = off\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*gate_mode in pytest.ini: `off` is no mode. Write `audit` or `gate`.*"])
