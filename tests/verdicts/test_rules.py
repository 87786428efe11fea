"""The rules for doubtful cases (SPEC section 7), each on both sides of its line."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.model.finding import Finding
from pytest_integration_gate.model.interaction import Outcome, Site, Uses
from pytest_integration_gate.model.shape import NONE, Double, Field, Object, Scalar, Union

ADA = {"id": 1, "email": "ada@example.com"}
EVE = {"id": 2, "email": "eve@example.com"}
LIE = {"id": 1, "mail": "ada@example.com"}
INT, STR = Scalar("int"), Scalar("str")
OTHER_SITE = Site(file="shop/report.py", function="print_all", call="repo.get(key)", line=3)


class NotFound(Exception):
    """A row is not there."""


class Refused(Exception):
    """The database does not answer."""


def told(finding: Finding) -> tuple[str, str | None]:
    """What a finding says: verdict and kind."""
    return finding.verdict, finding.kind


def paths(finding: Finding) -> list[str]:
    """Where claim and reality differ."""
    return [difference.path for difference in finding.differences]


# The four kinds of evidence


def test_facts_speak_before_observations(shop: Any) -> None:
    """A parameter that does not exist contradicts, whatever calls with other arguments gave."""
    shop.see(ADA, 1)
    assert told(shop.claim(ADA, 1)) == ("verified", None)
    assert told(shop.claim(ADA, 1, limit=3)) == ("contradicted", "signature")


def test_same_arguments_speak_before_the_call_site(shop: Any) -> None:
    """A claim that fits what the same arguments gave is verified, though the call site gave something else."""
    shop.see(ADA, 1)
    shop.see([EVE], 2, site=shop.service)
    assert shop.claim(ADA, 1, site=shop.service).verdict == "verified"
    assert shop.claim(ADA, 3, site=shop.service).verdict == "contradicted"


def test_the_call_site_speaks_before_other_observations(shop: Any) -> None:
    """What the same line got decides; for another line all observations count."""
    shop.see(b"raw", 1, site=shop.service)
    shop.see("text", 2, site=OTHER_SITE)
    assert told(shop.claim("text", 9, site=shop.service)) == ("contradicted", "return_shape")
    assert shop.claim("text", 9).verdict == "verified"


def test_moved_lines_are_the_same_call_site(shop: Any) -> None:
    """File, function and call make a site; the line number does not."""
    shop.see(b"raw", 1, site=shop.service)
    shop.see("text", 2, site=OTHER_SITE)
    moved = Site(file=shop.service.file, function=shop.service.function, call=shop.service.call, line=99)
    assert shop.claim("text", 9, site=moved).verdict == "contradicted"


def test_paths_bind_on_which_all_observations_agree(shop: Any) -> None:
    """`id` was int each time and binds; `value` varied and does not."""
    shop.see({"id": 1, "value": "on"}, 1)
    shop.see({"id": 2, "value": 3}, 2)
    assert told(shop.claim({"id": "one", "value": "on"}, 3)) == ("contradicted", "return_shape")
    assert paths(shop.claim({"id": "one", "value": None}, 3)) == ["$.id"]
    assert shop.claim({"id": 1, "value": [1]}, 3).verdict == "suspect"


def test_more_fields_in_reality_are_no_difference(shop: Any) -> None:
    """A mock may give less than reality, not more."""
    shop.see({**ADA, "tags": []}, 1)
    assert shop.claim(ADA, 2).verdict == "verified"
    assert shop.claim({**ADA, "tags": [], "extra": 1}, 2).verdict == "contradicted"


def test_only_what_is_read_matters(shop: Any) -> None:
    """A wrong key that the code does not read contradicts nothing."""
    shop.see(ADA, 1)
    assert shop.claim(LIE, 2, uses=shop.reads("['id']")).verdict == "verified"
    assert shop.claim(LIE, 2, uses=shop.reads("['mail']")).verdict == "contradicted"


def test_without_evidence_nothing_is_verified(shop: Any) -> None:
    """Facts alone that agree are declared, not verified."""
    finding = shop.claim(ADA, 1)
    assert (finding.verdict, finding.declared, finding.reality) == ("unverified", True, None)


def test_an_unconfigured_mock_is_verified_by_any_call(shop: Any) -> None:
    """A child mock claims nothing about its value: that the call happens in reality is enough."""
    assert shop.claim(Outcome(kind="unconfigured"), 1).verdict == "unverified"
    shop.see(ADA, 1)
    assert shop.claim(Outcome(kind="unconfigured"), 5).verdict == "verified"
    shop.see(ADA, 1, target="shop:Repo.load", kind="awaited")
    found = shop.claim(Outcome(kind="unconfigured", awaiting=True), 5)
    assert told(found) == ("contradicted", "sync_async")


# Rule 1: how many observations bind


def test_one_first_party_observation_binds(shop: Any) -> None:
    """Rule 1: one call of the project's own code is enough, one of a library is not."""
    shop.see(ADA, 1)
    assert shop.claim(LIE, 2).verdict == "contradicted"


