"""The doorbell: declares options, ini names and markers, and opens the gate only when it is asked to.

pytest imports this module in every run of every project that has the package installed, so it imports nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_integration_gate.doubles.progressions import Progressions
    from pytest_integration_gate.hooks.load import Load
    from pytest_integration_gate.suites.polling import Eventually
    from pytest_integration_gate.suites.proxies import Faults

BOUNDARY = (
    "boundary(name, ..., fidelity='real'): an integration test that uses the real collaborators of the named "
    "boundaries; fidelity is 'real' or 'emulated'."
)
MARKERS = (
    BOUNDARY,
    "story(id, criterion='AC-1'): a test that proves an acceptance criterion of a story.",
    "requirement(id, ...): a test that proves these requirements.",
    "stage(name): the stage of the pipeline that a test belongs to.",
    "seam('A → B', path='what happens'): a test of a critical path of the test plan.",
    "critical: runs before the tests without this marker.",
    "budget(seconds): fails the test when setup, call and teardown together take longer.",
    "gate_waive(target, kind=..., reason=..., until='YYYY-MM-DD'): accepts mismatches of a target until that day.",
    "contract('package.module:Name'): a test that runs on every implementation, given by the fixture `collaborator`.",
    "given(state, ...): the world in which the claims of a test hold, for --gate-replay and in its Pact.",
    "quarantine(reason, until='YYYY-MM-DD'): until then a failure is reported and does not fail the run.",
)

ENTRY_POINT = "integration_gate"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare what can be said on the command line and in the ini file."""
    if not pluginmanager.has_plugin(ENTRY_POINT):
        # Asked for by `-p pytest_integration_gate.plugin`: the entry point would register the same module once more.
        pluginmanager.set_blocked(ENTRY_POINT)
    group = parser.getgroup("integration-gate", "integration gate: do the mocks tell the truth?")
    option = group.addoption
    option("--integration-gate", action="store_true", help="Match what mocks claim against what the real code does.")
    option(
        "--boundary",
        dest="gate_boundary",
        action="append",
        metavar="NAME",
        help="Run and report only this boundary's integration tests (repeatable); tests that use mocks still run.",
    )
    option("--gate-report", metavar="PATH", help="Where to write the YAML report.")
    option(
        "--gate-fail-on",
        metavar="WORDS",
        help="What fails the run: for example 'mismatch,suspect'; 'none' only reports.",
    )
    option("--gate-store", metavar="PATH", help="The folder that keeps evidence between runs.")
    option(
        "--gate-replay",
        nargs="?",
        const="send",
        choices=("send", "dry"),
        help="Ask the real collaborators what doubles claim and nobody has seen; 'dry' only says what would be asked.",
    )
    option("--gate-scaffold", metavar="DIR", help="Write integration tests for what is unverified into this folder.")
    option(
        "--gate-fix",
        nargs="?",
        const="preview",
        choices=("preview", "write"),
        help="Show how mocks that contradict reality can be mended, as a diff; 'write' changes the test files.",
    )
    option("--gate-checkpoint", metavar="STAGE", help="Run only this stage's checkpoints, and no tests.")
    option("--gate-resume", action="store_true", help="Leave out leading checkpoints that passed in the same tree.")
    option(
        "--gate-publish",
        action="append",
        metavar="TARGET",
        help="Publish checkpoints: file:PATH, a URL, github:owner/repo#1, gitlab:group/project!1, linear:ENG-1.",
    )
    option(
        "--gate-repeat",
        type=int,
        metavar="N",
        help="Run everything N times in N random orders: find what is flaky and which test spoils which.",
    )
    option("--gate-trace", metavar="FILE", help="Write which test proves what, as Markdown.")
    option("--gate-html", metavar="FILE", help="Write the report as one HTML page that needs nothing but itself.")
    option("--gate-json", metavar="FILE", help="Write the report as JSON.")
    option("--gate-sarif", metavar="FILE", help="Write mismatches and hygiene as SARIF 2.1.0, for code scanning.")
    option("--gate-ctrf", metavar="FILE", help="Write the tests in the Common Test Report Format.")
    option("--gate-config", metavar="PATH", help="The YAML file with the gate's tables (default: gate.yaml).")
    option(
        "--gate-context",
        action="append",
        metavar="NAME",
        help="The context of gate.yaml that is worked on; failures are sorted by it (repeatable).",
    )
    option(
        "--gate-base", metavar="REV", help="The revision to compare with; contexts that changed since are worked on."
    )
    option("--gate-baseline", metavar="FILE", help="Known mismatches; only others fail the run.")
    option("--gate-baseline-update", action="store_true", help="Write today's mismatches into the baseline.")
    option("--gate-export", metavar="FILE", help="Write all evidence as text, for other runs and `integration-gate`.")
    option(
        "--gate-import",
        action="append",
        metavar="FILE",
        help="Use and keep the evidence that another run has exported (repeatable).",
    )
    option("--gate-events", metavar="FILE", help="Write what happens as JSON Lines at once; it survives a kill.")
    option(
        "--gate-notify",
        action="append",
        metavar="RECEIVER",
        help="Tell a URL or a command of start, complete and failed; 'failed: URL' only of that (repeatable).",
    )
    option("--gate-pact", metavar="DIR", help="Write what tests claim of HTTP services as Pact files, version 4.")
    option(
        "--gate-pact-verify",
        action="append",
        metavar="FILE",
        help="Judge what a Pact file of another project expects as the claims of stubs are judged (repeatable).",
    )
    option("--gate-pact-publish", metavar="URL", help="Publish the Pact files to this broker; see PACT_BROKER_TOKEN.")
    option("--gate-brief", metavar="FILE", help="Where to write the hand-over for the next step, as Markdown.")

    parser.addini("integration_gate", "Switch the integration gate on.", type="bool", default=False)
    parser.addini("gate_config", "The YAML file with the gate's tables.")
    parser.addini("gate_report", "Where to write the YAML report.")
    parser.addini("gate_fail_on", "What fails the run, as words.", type="linelist", default=None)
    parser.addini("gate_store", "The folder that keeps evidence between runs.")
    parser.addini("gate_evidence_max_age", "How old stored evidence may be, like '30d'.")
    parser.addini("gate_boundaries", "Boundaries, one a line: 'name: collaborator ...'.", type="linelist")
    parser.addini("gate_allow_commands", "Let YAML suites run commands.", type="bool", default=True)
    parser.addini("gate_rules", "Rules for boundary tests, one a line: 'rule: warning | error | off'.", type="linelist")
    parser.addini("gate_budget", "How long the whole run may take, like '90s' or '5m'.")
    parser.addini("gate_coverage", "Floors of coverage in percent, one a line: 'path or context: 90'.", type="linelist")
    parser.addini("gate_mode", "'gate' fails runs, 'audit' only reports.")
    parser.addini("gate_baseline", "The file with known mismatches.")
    parser.addini("gate_events", "The file that the events of a run are written to at once.")
    parser.addini("gate_notify", "Who is told of the run, one a line: '[events:] URL or command'.", type="linelist")
    parser.addini("gate_notify_timeout", "How long receivers may take at each event, like '5s'.")
    parser.addini("gate_redact", "Names of secrets to mask, one regular expression a line.", type="linelist")


