"""Places as reports write them, ``shop/repository.py:31``, taken apart."""

from __future__ import annotations


def file_and_line(at: str) -> tuple[str, int | None]:
    """Return the file and the line of a place; the line is None where the place has none."""
    file, colon, number = at.rpartition(":")
    if colon and number.isascii() and number.isdecimal() and int(number) > 0:
        return file, int(number)
    return at, None
