"""Every target that a double stands for, with the verdicts on it: what ``-v`` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.reports.layout import PLAIN, Line, wrapped

_VERDICTS = ("verified", "contradicted", "suspect", "unverified", "stale", "waived")


def target_lines(findings: Iterable[Finding], width: int) -> Iterator[Line]:
    """Return a heading and one entry for each target, none without any."""
    verdicts: dict[str, Counter[str]] = {}
    for finding in findings:
        verdicts.setdefault(finding.target, Counter())[finding.verdict] += 1
    if verdicts:
        yield f"{counted(len(verdicts), 'target')}:", PLAIN
    for target, numbers in sorted(verdicts.items()):
        told = ", ".join(f"{numbers[verdict]} {verdict}" for verdict in _VERDICTS if numbers[verdict])
        yield from wrapped(f"  {target}: {told}", width, hanging="      ")
