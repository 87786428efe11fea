"""Notifications on their way: tried again, given up, never longer than allowed."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from pytest_integration_gate.reports import delivery
from pytest_integration_gate.reports.delivery import TRIES, deliver
from pytest_integration_gate.reports.notification import Receiver, message_of

MESSAGE = message_of("complete", id="msg_1", testsPass=24)


class Hook:
    """A receiver on the loopback interface that answers with these statuses in turn, the last one for ever."""

    def __init__(self, statuses: tuple[int | None, ...]) -> None:
        self.heard: list[dict[str, Any]] = []
        hook, left, closing = self, list(statuses), threading.Event()
        self.closing = closing
        self.barrier = threading.Barrier(1)
        self.met = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.heard.append({"headers": dict(self.headers), "body": body})
                status = left.pop(0) if len(left) > 1 else left[0]
                if status is None:
                    hook.barrier.wait()
                    hook.met.set()
                    closing.wait()
                    return
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def close(self) -> None:
        self.barrier.abort()
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Hook]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.001)
    hooks: list[Hook] = []

    def make(*statuses: int | None) -> Hook:
        hooks.append(Hook(statuses))
        return hooks[-1]

    yield make
    for one in hooks:
        one.close()


def url(place: str) -> Receiver:
    return Receiver(name=place, place=place, is_url=True)


def command(code: str) -> Receiver:
    return Receiver(name="python", place=f'"{sys.executable}" -c "{code}"', is_url=False)


def failures(*receivers: Receiver, timeout: float = 30.0, folder: Path = Path(), secret: str = "") -> list[str]:
    return [why for _, why in deliver(MESSAGE, receivers, secret=secret, timeout=timeout, folder=folder)]


def test_a_hook_is_told_once(hook: Callable[..., Hook]) -> None:
    """The body arrives as it was signed."""
    receiver = hook(204)
    assert failures(url(receiver.url), secret="hush") == []
    (heard,) = receiver.heard
    assert heard["body"] == MESSAGE.body
    moment = int(heard["headers"]["webhook-timestamp"])
    assert heard["headers"]["webhook-signature"] == MESSAGE.signed(moment, "hush")["webhook-signature"]


@pytest.mark.parametrize("trouble", [500, 503, 429, 408])
def test_trouble_that_may_pass_is_tried_again(hook: Callable[..., Hook], trouble: int) -> None:
    """Every try has the same key, so that a receiver can tell."""
    receiver = hook(trouble, 200)
    assert failures(url(receiver.url)) == []
    assert [one["headers"]["Idempotency-Key"] for one in receiver.heard] == ["msg_1", "msg_1"]


def test_trouble_that_does_not_pass_ends_after_some_tries(hook: Callable[..., Hook]) -> None:
    """The last status is the reason."""
    receiver = hook(502)
    assert failures(url(receiver.url)) == ["status 502"]
    assert len(receiver.heard) == TRIES


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_a_refusal_is_not_tried_again(hook: Callable[..., Hook], status: int) -> None:
    """Nor is a redirection followed: what is signed is for one place."""
    receiver = hook(status)
    assert failures(url(receiver.url)) == [f"status {status}"]
    assert len(receiver.heard) == 1


def test_nobody_there(hook: Callable[..., Hook]) -> None:
    """The reason has no URL, which may hold a secret."""
    closed = hook(200)
    place = closed.url
    closed.close()
    assert failures(url(place + "/s3cret")) == ["ConnectionError"]


def test_receivers_that_hang_cost_one_timeout(hook: Callable[..., Hook], tmp_path: Path) -> None:
    """All of them together; the others are told meanwhile, and a command that hangs is gone with what it started."""
    receivers = [hook(None) for _ in range(3)]
    together = threading.Barrier(3)
    for one in receivers:
        one.barrier = together
    fine = hook(200)
    started = tmp_path / "started"
    code = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    code += f"open('{started}', 'w').write(str(p.pid)); time.sleep(60)"
    told = deliver(
        MESSAGE,
        [*(url(one.url) for one in receivers), url(fine.url), command(code)],
        secret="",
        timeout=3.0,
        folder=tmp_path,
    )
    assert all(one.met.is_set() for one in receivers)  # so they were told at once, and all time-outs are the same one
    assert [why for _, why in told] == ["no answer within 3 s"] * 4
    assert len(fine.heard) == 1
    for _ in range(1000):
        if not _lives(int(started.read_text())):
            break
        time.sleep(0.01)
    else:
        pytest.fail("what the command started outlives it")


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_command_reads_the_message(tmp_path: Path) -> None:
    """From standard input, in the folder of the project."""
    code = "import sys; open('told.json', 'w').write(sys.stdin.read())"
    assert failures(command(code), folder=tmp_path) == []
    assert json.loads((tmp_path / "told.json").read_text()) == {"event": "complete", "id": "msg_1", "testsPass": 24}


def test_a_command_that_does_not_read_is_told_all_the_same(tmp_path: Path) -> None:
    """A closed standard input is no failure."""
    assert failures(command("pass"), folder=tmp_path) == []


def test_a_command_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is its exit status and the last line that it wrote, without secrets."""
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.001)
    code = "import sys; open('tries', 'a').write('x'); sys.exit('first\\nBearer abcdef1234567890')"
    assert failures(command(code), folder=tmp_path) == ["exit status 1: Bearer <secret>"]
    assert (tmp_path / "tries").read_text() == "x" * TRIES


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    """It is not tried again."""
    (why,) = failures(Receiver(name="nope", place="no-such-command", is_url=False), folder=tmp_path)
    assert why.startswith("it cannot be started: [Errno 2] No such file or directory")


def test_a_url_that_no_library_likes() -> None:
    """Whatever it raises is a reason."""
    assert failures(url("http://[::1/")) == ["InvalidURL"]