def test_a_library_needs_two_observations_that_agree(shop: Any) -> None:
    """Rule 1: one call of a generic library leaves a suspicion; a second one that agrees settles it."""
    shop.see(ADA, 1, first_party=False)
    assert told(shop.claim(LIE, 3)) == ("suspect", "return_shape")
    shop.see(EVE, 2, first_party=False)
    assert shop.claim(LIE, 3).verdict == "contradicted"


def test_none_does_not_count_as_a_second_observation(shop: Any) -> None:
    """Rule 1: an observation that gave nothing does not agree with the one that gave a row."""
    shop.see(ADA, 1, first_party=False)
    shop.see(None, 2, first_party=False)
    assert shop.claim(LIE, 3).verdict == "suspect"


def test_two_tests_that_saw_the_same_are_two_observations(shop: Any) -> None:
    """Rule 1: the same call seen by two tests counts twice, by one test run again only once."""
    shop.see(ADA, 1, first_party=False)
    shop.see(ADA, 1, first_party=False)
    assert shop.claim(LIE, 3).verdict == "suspect"
    shop.see(ADA, 1, first_party=False, test="tests/integration/test_more.py::test_again")
    assert shop.claim(LIE, 3).verdict == "contradicted"


def test_one_observation_at_the_call_site_binds_a_library(shop: Any) -> None:
    """Rule 1: at the claim's own line one call of a library is enough, elsewhere it is not."""
    shop.see(ADA, 1, first_party=False, site=shop.service)
    assert shop.claim(LIE, 2, site=shop.service).verdict == "contradicted"
    assert shop.claim(LIE, 2, site=OTHER_SITE).verdict == "suspect"


def test_fitting_one_of_several_outcomes_is_enough(shop: Any) -> None:
    """Rule 1: the same arguments gave a row and a text; either may be claimed, a number not."""
    shop.see(ADA, 1)
    shop.see("gone", 1)
    assert shop.claim(ADA, 1).verdict == "verified"
    assert shop.claim("gone", 1).verdict == "verified"
    assert shop.claim(5, 1).verdict == "contradicted"


# Rule 2: reality has state


def test_the_same_arguments_contradict(shop: Any) -> None:
    """Rule 2: nothing else was ever seen, so another shape for the same arguments is a contradiction."""
    shop.see(None, 1)
    assert told(shop.claim(ADA, 1)) == ("contradicted", "return_shape")


def test_a_shape_shown_for_other_arguments_is_only_suspect(shop: Any) -> None:
    """Rule 2: `get(1)` was None on an empty table and another key gave a row."""
    shop.see(None, 1)
    shop.see(EVE, 2)
    assert told(shop.claim(ADA, 1)) == ("suspect", "return_shape")


def test_a_return_where_reality_raised_is_an_exception_mismatch(shop: Any) -> None:
    """A value claimed for arguments for which reality raised contradicts; not if others gave such a value."""
    shop.see(NotFound("1"), 1)
    assert told(shop.claim(None, 1)) == ("contradicted", "exception")
    shop.see(None, 2)
    assert told(shop.claim(None, 1)) == ("suspect", "exception")


def test_written_otherwise_arguments_are_the_same(shop: Any) -> None:
    """Kind 2: by keyword and by position is the same call, another key is not."""
    shop.see(None, 1)
    assert shop.claim(ADA, key=1).verdict == "contradicted"
    shop.see(EVE, 2)
    assert shop.claim(ADA, key=1).verdict == "suspect"
    assert shop.claim(ADA, key=3).verdict == "verified"


# Rule 3, and None


def test_what_the_annotation_allows_is_not_contradicted_by_other_arguments(shop: Any) -> None:
    """Rule 3: an annotated alternative is unverified, what the annotation does not name is contradicted."""
    shop.see("text", 1)
    assert shop.claim(b"raw", 2).verdict == "contradicted"
    shop.know("shop:Repo.get", parameters=("key",), returns=Union((Scalar("bytes"), STR)))
    assert shop.claim(b"raw", 2).verdict == "unverified"
    assert told(shop.claim(5, 2)) == ("contradicted", "return_annotation")


