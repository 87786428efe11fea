"""Fuzzing the capture of shapes: objects that resist are pictured without a single call of their code."""

from __future__ import annotations

import contextlib
from collections import OrderedDict, UserDict, defaultdict, deque
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from pytest_integration_gate.model.capture import picture, shape_of
from pytest_integration_gate.model.codec import from_data, to_data
from pytest_integration_gate.model.comparison import fit
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.model.text import text_of

SPECIAL = (
    "__repr__ __str__ __eq__ __ne__ __hash__ __len__ __bool__ __iter__ __next__ __contains__ __getitem__"
    " __call__ __enter__ __exit__ __lt__ __int__ __index__ __float__ __bytes__ __format__ __dir__ __reduce__"
    " __reduce_ex__ __getattr__ __getattribute__ __sizeof__ __fspath__ __length_hint__ __reversed__ __await__"
    " __aiter__ __anext__ __copy__ __deepcopy__ keys items values get"
).split()
BASES: tuple[type, ...] = (
    object,
    dict,
    list,
    tuple,
    set,
    str,
    int,
    float,
    bytes,
    deque,
    OrderedDict,
    defaultdict,
    UserDict,
    Exception,
)
OF_CLASSES = (
    "__getattribute__ __getattr__ __instancecheck__ __subclasscheck__ __eq__ __ne__ __hash__ __repr__ __str__ __len__"
    " __bool__ __iter__ __contains__ __getitem__ __call__ __dir__ __or__ __ror__ __sizeof__ __reduce__ __subclasses__"
).split()

called: list[str] = []


def _trap(name: str, raises: bool) -> Any:
    def method(self: object, *args: object, **kwargs: object) -> object:
        called.append(name)
        if raises:
            raise RuntimeError(name)
        return self

    return method


armed: list[bool] = []


def _trap_of_class(name: str) -> Any:
    """A trap in a metaclass. It is set only while a picture is taken: hypothesis compares and prints classes."""

    def method(cls: type, *args: object, **kwargs: object) -> object:
        if armed or not hasattr(type, name):
            called.append(f"type.{name}")
            raise AttributeError(name)
        return getattr(type, name)(cls, *args, **kwargs)

    return method


class _Lying:
    """Stands where annotations or fields are expected, and answers nothing."""

    def __getattribute__(self, name: str) -> object:
        if armed:
            called.append(f"lying {name}")
        raise AttributeError(name)

    __iter__ = __eq__ = __hash__ = __repr__ = __len__ = __bool__ = __contains__ = _trap("lying", True)


@st.composite
def hostile_objects(draw: st.DrawFn) -> Any:
    """An instance of a class that overrides some of everything, with attributes and slots that hold anything."""
    base = draw(st.sampled_from(BASES))
    names = draw(st.sets(st.sampled_from(SPECIAL), max_size=12))
    namespace: dict[str, Any] = {name: _trap(name, draw(st.booleans())) for name in names}
    if draw(st.booleans()):
        namespace["__class__"] = property(_trap("__class__", True))
    if draw(st.booleans()):
        namespace["lazy"] = property(_trap("lazy", True))
    if base is object and draw(st.booleans()):
        namespace["__slots__"] = ("one", "two")
    if draw(st.booleans()):
        namespace["__annotations__"] = {"one": _Lying(), "lazy": "no such name"}
        namespace["__dataclass_fields__"] = _Lying()
    metaclass = type(base)
    if draw(st.booleans()):
        traps = draw(st.sets(st.sampled_from(OF_CLASSES), min_size=1, max_size=6))
        metaclass = type("Meta", (metaclass,), {name: _trap_of_class(name) for name in traps})
    cls = type.__call__(metaclass, "Hostile", (base,), namespace)
    instance = base.__new__(cls)
    with contextlib.suppress(Exception):
        object.__setattr__(instance, "one", draw(st.none() | st.integers() | st.text(max_size=3)))
    if draw(st.booleans()):
        with contextlib.suppress(Exception):
            object.__setattr__(instance, "two", instance)
    return instance


def containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Put hostile things into ordinary containers."""
    return st.one_of(
        st.lists(children, max_size=4),
        st.lists(children, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=4) | st.integers(), children, max_size=4),
        children.map(lambda value: iter([value])),
        children.map(lambda value: (each for each in [value])),
    )


VALUES = st.recursive(hostile_objects() | st.none() | st.integers() | st.text(max_size=5), containers, max_leaves=12)


@given(VALUES)
@settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_code_of_the_value_runs(value: Any) -> None:
    """Whatever a class overrides, its picture is taken, fits itself, can be printed and survives encoding."""
    called.clear()
    armed.append(True)
    shape, text = picture(value, name="anything")
    armed.clear()
    assert called == []
    assert text is None or type(text) is str
    assert fit(shape, shape) == ()
    assert len(text_of(shape)) < 1000
    argument = Argument(shape=shape, text=text)
    assert from_data(Argument, to_data(argument)) == argument
    assert called == []


@given(st.integers(min_value=2, max_value=200))
@settings(max_examples=20, deadline=None, database=None)
def test_depth_and_cycles_are_bounded(depth: int) -> None:
    """A value nested in itself, directly or over many steps, has a small picture."""
    value: list[Any] = []
    inner = value
    for _ in range(depth):
        inner.append([])
        inner = inner[0]
    inner.append(value)
    assert len(text_of(shape_of(value))) < 1000


@pytest.mark.parametrize("kind", [dict, list, set, str, bytes])
def test_a_subclass_that_lies_about_its_length_is_read_by_its_base(kind: type) -> None:
    """Base-class methods read subclasses of builtins, not the overridden ones."""
    cls = type("Liar", (kind,), {"__len__": lambda self: 1 / 0, "__iter__": lambda self: 1 / 0})
    assert text_of(shape_of(cls()))
