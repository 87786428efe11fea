"""Hand-written fakes: classes of the tests whose instances stand for a collaborator (SPEC section 4).

A fake is known by what it extends, by ``fakes:`` in ``gate.yaml``, by the patch that installed it, by the replacement
that gave it, or by the annotation of the place in project code that holds it. The methods that the tests define are
heard; what a fake inherits from the real class is no double.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, getattr, id, issubclass, len, list, reversed, type
from collections.abc import Callable, Iterator, Mapping
from sys import modules
from types import FrameType, FunctionType, ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from pytest_integration_gate.doubles.ears import Ears
from pytest_integration_gate.doubles.inference import look_around
from pytest_integration_gate.doubles.marks import Mark, Patch, Root
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.model.classes import PROTOCOLS, canonical, descends, mro_of, namespace_of
from pytest_integration_gate.source.naming import file_of, home_of
from pytest_integration_gate.values import dataclass

if TYPE_CHECKING:
    from pytest_integration_gate.doubles.hung import HungFunctions

_HEARD = (PROTOCOLS | {"__init__"}) - {"__eq__", "__ne__", "__bool__", "__hash__", "__get__", "__set__", "__delete__"}
_ABSTRACT = frozenset({"builtins:object", "typing:Protocol", "typing:Generic", "abc:ABC", "typing_extensions:Protocol"})
_MAX_TRIES = 3  # calls of a fake from which its meaning is looked for


@dataclass(frozen=True, slots=True)
class Role:
    """What a class of the tests, or one instance, stands for: the real object, and the path from it to an instance.

    `is_whole` says that the class itself stands there too, so that its constructor is heard.
    """

    address: str
    real: Any
    path: tuple[str, ...]
    is_whole: bool = False
    patch: Patch | None = None


class Fakes:
    """Finds the fakes of a session and hears their methods.

    `registered` are the ``fakes:`` of ``gate.yaml``, `is_collaborator` tells whether the address of a class is
    configured, `members_expected` which names the classes have that annotations of the project name.
    """

    def __init__(
        self,
        book: Notebook,
        ears: Ears,
        registered: Mapping[str, str],
        is_collaborator: Callable[[str], bool],
        members_expected: Callable[[], frozenset[str]],
    ) -> None:
        self.book = book
        self._registered = registered
        self._is_collaborator = is_collaborator
        self._members_expected = members_expected
        self.hung: HungFunctions | None = None
        book.gave_object = self.given
        self._ears = ears
        self._heard: dict[int, FunctionType] = {}
        self._adopted: dict[int, tuple[type, bool]] = {}
        self._roles: dict[int, list[Role]] = {}
        self._instances: dict[int, tuple[ReferenceType[Any], Role]] = {}
        self._received: dict[int, tuple[ReferenceType[Any], Root]] = {}
        self._local: list[tuple[type, list[tuple[FunctionType, _Member]]]] = []
        self._seen_modules: dict[str, object] = {}
        self._loaded = 0

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin a test: look at the test modules that are new, forget what patches of the last test said."""
        for key, roles in list(self._roles.items()):
            self._roles[key] = [role for role in roles if role.patch is None or role.patch.is_active]
        self._instances = {key: each for key, each in self._instances.items() if each[0]() is not None}
        self._received = {}
        for cls, members in self._local:
            self._roles.pop(id(cls), None)
            self._adopted.pop(id(cls), None)
            for function, member in members:
                self._heard.pop(id(function), None)
                self._ears.forget(function, member)
        self._local.clear()
        if len(modules) != self._loaded:
            self._loaded = len(modules)
            self._look_for_new_modules()

    def _look_for_new_modules(self) -> None:
        project = self.book.project
        for name, module in list(modules.items()):
            if name not in self._seen_modules and type(module) is ModuleType:
                self._seen_modules[name] = module
                if project.is_test(file_of(module)):
                    self._look_into(module.__dict__, name)

    # -- who is a fake ----------------------------------------------------------------------------------------------

    def cast(self, cls: type, address: str, real: Any, path: tuple[str, ...], patch: Patch) -> None:
        """A patch puts a class of the tests in the place of a real one."""
        if self._adopt(cls):
            self._roles.setdefault(id(cls), []).append(Role(address, real, (*path, "()"), True, patch))

    def given(self, mark: Mark, value: Any) -> None:
        """An object that a mock gave stands for what the real call gives."""
        if mark.root is not None and mark.root.target and not mark.root.foreign:
            self.cast_instance(value, mark.root.target, mark.root.real, (*mark.path, "()"))

    def cast_instance(self, value: Any, address: str, real: Any, path: tuple[str, ...]) -> None:
        """An object stands for what is found at a path."""
        if type(value) is SimpleNamespace and self.hung is not None:
            self.hung.given(value, Root(address, real, path, double="fake"), path)
        if self._adopt(type(value)):
            try:
                self._instances[id(value)] = ref(value), Role(address, real, path)
            except TypeError:  # its class has slots
                return

    def meet(self, value: Any, *, is_lasting: bool) -> None:
        """Look at the value of a fixture: its class may be defined inside a function."""
        cls = type(value)
        home = home_of(cls)
        if home is not None and self.book.project.kind(file_of(home)) != "test":
            return  # most fixtures give builtins, and objects of libraries and of the project
        before = len(self._local)
        self._consider(cls)
        if is_lasting:
            del self._local[before:]

    def _look_into(self, namespace: Mapping[str, Any], home: str) -> None:
        for value in list(namespace.values()):
            if issubclass(type(value), type) and namespace_of(value).get("__module__") == home:
                if _is_collected(value):
                    self._look_into(namespace_of(value), home)
                else:
                    self._consider(value)

    def _consider(self, cls: type) -> None:
        """Find out what a class of the tests stands for by itself, and listen to it if it may be a fake."""
        if id(cls) in self._roles or not any(True for _ in self._own_functions(cls)):
            return
        role = self._own_role(cls)
        if role is not None:
            self._roles[id(cls)] = [role]
        elif not self._may_be_received(cls):
            return
        self._adopt(cls)

    def _own_role(self, cls: type) -> Role | None:
        registered = self._registration(canonical(cls))
        for each in (registered,) if registered is not None else self._real_bases(cls):
            address = canonical(each)
            is_first_party = self.book.project.is_first_party(file_of(home_of(each)))
            if registered is not None or is_first_party or self._is_collaborator(address):
                return Role(address, each, ("()",), is_whole=registered is not None)
        return None

    def _registration(self, address: str) -> type | None:
        """The class that ``gate.yaml`` says a fake stands for; the folder of a test file may or may not be named."""
        for fake, real in self._registered.items():
            if fake == address or fake.endswith(f".{address}") or address.endswith(f".{fake}"):
                home, _, qualname = real.partition(":")
                found: Any = modules.get(home)
                for name in qualname.split("."):
                    found = getattr(found, "__dict__", {}).get(name)
                return found if issubclass(type(found), type) else None
        return None

    def _real_bases(self, cls: type) -> Iterator[type]:
        """The ancestors that tests do not define."""
        for each in mro_of(cls):
            if canonical(each) in _ABSTRACT:
                continue
            if not self.book.project.is_test(file_of(home_of(each))):
                yield each

    def _may_be_received(self, cls: type) -> bool:
        """Whether some annotation of the project may mean instances of a class that extends nothing."""
        if any(not self._is_test_class(each) and canonical(each) not in _ABSTRACT for each in mro_of(cls)):
            return False
        return not self._members_expected().isdisjoint(name for name, _, _ in self._own_functions(cls))

    def _is_test_class(self, cls: type) -> bool:
        return any(True for _ in self._functions_in(cls)) or self.book.project.is_test(file_of(home_of(cls)))

    # -- listening --------------------------------------------------------------------------------------------------

    def _adopt(self, cls: type) -> bool:
        """Listen to the methods that tests define on a class; False when there are none."""
        known = self._adopted.get(id(cls))
        if known is not None and known[0] is cls:
            return known[1]
        members: list[tuple[FunctionType, _Member]] = []
        found = False
        if not descends(cls, BaseException) and not _is_collected(cls) and not _is_double(cls):
            for owner in mro_of(cls):
                for name, kind, function in self._functions_in(owner):
                    found = True
                    if id(function) not in self._heard:
                        member = _Member(self, owner, name, kind, function)
                        self._heard[id(function)] = function
                        self._ears.hear(function, member)
                        members.append((function, member))
        if "<locals>" in canonical(cls):  # one of its own for each test
            self._local.append((cls, members))
        self._adopted[id(cls)] = cls, found
        return found

    def _own_functions(self, cls: type) -> Iterator[tuple[str, str, FunctionType]]:
        if not descends(cls, BaseException) and not _is_double(cls):
            for owner in mro_of(cls):
                yield from self._functions_in(owner)

    def _functions_in(self, owner: type) -> Iterator[tuple[str, str, FunctionType]]:
        """The public functions in a class body that stand in a test file."""
        for name, raw in list(namespace_of(owner).items()):
            if type(name) is not str or (name[:1] == "_" and name not in _HEARD):
                continue
            kind, function = "constructor" if name == "__init__" else "method", raw
            if type(raw) is staticmethod:
                kind, function = "staticmethod", raw.__func__
            elif type(raw) is classmethod:
                kind, function = "classmethod", raw.__func__
            elif type(raw) is property:
                kind, function = "property", raw.fget
            if type(function) is FunctionType and self._ears.can_hear(function):
                yield name, kind, function

    # -- what a call means --------------------------------------------------------------------------------------------

    def role_of(self, receiver: Any, cls: type) -> Role | None:
        """What an instance, or its class, stands for."""
        for each in mro_of(cls):
            for role in reversed(self._roles.get(id(each), ())):
                if role.patch is None or role.patch.is_active:
                    return role
        known = self._instances.get(id(receiver))
        return known[1] if known is not None and known[0]() is receiver else None

    def received(self, receiver: Any, frame: FrameType) -> Root | None:
        """Look where project code holds an instance of which nothing else is known."""
        known = self._received.get(id(receiver))
        if known is None or known[0]() is not receiver:
            try:
                known = self._received[id(receiver)] = ref(receiver), Root(double="fake")
            except TypeError:
                return None
        root = known[1]
        if root.tries < _MAX_TRIES:
            root.tries += 1
            hint = look_around(receiver, frame, self.book.project)
            if hint is not None and hint not in root.hints:
                root.hints += (hint,)
        return root if root.hints else None


