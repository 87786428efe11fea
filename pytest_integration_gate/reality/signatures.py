"""What a callable takes, and what calling it gives, without calling it."""

from __future__ import annotations

import functools
import inspect
import io
import types
import typing

from pytest_integration_gate.model.capture import picture
from pytest_integration_gate.model.fact import Parameter, ParameterKind, Signature
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NONE,
    Anything,
    Awaitable,
    Object,
    Scalar,
    Sequence,
    Shape,
    Union,
)
from pytest_integration_gate.reality.annotations import class_shape, shape_of_annotation
from pytest_integration_gate.reality.assignments import shape_of_results
from pytest_integration_gate.reality.hints import annotations_of, names_for
from pytest_integration_gate.reality.passing import passes_on, returns_itself, returns_plain
from pytest_integration_gate.values import dataclass

_KINDS: dict[object, ParameterKind] = {
    inspect.Parameter.POSITIONAL_ONLY: "positional",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "standard",
    inspect.Parameter.VAR_POSITIONAL: "args",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_KEYWORD: "kwargs",
}
_TAKES_ANYTHING = (
    Parameter(name="args", kind="args", required=False),
    Parameter(name="kwargs", kind="kwargs", required=False),
)
_builtin_callables = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.MethodWrapperType,
)
_cache_wrapper = type(functools.lru_cache(lambda: None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Callable:
    """What is known of a callable. The fields mean what those of `Fact` mean."""

    signature: Signature | None = None
    inner: Signature | None = None
    asynchronous: bool | None = None
    generator: bool = False
    returns: Shape = ANYTHING


UNKNOWN = Callable()
_ENTER_FILE = vars(io.IOBase.__mro__[1])["__enter__"]  # in C: gives the file itself, and so for responses of HTTP


def describe_callable(value: object, *, bound: bool, owner: type | None = None) -> Callable:
    """Describe a raw callable as its caller meets it.

    `bound` says that an instance or class is passed first without the caller writing it. `owner` is the class through
    which it was reached.
    """
    kind = type(value)
    if kind in (staticmethod, classmethod):
        return describe_callable(value.__func__, bound=kind is classmethod, owner=owner)  # type: ignore[attr-defined]
    if kind is types.MethodType:
        return describe_callable(value.__func__, bound=True, owner=owner)  # type: ignore[attr-defined]
    if kind is functools.partialmethod:
        method = typing.cast("functools.partialmethod[object]", value)
        return _of_partial(functools.partial(method.func, *method.args, **method.keywords), bound, owner)
    if kind is functools.partial:
        return _of_partial(typing.cast("functools.partial[object]", value), bound, owner)
    if kind is _cache_wrapper:
        return describe_callable(value.__wrapped__, bound=bound, owner=owner)  # type: ignore[attr-defined]
    if kind is types.FunctionType:
        return _of_function(typing.cast(types.FunctionType, value), bound, owner)
    if kind in _builtin_callables:
        itself = class_shape(owner) if owner is not None and bound and value is _ENTER_FILE else ANYTHING
        return Callable(signature=read_signature(value, bound=bound), returns=itself)
    return UNKNOWN


def read_signature(
    value: object, *, bound: bool, owner: type | None = None, annotations: bool = True
) -> Signature | None:
    """Give the signature of the outermost callable, ``__wrapped__`` not followed; None when it has none."""
    try:
        signature = inspect.signature(value, follow_wrapped=False)  # type: ignore[arg-type]
    except Exception:
        return None
    parameters = list(signature.parameters.values())
    if bound:
        if not parameters or parameters[0].kind is inspect.Parameter.KEYWORD_ONLY:
            return None
        if parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
            parameters = parameters[1:]
    names: dict[str, object] = {}
    found: dict[str, object] = {}
    if annotations and type(value) is types.FunctionType:
        found, names = annotations_of(value), names_for(value)
    return Signature(
        parameters=tuple(
            Parameter(
                name=p.name,
                kind=_KINDS[p.kind],
                required=p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD),
                default=None if p.default is p.empty else picture(p.default, p.name)[1],
                annotation=_parameter_shape(found[p.name], p.default, owner, names) if p.name in found else ANYTHING,
            )
            for p in parameters
        )
    )


def _parameter_shape(annotation: object, default: object, owner: type | None, names: dict[str, object]) -> Shape:
    shape = shape_of_annotation(annotation, owner=owner, namespace=names, depth=0)
    # `x: str = None` allows None, whatever the annotation says
    return ANYTHING if default is None and not _allows_none(shape) else shape


def _allows_none(shape: Shape) -> bool:
    return NONE in (shape.options if isinstance(shape, Union) else (shape,))


def _of_partial(partial: functools.partial[object], bound: bool, owner: type | None) -> Callable:
    held = describe_callable(partial.func, bound=bound, owner=owner)
    signature = held.inner or held.signature
    if signature is None:
        return held
    given = len(partial.args)
    parameters: list[Parameter] = []
    for parameter in signature.parameters:
        if given and parameter.kind in ("positional", "standard"):
            given -= 1
            continue
        if parameter.name in partial.keywords:  # may be given again, by name only, and so may what follows
            parameter = Parameter(name=parameter.name, kind="keyword", required=False, annotation=parameter.annotation)
        elif any(p.kind == "keyword" for p in parameters) and parameter.kind == "standard":
            parameter = Parameter(
                name=parameter.name, kind="keyword", required=parameter.required, annotation=parameter.annotation
            )
        elif any(p.kind == "keyword" for p in parameters) and parameter.kind == "args":
            continue
        parameters.append(parameter)
    if given and not any(p.kind == "args" for p in parameters):
        return UNKNOWN
    return Callable(
        signature=Signature(parameters=tuple(parameters)),
        asynchronous=held.asynchronous,
        generator=held.generator,
        returns=held.returns,
    )


def _of_function(function: types.FunctionType, bound: bool, owner: type | None) -> Callable:
    if "__signature__" in function.__dict__ or "__isabstractmethod__" in function.__dict__:
        described = _plainly(function, bound, owner)
        fixed = "__isabstractmethod__" in function.__dict__
        return described if fixed else Callable(signature=None, asynchronous=described.asynchronous)
    wrapped = function.__dict__.get("__wrapped__")
    if wrapped is None:
        return _plainly(function, bound, owner)
    outer = read_signature(function, bound=bound, owner=owner, annotations=False)
    manager = _made_by_contextlib(function)
    if manager is not None:
        held = describe_callable(wrapped, bound=bound, owner=owner)
        return Callable(signature=outer, inner=held.signature, asynchronous=False, returns=manager)
    arguments, result = passes_on(function, wrapped)
    held = describe_callable(wrapped, bound=bound, owner=owner) if arguments or result else UNKNOWN
    flags = function.__code__.co_flags
    coroutine = bool(flags & inspect.CO_COROUTINE)
    if flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
        return Callable(
            signature=outer, inner=held.inner or held.signature, generator=True,
            asynchronous=bool(flags & inspect.CO_ASYNC_GENERATOR),
        )  # fmt: skip
    return Callable(
        signature=outer,
        inner=(held.inner or held.signature) if arguments else None,
        asynchronous=True if coroutine else held.asynchronous if result else None,
        generator=held.generator if result else False,
        returns=held.returns if result else ANYTHING,
    )


def _plainly(function: types.FunctionType, bound: bool, owner: type | None) -> Callable:
    """Describe a function that wraps nothing."""
    annotations = annotations_of(function)
    declared = "return" in annotations
    returns = (
        shape_of_annotation(annotations["return"], owner=owner, namespace=names_for(function)) if declared else ANYTHING
    )
    flags = function.__code__.co_flags
    signature = read_signature(function, bound=bound, owner=owner)
    if flags & inspect.CO_ASYNC_GENERATOR:
        element = returns.element if isinstance(returns, Sequence) else ANYTHING
        return Callable(
            signature=signature, asynchronous=True, generator=True, returns=Sequence("async generator", element)
        )
    if flags & inspect.CO_GENERATOR and not flags & inspect.CO_ITERABLE_COROUTINE:
        element = returns.element if isinstance(returns, Sequence) else ANYTHING
        return Callable(signature=signature, asynchronous=False, generator=True, returns=Sequence("generator", element))
    if inspect.iscoroutinefunction(function):  # markcoroutinefunction too
        return Callable(signature=signature, asynchronous=True, returns=returns)
    if flags & inspect.CO_ITERABLE_COROUTINE:
        return Callable(signature=signature)
    known = declared and never_awaitable(returns)
    if not declared and owner is not None and bound and returns_itself(function):
        returns = class_shape(owner)
        known = never_awaitable(returns)
    elif not declared:
        returns = shape_of_results(function)
        known = returns_plain(function) or never_awaitable(returns)
    return Callable(signature=signature, asynchronous=False if known else None, returns=returns)


def never_awaitable(shape: Shape) -> bool:
    """Say whether no value of a shape can be awaited."""
    if isinstance(shape, Union):
        return all(never_awaitable(option) for option in shape.options)
    if isinstance(shape, Object):
        return "__await__" not in shape.supports and bool(shape.cls)
    return not isinstance(shape, Anything | Awaitable) and shape != Scalar("function")


def _made_by_contextlib(function: types.FunctionType) -> Object | None:
    """The manager object that a ``contextmanager`` or ``asynccontextmanager`` function gives."""
    if function.__code__.co_filename != _CONTEXTLIB or function.__code__.co_name != "helper":
        return None
    if "_AsyncGeneratorContextManager" in function.__code__.co_names:
        return Object(
            "contextlib:_AsyncGeneratorContextManager",
            ("contextlib:_GeneratorContextManagerBase",),
            supports=("__aenter__", "__aexit__", "__call__"),
            complete=False,
        )
    return Object(
        "contextlib:_GeneratorContextManager",
        ("contextlib:_GeneratorContextManagerBase",),
        supports=("__call__", "__enter__", "__exit__"),
        complete=False,
    )


def _contextlib_file() -> str:
    import contextlib

    return contextlib.contextmanager.__code__.co_filename


_CONTEXTLIB = _contextlib_file()
