"""What a bare mock stands for, told by where the project's code keeps it (SPEC section 4, bare mocks).

While the test runs only the place is noted: the parameter that received the mock, or the attribute that holds it. What
the annotation there means is worked out when the test is over.
"""

from __future__ import annotations

# Tests patch these; what runs inside a test must not notice.
from builtins import any, isinstance, len, tuple, type
from types import CodeType, FrameType, FunctionType
from typing import Any

from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.questions import ASKING
from pytest_integration_gate.values import dataclass

_FRAMES = 12
_ELEMENTS = 8
_CONTAINERS = (list, tuple, dict)


@dataclass(frozen=True, slots=True)
class Hint:
    """A place that says what it holds: a parameter of `owner` (a function), or an attribute of `owner` (a class).

    `is_element` when the place holds a container that holds the mock. `asking` is the code there when it may ask what
    kind of thing it holds.
    """

    owner: Any
    name: str
    is_element: bool = False
    asking: CodeType | None = None


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
    asking = code if not ASKING.isdisjoint(code.co_names) else None
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    values = frame.f_locals
    held = [(name, values[name]) for name in names if name in values]
    for name, value in held:
        if value is mock or _holds(value, mock):
            function = _function_of(code, frame.f_globals)
            return Hint(function, name, value is not mock, asking) if function is not None or asking else None
    if held and names and held[0][0] == names[0]:
        return _on_instance(mock, held[0][1], asking)
    return None


def _on_instance(mock: Any, instance: Any, asking: CodeType | None) -> Hint | None:
    """Find the attribute of the method's own instance that holds the mock."""
    try:
        namespace = object.__getattribute__(instance, "__dict__")
    except AttributeError:
        return None
    if type(namespace) is not dict or isinstance(instance, type):
        return None
    for name, value in namespace.items():
        if value is mock or _holds(value, mock):
            return Hint(type(instance), name, value is not mock, asking)
    return None


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
