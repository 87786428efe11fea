"""What terminal and brief say about contexts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_integration_gate.model.context import Component, Context
from pytest_integration_gate.model.run_report import (
    Contexts,
    Continuation,
    FailedTest,
    InContext,
    OutOfContext,
    RunReport,
    Violation,
    WorkflowStep,
)
from pytest_integration_gate.reports.brief import brief_text
from pytest_integration_gate.reports.context_text import context_lines, counts_lines
from pytest_integration_gate.reports.document import document
from pytest_integration_gate.reports.terminal import summary_lines

CHAIN = ("tests/billing/test_invoice.py", "shop.billing.invoice", "shop.kernel.money")
BROKEN = OutOfContext(
    nodeid="tests/billing/test_invoice.py::test_b",
    before="passed",
    culprit=CHAIN[-1],
    certain=True,
    chain=CHAIN,
    architectural=True,
)
UNSURE = replace(
    BROKEN, nodeid="tests/billing/test_invoice.py::test_a", before="failed", certain=False, others=("shop.kernel.text",)
)
NOBODY = OutOfContext(nodeid="tests/mail/test_m.py::test_m", before="unknown", culprit=None, certain=False, chain=())
CONTEXTS = Contexts(
    active="orders",
    base="main (1a2b3c4)",
    in_context=(InContext(nodeid="tests/orders/test_o.py::test_o", before="passed"),),
    out_of_context=(UNSURE, BROKEN, NOBODY),
    violations=(Violation(kind="domain_border", importer="shop.orders", imported="shop.mail", at="shop/orders.py:3"),),
    continuations=(
        Continuation(
            context="billing",
            component="invoice",
            owner="team-billing",
            session="b-7",
            fits_in="invoice of billing (domain): shop.billing.invoice",
            failures=(BROKEN.nodeid,),
            issues=("it broke",),
        ),
    ),
)
ORDERS = Context(
    name="orders",
    modules=("shop.orders",),
    public="shop.orders",
    uses=("shop.kernel",),
    tests=("tests/orders",),
    components=(Component(name="core", modules=("shop.orders",), owner="team-orders"),),
)
STEP = WorkflowStep(context="orders", step="run_test_suite", result="failed", next="fix_test_failures")

SHOWN = """\
______________ shop.kernel.money (out of context, architectural) _______________

The change of shop.kernel.money broke 2 tests outside of orders.
  broken      tests/billing/test_invoice.py::test_b
              tests/billing/test_invoice.py::test_a (probably, before: failed)
  chain       tests/billing/test_invoice.py -> shop.billing.invoice ->
              shop.kernel.money

______________________ no culprit found (out of context) _______________________

1 test outside of orders failed, and none of the changed files is within reach.
  broken      tests/mail/test_m.py::test_m (before: unknown)

______________________________ 1 border violation ______________________________

shop/orders.py:3: domain_border: shop.orders imports shop.mail

