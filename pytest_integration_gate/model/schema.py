"""Schemas of OpenAPI 3.0 and 3.1 as shapes.

What a shape cannot say is left out, so that a value which a schema allows always fits its shape. In one thing the
reading is narrower than JSON Schema: an object that lists its properties and says nothing of others has no others in
an answer. That is what the authors of such documents mean, and a key that is misspelled is found by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.joining import join_all, options_of
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NONE,
    Anything,
    Dictionary,
    Field,
    Record,
    Scalar,
    Sequence,
    Shape,
    Union,
)
from pytest_integration_gate.model.spelling import DATE, DATE_TIME, spell

Schema = Any
LookUp = Callable[[str, str], tuple[Schema, str]]
"""Gives what a reference that stands in a file names, and the file in which that stands."""

DEPTH = 6
"""Containers inside each other that are followed; pictures of values are not deeper."""
SIZE = 20_000
"""Parts of a shape, all repetitions counted. A schema that has more is followed less deep."""

_STR = Scalar("str")
_OBJECT = Dictionary(_STR, ANYTHING)
_FORMATS: Mapping[str, Shape] = {
    "date": Scalar("str", (DATE,)),
    "date-time": Scalar("str", (DATE_TIME,)),
    "binary": ANYTHING,
}
_SCALARS: Mapping[str, Shape] = {
    "integer": Scalar("int"),
    "number": Scalar("float"),
    "boolean": Scalar("bool"),
    "null": NONE,
}
_OPENING = ("$dynamicRef", "dependentSchemas", "else", "if", "patternProperties", "then")
"""Keywords that may bring properties which are not listed."""


class _TooLarge(Exception):
    """The shape has more than `SIZE` parts."""


def shape_of_schema(
    schema: Schema, file: str, look_up: LookUp, *, is_request: bool = False, is_30: bool = False
) -> Shape:
    """Give the shape of a schema that stands in a file.

    `is_request` reads it for what a client may send: properties that are not listed are allowed unless the schema says
    no, and what is ``readOnly`` is not required. `is_30` reads it by OpenAPI 3.0, where nothing counts beside ``$ref``.
    """
    for depth in range(DEPTH, 0, -1):
        try:
            return _Reading(look_up, is_request, is_30).shape(schema, file, depth)
        except (_TooLarge, RecursionError):
            continue
    return ANYTHING


class _Reading:
    """One schema on its way to a shape."""

    def __init__(self, look_up: LookUp, is_request: bool, is_30: bool) -> None:
        self.look_up = look_up
        self.is_request = is_request
        self.is_30 = is_30
        self.known: dict[tuple[int, int, bool], Shape] = {}
        self.sizes: dict[int, tuple[int, Shape]] = {}  # by the id of a shape, which lives as long as its entry

    def shape(self, schema: Schema, file: str, depth: int, *, is_part: bool = False) -> Shape:
        """Give the shape of a schema, `ANYTHING` for one that goes round in a circle or is too deep inside.

        `is_part` says that another schema is built on it (``allOf``).
        """
        if not isinstance(schema, dict) or depth < 0:
            return ANYTHING
        key = (id(schema), depth, is_part)
        if key not in self.known:
            self.known[key] = ANYTHING  # for those that lead back here without going deeper
            self.known[key] = self.bounded(self.read(schema, file, depth, is_part))
        return self.known[key]

    def read(self, schema: Schema, file: str, depth: int, is_part: bool) -> Shape:
        parts = []
        if isinstance(schema.get("$ref"), str):
            parts.append(self.shape(*self.look_up(schema["$ref"], file), depth, is_part=is_part))
        if self.is_30 and parts:
            return _nullable(schema, parts[0])
        parts.append(self.own(schema, file, depth))
        parts += [self.shape(each, file, depth, is_part=True) for each in _list(schema, "allOf")]
        shape = _merged(parts)
        if "discriminator" in schema and not is_part and not {"oneOf", "anyOf"} & schema.keys():
            shape = _opened(shape)  # it stands for any of those that are built on it
        if options := _list(schema, "oneOf"):
            merged = [merge(shape, self.shape(option, file, depth)) for option in options]
            shape = _union([option for option in merged if option is not None])
        if options := _list(schema, "anyOf"):
            # A value may be of several of these at once and have the properties of all.
            merged = [merge(shape, self.shape(option, file, depth)) for option in options]
            found = join_all([option for option in merged if option is not None])
            shape = found if options_of(found) else ANYTHING
        return _nullable(schema, shape)

    def own(self, schema: Schema, file: str, depth: int) -> Shape:
        """Give the shape of what a schema says itself."""
        kinds = schema.get("type")
        if kinds is None:
            kinds = [name for word, name in (("properties", "object"), ("items", "array")) if word in schema][:1]
        elif isinstance(kinds, str):
            kinds = [kinds]
        shape = _union([self.of_type(kind, schema, file, depth) for kind in kinds])
        values = [schema["const"]] if "const" in schema else _list(schema, "enum")
        if values:
            allowed = [spell(value) if not isinstance(value, dict | list) else ANYTHING for value in values]
            shape = _union([value for value in allowed if not fit(value, shape)] or [shape])
        return shape

    def of_type(self, kind: str, schema: Schema, file: str, depth: int) -> Shape:
        if kind == "string":
            return _FORMATS.get(str(schema.get("format")), _STR)
        if kind == "array":
            return Sequence(
                "list", ANYTHING if "prefixItems" in schema else self.shape(schema.get("items"), file, depth - 1)
            )
        if kind == "object":
            return self.mapping(schema, file, depth) if depth > 0 else _OBJECT
        return _SCALARS.get(kind, ANYTHING)

    def mapping(self, schema: Schema, file: str, depth: int) -> Shape:
        more = schema.get("additionalProperties", schema.get("unevaluatedProperties"))
        opens = any(word in schema for word in _OPENING)
        names = {name: True for name in _list(schema, "required") if isinstance(name, str)}
        properties = schema.get("properties") or {}
        fields = []
        for name in sorted({*properties, *names}):
            inner = properties.get(name)
            required = name in names and not (self.is_request and self.is_read_only(inner, file))
            fields.append(Field(name, self.shape(inner, file, depth - 1), required))
        if not fields:
            if isinstance(more, dict) and more and not opens:
                return Dictionary(_STR, self.shape(more, file, depth - 1))
            return Record((), complete=False) if more or opens else _OBJECT
        is_closed = more is False or (more is None and not self.is_request)
        return Record(tuple(fields), complete=is_closed and not opens)

    def is_read_only(self, schema: Schema, file: str) -> bool:
        for _ in range(DEPTH):
            if not isinstance(schema, dict):
                return False
            if schema.get("readOnly") is True:
                return True
            if not isinstance(schema.get("$ref"), str):
                return any(self.is_read_only(each, file) for each in _list(schema, "allOf"))
            schema, file = self.look_up(schema["$ref"], file)
        return False

    # -- size -----------------------------------------------------------------------------------------------------

    def bounded(self, shape: Shape) -> Shape:
        if self.size(shape) > SIZE:
            raise _TooLarge
        return shape

    def size(self, shape: Shape) -> int:
        known = self.sizes.get(id(shape))
        if known is None:
            known = self.sizes[id(shape)] = (1 + sum(map(self.size, _parts(shape))), shape)
        return known[0]


def merge(a: Shape, b: Shape) -> Shape | None:
    """Give the shape of values that fit both; None when there can be none."""
    if isinstance(a, Anything) or a == b:
        return b
    if isinstance(b, Anything):
        return a
    if isinstance(a, Union) or isinstance(b, Union):
        merged = [merge(one, other) for one in options_of(a) for other in options_of(b)]
        found = [option for option in merged if option is not None]
        return _union(found) if found else None
    match a, b:
        case Scalar(), Scalar():
            return _merge_scalars(a, b)
        case Sequence(), Sequence():
            return Sequence("list", _merged([a.element, b.element]))
        case Record(), Record():
            return _merge_records(a, b)
        case Dictionary(), Dictionary():
            return Dictionary(_STR, _merged([a.value, b.value]))
        case Record() as record, Dictionary() as other:
            pass
        case Dictionary() as other, Record() as record:
            pass
        case _:
            return None
    return record if other == _OBJECT else Record(record.fields, complete=False)


def _merge_scalars(a: Scalar, b: Scalar) -> Scalar | None:
    if {a.name, b.name} == {"int", "float"}:
        return a if a.name == "int" else b
    if a.name != b.name:
        return None
    if not a.values or not b.values:
        return a if a.values else b
    return Scalar(a.name, tuple(value for value in a.values if value in b.values) or a.values)


def _merge_records(a: Record, b: Record) -> Record:
    left, right = ({field.name: field for field in each.fields} for each in (a, b))
    fields = []
    for name in sorted({*left, *right}):
        both = [each[name] for each in (left, right) if name in each]
        fields.append(Field(name, _merged([each.shape for each in both]), any(each.required for each in both)))
    return Record(tuple(fields), complete=a.complete and b.complete)


def _merged(parts: Iterable[Shape]) -> Shape:
    """Merge what holds at once. Parts that exclude each other say nothing that could be relied on."""
    shape: Shape = ANYTHING
    for part in parts:
        both = merge(shape, part)
        if both is None:
            return ANYTHING
        shape = both
    return shape


def _union(options: Iterable[Shape]) -> Shape:
    """Give the shape of values that fit one of several; records stay apart, which a join would melt into one."""
    found: dict[Shape, None] = {}
    for option in (flat for each in options for flat in options_of(each)):
        if isinstance(option, Anything):
            return ANYTHING
        same = next(
            (
                each
                for each in found
                if isinstance(each, Scalar) and isinstance(option, Scalar) and each.name == option.name
            ),
            None,
        )
        if same is None:
            found[option] = None
        elif same != option:
            del found[same]
            found[join_all((same, option))] = None
    return Union(tuple(found)) if len(found) > 1 else next(iter(found), ANYTHING)


def _opened(shape: Shape) -> Shape:
    return Record(shape.fields, complete=False) if isinstance(shape, Record) else shape


def _nullable(schema: Schema, shape: Shape) -> Shape:
    return _union([NONE, shape]) if schema.get("nullable") is True else shape


def _list(schema: Schema, word: str) -> list[Any]:
    found = schema.get(word)
    return found if isinstance(found, list) else []


def _parts(shape: Shape) -> Iterable[Shape]:
    match shape:
        case Record(fields):
            return [field.shape for field in fields]
        case Dictionary(_, value):
            return [value]
        case Sequence(_, element):
            return [element]
        case Union(options):
            return options
    return ()
