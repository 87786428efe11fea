"""Findings as a whole: what they show, and that nothing but the evidence decides them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Outcome, Uses
from pytest_integration_gate.model.shape import ANYTHING, Object, Scalar, Sequence, Union

ADA = {"id": 1, "email": "ada@example.com"}
LIE = {"id": 1, "mail": "ada@example.com"}
FETCH = "api:fetch"


def told(finding: Finding) -> tuple[str, str | None]:
    """What a finding says: verdict and kind."""
    return finding.verdict, finding.kind


# What a finding shows


def test_a_finding_shows_who_saw_what(shop: Any) -> None:
    """The reality of a mismatch has outcome, place, tests, fidelity, date and commit; the claim keeps its tests."""
    shop.see(ADA, 1)
    finding = shop.claim(LIE, 2)
    reality = finding.reality
    assert (finding.target, finding.boundary) == ("shop:Repo.get", "database")
    assert reality.outcome == "returns {email: str, id: int}"
    assert (reality.source, reality.at, reality.fidelity) == ("observed", "shop.py:3", "real")
    assert (reality.tests, reality.date, reality.commit) == (
        ("tests/integration/test_repo.py::test_get",),
        "2026-01-01",
        "1a2b3c4",
    )
    assert finding.tests == ("tests/unit/test_service.py::test_greets",)
    assert "Rename `mail` to `email`" in finding.suggestion


def test_equal_observations_are_one_with_all_its_tests(shop: Any) -> None:
    """Two tests that saw the same are named together, with the newer date."""
    shop.see(ADA, 1, test="b", date="2026-02-02")
    shop.see(ADA, 1, test="a")
    reality = shop.claim(LIE, 2).reality
    assert (reality.tests, reality.date) == (("a", "b"), "2026-02-02")


def test_the_nearest_observation_is_shown(shop: Any) -> None:
    """Of several that differ the one with the fewest differences explains the mismatch."""
    shop.see(["row"], 1, test="a")
    shop.see({"key": 1, "email": 5, "more": 2}, 2, test="b")
    shop.see({"id": "1", "email": "x"}, 3, test="c")
    finding = shop.claim(ADA, 4)
    assert (finding.verdict, finding.reality.tests) == ("suspect", ("c",))
    assert [difference.path for difference in finding.differences] == ["$.id"]


def test_a_verified_claim_names_its_evidence(shop: Any) -> None:
    """Who looks for the proof of a verified claim finds it; there is nothing to mend."""
    shop.see(ADA, 1)
    finding = shop.claim(ADA, 2)
    assert finding.reality.tests == ("tests/integration/test_repo.py::test_get",)
    assert (finding.differences, finding.suggestion) == ((), "")


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_records_changes_nothing(shop: Any, seed: int) -> None:
    """Verdict, nearest evidence and differences are the same however the records come."""
    values = [ADA, None, {"id": "x"}, ["row"], {"id": 1, "tags": []}, {"id": 1, "tags": [{"a": 1}]}, KeyError("x"), 5]
    for number, value in enumerate(values):
        for test in ("b", "a"):
            shop.see(value, number % 3, test=test, site=shop.service if number % 2 else None)
            shop.see(value, number, test="same", first_party=False)
    claimed = [LIE, 5, None, ["x"], [], KeyError("y"), ValueError("z"), {"id": 1, "tags": [{"b": 1}]}]

    def findings() -> list[Finding]:
        return [shop.claim(each, key, site=site) for each in claimed for key in (0, 9) for site in (None, shop.service)]

    expected = findings()
    random.Random(seed).shuffle(shop.records)
    assert findings() == expected


def test_the_order_of_the_claims_changes_nothing(shop: Any) -> None:
    """What was worked out for one claim is used for another only where it holds."""
    shop.see(ADA, 1)
    shop.see("x", 2)
    alone = [shop.claim(value, key) for value in (ADA, LIE, "y", 5, None) for key in (1, 2, 3)]
    matcher = shop.matcher()
    together = [matcher.judge(finding.claim, finding.tests) for finding in (*reversed(alone), *alone)]
    assert together[len(alone) :] == alone
    assert together[: len(alone)] == alone[::-1]


def test_values_matter_where_a_literal_is_annotated(shop: Any) -> None:
    """Claims of one shape are judged apart when the annotation names values."""
    shop.know("shop:Repo.get", parameters=("key",), returns=Scalar("str", ("'new'", "'paid'")))
    matcher = shop.matcher()
    claims = [shop.claim(value, 1).claim for value in ("paid", "lost", "new")]
    assert [matcher.judge(claim, ()).verdict for claim in claims] == ["unverified", "contradicted", "unverified"]


# Facts that reality proves wrong


def test_an_annotation_that_reality_defies_is_dropped(shop: Any) -> None:
    """A real call gave what the annotation forbids, so the double may; what nobody saw stays forbidden."""
    shop.know("shop:Repo.get", parameters=("key",), returns=Scalar("int"))
    assert told(shop.claim("text", 2)) == ("contradicted", "return_annotation")
    shop.see("text", 1)
    assert shop.claim("text", 2).verdict == "verified"
    assert told(shop.claim([], 2)) == ("contradicted", "return_annotation")


def test_a_coroutine_that_was_seen_is_one(shop: Any) -> None:
    """The fact says plain function, an observation awaited it: the awaited double is right."""
    shop.know("shop:Repo.get", parameters=("key",), asynchronous=False)
    awaited = Outcome(kind="awaited", shape=Scalar("int"), awaiting=True)
    assert told(shop.claim(awaited, 1)) == ("contradicted", "sync_async")
    shop.see(Outcome(kind="awaited", shape=Scalar("int")), 1)
    assert shop.claim(awaited, 1).verdict == "verified"


def test_a_signature_that_reality_defies_is_dropped(shop: Any) -> None:
    """A call that was written this way worked; one that was written another way proves nothing."""
    shop.see(ADA, 1)
    assert told(shop.claim(ADA, 1, limit=3)) == ("contradicted", "signature")
    shop.see(ADA, 1, limit=5)
    assert shop.claim(ADA, 1, limit=3).verdict == "verified"
    assert told(shop.claim(ADA, 1, offset=3)) == ("contradicted", "signature")


def test_an_attribute_that_an_instance_had_is_not_missing(shop: Any) -> None:
    """A complete class lacks the name, but a real instance had it."""
    shop.know("shop:Repo", "class", returns=Object(cls="shop:Repo", members=("get",)))
    limit = {"path": ("()", ".limit"), "action": "read"}
    assert told(shop.claim(..., **limit)) == ("contradicted", "missing_attribute")
    shop.see(10, target="shop:Repo.limit")
    assert shop.claim(..., **limit).verdict == "verified"


# Chains on values of no known class


def chain(shop: Any, step: str, gives: Any = Outcome(kind="unconfigured"), **more: Any) -> Finding:
    """Give the finding about a call of something that hangs on the result of `fetch`."""
    found: Finding = shop.claim(gives, root=FETCH, path=("()", step), **more)
    return found


def test_a_method_that_the_observed_builtin_lacks_is_missing(shop: Any) -> None:
    """`fetch` gave a list: it has no `items`, it has `append`; before that nothing was known."""
    assert chain(shop, ".items").verdict == "unverified"
    shop.see([1], target=FETCH)
    finding = chain(shop, ".items")
    assert (*told(finding), finding.target) == ("contradicted", "missing_attribute", FETCH)
    assert finding.differences[0].path == "$.items"
    assert chain(shop, ".append").verdict == "verified"


def test_a_protocol_that_the_observed_builtin_lacks_is_a_mismatch(shop: Any) -> None:
    """A dict cannot be entered by `with`; it has a length."""
    shop.see(ADA, target=FETCH)
    finding = chain(shop, ".__enter__")
    assert (*told(finding), finding.target) == ("contradicted", "protocol", FETCH)
    assert chain(shop, ".__len__").verdict == "verified"
    assert chain(shop, ".__add__").verdict == "unverified"


def test_what_a_method_of_a_builtin_gives_is_not_verified_by_its_name(shop: Any) -> None:
    """That dicts have `items` says nothing about the items that the double gives."""
    shop.see(ADA, target=FETCH)
    assert chain(shop, ".items", [("id", "x")]).verdict == "unverified"


def test_attributes_of_builtins_are_read_in_vain(shop: Any) -> None:
    """A mock's `.total` stands for a key of the real dict."""
    shop.see({"total": 3}, target=FETCH)
    assert told(chain(shop, ".total", 3, action="read")) == ("contradicted", "missing_attribute")


