"""What is untidy about the doubles of a test, though it contradicts nothing (SPEC section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from sys import modules
from types import CodeType

from pytest_integration_gate.doubles.marks import Patch, Place
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.model.claim import Hygiene
from pytest_integration_gate.source.assertions import asks_for, idle_assertions_in, nearest_assertion, stands_alone
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
    double was called may mean that it is not called at all. A patch that another one covered before anybody used it is
    a `replaced_double`.
    """
    if code is None or not _ASKED.isdisjoint(code.co_names):
        return
    roots = [root for mark in book.marks if (root := mark.root) is not None]
    heard = {(root.target, root.prefix) for root in roots}
    heard_there = {(root.target, root.prefix, root.at) for root in roots}
    for patch in book.own_patches:
        if patch.foreign or patch.is_missing or not patch.installs_mock or not callable(patch.original):
            continue
        address, _, path = patch.address()
        if not address or not _stands_in(patch.at, code):
            continue
        if (address, path) not in heard:
            yield Hygiene(kind="dead_double", at=_text(book, patch.at), detail=f"{_name(patch)} is never called")
        elif patch.is_covered and (address, path, patch.at) not in heard_there:
            detail = f"{_name(patch)} is patched again before it is used"
            yield Hygiene(kind="replaced_double", at=_text(book, patch.at), detail=detail)


def replaced_answers(book: Notebook, code: CodeType | None) -> Iterator[Hygiene]:
    """Give what a test told a mock to give, and told it otherwise before anybody asked."""
    for remark in book.remarks:
        if remark.before is not None and _stands_in(remark.before, code) and _stands_in(remark.at, code):
            detail = f"{remark.name} is set again at line {remark.at[1]} before it is used"
            yield Hygiene(kind="replaced_double", at=_text(book, remark.before), detail=detail)


def misspelt_assertions(book: Notebook) -> Iterator[Hygiene]:
    """Give the statements of a test that mean to assert something of a mock and only make it invent an attribute."""
    called = {heard.note.mark for heard in book.calls}
    for remark in book.remarks:
        mark, name = remark.mark, remark.name
        if remark.before is not None or mark in called or mark.answers or mark.attributes:
            continue
        meant = nearest_assertion(name)
        if meant and stands_alone(remark.at[0], remark.at[1], name):
            detail = f"{name} asserts nothing (nearest: {meant})"
            yield Hygiene(kind="misspelt_assertion", at=_text(book, remark.at), detail=detail)


def idle_assertions(book: Notebook, code: CodeType | None) -> Iterator[Hygiene]:
    """Give the statements of a test that name an assertion, or compare what a mock has counted, to no effect."""
    if code is not None:
        for line, text in idle_assertions_in(code):
            yield Hygiene(kind="idle_assertion", at=_text(book, (code.co_filename, line)), detail=text)


def blind_questions(book: Notebook) -> Iterator[Hygiene]:
    """Give the ``hasattr`` of project code that a bare mock answers with yes, whatever the name."""
    for heard in book.reads:
        root = heard.mark.root
        if root is None or root.target or root.foreign or root.is_limited or not (heard.callers and heard.is_direct):
            continue
        code, lasti = heard.callers[0]
        name = heard.mark.path[-1][1:] if heard.mark.path else ""
        line = asks_for(book.codes[code], lasti, name)
        if line:
            place = _text(book, (book.codes[code].co_filename, line))
            detail = f"hasattr(…, {name!r}) at {place} is true of every bare mock"
            yield Hygiene(kind="blind_hasattr", at=_text(book, root.at), detail=detail)


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
            yield Hygiene(kind="internal_mock", at=_text(book, patch.at), detail=f"{_name(patch)} is first-party")


def _stands_in(at: Place | None, code: CodeType | None) -> bool:
    if code is None:
        return False
    file, line = at or ("", 0)
    return file == code.co_filename and code.co_firstlineno <= line <= _last_line(code)


def _last_line(code: CodeType) -> int:
    inner = [_last_line(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return max([*inner, *(line for _, _, line in code.co_lines() if line is not None)])


def _name(patch: Patch) -> str:
    address, _, path = patch.address()
    return address + "".join(step for step in path if step != "()")


def _text(book: Notebook, at: Place | None) -> str:
    file, line = at or ("", 0)
    return f"{book.project.relative(file)}:{line}"
