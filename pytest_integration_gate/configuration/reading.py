"""Reads the settings: options over ini values over ``gate.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_integration_gate.configuration.gate_file import (
    BoundarySettings,
    GateFile,
    read_gate_file,
    refuse_boundary,
    refuse_collaborator,
)
from pytest_integration_gate.configuration.settings import FORMATS, JUDGED, Settings, all_wrong
from pytest_integration_gate.durations import refuse_duration, seconds
from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.strict_yaml import YamlError
from pytest_integration_gate.yaml_rules import nearest

if TYPE_CHECKING:  # only runs with contexts need it
    from pytest_integration_gate.model.context import Context
    from pytest_integration_gate.reports.publication import Target
    from pytest_integration_gate.suites.checkpoints import Checkpoint


def read_settings(config: pytest.Config) -> Settings:
    """Read what is set for this run; raise one `SettingsError` with everything that is wrong. Writes nothing."""
    reading = _Reading(config)
    file = reading.gate_file()
    fail_on = reading.fail_on()
    contexts = file.contexts if file else ()
    settings = Settings(
        root=config.rootpath,
        project=(file and file.project) or config.rootpath.name,
        account=file.account if file else "",
        report=reading.path("gate_report", "integration-gate.report.yaml"),
        store=reading.path("gate_store", ".integration_gate"),
        fail_on=frozenset(() if reading.is_audit() else reading.asked(file) if fail_on is None else fail_on),
        fail_on_is_explicit=fail_on is not None,
        boundaries=reading.boundaries(file),
        fakes=file.fakes if file else {},
        stories=file.stories if file else (),
        requirements=file.requirements if file else {},
        plan=file.plan if file else (),
        formats=reading.formats(),
        repeat=reading.repeat(),
        **reading.limits(),
        contexts=contexts,
        worked_on=reading.worked_on(contexts),
        base=reading.base(),
        brief=reading.path("gate_brief", "") if config.getoption("gate_brief") is not None else None,
        selected=tuple(dict.fromkeys(config.getoption("gate_boundary") or ())),
        redact=reading.redact(),
        allow_commands=reading.flag("gate_allow_commands"),
        gate_file=reading.path("gate_config", "gate.yaml") if file else None,
        checkpoints=reading.checkpoints(file),
        checkpoint_stage=config.getoption("gate_checkpoint") or "",
        resume=config.getoption("gate_resume"),
        publish=reading.publish(),
        waivers=file.waivers if file else (),
        baseline=reading.baseline(),
        updates_baseline=config.getoption("gate_baseline_update"),
        imports=tuple(config.invocation_params.dir / name for name in config.getoption("gate_import") or ()),
        export=reading.path("gate_export", "") if config.getoption("gate_export") is not None else None,
        scaffold=reading.scaffold(),
        fix=reading.fix(),
        events=reading.events(),
        **reading.notify(),
        pact=reading.pact(),
        pact_broker=reading.pact_broker(),
        foreign_pacts=tuple(config.invocation_params.dir / name for name in config.getoption("gate_pact_verify") or ()),
        notes=tuple(reading.notes),
    )
    if reading.problems:
        raise all_wrong([*dict.fromkeys(reading.problems)])
    return settings


class _Reading:
    """One pass over the settings: collects what is wrong and what should be said."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.ini = config.inipath.name if config.inipath else "the ini file"
        self.problems: list[str] = []
        self.notes: list[str] = []

    def text(self, name: str) -> tuple[str, str, Path]:
        """Give what was written, where it was written and what relative paths start from there."""
        option = self.config.getoption(name)
        if option is not None:
            return str(option), "--" + name.replace("_", "-"), self.config.invocation_params.dir
        return str(self.config.getini(name) or ""), f"{name} in {self.ini}", self.config.rootpath

    def lines(self, name: str) -> list[str]:
        return [str(line) for line in self.config.getini(name) or ()]

    def path(self, name: str, default: str) -> Path:
        written, where, base = self.text(name)
        if "\0" in written or (not written.strip() and where.startswith("--")):
            self.problems.append(f"{where}: {written!r} is no path. Name a file or folder.")
        return base / Path(written.strip() or default).expanduser()

    def scaffold(self) -> Path | None:
        if self.config.getoption("gate_scaffold") is None:
            return None
        folder = self.path("gate_scaffold", "")
        if folder.exists() and not folder.is_dir():
            self.problems.append(f"--gate-scaffold: {folder} is no folder. Name the one where the tests shall stand.")
        return folder

    def formats(self) -> dict[str, Path]:
        asked = [name for name in FORMATS if self.config.getoption(f"gate_{name}") is not None]
        if "html" in asked and not _is_installed("jinja2"):
            remedy = "pip install 'pytest-integration-gate[html]'"
            self.problems.append(f"--gate-html needs the library `jinja2`, which is not installed. {remedy}")
        return {name: self.path(f"gate_{name}", "") for name in asked}

    def fix(self) -> str:
        fix: str = self.config.getoption("gate_fix") or ""
        if fix and not _is_installed("libcst"):
            remedy = "pip install 'pytest-integration-gate[fix]'"
            self.problems.append(f"--gate-fix needs the library `libcst`, which is not installed. {remedy}")
        return fix

    def flag(self, name: str) -> bool:
        try:
            return bool(self.config.getini(name))
        except (ValueError, pytest.UsageError) as error:  # pytest 9.2 made it the second
            self.problems.append(f"{name} in {self.ini}: {error}. Write true or false.")
            return False

    def gate_file(self) -> GateFile | None:
        """Read ``gate.yaml``: the one that is named, else the one in the root directory if there is one."""
        written, where, _ = self.text("gate_config")
        path = self.path("gate_config", "gate.yaml")
        if not path.is_file():
            if written:
                self.problems.append(f"{where}: there is no file {path}. Make it, or take the setting out.")
            return None
        name = path.relative_to(self.config.rootpath) if path.is_relative_to(self.config.rootpath) else path
        try:
            file = read_gate_file(path, name.as_posix())
        except YamlError as error:
            self.problems += error.problems
            return None
        if file.later:
            self.notes.append(f"{name.as_posix()}: not judged by this version: {', '.join(file.later)}.")
        return file

    def fail_on(self) -> set[str] | None:
        """Give the words of ``gate_fail_on``, None when nobody wrote any."""
        option, ini = self.config.getoption("gate_fail_on"), self.config.getini("gate_fail_on")
        if option is None and ini is None:
            return None
        where = f"gate_fail_on in {self.ini}" if option is None else "--gate-fail-on"
        words = re.split(r"[\s,]+", " ".join(ini) if option is None else option)
        words = [word for word in words if word]
        allowed = (*JUDGED, "none")
        self.problems += [
            f"{where}: `{word}` is nothing that can fail a run.{nearest(word, allowed)}"
            for word in words
            if word not in allowed
        ]
        if not words:
            self.problems.append(f"{where}: empty. Write `none` to report only; known: {', '.join(sorted(allowed))}.")
        if "none" in words and len(set(words)) > 1:
            self.problems.append(f"{where}: `none` stands alone. Take it out, or the other words.")
        return set(words) - {"none"}

    def is_audit(self) -> bool:
        """Say whether ``gate_mode`` asks for a report that never fails the run."""
        mode = str(self.config.getini("gate_mode") or "gate").strip()
        if mode not in ("audit", "gate"):
            self.problems.append(f"gate_mode in {self.ini}: `{mode}` is no mode. Write `audit` or `gate`.")
        return mode == "audit"

    def baseline(self) -> Path | None:
        """Give the file with known mismatches; whether it can be read is seen when the gate opens."""
        if self.text("gate_baseline")[0] or self.config.getoption("gate_baseline") is not None:
            return self.path("gate_baseline", "")
        if self.config.getoption("gate_baseline_update"):
            self.problems.append("--gate-baseline-update: no baseline is named. Add --gate-baseline FILE.")
        return None

    def events(self) -> Path | None:
        """Give the event log; without it there is none."""
        is_asked = self.text("gate_events")[0] or self.config.getoption("gate_events") is not None
        return self.path("gate_events", "") if is_asked else None

    def asked(self, file: GateFile | None) -> set[str]:
        """Give what fails the run when nobody wrote it: mismatches, and what the gate is asked to judge besides."""
        words = {"mismatch"}
        if file and (file.stories or file.requirements):
            words.add("acceptance")
        if file and file.plan:
            words.add("plan")
        if file and file.contexts:
            words |= {"out_of_context", "border"}
        if self.config.getoption("gate_repeat") is not None:
            words.add("flaky")
        return words

    def repeat(self) -> int:
        number = self.config.getoption("gate_repeat")
        if number is not None and number < 1:
            self.problems.append(f"--gate-repeat: {number} is no number of orders. Write 2 or more.")
        return number or 1

    def limits(self) -> dict[str, Any]:
        """Give rules, budget, floors of coverage and the age of evidence."""
        written = {name: self.lines(f"gate_{name}") for name in ("rules", "coverage")}
        budget, max_age = (
            str(self.config.getini(f"gate_{name}") or "").strip() for name in ("budget", "evidence_max_age")
        )
        if not budget and not max_age and not any(written.values()):
            return {}
        from pytest_integration_gate.configuration.limits import read_limits

        limits, problems = read_limits(written["rules"], budget, written["coverage"], max_age)
        self.problems += [f"{name} in {self.ini}: {problem}" for name, problem in problems]
        return limits

    def worked_on(self, contexts: Iterable[Context]) -> tuple[str, ...]:
        """Give the contexts that ``--gate-context`` names."""
        known = [context.name for context in contexts]
        names = tuple(dict.fromkeys(self.config.getoption("gate_context") or ()))
        hint = "" if known else " No context is configured: write `contexts:` in gate.yaml."
        self.problems += [
            f"--gate-context: there is no context `{name}`.{hint}{nearest(name, known)}"
            for name in names
            if name not in known
        ]
        return names

    def base(self) -> str:
        """Give the revision that ``--gate-base`` names; whether git knows it is seen when the gate opens."""
        base = self.config.getoption("gate_base")
        if base is not None and (not base.strip() or base.startswith("-")):
            self.problems.append(f"--gate-base: {base!r} is no revision. Name a commit, a branch or a tag.")
        return base or ""

    def boundaries(self, file: GateFile | None) -> tuple[BoundarySettings, ...]:
        """Give the boundaries of ``gate.yaml`` with the collaborators that ``gate_boundaries`` adds."""
        known = {boundary.name: boundary for boundary in (file.boundaries if file else ())}
        where = f"gate_boundaries in {self.ini}"
        for line in self.lines("gate_boundaries"):
            name, colon, rest = line.partition(":")
            name, words = name.strip(), re.split(r"[\s,]+", rest.strip()) if rest.strip() else []
            if not colon:
                self.problems.append(f"{where}: `{line}` lacks a colon. Write `name: collaborator collaborator`.")
                continue
            reasons = [refuse_boundary(name), *map(refuse_collaborator, words)]
            self.problems += [f"{where}: {reason}" for reason in reasons if reason]
            boundary = known.get(name, BoundarySettings(name=name))
            collaborators = tuple(dict.fromkeys((*boundary.collaborators, *words)))
            known[name] = replace(boundary, collaborators=collaborators)
        return tuple(known.values())

    def checkpoints(self, file: GateFile | None) -> tuple[Checkpoint, ...]:
        """Give the checkpoints of ``gate.yaml``; when a stage alone is asked for, those of all suites, too.

        Otherwise those of a suite are found when it is collected. The stage must be one of theirs.
        """
        checkpoints = file.checkpoints if file else ()
        if checkpoints and not self.flag("gate_allow_commands"):
            self.problems.append(f"gate_allow_commands in {self.ini}: false forbids the commands of `checkpoints`.")
        stage = self.config.getoption("gate_checkpoint")
        if stage is None:
            return checkpoints
        from pytest_integration_gate.configuration.checkpoint_files import checkpoints_of, suites_below

        try:
            allowed = self.flag("gate_allow_commands")
            own = self.path("gate_config", "gate.yaml")
            files = [suite for suite in suites_below(self.config) if suite != own]
            found = checkpoints_of(files, self.config.rootpath, allow_commands=allowed)
        except SettingsError as error:
            self.problems.append(error.message)
            return checkpoints
        checkpoints += found
        known = dict.fromkeys(one.stage for one in checkpoints if one.stage)
        if stage not in known:
            hint = nearest(stage, known) or " Neither gate.yaml nor a suite has checkpoints with a stage."
            self.problems.append(f"--gate-checkpoint: there is no stage `{stage}`.{hint}")
        return checkpoints

    def publish(self) -> tuple[Target, ...]:
        """Give the targets of ``--gate-publish``."""
        targets = self.config.getoption("gate_publish") or ()
        if not targets:
            return ()
        from pytest_integration_gate.reports.publication import PublishError, read_target

        read = []
        for text in targets:
            try:
                read.append(read_target(text))
            except PublishError as error:
                self.problems.append(f"--gate-publish: {error.message} {error.remedy}")
        return tuple(read)

    def notify(self) -> dict[str, Any]:
        """Give the receivers of notifications, and how long they may take."""
        option = self.config.getoption("gate_notify")
        lines, where = (
            (self.lines("gate_notify"), f"gate_notify in {self.ini}") if option is None else (option, "--gate-notify")
        )
        if not lines:
            return {}
        from pytest_integration_gate.reports.notification import UnsetVariable, read_receiver

        receivers = []
        for line in lines:
            try:
                receivers.append(read_receiver(line))
            except UnsetVariable as error:  # those who work on the project may well be without
                self.notes.append(f"{where}: {error.message}")
            except SettingsError as error:
                self.problems.append(f"{where}: {error.message} {error.remedy}")
        timeout = str(self.config.getini("gate_notify_timeout") or "5s")
        if refusal := refuse_duration(timeout):
            self.problems.append(f"gate_notify_timeout in {self.ini}: `{timeout}`: {refusal}")
            return {}
        return {"notify": tuple(receivers), "notify_timeout": seconds(timeout)}

    def pact(self) -> Path | None:
        """Give the folder of ``--gate-pact``, None without."""
        if self.config.getoption("gate_pact") is None:
            return None
        path = self.path("gate_pact", "")
        if path.is_file():
            self.problems.append(f"--gate-pact: {path} is a file. Name a folder.")
        return path

    def pact_broker(self) -> str:
        """Give the URL of ``--gate-pact-publish``, empty without."""
        url = self.config.getoption("gate_pact_publish")
        if url is None:
            return ""
        if not re.match(r"https?://[^\s/@]+(?:/\S*)?$", url):
            self.problems.append("--gate-pact-publish: this is no URL. Write it like https://broker.example.com.")
        if self.config.getoption("gate_pact") is None:
            self.problems.append("--gate-pact-publish: no folder is named for the Pact files. Add --gate-pact DIR.")
        return str(url)

    def redact(self) -> tuple[str, ...]:
        patterns = self.lines("gate_redact")
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                where = f"gate_redact in {self.ini}"
                self.problems.append(
                    f"{where}: `{pattern}` is no regular expression: {error}. Escape what is meant literally."
                )
        return tuple(patterns)


def _is_installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ValueError:  # it stands in sys.modules as None or without a spec
        return False
