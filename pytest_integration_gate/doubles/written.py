"""How a call was written: which arguments stood by position and which by keyword.

Inside a function every parameter has a name; the real function may call its parameters otherwise, so the claim needs
the arguments as the caller wrote them. The caller's bytecode says it: a call instruction counts its arguments and has
the names of the keywords before it.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import all, any, len, range, tuple, type, zip
from collections.abc import Mapping
from dis import opmap
from types import CodeType, FunctionType
from typing import Any

from pytest_integration_gate.values import dataclass

_NONE = -1  # no opcode
_CALL, _CALL_KW = opmap["CALL"], opmap.get("CALL_KW", _NONE)
_CALLS = frozenset({_CALL, _CALL_KW})
_STARRED = opmap["CALL_FUNCTION_EX"]
_KW_NAMES, _LOAD_CONST = opmap.get("KW_NAMES", _NONE), opmap["LOAD_CONST"]
_PRECALL, _CACHE, _EXTENDED = opmap.get("PRECALL", _NONE), opmap["CACHE"], opmap["EXTENDED_ARG"]


@dataclass(frozen=True, slots=True)
class Form:
    """The make of a call: the number of arguments without names, and the names of the others."""

    positional: int
    keywords: tuple[str, ...] = ()


# Of an instruction that is no call (an operator, the reading of a property): nobody names anything there.
NO_CALL = Form(-1)


def form_at(code: CodeType, lasti: int) -> Form | None:
    """Read how the call at an instruction is written; None when it hands on ``*args`` or ``**kwargs``."""
    bytecode = code.co_code
    at = _back_to(bytecode, lasti)
    operation = bytecode[at]
    if operation == _STARRED:
        return None
    if operation not in _CALLS:
        return NO_CALL
    count = _argument(bytecode, at)
    before = _back_to(bytecode, at - 2)
    if bytecode[before] == _PRECALL:
        before = _back_to(bytecode, before - 2)
    names: Any = ()
    if bytecode[before] == (_KW_NAMES if operation == _CALL else _LOAD_CONST):
        names = code.co_consts[_argument(bytecode, before)]
    return Form(count - len(names), names) if type(names) is tuple and len(names) <= count else None


def _back_to(bytecode: bytes, at: int) -> int:
    """Step back over inline caches to the instruction that they belong to."""
    while at > 0 and bytecode[at] == _CACHE:
        at -= 2
    return at


def _argument(bytecode: bytes, at: int) -> int:
    argument, shift = bytecode[at + 1], 8
    while at >= 2 and bytecode[at - 2] == _EXTENDED:
        at -= 2
        argument |= bytecode[at + 1] << shift
        shift += 8
    return argument


@dataclass(frozen=True, slots=True)
class Written:
    """Arguments as they were written. `is_certain` is False when the names are only those of the replacement."""

    positional: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    is_certain: bool = True


def arguments_of(
    function: FunctionType,
    code: CodeType,
    form: Form | None,
    values: tuple[Any, ...],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    receivers: int,
) -> Written:
    """Put the arguments of a call of `function` back into the form in which the caller wrote them.

    `code` is the function's own code, `values` what its named parameters got, `args` and `kwargs` what went into
    ``*args`` and ``**kwargs``; the first `receivers` are left out, because the caller did not write them.
    """
    count, total = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[:total]
    if receivers > count:
        args, receivers = args[receivers - count :], count
    extras = tuple(kwargs.items())
    places, places_names = values[receivers:count], names[receivers:count]
    by_name = tuple(
        (name, value)
        for name, value in zip(names[count:], values[count:], strict=True)
        if not _is_default(function.__kwdefaults__, name, value)
    )
    if args or not places or form is NO_CALL:
        return Written((*places, *args), (*by_name, *extras))
    if form is not None and _agrees(function, form, code, places_names, places, len(args), kwargs):
        named = tuple(
            (name, value)
            for name, value in zip(places_names[form.positional :], places[form.positional :], strict=True)
            if name in form.keywords
        )
        only = tuple((name, value) for name, value in zip(names[count:], values[count:], strict=True))
        return Written(places[: form.positional], (*named, *((n, v) for n, v in only if n in form.keywords), *extras))
    return Written((), (*zip(places_names, places, strict=True), *by_name, *extras), is_certain=False)


def _agrees(
    function: FunctionType,
    form: Form,
    code: CodeType,
    names: tuple[str, ...],
    values: tuple[Any, ...],
    surplus: int,
    kwargs: Mapping[str, Any],
) -> bool:
    """Whether a call that is written so can have brought these values; not so when somebody else made the call."""
    if form.positional > len(names) or (surplus and form.positional < len(names)):
        return False
    only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    known = {*names[form.positional :], *only, *kwargs}
    if any(name not in known for name in form.keywords) or any(name not in form.keywords for name in kwargs):
        return False
    defaults = function.__defaults__ or ()
    first = len(names) - len(defaults)
    return all(
        names[index] in form.keywords or (index >= first and values[index] is defaults[index - first])
        for index in range(form.positional, len(names))
    )


def _is_default(defaults: dict[str, Any] | None, name: str, value: Any) -> bool:
    return defaults is not None and name in defaults and value is defaults[name]
