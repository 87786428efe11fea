"""What is known of a collaborator: which addresses are about it, what was seen, and who says what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_integration_gate.evidence.editions import Editions
from pytest_integration_gate.evidence.knowledge import is_about, knowledge_of
from pytest_integration_gate.evidence.merging import StoredTest
from pytest_integration_gate.evidence.staleness import Staleness
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import Field, Record, Scalar
from pytest_integration_gate.reports.knowledge_text import knowledge_lines

GET = "shop.repo:Repo.get"
ROW = Outcome(kind="returned", shape=Record((Field("email", Scalar("str")),)))
SEEN = Observation(
    target=GET,
    arguments=Arguments(keywords=(("key", Argument(shape=Scalar("int"), text="1")),), bound=True),
    outcome=ROW,
    at="shop/repo.py:9",
)
CLAIM = Claim(
    root="shop.repo:Repo",
    path=("()", ".get"),
    action="call",
    arguments=Arguments(positional=(Argument(shape=Scalar("int"), text="7"),)),
    outcome=Outcome(kind="returned", shape=Record((Field("mail", Scalar("str")),))),
    at="tests/unit/test_a.py:3",
)


def staleness(folder: Path) -> Staleness:
    return Staleness(Editions([str(folder)]), max_age=None, now=0.0)


def night(
    *observations: Observation, nodeid: str = "tests/test_b.py::test_real", date: str = "2026-11-19"
) -> StoredTest:
    record = TestRecord(
        nodeid=nodeid,
        boundaries=("database",),
        observations=observations,
        editions=(Edition(target=GET, source="0123456789abcdef"),),
        facts=(Fact(target=GET, kind="method", at="shop/repo.py:9"),),
    )
    return StoredTest(record=record, date=date, commit="1a2b3c4", moment=f"{date}T03:00:00.000000Z", python="3.13.0")


@pytest.mark.parametrize(
    ("target", "wanted", "is_so"),
    [
        (GET, GET, True),
        (GET, "shop.repo.Repo.get", True),
        (GET, "shop.repo", True),
        (GET, "shop", True),
        (GET, "Repo.get", True),
        (GET, "get", True),
        (GET, "Rep", False),
        (GET, "hop.repo", False),
        (GET, "", False),
        ("sqlite3:connect().cursor().fetchone", "sqlite3:connect().cursor", True),
        ("sqlite3:connect().cursor().fetchone", "sqlite3.connect", True),
        ("GET https://api.example/users/{}", "https://api.example", True),
        ("GET https://api.example/users/{}", "https://api.example/users/", True),
        ("GET https://api.example/users/{}", "GET https://api.example/users/{}", True),
        ("GET https://api.example/users/{}", "https://api.exam", False),
        ("GET https://api.example/users/{}", "", False),
    ],
)
def test_which_addresses_are_about_what_is_wanted(target: str, wanted: str, is_so: bool) -> None:
    """A collaborator may be named whole or by some of its steps, never by half a word."""
    assert is_about(target, wanted) is is_so


def test_equal_outcomes_are_told_once(tmp_path: Path) -> None:
    """Calls are counted, their arguments and tests listed, and the newest run gives the date."""
    other = replace(SEEN, arguments=Arguments(keywords=(("key", Argument(shape=Scalar("int"), text="2")),), bound=True))
    tests = [night(SEEN, other), night(SEEN, nodeid="tests/test_b.py::test_again", date="2026-11-18")]
    (known,) = knowledge_of("Repo.get", tests, (), staleness(tmp_path))
    assert list(knowledge_lines([known])) == [
        "shop.repo:Repo.get",
        "  declared: method  shop/repo.py:9",
        "  observed: returns {email: str}  shop/repo.py:9",
        "      3 calls: (key=1), (key=2)",
        "      database, real, 2026-11-19, commit 1a2b3c4, Python 3.13.0",
        "      tests/test_b.py::test_again",
        "      tests/test_b.py::test_real",
    ]


def test_what_no_longer_counts_says_why(tmp_path: Path) -> None:
    """Stale and contaminated observations are listed apart from good ones."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/repo.py").write_text("class Repo:\n    def get(self, key): ...\n")
    tests = [night(SEEN), night(replace(SEEN, contaminated="shop.db:connect"), nodeid="t.py::test_mixed")]
    lines = list(knowledge_lines(knowledge_of(GET, tests, (), staleness(tmp_path))))
    assert lines.count("      stale: its source has changed") == 2
    assert lines.count("      no evidence: a double was reached underneath (shop.db:connect)") == 1


def test_claims_come_with_their_verdict_and_line(tmp_path: Path) -> None:
    """A claim that only a store knows is named by its tests alone: what it says is not stored."""
    bare = Claim(root=CLAIM.root, path=CLAIM.path, action="call", at="")
    findings = [
        Finding(claim=CLAIM, target=GET, boundary="database", verdict="contradicted", tests=("t.py::test_a",)),
        Finding(claim=bare, target=GET, boundary="database", verdict="unverified", tests=("t.py::test_b",)),
        Finding(claim=CLAIM, target="shop.other:get_it", boundary="", verdict="unverified", tests=("t.py::test_c",)),
    ]
    assert list(knowledge_lines(knowledge_of("get", (), findings, staleness(tmp_path)))) == [
        "shop.repo:Repo.get",
        "  observed: never",
        "  doubled by 1 test; an export tells what they claim (--gate-export, show --from)",
        "      t.py::test_b",
        "  claimed, contradicted: returns {mail: str} for (7)",
        "      tests/unit/test_a.py:3",
        "      t.py::test_a",
    ]


def test_many_tests_are_counted(tmp_path: Path) -> None:
    """Five are listed."""
    tests = [night(SEEN, nodeid=f"t.py::test_{number}") for number in range(7)]
    lines = list(knowledge_lines(knowledge_of(GET, tests, (), staleness(tmp_path))))
    assert lines[-2:] == ["      t.py::test_4", "      and 2 more tests"]


def test_nothing_known_is_nothing(tmp_path: Path) -> None:
    """No block without a sighting, a claim or a fact of that very address."""
    assert knowledge_of("shop.basket", [night(SEEN)], (), staleness(tmp_path)) == ()
