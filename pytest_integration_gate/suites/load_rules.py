"""What can be expected of a load, and what is wrong with a load before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_integration_gate.durations import milliseconds
from pytest_integration_gate.strict_yaml import Data, Node
from pytest_integration_gate.suites.expectations import problems_of, problems_of_time
from pytest_integration_gate.yaml_rules import nearest

TIMES = ("avg_response_time", "min", "p50", "p90", "p95", "p99", "max")
OF_PROCESSES = ("memory_mb", "cpu_percent")
LENGTHS = frozenset((*TIMES, "duration"))
"""Figures that are lengths of time, in milliseconds."""
FIGURES = (*TIMES, "throughput", "success_rate", "requests", "answers", "duration", "errors", *OF_PROCESSES)
"""Everything that can be expected of a load."""

_NEAR = 0.8


def refuse_rate(value: Data) -> str | None:
    """Say why a value is no rate, None when it is one."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return None
    return "write requests a second, a number above 0."


def check_load(step: Node, name: str) -> Iterator[str]:
    """Say what is wrong with a step that puts load on a server, beyond the rules of its keys."""
    keys = step.entries.keys()
    if "rate" in keys:
        for key in ("concurrent_requests", "requests"):
            if key in keys:
                yield f"{step.entries[key].key.place}: `{name}.{key}`: a load with a `rate` is told by its `duration`."
        if "duration" not in keys:
            yield f"{step.place}: `{name}` has a `rate` and no `duration`."
    elif "concurrent_requests" not in keys:
        yield f"{step.place}: `{name}` needs `concurrent_requests`, or `rate` and `duration`."
    elif "requests" in keys and "duration" in keys:
        yield f"{step.entries['duration'].key.place}: `{name}` has `requests` and `duration`. Write one of them."
    expect = step.entries.get("expect")
    if expect is None or not isinstance(expect.value.data, dict):
        return
    if not expect.value.data:
        yield f"{expect.value.place}: `{name}.expect` is empty, so that nothing is checked."
    for figure, entry in expect.value.entries.items():
        key, inner = str(figure), f"{name}.expect.{figure}"
        if key != "status" and key not in FIGURES:
            yield f"{entry.key.place}: `{inner}` is no figure of a load.{nearest(key, (*FIGURES, 'status'))}"
        elif key == "status":
            if not all(type(status) is int for status in _listed(entry.value.data)):
                yield f"{entry.value.place}: `{inner}` must be a status or a list of them."
        elif key in LENGTHS:
            yield from problems_of_time(entry.value, inner)
        elif key in OF_PROCESSES:
            yield from _of_process(entry.value, inner)
        else:
            yield from problems_of(entry.value, inner, least=0)
            if key == "success_rate":
                yield from _always_below_one(entry.value, inner)


def near_bounds(expect: Mapping[str, Any], figures: Mapping[str, Any]) -> Iterator[str]:
    """Say which times, memory and processor time have kept their upper bound by less than a fifth of it."""
    for name in (*TIMES, *OF_PROCESSES):
        wanted, seen = milliseconds(expect.get(name)), figures.get(name)
        if not isinstance(wanted, Mapping):
            continue
        process = wanted.get("process", "")
        if isinstance(seen, Mapping):
            process = process or next(iter(seen), "")
            seen = seen.get(process)
        bound = wanted.get("lt", wanted.get("lte"))
        if isinstance(bound, int | float) and isinstance(seen, int | float) and _NEAR * bound <= seen <= bound:
            owner = f" of {process}" if process else ""
            yield f"{name}{owner} is {seen:g}, {seen / bound:.0%} of the {bound:g} that it may be"


def _of_process(node: Node, name: str) -> Iterator[str]:
    """Check the bounds beside the name of a process."""
    bounds = {key: entry for key, entry in node.entries.items() if key != "process"}
    if node.entries and not bounds:
        yield f"{node.place}: `{name}` names a process and no bound, so that nothing is checked."
        return
    if bounds:
        node = replace(node, data={key: entry.value.data for key, entry in bounds.items()}, entries=bounds)
    yield from problems_of(node, name, least=0)


def _always_below_one(node: Node, name: str) -> Iterator[str]:
    bounds = node.data if isinstance(node.data, dict) else {}
    for key, least in (("lte", 1.0), ("lt", 1.000001)):
        bound = bounds.get(key)
        if isinstance(bound, int | float) and bound >= least:
            yield f"{node.place}: `{name}.{key}: {bound:g}` always holds: it is a share, at most 1."


def _listed(data: Data) -> list[Data]:
    return data if isinstance(data, list) else [data]
