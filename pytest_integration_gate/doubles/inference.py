"""What a bare mock stands for, told by where the project's code keeps it (SPEC section 4, bare mocks).

While the test runs only the place is noted: the parameter that received the mock, or the attribute that holds it. What
the annotation there means is worked out when the test is over (`identity.py`).
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, bool, classmethod, dict, getattr, isinstance, len, list, range, staticmethod, tuple, type
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType, FrameType, FunctionType, MemberDescriptorType
from typing import Any

from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.questions import ASKING
from pytest_integration_gate.values import dataclass

_FRAMES = 12
_ELEMENTS = 8
_ATTRIBUTES = 24
_CONTAINERS = (list, tuple, dict, set, frozenset)
_HEAP_TYPE = 1 << 9  # made by a class statement; what C types keep in members is nobody's attribute


@dataclass(frozen=True, slots=True)
class Hint:
    """A place that says what it holds: a parameter of `owner` (a function), or an attribute of `owner` (a class).

    `is_element` when the place holds a container that holds the mock; ``*repos`` is no container but several
    parameters. `hides` when an instance holds the mock in place of a method of its class. `code` is the code there,
    which may ask, or say, what kind of thing it holds; `module` names its module.
    """

    owner: Any
    name: str
    is_element: bool = False
    code: CodeType | None = None
    module: str = ""
    hides: bool = False

    @property
    def may_ask(self) -> bool:
        """Whether the code there uses a function by which it could ask, or tell, what kind of thing it holds."""
        return self.code is not None and not ASKING.isdisjoint(self.code.co_names)


def look_around(mock: Any, frame: FrameType | None, project: Project) -> Hint | None:
    """Find where the project's code holds a mock that it is just calling: the nearest frame that knows decides."""
    for _ in range(_FRAMES):
        if frame is None:
            return None
        kind = project.kind(frame.f_code.co_filename)
        if kind == "test":
            return None
        if kind == "first-party":
            hint = _in_frame(mock, frame)
            if hint is not None:
                return hint
        frame = frame.f_back
    return None


def _in_frame(mock: Any, frame: FrameType) -> Hint | None:
    code = frame.f_code
    module = frame.f_globals.get("__name__")
    module = module if type(module) is str else ""
    count = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[:count]
    values = frame.f_locals
    held = [(name, values[name]) for name in names if name in values]
    for name, value in held:
        if value is mock or _holds(value, mock):
            function = _function_of(code, frame.f_globals)
            hint = Hint(function, name, value is not mock, code, module)
            return hint if function is not None or hint.may_ask else None
    for name in _starred(code, count):
        if name in values and _holds(values[name], mock):
            function = _function_of(code, frame.f_globals)
            return Hint(function, name, False, code, module) if function is not None else None
    if held and names and held[0][0] == names[0]:
        own = _on_instance(mock, held[0][1], code, module)
        if own is not None:
            return own
    return _in_place_of_a_method(mock, [value for _, value in held], code, module)


def _in_place_of_a_method(mock: Any, values: list[Any], code: CodeType, module: str) -> Hint | None:
    """Find the instance among the arguments, and what they hold, whose method the mock hides."""
    held = [one for value in values for one in list(_attributes_of(value).values())[:_ATTRIBUTES]]
    for instance in (*values, *held):
        for name, one in _attributes_of(instance).items():
            if one is mock and _is_method(type(instance), name):
                return Hint(type(instance), name, False, code, module, hides=True)
    return None


def _is_method(cls: type, name: str) -> bool:
    for owner in type.__dict__["__mro__"].__get__(cls):
        namespace = type.__dict__["__dict__"].__get__(owner)
        if name in namespace:
            return type(namespace[name]) in (FunctionType, staticmethod, classmethod)
    return False


def _starred(code: CodeType, count: int) -> tuple[str, ...]:
    """The names of ``*args`` and ``**kwargs``."""
    return code.co_varnames[count : count + bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)]


def _on_instance(mock: Any, instance: Any, code: CodeType, module: str) -> Hint | None:
    """Find the attribute of the method's own instance that holds the mock."""
    cls = type(instance)
    for name, value in (*_attributes_of(instance).items(), *_slots(cls, instance)):
        if value is mock or _holds(value, mock):
            return Hint(cls, name, value is not mock, code, module, hides=value is mock and _is_method(cls, name))
    return None


def _attributes_of(instance: Any) -> dict[str, Any]:
    """What an instance holds in its ``__dict__``; nothing for a class."""
    if isinstance(instance, type):
        return {}
    try:
        namespace = object.__getattribute__(instance, "__dict__")
    except AttributeError:
        return {}
    return dict(namespace) if type(namespace) is dict else {}


def _slots(cls: type, instance: Any) -> list[tuple[str, Any]]:
    """What an instance holds in ``__slots__``."""
    found = []
    for owner in type.__dict__["__mro__"].__get__(cls):
        for name, raw in type.__dict__["__dict__"].__get__(owner).items():
            if type(raw) is MemberDescriptorType and owner.__flags__ & _HEAP_TYPE:
                try:
                    found.append((name, raw.__get__(instance, cls)))
                except AttributeError:  # not filled yet
                    continue
    return found


def _holds(container: Any, mock: Any) -> bool:
    if type(container) not in _CONTAINERS or len(container) > _ELEMENTS:
        return False
    elements = container.values() if type(container) is dict else container
    return any(element is mock for element in elements)


def _function_of(code: CodeType, namespace: dict[str, Any]) -> FunctionType | None:
    """Find the function that runs this code by its qualified name; None for a local one."""
    holder: Any = namespace
    for name in code.co_qualname.split("."):
        found = holder.get(name) if type(holder) is dict else None
        if found is None:
            return None
        holder = dict(type.__getattribute__(found, "__dict__")) if isinstance(found, type) else found
    function = getattr(holder, "__func__", holder)
    for _ in range(_FRAMES):
        if type(function) is FunctionType:
            if function.__code__ is code:
                return function
            function = function.__dict__.get("__wrapped__")
        else:
            return None
    return None
