"""Runs that tell receivers how they went."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

TELLING = """
import json, sys

with open(sys.argv[1], "a") as stream:
    stream.write(json.dumps(json.load(sys.stdin)) + "\\n")
"""


@pytest.fixture
def told(project: Any) -> Any:
    """Make receivers that write what they are told into a file, and return the messages without what always differs."""
    project.write("tell.py", TELLING)
    project.write("pytest.ini", ini(f"{sys.executable} tell.py told.jsonl"))

    def messages() -> list[dict[str, Any]]:
        lines = (project.root / "told.jsonl").read_text().splitlines()
        made = [json.loads(line) for line in lines]
        assert len({one["id"] for one in made}) == len(made)
        return [
            {key: value for key, value in one.items() if key not in ("id", "timestamp", "duration")} for one in made
        ]

    return messages


def ini(*receivers: str, timeout: str = "60s") -> str:
    lines = "".join(f"    {one}\n" for one in receivers)
    return f"[pytest]\npythonpath = .\ntestpaths = tests\ngate_notify_timeout = {timeout}\ngate_notify =\n{lines}"


@pytest.mark.parametrize("options", [(), ("-p", "xdist.plugin", "-n2")], ids=["plain", "xdist"])
def test_a_run_tells_how_it_began_and_failed(project: Any, told: Any, options: tuple[str, ...]) -> None:
    """Once each, also with workers."""
    assert project.run(*options).ret == 1
    name = project.root.name
    assert told() == [
        {"event": "start", "project": name},
        {
            "event": "failed",
            "project": name,
            "status": "FAILED",
            "testsPass": 2,
            "testsFail": 0,
            "testsTotal": 2,
            "boundariesTested": "database",
            "mismatches": 1,
            "claims": 1,
            "reason": "1 mismatch",
        },
    ]
    assert project.report["warnings"] == []


def test_a_run_that_passes_is_complete(project: Any, told: Any) -> None:
    """With its figures and without a reason."""
    assert project.run("tests/integration").ret == 0
    assert [one["event"] for one in told()] == ["start", "complete"]
    last = told()[-1]
    assert (last["testsPass"], last["boundariesTested"], last["status"]) == (1, "database", "PASSED")
    assert "reason" not in last


def test_a_receiver_hears_of_what_it_asks_for(project: Any, told: Any) -> None:
    """Events stand before a colon."""
    project.write("pytest.ini", ini(f"complete, failed: {sys.executable} tell.py told.jsonl"))
    project.run("tests/integration")
    project.run("tests/unit", "-o", "gate_store=elsewhere")
    assert [one["event"] for one in told()] == ["complete", "complete"]


def test_the_option_stands_for_the_setting(project: Any, told: Any) -> None:
    """Receivers of the ini file are not told."""
    other = f"--gate-notify={sys.executable} tell.py other.jsonl"
    project.run("tests/integration", other)
    assert not (project.root / "told.jsonl").exists()
    assert len((project.root / "other.jsonl").read_text().splitlines()) == 2


def test_an_interrupted_run_failed(project: Any, told: Any) -> None:
    """Ctrl-C: what ran is told, and why the run failed."""
    project.write("tests/integration/test_zz.py", "import os, signal\n\ndef test_x():\n    raise KeyboardInterrupt\n")
    project.run("tests/integration", "-p", "no:randomly")
    last = told()[-1]
    assert (last["event"], last["reason"], last["testsPass"]) == ("failed", "the run was interrupted", 1)


def test_a_run_that_is_not_judged_failed(project: Any, told: Any) -> None:
    """A wrong marker ends the run with 4; the receiver is told why."""
    project.write("tests/unit/test_bad.py", "import pytest\n\n@pytest.mark.boundary(3)\ndef test_x():\n    pass\n")
    assert project.run().ret == pytest.ExitCode.USAGE_ERROR
    assert told()[-1] == {
        "event": "failed",
        "project": project.root.name,
        "reason": "the run was not judged (exit status 4)",
    }


def test_secrets_are_not_told(project: Any, told: Any) -> None:
    """Not in the reason either."""
    body = "import pytest\n\ndef test_x():\n    pytest.exit('no: Bearer abcdef1234567890', returncode=1)\n"
    project.write("tests/unit/test_zz.py", body)
    project.run("tests/unit")
    assert "abcdef1234567890" not in (project.root / "told.jsonl").read_text()


def test_receivers_that_fail_change_nothing(project: Any) -> None:
    """The run ends as without them; a warning names each, and what they missed is kept with its key."""
    project.write("pytest.ini", ini("no-such-command --token=abc", "complete: http://127.0.0.1:1/T00/s3cret"))
    run = project.run("tests/integration")
    assert run.ret == 0
    assert project.report["test_run"]["status"] == "PASSED"
    kept = project.root / ".integration_gate/undelivered.jsonl"
    (warning,) = project.report["warnings"]
    reason = "it cannot be started: [Errno 2] No such file or directory: 'no-such-command'"
    remedy = f"It is kept in {kept}; `integration-gate resend` sends it again."
    assert warning == f"no-such-command was not told of the event `start`: {reason}. {remedy}"
    said = " ".join(str(run.stdout).split())
    assert "http://127.0.0.1:1/… was not told of the event `complete`: ConnectionError." in said
    assert "s3cret" not in str(run.stdout) + kept.read_text() + project.report_text
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [(one["receiver"], one["message"]["event"]) for one in lines] == [
        ("no-such-command", "start"),
        ("no-such-command", "complete"),
        ("http://127.0.0.1:1/…", "complete"),
    ]
    assert lines[1]["message"]["id"] == lines[2]["message"]["id"]
    assert lines[1]["message"]["testsPass"] == 1


def test_a_receiver_that_only_ci_knows_is_left_out(project: Any, told: Any) -> None:
    """Where its variable is not set, a warning says so; the others are told."""
    project.write("pytest.ini", ini("${NO_SUCH_HOOK}/ci", f"{sys.executable} tell.py told.jsonl"))
    assert project.run("tests/integration").ret == 0
    assert [one["event"] for one in told()] == ["start", "complete"]
    said = "gate_notify in pytest.ini: `${NO_SUCH_HOOK}/ci` is not told: the environment lacks `NO_SUCH_HOOK`."
    assert project.report["warnings"] == [said]


def test_what_cannot_be_kept_is_one_more_sentence(project: Any) -> None:
    """A store that is a file."""
    project.write("pytest.ini", ini("no-such-command"))
    project.write("store", "")
    assert project.run("tests/integration", "--gate-store=store").ret == 0
    assert any("It could not be kept in" in warning for warning in project.report["warnings"])


def test_tests_do_not_notice(project: Any, told: Any) -> None:
    """What is patched from the first test to the last is not called, and the receiver is told all the same."""
    project.write(
        "conftest.py",
        "import pytest\nfrom unittest.mock import patch\n\n"
        "@pytest.fixture(scope='session', autouse=True)\ndef patched():\n"
        "    with patch('subprocess.Popen') as popen, patch('threading.Thread') as thread:\n        yield\n"
        "    assert not popen.called and not thread.called\n",
    )
    assert project.run("tests/integration").ret == 0
    assert [one["event"] for one in told()] == ["start", "complete"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ini("finish: ./x"), "gate_notify in pytest.ini: `finish` is no event. Known: start, complete, failed."),
        (ini("./x", timeout="soon"), "gate_notify_timeout in pytest.ini: `soon`: write milliseconds"),
    ],
)
def test_wrong_settings_are_told_before_anything_runs(project: Any, text: str, said: str) -> None:
    """Exit code 4, and nobody is notified."""
    project.write("pytest.ini", text)
    run = project.run()
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    assert said in " ".join(str(run.stderr).split())


def test_looking_at_the_tests_tells_nobody(project: Any, told: Any) -> None:
    """`--collect-only` is no run."""
    project.run("--collect-only")
    assert not (project.root / "told.jsonl").exists()


def test_without_the_setting_nothing_is_imported(project: Any) -> None:
    """Neither the notifier nor what it sends with."""
    project.write(
        "conftest.py",
        "import sys\n\ndef pytest_unconfigure():\n    endings = '.notifying', '.delivery', '.notification'\n"
        "    assert not [name for name in sys.modules if name.endswith(endings)]\n",
    )
    assert project.run("tests/integration").ret == 0
    assert not Path(project.root / ".integration_gate/undelivered.jsonl").exists()


def resend(project: Any) -> tuple[Any, list[str]]:
    """Send again what was not delivered; return the exit status and what was said."""
    result = project.pytester.run(sys.executable, "-m", "pytest_integration_gate.cli", "resend")
    assert "Traceback" not in str(result.stderr)
    return result.ret, result.outlines


def test_what_was_not_delivered_is_sent_again(project: Any) -> None:
    """In its order, with its ids, to the receiver that it was for; what was delivered is forgotten."""
    project.write("pytest.ini", ini(f"{sys.executable} tell.py told.jsonl"))
    project.run("tests/integration")
    kept = project.root / ".integration_gate/undelivered.jsonl"
    missed = [json.loads(line)["message"] for line in kept.read_text().splitlines()]
    assert [one["event"] for one in missed] == ["start", "complete"]
    project.write("tell.py", TELLING)
    assert resend(project) == (0, [f"start to {sys.executable}: sent", f"complete to {sys.executable}: sent"])
    assert [json.loads(line) for line in (project.root / "told.jsonl").read_text().splitlines()] == missed
    assert kept.read_text() == ""
    assert resend(project) == (0, ["Everything was delivered."])


def test_what_cannot_be_sent_again_stays(project: Any) -> None:
    """A receiver that still refuses is asked once, one that is not configured never; a foreign line stays as it is."""
    refusing = f"sh -c 'echo x >> asked; exit {{}}' {sys.executable}"
    project.write("pytest.ini", ini(refusing.format(3), "complete: gone-command"))
    project.run("tests/integration")
    kept = project.root / ".integration_gate/undelivered.jsonl"
    kept.write_text(kept.read_text() + "not a letter\n")
    before = kept.read_text()
    project.write("pytest.ini", ini(refusing.format(3)))
    (project.root / "asked").unlink()
    status, said = resend(project)
    assert status == 1
    assert said == [
        "start to sh: not sent: exit status 3",
        "complete to sh: not sent: exit status 3",
        "complete to gone-command: not sent: it is no receiver of `gate_notify` (any more)",
        f"1 line of {kept} cannot be understood",
    ]
    assert (project.root / "asked").read_text() == "x\n" * 3  # the tries of one message
    assert kept.read_text() == before
