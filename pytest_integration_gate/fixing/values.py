"""Values in the source of a test, changed to what reality gives; what fits already is kept."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import libcst as cst

from pytest_integration_gate.fixing.knowledge import Knowledge, successor
from pytest_integration_gate.fixing.literals import (
    UNKNOWN,
    as_scalar,
    entries,
    is_mock,
    keyword,
    kind_of,
    kind_of_shape,
    renamed,
    shape_in,
    value_of,
    with_argument,
    with_entry,
    with_more,
    without,
    written,
)
from pytest_integration_gate.fixing.origins import origins
from pytest_integration_gate.fixing.source import Left, Source, dotted
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.finding import Difference
from pytest_integration_gate.model.joining import join_all, options_of
from pytest_integration_gate.model.shape import (
    ANYTHING,
    Dictionary,
    Double,
    Never,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
)
from pytest_integration_gate.model.text import text_of

Step: TypeAlias = str | int
"""A step into a value: the name of a part, its index, or ``*`` for every element, written as -1."""

EVERY = -1
_STEP = re.compile(r"\.([\w-]+)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+|\*)\]")
_NEAREST = re.compile(r"\(nearest: ([^)]+)\)|the nearest is (\S+)")
_SPECS = frozenset({"spec", "spec_set", "autospec", "wraps"})


def steps_of(path: str) -> list[Step]:
    """Take a path of a difference apart, without its ``$``."""
    found = []
    for name, key, index in _STEP.findall(path):
        found.append((EVERY if index == "*" else int(index)) if index else name or key)
    return found


class Reshaping:
    """Changes the value that a double gives. `target` is what it stands for, `knowledge` what is known of that."""

    def __init__(self, source: Source, knowledge: Knowledge, target: str) -> None:
        self._source = source
        self._knowledge = knowledge
        self._target = target

    def mended(
        self, value: cst.BaseExpression, difference: Difference, reality: Shape, seen: Any = UNKNOWN
    ) -> cst.BaseExpression:
        """Return a value that differs no more from reality on one path. `seen` is the real value, where it is known.

        Raises `Left` when nothing tells what the value has to be.
        """
        return self._at(value, steps_of(difference.path), reality, difference, seen)

    def _at(
        self, value: cst.BaseExpression, steps: list[Step], reality: Shape, difference: Difference, seen: Any
    ) -> cst.BaseExpression:
        if isinstance(value, cst.Name) and value.value not in ("None", "True", "False"):
            found = origins(self._source, value)
            for origin in found:
                now = self._source.now(origin)
                if len(found) == 1 or _is_meant(now, steps, difference):
                    self._source.replace(origin, self._at(now, steps, reality, difference, seen))
            return value
        if isinstance(value, cst.Call) and dotted(value.func).rpartition(".")[2] == "dumps" and value.args:
            inner = self._at(value.args[0].value, steps, reality, difference, seen)
            return value.with_changes(args=[value.args[0].with_changes(value=inner), *value.args[1:]])
        kind = kind_of(value)
        shape = next((one for one in options_of(reality) if kind_of_shape(one) == kind), reality)
        if not steps or kind_of_shape(shape) != kind:
            return self._converted(value, reality, seen)
        step, further = steps[0], steps[1:]
        if isinstance(step, str):
            return self._part(value, step, further, shape, difference, seen)
        return self._elements(value, step, further, shape, difference, seen)

    def _part(
        self,
        value: cst.BaseExpression,
        name: str,
        further: list[Step],
        shape: Shape,
        difference: Difference,
        seen: Any,
    ) -> cst.BaseExpression:
        parts, real = entries(value), self._parts_of(shape)
        inner = seen.get(name, UNKNOWN) if isinstance(seen, dict) else UNKNOWN
        if name not in parts:
            if name in real and not further:
                if inner is UNKNOWN:
                    raise Left(f"nobody knows what to give for `{name}`")
                return with_more(value, name, written(inner))
            return value
        if name in real:
            return with_entry(value, name, self._at(parts[name], further, real[name], difference, inner))
        if further:
            raise Left(f"what it gives for `{name}` is nested in another way")
        found = _NEAREST.search(difference.reality)
        new = successor(
            name,
            shape_in(parts[name]),
            {other: each for other, each in real.items() if other not in parts},
            nearest=(found[1] or found[2]) if found else "",
            is_last=all(other in real for other in parts if other != name and other not in _SPECS),
        )
        changed = renamed(value, name, new) if new else without(value, name)
        if is_mock(value) and isinstance(changed, cst.Call) and not _SPECS & parts.keys():
            names = cst.parse_expression("[" + ", ".join(f'"{each}"' for each in sorted(real)) + "]")
            changed = with_argument(changed, "spec", names)  # else the mock invents the old name anew
        return changed

    def _parts_of(self, shape: Shape) -> dict[str, Shape]:
        match shape:
            case Record(fields=fields):
                return {field.name: field.shape for field in fields}
            case Object(cls=cls, fields=fields, members=members):
                known = {name: member.gives for name, member in self._knowledge.members(cls).items()}
                seen = {field.name: field.shape for field in fields}
                return {name: ANYTHING for name in members if name != "mro"} | known | seen
        raise Left("reality gives another kind of value")

    def _elements(
        self,
        value: cst.BaseExpression,
        index: int,
        further: list[Step],
        shape: Shape,
        difference: Difference,
        seen: Any,
    ) -> cst.BaseExpression:
        if isinstance(value, cst.Dict) and isinstance(shape, Dictionary):
            changed: cst.BaseExpression = value
            for name, inner in entries(value).items():
                changed = with_entry(changed, name, self._at(inner, further, shape.value, difference, UNKNOWN))
            return changed
        if not isinstance(value, cst.List | cst.Tuple | cst.Set):
            raise Left("its elements are not written out")
        elements = []
        for number, element in enumerate(value.elements):
            real = _element(shape, number)
            if index in (EVERY, number):
                first = seen[0] if isinstance(seen, list | tuple) and seen else UNKNOWN
                element = element.with_changes(value=self._at(element.value, further, real, difference, first))
            elements.append(element)
        return value.with_changes(elements=elements)

    # -- another kind of value ------------------------------------------------------------------------------------

    def _converted(self, value: cst.BaseExpression, reality: Shape, seen: Any) -> cst.BaseExpression:
        kind = kind_of(value)
        for shape in options_of(reality):
            wanted = kind_of_shape(shape)
            if wanted in ("scalar", "none") or wanted == kind:
                if not fit(shape_in(value), shape) and (kind or shape_in(value) != ANYTHING):
                    return value
                if isinstance(shape, Scalar) and (changed := as_scalar(self._source, value, shape.name)) is not None:
                    return changed
            elif (other := self._as_container(value, kind, shape, wanted)) is not None:
                return other
        if seen is not UNKNOWN and kind:
            return written(seen)
        raise Left(
            f"its value `{_shortened(self._source.code(value))}` does not tell what `{text_of(reality)}` to give"
        )

    def _as_container(
        self, value: cst.BaseExpression, kind: str, shape: Shape, wanted: str
    ) -> cst.BaseExpression | None:
        match kind, wanted:
            case "lazy", "list" | "tuple" | "set" if isinstance(value, cst.Call) and len(value.args) == 1:
                inner = value.args[0].value
                return inner if kind_of(inner) == wanted else self._as_container(inner, kind_of(inner), shape, wanted)
            case "list" | "tuple" | "set", "lazy":
                return cst.Call(cst.Name("iter"), [cst.Arg(value)])
            case "list" | "set", "tuple" if isinstance(shape, Sequence):
                assert isinstance(value, cst.List | cst.Set)
                return _tuple(value.elements)
            case "tuple" | "set", "list":
                assert isinstance(value, cst.Tuple | cst.Set)
                return cst.List(value.elements)
            case "dict", "tuple" if isinstance(shape, Tuple):
                return self._as_row(value, shape)
            case "list" | "dict", "dict" if isinstance(shape, Record):
                return _wrapped(value, shape)
            case "dict", "list" if isinstance(shape, Sequence):
                return _unwrapped(value, shape)
            case "dict", "object" if isinstance(shape, Object) and all(name.isidentifier() for name in entries(value)):
                return self._as_object(value, shape)
            case "object", "dict" if isinstance(shape, Record | Dictionary) and not _SPECS & entries(value).keys():
                return cst.Dict([cst.DictElement(written(name), one) for name, one in entries(value).items()])
            case "scalar", "object" if isinstance(shape, Object) and "enum:Enum" in shape.bases:
                return self._as_member(value, shape)
        return None

    def _as_row(self, value: cst.BaseExpression, shape: Tuple) -> cst.BaseExpression | None:
        """Write a dictionary as a row of the same length, in the order in which it is written."""
        parts = [*entries(value).values()]
        fits = len(parts) == len(shape.elements) and not any(
            fit(shape_in(part), real) for part, real in zip(parts, shape.elements, strict=True)
        )
        return _tuple([cst.Element(part, comma=_COMMA) for part in parts]) if fits else None

    def _as_object(self, value: cst.BaseExpression, shape: Object) -> cst.BaseExpression:
        real = self._parts_of(shape)
        func = cst.parse_expression(self._source.name_of("types:SimpleNamespace"))
        args = [keyword(name, one) for name, one in entries(value).items()]
        changed: cst.BaseExpression = cst.Call(func, args)
        for name in entries(value):
            if name not in real:
                changed = self._part(changed, name, [], shape, Difference(path="", claim="", reality=""), UNKNOWN)
        return changed

    def _as_member(self, value: cst.BaseExpression, shape: Object) -> cst.BaseExpression | None:
        """Write a text as the member of an enumeration of which reality was seen to give one of that name."""
        name, plain = shape.cls.partition(":")[2], value_of(value)
        pattern = re.compile(rf"\b{re.escape(name.rpartition('.')[2])}\.(\w+)")
        members = {found for text in self._knowledge.texts(self._target) for found in pattern.findall(text)}
        named = [member for member in members if isinstance(plain, str) and member.lower() == plain.lower()]
        return cst.parse_expression(f"{self._source.name_of(shape.cls)}.{named[0]}") if named else None


def _is_meant(cell: cst.BaseExpression, steps: list[Step], difference: Difference) -> bool:
    """Say whether one of the values of a parametrised test is one that differs; the others are no lies."""
    if steps:
        return kind_of(cell) not in ("none", "scalar")
    shape = shape_in(cell)
    return shape == ANYTHING or text_of(shape) == difference.claim


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _tuple(elements: Any) -> cst.Tuple:
    elements = [*elements]
    if elements:
        comma = cst.Comma() if len(elements) == 1 else cst.MaybeSentinel.DEFAULT
        elements[-1] = elements[-1].with_changes(comma=comma)
    return cst.Tuple(elements, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _element(shape: Shape, index: int) -> Shape:
    match shape:
        case Sequence(element=element):
            return element
        case Tuple(elements=elements):
            return elements[index] if index < len(elements) else join_all(elements)
    return ANYTHING


def _wrapped(value: cst.BaseExpression, shape: Record) -> cst.BaseExpression | None:
    """Put a value into the one part of a record that it fits."""
    inside = shape_in(value)
    if isinstance(inside, Record) and inside.fields and any(_has(shape, field.name) for field in inside.fields):
        return None
    suitable = [
        field.name
        for field in shape.fields
        if kind_of_shape(field.shape) == kind_of(value) and _overlaps(inside, field.shape)
    ]
    if len(suitable) != 1:
        return None
    return cst.Dict([cst.DictElement(written(suitable[0]), value)])


def _unwrapped(value: cst.BaseExpression, shape: Sequence) -> cst.BaseExpression | None:
    """Take a list out of the one part of a dictionary that holds one like it, or put one record into a list."""
    lists = [part for part in entries(value).values() if kind_of(part) == "list" and _overlaps(shape_in(part), shape)]
    if len(lists) == 1:
        return lists[0]
    return cst.List([cst.Element(value)]) if _overlaps(shape_in(value), shape.element) else None


def _has(shape: Record, name: str) -> bool:
    return any(field.name == name for field in shape.fields)


def _overlaps(claim: Shape, real: Shape) -> bool:
    """Say whether a value may be of a shape of which it has only some of the parts."""
    match claim, real:
        case (Record(fields=fields), Record()):
            return all(_has(real, field.name) for field in fields)
        case (Sequence(element=Never()), Sequence()):
            return True
        case (Sequence(element=element), Sequence(element=other)):
            return _overlaps(element, other)
        case (Record() | Sequence() | Double(), _):
            return False
    return not fit(claim, real)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:37]}..."
