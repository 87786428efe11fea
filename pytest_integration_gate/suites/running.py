"""Runs the steps of a test: conditions, repetition, expectations and captures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from pytest_integration_gate.durations import seconds
from pytest_integration_gate.suites.captures import NothingThere, take
from pytest_integration_gate.suites.extras import MissingExtra, needs
from pytest_integration_gate.suites.failure import failed_step, printed
from pytest_integration_gate.suites.filling import NOT_FILLED, fill
from pytest_integration_gate.suites.kinds import KINDS
from pytest_integration_gate.suites.masking import ANSWERED
from pytest_integration_gate.suites.matchers import Difference, differences
from pytest_integration_gate.suites.seen import Seen, SkipTest, StepFailed
from pytest_integration_gate.suites.suite import Step, Suite, SuiteTest
from pytest_integration_gate.suites.templates import TemplateError, UndefinedVariable, evaluate, render
from pytest_integration_gate.suites.world import World

DEFAULT_EVENTUALLY = ("10s", "200ms")
"""How long and how often `eventually` and `until` look when nothing is written."""

_TELLS_NO_SECRET = frozenset((*NOT_FILLED, "action", "expect", "endpoint", "sql"))
_FALSE = ("", "false", "0", "no", "none", "null")


def run_test(suite: Suite, test: SuiteTest, world: World) -> dict[str, Any]:
    """Run all steps of a test and return the figures they measured.

    Raises SuiteFailed when a step fails, SkipTest when a condition of the test, or that of every step, says so.
    """
    for key, condition in (("skip_if", test.skip_if), ("when", test.when)):
        if condition is not None and _holds(condition, world.variables) == (key == "skip_if"):
            raise SkipTest(f"{key}: {condition}")
    figures: dict[str, Any] = {}
    skipped: list[str] = []
    for step in test.steps:
        reason = _Doing(suite, test, step, world).run(figures)
        skipped += [reason] if reason else []
    if len(skipped) == len(test.steps):
        raise SkipTest(skipped[0])
    return figures


class _Doing:
    """One step of a test while it is done."""

    def __init__(self, suite: Suite, test: SuiteTest, step: Step, world: World) -> None:
        self.suite = suite
        self.test = test
        self.step = step
        self.world = world
        self.module: Any = import_module(f"pytest_integration_gate.suites.{KINDS[step.kind].module}")
        self.attempts = 0

    def run(self, figures: dict[str, Any]) -> str:
        """Do the step for each of its elements; return why nothing was to be done, empty when something was."""
        reason = ""
        try:
            for variables in self._elements():
                reason = self._unwanted(variables)
                if not reason:
                    self.attempts = 0
                    seen = self._until_it_holds(variables)
                    self._capture(seen)
                    figures.update(seen.figures)
        except StepFailed as error:
            raise self._failed(error) from None
        except TemplateError as error:
            raise self._failed(StepFailed(_why(error), is_final=True)) from None
        except MissingExtra as error:
            raise self._failed(StepFailed(error.message, suggestion=error.remedy, is_final=True)) from None
        return reason

    def _failed(self, error: StepFailed) -> Exception:
        return failed_step(
            error, suite=self.suite, test=self.test, step=self.step, world=self.world, attempts=self.attempts
        )

    def _elements(self) -> Iterator[Mapping[str, Any]]:
        """Give the variables for each element of `foreach`, or once those of the suite."""
        variables = self.world.variables
        written = self.step.data.get("foreach")
        if written is None:
            yield variables
            return
        elements = evaluate(written, variables) if isinstance(written, str) else render(written, variables)
        if isinstance(elements, Mapping):
            elements = [{"key": key, "value": value} for key, value in elements.items()]
        if not isinstance(elements, list | tuple):
            raise StepFailed(f"`foreach: {written}` gave {printed(elements)}, which is no list.", is_final=True)
        if not elements:
            raise StepFailed(f"`foreach: {written}` has no element, so that nothing is checked.", is_final=True)
        for index, item in enumerate(elements):
            yield {**self.world.variables, "item": item, "index": index}

    def _unwanted(self, variables: Mapping[str, Any]) -> str:
        """Say why the step is not to be done, empty when it is."""
        data = self.step.data
        if "skip_if" in data and _holds(data["skip_if"], variables):
            return f"skip_if: {data['skip_if']}"
        if "when" in data and not _holds(data["when"], variables):
            return f"when: {data['when']}"
        return ""

    def _until_it_holds(self, variables: Mapping[str, Any]) -> Seen:
        data = self.step.data
        retries = data.get("retries", 0) if data.get("retryable", True) else 0
        eventually = data.get("eventually", "until" in data and "retries" not in data)
        if not retries and not eventually:
            return self._once(variables)
        with needs("suites", "trying a step again"):
            import tenacity
        policy: dict[str, Any] = {
            "stop": tenacity.stop_after_attempt(retries + 1),
            "wait": tenacity.wait_exponential(multiplier=0.1, max=5),
        }
        if eventually:
            alone = {} if eventually is True else {"timeout": eventually}
            written = eventually if isinstance(eventually, dict) else alone
            timeout, interval = DEFAULT_EVENTUALLY
            policy["stop"] = tenacity.stop_after_delay(seconds(written.get("timeout", timeout)))
            policy["wait"] = tenacity.wait_fixed(seconds(written.get("interval", interval)))
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, StepFailed) and not error.is_final),
            reraise=True,
            **policy,
        )
        return retrying(self._once, variables)

    def _once(self, variables: Mapping[str, Any]) -> Seen:
        """Do the step one time and compare what it saw with what is expected."""
        self.attempts += 1
        world, data = self.world, self.step.data
        filled = fill(data, KINDS[self.step.kind].keys, variables)
        world.secrets.learn({key: value for key, value in filled.items() if key not in _TELLS_NO_SECRET})
        seen: Seen = self.module.run(filled, world)
        world.secrets.learn(seen.data, shortest=ANSWERED)
        self._check_ends(seen, variables)
        found = self._compare(filled, seen)
        if found:
            explain: Callable[..., str] | None = getattr(self.module, "explain", None)
            raise StepFailed(explain(found, seen) if explain else "", differences=found, seen=seen)
        return seen

    def _compare(self, data: Mapping[str, Any], seen: Seen) -> tuple[Difference, ...]:
        if self.step.kind == "command":
            found: tuple[Difference, ...] = self.module.compare_command(data, seen)
            return found
        compare = getattr(self.module, "compare", None)
        expect = data.get("expect")
        if compare is not None:
            is_left_open = expect is None and ("until" in data or "fail_if" in data)
            return () if is_left_open else tuple(compare(expect, seen))
        expect = dict(expect or {})
        exact = expect.pop("exact", False)
        return tuple(differences(expect, seen.data, exact=exact))

    def _check_ends(self, seen: Seen, variables: Mapping[str, Any]) -> None:
        data = self.step.data
        scope = {**variables, **seen.data}
        if "fail_if" in data and _holds(data["fail_if"], scope):
            raise StepFailed(f"`fail_if: {data['fail_if']}` holds.", seen=seen, is_final=True)
        if "until" in data and not _holds(data["until"], scope):
            raise StepFailed(f"`until: {data['until']}` does not hold.", seen=seen)

    def _capture(self, seen: Seen) -> None:
        for name, path in self.step.data.get("capture", {}).items():
            try:
                value = take(path, seen.data)
            except NothingThere:
                raise StepFailed(f"`capture`: there is nothing at `{path}`.", seen=seen) from None
            self.world.variables[name] = value
            self.world.secrets.learn({name: value})


def _holds(condition: Any, variables: Mapping[str, Any]) -> bool:
    if not isinstance(condition, str):
        return bool(condition)
    value = evaluate(condition, variables) if condition.strip() else False
    return value.strip().lower() not in _FALSE if isinstance(value, str) else bool(value)


def _why(error: TemplateError) -> str:
    if isinstance(error, UndefinedVariable):
        return f"{error.message} The step that captures it did not run, or failed."
    return error.message