def test_an_annotated_alternative_is_contradicted_by_the_same_arguments(shop: Any) -> None:
    """Rule 3 is about other arguments: for the same ones reality decides."""
    shop.know("shop:Repo.get", parameters=("key",), returns=Union((Scalar("bytes"), STR)))
    shop.see("text", 1)
    assert shop.claim(b"raw", 1).verdict == "contradicted"


def test_none_simulates_absence(shop: Any) -> None:
    """None for other arguments than those that gave rows contradicts nothing; a row where all gave None does."""
    shop.see(ADA, 1)
    finding = shop.claim(None, 2)
    assert (told(finding), finding.reality.outcome) == (("unverified", None), "returns {email: str, id: int}")
    assert shop.claim(None, 1).verdict == "contradicted"


def test_a_value_where_reality_always_had_none_binds(shop: Any) -> None:
    """Every observed `address` is None: the claimed one is a lie; one address that was there ends the proof."""
    shop.see({"id": 1, "address": None}, 1)
    shop.see({"id": 2, "address": None}, 2)
    claimed = {"id": 3, "address": {"street": "Main"}}
    assert paths(shop.claim(claimed, 3)) == ["$.address"]
    assert shop.claim(claimed, 3).verdict == "contradicted"
    shop.see({"id": 3, "address": {"street": "Side"}}, 4)
    assert shop.claim(claimed, 5).verdict == "verified"


def test_nested_none_simulates_absence(shop: Any) -> None:
    """A None inside a claim binds nobody, but does not hide what else is wrong."""
    shop.see({"id": 1, "address": {"street": "Main"}}, 1)
    assert told(shop.claim({"id": 2, "address": None}, 2)) == ("unverified", None)
    finding = shop.claim({"id": "2", "address": None}, 2)
    assert (finding.verdict, paths(finding)) == ("contradicted", ["$.id"])


def test_none_that_the_annotation_forbids_is_contradicted(shop: Any) -> None:
    """None against `-> str` is a fact's matter; against `-> str | None` it is unverified."""
    shop.see("text", 1)
    shop.know("shop:Repo.get", parameters=("key",), returns=STR)
    assert told(shop.claim(None, 2)) == ("contradicted", "return_annotation")
    shop.know("shop:Repo.get", parameters=("key",), returns=Union((NONE, STR)))
    assert shop.claim(None, 2).verdict == "unverified"


def test_none_that_the_annotation_allows_is_only_suspect_for_the_same_arguments(shop: Any) -> None:
    """The annotation says that reality has such a state; without one the same arguments contradict."""
    shop.see("text", 1)
    assert shop.claim(None, 1).verdict == "contradicted"
    shop.know("shop:Repo.get", parameters=("key",), returns=Union((NONE, STR)))
    assert shop.claim(None, 1).verdict == "suspect"


def test_without_arguments_none_is_another_state(shop: Any) -> None:
    """`latest()` has no arguments that could be the same: None is suspect, and unverified where it is annotated."""
    shop.know("shop:Repo.latest", parameters=())
    shop.see("text", target="shop:Repo.latest")
    latest = ("()", ".latest")
    assert shop.claim(None, path=latest).verdict == "suspect"
    assert shop.claim(5, path=latest).verdict == "contradicted"
    shop.know("shop:Repo.latest", parameters=(), returns=Union((NONE, STR)))
    assert shop.claim(None, path=latest).verdict == "unverified"


def test_none_among_the_observations_does_not_excuse_a_lie(shop: Any) -> None:
    """A missing row says nothing about the keys of the rows that are there."""
    shop.see(None, 1)
    shop.see(ADA, 2)
    finding = shop.claim(LIE, 3)
    assert (finding.verdict, paths(finding)) == ("contradicted", ["$.mail"])
    assert finding.reality.outcome == "returns {email: str, id: int}"


def test_a_line_that_only_got_none_asks_the_other_lines(shop: Any) -> None:
    """The service met the empty table only; that the report got rows verifies the service's mock."""
    shop.see(None, 1, site=shop.service)
    assert shop.claim(ADA, 2, site=shop.service).verdict == "contradicted"
    shop.see(EVE, 3, site=OTHER_SITE)
    assert shop.claim(ADA, 2, site=shop.service).verdict == "verified"


