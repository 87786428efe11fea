"""One call, as both a claim and an observation describe it."""

from __future__ import annotations

from typing import Literal

from pytest_integration_gate.model.shape import ANYTHING, Shape
from pytest_integration_gate.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a call.

    `text` is the normalised, masked literal of small plain data, for comparing arguments with each other. It is None
    when the value is not plain data; such an argument equals nothing.
    """

    shape: Shape
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments of a call as they were written: without ``self`` or ``cls``, defaults not filled in.

    An observation made inside the callee knows every parameter by name; it puts all of them into `keywords` and says
    so with `bound`. ``*args`` then stand in `positional`.
    """

    positional: tuple[Argument, ...] = ()
    keywords: tuple[tuple[str, Argument], ...] = ()
    bound: bool = False


OutcomeKind = Literal["returned", "awaited", "raised", "yielded", "unconfigured", "real"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a call.

    ``returned``      a value came back (`shape`); a coroutine that nobody awaited is ``returned`` with an `Awaitable`
    ``awaited``       the call was asynchronous and awaiting it gave `shape`
    ``raised``        `shape` is the `Object` of the exception; `awaiting` says whether it came out of an await
    ``yielded``       the call gave a generator and iterating it gave elements of `shape`
    ``unconfigured``  the double invented a child mock: it claims nothing about the value
    ``real``          the double passed the call on (``wraps=``, ``mocker.spy``): it claims nothing at all

    `text` is the literal of a small plain value, normalised and masked as in `Argument`.
    """

    kind: OutcomeKind
    shape: Shape = ANYTHING
    text: str | None = None
    awaiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The first-party call expression that used a double or the real thing.

    `file` is relative to the root directory with forward slashes. `call` is the source text of the call, with white
    space folded; together with `function` it identifies the site, so that moved lines do not lose evidence.
    """

    file: str
    function: str
    call: str
    line: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two sites the same one."""
        return (self.file, self.function, self.call)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What the source code at a call site does with the value that it received.

    `operations` are names of special methods that the code needs: ``__len__``, ``__getitem__`` (an integer index or a
    slice), ``__next__``, ``__iter__``, ``__enter__``, ``__aenter__``, ``__aiter__``, ``__await__``, ``__call__``,
    ``__contains__`` … and ``__format__`` where it is made a text, with ``number`` or ``strftime`` where the format asks
    for that. ``none`` and ``truth`` say that the code asks whether it is None, or true.
    `members` are reads of parts: ``.name`` for an attribute, ``['key']`` for a constant key, ``[0]`` for a constant
    index, ``[*]`` for an element met by iterating or by a computed index or key; each with what is done with that part.
    `escapes` is True when the value also goes where the analysis does not follow (returned, stored, passed on): then
    everything counts as read, and `operations` and `members` are only what is known for certain.
    """

    escapes: bool = True
    operations: frozenset[str] = frozenset()
    members: tuple[tuple[str, Uses], ...] = ()

    def spells(self, key: str) -> bool:
        """Whether the code names a key of the value in so many words."""
        return any(name == f"[{key!r}]" for name, _ in self.members)

    def of(self, member: str) -> Uses | None:
        """What is done with one part, None when it is certainly not read."""
        for name, uses in self.members:
            if name == member:
                return uses
        return EVERYTHING if self.escapes else None


EVERYTHING = Uses()
ASKED = frozenset({"none", "truth"})
"""The operations that every value supports, and answers according to what it is."""
