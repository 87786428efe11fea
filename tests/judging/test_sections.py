"""The lists that are counted from what tests recorded."""

from __future__ import annotations

from dataclasses import replace

from pytest_integration_gate.judging.sections import hygiene, observed_boundaries, suites, unbound_doubles
from pytest_integration_gate.model.claim import Unbound
from pytest_integration_gate.model.exchange import Exchange, Request
from pytest_integration_gate.model.interaction import Arguments, Outcome, Site
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.run_report import Measured, SuiteResult, TestOutcome


def observation(target: str, contaminated: str = "") -> Observation:
    return Observation(
        target=target,
        arguments=Arguments(),
        outcome=Outcome(kind="returned"),
        site=Site(file="shop/api.py", function="show", call="repo.get(1)", line=7),
        contaminated=contaminated,
    )


def test_boundaries_count_tests_targets_and_calls() -> None:
    """A target that is called twice counts once as a target and twice as an observation."""
    records = [
        TestRecord(nodeid="a", boundaries=("database",), observations=(observation("m:f"), observation("m:f"))),
        TestRecord(nodeid="b", boundaries=("database", "http"), observations=(observation("m:g"),)),
        TestRecord(nodeid="unit", observations=(observation("m:h"),)),
    ]
    counted = [(b.name, b.tests, b.targets, b.observations) for b in observed_boundaries(records)]
    assert counted == [("database", 2, 2, 3), ("http", 1, 1, 1)]


def test_the_port_of_a_started_server_makes_no_target() -> None:
    """Two workers have two servers; services that one test reaches, and fixed ports, are told apart."""

    def route(origin: str) -> Observation:
        exchange = Exchange(request=Request(method="GET", origin=origin))
        return replace(observation(f"GET {origin}/health"), exchange=exchange)

    def count(*tests: tuple[str, ...]) -> int:
        records = [
            TestRecord(nodeid=str(number), boundaries=("http",), observations=tuple(map(route, origins)))
            for number, origins in enumerate(tests)
        ]
        return observed_boundaries(records)[0].targets

    one, other = "http://127.0.0.1:40001", "http://127.0.0.1:59999"
    assert count((one,), (one,)) == count((one,), (other,)) == 1
    assert count((one, other), (one,)) == count((one, other), (other, "http://127.0.0.1:33333")) == 2
    assert count(("http://localhost:8001",), ("http://localhost:8002",)) == 2
    assert count(("http://api.example:40001",), ("http://api.example:40002",)) == 2


def test_the_weakest_fidelity_stands_for_a_boundary() -> None:
    """One emulated test among real ones keeps the boundary from being called real."""
    records = [
        TestRecord(nodeid="a", boundaries=("database",), fidelity="real"),
        TestRecord(nodeid="b", boundaries=("database",), fidelity="emulated"),
    ]
    assert [b.fidelity for b in observed_boundaries(records)] == ["emulated"]


def test_the_configuration_files_a_target_elsewhere() -> None:
    """What the configuration gives to one boundary counts there, whatever the marker of the test says."""
    records = [TestRecord(nodeid="a", boundaries=("database",), observations=(observation("shop.pay:charge"),))]
    counted = [(b.name, b.observations) for b in observed_boundaries(records, {"shop.pay:charge": "payments"}.get)]
    assert counted == [("database", 0), ("payments", 1)]


def test_a_contaminated_observation_is_listed_and_not_counted() -> None:
    """It appears as untidy at the line that made the call, and the boundary does not count it."""
    records = [TestRecord(nodeid="a", boundaries=("database",), observations=(observation("m:f", "m:g"),))]
    assert [b.observations for b in observed_boundaries(records)] == [0]
    assert [(entry.kind, entry.at, entry.detail) for entry in hygiene(records)] == [
        ("contaminated_observation", "shop/api.py:7", "m:f reached m:g")
    ]


def test_unbound_doubles_of_one_line_are_one() -> None:
    """Their names and tests are joined."""
    records = [
        TestRecord(nodeid="b", unbound=(Unbound(at="tests/t.py:9", names=("send",)),)),
        TestRecord(nodeid="a", unbound=(Unbound(at="tests/t.py:9", names=("close", "send")),)),
    ]
    (double,) = unbound_doubles(records)
    assert (double.names, double.tests) == (("close", "send"), ("a", "b"))


def test_suites_are_counted_with_what_they_measured() -> None:
    """Tests of one file are one suite, in any order; its failed teardown is an error of it; others are left out, and so
    are tables of figures without an entry."""
    outcomes = [
        TestOutcome(nodeid="a.gate.yaml::two", outcome="passed", suite="A", figures={"p95": 1.5, "errors": {}}),
        TestOutcome(nodeid="a.gate.yaml::one", outcome="failed", suite="A"),
        TestOutcome(nodeid="a.gate.yaml::teardown", outcome="error", suite="A"),
        TestOutcome(nodeid="b.gate.yaml::one", outcome="skipped", suite="B"),
        TestOutcome(nodeid="test_c.py::test_x", outcome="passed"),
    ]
    first, second = suites(outcomes)
    assert first == SuiteResult(
        name="A",
        file="a.gate.yaml",
        tests=3,
        passed=1,
        failed=1,
        skipped=0,
        errors=1,
        measured=(Measured(test="two", figures={"p95": 1.5}),),
    )
    assert (second.name, second.tests, second.skipped) == ("B", 1, 1)
    assert suites(reversed(outcomes)) == (first, second)
