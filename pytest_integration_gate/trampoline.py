"""Watching a Python function by giving it another ``__code__``.

The function object stays the one that everybody holds: modules that imported it, bound methods, decorators. Only its
code is swapped for a trampoline with the same signature that tells a `Call` what goes in and what comes out. Swapping
back is one assignment, so outside boundary tests every function runs its own code.

A trampoline is always a plain function, but carries the flags of what it stands for, so that ``inspect`` sees a
generator or coroutine function. It runs at the call itself, and gives the caller the generator or coroutine that is
expected.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from functools import cache
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_ITERABLE_COROUTINE, CO_VARARGS, CO_VARKEYWORDS
from sys import get_asyncgen_hooks, set_asyncgen_hooks
from types import CodeType, FunctionType
from typing import Any, Protocol, TypeAlias

# `warnings.warn(stacklevel=…)` and `logging` count past frames of files that are called so, hence past trampolines.
_FILENAME = f"{__file__} (like importlib._bootstrap)"
_KINDS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_TARGET = 2  # its place among the constants of a trampoline


class Call(Protocol):
    """One call under way, as its trampoline tells it. None of the methods may raise."""

    def returned(self, value: Any) -> None:
        """Hear that the call, the awaiting or the iterating ended with a value."""

    def raised(self) -> None:
        """Hear that it ended with ``sys.exception()``."""

    def resumed(self) -> None:
        """Hear that the body of a generator or coroutine runs (on)."""

    def yielded(self, value: Any) -> None:
        """Hear that the body of a generator gave an element and stands still."""

    def thrown(self) -> None:
        """Hear that the consumer throws an exception into the generator."""


# Hears the values of all named parameters in order of definition, `*args` and `**kwargs`; the caller is two frames up.
# None when nobody wants to know what comes out.
Enter: TypeAlias = Callable[[tuple[Any, ...], tuple[Any, ...], Mapping[str, Any]], Call | None]


class Trampoline:
    """A function with both of its codes."""

    __slots__ = ("function", "original", "replacement")

    def __init__(self, function: FunctionType, enter: Enter) -> None:
        self.function = function
        self.original = function.__code__
        self.replacement = _replacement(function, enter)

    def install(self) -> None:
        """Give the function the code that is listened to, unless somebody else has swapped it meanwhile."""
        if self.function.__code__ is self.original:
            self.function.__code__ = self.replacement

    def uninstall(self) -> None:
        """Give the function its own code back."""
        if self.function.__code__ is self.replacement:
            self.function.__code__ = self.original


def code_of(function: FunctionType) -> CodeType:
    """Return the code that a function was written with, also while it is watched."""
    code = function.__code__
    while code.co_filename == _FILENAME:
        # `_replacement` has put the target there, between the constants that stand in one tuple (`_template`).
        (constants,) = (part for part in code.co_consts if type(part) is tuple and part and part[0] is True)
        code = constants[_TARGET].__code__
    return code


def obstacle(function: FunctionType) -> str:
    """Say why a function cannot be watched; empty when it can."""
    if function.__code__.co_flags & CO_ITERABLE_COROUTINE:
        return "it is a generator that is also awaitable"
    return ""


def _replacement(function: FunctionType, enter: Enter) -> CodeType:
    code = function.__code__
    posonly, positional, kwonly = code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount
    varargs, varkeywords = bool(code.co_flags & CO_VARARGS), bool(code.co_flags & CO_VARKEYWORDS)
    kind = code.co_flags & _KINDS
    template = _template(posonly, positional, kwonly, varargs, varkeywords, len(code.co_freevars), kind)
    arity = positional + kwonly + varargs + varkeywords
    names = code.co_varnames[:arity]
    target = FunctionType(code, function.__globals__, function.__name__, None, function.__closure__)
    target.__qualname__ = function.__qualname__
    constants: dict[str, Any] = {f"p{index}": names[index] for index in range(positional, positional + kwonly)}
    constants |= {"@enter": enter, "@target": target, "@companion": _companion(function, kind)}
    return _disguised(template, code).replace(
        co_consts=tuple(_filled(constant, constants) for constant in template.co_consts),
        # No parameter can have a name with an @; `__tracebackhide__` is what pytest looks for.
        co_varnames=names + tuple(n if n[0] == "_" else f"@{n}" for n in template.co_varnames[arity:]),
        co_freevars=code.co_freevars,
        co_flags=template.co_flags | kind,
    )


def _filled(constant: Any, constants: dict[str, Any]) -> Any:
    if type(constant) is str:
        return constants.get(constant, constant)
    if type(constant) is tuple:
        return tuple(_filled(part, constants) for part in constant)
    return constant


def _disguised(code: CodeType, original: CodeType) -> CodeType:
    """Let code pass for that of another function: its name, its first line, and no line of its own."""
    units = len(code.co_code) // 2
    # A location entry for each run of up to eight code units: no columns, line difference 0 (CPython's locations.md).
    table = b"".join(bytes((0xE8 | min(8, units - start) - 1, 0)) for start in range(0, units, 8))
    return code.replace(
        co_name=original.co_name,
        co_qualname=original.co_qualname,
        co_filename=_FILENAME,
        co_firstlineno=original.co_firstlineno,
        co_linetable=table,
    )


@cache
def _template(
    posonly: int, positional: int, kwonly: int, varargs: bool, varkeywords: bool, free: int, kind: int
) -> CodeType:
    """Compile a trampoline for one make of signature; its strings and names are filled in for each function.

    The trampoline runs with the globals and builtins of the function, so it must not look up any name.
    """
    named = [f"p{index}" for index in range(positional + kwonly)]
    star, stars = ["*args"] * varargs, ["**kwargs"] * varkeywords
    marker = star or ["*"] * bool(kwonly)
    slash = ["/"] * bool(posonly)
    parameters = [*named[:posonly], *slash, *named[posonly:positional], *marker, *named[positional:], *stars]
    handed = ", ".join([*named[:positional], *star, *(f"{name}={name}" for name in named[positional:]), *stars])
    values = "".join(f"{name}, " for name in named)
    body = [
        f"call = enter(({values}), {'args' if varargs else '()'}, {'kwargs' if varkeywords else '{}'})",
        "if call is None:",
        f"    return target({handed})",
    ]
    if kind in (CO_GENERATOR, CO_ASYNC_GENERATOR):
        body += [f"return companion(call, target({handed}))"]
    elif kind == CO_COROUTINE:
        # The target is called inside: a second coroutine would also complain when nobody awaits it.
        body += [f"return companion(call, target, {handed})"]
    else:
        body += [
            "try:",
            f"    result = target({handed})",
            "except:",
            "    call.raised()",
            "    raise",
            "call.returned(result)",
            "return result",
        ]
    # Constants that are not called directly, because the compiler warns of strings that are.
    lines = ["__tracebackhide__, enter, target, companion = True, '@enter', '@target', '@companion'", *body]
    cells = ", ".join(f"c{index}" for index in range(free))
    if free:  # code that goes with a closure must also take the cells into its frame
        lines.insert(0, f"nonlocal {cells}")
    source = f"def outer({cells}):\n    def trampoline({', '.join(parameters)}):\n"
    source += "".join(f"        {line}\n" for line in lines)
    return _inner(_inner(compile(source, "<trampoline>", "exec")))


def _inner(code: CodeType) -> CodeType:
    (inner,) = (part for part in code.co_consts if type(part) is CodeType)
    return inner


def _companion(function: FunctionType, kind: int) -> FunctionType | None:
    """Make the generator or coroutine function that stands between the caller and the body."""
    inner = {CO_GENERATOR: _iterate, CO_COROUTINE: _await, CO_ASYNC_GENERATOR: _iterate_async}.get(kind)
    if inner is None:
        return None
    companion = FunctionType(_disguised(inner.__code__, function.__code__), inner.__globals__, function.__name__)
    companion.__qualname__ = function.__qualname__
    return companion


def _iterate(call: Call, body: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    # `yield from` with an ear (PEP 380): what is sent or thrown goes through, GeneratorExit like any other exception.
    __tracebackhide__ = True
    sent = thrown = None
    elements: list[Any] = []  # holds an element no longer than the body itself would
    try:
        while True:
            call.resumed()
            if thrown is None:
                elements.append(body.send(sent))
            else:
                errors, thrown = [thrown], None
                elements.append(body.throw(errors.pop()))
            call.yielded(elements[0])
            try:
                sent = yield elements.pop()
            except BaseException as error:
                call.thrown()
                sent, thrown = None, error
    except StopIteration as stop:
        call.returned(None)
        return stop.value
    except BaseException:
        call.raised()
        raise


async def _iterate_async(call: Call, body: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    # The same for asynchronous generators (PEP 525). The event loop is to know only this one, which closes the body.
    __tracebackhide__ = True
    elements: list[Any] = []
    steps = [_started(body)]
    try:
        while True:
            call.resumed()
            elements.append(await steps.pop())
            call.yielded(elements[0])
            try:
                steps.append(body.asend((yield elements.pop())))
            except BaseException as error:
                call.thrown()
                steps.append(body.athrow(error))
    except StopAsyncIteration:
        call.returned(None)
    except BaseException:
        call.raised()
        raise


def _started(body: AsyncGenerator[Any, Any]) -> Awaitable[Any]:
    """Make the first step of an asynchronous generator, without the event loop's hooks taking note of it."""
    hooks = get_asyncgen_hooks()
    set_asyncgen_hooks(None, None)
    try:
        return body.asend(None)
    finally:
        set_asyncgen_hooks(*hooks)


async def _await(call: Call, target: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    __tracebackhide__ = True
    call.resumed()
    try:
        value = await target(*args, **kwargs)
    except BaseException:
        call.raised()
        raise
    call.returned(value)
    return value
