"""What is installed, what can be observed on this Python, what is configured and why: ``integration-gate doctor``."""

from __future__ import annotations

import platform
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path
from shutil import get_terminal_size

import pytest
from packaging.requirements import Requirement  # pytest itself requires it

from pytest_integration_gate import __version__
from pytest_integration_gate.commands.configured import configured_rows
from pytest_integration_gate.commands.deferred import configured
from pytest_integration_gate.commands.trial import Shown, try_everything
from pytest_integration_gate.configuration.settings import Settings, check_report
from pytest_integration_gate.errors import GateError
from pytest_integration_gate.evidence.store import load
from pytest_integration_gate.judging.wording import counted
from pytest_integration_gate.reports.layout import wrapped
from pytest_integration_gate.source.project import Project

_PACKAGE = "pytest-integration-gate"
_ALL = "all"  # an extra that holds all others


def examine(options: Sequence[str]) -> int:
    """Print what was found for a run with these options of pytest, and return the exit status.

    That is 0 when all is well, 1 when something that is installed cannot be observed, 4 for settings that a run would
    refuse.
    """
    doctor = _Doctor()
    doctor.line(f"{_PACKAGE} {__version__}, pytest {pytest.__version__}, {_python()}")
    doctor.installed()
    doctor.observable()
    doctor.settings(options)
    doctor.conclude()
    return doctor.status


class _Doctor:
    """One examination. `to_do` are the sentences that it ends with."""

    def __init__(self) -> None:
        self.status = 0
        self.to_do: list[str] = []
        self._width = get_terminal_size().columns

    def line(self, text: str) -> None:
        for line, _ in wrapped(text, self._width, hanging="    "):
            sys.stdout.write(f"{line}\n")

    def section(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Print a heading and rows of two cells, the first of them as wide as the widest."""
        sys.stdout.write(f"\n{title}\n")
        rows = [*rows]
        width = max((len(first) for first, _ in rows), default=0)
        for first, second in rows:
            indent = f"  {first.ljust(width)}  "
            for line, _ in wrapped(second, self._width, indent=indent, hanging=" " * len(indent)):
                sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    # -- the parts ------------------------------------------------------------------------------------------------

    def installed(self) -> None:
        try:
            package = distribution(_PACKAGE)
        except PackageNotFoundError:
            self.section("extras", [("unknown", f"{_PACKAGE} itself is not installed, only imported")])
            return
        self.section("extras", sorted(_extras(package)))

    def observable(self) -> None:
        try:
            shown = try_everything()
        except GateError as error:
            self.status = 1
            self.section("observed in a trial run", [("nothing", error.message)])
            self.to_do.append("The trial run failed: without it nobody knows what can be observed here.")
            return
        self.section("doubles, in a trial run", _by_answer(one for one in shown if one.is_double))
        self.section("reality, in a trial run", _by_answer(one for one in shown if not one.is_double))
        if missed := [one.what for one in shown if one.answer == "no"]:
            self.status = 1
            self.to_do.append(f"Not observed on this installation: {', '.join(missed)}.")

    def settings(self, options: Sequence[str]) -> None:
        try:
            with configured(options) as (config, settings):
                check_report(settings)
                plugins = {
                    f"{one.metadata['Name']} {one.version}" for _, one in config.pluginmanager.list_plugin_distinfo()
                }
                self.section("plugins of pytest", [("here", ", ".join(sorted(plugins)) or "none")])
                self.section(f"configured in {config.inipath or config.rootpath}", configured_rows(config, settings))
                self._evidence(config, settings)
        except GateError as error:  # settings, or a store of a newer version
            self.status = 4
            self.section("configured", [("wrong", line) for line in str(error).splitlines()])
            self.to_do.append("Mend what is wrong: a run would end with exit code 4 before its first test.")

    def _evidence(self, config: pytest.Config, settings: Settings) -> None:
        project = Project.find(
            str(settings.root),
            testpaths=tuple(config.getini("testpaths")),
            python_files=tuple(config.getini("python_files")),
            pythonpath=tuple(str(path) for path in config.getini("pythonpath")),
        )
        files = project.test_files()
        marked = sum("mark.boundary" in _text(file) for file in files)
        store, damage = load(str(settings.store))
        seen = [test.date for test in store.tests.values() if test.record.observations]
        kept = f"observations of {counted(len(seen), 'test')}, the newest of {max(seen)}" if seen else "nothing yet"
        self.section(
            "evidence",
            [
                ("store", damage or kept),
                ("test files", f"{len(files)}, of which {marked} use the `boundary` marker"),
            ],
        )
        if not (config.getini("integration_gate") or config.getoption("integration_gate")):
            self.to_do.append("The gate is off: run pytest with --integration-gate, or set `integration_gate = true`.")
        if not files:
            self.to_do.append(
                "There are no test files in `testpaths` (else `tests`, `test`): set pytest's `testpaths`."
            )
        elif not marked and not seen:
            self.to_do.append(
                "No test uses the `boundary` marker: doubles are compared with signatures and annotations only. Mark "
                "an integration test with @pytest.mark.boundary."
            )

    def conclude(self) -> None:
        self.section("to do", [(f"{number}.", text) for number, text in enumerate(self.to_do, start=1)])
        if not self.to_do:
            self.line("  nothing")


def _python() -> str:
    build = "" if getattr(sys, "_is_gil_enabled", lambda: True)() else ", free-threaded"
    return f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}{build}"


def _extras(package: Distribution) -> Iterator[tuple[str, str]]:
    """Tell of each extra whether its libraries are installed, and what to type where they are not."""
    requirements = [Requirement(text) for text in package.requires or ()]
    by_extra: dict[str, list[Requirement]] = defaultdict(list)
    for name in package.metadata.get_all("Provides-Extra") or ():
        for one in requirements:
            if (
                name != _ALL
                and one.marker
                and not one.marker.evaluate({"extra": ""})
                and one.marker.evaluate({"extra": name})
            ):
                by_extra[name].append(one)
    for name, ones in by_extra.items():
        states = [_state(one) for one in ones]
        missing = any(is_missing for _, is_missing in states)
        advice = f"; pip install '{_PACKAGE}[{name}]'" if missing else ""
        yield name, ", ".join(text for text, _ in states) + advice


def _state(requirement: Requirement) -> tuple[str, bool]:
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is missing", True
    if not requirement.specifier.contains(installed, prereleases=True):
        return f"{requirement.name} {installed} does not fit {requirement.specifier}", True
    return f"{requirement.name} {installed}", False


def _by_answer(shown: Iterable[Shown]) -> Iterator[tuple[str, str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in shown:
        found[one.answer].append(f"{one.what} ({one.why})" if one.why else one.what)
    for answer in ("yes", "no", "not installed"):
        if found[answer]:
            yield answer, ", ".join(found[answer])


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
