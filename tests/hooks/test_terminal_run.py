"""What a run shows in the terminal, compared whole: with options for verbosity, tracebacks, colours and width."""

from __future__ import annotations

import re
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_integration_gate.hooks import progress
from pytest_integration_gate.hooks.progress import saying

HEADING = """\
=============================== integration gate ===============================
"""

MISMATCH = """\
___________________________ Repo.get (return_shape) ____________________________

>   @patch.object(shop.Repo, "get", return_value={"id": 1, "mail": "ada@example.com"})
E   claim:   returns {id: int, mail: str}
E   reality: returns {email: str, id: int}
E
E     $.mail: str, in reality absent (nearest: email)

tests/unit/test_greet.py:5: contradicted: shop:Repo.get
  claimed by tests/unit/test_greet.py::test_greets
  observed   at shop.py:9 (real, DAY)
  in         tests/integration/test_repo.py::test_comes_back
  to mend    Rename `mail` to `email` in the double at
             tests/unit/test_greet.py:5 and in the code that reads it.
  to waive   # gate: ignore[return_shape] <reason> until=YYYY-MM-DD

"""

SHORT = """\
___________________________ Repo.get (return_shape) ____________________________

>   @patch.object(shop.Repo, "get", return_value={"id": 1, "mail": "ada@example.com"})
E   claim:   returns {id: int, mail: str}
E   reality: returns {email: str, id: int}
E
E     $.mail: str, in reality absent (nearest: email)

tests/unit/test_greet.py:5: contradicted: shop:Repo.get
  to mend    Rename `mail` to `email` in the double at
             tests/unit/test_greet.py:5 and in the code that reads it.

"""

LINE = """\
tests/unit/test_greet.py:5: contradicted: Repo.get (return_shape): $.mail: str, in reality absent (nearest: email)

"""

TABLE = """\
boundary  fidelity  tests  targets  observations  claims  contradicted
database  real          1        3             3       1             1

1 claim: 1 contradicted; evidence 100%, agreement 0%
"""

TARGETS = """\
1 target:
  shop:Repo.get: 1 contradicted
"""

STATUS = """\
report: integration-gate.report.yaml
integration-gate: FAILED: 1 mismatch
"""

END = """\
============================== 2 passed in TIME ===============================
"""

ALL = """\
==================================== PASSES ====================================
"""

ALL_END = """\
=========================== short test summary info ============================
PASSED tests/integration/test_repo.py::test_comes_back
PASSED tests/unit/test_greet.py::test_greets
============================== 2 passed in TIME ===============================
"""

QUIET = """\
..                                                                       [100%]
integration-gate: FAILED: 1 mismatch (integration-gate.report.yaml)
"""


def shown(project: Any, *options: str) -> str:
    """Return what a run shows from the section of the gate on, or all of it under ``-q``."""
    result = project.run("-p", "no:randomly", *options)
    assert result.ret == 1
    text = "".join(f"{line.rstrip()}\n" for line in result.outlines)
    text = re.sub(r"in \d+\.\d+s", "in TIME", re.sub(r"\d{4}-\d\d-\d\d", "DAY", text))
    found = re.search(r"^(?:=+ PASSES|(?:\x1b\[\d+m)*=+ integration gate)", text, re.MULTILINE)
    return text[found.start() :] if found else text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), HEADING + MISMATCH + TABLE + STATUS + END),
        (("-v",), HEADING + MISMATCH + TABLE + TARGETS + STATUS + END),
        (("-rA",), ALL + HEADING + MISMATCH + TABLE + STATUS + ALL_END),
        (("--tb=no",), HEADING + TABLE + STATUS + END),
        (("--tb=line",), HEADING + LINE + TABLE + STATUS + END),
        (("--tb=short",), HEADING + SHORT + TABLE + STATUS + END),
        (("--tb=native",), HEADING + MISMATCH + TABLE + STATUS + END),
        (("-q",), QUIET + "2 passed in TIME\n"),
        (("-qq",), QUIET),
        (("-q", "-v"), HEADING + MISMATCH + TABLE + STATUS + END),
        (("--no-header", "--color=no"), HEADING + MISMATCH + TABLE + STATUS + END),
        (("-p", "xdist.plugin", "-n2"), HEADING + MISMATCH + TABLE + STATUS + END),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, tuple) else "",
)
def test_the_section_of_the_gate(project: Any, options: tuple[str, ...], expected: str) -> None:
    """As much is shown as pytest is asked to show of failures and tests."""
    assert shown(project, *options) == expected


