"""Paths with parameters (``/users/{id}``), and which paths of requests they stand for."""

from __future__ import annotations

import re

from pytest_integration_gate.model.exchange import Segment
from pytest_integration_gate.model.secrecy import SECRET

_PARAMETER = re.compile(r"\{([^{}]*)\}")
# OpenAPI has no parameters of several segments; documents about services that do give them such names.
_GREEDY = re.compile(r"path|.*[_-]path|file_?path|.*[+*:].*", re.IGNORECASE)


def split_url(url: str) -> tuple[str, tuple[str, ...]]:
    """Split ``https://api.example.com/v1/`` into origin and segments of the path; the origin of ``/v1`` is empty."""
    scheme, separator, rest = url.partition("://")
    host, _, path = rest.partition("/") if separator else ("", "", url)
    segments = tuple(filter(None, re.split(r"[?#]", path)[0].split("/")))
    if not separator:
        return "", segments
    host = host.lower()
    for name, port in (("http", ":80"), ("https", ":443")):
        if scheme.lower() == name:
            host = host.removesuffix(port)
    return f"{scheme.lower()}://{host}", segments


def fits(template: tuple[str, ...], path: tuple[Segment, ...]) -> bool:
    """Say whether a path is one that a template stands for."""
    for index, segment in enumerate(template):
        if is_greedy(segment) and len(path) > len(template):
            tail = len(template) - index - 1
            return len(path) > index + tail and fits(template[index + 1 :], path[len(path) - tail :])
        if index >= len(path) or not fits_text(segment, path[index].text):
            return False
    return len(path) == len(template)


def fits_text(template: str, text: str) -> bool:
    """Say whether a text is one that a template stands for. A secret that was masked may be any text."""
    if template == text or SECRET in text:
        return True
    if "{" not in template:
        return False
    if template.startswith("{") and template.find("}") == len(template) - 1:
        return text != ""
    return _pattern(template).fullmatch(text) is not None


def nameless(template: str) -> str:
    """Write a template without the names of its parameters: ``{}``."""
    return _PARAMETER.sub("{}", template)


def _pattern(template: str) -> re.Pattern[str]:
    literals = _PARAMETER.split(template)[::2]
    return re.compile(".+".join(map(re.escape, literals)), re.DOTALL)


def is_greedy(segment: str) -> bool:
    """Say whether a segment is a parameter that may stand for several."""
    found = _PARAMETER.fullmatch(segment)
    return found is not None and _GREEDY.fullmatch(found[1]) is not None


def trimmed(path: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """A path without the slash at its end, about which servers and documents do not agree."""
    return path[:-1] if path and not path[-1].text else path


def below(base: tuple[str, ...], path: tuple[Segment, ...]) -> tuple[Segment, ...] | None:
    """Give what of a path comes after a base, None when it does not begin with it."""
    if len(base) > len(path) or not all(
        fits_text(step, segment.text) for step, segment in zip(base, path, strict=False)
    ):
        return None
    return path[len(base) :]
