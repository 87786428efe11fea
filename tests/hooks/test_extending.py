"""What other plugins add to the gate through its hooks."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.extension import called
from pytest_integration_gate.model.capture import shape_of

UNIT = """
from unittest.mock import patch
import shop

@patch.object(shop.Repo, "get", return_value={"id": 1, "mail": "ada@example.com"})
def test_greets(get):
    assert shop.greet(1) == "Dear ada@example.com"
"""

HELD = """
import pytest
from pytest_integration_gate.extension import Cause, Contribution, called

def pytest_integration_gate_boundaries(config):
    return {"queue": ["bus"]}

def pytest_integration_gate_redact(config):
    return ["shoe_?size"]

def pytest_integration_gate_claims(item):
    if item.name == "test_sends":
        yield called("bus:Bus.send", ("topic",), {"shoe_size": 46}, returned={"offset": "7"}, at="tests/test_bus.py:4")
        yield called("bus:Bus.sned", ("topic",), at="tests/test_bus.py:5")

def pytest_integration_gate_observations(item):
    yield called("bus:Bus.send", ("topic",), {"shoe_size": 44}, returned={"offset": 7}, at="bus.py:3")

def pytest_integration_gate_judge(ended):
    return Contribution(
        causes=(Cause(word="mismatch", reason=f"{len(ended.findings)} claims are one too many"),),
        sections={"bus": {"topics": ("a", "b")}},
        warnings=("The bus is slow.",),
    )

def pytest_integration_gate_notify(config, message):
    with (config.rootpath / "told").open("a") as stream:
        stream.write(message["event"] + " ")

def pytest_integration_gate_publish(config, report, outcomes):
    (config.rootpath / "published").write_text(f"{report.gate.status} {len(outcomes)}")
    return ["The board was not reached."]
"""


REPLAYED = """
from pytest_integration_gate.extension import Replayed, called

seen = []

def pytest_integration_gate_claims(item):
    if item.name == "test_sends":
        yield called("queue_library:Bus.send", ("topic",), returned={"offset": "7"}, at="tests/unit/test_greet.py:4")

def pytest_integration_gate_replays(findings):
    def ask(request):
        seen.append(called("queue_library:Bus.send", ("topic",), returned={"offset": 7}))
        return ""
    for one in findings:
        if one.target == "queue_library:Bus.send":
            yield Replayed(name="send", act="send a message", boundary="queue", tests=one.tests, ask=ask)

def pytest_integration_gate_observations(item):
    return seen