def pytest_plugin_registered(manager: pytest.PytestPluginManager) -> None:
    """Declare the gate's own hooks when somebody implements one of them: that is no mistake, also when it is off."""
    implemented = next((name for name in vars(manager.hook) if name.startswith("pytest_integration_gate_")), None)
    if implemented and not getattr(manager.hook, implemented).has_spec():
        from pytest_integration_gate import hookspecs

        manager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)  # before xdist begins, and before others ask whether this is one of its workers
def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; when the gate is on, start it."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if is_on(config):
        start(config)


def is_on(config: pytest.Config) -> bool:
    """Say whether the option or the ini flag asks for the gate."""
    if config.getoption("integration_gate"):
        return True
    try:
        return bool(config.getini("integration_gate"))
    except ValueError as error:  # pytest before 9.2 lets this one through as a traceback
        raise pytest.UsageError(f"integration_gate in the ini file: {error}. Write true or false.") from None


def start(config: pytest.Config) -> None:
    """Open the gate; a mistake that the user can mend ends the run with exit code 4."""
    from pytest_integration_gate.finder import go_first

    config.add_cleanup(go_first())
    from pytest_integration_gate import session
    from pytest_integration_gate.errors import GateError

    try:
        session.start(config)
    except GateError as error:
        raise pytest.UsageError(str(error)) from None


# Fixtures are there with and without the gate, so that tests that use them run either way. What they give is imported
# when a test asks for it.


@pytest.fixture
def collaborator(request: pytest.FixtureRequest) -> object:
    """Give an implementation of what ``@pytest.mark.contract`` names: the real thing, and with the gate each fake."""
    from pytest_integration_gate.hooks import contracts

    return contracts.collaborator(request)


@pytest.fixture
def gate_expect() -> Callable[..., None]:
    """Compare a value with an expectation, by the matchers of YAML suites: ``gate_expect(value, {…})``."""
    from pytest_integration_gate.hooks.expecting import expect

    return expect


@pytest.fixture
def gate_eventually() -> Eventually:
    """Wait until a check holds: ``gate_eventually(lambda: order.is_paid, timeout=5)``; seconds."""
    from pytest_integration_gate.suites.polling import Eventually

    return Eventually()


@pytest.fixture
def gate_faults() -> Iterator[Faults]:
    """Put scripted faults in front of a real server: ``gate_faults.http(url).sequence(503, "timeout", "ok")``."""
    yield from _faults()


@pytest.fixture(scope="module")
def gate_module_faults() -> Iterator[Faults]:
    """Do what `gate_faults` does for a whole module or suite, whose setup can start a service behind the proxy."""
    yield from _faults()


def _faults() -> Iterator[Faults]:
    from pytest_integration_gate.suites.proxies import Faults

    faults = Faults()
    yield faults
    faults.close()


@pytest.fixture
def gate_load(request: pytest.FixtureRequest) -> Load:
    """Put load on a server: ``gate_load(url, concurrent_requests=50, requests=1000).p95``; see `Load`."""
    from pytest_integration_gate.hooks.load import Load

    return Load(request.config)


@pytest.fixture
def gate_progression() -> Iterator[Progressions]:
    """Stub a service that goes through states, with ``responses``.

    ``gate_progression("GET", url, ["idle", "cooking", "done"])`` answers each request with the next state.
    """
    from pytest_integration_gate.doubles.progressions import Progressions

    progressions = Progressions()
    yield progressions
    progressions.close()