def test_chains_ask_for_unanimity(shop: Any) -> None:
    """A list and an object of unknown attributes leave open what comes next time; None says nothing."""
    shop.see([1], 1, target=FETCH)
    shop.see(None, 2, target=FETCH)
    assert chain(shop, ".items").verdict == "contradicted"
    shop.see(Outcome(kind="returned", shape=ANYTHING), 3, target=FETCH)
    assert chain(shop, ".items").verdict == "unverified"
    shop.see(ADA, 4, target=FETCH)
    assert chain(shop, ".items").verdict == "unverified"


def test_chains_follow_rule_one(shop: Any) -> None:
    """One call of a library leaves a suspicion."""
    shop.see([1], 1, target=FETCH, first_party=False)
    assert chain(shop, ".items").verdict == "suspect"
    shop.see([2], 2, target=FETCH, first_party=False)
    assert chain(shop, ".items").verdict == "contradicted"


def test_chains_follow_rule_three(shop: Any) -> None:
    """The annotation names a dict too: that a list was seen does not exclude it."""
    shop.see([1], 1, target=FETCH)
    several = Union((Object(cls="api:Page", complete=False), Sequence("list", ANYTHING)))
    shop.know(FETCH, "function", returns=several)
    assert chain(shop, ".items").verdict == "unverified"
    shop.know(FETCH, "function", returns=Sequence("list", ANYTHING))
    assert chain(shop, ".items").verdict == "contradicted"


def test_a_chain_ends_at_its_first_missing_step(shop: Any) -> None:
    """What hangs on `items()` of a list does not matter any more."""
    shop.see([1], target=FETCH)
    finding = shop.claim(..., root=FETCH, path=("()", ".items", "()", ".first"), action="read", uses=Uses())
    assert (finding.verdict, finding.target) == ("contradicted", FETCH)
