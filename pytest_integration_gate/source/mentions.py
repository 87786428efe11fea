"""Whether a text in a program means a file: by its name, with the folders before it, or by a pattern."""

from __future__ import annotations

from fnmatch import fnmatchcase


def names_file(text: str, path: str) -> bool:
    """Say whether a text ends with the name of a file, and with its folders as far as it has some.

    A text may begin higher up than the root of the project, and a star may stand for its beginning.
    """
    *folders, name = _parts(text)
    *place, last = path.split("/")
    return name == last and _fits(folders, place)


def names_file_by_pattern(text: str, path: str) -> bool:
    """Say whether a text is a pattern for the name of a file, or names its folder."""
    *place, last = path.split("/")
    *folders, name = _parts(text)
    if "*" in name and name.strip("*"):
        return fnmatchcase(last, name) and _fits(folders, place)
    folders = folders if name == "*" else [*folders, name]
    return bool(folders) and bool(place) and _fits(folders, place)


def _parts(text: str) -> list[str]:
    """Return the steps of a path behind the last one that is not spelled."""
    parts = [part for part in text.split("/") if part not in ("", ".", "..")] or [""]
    unknown = [place for place, part in enumerate(parts[:-1]) if "*" in part]
    return parts[unknown[-1] + 1 :] if unknown else parts


def _fits(folders: list[str], place: list[str]) -> bool:
    common = min(len(folders), len(place))
    return not common or folders[-common:] == place[-common:]
