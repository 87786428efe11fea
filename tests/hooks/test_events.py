"""The event log of a run, and the report that is rebuilt from it: whole, killed, damaged, not writable."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

QUICKSTART = Path(__file__).parents[2] / "examples/quickstart"
GATE = ["-p", "pytest_integration_gate.plugin", "-p", "no:cacheprovider", "--integration-gate"]
FORMATS = ("trace", "html", "json", "sarif", "ctrf")

DEADLY = """
import os, signal, pytest

def test_first():
    pass

@pytest.fixture
def grim(request):
    if request.param == "setup":
        {death}
    yield request.param
    if request.param == "teardown":
        {death}

@pytest.mark.parametrize("grim", ["{place}"], indirect=True)
def test_is_deadly(grim):
    if grim == "call":
        {death}

def test_never_runs():
    pass
"""


def command(project: Any, *arguments: str) -> pytest.RunResult:
    """Run the `integration-gate` command in the folder of the project."""
    result: pytest.RunResult = project.pytester.run(sys.executable, "-m", "pytest_integration_gate.cli", *arguments)
    return result


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def junit_of(path: Path) -> tuple[dict[str, str], list[Any]]:
    """Return what a JUnit XML says but for times, which two readings of a clock give: counts, and each test."""
    (suite,) = ElementTree.parse(path).getroot()
    counts = {name: suite.attrib[name] for name in ("name", "errors", "failures", "skipped", "tests")}
    cases = [
        (
            one.attrib["classname"],
            one.attrib["name"],
            [(each.attrib["name"], each.attrib["value"]) for each in one.iter("property")],
            [child.tag for child in one],
        )
        for one in suite
    ]
    return counts, sorted(cases)


@pytest.mark.parametrize("options", [(), ("-p", "xdist.plugin", "-n2")], ids=["plain", "xdist"])
def test_every_format_is_rebuilt_as_the_run_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Report, page, JSON, SARIF, CTRF and trace of the quickstart are the same bytes, plain and with two workers."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    folder = tmp_path / "quickstart"
    shutil.copytree(QUICKSTART, folder, ignore=shutil.ignore_patterns("__pycache__", ".integration_gate"))

    def paths(kind: str, prefix: str) -> list[str]:
        return [f"--{prefix}{name}={kind}/{name}" for name in ("report", *FORMATS)]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (sys.executable, "-m", *arguments), cwd=folder, capture_output=True, text=True, check=False
        )

    assert (
        run(
            "pytest", *GATE, *options, "--gate-events=events.jsonl", "--junitxml=junit.xml", *paths("run", "gate-")
        ).returncode
        == 1
    )
    command = ("pytest_integration_gate.cli", "report", "--from", "events.jsonl", "--junit=again.xml")
    rebuilt = run(*command, *paths("again", ""))
    assert (rebuilt.returncode, rebuilt.stderr) == (1, "")
    assert rebuilt.stdout.endswith("report: again/report\nintegration-gate: FAILED: 2 mismatches\n")
    for name in ("report", *FORMATS):
        assert (folder / "again" / name).read_bytes() == (folder / "run" / name).read_bytes()
    assert junit_of(folder / "again.xml") == junit_of(folder / "junit.xml")
    assert yaml.safe_load((folder / "again/report").read_text())["summary"]["passed"] == 9


def test_without_the_judgement_the_run_is_judged_from_its_tests(project: Any) -> None:
    """A run that was killed after its last test has its mismatches, and those of its options count as well."""
    project.write("tests/unit/test_other.py", "def test_fails():\n    assert not 'this'\n")
    project.run("--gate-events=events.jsonl", "--gate-fail-on=none", "--gate-store=elsewhere")
    whole = project.report
    log = project.root / "events.jsonl"
    kept = [line for line in log.read_text().splitlines() if '"event":"judged"' not in line]
    log.write_text("\n".join(kept[:-1]) + "\n")
    assert command(project, "report", "--from", "events.jsonl").ret == 1
    again = project.report
    assert again["gate"]["reasons"] == ["the run was killed", "1 failed test"]
    for name in ("summary", "boundaries", "mismatches", "failed_tests", "hygiene", "unverified"):
        assert again[name] == whole[name]


@pytest.mark.parametrize(
    ("place", "death"),
    [
        ("setup", "os.kill(os.getpid(), signal.SIGKILL)"),
        ("call", "os.kill(os.getpid(), signal.SIGKILL)"),
        ("teardown", "os.kill(os.getpid(), signal.SIGKILL)"),
        ("call", "os.abort()"),
        ("call", "os._exit(1)"),
    ],
    ids=["killed in setup", "killed", "killed in teardown", "segfault", "ended by a time-out"],
)
def test_a_run_that_is_killed_has_its_report(project: Any, place: str, death: str) -> None:
    """The tests before are judged, the one that was running is named, the others are counted and named."""
    project.write("tests/unit/test_zz.py", DEADLY.format(place=place, death=death))
    died = project.run("--gate-events=events.jsonl", "-p", "no:randomly", "-p", "no:faulthandler")
    assert died.ret not in (None, 0)
    assert not (project.root / "integration-gate.report.yaml").exists()
    rebuilt = command(project, "report", "--from=events.jsonl", "--json=report.json")
    assert rebuilt.ret == 1
    name = f"tests/unit/test_zz.py::test_is_deadly[{place}]"
    assert rebuilt.outlines[0] == f"ERROR {name} - The run ended while this test was running"
    report = project.report
    assert report["test_run"]["status"] == report["gate"]["status"] == "FAILED"
    assert report["gate"]["reasons"] == ["1 mismatch", "the run was killed", "1 error", "1 test not run"]
    assert report["summary"] == {
        "total_tests": 4,
        "passed": 3,
        "failed": 0,
        "skipped": 0,
        "errors": 1,
        "flaky": 0,
        "not_run": 1,
    }
    (lost,) = report["failed_tests"]
    assert lost["nodeid"] == f"tests/unit/test_zz.py::test_is_deadly[{place}]"
    assert lost["reason"] == "The run ended while this test was running"
    assert report["warnings"] == ["The run ended before 1 test: tests/unit/test_zz.py::test_never_runs."]
    assert [one["target"] for one in report["mismatches"]] == ["shop:Repo.get"]
    assert json.loads((project.root / "report.json").read_text()) == report


def test_a_crashed_worker_does_not_end_the_log(project: Any) -> None:
    """With xdist the controller goes on: the report is that of the run, with the crashed test as a failure."""
    project.write("tests/unit/test_zz.py", DEADLY.format(place="call", death="os.abort()"))
    project.run("--gate-events=events.jsonl", "-p", "xdist.plugin", "-n2", "-p", "no:faulthandler")
    before = project.report_text
    assert command(project, "report", "--from=events.jsonl").ret == 1
    assert project.report_text == before
    assert "crashed" in project.report["failed_tests"][0]["reason"]


@pytest.mark.parametrize("options", [(), ("-p", "xdist.plugin", "-n2")], ids=["plain", "xdist"])
def test_killed_from_outside_at_any_moment(project: Any, options: tuple[str, ...]) -> None:
    """Killed after any number of lines, a run loses at most what was running; the store takes the rest."""
    body = "\n".join(f"def test_{number}():\n    time.sleep(0.01)\n" for number in range(40))
    project.write("tests/unit/test_zz.py", f"import time\n{body}")
    log = project.root / "events.jsonl"
    for lines in (2, 9, 30, 60):
        log.unlink(missing_ok=True)
        run = subprocess.Popen(
            [sys.executable, "-m", "pytest", *GATE, *options, "--gate-events=events.jsonl"],
            cwd=project.root,
            stdout=subprocess.DEVNULL,
        )
        while run.poll() is None and (not log.exists() or log.read_bytes().count(b"\n") < lines):
            time.sleep(0.002)
        run.kill()
        run.wait()
        written = events(log) if log.read_bytes().endswith(b"\n") else events(log)[:-1]
        ended = {one["test"] for one in written if one.get("event") == "ended"}
        assert command(project, "report", "--from=events.jsonl").ret == 1
        report = project.report
        assert report["summary"]["passed"] == len(ended)
        assert report["summary"]["errors"] <= (2 if options else 1)
        assert report["gate"]["reasons"].count("the run was killed") == 1
        if any(one.get("event") == "collected" for one in written):
            assert report["summary"]["total_tests"] + report["summary"].get("not_run", 0) == 42


def test_the_next_run_keeps_what_a_killed_one_has_seen(project: Any) -> None:
    """Its evidence is put into the store before its log is replaced, and the run says so; a third one need not."""
    project.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\ngate_events = logs/events.jsonl\n")
    project.write("tests/integration/test_zz.py", DEADLY.format(place="call", death="os._exit(3)"))
    assert project.run("tests/integration", "-p", "no:randomly").ret == 3
    assert not (project.root / ".integration_gate/evidence.jsonl").exists()
    assert project.run("tests/unit").ret == 1
    assert project.report["warnings"] == ["The run before this one was killed; the evidence of 2 tests was kept."]
    assert [one["target"] for one in project.report["mismatches"]] == ["shop:Repo.get"]
    project.run("tests/unit")
    assert project.report["warnings"] == []
    assert [one["tests"] for one in events(project.root / "logs/events.jsonl") if one.get("event") == "collected"] == [
        ["tests/unit/test_greet.py::test_greets"]
    ]


def test_what_a_killed_run_saw_grows_stale(project: Any) -> None:
    """Its evidence knows the code that it was seen of, and no longer counts when that has changed meanwhile."""
    project.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\ngate_events = events.jsonl\n")
    project.write("tests/integration/test_zz.py", DEADLY.format(place="call", death="os._exit(3)"))
    assert project.run("tests/integration", "-p", "no:randomly").ret == 3
    changed = (project.root / "shop.py").read_text().replace("return self.rows[key]", "return dict(self.rows[key])")
    project.write("shop.py", changed)
    assert project.run("tests/unit").ret == 0
    assert project.report["gate"]["claims"]["stale"] == 1


def test_the_rebuilt_report_of_a_killed_run_fills_the_store(project: Any) -> None:
    """What the boundary tests of a killed run have seen is evidence for later runs."""
    project.write("tests/integration/test_zz.py", DEADLY.format(place="call", death="os._exit(3)"))
    project.run("tests/integration", "--gate-events=events.jsonl", "-p", "no:randomly")
    assert command(project, "report", "--from=events.jsonl").ret == 1
    assert project.run("tests/unit").ret == 1
    assert [one["target"] for one in project.report["mismatches"]] == ["shop:Repo.get"]


@pytest.mark.parametrize(
    "text", ["hello\n", '{"format":2,"kind":"integration-gate events"}\n'], ids=["foreign", "newer"]
)
def test_a_file_that_is_no_event_log_is_not_replaced(project: Any, text: str) -> None:
    """Run and command end with 4 and name the file, which stays as it is."""
    path = project.write("notes.txt", text)
    for result in (project.run("--gate-events=notes.txt"), command(project, "report", "--from", "notes.txt")):
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*notes.txt*"])
        assert "Traceback" not in str(result.stderr)
    assert path.read_text() == text
    assert not (project.root / "integration-gate.report.yaml").exists()


def test_a_run_that_was_killed_as_it_began_has_nothing_to_report(project: Any) -> None:
    """A log with nothing but its first line is one clear error."""
    project.write("events.jsonl", '{"format":1,"kind":"integration-gate events"}\n')
    refused = command(project, "report", "--from", "events.jsonl")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*events.jsonl has no run: it was killed as it began. Run pytest again. [[]store]"])


def test_a_log_that_is_damaged_in_its_middle_is_set_aside(project: Any) -> None:
    """The run goes on with a new one and says where the old one is; the command refuses it."""
    project.run("--gate-events=events.jsonl")
    log = project.root / "events.jsonl"
    damaged = log.read_text().replace('"event":"began"', '"event":', 1)
    log.write_text(damaged)
    refused = command(project, "report", "--from", "events.jsonl")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*events.jsonl is damaged: line 4 cannot be understood*"])
    project.run("--gate-events=events.jsonl")
    assert "It was set aside as" in project.report["warnings"][0]
    assert (project.root / "events.jsonl.damaged-1").read_text() == damaged
    assert events(log)[-1]["event"] == "finished"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_warning(project: Any) -> None:
    """The run is judged and reported as without a log."""
    assert project.run("--gate-events=/dev/full").ret == 1
    assert project.report["warnings"] == [
        "The events of this run are not kept: /dev/full cannot be written (No space left on device)."
    ]
    assert len(project.report["mismatches"]) == 1


def test_a_place_that_cannot_be_written_is_one_warning(project: Any) -> None:
    """The same where a folder cannot be made."""
    project.write("file", "")
    assert project.run("--gate-events=file/events.jsonl").ret == 1
    (warning,) = project.report["warnings"]
    assert warning.startswith("The events of this run are not kept: ")


def test_a_mistake_of_the_log_is_one_warning(project: Any) -> None:
    """Whatever goes wrong while something is written ends the log, and neither a test nor the run."""
    project.write(
        "conftest.py",
        "from pytest_integration_gate.evidence.event_log import EventLog\n\n"
        "def ended(self, *args, **more):\n    raise RuntimeError('never mind')\n\nEventLog.ended = ended\n",
    )
    assert project.run("tests/integration", "--gate-events=events.jsonl").ret == 0
    log = project.root / "events.jsonl"
    why = f"{log} cannot be written (RuntimeError: never mind)"
    assert project.report["warnings"] == [f"The events of this run are not kept: {why}."]
    assert [one.get("event") for one in events(log)] == [None, "run", "collected", "began", "outcome"]


def test_a_run_that_was_not_judged_says_why(project: Any) -> None:
    """A usage error during collection leaves a log without a report; the rebuilt one has the exit status."""
    project.write("tests/unit/test_bad.py", "import pytest\n\n@pytest.mark.boundary(3)\ndef test_x():\n    pass\n")
    assert project.run("--gate-events=events.jsonl").ret == pytest.ExitCode.USAGE_ERROR
    assert command(project, "report", "--from=events.jsonl").ret == 1
    assert project.report["gate"]["reasons"] == [
        "the run was not judged (exit status 4)",
        "3 tests not run",
    ]


def test_what_only_the_run_can_judge_is_named(project: Any) -> None:
    """A budget is one of a whole run: a warning says that it is not judged."""
    project.write("tests/unit/test_zz.py", DEADLY.format(place="call", death="os._exit(3)"))
    project.run("--gate-events=events.jsonl", "-p", "no:randomly", "-o", "gate_budget=9m")
    command(project, "report", "--from=events.jsonl")
    assert "Not judged, because the run was killed: budget." in project.report["warnings"]


def test_secrets_do_not_reach_the_log(project: Any) -> None:
    """Neither values under telling names, nor tokens in the reason of a failure, nor who is notified."""
    project.write(
        "tests/unit/test_zz.py",
        "from unittest.mock import patch\nimport shop\n\n"
        "@patch.object(shop.Repo, 'get', return_value={'mail': 'a', 'password': 'hunter2-and-more'})\n"
        "def test_greets(get):\n    assert shop.greet(1) == 'Bearer abcdef1234567890'\n",
    )
    project.run("--gate-events=events.jsonl", "-o", "gate_notify=http://127.0.0.1:1/h00k", "-o", "gate_budget=9m")
    text = (project.root / "events.jsonl").read_text()
    assert "h00k" not in text
    assert "gate_budget=9m" in text
    assert "hunter2" not in text
    assert "abcdef1234567890" not in text
    assert "abcdef1234567890" not in project.report_text


def test_without_the_setting_nothing_is_written(project: Any) -> None:
    """No file, and the modules that write and read it are not imported."""
    project.write(
        "conftest.py",
        "import sys\n\ndef pytest_unconfigure():\n"
        "    assert not [name for name in sys.modules if name.endswith(('controller.events', 'evidence.events'))]\n",
    )
    assert project.run("tests/integration").ret == 0
    assert not [*project.root.rglob("*events*")]


def test_looking_at_the_tests_writes_nothing(project: Any) -> None:
    """`--collect-only` leaves the log of the last run as it is."""
    project.run("--gate-events=events.jsonl")
    before = (project.root / "events.jsonl").read_bytes()
    project.run("--gate-events=events.jsonl", "--collect-only")
    assert (project.root / "events.jsonl").read_bytes() == before


def test_an_interrupted_run_is_judged_as_it_was(project: Any) -> None:
    """Ctrl-C is no kill: the report stands in the log."""
    body = f"import os\n\ndef test_stops():\n    os.kill(os.getpid(), {signal.SIGINT})\n"
    project.write("tests/unit/test_zz.py", body)
    project.run("--gate-events=events.jsonl", "-p", "no:randomly")
    before = project.report_text
    command(project, "report", "--from=events.jsonl")
    assert project.report_text == before


def test_a_killed_run_has_its_junit_xml(project: Any) -> None:
    """What pytest never wrote: counts, the reason of the error, and odd names that do not break the file."""
    project.write("tests/unit/test_zz.py", DEADLY.format(place="call", death="os._exit(3)"))
    body = "import pytest\n\n@pytest.mark.parametrize('x', ['a::b[\\x00<'])\nclass TestOdd:\n"
    project.write("tests/unit/test_odd.py", f"{body}    def test_one(self, x):\n        assert not '<&>'\n")
    project.run("--gate-events=events.jsonl", "--junitxml=junit.xml", "-p", "no:randomly")
    assert not (project.root / "junit.xml").exists()
    assert command(project, "report", "--from=events.jsonl", "--junit=junit.xml").ret == 1
    counts, cases = junit_of(project.root / "junit.xml")
    assert counts == {"name": "pytest", "errors": "1", "failures": "1", "skipped": "0", "tests": "5"}
    assert ("tests.unit.test_odd.TestOdd", "test_one[a::b[\\x00<]", [], ["failure"]) in cases
    assert ("tests.unit.test_zz", "test_is_deadly[call]", [], ["error"]) in cases
