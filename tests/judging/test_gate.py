"""The judgement of a run: status, reasons, numbers."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from pytest_integration_gate.judging.gate import judge
from pytest_integration_gate.model.claim import Claim, Hygiene, Unbound
from pytest_integration_gate.model.exchange import Answer, Exchange, Request
from pytest_integration_gate.model.finding import Difference, Finding, Reality, Verdict
from pytest_integration_gate.model.interaction import Outcome, Site
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import Boundary, RunReport, TestOutcome, TestRun
from pytest_integration_gate.model.shape import Scalar

RUN = TestRun(timestamp="2026-11-20T10:30:00Z", duration="1.0s", python="3.12.1", pytest="9.2.0")


def finding(
    verdict: Verdict, *, at: str = "tests/test_a.py:3", test: str = "tests/test_a.py::test_a", path: str = ".get"
) -> Finding:
    is_mismatch = verdict in ("contradicted", "suspect")
    claim = Claim(
        root="shop.repo:Repo",
        path=(path,),
        action="call",
        outcome=Outcome(kind="returned", shape=Scalar("int")),
        at=at,
    )
    return Finding(
        claim=claim,
        target=f"shop.repo:Repo{path}",
        verdict=verdict,
        boundary="database",
        kind="return_shape" if is_mismatch else None,
        differences=(Difference(path="$", claim="int", reality="str"),) if is_mismatch else (),
        reality=Reality(outcome="returns str", source="observed") if is_mismatch else None,
        tests=(test,),
    )


def judged(
    *verdicts: Verdict, outcomes: tuple[TestOutcome, ...] = (), fail_on: tuple[str, ...] = ("mismatch",)
) -> RunReport:
    findings = [finding(verdict, at=f"tests/test_a.py:{line}") for line, verdict in enumerate(verdicts, start=1)]
    return judge(run=RUN, findings=findings, outcomes=outcomes, fail_on=fail_on)


@pytest.mark.parametrize(
    ("verdicts", "fail_on", "status", "reasons"),
    [
        ([], ["mismatch"], "PASSED", ()),
        (["verified"], ["mismatch"], "PASSED", ()),
        (["verified", "waived"], ["mismatch"], "PASSED", ()),
        (["waived"], ["mismatch"], "PASSED", ()),
        (["verified", "contradicted"], ["mismatch"], "FAILED", ("1 mismatch",)),
        (["contradicted", "contradicted", "suspect"], ["mismatch"], "FAILED", ("2 mismatches",)),
        (["verified", "contradicted"], [], "PARTIAL", ("1 mismatch",)),
        (["verified", "suspect"], ["mismatch"], "PARTIAL", ("1 suspect mismatch",)),
        (["verified", "suspect"], ["suspect"], "FAILED", ("1 suspect mismatch",)),
        (["verified", "unverified"], ["mismatch"], "PARTIAL", ("1 unverified claim",)),
        (["verified", "unverified"], ["unverified"], "FAILED", ("1 unverified claim",)),
        (["verified", "stale"], ["mismatch"], "PARTIAL", ("1 stale claim",)),
        (["verified", "stale"], ["stale"], "FAILED", ("1 stale claim",)),
        (["unverified"] * 2, ["mismatch"], "PARTIAL", ("2 unverified claims", "no claim met any evidence")),
        (["stale"], ["mismatch"], "PARTIAL", ("1 stale claim", "no claim met any evidence")),
    ],
)
def test_the_verdicts_and_what_the_run_fails_on_decide(
    verdicts: list[Verdict], fail_on: list[str], status: str, reasons: tuple[str, ...]
) -> None:
    """A cause that is named fails the run; one that is not, or anything unchecked, leaves it partial."""
    report = judged(*verdicts, fail_on=tuple(fail_on))
    assert (report.gate.status, report.gate.reasons) == (status, reasons)
    assert report.test_run.status == status


def test_tests_that_did_not_run_leave_the_gate_partial() -> None:
    """What they claim nobody has seen."""
    failed = TestOutcome(nodeid="t::a", outcome="failed")
    report = judge(run=RUN, findings=[], outcomes=[failed], not_run=2)
    assert (report.test_run.status, report.gate.status) == ("FAILED", "PARTIAL")
    assert report.gate.reasons == ("1 failed test", "2 tests not run")


@pytest.mark.parametrize(("outcome", "reason"), [("failed", "1 failed test"), ("error", "1 error")])
def test_a_failing_test_fails_the_run_and_not_the_gate(outcome: str, reason: str) -> None:
    """The gate answers for the claims alone; the run is red all the same, and the reasons say why."""
    ended = TestOutcome(nodeid="tests/test_a.py::test_b", outcome=outcome, reason="boom")  # type: ignore[arg-type]
    report = judged("verified", outcomes=(ended,))
    assert (report.test_run.status, report.gate.status, report.gate.reasons) == ("FAILED", "PASSED", (reason,))
    assert [(test.name, test.reason) for test in report.failed_tests] == [("test_b", "boom")]


def test_each_test_counts_once_by_its_worst_outcome() -> None:
    """A test that passed and could not be torn down is one error; one that failed and could not is one failure."""
    ends = [("a", "passed"), ("a", "error"), ("b", "error"), ("b", "failed"), ("c", "skipped"), ("d", "passed")]
    outcomes = tuple(TestOutcome(nodeid=nodeid, outcome=outcome) for nodeid, outcome in ends)  # type: ignore[arg-type]
    summary = judged(outcomes=outcomes).summary
    assert (summary.total_tests, summary.passed, summary.failed, summary.skipped, summary.errors) == (4, 1, 1, 1, 1)


def test_shares_are_those_of_the_specification() -> None:
    """The example of SPEC section 12: 34 of 40 claims met evidence, and 31 of the 33 certain ones agree with it."""
    verdicts: list[Verdict] = ["verified"] * 31 + ["contradicted"] * 2 + ["suspect"] + ["unverified"] * 5 + ["waived"]
    gate = judged(*verdicts).gate
    assert (gate.claims.total, gate.evidence, gate.agreement) == (40, 0.85, 0.94)


def test_shares_of_nothing_are_unknown() -> None:
    """Without claims there is no share of evidence, without certain verdicts no agreement."""
    assert (judged().gate.evidence, judged().gate.agreement) == (None, None)
    assert (judged("unverified").gate.evidence, judged("unverified").gate.agreement) == (0, None)


def test_a_share_that_is_not_whole_is_never_rounded_to_whole() -> None:
    """999 of 1000 do not read as all, 1 of 1000 does not read as none."""
    assert judged(*["verified"] * 999, "unverified").gate.evidence == 0.99
    assert judged(*["unverified"] * 999, "verified").gate.evidence == 0.01


def test_equal_mismatches_of_one_line_are_one_with_all_tests() -> None:
    """What a shared fixture claims wrongly is told once and names every test that uses it, each once and sorted."""
    findings = [finding("contradicted", test=f"tests/test_a.py::test_{name}") for name in "cabb"]
    (mismatch,) = judge(run=RUN, findings=findings).mismatches
    assert mismatch.claim.tests == tuple(f"tests/test_a.py::test_{name}" for name in "abc")
    assert mismatch.claim.outcome == "returns int"
    assert mismatch.waiver == "# gate: ignore[return_shape] <reason> until=YYYY-MM-DD"


def test_mismatches_of_two_lines_stay_two_in_the_order_of_the_file() -> None:
    """Line 9 stands before line 10, and what is certain before what is suspect."""
    findings = [
        finding("suspect", at="tests/test_a.py:1"),
        finding("contradicted", at="tests/test_a.py:10"),
        finding("contradicted", at="tests/test_a.py:9"),
    ]
    places = [mismatch.claim.at for mismatch in judge(run=RUN, findings=findings).mismatches]
    assert places == ["tests/test_a.py:9", "tests/test_a.py:10", "tests/test_a.py:1"]


def test_unverified_claims_are_grouped_by_target() -> None:
    """One entry per target, with every place and test, and the targets with most claims are recommended first."""
    findings = [
        finding("unverified", path=".all"),
        finding("unverified", path=".delete", at="tests/test_a.py:12"),
        finding("unverified", path=".delete", at="tests/test_a.py:4"),
    ]
    seen = Boundary(name="database", fidelity="real", tests=1, targets=1, observations=1)
    report = judge(run=RUN, findings=findings, boundaries=[seen])
    assert [(group.target, group.claims) for group in report.unverified] == [
        ("shop.repo:Repo.all", 1),
        ("shop.repo:Repo.delete", 2),
    ]
    assert report.unverified[1].at == ("tests/test_a.py:4", "tests/test_a.py:12")
    assert report.recommendations == (
        "Add an integration test for Repo.delete: 2 claims have no evidence (--gate-scaffold=tests/integration)",
        "Add an integration test for Repo.all: 1 claim has no evidence (--gate-scaffold=tests/integration)",
    )


def test_a_run_that_observed_nothing_is_told_about_the_marker() -> None:
    """The first minute: unverified claims and no boundary test."""
    (first, *_) = judged("unverified").recommendations
    assert first.startswith('Mark the tests that use real collaborators with @pytest.mark.boundary("name")')


def test_recommendations_end_at_ten_and_say_how_many_are_left() -> None:
    """A suite with hundreds of unverified targets does not get hundreds of sentences."""
    seen = Boundary(name="database", observations=1)
    findings = [finding("unverified", path=f".m{number:02}") for number in range(12)]
    advice = judge(run=RUN, findings=findings, boundaries=[seen]).recommendations
    assert len(advice) == 11
    assert advice[-1] == "The list `unverified` names 2 more targets without evidence"


@pytest.mark.parametrize(
    ("answer", "is_advised"), [(None, False), (Answer(status=503), False), (Answer(status=404), True)]
)
def test_nobody_is_advised_to_break_a_service(answer: Answer | None, is_advised: bool) -> None:
    """A stub's time-out or 5xx is unverified, but no integration test can be asked to prove it."""
    stub = finding("unverified")
    exchange = Exchange(request=Request(method="GET", origin="https://api.example"), answer=answer)
    findings = [replace(stub, target="GET https://api.example/", claim=replace(stub.claim, exchange=exchange))]
    report = judge(run=RUN, findings=findings, boundaries=[Boundary(name="http", observations=1)])
    assert len(report.unverified) == 1
    assert bool(report.recommendations) == is_advised


