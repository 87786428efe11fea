"""One claim against several observations, over values of all kinds."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_integration_gate.model.shape import NEVER, Field, Record, Scalar, Sequence
from pytest_integration_gate.verdicts.variation import has_empty, is_open, without_emptier

INT, STR = Scalar("int"), Scalar("str")
PLAIN = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=6,
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(values=st.lists(PLAIN, min_size=1, max_size=5), data=st.data())
def test_what_was_seen_is_never_a_mismatch(shop: Any, values: list[Any], data: st.DataObject) -> None:
    """A claim of a value that reality gave for the same arguments is verified, for others it is no mismatch."""
    shop.records.clear()
    for key, value in enumerate(values):
        shop.see(value, key)
    key = data.draw(st.integers(0, len(values) - 1))
    assert shop.claim(values[key], key).verdict == "verified"
    assert shop.claim(values[key], 99).kind is None


@FEW
@given(values=st.lists(PLAIN, min_size=1, max_size=5), claimed=PLAIN)
def test_evidence_seen_twice_decides_as_evidence_seen_once(shop: Any, values: list[Any], claimed: Any) -> None:
    """Repeating first-party observations under other arguments changes no verdict."""
    shop.records.clear()
    for key, value in enumerate(values):
        shop.see(value, key)
    once = shop.claim(claimed, 99)
    for key, value in enumerate(values):
        shop.see(value, key + 50)
    twice = shop.claim(claimed, 99)
    assert (once.verdict, once.kind, once.differences) == (twice.verdict, twice.kind, twice.differences)


@FEW
@given(values=st.lists(PLAIN, min_size=1, max_size=5), claimed=PLAIN)
def test_a_mismatch_says_where(shop: Any, values: list[Any], claimed: Any) -> None:
    """Every mismatch has a kind, differences, evidence and a suggestion; nothing else has a kind."""
    shop.records.clear()
    for key, value in enumerate(values):
        shop.see(value, key)
    for key in (0, 99):
        finding = shop.claim(claimed, key)
        is_mismatch = finding.verdict in ("contradicted", "suspect")
        assert bool(finding.kind) == bool(finding.differences) == bool(finding.suggestion) == is_mismatch
        assert finding.reality is not None


def test_emptier_values_are_left_out() -> None:
    """A record with an empty list is another one with rows in it, not one of another field."""
    rows, none, other = (Record((Field("items", Sequence("list", element)),)) for element in (INT, NEVER, STR))
    assert has_empty(none)
    assert not has_empty(rows)
    assert without_emptier([none, rows, other]) == [rows, other]
    assert without_emptier([none]) == [none]
    assert without_emptier([none, INT]) == [none, INT]


def test_a_path_is_open_where_keys_come_and_go() -> None:
    """The record at the path decides, also inside of a sequence and behind a key with odd characters."""
    inner = Record((Field("a", INT), Field("b", INT, required=False)))
    whole = Record((Field("fixed", INT), Field("odd key", Sequence("list", inner))))
    claim = Record((Field("other", INT),))
    assert not is_open(whole, claim, "$.other")
    assert is_open(whole, claim, "$['odd key'][*].other")
    assert is_open(inner, claim, "$.other")


def test_many_claims_on_one_busy_target_take_no_scans(shop: Any) -> None:
    """A claim on a target that was seen five thousand times costs as little as on one that was seen once."""
    for key in range(5000):
        shop.see({"id": 1, "name": "x"}, key, first_party=False)
    claim = shop.claim({"id": "1"}, 9999).claim
    matcher = shop.matcher()
    assert matcher.judge(claim, ()).verdict == "contradicted"
    begin = time.process_time()
    for _ in range(2000):
        matcher.judge(claim, ())
    assert time.process_time() - begin < 2
