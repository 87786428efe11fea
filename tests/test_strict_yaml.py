"""The strict loader: what it reads, and how it says no."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml

from pytest_integration_gate.strict_yaml import MAX_ALIASED, MAX_BYTES, YamlError, load, read


def problems(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(YamlError) as caught:
        load(text, "x.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20 10:30:00", "2026-11-20 10:30:00"),
        ("1_000", "1_000"),
        ("=", "="),
        ("0b11", "0b11"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("12", 12),
        ("-7", -7),
        ("0123", 123),
        ("0o14", 12),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.inf", -math.inf),
        ("1.2.3", "1.2.3"),
        ('"12"', "12"),
        ("'true'", "true"),
        ("''", ""),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int '12'", 12),
        ("!!float 1", 1.0),
        ("|\n  12\n", "12\n"),
        ("", None),
        ("# nothing", None),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    """A scalar means what the core schema of YAML 1.2 says, with its type."""
    data = load(text, "x.yaml").data
    assert data == value
    assert type(data) is type(value)


def test_not_a_number_is_a_number() -> None:
    """`.nan` is the float."""
    assert math.isnan(load(".nan", "x.yaml").data)  # type: ignore[arg-type]


def test_collections_keep_their_order_and_places() -> None:
    """Lists and mappings are plain data, and each node knows its line and column."""
    node = load("b: [1, {c: d}]\na:\n  - e\n", "x.yaml")
    assert node.data == {"b": [1, {"c": "d"}], "a": ["e"]}
    assert list(node.entries) == ["b", "a"]
    assert node.entries["a"].key.place == "x.yaml:2:1"
    assert node.entries["b"].value.items[1].entries["c"].value.place == "x.yaml:1:12"


def test_a_byte_order_mark_is_no_content() -> None:
    """Files from editors that write a BOM are read like others."""
    assert load(b"\xef\xbb\xbfa: 1", "x.yaml").data == {"a": 1}


def test_aliases_repeat_a_value() -> None:
    """An alias stands for its anchor's value, also several times."""
    assert load("a: &x [1]\nb: *x\nc: [*x, *x]", "x.yaml").data == {"a": [1], "b": [1], "c": [[1], [1]]}


def test_all_mistakes_of_a_file_are_named_at_once() -> None:
    """Duplicate keys, tags, merge keys, collections as keys: each one with its place."""
    found = problems("a: 1\na: 2\nb: !!python/object:os.system x\nc: {<<: 3}\n? [d]\n: 4\ne: *nowhere\n")
    assert found == (
        "x.yaml:2:1: the key `a` stands twice, first at x.yaml:1:1. Remove one.",
        "x.yaml:3:4: the tag `!!python/object:os.system` does not belong here. Remove it.",
        "x.yaml:4:5: YAML 1.2 has no merge keys (`<<`). Write the keys out.",
        "x.yaml:5:3: a key must be a single value.",
        "x.yaml:7:4: `*nowhere` has no `&nowhere` before it.",
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [1\n", "x.yaml:2:1: not valid YAML: while parsing a flow sequence"),
        ("a: b: c", "x.yaml:1:5: not valid YAML"),
        ("\ta: 1", "not valid YAML"),
        ("a: 1\n---\nb: 2", "x.yaml:2:1: a second document"),
        ("a: !!binary aGk=", "the tag `!!binary`"),
        ("a: !!timestamp 2026-11-20", "the tag `!!timestamp`"),
        ("a: !!set {b}", "the tag `!!set`"),
        ("a: !mine {b: 1}", "the tag `!mine`"),
        ("a: !!int x", "the tag `!!int`"),
        ("a: " + "9" * 5000, "too long"),
        ("a: \x07", "x.yaml:1: the character '\\x07'"),
        (b"a: 1\nb: \xff", "x.yaml:2: not UTF-8"),
        ("&a [*a]", "`*a` has no `&a` before it"),
        ("%YAML 9.9\n---\na: 1", "not valid YAML"),
        (" " * (MAX_BYTES + 1), "larger than 10 MB"),
    ],
)
def test_what_cannot_be_read_has_a_place_and_a_reason(text: str | bytes, part: str) -> None:
    """Each kind of bad file gives one `YamlError` that says where and why."""
    assert part in problems(text)[-1]


@pytest.mark.parametrize("unit", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_ends_nothing_but_the_loading(unit: str) -> None:
    """Half a million levels, which overflow the C stack in PyYAML's own composer, are an error like any other."""
    assert "nested more than 64 levels" in problems(unit * 500_000)[0]


def test_an_alias_bomb_is_refused() -> None:
    """Aliases of aliases that would expand to a billion values are refused before they do."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert f"repeat more than {MAX_ALIASED} values" in problems("\n".join(lines))[0]


def test_other_users_of_pyyaml_notice_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process-wide loaders of PyYAML keep their own rules."""
    before = dict(yaml.SafeLoader.yaml_implicit_resolvers), dict(yaml.SafeLoader.yaml_constructors)
    load("a: no", "x.yaml")
    assert (dict(yaml.SafeLoader.yaml_implicit_resolvers), dict(yaml.SafeLoader.yaml_constructors)) == before
    assert yaml.safe_load("no") is False


def test_pyyaml_without_its_c_part_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pure Python parser gives the same data, places and problems."""
    text = "a: &x [1, yes]\nb: {c: *x, d: 0o7}\n"
    fast = load(text, "x.yaml")
    found = problems("a: 1\na: 2\n")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert load(text, "x.yaml") == fast
    assert problems("a: 1\na: 2\n") == found


def test_a_file_that_is_not_there_is_named(tmp_path: Any) -> None:
    """`read` says which file it could not open, and why."""
    with pytest.raises(YamlError, match=r"gate\.yaml: cannot be read: No such file"):
        read(tmp_path / "gate.yaml", "gate.yaml")
    with pytest.raises(YamlError, match=r"cannot be read: Is a directory"):
        read(tmp_path, "gate.yaml")
