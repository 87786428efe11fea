"""Runs checkpoints before the tests that they gate, remembers those that passed, and publishes what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.errors import SettingsError
from pytest_integration_gate.hooks.memory import Memory
from pytest_integration_gate.hooks.progress import notice_in
from pytest_integration_gate.hooks.tree import commit_of
from pytest_integration_gate.judging.checkpoints import judge_checkpoints
from pytest_integration_gate.judging.ended import Ended
from pytest_integration_gate.judging.gate import Contribution
from pytest_integration_gate.model.run_report import CheckpointResult
from pytest_integration_gate.suites.checkpoints import Checkpoint, Result, run_checkpoint, second_name, stages
from pytest_integration_gate.suites.commands import Commands
from pytest_integration_gate.suites.masking import Secrets


class Checkpoints:
    """The checkpoints of one run, in the process that judges it.

    Under xdist all of them run before the first test; otherwise those of a stage before the first test that names it.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._all: list[Checkpoint] = []
        self._left: list[Checkpoint] = []
        self._secrets = Secrets(patterns=settings.redact)
        self._entries: list[CheckpointResult] = []
        self._warnings: list[str] = []
        self._memory = Memory(settings)
        self._is_resuming = settings.resume
        self._is_over = False
        self.add(settings.checkpoints)

    def add(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Take in what is to run, before the first test; raise `SettingsError` where a name is taken."""
        first: dict[str, Checkpoint] = {}
        problems = [
            second_name(one.at, one.name, first[one.name].at)
            for one in (*self._all, *checkpoints)
            if first.setdefault(one.name, one) is not one
        ]
        if problems:
            raise SettingsError("\n".join(problems), remedy="Give each checkpoint a name of its own.")
        chosen = self._settings.checkpoint_stage
        self._all += checkpoints
        self._left += [one for one in checkpoints if not chosen or one.stage == chosen]

    @property
    def results(self) -> list[CheckpointResult]:
        """How each checkpoint has ended so far, in their order; the others have not run."""
        order = [one.name for one in self._all]
        entries = [*self._entries, *(_entry(Result(checkpoint=one), "not_run") for one in self._left)]
        return sorted(entries, key=lambda entry: order.index(entry.name))

    @property
    def definitions(self) -> list[dict[str, object]]:
        """What the checkpoints are, as it is published: without secrets."""
        from pytest_integration_gate.hooks.publishing import definition

        secrets = Secrets(patterns=self._settings.redact)
        return [secrets.hide(definition(one)) for one in self._all]

    # -- when -----------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool | None:
        """Collect nothing when a stage alone is asked for."""
        return True if self._settings.checkpoint_stage else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run what comes before all tests; in several orders at once that is everything."""
        if session.config.getoption("collectonly", False):
            return None
        if self._config.pluginmanager.hasplugin("dsession") and not self._settings.checkpoint_stage:
            return None  # `begin_with_all`, when the workers have collected
        named = {stage for item in session.items if (stage := _stage(item)) and self._settings.repeat == 1}
        self._begin(session, [one for one in self._left if not one.stage or one.stage not in named])
        return True if self._settings.checkpoint_stage else None

    def begin_with_all(self, session: pytest.Session) -> None:
        """Run everything: the workers of xdist have collected, and this process sees no test."""
        self._begin(session, self._left[:])

    def _begin(self, session: pytest.Session, due: Sequence[Checkpoint]) -> None:
        if not self._run(due):
            self._stop(session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Before the first test of a stage run its checkpoints, and those of the stages before it."""
        stage = _stage(item)
        if not stage or self._is_over or all(one.stage != stage for one in self._left):
            return None
        order = stages(self._all)
        due = order[: order.index(stage) + 1]
        if self._run([one for one in self._left if one.stage in due]):
            return None
        self._stop(item.session, at_once=False)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Before the run is judged: note what did not run, and publish."""
        if session.config.getoption("collectonly", False):
            return
        self._entries, self._left = self.results, []
        if self._settings.checkpoint_stage and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK
        self._memory.keep()
        self._warnings += self._memory.warnings
        if self._settings.publish and not self._entries:
            self._warnings.append("--gate-publish: there are no checkpoints to publish.")
        elif self._settings.publish:
            from pytest_integration_gate.hooks.publishing import publish_all

            commit = commit_of(self._settings.root)
            self._warnings += publish_all(self._settings, self.definitions, self._entries, commit)

    def pytest_integration_gate_judge(self, ended: Ended) -> Contribution:
        """Say what the results mean for the run."""
        return judge_checkpoints(self._entries, self._warnings)

    # -- what -----------------------------------------------------------------------------------------------------

    def _run(self, due: Sequence[Checkpoint]) -> bool:
        """Run checkpoints in their order; return whether the run may go on."""
        if not due:
            return True
        notice = notice_in(self._config)
        with Commands(self._settings.root) as commands:
            for checkpoint in due:
                self._left.remove(checkpoint)
                if self._is_remembered(checkpoint):
                    entry = _entry(Result(checkpoint=checkpoint, output="passed before; nothing has changed"), "passed")
                else:
                    entry = self._masked(run_checkpoint(checkpoint, commands))
                self._entries.append(entry)
                if notice is not None:
                    notice(_lines(entry))
                self._memory.note(checkpoint, has_passed=entry.status == "passed")
                if entry.status == "passed":
                    continue
                self._is_resuming = False
                if checkpoint.failure_action == "stop":
                    return False
        return True

    def _stop(self, session: pytest.Session, *, at_once: bool = True) -> None:
        self._is_over = True
        session.shouldfail = f"checkpoint `{self._entries[-1].name}` failed"
        if at_once:
            raise session.Failed(session.shouldfail)

    def _masked(self, result: Result) -> CheckpointResult:
        entry = _entry(result, "passed" if result.has_passed else "failed")
        return _entry(result, entry.status, self._secrets.text(entry.output), self._secrets.text(entry.reason))

    def _is_remembered(self, checkpoint: Checkpoint) -> bool:
        """Whether it passed in the same state of the tree, and so did all before it."""
        self._is_resuming = self._is_resuming and self._memory.has(checkpoint)
        return self._is_resuming


def _stage(item: pytest.Item) -> str:
    mark = item.get_closest_marker("stage")
    return str(mark.args[0]) if mark is not None and mark.args else ""


def _entry(result: Result, status: Any, output: str | None = None, reason: str | None = None) -> CheckpointResult:
    return CheckpointResult(
        name=result.checkpoint.name,
        stage=result.checkpoint.stage,
        status=status,
        attempts=result.attempts,
        duration=f"{result.seconds:.1f}s",
        output=result.output if output is None else output,
        reason=result.reason if reason is None else reason,
        failure_action=result.checkpoint.failure_action,
    )


def _lines(entry: CheckpointResult) -> str:
    """Write what became of a checkpoint; below a failure stands what its command wrote."""
    stage = f" ({entry.stage})" if entry.stage else ""
    end = f", {entry.attempts} attempts, {entry.duration}" if entry.attempts > 1 else f", {entry.duration}"
    line = f"checkpoint {entry.name}{stage}: {entry.status}{end}{f': {entry.reason}' if entry.reason else ''}"
    return "\n    ".join((line, *(entry.output.splitlines() if entry.reason else ())))
