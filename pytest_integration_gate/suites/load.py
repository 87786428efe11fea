"""Puts load on a server, measures what the load generator itself can do, and compares figures with expectations."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from pytest_integration_gate.durations import milliseconds
from pytest_integration_gate.errors import GateError
from pytest_integration_gate.suites.extras import needs
from pytest_integration_gate.suites.load_rules import FIGURES, LENGTHS, OF_PROCESSES, TIMES
from pytest_integration_gate.suites.loop import LoopThread
from pytest_integration_gate.suites.matchers import Difference, differences
from pytest_integration_gate.yaml_rules import nearest

with needs("load", "load"):
    from pytest_integration_gate.suites.floor import floor_plan, instant_server
    from pytest_integration_gate.suites.generator import LoadPlan as LoadPlan
    from pytest_integration_gate.suites.generator import generate
    from pytest_integration_gate.suites.samples import LoadFigures as LoadFigures
    from pytest_integration_gate.suites.samples import Samples
    from pytest_integration_gate.suites.usage import Usage

_MOST = {"requests": 10_000_000, "concurrency": 10_000, "rate": 100_000, "duration": 3600, "warmup": 3600}


class LoadError(GateError):
    """A load that cannot be put on anything, or an expectation that cannot be judged."""

    slug = "load"


def run_load(
    plan: LoadPlan, *, watch: Mapping[str, int] | None = None, notice: Callable[[str], None] | None = None
) -> LoadFigures:
    """Measure the client's floor, then carry out the plan and return its figures.

    `watch` maps names to the ids of processes whose memory and processor time are measured; `notice` is told every few
    seconds how far a long run is. Raises LoadError when the plan makes no sense.
    """
    progress = (lambda samples, lasted: notice(_progress(plan, samples, lasted))) if notice else None
    _refuse(plan)
    loop = LoopThread("gate_load")
    try:
        with _undisturbed():
            floor = Samples()
            with instant_server() as url:
                floor_seconds = loop.run(generate(floor_plan(plan, url), floor))
            samples = Samples()
            with Usage(watch) if watch else nullcontext() as usage:
                seconds = loop.run(generate(plan, samples, progress))
    finally:
        loop.close()
    return LoadFigures(
        requests=samples.requests,
        answers=samples.answers,
        duration=round(seconds * 1000, 3),
        throughput=round(samples.answers / seconds, 1),
        success_rate=samples.successes / samples.requests if samples.requests else 0.0,
        latencies=samples.latencies(),
        errors=dict(sorted(samples.errors.items())),
        client_lag=samples.lag if plan.rate else None,
        floor=floor.latencies(),
        ceiling=round(floor.answers / floor_seconds, 1) if plan.rate is None else None,
        memory_mb=usage.memory_mb if usage else {},
        cpu_percent=usage.cpu_percent if usage else {},
    )


def compare(expect: Mapping[str, Any], figures: LoadFigures) -> tuple[Difference, ...]:
    """Compare figures with what is expected of them: names of figures to values or matchers.

    Raises LoadError for an unknown name and for bounds that the client itself cannot keep.
    """
    refuse_unknown(expect)
    if not figures.answers:
        return (Difference(path="$.answers", expected={"gte": 1}, actual=0, hint=_errors(figures)),)
    expect = {name: milliseconds(wanted) if name in LENGTHS else wanted for name, wanted in expect.items()}
    actual = measured(figures)
    beyond = [reason for name, wanted in expect.items() for reason in _beyond(name, wanted, figures)]
    if beyond:
        raise LoadError(" ".join(beyond), remedy="Expect what this machine can measure, or use less concurrency.")
    found: list[Difference] = []
    for name, wanted in expect.items():
        if name in OF_PROCESSES:
            found += _compare_process(name, wanted, actual[name])
        else:
            found += differences(wanted, actual[name], path=f"$.{name}")
    return tuple(found)


def refuse_unknown(expect: Iterable[str]) -> None:
    """Raise LoadError for a name that no figure has."""
    unknown = [name for name in expect if name not in FIGURES]
    if unknown:
        raise LoadError(f"`{unknown[0]}` is no figure of a load.{nearest(unknown[0], FIGURES)}")


def measured(figures: LoadFigures) -> dict[str, Any]:
    """Return the figures as plain data, the times beside the others."""
    times = {} if figures.latencies is None else {name: getattr(figures.latencies, name) for name in TIMES}
    return times | {
        "throughput": figures.throughput,
        "success_rate": figures.success_rate,
        "requests": figures.requests,
        "answers": figures.answers,
        "duration": figures.duration,
        "errors": dict(figures.errors),
        "memory_mb": dict(figures.memory_mb),
        "cpu_percent": dict(figures.cpu_percent),
    }


def text_of(figures: LoadFigures) -> str:
    """Write figures for people."""
    lines = [f"{figures.requests} requests in {figures.duration / 1000:g} s: {figures.throughput:g} answers a second"]
    if figures.latencies is not None:
        lines.append("  ".join(f"{_SHORT.get(name, name)} {getattr(figures.latencies, name):g} ms" for name in TIMES))
    lines.append(
        f"success rate {figures.success_rate:.4g}" + (f", errors: {_errors(figures)}" if figures.errors else "")
    )
    if figures.floor is not None:
        floor = "  ".join(f"{_SHORT.get(name, name)} {getattr(figures.floor, name):g} ms" for name in TIMES)
        lines.append(f"the client alone: {floor}")
    if figures.client_lag is not None:
        lines.append(f"99 % of the requests were sent less than {figures.client_lag:g} ms late")
    for name in figures.memory_mb:
        lines.append(f"{name}: {figures.memory_mb[name]:g} MB, {figures.cpu_percent.get(name, 0):g} % CPU")
    return "\n".join(lines)


def _progress(plan: LoadPlan, samples: Samples, lasted: float) -> str:
    goal = f" of {plan.requests}" if plan.requests else ""
    whole = f" of {plan.warmup + plan.duration:g} s" if plan.duration else " s"
    times = samples.latencies()
    slow = f", p99 {times.p99:g} ms" if times else ""
    errors = f", {samples.errors.total()} errors" if samples.errors else ""
    return f"load on {plan.url}: {samples.requests}{goal} requests, {lasted:.0f}{whole}{slow}{errors}"


_SHORT = {"avg_response_time": "avg"}


def _errors(figures: LoadFigures) -> str:
    return ", ".join(f"{number} × {kind}" for kind, number in figures.errors.items()) or "no request was sent"


def _refuse(plan: LoadPlan) -> None:
    problems = [
        f"{name} is {value}; it must be above 0 and at most {most}"
        for name, most in _MOST.items()
        if (value := getattr(plan, name)) is not None and not (0 <= value <= most and (value or name == "warmup"))
    ]
    if not plan.url.startswith(("http://", "https://")):
        problems.append(f"{plan.url!r} is no URL")
    if plan.requests is None and plan.duration is None:
        problems.append("neither the number of requests nor a duration is given")
    if problems:
        raise LoadError("; ".join(problems) + ".")


def _beyond(name: str, wanted: Any, figures: LoadFigures) -> Iterator[str]:
    """Say which bounds lie beyond what the client can measure."""
    bounds = wanted if isinstance(wanted, Mapping) else {"lte": wanted}
    if name in TIMES and figures.floor is not None:
        # What the run itself has shown can be measured, whatever the client did before it.
        floor = min(getattr(figures.floor, name), getattr(figures, name))
        for key in ("lt", "lte", "eq"):
            if isinstance(bound := bounds.get(key), int | float) and bound <= floor:
                yield f"`{name}: {key} {bound:g}` cannot be measured: the client alone takes {floor:g} ms."
    if name == "throughput" and figures.ceiling is not None and figures.throughput < figures.ceiling:
        for key in ("gt", "gte"):
            if isinstance(bound := bounds.get(key), int | float) and bound >= figures.ceiling:
                yield f"`throughput: {key} {bound:g}` cannot be reached: the client alone manages {figures.ceiling:g}."


def _compare_process(name: str, wanted: Any, actual: Mapping[str, float]) -> tuple[Difference, ...]:
    """Compare a figure of one process, which the expectation names; the only one needs no name."""
    bounds = dict(wanted) if isinstance(wanted, Mapping) else {"eq": wanted}
    process = bounds.pop("process", None)
    if process is None and len(actual) == 1:
        process = next(iter(actual))
    if process not in actual:
        known = ", ".join(actual) or "none"
        raise LoadError(f"`{name}` names no process that is watched: {process!r}.", remedy=f"Watched: {known}.")
    return differences(bounds, actual[process], path=f"$.{name}.{process}")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the garbage collector from walking through all that pytest has loaded while times are taken."""
    is_ours = gc.get_freeze_count() == 0
    if is_ours:
        gc.freeze()
    try:
        yield
    finally:
        if is_ours:
            gc.unfreeze()
