"""Takes values out of what a step saw, by jmespath. They keep their type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pytest_integration_gate.suites.extras import needs

_HEADER = re.compile(r"headers\.([A-Za-z0-9_-]+)")
_LAST = re.compile(r'(.*)\.(?:"([^"]+)"|(\w+))')


class NothingThere(Exception):
    """A path leads to nothing."""


def refuse_path(path: str) -> str | None:
    """Say why a text is no path, None when it is one."""
    try:
        _compiled(path)
    except ValueError as error:
        where = re.search(r"at column \d+, token \S+", str(error))
        return f"jmespath stumbles {where[0] if where else 'over it'}. Write it like `body.items[0].id`."
    return None


def take(path: str, seen: Mapping[str, Any]) -> Any:
    """Return what stands at a path; raise `NothingThere` when there is nothing. An explicit null is a value."""
    value = _compiled(path).search(seen)
    if value is None and not _is_null(path, seen):
        raise NothingThere
    return value


def _is_null(path: str, seen: Mapping[str, Any]) -> bool:
    """Whether a path leads to a key that is there and holds null: jmespath gives None for both."""
    last = _LAST.fullmatch(path)
    if last is None:
        return False
    holder = _compiled(last[1]).search(seen)
    return isinstance(holder, Mapping) and (last[2] or last[3]) in holder


@lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:
    with needs("suites", f"the path `{path}`"):
        import jmespath
    return jmespath.compile(_HEADER.sub(r'headers."\1"', path) if _HEADER.fullmatch(path) else path)