def test_boundaries_get_their_claims_and_unobserved_ones_a_row() -> None:
    """A boundary that is only claimed about is shown as never observed."""
    messaging = Boundary(name="messaging", fidelity="emulated", tests=2, targets=1, observations=5)
    report = judge(run=RUN, findings=[finding("unverified")], boundaries=[messaging])
    assert [(b.name, b.fidelity, b.tests, b.claims.total) for b in report.boundaries] == [
        ("database", "declared", 0, 1),
        ("messaging", "emulated", 2, 0),
    ]


def test_uses_say_which_code_meets_which_collaborator() -> None:
    """Classes and modules by name, services by origin, each with the verdicts on what their doubles say."""
    plain = finding("verified")
    seen = replace(plain.claim, site=Site(file="shop/signup.py", function="sign_up", call="repo.get(1)", line=3))
    exchange = Exchange(request=Request(method="GET", origin="https://api.example"), answer=None)
    findings = [
        replace(plain, target="shop.repo:Repo.get", claim=seen),
        replace(plain, target="shop.repo:Repo.add", claim=seen, verdict="unverified"),
        replace(plain, target="shop.repo:connect", claim=seen),
        replace(plain, target="shop.repo:connect"),
        replace(plain, target="GET https://api.example/v1/{}", claim=replace(seen, exchange=exchange), boundary="http"),
    ]
    uses = judge(run=RUN, findings=findings).uses
    assert [(one.boundary, one.code, one.collaborator, one.claims.verified, one.claims.total) for one in uses] == [
        (plain.boundary, "", "shop.repo", 1, 1),
        (plain.boundary, "shop/signup.py", "shop.repo", 1, 1),
        (plain.boundary, "shop/signup.py", "shop.repo:Repo", 1, 2),
        ("http", "shop/signup.py", "https://api.example", 1, 1),
    ]


