"""Findings: verdicts on claims, with what explains them (SPEC section 7)."""

from __future__ import annotations

from typing import Literal

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Answer
from pytest_integration_gate.model.fact import Signature
from pytest_integration_gate.model.interaction import Outcome
from pytest_integration_gate.values import dataclass

Verdict = Literal["verified", "contradicted", "suspect", "unverified", "stale", "waived"]
Kind = Literal[
    "missing_attribute",
    "signature",
    "sync_async",
    "protocol",
    "return_annotation",
    "return_shape",
    "return_value",
    "argument_shape",
    "exception",
    "attribute_shape",
    "fake_interface",
    "http_route",
    "http_status",
    "http_header",
    "http_body",
    "http_request",
]
Fidelity = Literal["real", "emulated", "declared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One path on which claim and reality differ. `path` starts at ``$``; `claim` and `reality` are printed shapes."""

    path: str
    claim: str
    reality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reality:
    """What speaks about a claim: an observation (`source` ``observed``) or a fact (``declared``).

    `stale` says why the observation no longer counts.
    """

    outcome: str
    source: Literal["observed", "declared"]
    at: str = ""
    tests: tuple[str, ...] = ()
    fidelity: Fidelity = "real"
    date: str = ""
    commit: str = ""
    stale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The evidence of a mismatch as data, for those who mend doubles; each part None where nothing tells it.

    `outcome` is what an observed call gave, or what the annotation declares; `answer` that of an HTTP service;
    `signature` the one that a call does not fit. `target` is the address that `outcome` and `signature` are about.
    """

    target: str = ""
    outcome: Outcome | None = None
    answer: Answer | None = None
    signature: Signature | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one claim. `target` is the address that the claim's root and path come to.

    `kind`, `differences` and `suggestion` are there when the verdict is ``contradicted`` or ``suspect``. `declared`
    says that an unverified claim at least agrees with every fact. `reality` is the evidence that decided, or the
    nearest there is, `shown` the same as data, for a mismatch only. `would_be` is what a ``stale`` claim would be if
    the evidence still counted.
    """

    claim: Claim
    target: str
    verdict: Verdict
    boundary: str = ""
    kind: Kind | None = None
    differences: tuple[Difference, ...] = ()
    reality: Reality | None = None
    shown: Shown | None = None
    suggestion: str = ""
    declared: bool = False
    would_be: Verdict | None = None
    tests: tuple[str, ...] = ()
