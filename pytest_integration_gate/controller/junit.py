"""Puts the gate's properties on the tests of pytest's own JUnit XML.

Verdicts are known when the last test has run, and pytest may have written the file by then: so its plugin writes it a
second time, with what was added to the elements that it keeps.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from xml.etree.ElementTree import Element, SubElement  # nothing is parsed

import pytest
from _pytest.junitxml import xml_key

from pytest_integration_gate.controller.gatekeeper import Gatekeeper
from pytest_integration_gate.reports.junit import properties


class JunitProperties:
    """Knows the element of each test, and adds to those that the judged run has something to say about."""

    def __init__(self, config: pytest.Config, gatekeeper: Gatekeeper) -> None:
        self._config = config
        self._gatekeeper = gatekeeper
        self._elements: dict[str, Any] = {}

    @property
    def _xml(self) -> Any:
        """Pytest's plugin, None before it is there and where it has been taken away."""
        return self._config.stash.get(xml_key, None)

    @pytest.hookimpl(tryfirst=True)  # afterwards the plugin no longer knows which element is whose
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the element of a test that ends."""
        if report.when == "teardown" and (xml := self._xml) is not None:
            self._elements[report.nodeid] = xml.node_reporter(report)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        """Add the properties when the run has been judged and the file written."""
        result = yield
        if self._gatekeeper.report is not None and self._xml is not None:
            try:
                if self._add():
                    self._xml.pytest_sessionfinish()
            except Exception as error:  # the file is there without them
                self._gatekeeper.warn(f"The JUnit XML has no properties: {type(error).__name__}: {error}")
        return result

    def _add(self) -> bool:
        assert self._gatekeeper.report is not None
        found = properties(self._gatekeeper.report)
        concerned = found.keys() & self._elements.keys()
        for nodeid in concerned:
            testcase: Element = self._elements[nodeid].to_xml()
            parent = testcase.find("properties")
            if parent is None:
                parent = Element("properties")
                testcase.insert(0, parent)
            for name, value in found[nodeid]:
                SubElement(parent, "property", name=name, value=value)
        return bool(concerned)
