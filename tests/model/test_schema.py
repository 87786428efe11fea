"""Schemas of OpenAPI as shapes: what they say, what they cannot say, and that no valid value is ever refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.schema import SIZE, shape_of_schema
from pytest_integration_gate.model.shape import (
    ANYTHING,
    Dictionary,
    Field,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
    Union,
)
from pytest_integration_gate.model.spelling import spelled, without_fractions
from pytest_integration_gate.model.text import text_of

USER = {"type": "object", "properties": {"id": {"type": "integer"}, "email": {"type": "string"}}, "required": ["id"]}


def shape_of(schema: Any, components: dict[str, Any] | None = None, **options: bool) -> Shape:
    """The shape of a schema; ``#name`` refers to one of the components."""

    def look_up(reference: str, file: str) -> tuple[Any, str]:
        return (components or {})[reference.removeprefix("#")], file

    return shape_of_schema(schema, "api.yaml", look_up, **options)


def argument(value: Any) -> Argument:
    """A value as a claim holds it."""
    shape, text = picture(value)
    return Argument(shape=shape, text=text)


def fits(value: Any, schema: Any, components: dict[str, Any] | None = None) -> bool:
    """Whether a value can be what a schema describes."""
    return not fit(known(value), shape_of(schema, components))


def known(value: Any) -> Shape:
    """The shape of a value with what is known of it."""
    held = argument(value)
    return spelled(held) or without_fractions(held.shape)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer"}, "int"),
        ({"type": "number"}, "float"),
        ({"type": "string"}, "str"),
        ({"type": "string", "format": "uuid"}, "str"),
        ({"type": "string", "format": "binary"}, "anything"),
        ({"type": "boolean"}, "bool"),
        ({"type": "string", "nullable": True}, "None | str"),
        ({"type": ["string", "null"]}, "str | None"),
        ({"type": "string", "enum": ["a", "b"]}, "Literal['a', 'b']"),
        ({"enum": ["a", 1, None]}, "Literal['a'] | Literal[1] | None"),
        ({"const": "a"}, "Literal['a']"),
        ({"type": "string", "enum": [True, 1]}, "str"),
        ({"type": "array", "items": {"type": "string"}}, "[str]"),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "[anything]"),
        ({"type": "object"}, "{str]: anything}".replace("{", "{[", 1)),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "{[str]: int}"),
        ({"type": "object", "additionalProperties": True}, "{…}"),
        (USER, "{email?: str, id: int}"),
        ({**USER, "additionalProperties": True}, "{email?: str, id: int, …}"),
        ({**USER, "patternProperties": {"^x": {}}}, "{email?: str, id: int, …}"),
        ({**USER, "discriminator": {"propertyName": "kind"}}, "{email?: str, id: int, …}"),
        ({"properties": {"a": {"type": "integer"}}}, "{a?: int}"),
        ({"required": ["a"]}, "anything"),
        ({"type": "object", "required": ["a"]}, "{a: anything}"),
        ({"oneOf": [{"type": "string"}, USER]}, "str | {email?: str, id: int}"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "int | str"),
        (
            {"anyOf": [USER, {"type": "object", "properties": {"key": {}}, "required": ["key"]}]},
            "{email?: str, id?: int, key?: anything}",
        ),
        ({"allOf": [USER, {"properties": {"name": {"type": "string"}}}]}, "{email?: str, id: int, name?: str}"),
        ({"allOf": [{"type": "string"}, {"enum": ["a"]}]}, "Literal['a']"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "anything"),
        ({"allOf": [{"type": "string"}], "nullable": True}, "None | str"),
        ({**USER, "oneOf": [{"required": ["id"]}, {"required": ["email"]}]}, "{email?: str, id: int}"),
        ({}, "anything"),
        (True, "anything"),
        (None, "anything"),
        ({"type": "file"}, "anything"),
        ({"not": {"type": "string"}}, "anything"),
    ],
)
def test_a_schema_is_a_shape(schema: Any, text: str) -> None:
    """Each keyword that a shape can say is in it; what it cannot say leaves it open."""
    assert text_of(shape_of(schema)) == text


def test_what_a_client_may_send() -> None:
    """A request may have more properties than are listed unless that is forbidden, and need not have read-only ones."""
    schema = {
        "type": "object",
        "properties": {"id": {"$ref": "#id"}, "name": {"type": "string"}},
        "required": ["id", "name"],
    }
    components = {"id": {"type": "integer", "readOnly": True}}
    text = "{id?: int, name: str, …}"
    assert text_of(shape_of(schema, components, is_request=True)) == text
    closed = {**schema, "additionalProperties": False}
    assert text_of(shape_of(closed, components, is_request=True)) == text.replace(", …", "")
    assert text_of(shape_of(schema, components)) == "{id: int, name: str}"


