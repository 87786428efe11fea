"""Bare mocks at parameters where boundary tests hand in the real thing."""

from __future__ import annotations

from typing import Any

import pytest

SHOP = """
class Repo:
    def get(self, key): return {"id": key, "email": "x"}

class Longer:
    def get(self, key, region): return {"id": key}

def name(repo): return repo.get(1)["mail"]
def name_there(repo, *more): return repo.get(1, *more)["id"]
def name_in(repo, other=None): return repo.get(1)["id"] if other is None else repo.find(1)["id"]

class Desk:
    def __init__(self, repo=None): self._repo = repo or Repo()
    def name(self): return self._repo.get(1, 2)
"""

UNIT = """
from unittest.mock import Mock
import shop

def test_name():
    assert shop.name(Mock(**{"get.return_value": {"mail": "a"}})) == "a"

def test_desk():
    shop.Desk(Mock()).name()

def test_other_kinds():
    shop.name_there(Mock(**{"get.return_value": {"id": 1}}), 2)

def test_other_names():
    shop.name_in(Mock(**{"find.return_value": {"id": 1}}), 1)
"""

BOUNDARY = """
import pytest
import shop

pytestmark = pytest.mark.boundary("database")

class FakeRepo:
    def get(self, key): return {"id": 5}

def test_real():
    with pytest.raises(KeyError):
        shop.name(shop.Repo())
    shop.Desk(shop.Repo())
    shop.Desk()

def test_kinds():
    shop.name_there(shop.Repo())
    shop.name_there(shop.Longer(), "eu")
    shop.name_in(shop.Repo())
    shop.name_in(FakeRepo())
"""

EXPECTED = [
    ("shop:Repo.get", "return_shape", "boundary tests hand one to `repo` of shop:name"),
    ("shop:Repo.get", "signature", "boundary tests hand one to `repo` of shop:Desk"),
]


@pytest.mark.parametrize(
    "runs",
    [[()], [("-p", "xdist", "-n2")], [("tests/integration",), ("tests/unit",)]],
    ids=["plain", "xdist", "stored"],
)
def test_the_class_that_reality_shows_at_the_parameter_speaks(project: Any, runs: list[tuple[str, ...]]) -> None:
    """It speaks only when nothing else was seen there and has all that the double is asked for; the rest is listed."""
    project.write("shop.py", SHOP)
    project.write("tests/unit/test_greet.py", UNIT)
    project.write("tests/integration/test_repo.py", BOUNDARY)
    for options in runs:
        result = project.run(*options)
        assert "failed" not in result.parseoutcomes()
    found = [(one["target"], one["kind"], one["claim"]["inferred"]) for one in project.report["mismatches"]]
    assert found == EXPECTED, project.report_text
    assert [double["names"] for double in project.report["unbound_doubles"]] == [["get"], ["find"]]
    assert "`unbound_doubles`" in project.report["recommendations"][-1]


def test_without_boundary_tests_nobody_speaks(project: Any) -> None:
    """The doubles stay unbound, with the line that made them."""
    project.write("shop.py", SHOP)
    project.write("tests/unit/test_greet.py", UNIT)
    project.write("tests/integration/test_repo.py", "def test_nothing():\n    pass\n")
    project.run().assert_outcomes(passed=5)
    assert project.report["mismatches"] == []
    assert [one["at"].rpartition(":")[2] for one in project.report["unbound_doubles"]] == ["6", "9", "12", "15"]
