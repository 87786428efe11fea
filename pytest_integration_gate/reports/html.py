"""The report as one HTML page that needs nothing but itself (``--gate-html``).

Everything that comes from the project is escaped by the templates. The page forbids itself the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike, fspath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape  # jinja2 requires it

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.files import write_text
from pytest_integration_gate.judging.wording import target_name
from pytest_integration_gate.model.run_report import Boundary, ClaimCounts, FailedTest, OutOfContext, RunReport, Use
from pytest_integration_gate.reports.acceptance_text import folded
from pytest_integration_gate.values import dataclass

VERDICTS = ("verified", "waived", "stale", "unverified", "suspect", "contradicted")
_STANDINGS = ("contradicted", "suspect", "stale", "unverified")
_CATEGORIES = ("in_context", "out_of_context", "pre_existing", "flaky", "unclassified")
_OPEN_AT_ONCE = 8
_FIDELITIES = {"real": "seen for real", "emulated": "seen on an emulation", "declared": "only declared"}
_MEANINGS = {
    "in_context": "failures of what is worked on",
    "out_of_context": "the change broke what it should not touch",
    "pre_existing": "failed the same way before",
    "flaky": "passed and failed in this run",
}
_UNITS = {"throughput": " /s", "duration": " s"}
_JOINT = re.compile(r"(::|(?<![:/])/(?!/)|[._](?=\w))")
_CODE = re.compile("`([^`]+)`")
# What a browser refuses to show, and what turns the direction of the text around it.
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collaborator:
    """A target that is not proven, and how many claims are about it. `standing` is the worst verdict."""

    target: str
    standing: str
    entries: int


def page(report: RunReport) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("pytest_integration_gate.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["short"] = target_name
    environment.filters["words"] = lambda text: str(text).replace("_", " ")
    environment.filters["percent"] = lambda share: "–" if share is None else f"{_percent(share)} %"
    environment.filters["figure"] = _figure
    environment.filters["milliseconds"] = lambda value: f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    environment.filters["folded"] = lambda tests: [*folded(tests)]
    environment.filters["breakable"] = _breakable
    environment.filters["marked"] = _marked
    environment.filters["standing"] = _standing
    text = environment.get_template("page.html").render(
        report=report,
        verdicts=VERDICTS,
        segments=_segments,
        boundaries=[
            (one, _proven(one.claims), _uses(report, one), _collaborators(report, one)) for one in _boundaries(report)
        ],
        fidelities=_FIDELITIES,
        meanings=_MEANINGS,
        failures=_failures(report),
        open_at_once=_OPEN_AT_ONCE,
        bars=_bars,
        others=_others,
    )
    visible = _UNWANTED.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return visible.encode("utf-8", "backslashreplace").decode()


def write_html(report: RunReport, path: str | PathLike[str]) -> None:
    """Write the page to a file; raise `ReportError` when that is not possible."""
    try:
        write_text(path, page(report))
    except OSError as error:
        why = f"The page cannot be written to {fspath(path)}: {error.strerror or error}."
        raise ReportError(why, remedy="Name another file with --gate-html.") from error


def _boundaries(report: RunReport) -> list[Boundary]:
    """Return the boundaries, those with something to mend first."""
    return sorted(report.boundaries, key=lambda one: (-one.claims.contradicted, -one.claims.suspect, one.name))


def _segments(claims: ClaimCounts) -> Iterator[tuple[str, int, float]]:
    """Give each verdict that occurs, how often, and its share of the width in percent."""
    for verdict in VERDICTS:
        if number := getattr(claims, verdict):
            yield verdict, number, round(100 * number / max(claims.total, 1), 2)


def _proven(claims: ClaimCounts) -> int | None:
    return _percent(claims.verified / claims.total) if claims.total else None


def _percent(share: float) -> int:
    """Round, but never to a whole hundred or to nothing what is not."""
    return min(max(round(100 * share), 1), 99) if 0 < share < 1 else round(100 * share)


def _uses(report: RunReport, boundary: Boundary) -> list[Use]:
    """Return which code uses which collaborator of a boundary, what is worst first."""
    mine = [use for use in report.uses if use.boundary == boundary.name]
    return sorted(mine, key=lambda use: (*_STANDINGS, "verified").index(_standing(use)))


def _standing(use: Use) -> str:
    """Return the worst verdict on what doubles say of a collaborator."""
    return next((verdict for verdict in _STANDINGS if getattr(use.claims, verdict)), "verified")


def _collaborators(report: RunReport, boundary: Boundary) -> list[Collaborator]:
    """Return what is not proven about a boundary, the worst first."""
    about: dict[str, list[tuple[str, int]]] = {}
    for mismatch in report.mismatches:
        if mismatch.boundary == boundary.name:
            about.setdefault(mismatch.target, []).append((mismatch.verdict, 1))
    for verdict, entries in (("stale", report.stale), ("unverified", report.unverified)):
        for entry in entries:
            if entry.boundary == boundary.name:
                about.setdefault(entry.target, []).append((verdict, entry.claims))
    found = [
        Collaborator(
            target=target,
            standing=min((verdict for verdict, _ in entries), key=_STANDINGS.index),
            entries=sum(number for _, number in entries),
        )
        for target, entries in about.items()
    ]
    return sorted(found, key=lambda one: (_STANDINGS.index(one.standing), one.target))


def _failures(report: RunReport) -> list[tuple[str, list[tuple[FailedTest, OutOfContext | None]]]]:
    """Return the failed tests by category, each with the way that leads to its culprit."""
    ways = {one.nodeid: one for one in report.contexts.out_of_context} if report.contexts else {}
    categories = dict.fromkeys((*_CATEGORIES, *(test.category for test in report.failed_tests)))
    groups = [
        (category, [(test, ways.get(test.nodeid)) for test in report.failed_tests if test.category == category])
        for category in categories
    ]
    return [(category, tests) for category, tests in groups if tests]


def _bars(figures: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Return the response times among the figures of a test: name, milliseconds, and length of the bar in percent."""
    times = [(name, value) for name, value in figures.items() if _is_time(name) and _is_number(value)]
    longest = max((value for _, value in times), default=0) or 1
    shortest_first = sorted(times, key=lambda time: time[1])
    return [(name, value, round(max(100 * value / longest, 0.5), 2)) for name, value in shortest_first]


def _others(figures: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Give the figures that are no response times, with their units; of a table each entry by itself."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}: {part}", _figure(one)) for part, one in value.items())
        elif name == "success_rate" and _is_number(value):
            yield name, _figure(value * 100.0) + " %"
        elif not (_is_time(name) and _is_number(value)):
            yield name, _figure(value) + _UNITS.get(name, "")


def _breakable(text: str) -> Markup:
    """Let a browser break a path, an address or a node id where its parts meet, rather than anywhere."""
    return Markup(_JOINT.sub(r"\1<wbr>", str(escape(text))))  # noqa: S704  # escaped


def _marked(text: str) -> Markup:
    """Show what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped


def _is_time(name: str) -> bool:
    return name in ("min", "max") or name.endswith("response_time") or re.fullmatch(r"p\d+", name) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _figure(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
