"""Expressions as values: what kind a value in the source is of, and how it is written as another kind."""

from __future__ import annotations

import ast
import re
from typing import Any, Final

import libcst as cst

from pytest_integration_gate.fixing.source import Left, Source, dotted
from pytest_integration_gate.model.capture import shape_of
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.secrecy import SECRET
from pytest_integration_gate.model.shape import (
    ANYTHING,
    Dictionary,
    Double,
    Field,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
)

UNKNOWN: Final = object()
"""A value that nobody knows."""

MOCKS = frozenset({"Mock", "MagicMock", "NonCallableMock", "NonCallableMagicMock", "AsyncMock"})
DUCKS = frozenset({*MOCKS, "SimpleNamespace"})
_LAZY = frozenset({"generator", "iterator", "iterable", "async generator", "async iterator"})
_DATES = {"now": "tz", "fromtimestamp": "tz", "datetime": "tzinfo"}
_WRAPPERS = {"Decimal": "decimal:Decimal", "UUID": "uuid:UUID", "Path": "pathlib:Path"}
_ACCEPTED = {
    "Decimal": re.compile(r"-?\d+(\.\d+)?"),
    "UUID": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "Path": re.compile(r"[^\0]+"),
}


def value_of(expression: cst.BaseExpression) -> Any:
    """Return the value of a plain literal, `UNKNOWN` for every other expression."""
    try:
        return ast.literal_eval(cst.Module([]).code_for_node(expression).strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return UNKNOWN


def observed(text: str | None) -> Any:
    """Return the value of a literal in the evidence; `UNKNOWN` where a part of it was masked or normalised."""
    if text is None or SECRET in text or "<" in text:
        return UNKNOWN
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return UNKNOWN


def written(value: Any) -> cst.BaseExpression:
    """Write a plain value, texts in double quotes where that needs no escapes."""
    return cst.parse_expression(_written(value))


def _written(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_written(key)}: {_written(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_written, value)) + "]"
        case tuple():
            return "(" + ", ".join(map(_written, value)) + (",)" if len(value) == 1 else ")")
        case str() | bytes() if repr(value).endswith("'") and '"' not in repr(value) and "\\" not in repr(value):
            return repr(value).replace("'", '"')
    return repr(value)


def kind_of(value: cst.BaseExpression) -> str:
    """Say what kind of value an expression gives; empty when that cannot be seen."""
    match value:
        case cst.Dict():
            return "dict"
        case cst.List() | cst.ListComp():
            return "list"
        case cst.Tuple():
            return "tuple"
        case cst.Set():
            return "set"
        case cst.GeneratorExp():
            return "lazy"
        case cst.Name(value="None"):
            return "none"
        case cst.Call(func=cst.Name(value="iter")):
            return "lazy"
        case cst.Call(args=args) if is_duck(value) and all(arg.keyword is not None and not arg.star for arg in args):
            return "object"
    return "scalar" if value_of(value) is not UNKNOWN else ""


def kind_of_shape(shape: Shape) -> str:
    """Say what kind of expression gives a shape."""
    match shape:
        case Record() | Dictionary():
            return "dict"
        case Sequence(kind=kind):
            lazy = "lazy" if kind in _LAZY else ""
            return lazy or (kind if kind in ("list", "tuple", "set") else "list")
        case Tuple():
            return "tuple"
        case Object() | Double():
            return "object"
        case Scalar(name="None"):
            return "none"
        case Scalar():
            return "scalar"
    return ""


def is_duck(value: cst.CSTNode) -> bool:
    """Say whether an expression makes an object of which the keywords are the attributes."""
    return isinstance(value, cst.Call) and dotted(value.func).rpartition(".")[2] in DUCKS


def is_mock(value: cst.CSTNode) -> bool:
    """Say whether an expression makes a mock object."""
    return isinstance(value, cst.Call) and dotted(value.func).rpartition(".")[2] in MOCKS


def shape_in(value: cst.BaseExpression) -> Shape:
    """Return the shape of the value of an expression, as far as it can be seen."""
    plain = value_of(value)
    if plain is not UNKNOWN:
        return shape_of(plain)
    match value:
        case cst.Dict() | cst.Call() if kind_of(value) in ("dict", "object"):
            fields = tuple(Field(name, shape_in(one)) for name, one in sorted(entries(value).items()))
            return Record(fields) if isinstance(value, cst.Dict) else Double(fields=fields)
        case cst.List(elements=elements):
            return Sequence("list", join_all(shape_in(one.value) for one in elements))
        case cst.Call(func=func, args=args) if dotted(func).rpartition(".")[2] in _DATES:
            is_aware = any(arg.keyword is not None and arg.keyword.value in ("tz", "tzinfo") for arg in args)
            return Scalar("aware datetime" if is_aware else "naive datetime")
        case cst.Call(func=func) if dotted(func).rpartition(".")[2] in _WRAPPERS:
            return Scalar(dotted(func).rpartition(".")[2])
    return ANYTHING


# -- the named parts of a dictionary, or of a call with keywords -----------------------------------------------------


def entries(value: cst.BaseExpression) -> dict[str, cst.BaseExpression]:
    """Return the named parts of a dictionary or of a call with keywords."""
    if isinstance(value, cst.Dict):
        pairs = [(value_of(one.key), one.value) for one in value.elements if isinstance(one, cst.DictElement)]
        return {name: inner for name, inner in pairs if isinstance(name, str)}
    assert isinstance(value, cst.Call)
    return {arg.keyword.value: arg.value for arg in value.args if arg.keyword is not None}


def with_entry(value: cst.BaseExpression, name: str, new: cst.BaseExpression) -> cst.BaseExpression:
    """Return a dictionary or a call with another value in a part."""
    if new is entries(value)[name]:
        return value
    if isinstance(value, cst.Dict):
        return value.with_changes(
            elements=[one.with_changes(value=new) if _is_key(one, name) else one for one in value.elements]
        )
    assert isinstance(value, cst.Call)
    return value.with_changes(
        args=[one.with_changes(value=new) if _is_keyword(one, name) else one for one in value.args]
    )


def renamed(value: cst.BaseExpression, name: str, new: str) -> cst.BaseExpression:
    """Return a dictionary or a call with a part under another name."""
    if isinstance(value, cst.Dict):
        element = next(one for one in value.elements if _is_key(one, name))
        return _with_part(value, name, key=_quoted_like(element, new))
    return _with_part(value, name, keyword=cst.Name(new))


def _with_part(value: cst.BaseExpression, name: str, **changes: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(value, cst.Dict):
        elements = [one.with_changes(**changes) if _is_key(one, name) else one for one in value.elements]
        return value.with_changes(elements=elements)
    assert isinstance(value, cst.Call)
    args = [one.with_changes(**changes) if _is_keyword(one, name) else one for one in value.args]
    return value.with_changes(args=args)


def without(value: cst.BaseExpression, name: str) -> cst.BaseExpression:
    """Return a dictionary or a call that lacks a part."""
    if isinstance(value, cst.Dict):
        kept = _without(value.elements, lambda one: _is_key(one, name))
        changed = value.with_changes(elements=kept)
        if kept and _is_key(value.elements[-1], name):  # the comment behind the one that is the last now is kept
            match value.elements[len(kept) - 1].comma, value.rbrace.whitespace_before:
                case (
                    cst.Comma(whitespace_after=cst.ParenthesizedWhitespace(first_line=line)),
                    cst.ParenthesizedWhitespace() as end,
                ):
                    brace = value.rbrace.with_changes(whitespace_before=end.with_changes(first_line=line))
                    return changed.with_changes(rbrace=brace)
        return changed
    assert isinstance(value, cst.Call)
    return value.with_changes(args=_without(value.args, lambda one: _is_keyword(one, name)))


def with_more(value: cst.BaseExpression, name: str, new: cst.BaseExpression) -> cst.BaseExpression:
    """Return a dictionary or a call with one more part."""
    if isinstance(value, cst.Dict):
        first = next((one for one in value.elements if isinstance(one, cst.DictElement)), None)
        return value.with_changes(elements=_with(value.elements, cst.DictElement(_quoted_like(first, name), new)))
    assert isinstance(value, cst.Call)
    return with_argument(value, name, new)


def with_argument(call: cst.Call, name: str, new: cst.BaseExpression) -> cst.Call:
    """Return a call with one more keyword argument, before ``**`` arguments."""
    more = keyword(name, new)
    if call.args and call.args[-1].star == "**":
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        return call.with_changes(args=[*call.args[:-1], more.with_changes(comma=comma), call.args[-1]])
    return call.with_changes(args=_with(call.args, more))


def keyword(name: str, value: cst.BaseExpression) -> cst.Arg:
    """Return a keyword argument."""
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    return cst.Arg(value, keyword=cst.Name(name), equal=equal)


def _with(elements: Any, new: Any) -> list[Any]:
    """Append to elements with commas, on a line of its own where they stand so."""
    if not elements:
        return [new]
    last = elements[-1]
    space: Any = cst.SimpleWhitespace(" ")
    between = [one.comma for one in elements[:-1] if isinstance(one.comma, cst.Comma)]
    if between:
        space = between[-1].whitespace_after
    return [
        *elements[:-1],
        last.with_changes(comma=cst.Comma(whitespace_after=space)),
        new.with_changes(comma=last.comma),
    ]


def _without(elements: Any, is_out: Any) -> list[Any]:
    kept = [one for one in elements if not is_out(one)]
    if kept and is_out(elements[-1]):
        kept[-1] = kept[-1].with_changes(comma=elements[-1].comma)
    return kept


def _is_key(element: cst.BaseDictElement, name: str) -> bool:
    return isinstance(element, cst.DictElement) and value_of(element.key) == name


def _is_keyword(arg: cst.Arg, name: str) -> bool:
    return arg.keyword is not None and arg.keyword.value == name


def _quoted_like(element: cst.BaseDictElement | None, name: str) -> cst.BaseExpression:
    quote = '"'
    if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
        quote = element.key.quote
    return cst.SimpleString(f"{quote}{name}{quote}") if name.isidentifier() else written(name)


# -- scalars ---------------------------------------------------------------------------------------------------------


def as_scalar(source: Source, value: cst.BaseExpression, name: str) -> cst.BaseExpression | None:
    """Write a value as a scalar of another type, None when its value does not tell how."""
    if name == "None":
        return cst.Name("None")
    if name in ("aware datetime", "naive datetime"):
        return _as_datetime(source, value, is_aware=name == "aware datetime")
    plain = value_of(value)
    if name in _WRAPPERS and isinstance(plain, str | int | float):
        text = str(plain)
        if not _ACCEPTED[name].fullmatch(text):
            return None
        return cst.Call(cst.parse_expression(source.name_of(_WRAPPERS[name])), [cst.Arg(written(text))])
    if name == "bytes" and isinstance(plain, str) and isinstance(value, cst.SimpleString) and plain.isascii():
        return value.with_changes(value="b" + value.value.lstrip("uU"))
    if name == "str" and isinstance(plain, bytes) and isinstance(value, cst.SimpleString) and plain.isascii():
        return value.with_changes(value=re.sub("^[bB]|(?<=^[rR])[bB]", "", value.value))
    changed = _changed(plain, name)
    return None if changed is UNKNOWN else written(changed)


def _changed(plain: Any, name: str) -> Any:
    is_number = isinstance(plain, int | float) and not isinstance(plain, bool)
    try:
        match name, plain:
            case "int", str() | bytes():
                return int(plain)
            case "int", float() if plain.is_integer():
                return int(plain)
            case "int", bool():
                return int(plain)
            case "float", str() | int():
                return float(plain)
            case "str", _ if is_number:
                return str(plain)
            case "bool", 0 | 1:
                return bool(plain)
    except ValueError:
        return UNKNOWN
    return UNKNOWN


def _as_datetime(source: Source, value: cst.BaseExpression, *, is_aware: bool) -> cst.BaseExpression | None:
    if not isinstance(value, cst.Call):
        return None
    name = _DATES.get(dotted(value.func).rpartition(".")[2])
    if name is None:
        return None
    if not is_aware:
        return without(value, name)
    if name in entries(value) or len(value.args) > 7:
        raise Left("its time zone is already said in the source")
    return with_argument(value, name, cst.parse_expression(f"{source.name_of('datetime:timezone')}.utc"))
