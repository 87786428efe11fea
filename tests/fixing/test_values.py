"""Values of doubles: keys, types and kinds of container."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("libcst")

MAIL = ("$.mail", "str", "absent (nearest: email)")
ADA = {"id": 1, "email": "ada@example.com"}
NAIVE = datetime.datetime(2024, 3, 1)
AWARE = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("repo.get.return_value = {'id': 1, 'mail': x}  # lie", "repo.get.return_value = {'id': 1, 'email': x}  # lie"),
        ('@patch("shop.Repo.get", return_value={"mail": "a"})  # lie\ndef test_a(get): ...', None),
        ('repo = Mock(get=Mock(return_value={"mail": "a"}))  # lie', None),
        ('repo = Mock(**{"get.return_value": {"mail": "a"}})  # lie', None),
        ('repo.configure_mock(**{"get.return_value": {"mail": "a"}})  # lie', None),
        ('repo.get.side_effect = [{"mail": "a"}, {"mail": "b"}]  # lie', None),
        ('repo.get.side_effect = lambda key: {"mail": key}  # lie', None),
        ('repo.get.return_value = dict(id=1)  # lie\n', ""),
    ],
)  # fmt: skip
def test_a_key_gets_its_new_name(bench: Any, line: str, mended: str | None) -> None:
    """Wherever the value stands, only the key changes; quotes, comments and values stay."""
    finding = bench.value(ADA, MAIL)
    if mended == "":
        assert "does not tell" in bench.left(line, finding)
        return
    expected = line.replace("mail", "email") if mended is None else mended
    assert bench.mend(line, finding) == expected.partition("\n")[0]


@pytest.mark.parametrize(
    ("reality", "mended"),
    [
        ({"email_address": "a", "active": True}, '{"email_address": "a"}'),  # the only one that is alike
        ({"phone": "1"}, '{"phone": "a"}'),  # the only one there is
        ({"phone": "1", "street": "x"}, "{}"),  # nobody knows: reality has no such key
    ],
)
def test_a_key_without_a_nearest_one(bench: Any, reality: object, mended: str) -> None:
    """It gets the one name that can be meant, and else it goes, as reality has none."""
    finding = bench.value(reality, ("$.email", "str", "absent"))
    after = bench.mend('get.return_value = {"email": "a"}  # lie', finding)
    assert after == f"get.return_value = {mended}  # lie"


def test_the_last_key_takes_its_comma_along(bench: Any) -> None:
    """A dictionary over several lines keeps its form, and its comments, when its last key goes."""
    text = 'get.return_value = {  # lie\n    "id": 1,  # kept\n    "gone": "a",\n}\n'
    finding = bench.value({"id": 2, "x": "1", "y": "2"}, ("$.gone", "str", "absent"))
    assert bench.after(text, finding) == text.replace('    "gone": "a",\n', "")


@pytest.mark.parametrize(
    ("value", "reality", "mended"),
    [
        ('"30"', 30, "30"),
        ('"30"', 1.5, "30.0"),
        ("42", "C-1", '"42"'),
        ("'text'", b"bytes", "b'text'"),
        ('b"text"', "text", '"text"'),
        ("1", True, "True"),
        ('"12.50"', Decimal(1), 'Decimal("12.50")'),
        ('"/srv"', Path("/x"), 'Path("/srv")'),
        ('{"a": 1}', None, "None"),
        ("datetime(2024, 3, 20)", AWARE, "datetime(2024, 3, 20, tzinfo=timezone.utc)"),
        ("datetime(2024, 3, 20, tzinfo=UTC)", NAIVE, "datetime(2024, 3, 20)"),
        ("[1, 2]", (x for x in ()), "iter([1, 2])"),
        ("iter([1, 2])", [3], "[1, 2]"),
        ("(1, 2)", [3], "[1, 2]"),
        ('{"name": "Ada", "city": "Bonn"}', ("Eve", "Rome"), '("Ada", "Bonn")'),
        ('[{"name": "a"}]', {"data": [{"name": "x", "id": 1}], "total": 1}, '{"data": [{"name": "a"}]}'),
        ('{"data": [{"name": "a"}]}', [{"name": "x"}], '[{"name": "a"}]'),
        ('{"id": 1, "tags": t}', SimpleNamespace(id=2, tags=[]), "SimpleNamespace(id=1, tags=t)"),
        ("SimpleNamespace(id=1)", {"id": 2}, '{"id": 1}'),
        ('"soon"', 7, "7"),  # nothing can be made of it, and one real value is known
    ],
)
def test_a_value_becomes_what_reality_gives(bench: Any, value: str, reality: object, mended: str) -> None:
    """Another type or kind of container keeps as much of the test's value as fits."""
    after = bench.mend(f"get.return_value = {value}  # lie", bench.value(reality, ("$", "?", "?")))
    assert after.splitlines()[-1] == f"get.return_value = {mended}  # lie"


