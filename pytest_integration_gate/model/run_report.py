"""The judged run: what the report, the terminal and the exit status are made from (SPEC section 12).

Fields stand in the order in which the report shows them. One whose default is ``None``, ``""`` or ``()`` is left out of
the report while it has that value; all others are always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from pytest_integration_gate.model.acceptance import Criterion, PlannedPath, Requirement
from pytest_integration_gate.model.finding import Difference, Fidelity, Kind, Reality, Verdict
from pytest_integration_gate.model.repetition import Flaky, OrderDependence, Repetition
from pytest_integration_gate.values import dataclass

Status = Literal["PASSED", "FAILED", "PARTIAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """How one test ended. `duration` is in seconds; `reason` is the first line that says why it failed.

    ``flaky``: it gave both outcomes in this run. `details` are the actual and the expected values of a YAML test, by
    path; `suggestion` says what would help. `suite` is the title of its suite, and `figures` are what it measured.
    """

    __test__ = False  # not a test class, whatever its name says

    nodeid: str
    outcome: Literal["passed", "failed", "skipped", "error", "flaky"]
    duration: float = 0.0
    reason: str = ""
    details: Mapping[str, Any] | None = None
    suggestion: str = ""
    suite: str = ""
    figures: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """When, where and with what the tests ran.

    `status` is that of the whole run: FAILED when a test failed or the gate did, else the gate's own.
    """

    __test__ = False

    timestamp: str
    duration: str
    status: Status = "PASSED"
    project: str = ""
    commit: str = ""
    python: str
    pytest: str
    workers: int = 0
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many tests ended how, each counted once. `flaky` ones gave both outcomes.

    `not_run` counts those that were held back because the integration tests of the context that is worked on failed,
    and those that a run which was killed did not get to.
    """

    total_tests: int
    passed: int
    failed: int
    skipped: int
    errors: int
    flaky: int = 0
    not_run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCounts:
    """How many claims got which verdict."""

    total: int = 0
    verified: int = 0
    contradicted: int = 0
    suspect: int = 0
    unverified: int = 0
    stale: int = 0
    waived: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The gate's judgement of the claims.

    `status` does not look at failing tests: FAILED when something happened that the run shall fail on, PARTIAL when a
    claim is left that is neither verified nor waived, else PASSED. `reasons` explain the status of the whole run,
    failing tests included; they are empty exactly when that is PASSED.

    `evidence` is the share of claims that met evidence, `agreement` the share of verified ones among those with a
    certain verdict (verified or contradicted); None where there is nothing to divide by.
    """

    status: Status
    reasons: tuple[str, ...]
    claims: ClaimCounts
    evidence: float | None
    agreement: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """One boundary: the tests that observed it, how many targets they reached how often, and the claims about it."""

    name: str
    fidelity: Fidelity = "declared"
    tests: int = 0
    targets: int = 0
    observations: int = 0
    claims: ClaimCounts = ClaimCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The claims that doubles of one collaborator make to one file of the project.

    `collaborator` is a class, a module or the origin of a service. `code` is empty for what no code of the project
    used, such as the existence of a name that is patched.
    """

    boundary: str = ""
    code: str = ""
    collaborator: str
    claims: ClaimCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a mismatch's double says, where it was configured, and which tests use it.

    `inferred` is the reason why a bare double is taken for what it stands for.
    """

    outcome: str
    at: str
    tests: tuple[str, ...]
    inferred: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Contradicted or suspect claims that were made at one place and differ from reality in the same way."""

    target: str
    boundary: str = ""
    kind: Kind | None = None
    verdict: Verdict
    claim: Claimed
    reality: Reality | None = None
    differences: tuple[Difference, ...]
    suggestion: str = ""
    waiver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """The claims about one target that met no evidence. `declared` of them at least agree with every fact."""

    target: str
    boundary: str = ""
    claims: int
    declared: int
    at: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """The claims about one target that only stale evidence speaks about, and what that said.

    `would_be` is the verdict that it would give if it still counted; `reality.stale` says why it does not.
    """

    target: str
    boundary: str = ""
    would_be: Verdict
    claims: int
    at: tuple[str, ...]
    tests: tuple[str, ...]
    reality: Reality | None = None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnboundDouble:
    """A line that makes doubles of which nobody knows what they stand for. `names` are the attributes used on them."""

    at: str
    names: tuple[str, ...] = ()
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untidy:
    """Something untidy that one test does."""

    kind: str
    at: str
    test: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """A test that failed or could not run. Without an active context its category is ``unclassified``.

    `before` says how it ended on the base: ``passed``, ``failed`` or ``unknown``; empty where nobody asked.
    `details` maps ``actual`` and ``expected`` to values by path, for tests of YAML suites.
    """

    name: str
    nodeid: str
    category: str = "unclassified"
    before: str = ""
    reason: str
    details: Mapping[str, Any] | None = None
    suggestion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one test of a suite measured: names of figures with their values."""

    test: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """A YAML suite and how its tests ended; a teardown that failed counts as one more, an error."""

    name: str
    file: str
    tests: int
    passed: int
    failed: int
    skipped: int
    errors: int
    measured: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointResult:
    """How a checkpoint ended. `attempts` counts those of all its commands; `output` is the last lines of the last one.

    One that passed before, in the same state of the tree, has passed with no attempt.
    """

    name: str
    stage: str = ""
    status: Literal["passed", "failed", "not_run"]
    attempts: int
    duration: str
    output: str = ""
    reason: str = ""
    failure_action: Literal["stop", "warn", "continue"] = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class InContext:
    """A failure of the context that is worked on."""

    nodeid: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfContext:
    """A failure outside of it, and what did it.

    `culprit` is a module by its dotted name, a conftest or data file by its path, None when none was found. `chain`
    leads from the test's file to it. `others` are further changed files that the test reaches. `architectural` says
    that the culprit is shared: not the test's own file.
    """

    nodeid: str
    before: str
    culprit: str | None
    certain: bool
    chain: tuple[str, ...]
    others: tuple[str, ...] = ()
    architectural: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """An import across a border of contexts. `at` is file and line."""

    kind: Literal["domain_border", "coordination_border"]
    importer: str
    imported: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """Where the work on one failing component goes on, and with whom.

    `fits_in` says in one sentence how the component fits in. `issues` are the failures in words.
    """

    context: str
    component: str
    owner: str = ""
    session: str = ""
    fits_in: str
    failures: tuple[str, ...]
    issues: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexts:
    """The run seen by contexts. `active` is the one that is worked on, several when several changed, None without.

    `base` says what failures were compared with.
    """

    active: str | tuple[str, ...] | None
    base: str = ""
    in_context: tuple[InContext, ...]
    out_of_context: tuple[OutOfContext, ...]
    violations: tuple[Violation, ...]
    continuations: tuple[Continuation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStep:
    """The step that this run took on a context, and the next one; None when the work is complete."""

    context: str
    step: str
    result: str
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """The judged run, whole. `repetition` is there when the tests ran in several orders.

    `extensions` are the sections of other plugins, by their names, each of plain data.
    """

    test_run: TestRun
    summary: Summary
    gate: Gate
    boundaries: tuple[Boundary, ...]
    uses: tuple[Use, ...] = ()
    mismatches: tuple[Mismatch, ...]
    stale: tuple[Stale, ...] = ()
    unverified: tuple[Unverified, ...]
    unbound_doubles: tuple[UnboundDouble, ...]
    hygiene: tuple[Untidy, ...]
    failed_tests: tuple[FailedTest, ...]
    acceptance: tuple[Criterion, ...] = field(default_factory=tuple)
    requirements: tuple[Requirement, ...] = field(default_factory=tuple)
    plan: tuple[PlannedPath, ...] = field(default_factory=tuple)
    repetition: Repetition | None = None
    flaky: tuple[Flaky, ...] = field(default_factory=tuple)
    order_dependence: tuple[OrderDependence, ...] = field(default_factory=tuple)
    contexts: Contexts | None = None
    workflow: WorkflowStep | tuple[WorkflowStep, ...] | None = None
    suites: tuple[SuiteResult, ...] = ()
    checkpoints: tuple[CheckpointResult, ...] = ()
    extensions: Mapping[str, Any] | None = None
    warnings: tuple[str, ...]
    recommendations: tuple[str, ...]
