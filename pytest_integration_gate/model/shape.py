"""Shapes: bounded pictures of values (SPEC section 6).

A shape says what kind of thing a value was when it was seen, never the value itself. Claims,
observations and annotations are all written in this one language, so that comparing any two of
them is one function, `pytest_integration_gate.model.comparison.fit`.
"""

from __future__ import annotations

from typing import TypeAlias

from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True)
class Anything:
    """Nothing is known: fits every shape, and every shape fits it."""


@dataclass(frozen=True, slots=True)
class Never:
    """No value was seen: the element of an empty container, and the neutral element of a join."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value that is pictured by its type alone.

    `name` is ``None``, ``bool``, ``int``, ``float``, ``complex``, ``str``, ``bytes``, ``bytearray``, ``Decimal``,
    ``Fraction``, ``aware datetime``, ``naive datetime``, ``date``, ``time``, ``timedelta``, ``UUID``, ``Path``,
    ``function``, ``class``, ``module`` and the like. `values` are the texts (`repr`) that a ``Literal`` annotation
    allows; it is empty for a seen value.
    """

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a record or an attribute of an object. `required` is False when some of the joined values lacked it."""

    name: str
    shape: Shape
    required: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping whose keys read as names: ``{id: int, email: str}``.

    `cls` is the canonical name of the class when it is not ``dict`` (``sqlite3:Row``). `fields` are sorted by name.
    `complete` is False when the picture was cut at a bound, so that a missing field proves nothing.
    """

    fields: tuple[Field, ...]
    cls: str = ""
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A mapping whose keys read as data: ``{str: int}``. The empty ``dict`` is ``Dictionary(Never(), Never())``."""

    key: Shape
    value: Shape
    cls: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Elements of one shape.

    `kind` is ``list``, ``tuple`` (of any arity), ``set``, ``frozenset``, ``deque``, ``generator``, ``iterator``,
    ``async generator``, ``async iterator``, or from an annotation ``iterable``, ``sequence``, ``collection``. What lazy
    kinds would yield is not known when they are seen: their element is `Anything`.
    """

    kind: str
    element: Shape


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple of known arity."""

    elements: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """An instance of a class, with the attributes that are known of it.

    `cls` is canonical (``shop.models:User``); `bases` are its other ancestors in method resolution order without
    ``object``. `fields` are instance attributes (``__dict__``, slots, dataclass fields), sorted. `supports` are the
    special methods that the type defines beyond ``object`` (``__len__``, ``__getitem__``, ``__enter__`` …). `complete`
    is False when there may be more attributes than were pictured. `duck` marks classes that stand for nothing but their
    attributes (``types.SimpleNamespace`` and its like). `members` are the public names that the class itself defines
    (methods, properties, class constants), sorted: together with `fields` they prove that an attribute is absent.
    """

    cls: str
    bases: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    supports: tuple[str, ...] = ()
    complete: bool = True
    duck: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Double:
    """A mock object as a value. `spec` is the canonical class that it stands for, empty when it has none.

    `fields` are the attributes that the test configured on it; what it invents by itself claims nothing.
    """

    spec: str = ""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Array:
    """An array or a data frame: class, element type and rank."""

    cls: str
    dtype: str
    rank: int


@dataclass(frozen=True, slots=True)
class Awaitable:
    """A coroutine, future or task. `result` is what awaiting it gave, `Anything` while that is unknown."""

    result: Shape
    cls: str = "coroutine"


@dataclass(frozen=True, slots=True)
class Union:
    """One of several shapes. Options are distinct, sorted by their printed text, and never unions themselves."""

    options: tuple[Shape, ...]


Shape: TypeAlias = (
    Anything | Never | Scalar | Record | Dictionary | Sequence | Tuple | Object | Double | Array | Awaitable | Union
)

ANYTHING = Anything()
NEVER = Never()
NONE = Scalar("None")