def test_references_have_siblings_from_version_3_1_on() -> None:
    """What stands beside `$ref` counts in 3.1 and not in 3.0, except for the `nullable` that many write there."""
    schema = {"$ref": "#word", "enum": ["a"]}
    components = {"word": {"type": "string"}}
    assert text_of(shape_of(schema, components)) == "Literal['a']"
    assert text_of(shape_of(schema, components, is_30=True)) == "str"
    assert text_of(shape_of({"$ref": "#word", "nullable": True}, components, is_30=True)) == "None | str"


def test_a_parent_stands_for_its_children() -> None:
    """Where a parent with a discriminator is declared, a child with more properties may come; a child is what it is."""
    components = {
        "pet": {**USER, "discriminator": {"propertyName": "email"}},
        "dog": {"allOf": [{"$ref": "#pet"}, {"type": "object", "properties": {"bark": {"type": "integer"}}}]},
    }
    assert text_of(shape_of({"$ref": "#pet"}, components)) == "{email?: str, id: int, …}"
    assert text_of(shape_of({"$ref": "#dog"}, components)) == "{bark?: int, email?: str, id: int}"


def test_a_recursive_schema_ends() -> None:
    """A schema that contains itself is followed some levels down; one that is nothing but itself says nothing."""
    tree = {"type": "object", "properties": {"name": {"type": "string"}, "parts": {"type": "array"}}}
    tree["properties"]["parts"]["items"] = {"$ref": "#tree"}  # type: ignore[index]
    components = {"tree": tree, "loop": {"allOf": [{"$ref": "#loop"}]}, "round": {"$ref": "#round"}}
    good = {"name": "a", "parts": [{"name": "b", "parts": []}]}
    bad = {"name": "a", "parts": [{"name": 2, "parts": []}]}
    assert fits(good, {"$ref": "#tree"}, components)
    assert not fits(bad, {"$ref": "#tree"}, components)
    assert shape_of({"$ref": "#loop"}, components) == shape_of({"$ref": "#round"}, components) == ANYTHING


def test_a_huge_schema_stays_small() -> None:
    """A schema whose parts refer to each other all over is followed less deep, instead of filling the memory."""
    names = [f"part{number}" for number in range(40)]
    everything = {"type": "object", "properties": {name: {"$ref": f"#{name}"} for name in names}}
    shape = shape_of(everything, dict.fromkeys(names, everything))

    def size(shape: Shape) -> int:
        return 1 + sum(size(field.shape) for field in shape.fields) if isinstance(shape, Record) else 1

    assert 40 < size(shape) <= SIZE


def test_a_long_way_ends() -> None:
    """A chain of references that is longer than Python's stack says nothing."""
    components = {f"n{number}": {"$ref": f"#n{number + 1}"} for number in range(2000)}
    assert shape_of({"$ref": "#n0"}, {**components, "n2000": USER}) == ANYTHING


