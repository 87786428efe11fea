"""What is remembered of a mock, and what the mock stands for.

A mark lives in the mock's ``__dict__``: it needs no hash of the mock, and it dies with it. It holds no user object.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, bool, id, isinstance, type
from collections.abc import Callable
from dataclasses import field
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from pytest_integration_gate.doubles.inference import Hint
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.claim import DoubleKind
from pytest_integration_gate.model.interaction import Argument
from pytest_integration_gate.source.naming import address_of
from pytest_integration_gate.values import dataclass

KEY = "_gate_mark"

# Every object answers to these; hearing them on a mock claims nothing.
_UNIVERSAL = frozenset(
    ".__str__ .__repr__ .__hash__ .__eq__ .__ne__ .__bool__ .__sizeof__ .__format__ .__dir__ .__class__ .__reduce__"
    " .__reduce_ex__ .__subclasses__ .__getstate__ .__setstate__".split()
)

Place = tuple[str, int]


@dataclass(slots=True)
class Root:
    """What an outermost double stands for: `target`, the real object, and the path from there to the double.

    `target` is empty when it stands for nothing that is known. `foreign` doubles were made by a library, not by the
    author of the tests, and claim nothing. `is_limited` says that a bare mock has a list of names. `hints` say where
    project code holds a bare mock; `tries` how often that was looked for; `reason` who says what it stands for,
    `places` the functions and parameters that received one of which nobody says it. `double` says what kind of double
    it is.
    """

    target: str = ""
    real: Any = None
    prefix: tuple[str, ...] = ()
    at: Place | None = None
    takes_self: bool = False
    foreign: bool = False
    is_patch: bool = False
    is_inferred: bool = False
    beneath: tuple[str, ...] = ("()",)
    is_limited: bool = False
    hints: tuple[Hint, ...] = ()
    tries: int = 0
    reason: str = ""
    places: tuple[tuple[str, str], ...] = ()
    double: DoubleKind = "mock"


@dataclass(slots=True, eq=False)
class Mark:
    """One mock: where it was made and configured, what it was specced with, its place below its root, what is `above`.

    `answers` say where a return value or side effect was set, and how often the mock had been called by then.
    `attributes` hold atoms ``(type, value)`` or `Argument` pictures, as notes do, and where they were set.

    Also a function that the author of the tests wrote: `passes_on` says that it calls the real thing, `is_property`
    that it is reached by reading an attribute, `asked` the name by which project code has to call it to mean this.
    """

    made_at: Place | None = None
    configured_at: Place | None = None
    spec: Any = None
    is_child: bool = False
    answers: dict[str, tuple[Place, int]] = field(default_factory=dict)
    attributes: dict[str, tuple[Any, Place | None]] = field(default_factory=dict)
    derived: tuple[Root, tuple[str, ...]] | None = None
    generation: int = 0
    pictured: tuple[int, Argument] | None = None
    root: Root | None = None
    path: tuple[str, ...] = ()
    above: Mark | None = None
    passes_on: bool = False
    is_property: bool = False
    asked: str = ""

    def picture_of(self, result: Any) -> Argument:
        """Picture the configured return value, once as long as it is the same object, which the mock keeps alive."""
        if self.pictured is None or self.pictured[0] != id(result):
            self.pictured = (id(result), argument_of(result))
        return self.pictured[1]

    # Tests copy and pickle mocks; what is ours must neither break that nor travel along.
    def __deepcopy__(self, memo: object) -> Mark:
        return self

    def __reduce__(self) -> tuple[type[Mark], tuple[()]]:
        return (Mark, ())


@dataclass(slots=True, eq=False)
class Patch:
    """A patch that was entered: the library's object, what it replaces, and the line where it was written.

    `is_covered` says that the same name was patched again while it was in force.
    """

    patcher: Any
    target: Any
    original: Any
    at: Place | None
    foreign: bool
    is_missing: bool = False
    is_covered: bool = False

    @property
    def installs_mock(self) -> bool:
        """Whether the library itself makes the replacement."""
        return type(self.patcher.new).__name__ == "_SentinelObject" and self.patcher.new_callable is None

    @property
    def replacement(self) -> Any:
        """What the author of the tests wants to stand there; something else stands there when this is a marker."""
        return self.patcher.new

    @property
    def name(self) -> str:
        """The attribute that is replaced."""
        return str(self.patcher.attribute)

    @property
    def is_active(self) -> bool:
        """Whether the replacement is still in place."""
        return "temp_original" in self.patcher.__dict__

    def release(self) -> None:
        """Forget what the replacement is, when it is no longer in force and keeps it alive."""

    def is_replaced(self, is_mock: Callable[[Any], bool]) -> bool:
        """Whether the original is itself a double."""
        original = self.original
        if type(original) is FunctionType:
            original = original.__dict__.get("mock", original)
        return is_mock(original)

    def address(self) -> tuple[str, Any, tuple[str, ...]]:
        """Return the address of what is replaced, the real object there, and the path from it to the patched name."""
        if isinstance(self.target, ModuleType):
            if self.is_missing:
                return self.target.__name__, self.target, (f".{self.name}",)
            return address_of(self.original, self.target.__name__, self.name), self.original, ()
        if isinstance(self.target, type):
            return address_of(self.target), self.target, (f".{self.name}",)
        cls = type(self.target)
        if not self.is_missing and not mentions(cls, self.name):
            return "", None, ()  # somebody hung it on this one instance
        return address_of(cls), cls, ("()", f".{self.name}")

    def installed(self) -> Any:
        """What stands at the patched name now, without running any descriptor."""
        try:
            namespace = object.__getattribute__(self.target, "__dict__")
        except AttributeError:
            return None
        value = namespace.get(self.name)
        if type(value) is FunctionType:  # an autospecced function keeps its mock in an attribute
            return value.__dict__.get("mock", value)
        return value


def mentions(cls: type, name: str) -> bool:
    """Say whether a class or one of its methods has the name, so that it is no single instance's own."""
    for owner in type.__dict__["__mro__"].__get__(cls):
        namespace = type.__dict__["__dict__"].__get__(owner)
        annotations = namespace.get("__annotations__")
        if name in namespace or (type(annotations) is dict and name in annotations):
            return True
        codes = [value.__code__ for value in namespace.values() if type(value) is FunctionType]
        # From Python 3.14 on annotations are made by a function, which holds their names as constants.
        if any(name in code.co_names or name in code.co_consts for code in codes):
            return True
    return False