def test_what_a_new_value_needs_is_imported(bench: Any) -> None:
    """A class is imported in the form that the file uses; where it is there already, nothing is imported."""
    finding = bench.value(AWARE, ("$", "naive datetime", "aware datetime"))
    line = "get.return_value = datetime(2024, 3, 20)  # lie"
    assert bench.mend(f"from datetime import datetime\n{line}", finding).splitlines()[0] == (
        "from datetime import datetime, timezone"
    )
    dotted = f"import datetime\n{line.replace('datetime(', 'datetime.datetime(')}"
    assert bench.mend(dotted, finding).endswith("tzinfo=datetime.timezone.utc)  # lie")


def test_a_name_that_is_taken_is_not_imported_over(bench: Any) -> None:
    """Where the file has another `timezone` the place is left alone."""
    text = "def timezone(): ...\nfrom datetime import datetime\nget.return_value = datetime(2024, 3, 20)  # lie\n"
    reason = bench.left(text, bench.value(AWARE, ("$", "naive datetime", "aware datetime")))
    assert "`timezone` already means something else" in reason


PARAMETRISED = """
@pytest.mark.parametrize("row, text", [({"mail": "a"}, "A"), (None, "nobody"), pytest.param({"mail": "b"}, "B")])
def test_a(row, text):
    get.return_value = row  # lie
    assert name() == text
"""


def test_a_parameter_is_mended_where_it_is_written(bench: Any) -> None:
    """Only the rows that lie change."""
    after = bench.mend(PARAMETRISED, bench.value(ADA, MAIL))
    assert after == PARAMETRISED.splitlines()[1].replace("mail", "email")


def test_a_row_of_another_value_is_no_lie(bench: Any) -> None:
    """A difference of whole values changes only the rows that have the claimed shape."""
    after = bench.mend(PARAMETRISED, bench.value(("a",), ("$", "{mail: str}", "tuple does not support ['mail']")))
    assert after == PARAMETRISED.splitlines()[1].replace('{"mail": "a"}', '("a",)').replace('{"mail": "b"}', '("b",)')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("row = {'mail': 1}\nget.return_value = row  # lie\nassert f() == row\n", "`row` is used in several places"),
        ("def test_a(row):\n    get.return_value = row  # lie\n", "comes from outside the test"),
        ("get.return_value = make()  # lie\n", "does not tell"),
        ("a.return_value, b.return_value = 1, 2  # lie\n", "does not say what the double gives"),
        ("one = Mock(return_value=1); two = Mock(return_value=2)  # lie\n", "several values"),
        ("get.side_effect = answers()  # lie\n", "a function or an iterator decides"),
        ("get.return_value = {  # lie", "cannot be read as Python"),
        ("# coding: latin-1\nget.return_value = {'mail': 1}  # lie\n", "not in UTF-8"),
    ],
)
def test_what_is_not_certain_is_left_alone(bench: Any, text: str, reason: str) -> None:
    """The file stays as it is, and the reason is told."""
    assert reason in bench.left(text, bench.value(ADA, MAIL))


def test_a_suspicion_is_no_reason_to_change_a_test(bench: Any) -> None:
    """Only what is contradicted is mended."""
    finding = bench.value(ADA, MAIL, verdict="suspect")
    assert bench.left("get.return_value = {'mail': 1}  # lie\n", finding) == "the evidence is not conclusive"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_the_rest_of_the_file_stays_byte_for_byte(bench: Any, ending: str, start: str) -> None:
    """Line ends, a mark of the byte order, tabs and a missing line end at the end are kept."""
    text = f"{start}# ä{ending}if 1 :{ending}\tget.return_value   = {{ 'mail':1 }}  # lie{ending}\tx=1"
    assert bench.after(text, bench.value(ADA, MAIL)) == text.replace("mail", "email")


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(), max_size=4))
def test_nothing_but_the_key_changes(values: dict[str, int]) -> None:
    """Whatever stands beside a renamed key, the new value is the old one with another key."""
    from pytest_integration_gate.fixing.literals import renamed, value_of, written

    lying = {**values, "mail": 1}
    assert value_of(renamed(written(lying), "mail", "email")) == {**values, "email": 1}
