"""Annotations as they were written, and the names that they may use."""

from __future__ import annotations

import inspect
import sys
import types
import typing

from pytest_integration_gate.model.classes import namespace_of
from pytest_integration_gate.source.naming import home_of

if sys.version_info >= (3, 14):
    import annotationlib


def annotations_of(thing: object) -> dict[str, object]:
    """Give the annotations of a function or class as they stand, strings unevaluated; unknown names never raise."""
    try:
        if sys.version_info >= (3, 14):
            return dict(annotationlib.get_annotations(thing, format=annotationlib.Format.FORWARDREF))
        return inspect.get_annotations(typing.cast(type, thing))
    except Exception:
        return {}


def names_for(thing: object) -> dict[str, object]:
    """Give the names that string annotations of a function or class may use."""
    names: dict[str, object] = {}
    if isinstance(thing, types.FunctionType):
        names.update(thing.__globals__)
        parameters = getattr(thing, "__type_params__", ())
    else:
        cls = typing.cast(type, thing)
        module = home_of(cls)
        names.update(vars(module) if module is not None else {})
        names[cls.__name__] = cls
        parameters = namespace_of(cls).get("__type_params__", ())
    names.update((parameter.__name__, parameter) for parameter in parameters)
    return names