# Rule 4: simulated trouble


def test_trouble_that_reality_makes_for_the_same_arguments_is_verified(shop: Any) -> None:
    """Rule 4: the same class, or an ancestor of it."""
    shop.see(NotFound("1"), 1)
    assert shop.claim(NotFound("other text"), 1).verdict == "verified"
    assert shop.claim(Exception("any"), 1).verdict == "verified"


def test_trouble_of_another_class_contradicts(shop: Any) -> None:
    """Rule 4: every call with these arguments raised another class."""
    shop.see(NotFound("1"), 1)
    assert told(shop.claim(Refused(), 1)) == ("contradicted", "exception")


def test_trouble_of_another_class_is_suspect_when_some_calls_succeeded(shop: Any) -> None:
    """Rule 4: some succeeded, some failed otherwise."""
    shop.see(NotFound("1"), 1)
    shop.see(ADA, 1)
    assert told(shop.claim(Refused(), 1)) == ("suspect", "exception")


def test_trouble_shown_for_other_arguments_is_suspect(shop: Any) -> None:
    """Rules 2 and 4: reality raised the claimed class, though not for these arguments."""
    shop.see(NotFound("1"), 1)
    shop.see(Refused(), 2)
    assert told(shop.claim(Refused(), 1)) == ("suspect", "exception")


@pytest.mark.parametrize("gave", [ADA, NotFound("2")], ids=["a row", "another class"])
def test_trouble_that_never_happened_is_unverified(shop: Any, gave: Any) -> None:
    """Rule 4: nothing failed for these arguments, so nothing is known; the nearest is shown."""
    shop.see(gave, 2)
    finding = shop.claim(Refused(), 1)
    assert told(finding) == ("unverified", None)
    assert finding.reality is not None
    shop.see(ADA, 1)
    assert shop.claim(Refused(), 1).verdict == "unverified"


def test_one_failure_of_a_library_is_suspect(shop: Any) -> None:
    """Rules 1 and 4: a library that failed once otherwise leaves a suspicion."""
    shop.see(NotFound("1"), 1, first_party=False)
    assert told(shop.claim(Refused(), 1)) == ("suspect", "exception")


# Rule 5: contamination


def test_a_contaminated_observation_is_no_evidence(shop: Any) -> None:
    """Rule 5: what was seen with a double underneath neither verifies nor contradicts."""
    shop.see(EVE, 1, contaminated="shop:connect")
    assert shop.claim(ADA, 1).verdict == shop.claim(LIE, 1).verdict == "unverified"
    shop.see(EVE, 1)
    assert (shop.claim(ADA, 1).verdict, shop.claim(LIE, 1).verdict) == ("verified", "contradicted")


def test_environment_variables_of_another_test_are_no_evidence(shop: Any) -> None:
    """Rule 5: which variables there are is the world of a test, however many tests had others."""
    for number in range(3):
        copied = {"PATH": "/bin", "HOME": str(number)}
        shop.see(copied, target="os:_Environ.copy", first_party=False)
        shop.see(None, "SNAP", target="os:getenv", first_party=False)
    said = {"PATH": "/bin", "HOME": "/", "SNAP": "1"}
    assert shop.claim(said, root="os:_Environ", path=(".copy",)).verdict == "unverified"
    assert shop.claim("1", "SNAP", root="os:getenv", path=()).verdict == "unverified"


# Rule 6: keys and kinds of container


def test_every_key_counts_as_read_when_the_source_does_not_tell(shop: Any) -> None:
    """Rule 6: a value that goes elsewhere is compared whole; source that reads one key is believed."""
    shop.see(ADA, 1)
    assert shop.claim({**ADA, "phone": "1"}, 2).verdict == "contradicted"
    assert shop.claim({**ADA, "phone": "1"}, 2, uses=shop.reads("['id']", "['email']")).verdict == "verified"


def test_kinds_of_sequence_differ_where_the_use_tells(shop: Any) -> None:
    """Rule 6: a tuple for a list matters to nobody; a list for an iterator to who calls `next`."""
    shop.see((1, 2), 1)
    assert shop.claim([1, 2], 2).verdict == "verified"
    needs_next = Uses(escapes=False, operations=frozenset({"__next__"}))
    assert told(shop.claim(iter([1]), 2, uses=needs_next)) == ("contradicted", "protocol")
    only_loops = Uses(escapes=False, operations=frozenset({"__iter__"}), members=(("[*]", Uses()),))
    assert shop.claim(iter([1]), 2, uses=only_loops).verdict == "verified"


