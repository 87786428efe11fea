"""When stored evidence no longer counts: age, source, installed version."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_integration_gate.evidence.editions import Editions
from pytest_integration_gate.evidence.merging import StoredTest
from pytest_integration_gate.evidence.staleness import Staleness
from pytest_integration_gate.model.edition import Edition
from pytest_integration_gate.model.interaction import Arguments, Outcome
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import Scalar

DAY = 86_400.0
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
CODE = "class Repo:\n    def get(self, key):\n        return key\n\n    def put(self, key): ...\n"


def seen(target: str, defined: str = "") -> Observation:
    return Observation(
        target=target, defined=defined, arguments=Arguments(), outcome=Outcome(kind="returned", shape=Scalar("int"))
    )


GET, PUT = seen("shop:Repo.get"), seen("shop:Repo.put")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The source of a collaborator."""
    path = tmp_path / "shop.py"
    path.write_text(CODE)
    return path


def ageing(folder: Path, max_age: float | None = None, now: float = NOON) -> Staleness:
    return Staleness(Editions([str(folder)]), max_age=max_age, now=now)


def stored(folder: Path, *observations: Observation, **more: str) -> StoredTest:
    record = ageing(folder).dated(TestRecord(nodeid="t.py::t", observations=observations))
    return StoredTest(record=record, **{"date": "2026-11-20", **more})


def test_an_edition_is_noted_once_for_each_target(shop: Path) -> None:
    """A test that calls the same method a thousand times has one line for it."""
    editions = stored(shop.parent, GET, PUT, *[replace(GET, at=f"shop.py:{line}") for line in range(5)]).record.editions
    assert [one.target for one in editions] == ["shop:Repo.get", "shop:Repo.put"]
    assert all(one.source and not one.version for one in editions)


def test_evidence_is_stale_when_its_code_has_changed(shop: Path) -> None:
    """Only that of the changed method, with the reason; what did not change still counts."""
    test = stored(shop.parent, GET, PUT)
    assert ageing(shop.parent).why_stale(test) == {}
    shop.write_text(CODE.replace("return key", "return [key]"))
    assert ageing(shop.parent).why_stale(test) == {GET: "its source has changed"}
    fresh, stale = ageing(shop.parent).witnessed(test)
    assert (fresh.record.observations, fresh.stale) == ((PUT,), "")
    assert (stale.record.observations, stale.stale) == ((GET,), "its source has changed")
    assert stale.record.claims == ()


def test_evidence_is_stale_when_its_code_is_gone(shop: Path) -> None:
    """The method was taken out. A whole file that is missing proves nothing: the checkout may not be all there."""
    test = stored(shop.parent, GET)
    shop.write_text("class Repo: ...\n")
    assert ageing(shop.parent).why_stale(test) == {GET: "its source is gone"}
    shop.unlink()
    assert ageing(shop.parent).why_stale(test) == {}


@pytest.mark.parametrize("broken", ["def (:", "\0", "x = " + "(" * 5000])
def test_code_that_cannot_be_read_proves_nothing(shop: Path, broken: str) -> None:
    """What cannot be told is not stale."""
    test = stored(shop.parent, GET)
    shop.write_text(broken)
    assert ageing(shop.parent).why_stale(test) == {}


def test_an_inherited_method_is_stale_when_one_of_both_classes_changes(shop: Path) -> None:
    """The code stands in the base; a class that begins to override it changes it, too."""
    tracked = seen("shop:Tracked.get", "shop:Repo.get")
    shop.write_text(CODE + "class Tracked(Repo): ...\n")
    test = stored(shop.parent, tracked)
    shop.write_text(CODE + "class Tracked(Repo):\n    limit = 5\n")
    assert ageing(shop.parent).why_stale(test) == {}
    shop.write_text(CODE + "class Tracked(Repo):\n    def get(self, key): ...\n")
    assert ageing(shop.parent).why_stale(test) == {tracked: "its source has changed"}
    shop.write_text(CODE.replace("return key", "return 1") + "class Tracked(Repo): ...\n")
    assert ageing(shop.parent).why_stale(test) == {tracked: "its source has changed"}


@pytest.mark.parametrize(
    ("date", "moment", "is_stale"),
    [
        ("2026-11-19", "2026-11-19T12:00:01.000000Z", False),
        ("2026-11-19", "2026-11-19T11:59:59.000000Z", True),
        ("2026-11-19", "", False),
        ("2026-11-18", "", True),
        ("", "", False),
        ("yesterday", "soon", False),
        ("2030-01-01", "2030-01-01T00:00:00.000000Z", False),
    ],
)
def test_evidence_is_stale_when_it_is_too_old(tmp_path: Path, date: str, moment: str, is_stale: bool) -> None:
    """To the second where the moment is known, else at the end of its day; a date that nobody can read is not old."""
    test = stored(tmp_path, GET, date=date, moment=moment)
    wanted = {GET: "it is older than 1 day"} if is_stale else {}
    assert ageing(tmp_path, max_age=DAY).why_stale(test) == wanted
    assert ageing(tmp_path).why_stale(test) == {}


@pytest.mark.parametrize(("hours", "text"), [(12, "12 hours"), (1, "1 hour"), (36, "1.5 days"), (336, "14 days")])
def test_an_age_is_told_in_words(tmp_path: Path, hours: int, text: str) -> None:
    """As one would say it."""
    test = stored(tmp_path, GET, date="2000-01-01")
    assert ageing(tmp_path, max_age=hours * 3600.0).why_stale(test) == {GET: f"it is older than {text}"}


class Installed:
    """A distribution `Acme-SDK` with the package `acme`, on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "acme").mkdir(parents=True)
        (folder / "acme/__init__.py").write_text("def pay(): ...\n")
        self.info = folder / "acme_sdk.dist-info"
        self.info.mkdir()
        self.upgrade("1.0")

    def upgrade(self, version: str) -> None:
        (self.info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Acme-SDK\nVersion: {version}\n")
        (self.info / "RECORD").write_text("acme/__init__.py,,\nacme_sdk.dist-info/METADATA,,\n")


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """A third-party collaborator that is installed."""
    installed = Installed(tmp_path / "site")
    monkeypatch.syspath_prepend(str(installed.folder))
    return installed


PAY = seen("acme:pay")


def test_evidence_is_stale_when_its_distribution_was_upgraded(tmp_path: Path, acme: Installed) -> None:
    """The version is noted with the evidence; another one that is installed says so."""
    test = stored(tmp_path, PAY)
    assert test.record.editions == (Edition(target="acme:pay", distribution="Acme-SDK", version="1.0"),)
    assert ageing(tmp_path).why_stale(test) == {}
    acme.upgrade("2.0")
    assert ageing(tmp_path).why_stale(test) == {PAY: "Acme-SDK was 1.0 and is 2.0 now"}


def test_a_distribution_that_is_not_installed_proves_nothing(tmp_path: Path, acme: Installed) -> None:
    """A job that only judges has no environment."""
    test = stored(tmp_path, PAY)
    sys.path.remove(str(acme.folder))
    assert ageing(tmp_path).why_stale(test) == {}


def test_what_has_neither_source_nor_distribution_has_no_edition(tmp_path: Path) -> None:
    """The standard library, a route, a name that is none: their evidence ages by time alone."""
    assert stored(tmp_path, seen("json:loads"), seen("builtins:open"), seen("no such:thing")).record.editions == ()


def test_a_record_without_observations_stays_as_it_is(tmp_path: Path) -> None:
    """No file is read for a unit test."""
    record = TestRecord(nodeid="t.py::t")
    assert ageing(tmp_path).dated(record) is record
