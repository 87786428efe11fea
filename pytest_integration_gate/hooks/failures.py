"""Notes on every failure what later runs know it by; rides as plain data on the report."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from types import ModuleType
from typing import Any

import pytest

from pytest_integration_gate.model.failure import Failure
from pytest_integration_gate.source.project import Project

NOTE = "integration_gate_failure"
_CANNOT_IMPORT = re.compile(r"cannot import name '(\w+)' from (?:partially initialized module )?'([\w.]+)'")
_MOST = 2000  # characters of a message


class FailureNotes:
    """Puts a note on the report of whatever fails: a test, a fixture, the collection of a file."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """See the exception while it is there."""
        report = yield
        if call.excinfo is not None and report.outcome not in ("passed", "skipped"):
            self._note(report, call.excinfo.value)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """A file that cannot be collected fails too."""
        report = yield
        call = getattr(report, "call", None)
        if report.failed and call is not None and call.excinfo is not None:
            self._note(report, call.excinfo.value)
        return report

    def _note(self, report: pytest.TestReport | pytest.CollectReport, error: BaseException) -> None:
        try:
            setattr(report, NOTE, self._described(error))
        except Exception:  # an exception may do anything when it is looked at; the failure then has no fingerprint
            setattr(report, NOTE, {"cls": type(error).__name__})

    def _described(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, pytest.Collector.CollectError) and error.__cause__ is not None:
            error = error.__cause__
        frames = list(self._frames(error))
        place = ""
        if isinstance(error, SyntaxError) and error.filename and self._is_own(error.filename):
            place = self._project.relative(error.filename)
            frames.insert(0, (place, ""))
        elif frames:
            place = "::".join(frames[0])
        return {
            "cls": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
            "place": place,
            "message": str(error)[:_MOST],
            "files": list(dict.fromkeys(file for file, _ in frames)),
            "missing": _missing(error),
        }

    def _frames(self, error: BaseException) -> Iterator[tuple[str, str]]:
        """Give file and function of the project's frames, the innermost first, those of the cause before the others."""
        seen: set[int] = set()
        chain = [error]
        while (under := chain[-1].__cause__ or chain[-1].__context__) is not None and id(under) not in seen:
            seen.add(id(under))
            chain.append(under)
        for one in (chain[0], *chain[:0:-1]):
            found = []
            trace = one.__traceback__
            while trace is not None:
                code = trace.tb_frame.f_code
                if self._is_own(code.co_filename):
                    found.append((self._project.relative(code.co_filename), code.co_name))
                trace = trace.tb_next
            yield from reversed(found)

    def _is_own(self, filename: str) -> bool:
        return self._project.is_first_party(filename) or self._project.is_test(filename)


def failure_of(report: pytest.TestReport | pytest.CollectReport) -> Failure:
    """Return what a report of a failure carries; a worker that died carries nothing and has a failure all the same."""
    note = getattr(report, NOTE, None)
    if not isinstance(note, dict):
        return Failure(nodeid=report.nodeid, cls="crash", place=report.nodeid)
    return Failure(nodeid=report.nodeid, **{**note, "files": tuple(note.get("files", ()))})


def _missing(error: BaseException) -> str:
    """Return the dotted name that an exception says is not there."""
    if isinstance(error, ImportError):
        if found := _CANNOT_IMPORT.search(str(error)):
            return f"{found[2]}.{found[1]}"
        return error.name or ""
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType):
        return f"{error.obj.__name__}.{error.name}"
    return ""
