"""A judged run with something in every section, like the example of SPEC section 12."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_integration_gate.model.acceptance import Criterion, PlannedPath, Requirement
from pytest_integration_gate.model.finding import Difference, Reality
from pytest_integration_gate.model.repetition import Flaky, OrderDependence, Repetition
from pytest_integration_gate.model.run_report import (
    Boundary,
    CheckpointResult,
    ClaimCounts,
    Claimed,
    Contexts,
    Continuation,
    FailedTest,
    Gate,
    InContext,
    Mismatch,
    OutOfContext,
    RunReport,
    SuiteResult,
    Summary,
    TestRun,
    UnboundDouble,
    Untidy,
    Unverified,
    Use,
    Violation,
    WorkflowStep,
)

RENAMED = Mismatch(
    target="shop.repository:UserRepo.get",
    boundary="database",
    kind="return_shape",
    verdict="contradicted",
    claim=Claimed(
        outcome="returns {id: int, mail: str}",
        at="tests/unit/test_signup.py:6",
        tests=("tests/unit/test_signup.py::test_greets",),
    ),
    reality=Reality(
        outcome="returns {id: int, email: str}",
        source="observed",
        at="shop/repository.py:31",
        tests=("tests/integration/test_repo.py::test_user_round_trip",),
        fidelity="real",
        date="2026-11-20",
        commit="1a2b3c4",
    ),
    differences=(Difference(path="$.mail", claim="str", reality="absent (nearest: email)"),),
    suggestion="Rename `mail` to `email` in the mock at tests/unit/test_signup.py:6 and in the code that reads it.",
    waiver="# gate: ignore[return_shape] <reason> until=YYYY-MM-DD",
)
WENT_ASYNC = Mismatch(
    target="shop.prices:fetch",
    boundary="prices",
    kind="sync_async",
    verdict="suspect",
    claim=Claimed(
        outcome="returns int",
        at="tests/unit/gone.py:3",
        tests=tuple(f"tests/unit/gone.py::test_{number}" for number in range(12)),
    ),
    reality=Reality(outcome="returns coroutine", source="declared", at="shop/prices.py:4", fidelity="declared"),
    differences=(Difference(path="$", claim="int", reality="coroutine"),),
    waiver="# gate: ignore[sync_async] <reason> until=YYYY-MM-DD",
)

STOCK = "tests/integration/test_stock.py::test_stock_is_released"


@pytest.fixture
def failed_run() -> RunReport:
    """Two mismatches, a failed test, and an entry in every other list."""
    return RunReport(
        test_run=TestRun(
            timestamp="2026-11-20T10:30:00Z",
            duration="45.2s",
            status="FAILED",
            project="shop",
            commit="1a2b3c4",
            python="3.12.1",
            pytest="9.2.0",
            workers=2,
            seed=1234,
        ),
        summary=Summary(total_tests=25, passed=23, failed=1, skipped=0, errors=0, flaky=1),
        gate=Gate(
            status="FAILED",
            reasons=("1 mismatch", "1 failed test"),
            claims=ClaimCounts(total=40, verified=33, contradicted=1, suspect=1, unverified=5),
            evidence=0.88,
            agreement=0.97,
        ),
        boundaries=(
            Boundary(
                name="database",
                fidelity="real",
                tests=12,
                targets=9,
                observations=140,
                claims=ClaimCounts(total=20, verified=17, contradicted=1, unverified=2),
            ),
            Boundary(name="prices", claims=ClaimCounts(total=3, suspect=1, unverified=2)),
        ),
        uses=(
            Use(
                boundary="database",
                code="shop/signup.py",
                collaborator="shop.repository:UserRepo",
                claims=ClaimCounts(total=20, verified=17, contradicted=1, unverified=2),
            ),
            Use(boundary="prices", collaborator="shop.prices", claims=ClaimCounts(total=3, suspect=1, unverified=2)),
        ),
        mismatches=(RENAMED, WENT_ASYNC),
        unverified=(
            Unverified(
                target="shop.repository:UserRepo.delete",
                boundary="database",
                claims=5,
                declared=4,
                at=("tests/unit/test_signup.py:30", "tests/unit/test_signup.py:41"),
                tests=("tests/unit/test_signup.py::test_leaves",),
            ),
        ),
        unbound_doubles=(
            UnboundDouble(
                at="tests/unit/test_signup.py:50", names=("send",), tests=("tests/unit/test_signup.py::test_told",)
            ),
        ),
        hygiene=(
            Untidy(kind="dead_double", at="tests/unit/test_signup.py:61", test="tests/unit/test_signup.py::test_idle"),
        ),
        failed_tests=(
            FailedTest(
                name="test_pays", nodeid="tests/unit/test_pay.py::test_pays", reason="AssertionError: assert 1 == 2"
            ),
        ),
        suites=(
            SuiteResult(
                name="Shop", file="tests/test_shop.gate.yaml", tests=3, passed=3, failed=0, skipped=0, errors=0
            ),
        ),
        checkpoints=(
            CheckpointResult(name="API Ready", stage="post-backend", status="passed", attempts=2, duration="0.3s"),
            CheckpointResult(
                name="Queue",
                status="failed",
                attempts=1,
                duration="0.1s",
                output="no queue",
                reason="`check`: exit code 1 instead of 0",
                failure_action="warn",
            ),
        ),
        acceptance=(
            Criterion(story="US-7", criterion="AC-1", text="The stock is released", state="met", tests=(STOCK,)),
            Criterion(story="US-7", criterion="AC-2", text="The customer is told | by mail", state="gap", tests=()),
        ),
        requirements=(Requirement(id="FR-01", text="An order reserves stock", state="mock_only", tests=(STOCK,)),),
        plan=(
            PlannedPath(seam="API → cache", path="cache hit", priority="high", state="covered", tests=(STOCK,)),
            PlannedPath(seam="API → cache", path="cache miss"),
        ),
        repetition=Repetition(orders=10, seed=0, upper_bound=0.259),
        flaky=(Flaky(nodeid=STOCK, passed=9, failed=1, rate=0.1, upper_bound=0.394),),
        order_dependence=(OrderDependence(victim=STOCK, polluter="tests/integration/test_stock.py::test_empties"),),
        warnings=("The observer of sqlite3:connect failed and was switched off.",),
        recommendations=("Add an integration test for UserRepo.delete: 5 claims have no evidence",),
    )


@pytest.fixture
def run_by_contexts(failed_run: RunReport) -> RunReport:
    """The same with an entry in every list of the contexts, and the step that was taken."""
    nodeid = "tests/unit/test_pay.py::test_pays"
    return replace(
        failed_run,
        failed_tests=(replace(failed_run.failed_tests[0], category="out_of_context", before="passed"),),
        summary=replace(failed_run.summary, not_run=2),
        contexts=Contexts(
            active="orders",
            base="main (1a2b3c4)",
            in_context=(InContext(nodeid=nodeid, before="passed"),),
            out_of_context=(
                OutOfContext(
                    nodeid=nodeid, before="failed", culprit=None, certain=False, chain=("a", "b"), others=("c",)
                ),
            ),
            violations=(Violation(kind="coordination_border", importer="a", imported="b", at="a.py:1"),),
            continuations=(
                Continuation(
                    context="pay",
                    component="core",
                    owner="team",
                    session="1",
                    fits_in="core of pay",
                    failures=(nodeid,),
                    issues=("no",),
                ),
            ),
        ),
        workflow=WorkflowStep(context="orders", step="finalize", result="passed", next=None),
    )


@pytest.fixture
def quiet_run() -> RunReport:
    """A run without doubles in which nothing failed."""
    return RunReport(
        test_run=TestRun(timestamp="2026-11-20T10:30:00Z", duration="0.1s", python="3.12.1", pytest="9.2.0"),
        summary=Summary(total_tests=1, passed=1, failed=0, skipped=0, errors=0),
        gate=Gate(status="PASSED", reasons=(), claims=ClaimCounts(), evidence=None, agreement=None),
        boundaries=(),
        mismatches=(),
        unverified=(),
        unbound_doubles=(),
        hygiene=(),
        failed_tests=(),
        warnings=(),
        recommendations=(),
    )