"""


@pytest.fixture
def bus(project: Any) -> Any:
    """A project with a message bus whose doubles only a plugin understands."""
    project.write("bus.py", "class Bus:\n    def send(self, topic, shoe_size=None):\n        return {'offset': 7}\n")
    project.write("tests/unit/test_greet.py", "import bus\n\ndef test_sends():\n    pass\n")
    return project


def test_everything_that_a_plugin_can_add(bus: Any) -> None:
    """Claims, observations, boundaries, secrets, causes, sections, warnings and a publication of its own."""
    bus.write("conftest.py", HELD)
    result = bus.run()
    assert result.ret == 1
    assert [(one["target"], one["kind"], one["boundary"]) for one in bus.report["mismatches"]] == [
        ("bus:Bus.send", "return_shape", "queue"),
        ("bus:Bus.sned", "missing_attribute", "queue"),
    ]
    assert {one["name"] for one in bus.report["boundaries"]} == {"database", "queue"}
    assert bus.report["extensions"] == {"bus": {"topics": ["a", "b"]}}
    assert {"The bus is slow.", "The board was not reached."} <= set(bus.report["warnings"])
    assert any("claims are one too many" in reason for reason in bus.report["gate"]["reasons"])
    assert (bus.root / "published").read_text() == "FAILED 2"
    assert (bus.root / "told").read_text() == "start failed "
    assert "46" not in bus.report_text


def test_a_plugin_asks_what_only_it_can_reach(bus: Any) -> None:
    """Its replay is a boundary test like any other; what the plugin observes there decides about the claim."""
    bus.write("conftest.py", REPLAYED)
    assert bus.run().ret == 0
    result = bus.run("--gate-replay", "-v")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*gate-replay::send PASSED*"])
    [mismatch] = bus.report["mismatches"]
    assert (mismatch["target"], mismatch["kind"], mismatch["boundary"]) == (
        "queue_library:Bus.send",
        "return_shape",
        "queue",
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("1 / 0", "could not replay claims: ZeroDivisionError"),
        ("['send']", "could not replay claims: TypeError: it gave str, not a list of Replayed"),
    ],
)
def test_a_plugin_that_cannot_say_what_to_ask_is_a_warning(bus: Any, answer: str, said: str) -> None:
    """What the gate itself can ask is asked all the same."""
    claims, _, _ = REPLAYED.partition("def pytest_integration_gate_replays")
    bus.write("conftest.py", f"{claims}def pytest_integration_gate_replays():\n    return {answer}\n")
    result = bus.run("--gate-replay")
    result.assert_outcomes(passed=2, skipped=1)
    assert said in bus.report["warnings"][0]


def test_the_project_is_stronger_than_a_plugin(bus: Any) -> None:
    """A collaborator that the project has filed stays there."""
    bus.write("conftest.py", HELD)
    bus.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\ngate_boundaries = mail: bus\n")
    bus.run()
    assert {one["boundary"] for one in bus.report["mismatches"]} == {"mail"}


@pytest.mark.parametrize(
    ("hook", "arguments", "said"),
    [
        ("boundaries", "config", "could not name its boundaries: ZeroDivisionError"),
        ("redact", "config", "could not say what to mask: ZeroDivisionError"),
        ("claims", "item", "could not tell what its doubles answered: ZeroDivisionError"),
        ("observations", "item", "could not tell what it saw: ZeroDivisionError"),
        ("publish", "report", "could not publish the run: ZeroDivisionError"),
        ("notify", "message", "could not tell of the event `start`: ZeroDivisionError"),
    ],
)
def test_a_plugin_that_fails_is_a_warning(bus: Any, hook: str, arguments: str, said: str) -> None:
    """No outcome changes, and the run says once which plugin failed at what."""
    bus.write("conftest.py", f"def pytest_integration_gate_{hook}({arguments}):\n    1 / 0\n")
    result = bus.run()
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    warning = bus.report["warnings"][0]
    assert said in warning
    assert "conftest.py" in warning


@pytest.mark.parametrize(
    ("hook", "answer", "said"),
    [
        ("boundaries", "{'queue': 'bus'}", "could not name its boundaries: TypeError: it gave str, not a list of str"),
        ("redact", "'shoe'", "could not say what to mask: TypeError: it gave str, not a list of str"),
        ("redact", "['(']", "could not say what to mask: "),
        (
            "claims",
            "[{'target': 'bus:Bus'}]",
            "tell what its doubles answered: TypeError: it gave dict, not a list of Call",
        ),
        ("observations", "5", "could not tell what it saw: TypeError"),
        ("publish", "True", "could not publish the run: TypeError"),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_warning(bus: Any, hook: str, answer: str, said: str) -> None:
    """It costs nothing but itself: the run is judged, and what its tests claim is kept."""
    bus.write("tests/unit/test_mail.py", UNIT)
    bus.write("conftest.py", f"def pytest_integration_gate_{hook}():\n    return {answer}\n")
    result = bus.run()
    result.assert_outcomes(passed=3)
    assert said in bus.report["warnings"][0]
    assert [one["target"] for one in bus.report["mismatches"]] == ["shop:Repo.get"]


def test_a_judgement_of_another_kind_is_not_green(bus: Any) -> None:
    """What a plugin answers in place of a contribution fails the run in its name."""
    bus.write("conftest.py", "def pytest_integration_gate_judge(ended):\n    return True\n")
    assert bus.run().ret == 1
    assert "could not judge the run: TypeError: it gave bool, not Contribution" in bus.report["gate"]["reasons"][0]


def test_what_cannot_be_judged_is_not_green(bus: Any) -> None:
    """A plugin that fails to judge fails the run; the others have judged it all the same."""
    bus.write("conftest.py", "def pytest_integration_gate_judge(ended):\n    1 / 0\n")
    bus.write("tests/conftest.py", HELD)
    assert bus.run().ret == 1
    reasons = " ".join(bus.report["gate"]["reasons"])
    assert "could not judge the run: ZeroDivisionError" in reasons
    assert "one too many" in reasons


def test_without_the_gate_nothing_is_called(bus: Any) -> None:
    """A conftest with the gate's hooks is no mistake when the gate is off."""
    bus.write("conftest.py", "def pytest_integration_gate_boundaries(config):\n    1 / 0\n")
    result = bus.run(gate=False)
    result.assert_outcomes(passed=2)
    assert result.ret == 0


def test_a_call_is_pictured_at_once() -> None:
    """What happens to a value afterwards does not change what was said of it."""
    value: list[object] = [1]
    call = called("bus:Bus.send", (value,), returned=value)
    value.append("late")
    assert call.outcome.shape == shape_of([1]) == call.arguments.positional[0].shape


@pytest.mark.parametrize(
    ("target", "outcomes", "said"),
    [
        ("bus.Bus.send", {}, "'bus.Bus.send' is no address of a callable. Write 'package.module:Class.method'."),
        ("bus:send", {"returned": 1, "raised": OSError()}, "A call of bus:send has one outcome"),
    ],
)
def test_calls_that_make_no_sense(target: str, outcomes: dict[str, Any], said: str) -> None:
    """A wrong address and two outcomes are told where they are written."""
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        called(target, **outcomes)
