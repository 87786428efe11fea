"""What stands in double braces: variables and expressions over them (SPEC section 10).

A text that is one pair of braces as a whole becomes the value, with its type; braces inside of a text become text.
Jinja2 evaluates in its sandbox; a plain name, which is nearly every template, needs no Jinja2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.errors import GateError
from pytest_integration_gate.suites.extras import needs

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*")
_WORDS = frozenset(("true", "false", "none", "True", "False", "None", "null"))

Variables = Mapping[str, Any]


class TemplateError(GateError):
    """A template or an expression that cannot be used."""

    slug = "template"


class UndefinedVariable(TemplateError):
    """A variable that has no value when it is needed. `name` is its name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` has no value.")
        self.name = name


def render(data: Any, variables: Variables) -> Any:
    """Replace what stands in braces, at every depth; raise `TemplateError` when that is not possible."""
    if isinstance(data, str):
        return _text(data, variables) if "{{" in data else data
    if isinstance(data, dict):
        return {_key(key, variables): render(value, variables) for key, value in data.items()}
    if isinstance(data, list):
        return [render(item, variables) for item in data]
    return data


def _key(key: Any, variables: Variables) -> Any:
    return as_text(render(key, variables)) if isinstance(key, str) else key


def evaluate(expression: str, variables: Variables) -> Any:
    """Return the value of an expression; raise `TemplateError` when it has none."""
    return _expression(_bare(expression)).value(variables)


def names_in(text: str) -> set[str]:
    """Return the variables that the braces of a text need; raise `TemplateError` when they cannot be read."""
    return {name for part in _parts(text) if isinstance(part, _Expression) for name in part.names}


def names_of(expression: str) -> set[str]:
    """Return the variables that an expression needs; raise `TemplateError` when it cannot be read."""
    return set(_expression(_bare(expression)).names)


def as_text(value: Any) -> str:
    """Write a value inside of a text: mappings and lists, true, false and null as JSON, everything else as it is."""
    if value is None or isinstance(value, bool | dict | list):
        return json.dumps(value, default=str)
    return str(value)


def as_command(value: Any) -> str | list[str]:
    """Write a rendered command as it is run: a text for the shell, or a list of texts."""
    return list(map(as_text, value)) if isinstance(value, list | tuple) else as_text(value)


class _Expression:
    """An expression with the variables that it needs."""

    __slots__ = ("_run", "names")

    def __init__(self, names: frozenset[str], run: Callable[[Variables], Any]) -> None:
        self.names = names
        self._run = run

    def value(self, variables: Variables) -> Any:
        return self._run(variables)


def _text(text: str, variables: Variables) -> Any:
    parts = _parts(text)
    if len(parts) == 1:
        return parts[0] if isinstance(parts[0], str) else parts[0].value(variables)
    return "".join(part if isinstance(part, str) else as_text(part.value(variables)) for part in parts)


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str | _Expression, ...]:
    """Split a text at its braces."""
    return tuple(_split(text))


def _split(text: str) -> Iterator[str | _Expression]:
    place = 0
    while (start := text.find("{{", place)) >= 0:
        if start > place:
            yield text[place:start]
        end = text.find("}}", start)
        if end < 0:
            raise TemplateError(f"`{text[start:]}`: the closing braces are missing.")
        while True:  # an expression may hold braces itself
            try:
                expression = _expression(text[start + 2 : end])
                break
            except TemplateError:
                longer = text.find("}}", end + 1)
                if longer < 0:
                    raise
                end = longer
        yield expression
        place = end + 2
    if place < len(text) or not text:
        yield text[place:]


def _bare(expression: str) -> str:
    """Take braces off: conditions are written with or without them."""
    return re.sub(r"\{\{(.*?)\}\}", r"(\1)", expression) if "{{" in expression else expression


@lru_cache(maxsize=4096)
def _expression(source: str) -> _Expression:
    plain = _NAME.fullmatch(source)
    if plain and plain[1] not in _WORDS:
        name = plain[1]
        return _Expression(frozenset((name,)), lambda variables: _look_up(name, variables))
    with needs("suites", f"the expression `{source.strip()}`"):
        from jinja2 import TemplateError as JinjaError
        from jinja2 import UndefinedError
        from jinja2.meta import find_undeclared_variables
        from jinja2.runtime import Undefined
    try:
        environment = _environment()
        names = find_undeclared_variables(environment.parse("{{" + source + "}}"))
        run = environment.compile_expression(source, undefined_to_none=False)
    except JinjaError as error:
        raise TemplateError(f"`{source.strip()}` is no expression: {error}.") from None

    def value(variables: Variables) -> Any:
        for name in names:
            _look_up(name, variables)
        try:
            result = run(variables)
        except UndefinedError as error:
            raise TemplateError(f"`{source.strip()}`: {error}.") from None
        except Exception as error:
            raise TemplateError(f"`{source.strip()}`: {type(error).__name__}: {error}.") from None
        if isinstance(result, Undefined):
            raise UndefinedVariable(source.strip())
        return result

    return _Expression(frozenset(names), value)


def _look_up(name: str, variables: Variables) -> Any:
    try:
        return variables[name]
    except KeyError:
        raise UndefinedVariable(name) from None


@lru_cache(maxsize=4096)
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    class Environment(SandboxedEnvironment):
        """Reads `order.items` as the key of that name, not as the method of dictionaries."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Mapping):
                return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
            return super().getattr(obj, attribute)

    environment = Environment(undefined=StrictUndefined)
    environment.globals.clear()
    return environment
