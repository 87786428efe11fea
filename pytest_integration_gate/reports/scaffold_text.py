"""How a scaffolded test is written: names, docstrings, comments, the fixture that skips (rules of SPEC section 11)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap

from pytest_integration_gate.values import dataclass

WIDTH = 88
INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One test: the boundary that it belongs to, its source, that of its fixture, and the modules that both import."""

    boundary: str
    name: str
    source: str
    fixture: str
    fixture_source: str
    imports: tuple[str, ...]


def draft(
    *,
    boundary: str,
    name: str,
    about: str,
    details: str = "",
    marks: Sequence[str] = (),
    fixture: str,
    gives: str,
    given: str = "the world that the fixture prepares",
    missing: Sequence[str] = (),
    when: str = "it is used as the double was",
    act: Sequence[str],
    then: str,
    check: Sequence[str],
    imports: Sequence[str] = (),
) -> Draft:
    """Write one test and its fixture.

    `about` and `details` are its docstring; `given`, `when` and `then` introduce its parts. `gives` says what the
    fixture shall give. `missing` are names of values that are not known: the test skips until they are written.
    """
    source = [
        f"@pytest.mark.boundary({string(boundary)})",
        *(f"@pytest.mark.{mark}" for mark in marks),
        *_head(f"def test_{name}", fixture),
        *_docstring(about, details),
        *_comment(f"Arrange: given {given}"),
        *_unknown(missing),
        "",
        *_comment(f"Act: when {when}"),
        *(f"{INDENT}{line}".rstrip() for line in act),
        "",
        *_comment(f"Assert: then {then}"),
        *(f"{INDENT}{line}" for line in check),
    ]
    fixture_source = [
        "@pytest.fixture",
        f"def {fixture}():",
        *_docstring(f"Give {gives}."),
        *_skip(f"the fixture {fixture} shall give {gives}"),
    ]
    return Draft(
        boundary=boundary,
        name=f"test_{name}",
        source="\n".join(source) + "\n",
        fixture=fixture,
        fixture_source="\n".join(fixture_source) + "\n",
        imports=("pytest", *imports),
    )


def snake(text: str) -> str:
    """Return a text as a name: ``user_repo`` for ``UserRepo``, ``handlers_csv`` for ``HANDLERS['csv']``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[\W_]+", "_", words).strip("_").lower() or "it"


def last_word(address: str) -> str:
    """Return the name of what an address ends with: ``user_repo`` for ``shop.repository:UserRepo``."""
    words = re.findall(r"\w+", address)
    return snake(words[-1]) if words else "it"


def string(text: str) -> str:
    """Write a text as a literal, with double quotes where that is no effort."""
    if not text.isprintable():
        return repr(text)
    if '"' in text and "'" not in text and "\\" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(value: object) -> str:
    """Write plain data as a formatter would, with double quotes."""
    match value:
        case str():
            return string(value)
        case bytes() if b"'" not in value and b'"' not in value:
            return f'b"{repr(value)[2:-1]}"'
        case dict():
            return f"{{{', '.join(f'{literal(key)}: {literal(each)}' for key, each in value.items())}}}"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            return repr(value)


def call(before: str, arguments: Sequence[str], after: str = "", *, depth: int = 1) -> list[str]:
    """Write a call, over more lines where one is too short: all arguments on the next, else each on its own."""
    room = WIDTH - depth * len(INDENT)
    together = ", ".join(arguments)
    if len(f"{before}({together}){after}") <= room or not arguments:
        return [f"{before}({together}){after}"]
    if len(INDENT) + len(together) <= room:
        return [f"{before}(", f"{INDENT}{together}", f"){after}"]
    return [f"{before}(", *(f"{INDENT}{each}," for each in arguments), f"){after}"]


def _head(name: str, fixture: str) -> list[str]:
    whole = f"{name}({fixture}):"
    return [whole] if len(whole) <= WIDTH else [f"{name}(", f"{INDENT}{fixture},", "):"]


def _unknown(names: Sequence[str]) -> Iterator[str]:
    if names:
        reason = f"say what is passed as {', '.join(names)}: it is no plain data, or was not kept"
        yield from _skip(reason)
        yield from (f"{INDENT}{name} = None" for name in names)


def _skip(reason: str) -> list[str]:
    whole = f"{INDENT}pytest.skip({string(reason)})"
    if len(whole) <= WIDTH:
        return [whole]
    pieces = wrap(_printable(reason), WIDTH - 12, break_on_hyphens=False)
    spaced = [f"{piece} " for piece in pieces[:-1]] + pieces[-1:]
    return [f"{INDENT}pytest.skip(", *(f"{INDENT * 2}{string(piece)}" for piece in spaced), f"{INDENT})"]


def _docstring(first: str, rest: str = "") -> list[str]:
    texts = [_printable(text).replace("\\", "\\\\").replace('"', "'") for text in (first, rest) if text]
    lines = [line for text in texts for line in (*_wrapped(text, WIDTH - 10), "")][:-1]
    if len(lines) == 1:
        return [f'{INDENT}"""{lines[0]}"""']
    return [f'{INDENT}"""{lines[0]}', *(f"{INDENT}{line}".rstrip() for line in lines[1:]), f'{INDENT}"""']


def _comment(text: str) -> list[str]:
    return [f"{INDENT}# {line}" for line in _wrapped(_printable(text), WIDTH - 6)]


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)