def test_nothing_depends_on_the_order_of_arrival() -> None:
    """Findings, outcomes, records, boundaries and warnings in any order give the same report."""
    findings = [
        finding(verdict, at=f"tests/test_{file}.py:{line}", test=f"tests/test_{file}.py::test_{line}", path=path)
        for verdict in ("verified", "contradicted", "suspect", "unverified")
        for file in "ab"
        for line in (9, 10)
        for path in (".get", ".add")
    ]
    outcomes = [
        TestOutcome(nodeid=f"test_{n}", outcome="failed" if n % 2 else "error", reason=str(n)) for n in range(6)
    ]
    records = [
        TestRecord(
            nodeid=f"tests/test_a.py::test_{n}",
            unbound=(Unbound(at=f"tests/test_a.py:{n % 3 + 9}", names=(f"n{n}",)),),
            hygiene=(Hygiene(kind="dead_double", at=f"tests/test_a.py:{n}"),),
            warnings=(f"warning {n % 2}",),
        )
        for n in range(6)
    ]
    boundaries = [Boundary(name=name) for name in ("http", "database", "process")]
    expected = judge(run=RUN, findings=findings, outcomes=outcomes, records=records, boundaries=boundaries)
    chance = random.Random(1)
    for _ in range(10):
        for given in (findings, outcomes, records, boundaries):
            chance.shuffle(given)  # type: ignore[arg-type]
        again = judge(run=RUN, findings=findings, outcomes=outcomes, records=records, boundaries=boundaries)
        assert again == expected
    assert expected.warnings == ("warning 0", "warning 1")