class _Member:
    """One method of a fake."""

    def __init__(self, fakes: Fakes, owner: type, name: str, kind: str, function: FunctionType) -> None:
        self._fakes = fakes
        self._owner = owner
        self._name = name
        self._kind = kind
        code = function.__code__
        self._place = code.co_filename, code.co_firstlineno
        self._passes_on = name in code.co_names and not _base_names(owner).isdisjoint(code.co_names)
        self._marks: dict[tuple[str, tuple[str, ...]], Mark] = {}

    def marks(self, receiver: Any, frame: FrameType) -> tuple[Mark, ...]:
        """Return what the method stands for, if its class or instance stands for anything."""
        cls = self._class_of(receiver)
        role = self._fakes.role_of(receiver, cls)
        if role is None:
            return self._inferred(receiver, frame)
        if self._kind == "constructor":
            if not role.is_whole or type(receiver) is not cls:
                return ()
            path = role.path[:-1]
        elif self._kind in ("classmethod", "staticmethod") and role.path[-1:] == ("()",) and role.address:
            path = (*role.path[:-1], f".{self._name}")
        elif self._name == "__call__":
            path = role.path
        else:
            path = (*role.path, f".{self._name}")
        key = (role.address, path)
        mark = self._marks.get(key)
        if mark is None:
            root = Root(role.address, role.real, role.path, self._place, is_patch=True, double="fake")
            mark = self._marks[key] = self._mark(root, path)
        return (mark,)

    def receivers(self, first: Any) -> int:
        """Return 1 when the first argument is the instance or class itself."""
        return 0 if self._kind == "staticmethod" else 1

    def gave(self, mark: Mark, value: Any) -> bool:
        """Say whether the value is what the real thing would give; what a fake gives stands for that in turn."""
        if self._kind == "constructor":
            return False
        if mark.root is not None and mark.root.target:
            self._fakes.cast_instance(value, mark.root.target, mark.root.real, (*mark.path, "()"))
        return True

    def _class_of(self, receiver: Any) -> type:
        if self._kind == "staticmethod":
            return self._owner
        return receiver if self._kind == "classmethod" else type(receiver)

    def _inferred(self, receiver: Any, frame: FrameType) -> tuple[Mark, ...]:
        if self._kind in ("staticmethod", "classmethod", "constructor") or self._fakes.book.author(frame) == "test":
            return ()
        root = self._fakes.received(receiver, frame)
        if root is None:
            return ()
        known = self._marks.get(("", (str(id(root)),)))
        if known is None or known.root is not root:
            path = () if self._name == "__call__" else (f".{self._name}",)
            known = self._marks["", (str(id(root)),)] = self._mark(root, path)
        self._fakes.book.marks[known] = None
        return (known,)

    def _mark(self, root: Root, path: tuple[str, ...]) -> Mark:
        return Mark(
            configured_at=self._place,
            root=root,
            path=path,
            passes_on=self._passes_on,
            is_property=self._kind == "property",
        )


def _base_names(cls: type) -> frozenset[str]:
    """The names by which a method reaches what it overrides."""
    return frozenset({"super", *(canonical(base).rpartition(":")[2] for base in mro_of(cls)[1:])})


def _is_collected(cls: type) -> bool:
    """Whether pytest collects a class: its methods are tests, not somebody's collaborator."""
    name = canonical(cls).rpartition(":")[2].rpartition(".")[2]
    return name.startswith("Test") or any(canonical(base) == "unittest.case:TestCase" for base in mro_of(cls))


def _is_double(cls: type) -> bool:
    """Whether a class is that of a mock object."""
    return any(
        canonical(each).rpartition(":")[2] == "NonCallableMock" and "mock" in canonical(each) for each in mro_of(cls)
    )