# Rule 7: empty containers, records and dictionaries


def test_an_empty_container_fits_any_of_its_kind(shop: Any) -> None:
    """Rule 7: `[]` for a list of rows is fine, `{}` for a list is not."""
    shop.see([ADA], "a")
    assert shop.claim([], "b").verdict == "verified"
    assert shop.claim({}, "b").verdict == "contradicted"


def test_an_empty_observation_says_nothing_of_the_elements(shop: Any) -> None:
    """Rule 7: an empty list was seen too; that does not verify rows with a key that no row has."""
    shop.see([], "nothing")
    assert shop.claim([LIE], "x").verdict == "verified"
    shop.see([ADA], "a")
    assert (shop.claim([LIE], "x").verdict, shop.claim([ADA], "x").verdict) == ("contradicted", "verified")
    assert shop.claim([LIE], "nothing").verdict == "contradicted"
    assert shop.claim([], "nothing").verdict == "verified"


def test_keys_that_read_as_data_are_not_compared(shop: Any) -> None:
    """Rule 7: other dates are other data; other names are other fields."""
    shop.see({"2026-01-01": 1, "2026-01-02": 2}, 1)
    assert shop.claim({"2027-05-05": 3}, 2).verdict == "verified"
    assert shop.claim({"2027-05-05": "three"}, 2).verdict == "contradicted"


# A key unseen in a polymorphic record


def test_an_unseen_key_of_a_polymorphic_record_is_suspect(shop: Any) -> None:
    """Events have other keys each time, so that another one may come; one that all have always binds."""
    shop.see({"type": "a", "text": "x"}, 1)
    assert shop.claim({"type": "c", "size": 3}, 3).verdict == "contradicted"
    shop.see({"type": "b", "url": "y"}, 2)
    assert told(shop.claim({"type": "c", "size": 3}, 3)) == ("suspect", "return_shape")
    assert shop.claim({"type": 7, "size": 3}, 3).verdict == "contradicted"


def test_nested_records_are_polymorphic_too(shop: Any) -> None:
    """Inside of a list and of a record the same holds."""
    shop.see({"page": {"items": [{"type": "a", "text": "x"}, {"type": "b", "url": "y"}]}}, 1)
    assert told(shop.claim({"page": {"items": [{"type": "c", "size": 3}]}}, 2)) == ("suspect", "return_shape")
    assert shop.claim({"page": {"items": [{"type": 7}]}}, 2).verdict == "contradicted"
    assert shop.claim({"page": {"things": []}}, 2).verdict == "contradicted"


def test_a_renamed_key_binds_in_a_polymorphic_record(shop: Any) -> None:
    """All rows have `email` and some a nickname: `mail` in its place is no unseen key; beside it, it may be one."""
    shop.see(ADA, 1)
    shop.see({**EVE, "nickname": "evie"}, 2)
    assert shop.claim(LIE, 3).verdict == "contradicted"
    assert shop.claim({**ADA, "mail": "x"}, 3).verdict == "suspect"


# Rule 11: who speaks for a value


def test_the_more_derived_class_speaks(shop: Any) -> None:
    """Rule 11: a mock of a subclass fits its base, a mock of something else does not."""
    base = Object(cls="shop:Row", supports=())
    shop.know("shop:Repo.get", parameters=("key",), returns=base)
    shop.see(Outcome(kind="returned", shape=base), 1)
    child = Object(cls="shop:UserRow", bases=("shop:Row",), supports=())
    assert shop.claim(Outcome(kind="returned", shape=child), 1).verdict == "verified"


def test_attributes_set_by_hand_are_claims(shop: Any) -> None:
    """Rule 11: `repo.limit = "ten"` says what the attribute is; observed instances tell."""
    repo = Object(cls="shop:Repo", fields=(Field("limit", INT),))
    shop.see(Outcome(kind="returned", shape=repo), target="shop:Repo")
    limit = ("()", ".limit")
    assert shop.claim(10, path=limit, action="read").verdict == "verified"
    assert told(shop.claim("ten", path=limit, action="read")) == ("contradicted", "attribute_shape")
    assert shop.claim(None, path=limit, action="read").verdict == "unverified"


# Rule 14: what is configured and never used


