"""Commands run bounded in time, and everything that they start ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pytest_integration_gate.suites.commands import CommandError, Commands, last_lines, shown


def waited(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait until something holds; say whether it does at the end."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_in(path: Path) -> int:
    assert waited(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def test_streams_and_code(tmp_path: Path) -> None:
    """A text goes through the shell; its two streams and its exit code are kept apart."""
    with Commands(tmp_path) as commands:
        done = commands.run("echo out; echo err >&2; exit 3", timeout=10)
    assert (done.exit_code, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert done.tail == "out\nerr"


def test_list_without_shell(tmp_path: Path) -> None:
    """A list reaches the program as it stands."""
    with Commands(tmp_path) as commands:
        done = commands.run([sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "$HOME"], timeout=10)
    assert done.stdout == "['a b', '$HOME']\n"


def test_environment_and_folder(tmp_path: Path) -> None:
    """A command runs in the root directory or below it, with the suite's environment and its own on top."""
    (tmp_path / "sub").mkdir()
    with Commands(tmp_path, {"ONE": "suite", "TWO": "suite"}) as commands:
        done = commands.run('echo "$ONE $TWO"; pwd', timeout=10, env={"TWO": "own"}, cwd="sub")
    assert done.stdout == f"suite own\n{tmp_path / 'sub'}\n"


def test_python_is_ours(tmp_path: Path) -> None:
    """`python` in a command is the interpreter that runs the tests."""
    with Commands(tmp_path) as commands:
        done = commands.run('python -c "import sys; print(sys.prefix)"', timeout=10)
    assert done.stdout.strip() == sys.prefix


@pytest.mark.parametrize("line", [["no-such-program"], ["echo", "a\0b"]])
def test_what_cannot_start(tmp_path: Path, line: list[str]) -> None:
    """A program that cannot be started is a clear error."""
    with Commands(tmp_path) as commands, pytest.raises(CommandError, match="cannot be started in"):
        commands.run(line, timeout=10)


def test_missing_folder(tmp_path: Path) -> None:
    """A folder that is not there is a clear error too."""
    with Commands(tmp_path) as commands, pytest.raises(CommandError, match=r"cannot be started in .*gone: No such"):
        commands.run("true", timeout=10, cwd="gone")


def test_bound(tmp_path: Path) -> None:
    """A command that takes longer than its bound is ended with its children; what it wrote is kept."""
    with Commands(tmp_path) as commands:
        done = commands.run("echo begun; sleep 100 & echo $! > child; wait", timeout=2)
        assert done.exit_code is None
        assert done.stdout == "begun\n"
        assert not lives(pid_in(tmp_path / "child"))


def test_background(tmp_path: Path) -> None:
    """A background command keeps a log and ends with its children, those too that ignore the request."""
    with Commands(tmp_path) as commands:
        server = commands.start("echo up; (trap '' TERM; echo $$ > stubborn; sleep 100) & wait")
        assert waited(lambda: server.tail == "up")
        assert server.exit_code is None
        pids = [server.pid, *(child.pid for child in psutil.Process(server.pid).children(recursive=True))]
    assert not any(map(lives, pids))


def test_daemon(tmp_path: Path) -> None:
    """What a command leaves behind in a session of its own outlives the command, not the suite."""
    daemon = "import os, time; open('daemon', 'w').write(f'{os.getpid()}\\n'); time.sleep(100)"
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True)"
    with Commands(tmp_path) as commands:
        assert commands.run([sys.executable, "-c", start], timeout=10).exit_code == 0
        pid = pid_in(tmp_path / "daemon")
        assert lives(pid)
    assert not lives(pid)


@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_LOCKS"), reason="the second mark is one of Linux")
def test_daemon_without_an_environment(tmp_path: Path) -> None:
    """A server that has lost its environment, and its parents, ends with the suite as well; we keep our own limit."""
    own = psutil.Process().rlimit(psutil.RLIMIT_LOCKS)
    with Commands(tmp_path) as commands:
        start = "(setsid env -i sh -c 'echo $$ > daemon; exec sleep 100' &)"
        assert commands.run(start, timeout=10).exit_code == 0
        pid = pid_in(tmp_path / "daemon")
        assert lives(pid)
        assert psutil.Process().rlimit(psutil.RLIMIT_LOCKS) == own
    assert not lives(pid)


def test_output_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long output the end is kept."""
    monkeypatch.setattr("pytest_integration_gate.suites.commands.MAX_OUTPUT", 10)
    with Commands(tmp_path) as commands:
        assert commands.run("seq 1000", timeout=10).stdout == "\n999\n1000\n"


def test_killed(tmp_path: Path) -> None:
    """When the process that runs the commands is killed, nothing that they started lives on."""
    script = """
import sys, time
from pathlib import Path
from pytest_integration_gate.suites.commands import Commands

commands = Commands(Path(sys.argv[1]))
commands.start("echo $$ > shell; (trap '' TERM; sleep 100) & setsid sh -c 'echo $$ > daemon; sleep 100' & wait")
time.sleep(100)
"""
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], env=dict(os.environ))
    try:
        pids = [pid_in(tmp_path / "shell"), pid_in(tmp_path / "daemon")]
        pids += [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]
    finally:
        os.kill(process.pid, signal.SIGKILL)
    assert waited(lambda: not any(map(lives, pids)))
    process.wait()


def test_nothing_started(tmp_path: Path) -> None:
    """A suite without commands starts no watchdog and has nothing to end."""
    before = {child.pid for child in psutil.Process().children()}
    with Commands(tmp_path) as commands:
        assert {child.pid for child in psutil.Process().children()} == before
    commands.end()


def test_how_commands_are_shown() -> None:
    """A list is shown as it would be typed; of a log the last lines are."""
    assert shown(["echo", "a b"]) == "echo 'a b'"
    assert shown("echo a") == "echo a"
    assert last_lines("a\nb\nc\n\n", 2) == "b\nc"
