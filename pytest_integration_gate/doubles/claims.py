"""From what was noted to claims: addresses, lines of source, and what the code does with what it got."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType
from typing import Any

from pytest_integration_gate.doubles.handles import is_part_of_file, opened_files
from pytest_integration_gate.doubles.identity import HeldClass, Identities, KeptFrom, NamedClass
from pytest_integration_gate.doubles.marks import Mark, Place, Root, is_universal
from pytest_integration_gate.doubles.meaning import as_far_as_read, is_meant, is_on_class
from pytest_integration_gate.doubles.notebook import HeardCall, Notebook, Position
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.claim import Claim, Unbound
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Arguments, Outcome, Site, Uses
from pytest_integration_gate.source.sites import site_of
from pytest_integration_gate.source.uses import uses_at
from pytest_integration_gate.values import dataclass

# Special methods whose result a test can mean; the others answer with a default that MagicMock invents.
_GIVES_VALUE = frozenset(("__enter__", "__aenter__", "__getitem__", "__next__", "__anext__", "__call__"))


# Nobody saw the code read it: it may look for names in it or go through all of its parts.
_UNSEEN = Uses(escapes=True, members=(("[*]", EVERYTHING),))


@dataclass(frozen=True, slots=True)
class HeardClaim:
    """A claim, with the real object at its root for whoever can describe it. `real` is not to be kept."""

    claim: Claim
    real: Any


class Interpreter:
    """Turns the notes of one test after the other into claims; remembers what it worked out about places in the
    source.

    `meets_reality` says whether there may be boundary tests that show what an unbound double stands for.
    """

    def __init__(
        self,
        book: Notebook,
        held_class: HeldClass = lambda owner, name, is_element: None,
        named_class: NamedClass = lambda annotation, module: None,
        kept_from: KeptFrom = lambda cls, attribute: None,
    ) -> None:
        self.meets_reality = True
        self._book = book
        self._identities = Identities(book.is_mock_class, held_class, named_class, kept_from)
        self._opened: dict[int, str] = {}
        self._sites: dict[Position, Site | None] = {}
        self._uses: dict[tuple[Position, ...], Uses] = {}

    def claims(self) -> tuple[tuple[HeardClaim, ...], tuple[Unbound, ...]]:
        """Return what the test that just stopped claimed, and the doubles that stand for nothing that is known."""
        book = self._book
        self._bind()
        self._opened = opened_files(book.calls)
        found: dict[Claim, Any] = {}
        unbound: dict[tuple[str, tuple[tuple[str, str], ...]], dict[tuple[Claim | None, str], None]] = {}
        called: set[tuple[str, tuple[str, ...]]] = set()
        for heard in book.calls:
            note = heard.note
            root = _root(note.mark)
            if root.foreign or heard.kind == "real" or is_universal(note.mark.path):
                continue
            if not root.target:
                if note.callers and root.double == "mock":
                    received = root.places if self.meets_reality else ()
                    claim = self._call_claim(heard, root) if received else None
                    unbound.setdefault((self.text(root.at), received), {})[claim, _dotted(note.mark.path)] = None
                continue
            if root.double != "mock" and not is_meant(note.mark, root, self._standing(note.callers)):
                continue
            claim = self._call_claim(heard, root)
            called.add((claim.root, claim.path))
            found.setdefault(claim, root.real)
        for mark, claim in self._read_claims():
            if (claim.root, claim.path) not in called:
                found.setdefault(claim, _root(mark).real)
        for claim, real in self._replace_claims():
            found.setdefault(claim, real)
        doubles = tuple(_unbound(at, received, list(said)) for (at, received), said in sorted(unbound.items()) if at)
        return tuple(HeardClaim(claim, real) for claim, real in found.items()), doubles

    def _bind(self) -> None:
        """Let bare mocks stand for what is said of them."""
        used = (heard.note.mark.root for heard in self._book.calls), (heard.mark.root for heard in self._book.reads)
        for root in {id(root): root for roots in used for root in roots}.values():
            if root is not None and not root.target and not root.foreign:
                self._identities.bind(root)

    def _call_claim(self, heard: HeardCall, root: Root) -> Claim:
        note = heard.note
        path = _as_instance_or_class(note.mark, root, (*note.mark.path, "()"))[:-1]
        last = path[-1][1:] if path else ""
        outcome = _outcome(heard)
        if last[:2] == "__" and last not in _GIVES_VALUE:
            outcome = Outcome(kind="unconfigured")
        if note.mark.is_property:
            return self._property_claim(heard, root, path)
        uses = self.uses_of(note.callers) if note.is_direct else EVERYTHING
        return Claim(
            root=root.target,
            path=path,
            action="call",
            arguments=Arguments(
                positional=tuple(argument(value) for value in note.positional),
                keywords=tuple(sorted((name, argument(value, name)) for name, value in note.keywords)),
                bound=note.is_bound,
            ),
            outcome=as_far_as_read(outcome, uses),
            uses=uses,
            at=self.text(note.mark.configured_at or root.at or note.mark.made_at),
            site=self.site(note.callers),
            takes_self=root.takes_self and path == root.prefix,
            on_class=note.is_direct and is_on_class(root, path, self._standing(note.callers)),
            owner=self._opened.get(id(root), "") if is_part_of_file(root, note.mark.path) else "",
            double=root.double,
            inferred=root.reason,
        )

    def _property_claim(self, heard: HeardCall, root: Root, path: tuple[str, ...]) -> Claim:
        """A `PropertyMock` is called without arguments when its attribute is read, with the value when it is set."""
        note = heard.note
        return Claim(
            root=root.target,
            path=path,
            action="read",
            outcome=None if note.positional else _outcome(heard),
            uses=self.uses_of(note.callers) if note.is_direct else EVERYTHING,
            at=self.text(note.mark.configured_at or root.at or note.mark.made_at),
            site=self.site(note.callers),
            double=root.double,
            inferred=root.reason,
        )

    def _read_claims(self) -> Iterator[tuple[Mark, Claim]]:
        for heard in self._book.reads:
            root = _root(heard.mark)
            path = heard.mark.path  # empty when the attribute was itself patched in somewhere
            if root.target and not root.foreign and path and path[-1][:3] != ".__":
                yield (
                    heard.mark,
                    Claim(
                        root=root.target,
                        path=_as_instance_or_class(heard.mark, root, heard.mark.path),
                        action="read",
                        uses=self.uses_of(heard.callers) if heard.is_direct else EVERYTHING,
                        at=self.text(root.at or heard.mark.made_at),
                        site=self.site(heard.callers),
                        inferred=root.reason,
                    ),
                )
        given = {mark for marks in self._book.given.values() for mark in marks if not mark.is_child}
        for mark in self._book.marks:
            root = _root(mark)
            if not root.target or root.foreign or (mark.derived is not None and root is mark.derived[0]):
                continue
            if mark in given and mark.spec is None:
                continue  # what a returned double was given is part of the outcome that returned it
            for name, (noted, at) in mark.attributes.items():
                value = argument(noted, name)
                yield (
                    mark,
                    Claim(
                        root=root.target,
                        path=_as_instance_or_class(mark, root, (*mark.path, f".{name}")),
                        action="read",
                        outcome=Outcome(kind="returned", shape=value.shape, text=value.text),
                        uses=_UNSEEN,
                        at=self.text(at or root.at),
                        inferred=root.reason,
                    ),
                )

    def _replace_claims(self) -> Iterator[tuple[Claim, Any]]:
        """A patch that had to create the name claims that the name exists."""
        for patch in self._book.patches:
            if patch.is_missing and not patch.foreign:
                root, real, path = patch.address()
                if root:
                    yield Claim(root=root, path=path, action="replace", at=self.text(patch.at)), real

    def site(self, callers: tuple[Position, ...]) -> Site | None:
        """Return the call site of the innermost of some positions."""
        if not callers:
            return None
        first = callers[0]
        if first not in self._sites:
            self._sites[first] = site_of(self._book.codes[first[0]], first[1], self._book.project)
        return self._sites[first]

    def _standing(self, callers: tuple[Position, ...]) -> tuple[CodeType, int] | None:
        return (self._book.codes[callers[0][0]], callers[0][1]) if callers else None

    def uses_of(self, callers: tuple[Position, ...]) -> Uses:
        """Return what the code at some positions does with the value that it gets."""
        if not callers:
            return EVERYTHING
        if callers not in self._uses:
            self._uses[callers] = uses_at([(self._book.codes[code], lasti) for code, lasti in callers])
        return self._uses[callers]

    def text(self, at: Place | None) -> str:
        """Write a place as ``file:line``, empty for none."""
        return "" if at is None else f"{self._book.project.relative(at[0])}:{at[1]}"


def _unbound(at: str, received: tuple[tuple[str, str], ...], said: list[tuple[Claim | None, str]]) -> Unbound:
    return Unbound(
        at=at,
        names=tuple(sorted({name for _, name in said})),
        received=received,
        claims=tuple(claim for claim, _ in said if claim is not None),
    )


def _root(mark: Mark) -> Root:
    return mark.root if mark.root is not None else Root()


def _as_instance_or_class(mark: Mark, root: Root, path: tuple[str, ...]) -> tuple[str, ...]:
    """Read ``Mock(spec=C)`` as the class itself when it is called and instances of C cannot be.

    A mock that stands for an instance because of where it is held was located before that was known.
    """
    if root.is_inferred:
        return (*root.beneath, *path)
    is_instance = root.prefix == ("()",) and isinstance(root.real, type) and not root.is_patch
    if is_instance and path[:2] == ("()", "()") and not any("__call__" in vars(cls) for cls in root.real.__mro__):
        return path[1:]
    return path


def _outcome(heard: HeardCall) -> Outcome:
    if heard.kind == "raised":
        return Outcome(kind="raised", shape=heard.value, awaiting=heard.awaiting)
    if heard.kind == "unconfigured":
        return Outcome(kind="unconfigured", awaiting=heard.awaiting)
    value = argument(heard.value)
    kind = "awaited" if heard.awaiting else "returned"
    return Outcome(kind=kind, shape=value.shape, text=value.text, awaiting=heard.awaiting)  # type: ignore[arg-type]


def argument(noted: Any, name: str = "") -> Argument:
    """Picture what a note holds: an atom with its type, or a picture that was taken when it was noted."""
    return noted if type(noted) is Argument else argument_of(noted[1], name)


def _dotted(path: tuple[str, ...]) -> str:
    return "".join(path).lstrip(".")