def test_what_is_configured_and_not_used_claims_nothing(shop: Any) -> None:
    """Rule 14: a wrong attribute of a returned mock matters only where it is read."""
    answer = Object(cls="web:Response", fields=(Field("status_code", INT), Field("body", STR)))
    shop.see(Outcome(kind="returned", shape=answer), 1)
    mock = Outcome(kind="returned", shape=Double(fields=(Field("status_code", INT), Field("payload", STR))))
    assert shop.claim(mock, 2, uses=shop.reads(".status_code")).verdict == "verified"
    assert told(shop.claim(mock, 2, uses=shop.reads(".payload"))) == ("contradicted", "attribute_shape")


# Rule 15: names


def test_evidence_falls_back_to_the_defining_class(shop: Any) -> None:
    """Rule 15: a method inherited from `Repo` is judged by `Repo.get`, unless the subclass itself was seen."""
    shop.know("shop:TrackRepo", "class")
    shop.know("shop:TrackRepo.get", parameters=("key",), defined="shop:Repo.get")
    track = {"root": "shop:TrackRepo"}
    shop.see(ADA, 1)
    finding = shop.claim(LIE, 2, **track)
    assert (finding.verdict, finding.target) == ("contradicted", "shop:TrackRepo.get")
    shop.see(LIE, 3, target="shop:TrackRepo.get", defined="shop:Repo.get")
    assert shop.claim(LIE, 2, **track).verdict == "verified"


def test_evidence_of_a_subclass_serves_the_defining_class(shop: Any) -> None:
    """Rule 15: what ran the inherited code is evidence for it when nothing was seen of the class itself."""
    shop.see(ADA, 1, target="shop:TrackRepo.get", defined="shop:Repo.get")
    assert shop.claim(LIE, 2).verdict == "contradicted"
    shop.see(LIE, 3)
    assert shop.claim(LIE, 2).verdict == "verified"


def test_attributes_of_exceptions_have_their_own_kind(shop: Any) -> None:
    """Rule 15: an attribute of an exception class is of kind `exception`, one of another class is not."""
    for cls, bases in (("shop:Conflict", ("builtins:BaseException",)), ("shop:Receipt", ())):
        made = Object(cls=cls, bases=bases, fields=(Field("code", INT),))
        shop.know(cls, "class", returns=made)
        shop.see(Outcome(kind="raised" if bases else "returned", shape=made), 1)
    read = {"path": ("()", ".code"), "action": "read"}
    assert told(shop.claim("409", root="shop:Conflict", **read)) == ("contradicted", "exception")
    assert told(shop.claim("409", root="shop:Receipt", **read)) == ("contradicted", "attribute_shape")
    assert shop.claim(409, root="shop:Conflict", **read).verdict == "verified"


# Fidelity


def test_real_evidence_silences_emulated(shop: Any) -> None:
    """Emulated evidence binds and says so; where there is real evidence, that alone speaks."""
    shop.see(LIE, 1, fidelity="emulated")
    finding = shop.claim(ADA, 2)
    assert (finding.verdict, finding.reality.fidelity) == ("contradicted", "emulated")
    shop.see(ADA, 1)
    assert shop.claim(ADA, 2).verdict == "verified"
    assert shop.claim(LIE, 2).verdict == "contradicted"


# Boundaries that compare values


def test_values_are_compared_where_a_boundary_asks(shop: Any) -> None:
    """`compare: value` finds another value for the same arguments; without it shapes are enough."""
    shop.see({"id": 1, "total": 10}, 1)
    claimed = {"id": 1, "total": 12}
    assert shop.claim(claimed, 1).verdict == "verified"
    shop.compared_boundaries.add("database")
    finding = shop.claim(claimed, 1)
    assert (told(finding), paths(finding)) == (("contradicted", "return_value"), ["$.total"])
    assert shop.claim(claimed, 2).verdict == "verified"
    assert shop.claim(claimed, 1, uses=shop.reads("['id']")).verdict == "verified"
    assert shop.claim({"total": 10}, 1).verdict == "verified"


def test_one_of_several_observed_values_is_enough(shop: Any) -> None:
    """Reality counted on between two calls: both values are right."""
    shop.compared_boundaries.add("database")
    shop.see(1, 1)
    shop.see(2, 1)
    assert shop.claim(2, 1).verdict == "verified"
    assert told(shop.claim(3, 1)) == ("contradicted", "return_value")


def test_a_value_of_a_library_seen_once_is_suspect(shop: Any) -> None:
    """Rule 1 holds for values too."""
    shop.compared_boundaries.add("database")
    shop.see(1, 1, first_party=False)
    assert told(shop.claim(3, 1)) == ("suspect", "return_value")
