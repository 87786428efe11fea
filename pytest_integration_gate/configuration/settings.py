"""Everything the user can set, as one frozen object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from pytest_integration_gate.configuration.gate_file import (
    BoundarySettings,
)
from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.model.acceptance import PlannedPath, Story
from pytest_integration_gate.values import dataclass
from pytest_integration_gate.yaml_rules import nearest

if TYPE_CHECKING:  # only runs with contexts need it
    from pytest_integration_gate.model.context import Context
    from pytest_integration_gate.reports.notification import Receiver
    from pytest_integration_gate.reports.publication import Target
    from pytest_integration_gate.suites.checkpoints import Checkpoint
    from pytest_integration_gate.verdicts.target_waivers import TargetWaiver

DEFAULT_BOUNDARIES = ("cloud", "database", "filesystem", "http", "messaging", "process")
"""Boundaries that exist without configuration."""

JUDGED = (
    *("acceptance", "border", "checkpoint", "flaky", "mismatch"),
    *("out_of_context", "plan", "stale", "suspect", "unverified"),
)
"""Words for what can fail a run."""

FORMATS = ("trace", "html", "json", "sarif", "ctrf")
"""What the judged run can be written as besides the report, each asked for by ``--gate-`` and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user has set.

    `fakes` maps each hand-written fake to the real class that it stands for.
    `contexts` are those of ``gate.yaml``, `worked_on` the names of ``--gate-context``, `base` the revision of
    ``--gate-base``, `brief` where the hand-over is written. `account` and `project` are the scope of stored state.
    `allow_commands` says whether YAML suites may run commands. `gate_file` is the ``gate.yaml`` that was read.
    `checkpoint_stage` is the stage that alone is to run, `resume` lets checkpoints be that passed before, `publish`
    is where their results go. `requirements` maps ids to texts. `formats` says where the judged run is written
    besides the report, by the format's name; `repeat` in how many orders everything runs. `rules` maps rules for
    boundary tests to ``warning``, ``error`` or ``off``. `budget` is in seconds, `floors` of coverage are in
    percent. `evidence_max_age` is in seconds, None without a limit. `selected` are the boundaries of ``--boundary``,
    empty for all. `waivers` are those of ``gate.yaml``.
    `baseline` is the file with known mismatches, and `updates_baseline` says that it shall have those of this run.
    `imports` are files with evidence of other runs, `export` is where all is written. `scaffold` is the folder for
    tests of what is unverified. `events` is the event log.
    `notify` are those who are told of the run, for which all of them have `notify_timeout` seconds at each event.
    `pact` is the folder that Pact files are written to, `pact_broker` the URL of the broker that gets them, empty
    without; `foreign_pacts` are the Pact files of others.
    `fix` is ``preview`` or ``write`` where doubles are to be mended, else empty.
    `fail_on` is empty for ``none`` and in audit mode; `fail_on_is_explicit` says that somebody wrote it. `redact` are
    regular expressions. `root` is pytest's root directory. `notes` are sentences that the user should read: what was
    set and is not judged by this version.
    """

    root: Path
    project: str
    account: str = ""
    report: Path
    store: Path
    fail_on: frozenset[str] = frozenset({"mismatch"})
    fail_on_is_explicit: bool = False
    boundaries: tuple[BoundarySettings, ...] = ()
    fakes: Mapping[str, str] = field(default_factory=dict)
    stories: tuple[Story, ...] = ()
    requirements: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[PlannedPath, ...] = ()
    formats: Mapping[str, Path] = field(default_factory=dict)
    repeat: int = 1
    rules: Mapping[str, str] = field(default_factory=dict)
    budget: float | None = None
    evidence_max_age: float | None = None
    floors: Mapping[str, float] = field(default_factory=dict)
    contexts: tuple[Context, ...] = ()
    worked_on: tuple[str, ...] = ()
    base: str = ""
    brief: Path | None = None
    selected: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    allow_commands: bool = True
    gate_file: Path | None = None
    checkpoints: tuple[Checkpoint, ...] = ()
    checkpoint_stage: str = ""
    resume: bool = False
    publish: tuple[Target, ...] = ()
    waivers: tuple[TargetWaiver, ...] = ()
    baseline: Path | None = None
    updates_baseline: bool = False
    imports: tuple[Path, ...] = ()
    export: Path | None = None
    scaffold: Path | None = None
    fix: str = ""
    events: Path | None = None
    notify: tuple[Receiver, ...] = ()
    notify_timeout: float = 5.0
    pact: Path | None = None
    pact_broker: str = ""
    foreign_pacts: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def check_report(settings: Settings) -> None:
    """Make sure before the tests run that the report can be written after them; raise `SettingsError` otherwise.

    A missing folder is made inside the root directory. Elsewhere it is more likely a slip than a wish.
    """
    report, folder = settings.report, settings.report.parent
    try:
        if report.is_dir():
            raise SettingsError(f"gate_report: {report} is a folder.", remedy="Name a file.")
        if not folder.exists():
            if not folder.resolve().is_relative_to(settings.root.resolve()):
                raise SettingsError(f"gate_report: there is no folder {folder}.", remedy="Make it, or name another.")
            folder.mkdir(parents=True)
        if report.is_file() or not report.exists():  # /dev/stdout and the like are written to, not replaced
            NamedTemporaryFile(dir=folder, prefix=".integration-gate-").close()
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"gate_report: the report cannot be written to {folder}: {reason}."
        raise SettingsError(message, remedy="Name another place with --gate-report or gate_report.") from None


def known_boundaries(settings: Settings, marked: Iterable[str] = ()) -> frozenset[str]:
    """Give every boundary that there is: the default ones, those configured, and those that markers name."""
    return frozenset((*DEFAULT_BOUNDARIES, *(boundary.name for boundary in settings.boundaries), *marked))


def check_selected(settings: Settings, marked: Iterable[str] = ()) -> None:
    """Raise `SettingsError` when ``--boundary`` names one that neither the configuration nor a marker knows."""
    known = known_boundaries(settings, marked)
    problems = [
        f"--boundary: there is no boundary `{name}`.{nearest(name, known)}"
        for name in settings.selected
        if name not in known
    ]
    if problems:
        raise all_wrong(problems)


def all_wrong(problems: list[str]) -> SettingsError:
    """Make one error of everything that is wrong."""
    if len(problems) == 1:
        return SettingsError(problems[0])
    return SettingsError(f"{len(problems)} settings are wrong:\n" + "\n".join(problems))
