"""Whether the keys of a mapping read as names or as data (SPEC rule 7)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pytest_integration_gate.model.secrecy import looks_secret

_type_of = type  # tests patch builtins

_NAME = re.compile(r"(?:@|\$|_{1,2})?[^\W\d_]\w*(?:[- ][^\W\d_]\w*){0,4}").fullmatch
_HEX = re.compile(r"(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{8,}").fullmatch


@lru_cache(maxsize=4096)
def _is_name(key: str) -> bool:
    return _NAME(key) is not None and _HEX(key) is None and not looks_secret(key)


def read_as_names(keys: list[Any]) -> bool:
    """Whether the keys of a mapping read as names (a record) rather than as data (a dictionary)."""
    for key in keys:
        if _type_of(key) is not str or len(key) > 40 or not _is_name(key):
            return False
    # user1, user2 … are counted, not named.
    return any(not key[-1].isdigit() for key in keys)
