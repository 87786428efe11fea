"""Carries the record of a test from the process that ran it to the one that judges.

The record is an attribute of the teardown report: a value in a plain run, plain data while the report travels between
xdist's processes. So a worker that crashes loses the test that was running and nothing else.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from pytest_integration_gate.hooks.keys import RECORD
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.model.record import TestRecord


class Transport:
    """Encodes the record when a report is serialised, decodes it when the report is rebuilt."""

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(
        self, report: Any
    ) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
        """Replace the record by plain data in what will be sent."""
        data = yield
        record = getattr(report, RECORD, None)
        if data is not None and isinstance(record, TestRecord):
            data[RECORD] = to_data(record)
        return data

    @pytest.hookimpl(wrapper=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> Generator[None, Any, Any]:
        """Put the record back on the rebuilt report."""
        encoded = data.pop(RECORD, None)
        report = yield
        if encoded is not None and report is not None:
            setattr(report, RECORD, from_data(TestRecord, encoded))
        return report
