"""What kind of file a patched ``open`` stands for: its mode decides whether bytes or text go in and out."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pytest_integration_gate.doubles.marks import Root
from pytest_integration_gate.doubles.notebook import HeardCall
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.interaction import Argument

_OPENING = {"io:open": 1}  # which argument is the mode
_DEFAULT = "r"


def opened_files(calls: Iterable[HeardCall]) -> dict[int, str]:
    """Return, by the `id` of the root of a double for ``open``, the class of file that all of its calls ask for.

    A double that is called in both ways, or in a mode that nobody can read, is left out: its parts are the same object
    for all calls.
    """
    found: dict[int, set[str]] = {}
    for heard in calls:
        root = heard.note.mark.root
        if root is not None and root.target in _OPENING and heard.note.mark.path == root.prefix:
            found.setdefault(id(root), set()).add(_class_of(heard, _OPENING[root.target]))
    return {root: classes.pop() for root, classes in found.items() if len(classes) == 1 and "" not in classes}


def is_part_of_file(root: Root, path: tuple[str, ...]) -> bool:
    """Whether a path leads to a method of the file that ``open`` gave, by way of a ``with`` or not."""
    return path[len(root.prefix) : -1] in (("()",), ("()", ".__enter__", "()"))


def _class_of(heard: HeardCall, place: int) -> str:
    note = heard.note
    given = dict(note.keywords).get("mode", note.positional[place] if len(note.positional) > place else None)
    if given is None:
        mode = _DEFAULT
    else:
        argument = given if type(given) is Argument else argument_of(given[1])
        try:
            mode = ast.literal_eval(argument.text or "")
        except (ValueError, SyntaxError):
            return ""
    if type(mode) is not str:
        return ""
    return "io:BufferedIOBase" if "b" in mode else "io:TextIOBase"
