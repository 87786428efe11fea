"""What is untidy about the doubles of a test, though it contradicts nothing (SPEC section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sys import modules
from types import CodeType

from pytest_integration_gate.doubles.marks import Patch, Place
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.model.claim import Hygiene
from pytest_integration_gate.source.naming import file_of
from pytest_integration_gate.source.project import Project

# A test that asks these wants to know that a double was not called.
_ASKED = frozenset(
    "called call_count call_args call_args_list mock_calls method_calls assert_not_called assert_not_awaited "
    "await_count assert_has_calls assert_called assert_called_once assert_called_with assert_called_once_with "
    "assert_awaited assert_awaited_once assert_any_call".split()
)
# The same of stubs: which requests were made, and how many.
_ASKED_OF_STUBS = _ASKED | frozenset(
    "calls assert_call_count called_once request_history last_request get_request get_requests assert_all_called "
    "assert_any_call".split()
)
_CONSTANTS = (type(None), bool, int, float, str, bytes, list, tuple, dict, set, frozenset)


def dead_doubles(book: Notebook, code: CodeType | None) -> Iterable[Hygiene]:
    """Give the mocks that a passed test patched in for a callable and that nobody called or looked into.

    `code` is that of the test. Patches of fixtures are made for other tests too, and a test that asks how often a
    double was called may mean that it is not called at all.
    """
    if code is None or not _ASKED.isdisjoint(code.co_names):
        return
    heard = {(root.target, root.prefix) for mark in book.marks if (root := mark.root) is not None}
    for patch in book.own_patches:
        if not patch.foreign and not patch.is_missing and patch.installs_mock and callable(patch.original):
            address, _, path = patch.address()
            if address and (address, path) not in heard and _stands_in(patch.at, code):
                yield Hygiene(kind="dead_double", at=_text(book, patch), detail=f"{_name(patch)} is never called")


def dead_stubs(stubs: Mapping[Place, bool], code: CodeType | None, project: Project) -> Iterable[Hygiene]:
    """Give the HTTP stubs that a passed test wrote itself and that answered nothing.

    `stubs` says of each place at which stubs were written whether one of them answered. Those of fixtures and helper
    functions are written for other tests too.
    """
    if code is not None and _ASKED_OF_STUBS.isdisjoint(code.co_names):
        for (file, line), is_hit in stubs.items():
            if not is_hit and _stands_in((file, line), code):
                yield Hygiene(kind="dead_stub", at=f"{project.relative(file)}:{line}", detail="answers no request")


def internal_mocks(book: Notebook) -> Iterable[Hygiene]:
    """Give the replacements of the project's own code, for a test that is to show how it works with what is real."""
    for patch in book.own_patches:
        if patch.foreign or patch.at is None or isinstance(patch.original, _CONSTANTS):
            continue
        home = modules.get(patch.address()[0].partition(":")[0])
        if book.project.is_first_party(file_of(home)):
            yield Hygiene(kind="internal_mock", at=_text(book, patch), detail=f"{_name(patch)} is first-party")


def _stands_in(place: Place | None, code: CodeType) -> bool:
    file, line = place or ("", 0)
    return file == code.co_filename and code.co_firstlineno <= line <= _last_line(code)


def _last_line(code: CodeType) -> int:
    inner = [_last_line(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return max([*inner, *(line for _, _, line in code.co_lines() if line is not None)])


def _name(patch: Patch) -> str:
    address, _, path = patch.address()
    return address + "".join(step for step in path if step != "()")


def _text(book: Notebook, patch: Patch) -> str:
    file, line = patch.at or ("", 0)
    return f"{book.project.relative(file)}:{line}"