def test_colours_say_nothing_that_the_text_does_not(project: Any) -> None:
    """With colours the text is the same; without, there is no escape code in it."""
    coloured = shown(project, "--color=yes")
    assert "\x1b[31m\x1b[1mintegration-gate: FAILED: 1 mismatch\x1b[0m\n" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == HEADING + MISMATCH + TABLE + STATUS + END
    assert "\x1b" not in shown(project, "--color=no")


@pytest.mark.parametrize("width", [40, 60, 132])
def test_the_width_of_the_terminal_is_kept(project: Any, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Headings fill it; longer are only words that cannot be broken, and source that is shown as it is."""
    monkeypatch.setenv("COLUMNS", str(width))
    lines = shown(project).splitlines()
    assert [len(line) for line in lines if " integration gate " in line or " Repo.get " in line] == [width, width]
    unbroken = (">", "  to waive", "boundary", "database", "  claimed by", "  in  ")
    assert not [line for line in lines if len(line) > width and not line.startswith(unbroken)]


# -- long work -------------------------------------------------------------------------------------------------------


class Reporter:
    """A terminal of its own."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.has_lines = threading.Event()

    def write_line(self, text: str) -> None:
        self.lines.append(text)
        if len(self.lines) == 2:
            self.has_lines.set()


@pytest.fixture
def reporter(monkeypatch: pytest.MonkeyPatch) -> Reporter:
    monkeypatch.setattr(progress, "_FIRST", 0.001)
    monkeypatch.setattr(progress, "_NEXT", 0.001)
    return Reporter()


def config(reporter: Reporter, verbosity: int = 0) -> Any:
    plugins = SimpleNamespace(get_plugin={"terminalreporter": reporter}.get)
    return SimpleNamespace(pluginmanager=plugins, get_verbosity=lambda: verbosity)


def tellers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.endswith("(tell)")]


def test_long_work_is_told_from_time_to_time(reporter: Reporter) -> None:
    """With how long it has taken, and no longer than it lasts."""
    with saying(config(reporter), "counting"):
        assert reporter.has_lines.wait(60)
    assert all(re.fullmatch(r"integration-gate: counting \(\d+ s\)", line) for line in reporter.lines)
    assert not tellers()


@pytest.mark.parametrize(("work", "verbosity"), [("", 0), ("counting", -1)], ids=["little work", "-q"])
def test_nothing_is_told(reporter: Reporter, work: str, verbosity: int) -> None:
    """Neither of little work nor to those who want it quiet; no thread is started."""
    with saying(config(reporter, verbosity), work):
        assert not tellers()
    assert reporter.lines == []


def test_an_error_ends_the_telling(reporter: Reporter) -> None:
    """It goes on its way."""
    with pytest.raises(ZeroDivisionError), saying(config(reporter), "dividing"):
        _ = 1 / 0
    assert not tellers()


def test_judging_many_tests_is_told(project: Any) -> None:
    """The line stands before the section of the gate."""
    project.write(
        "conftest.py",
        "import time\nfrom pytest_integration_gate.controller import gatekeeper\n"
        "from pytest_integration_gate.hooks import progress\n"
        "from pytest_integration_gate.controller.gatekeeper import Gatekeeper\n\n"
        "gatekeeper._MANY, progress._FIRST = 1, 0.001\n"
        "told, write, findings = [], progress.notice_in, Gatekeeper._findings\n\n"
        "def notice_in(config):\n    notice = write(config)\n"
        "    return lambda text: (notice(text), told.append(text))\n\n"
        "def slow(self, *args):\n    while not told:\n        time.sleep(0.01)\n    return findings(self, *args)\n\n"
        "progress.notice_in, Gatekeeper._findings = notice_in, slow\n",
    )
    lines = project.run("-p", "no:randomly").outlines
    (told,) = [number for number, line in enumerate(lines) if line.startswith("integration-gate: judging")]
    assert lines[told] == "integration-gate: judging what 2 tests claim and have seen (0 s)"
    assert HEADING.rstrip() in lines[told:]