"""


@pytest.fixture
def run(failed_run: RunReport) -> RunReport:
    """A run with failures of every category."""
    tests = [
        FailedTest(name="x", nodeid=f"t.py::{category}", category=category, before="passed", reason="a <b> `c`")
        for category in ("in_context", "out_of_context", "out_of_context", "pre_existing", "flaky")
    ]
    summary = replace(failed_run.summary, not_run=3)
    return replace(failed_run, failed_tests=tuple(tests), contexts=CONTEXTS, workflow=STEP, summary=summary)


def test_culprits_and_borders_are_shown_whole() -> None:
    """One part for each culprit, what is certain first, then what nobody did, then the borders."""
    assert "".join(f"{text}\n" for text, _ in context_lines(CONTEXTS, 80)) == SHOWN


def test_certain_culprits_are_red_and_others_yellow() -> None:
    """As mismatches are."""
    headings = {text.strip("_ "): markup for text, markup in context_lines(CONTEXTS, 80) if text.startswith("__")}
    assert headings["shop.kernel.money (out of context, architectural)"] == {"red": True, "bold": True}
    assert headings["no culprit found (out of context)"] == {"yellow": True, "bold": True}


def test_counts_and_the_next_step(run: RunReport) -> None:
    """A line for the categories, one for what did not run, one for the workflow."""
    assert [text for text, _ in counts_lines(run, 160)] == [
        "context orders, compared with main (1a2b3c4): 1 in context, 2 out of context, 1 pre-existing, 1 flaky",
        "3 tests not run: the context's own integration tests come first, and they failed",
        "workflow of orders: run_test_suite failed, next is fix_test_failures",
    ]


def test_several_contexts_and_none(run: RunReport) -> None:
    """Each has its own line of the workflow; finished work says so."""
    assert run.contexts is not None
    done = WorkflowStep(context="billing", step="finalize", result="passed", next=None)
    both = replace(run, contexts=replace(run.contexts, active=("orders", "billing"), base=""), workflow=(STEP, done))
    texts = [text for text, _ in counts_lines(both, 160)]
    assert texts[0].startswith("contexts orders, billing, no earlier run to compare with: ")
    assert texts[-1] == "workflow of billing: finalize passed, the work on it is complete"
    none = replace(run, contexts=replace(run.contexts, active=None), workflow=None, failed_tests=())
    nobody = "no context is worked on (--gate-context or --gate-base says which)"
    assert next(text for text, _ in counts_lines(none, 160)) == nobody
    unclassified = replace(none, failed_tests=(replace(run.failed_tests[0], category="unclassified"),))
    assert next(text for text, _ in counts_lines(unclassified, 160)) == f"{nobody}: 1 unclassified"


def test_the_terminal_has_them(run: RunReport, quiet_run: RunReport) -> None:
    """After the mismatches; a run without contexts has nothing of it."""
    texts = [text for text, _ in summary_lines(run, path="", source=lambda file: ())]
    assert "The change of shop.kernel.money broke 2 tests outside of orders." in texts
    assert not [text for text, _ in summary_lines(quiet_run, path="", source=lambda file: ()) if "context" in text]


def test_the_brief(run: RunReport) -> None:
    """Paths, next step with its rules, stories, failures with their causes, borders, owners, claims."""
    text = brief_text(run, [ORDERS], [("US-7", "AC-1", "gap")])
    for line in (
        "# shop: orders",
        "- modules: `shop.orders`, public `shop.orders`",
        "- component core: `shop.orders`, owner team-orders",
        "### Next step: fix_test_failures",
        "- orders is a domain context: import only its own modules, `shop.kernel` and what belongs to no context.",
        "- US-7 AC-1: gap",
        r"- `t.py::in_context` (in_context): a \<b\> \`c\`",
        "- `shop/orders.py:3`: shop.orders imports shop.mail (domain_border)",
        "- invoice of billing (domain): shop.billing.invoice. Owner: team-billing. Session: b-7. 1 failure.",
        "- `shop.repository:UserRepo.delete`: 5 claims at tests/unit/test_signup.py:30, tests/unit/test_signup.py:41",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    "step", ["initialize", "finalize", "generate_integration_tests", "validate_acceptance_criteria"]
)
def test_every_step_has_rules(run: RunReport, step: str) -> None:
    """A brief says what to do next, whatever that is."""
    text = brief_text(replace(run, workflow=replace(STEP, next=step)), [ORDERS])
    rules = text.partition(f"### Next step: {step}\n")[2].partition("\n## ")[0]
    assert len([line for line in rules.splitlines() if line.startswith("- ")]) >= 2


def test_a_report_with_contexts_keeps_what_is_null(run: RunReport) -> None:
    """A culprit that was not found is null and not absent, as is the next step of finished work."""
    data = document(replace(run, workflow=replace(STEP, next=None)))
    assert data["contexts"]["out_of_context"][2]["culprit"] is None
    assert data["workflow"] == {"context": "orders", "step": "run_test_suite", "result": "failed", "next": None}
