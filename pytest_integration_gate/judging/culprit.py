"""The culprit: which changed file broke a test that it should not have touched (SPEC section 11)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from heapq import heappop, heappush
from typing import Literal, TypeAlias

from pytest_integration_gate.model.change import Change
from pytest_integration_gate.model.failure import Failure
from pytest_integration_gate.source.import_graph import ImportGraph, Need, is_of_tests
from pytest_integration_gate.values import dataclass

# How far one step leads away from the test. What is only likely counts as farther than what is certain.
_COSTS = {
    "import": 2,
    "conftest": 3,
    "run": 3,
    "text": 3,
    "named": 4,
    "package": 5,
    "pattern": 6,
    "dynamic": 20,
    "traceback": 30,
}

Carry = Literal["yes", "unknown", "no", "nothing"]
"""Whether a change carries to a test as far as names tell; ``nothing``: nothing changed that was there before."""

_LIKELIEST_FIRST: tuple[Carry, ...] = ("yes", "unknown", "no", "nothing")
_GUESSED = frozenset({"pattern", "dynamic", "traceback"})
_DOCUMENTS = (".md", ".rst", ".gitignore", "gate.yaml", "LICENSE")
_FOLDERS_OF_DOCUMENTS = ("", "docs", "doc", ".github", "changelog.d")
# What comes from outside may fail by itself; so may a process that dies.
_FROM_OUTSIDE = (
    "BrokenPipeError",
    "ConnectError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "MemoryError",
    "Timeout",
    "TimeoutError",
    "TimeoutExpired",
    "URLError",
    "crash",
    "gaierror",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """What broke a test: a module by its dotted name, a conftest or data file by its path.

    `chain` leads from the test's file to it. `is_certain` says that nothing else can have done it. `others` are further
    changed files that the test reaches, the likeliest first.
    """

    name: str
    chain: tuple[str, ...]
    is_certain: bool
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    change: Change
    path: str
    chain: tuple[str, ...]
    cost: int
    is_guess: bool
    is_followed: bool


def find_culprit(
    failure: Failure,
    reach: Reach,
    *,
    passed_before: bool,
    carries: Callable[[str, Collection[str]], Carry] = lambda path, reached: "unknown",
    ran: Callable[[str], bool] = lambda path: False,
    lost: Callable[[Change, str], bool | None] = lambda change, name: None,
    leaves_behind: Callable[[Change], bool] = lambda change: False,
) -> Culprit | None:
    """Find the changed file that a failure is due to, None when the test reaches none.

    `reach` is what the test needs of all that changed since it was last seen to pass, or since the base. `carries` says
    whether what changed in a file carries to the test through the files that it reaches, `ran` whether the test ran a
    file when its coverage was last measured, `lost` whether a module had a name and has lost it (None: nobody knows),
    and `leaves_behind` whether a change may outlast the test that runs it.
    """
    suspects, graph = list(reach.suspects()), reach.graph
    if not suspects:
        return None
    carry = {suspect.path: _carry(suspect, carries(suspect.path, reach.files)) for suspect in suspects}
    named = {suspect.path: _is_named(failure, suspect, graph, lost) for suspect in suspects}

    is_test = "::" in failure.nodeid

    def rank(suspect: _Suspect) -> tuple[object, ...]:
        path = suspect.path
        in_traceback = failure.files.index(path) if path in failure.files else len(failure.files)
        # What cannot be imported failed where the traceback ends; a wrong result may come from farther down.
        by_names = (_LIKELIEST_FIRST.index(carry[path]), in_traceback)
        return (-named[path], by_names if is_test else by_names[::-1], not ran(path), suspect.cost, path)

    suspects.sort(key=rank)
    first = suspects[0]
    alone = len(suspects) == 1 and not first.is_guess and carry[first.path] in ("yes", "unknown")
    is_certain = named[first.path] == _CERTAIN or (
        alone
        and passed_before
        and not failure.cls.rpartition(".")[2].endswith(_FROM_OUTSIDE)
        and not reach.has_blind_spot
        and not any(map(leaves_behind, reach.unseen))
    )
    names = [graph.shown(suspect.change.path) for suspect in suspects]
    return Culprit(
        name=names[0],
        chain=(*map(graph.shown, first.chain[:-1]), names[0]),
        is_certain=is_certain,
        others=tuple(dict.fromkeys(name for name in names[1:] if name != names[0])),
    )


def _carry(suspect: _Suspect, told: Carry) -> Carry:
    """Names cannot be followed along a way that is guessed, nor into another process."""
    return "unknown" if told == "no" and (suspect.is_guess or not suspect.is_followed) else told


_CERTAIN, _LIKELY, _UNNAMED = 2, 1, 0


def _is_named(
    failure: Failure, suspect: _Suspect, graph: ImportGraph, lost: Callable[[Change, str], bool | None]
) -> int:
    """Say whether the exception itself names the file: what it could not import, or where the syntax is wrong."""
    change = suspect.change
    if failure.cls.endswith(("SyntaxError", "IndentationError", "TabError")) and suspect.path == failure.place:
        return _CERTAIN
    missing, module = failure.missing, graph.module(change.path)
    if not missing or not change.path.endswith(".py"):
        return _UNNAMED
    is_gone = change.kind in ("deleted", "renamed")
    if is_gone and (missing == module or missing.startswith(f"{module}.")):
        return _CERTAIN
    owner, _, name = missing.rpartition(".")
    if owner not in (module, graph.module(change.now)) or missing in graph.modules:
        return _UNNAMED
    # Who asks for a name that never was there is to blame, not the module that was asked.
    is_lost = lost(change, name)
    if is_lost is False:
        return _UNNAMED
    return _CERTAIN if is_lost and "partially initialized" not in failure.message else _LIKELY


_Way: TypeAlias = tuple[int, tuple[str, ...], bool, bool]
"""How far a file is from a test, the files on the way, whether that is a guess, whether names can be followed on it."""


def _is_document(path: str) -> bool:
    return path.endswith(_DOCUMENTS) and path.rpartition("/")[0].partition("/")[0] in _FOLDERS_OF_DOCUMENTS


class Reach:
    """Everything that the tests of a file need, the nearest first.

    `start` is the file; `seen` are the files of the project that the traceback of a failure goes through.
    """

    def __init__(self, start: str, seen: Sequence[str], changes: Sequence[Change], graph: ImportGraph) -> None:
        self.graph = graph
        self._start = start
        self._seen = seen
        self._changed: dict[str, Change] = {change.path: change for change in changes}
        self._changed.update((change.now, change) for change in changes if change.now)
        self._chains = self._walk()

    @property
    def files(self) -> Collection[str]:
        """All that the test needs, as far as it is told."""
        return self._chains.keys()

    @cached_property
    def unseen(self) -> tuple[Change, ...]:
        """The changes that the test does not reach, those of documents and of what git does not have left out."""
        return tuple(
            change
            for change in dict.fromkeys(self._changed.values())
            if not self._chains.keys() & {change.path, change.now}
            and not change.is_loose
            and not _is_document(change.path)
        )

    @cached_property
    def has_blind_spot(self) -> bool:
        """Whether something changed that might matter without being reached: data, settings, what is not named."""
        return any(not change.path.endswith(".py") for change in self.unseen) or (
            bool(self.unseen) and self._is_dynamic
        )

    @property
    def _is_dynamic(self) -> bool:
        return any(self.graph.is_dynamic(path) for path in self._chains)

    def suspects(self) -> Iterator[_Suspect]:
        """Give every change that the test reaches, once."""
        given: set[Change] = set()
        for path, way in sorted(self._chains.items(), key=lambda item: item[1][:2]):
            change = self._changed.get(path)
            if change is not None and change not in given:
                given.add(change)
                cost, chain, is_guess, is_followed = way
                yield _Suspect(
                    change=change, path=path, chain=chain, cost=cost, is_guess=is_guess, is_followed=is_followed
                )

    def _walk(self) -> Mapping[str, _Way]:
        found: dict[str, _Way] = {}
        heap: list[_Way] = [(0, (self._start,), False, self._start.endswith(".py"))]
        for file in self._seen:
            heappush(heap, (_COSTS["traceback"], (self._start, file), True, True))
        while heap:
            cost, chain, is_guess, is_followed = heappop(heap)
            path = chain[-1]
            if path in found:
                continue
            found[path] = (cost, chain, is_guess, is_followed)
            for need in self._needs(path):
                if need.path not in found:
                    farther = cost + _COSTS[need.kind]
                    guess, followed = is_guess or need.kind in _GUESSED, is_followed and need.kind != "run"
                    heappush(heap, (farther, (*chain, need.path), guess, followed))
            if self.graph.is_dynamic(path):
                texts = frozenset[str]().union(*map(self.graph.texts, chain))
                for other, change in self._changed.items():
                    if other.endswith(".py") and change.kind != "added" and not is_of_tests(other):
                        is_told = other.rpartition("/")[2].removesuffix(".py") in texts
                        farther = _COSTS["named" if is_told else "dynamic"]
                        heappush(heap, (cost + farther, (*chain, other), True, is_followed))
        return found

    def _needs(self, path: str) -> Iterator[Need]:
        yield from self.graph.needs(path)
        if path == self._start:
            yield from (Need(path=conftest, kind="conftest") for conftest in self.graph.conftests(path))
