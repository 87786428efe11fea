"""Steps that put load on a server and look at the figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.durations import seconds
from pytest_integration_gate.suites.commands import shown
from pytest_integration_gate.suites.http import target
from pytest_integration_gate.suites.load import (
    LoadError,
    LoadFigures,
    LoadPlan,
    measured,
    run_load,
    text_of,
)
from pytest_integration_gate.suites.load import compare as compare_figures
from pytest_integration_gate.suites.load_rules import OF_PROCESSES, TIMES
from pytest_integration_gate.suites.matchers import Difference
from pytest_integration_gate.suites.seen import Seen, StepFailed

if TYPE_CHECKING:
    from pytest_integration_gate.suites.world import World

_NAMES = {"avg_response_time": "average response time", "min": "shortest response time", "max": "longest response time"}
_BOUNDS = {"lt": "is not below", "lte": "exceeds the limit of", "gt": "is not above", "gte": "is below"}


class _Measured(dict[str, Any]):
    """The figures as a mapping, with the object that they come from."""

    figures: LoadFigures


def run(data: Mapping[str, Any], world: World) -> Seen:
    """Put the load of a step on its endpoint."""
    method, url = target(data["endpoint"], world)
    if url.startswith("http://app.invalid"):
        raise StepFailed(
            "Load needs a server that listens; `app` answers in this process.",
            suggestion="Start the server in `setup` and name it by `base_url`.",
            is_final=True,
        )
    body, headers = _body(data)
    headers |= {name: str(value) for name, value in {**world.headers, **data.get("headers", {})}.items()}
    expect = data["expect"]
    statuses = expect.get("status", ())
    plan = LoadPlan(
        url=url,
        method=method,
        headers=headers,
        body=body,
        concurrency=data.get("concurrent_requests", 1),
        requests=data.get("requests", None if "duration" in data else data.get("concurrent_requests")),
        rate=data.get("rate"),
        duration=seconds(data["duration"]) if "duration" in data else None,
        warmup=seconds(data["warmup"]) if "warmup" in data else 0.0,
        timeout=seconds(data.get("timeout", "10s")),
        statuses=frozenset(statuses if isinstance(statuses, list) else [statuses]) if statuses else frozenset(),
    )
    sent = _sent(plan)
    try:
        figures = run_load(plan, watch=_watched(expect, world), notice=world.notice)
    except LoadError as error:
        raise StepFailed(error.message, sent=sent, suggestion=error.remedy, is_final=True) from None
    seen = _Measured(measured(figures))
    seen.figures = figures
    return Seen(data=seen, sent=sent, received=text_of(figures), figures=dict(seen))


def compare(expect: Mapping[str, Any], seen: Seen) -> tuple[Difference, ...]:
    """Compare the figures with what is expected of them; a status is expected of every answer unless a share is."""
    assert isinstance(seen.data, _Measured)
    figures = {name: wanted for name, wanted in expect.items() if name != "status"}
    if "status" in expect:
        figures.setdefault("success_rate", 1)
    try:
        return compare_figures(figures, seen.data.figures)
    except LoadError as error:
        raise StepFailed(error.message, seen=seen, suggestion=error.remedy, is_final=True) from None


def explain(found: tuple[Difference, ...], seen: Seen) -> str:
    """Say in one sentence what the first difference is."""
    first = found[0]
    name = first.path.removeprefix("$.")
    if name == "answers":
        return f"No request was answered: {first.hint}."
    unit = " ms" if name in TIMES else ""
    words = _NAMES.get(name, name.replace("_", " "))
    if isinstance(first.expected, Mapping) and len(first.expected) == 1:
        ((key, bound),) = first.expected.items()
        if key in _BOUNDS and isinstance(bound, int | float):
            return f"{words[0].upper()}{words[1:]} of {first.actual:g}{unit} {_BOUNDS[key]} {bound:g}{unit}."
    return ""


def _body(data: Mapping[str, Any]) -> tuple[bytes | None, dict[str, str]]:
    content = data.get("data")
    if content is None:
        return None, {}
    if isinstance(content, str):
        return content.encode(), {}
    return json.dumps(content).encode(), {"Content-Type": "application/json"}


def _sent(plan: LoadPlan) -> str:
    how = f"{plan.rate:g} requests a second" if plan.rate else f"{plan.concurrency} at the same time"
    much = f"{plan.requests} requests" if plan.requests else f"for {plan.duration:g} s"
    return f"{plan.method} {plan.url}, {much}, {how}"


def _watched(expect: Mapping[str, Any], world: World) -> dict[str, int]:
    """Find the background commands whose memory or processor time is expected; any part of the command names it."""
    watched: dict[str, int] = {}
    for name in OF_PROCESSES:
        if name not in expect:
            continue
        wanted = expect[name].get("process", "") if isinstance(expect[name], Mapping) else ""
        found = [command for command in world.background if wanted in shown(command.line)]
        if len(found) != 1:
            known = ", ".join(f"`{shown(command.line)}`" for command in world.background) or "none"
            raise StepFailed(
                f"`{name}`: {len(found)} background commands have {wanted!r} in them.",
                suggestion=f"Name one of them by a part that no other has. Running: {known}.",
                is_final=True,
            )
        watched[wanted or shown(found[0].line)] = found[0].pid
    return watched
