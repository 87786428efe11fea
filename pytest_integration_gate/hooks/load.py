"""The fixture ``gate_load``: the load generator of YAML suites in Python tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_integration_gate.hooks.progress import notice_in
from pytest_integration_gate.suites.failure import in_words
from pytest_integration_gate.suites.load import LoadFigures, LoadPlan, compare, refuse_unknown, run_load, text_of


class Load:
    """Puts load on servers."""

    def __init__(self, config: pytest.Config) -> None:
        self._notice = notice_in(config)

    def __call__(
        self,
        endpoint: str,
        *,
        concurrent_requests: int = 1,
        requests: int | None = None,
        rate: float | None = None,
        duration: float | None = None,
        warmup: float = 0.0,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        timeout: float = 10.0,
        status: int | tuple[int, ...] = (),
        expect: Mapping[str, Any] | None = None,
        watch: Mapping[str, int] | None = None,
    ) -> LoadFigures:
        """Send requests to an endpoint, ``GET http://…`` or a URL, and return the figures.

        Without `rate` the loop is closed: `concurrent_requests` clients send one request after the other, until there
        were `requests` (one of each client when neither that nor `duration` is given). With `rate`, in requests a
        second, it is open and lasts `duration`. `duration`, `warmup` and `timeout` are seconds. `data` is the body:
        bytes, text, or what becomes JSON. `status` are the statuses of a success; without it all below 400 are.
        `watch` maps names to the ids of processes whose memory and processor time are measured.

        `expect` maps figures to values or matchers, as in a suite; times are milliseconds. Raises AssertionError when
        they are not met or nothing was answered, LoadError for what cannot be measured.
        """
        __tracebackhide__ = True
        refuse_unknown(expect or ())
        method, _, url = endpoint.strip().rpartition(" ")
        body, content = _body(data)
        if requests is None and duration is None and rate is None:
            requests = concurrent_requests
        plan = LoadPlan(
            url=url,
            method=method.strip() or "GET",
            headers={**content, **(headers or {})},
            body=body,
            concurrency=concurrent_requests,
            requests=requests,
            rate=rate,
            duration=duration,
            warmup=warmup,
            timeout=timeout,
            statuses=frozenset((status,) if isinstance(status, int) else status),
        )
        figures = run_load(plan, watch=watch, notice=self._notice)
        if found := compare(expect or {}, figures):
            raise AssertionError("\n".join((*map(in_words, found), text_of(figures))))
        return figures


def _body(data: Any) -> tuple[bytes | None, dict[str, str]]:
    if data is None or isinstance(data, bytes):
        return data, {}
    if isinstance(data, str):
        return data.encode(), {}
    return json.dumps(data).encode(), {"Content-Type": "application/json"}
