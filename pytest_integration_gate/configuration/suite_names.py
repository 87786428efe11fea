"""The names of files that are suites (SPEC section 10)."""

from __future__ import annotations

from fnmatch import fnmatch

PATTERNS = ("test_*.gate.yaml", "*_gate.yaml")


def is_suite(name: str) -> bool:
    """Whether a file of this name is a suite."""
    return any(fnmatch(name, pattern) for pattern in PATTERNS)
