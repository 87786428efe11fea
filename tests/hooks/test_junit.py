"""Properties on the tests of pytest's JUnit XML."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

TRACED = """
import pytest

@pytest.mark.requirement("FR-01")
def test_reserves(record_property):
    record_property("own", "kept")
"""


def cases(project: Any, *options: str) -> dict[str, ElementTree.Element]:
    project.run("--junitxml=junit.xml", *options)
    root = ElementTree.parse(project.root / "junit.xml").getroot()
    assert root.tag == "testsuites"
    return {one.attrib["name"]: one for one in root.iter("testcase")}


def properties(testcase: ElementTree.Element) -> list[tuple[str, str]]:
    """Return the properties of a test; where there are some, they stand once and first, as JUnit's schema says."""
    parents = testcase.findall("properties")
    assert parents in ([], [testcase[0]] if len(testcase) else [])
    assert all(one.tag == "property" and set(one.attrib) == {"name", "value"} for one in testcase.iter("property"))
    return [(one.attrib["name"], one.attrib["value"]) for one in testcase.iter("property")]


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n2")])
def test_a_test_with_a_lying_mock_says_so(project: Any, workers: tuple[str, ...]) -> None:
    """The other tests have no properties, and every test is there once."""
    found = cases(project, *workers)
    assert properties(found["test_greets"]) == [
        ("integration_gate.mismatch", "shop:Repo.get (return_shape, contradicted) at tests/unit/test_greet.py:5")
    ]
    assert properties(found["test_comes_back"]) == []


def test_own_properties_stay(project: Any) -> None:
    """What a test recorded stands before what the gate adds."""
    project.write("gate.yaml", "requirements: {FR-01: An order reserves stock}\n")
    project.write("tests/integration/test_traced.py", TRACED)
    found = cases(project)
    assert properties(found["test_reserves"]) == [("own", "kept"), ("integration_gate.requirement", "FR-01: met")]


def test_counts_are_those_of_the_run(project: Any) -> None:
    """Writing the file twice counts nothing twice."""
    cases(project)
    suite = ElementTree.parse(project.root / "junit.xml").getroot()[0]
    assert (suite.attrib["tests"], len(suite.findall("testcase"))) == ("2", 2)


def test_without_the_option_nothing_is_registered(project: Any) -> None:
    """The module is not even imported."""
    project.write(
        "conftest.py",
        "import sys\n\ndef pytest_unconfigure():\n"
        "    print('JUNIT', 'pytest_integration_gate.controller.junit' in sys.modules)\n",
    )
    assert "JUNIT False" in project.run("-s").outlines