def class_of_spec(spec: Any) -> type:
    """Return what is known of a mock whose spec is an instance: its class, or `object` if the instance has more."""
    try:
        held = object.__getattribute__(spec, "__dict__")
    except AttributeError:
        return type(spec)
    has_more = type(held) is dict and any(type(name) is str and not mentions(type(spec), name) for name in held)
    return object if has_more else type(spec)


def is_universal(path: tuple[str, ...]) -> bool:
    """Whether a path ends at a method that every object has."""
    return bool(path) and path[-1] in _UNIVERSAL


def root_of_patch(patch: Patch) -> Root:
    """Say what the replacement that a patch installed stands for."""
    address, real, path = patch.address()
    takes_self = (
        bool(patch.patcher.autospec) and isinstance(patch.target, type) and type(patch.original) is FunctionType
    )
    return Root(address, real, path, patch.at, takes_self, patch.foreign, is_patch=True)


def root_of_spec(spec: Any, at: Place | None) -> Root | None:
    """Say what a mock with this spec stands for: an instance of a class, or a function itself."""
    if spec is object:
        return Root(at=at, foreign=True)  # of an instance that has more than its class
    if isinstance(spec, type):
        return Root(address_of(spec), spec, ("()",), at)
    if isinstance(spec, FunctionType | BuiltinFunctionType | ModuleType):
        return Root(address_of(spec), spec, (), at)
    return None