def test_a_deep_schema_is_cut() -> None:
    """What is deeper inside than any picture of a value is left open."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(30):
        schema = {"type": "array", "items": schema}
    assert text_of(shape_of(schema)).count("[") > 3
    assert fits([[[[[[[["a"]]]]]]]], schema)


@pytest.mark.parametrize(
    ("value", "schema", "is_fit"),
    [
        ("2026-01-31", {"type": "string", "format": "date"}, True),
        ("31.01.2026", {"type": "string", "format": "date"}, False),
        ("2026-01-31T10:00:00Z", {"type": "string", "format": "date"}, False),
        ("2026-01-31T10:00:00Z", {"type": "string", "format": "date-time"}, True),
        ("2026-01-31", {"type": "string", "format": "date-time"}, False),
        ("yesterday", {"type": "string", "format": "date-time"}, False),
        ("2026-01-31", {"type": "string", "enum": ["2026-01-31"]}, True),
        ("no-uuid", {"type": "string", "format": "uuid"}, True),
        (1.0, {"type": "integer"}, True),
        (1.5, {"type": "integer"}, False),
        (1, {"type": "number"}, True),
        (True, {"type": "integer"}, False),
        (1.0, {"enum": [1]}, True),
        (2, {"enum": [1]}, False),
        ("done", {"enum": ["idle"]}, False),
        ([{"state": "done"}], {"type": "array", "items": {"properties": {"state": {"enum": ["idle"]}}}}, False),
        ({"state": "a<b"}, {"properties": {"state": {"enum": ["x"]}}}, True),  # may be masked: nobody knows
        ({"a": 1, "b": 2}, {"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, True),
        (
            {"kind": "cat", "bark": 1},
            {
                "oneOf": [
                    {"properties": {"kind": {"enum": [kind]}, noise: {}}}
                    for kind, noise in (("cat", "purr"), ("dog", "bark"))
                ]
            },
            False,
        ),
        (
            [{"a": 1}, {"b": 2}],
            {"type": "array", "items": {"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}},
            True,
        ),
        ({}, USER, True),
        ([], USER, False),
        ({"mail": "x"}, USER, False),
    ],
)
def test_values_inside_are_compared(value: Any, schema: Any, is_fit: bool) -> None:
    """Enumerations, formats and whole numbers are compared wherever they stand; what is masked may be anything."""
    assert fits(value, schema) is is_fit


def test_large_numbers_without_a_literal_may_be_whole() -> None:
    """Of a body that is too large for a literal, a `float` may be a whole number, and a text is still no number."""
    numbers = [float(number) for number in range(500)]
    assert argument(numbers).text is None or "<" in str(argument(numbers).text)
    assert fits(numbers, {"type": "array", "items": {"type": "integer"}})
    assert not fits([str(number) for number in numbers], {"type": "array", "items": {"type": "integer"}})


def test_whole_numbers_anywhere() -> None:
    """Every container is looked into for numbers that may be whole."""
    floats = Sequence("list", Scalar("float"))
    inner = Record((Field("a", floats), Field("b", Dictionary(Scalar("str"), Union((Scalar("float"), Scalar("str")))))))
    found = without_fractions(Tuple((inner, Scalar("float"))))
    assert text_of(found) == "({a: [int], b: {[str]: int | str}}, int)"


def test_literals_that_are_none() -> None:
    """A text that was cut says nothing of the values; one that was masked in parts says the others."""
    cut = Argument(shape=ANYTHING, text="<400 characters abc>")
    assert spelled(cut) is spelled(Argument(shape=ANYTHING)) is None
    masked = argument({"token": "abc", "state": "done"})
    assert masked.text == "{'state': 'done', 'token': <secret>}"
    assert text_of(spelled(masked) or ANYTHING) == "{state: Literal['done'], token: str}"


# Whatever a schema allows fits its shape

names = st.sampled_from(["id", "email", "kind", "a", "b", "odd key"])
scalars = st.one_of(
    st.sampled_from(
        [
            {"type": "integer"},
            {"type": "number"},
            {"type": "string"},
            {"type": "boolean"},
            {"type": "null"},
            {"type": ["string", "null"]},
            {"type": "string", "format": "date"},
            {"type": "string", "format": "date-time"},
            {"$ref": "#/components/schemas/User"},
            {},
        ]
    ),
    st.lists(st.sampled_from(["a", "b", 1, 2, 1.5, None, True, "2026-01-31", []]), min_size=1, max_size=4).map(
        lambda values: {"enum": values}
    ),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas of objects, closed, open or with a schema for what is not listed."""
    return st.builds(
        lambda properties, required, more: {
            "type": "object",
            "properties": properties,
            "required": sorted(required),
            "additionalProperties": more,
        },
        st.dictionaries(names, inner, max_size=3),
        st.sets(names, max_size=1),
        st.one_of(st.booleans(), inner),
    )


schemas = st.recursive(
    scalars,
    lambda inner: st.one_of(
        objects(inner),
        inner.map(lambda items: {"type": "array", "items": items}),
        st.builds(
            lambda word, options: {word: options},
            st.sampled_from(["oneOf", "anyOf", "allOf"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(
            lambda base, options: {**base, "oneOf": options}, objects(inner), st.lists(inner, min_size=1, max_size=2)
        ),
    ),
    max_leaves=8,
)
values = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 2, 1.0, 1.5, "", "a", "b", "2026-01-31", "2026-01-31T10:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
COMPONENTS = {"User": {**USER, "additionalProperties": False}}
FORMATS = FormatChecker(formats=())
FORMATS.checks("date")(lambda value: not isinstance(value, str) or value == "2026-01-31")
FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or value == "2026-01-31T10:00:00Z")


def look_up(reference: str, file: str) -> tuple[Any, str]:
    """Find a component."""
    return COMPONENTS[reference.rpartition("/")[2]], file


@st.composite
def allowed(draw: st.DrawFn, schema: Any) -> Any:
    """A value that a schema may allow; arbitrary ones hardly ever are."""
    if "$ref" in schema:
        schema = look_up(schema["$ref"], "")[0]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema and "properties" not in schema:
            parts = [draw(allowed(each)) for each in schema[word]]
            if word != "oneOf" and all(isinstance(part, dict) for part in parts):
                return {key: value for part in parts for key, value in part.items()}
            return draw(st.sampled_from(parts))
    if schema.get("type") == "object":
        value = {name: draw(allowed(inner)) for name, inner in schema["properties"].items() if draw(st.booleans())}
        for name in (*schema["required"], *draw(st.lists(names, max_size=1))):
            value.setdefault(name, draw(allowed(schema["properties"].get(name, {}))))
        return value
    if schema.get("type") == "array":
        return draw(st.lists(allowed(schema["items"]), max_size=2))
    return draw(values)


@given(schemas.flatmap(lambda schema: st.tuples(st.just(schema), values | allowed(schema))))
def test_what_a_schema_allows_is_never_contradicted(pair: tuple[Any, Any]) -> None:
    """A value that JSON Schema accepts fits the shape of the schema, for answers, requests and both versions."""
    schema, value = pair
    document = {**schema, "components": {"schemas": COMPONENTS}}
    if not Draft202012Validator(document, format_checker=FORMATS).is_valid(value):
        return
    for options in ({}, {"is_request": True}, {"is_30": True}):
        shape = shape_of_schema(schema, "", look_up, **options)
        assert fit(known(value), shape) == ()
