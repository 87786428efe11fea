"""What YAML suites cost: collecting a thousand tests against equal Python tests, and one step besides its request.

python benchmarks/suites.py
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import requests

from pytest_integration_gate.suites.life import Life
from pytest_integration_gate.suites.loading import load_suite

TESTS = 1000
STEPS = 2000
RUNS = 5

YAML_TEST = """
  - name: "reads user {number}"
    type: flow
    steps:
      - action: "read"
        endpoint: "GET /users/{number}"
        headers: {{Authorization: "Bearer {{{{token}}}}"}}
        expect: {{status: 200, body: {{id: integer, email: email}}}}
"""
PYTHON_TEST = """
def test_reads_user_{number}(client):
    response = client.get("/users/{number}", headers={{"Authorization": "Bearer " + TOKEN}})
    assert response.status_code == 200
    assert isinstance(response.json()["id"], int)
"""


def app(environ: dict[str, object], start_response: object) -> list[bytes]:
    """Answer at once."""
    start_response("200 OK", [("Content-Type", "application/json")])  # type: ignore[operator]
    return [b'{"id": 1, "email": "ada@example.com"}']


def collecting(folder: Path) -> float:
    """Collect a folder in a process of its own and return the CPU seconds it took, the best of some runs."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", "--integration-gate"]
    command += ["-p", "pytest_integration_gate.plugin"]
    # Python files are compiled once, and not in every run.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(RUNS):
        before = _cpu()
        subprocess.run(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, check=True)
        times.append(_cpu() - before)
    return min(times)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stepping(folder: Path) -> tuple[float, float]:
    """Return seconds for one step of a suite, and for its request alone, to the same application in this process."""
    step = '      - {endpoint: "GET /users/1", headers: {X-Token: "{{unique}}"}, '
    step += "expect: {status: 200, body: {id: integer, email: email}}}\n"
    file = folder / "test_steps.gate.yaml"
    file.write_text("app: app\ntests:\n  - name: t\n    type: flow\n    steps:\n" + step * STEPS)
    suite = load_suite(file, file.name)
    life = Life(suite, folder)
    life.begin({})
    taken = []
    for _ in range(RUNS):
        started = time.process_time()
        life.run(suite.tests[0], {"app": app})
        taken.append((time.process_time() - started) / STEPS)
    life.world.enter(app)
    session = life.world.session_for(life.world.base_url)
    requests_only = []
    for _ in range(RUNS):
        started = time.process_time()
        for _ in range(STEPS):
            request = requests.Request("GET", life.world.base_url + "/users/1", headers={"X-Token": "x"})
            session.send(session.prepare_request(request)).json()
        requests_only.append((time.process_time() - started) / STEPS)
    life.end()
    return statistics.median(taken), statistics.median(requests_only)


def main() -> None:
    """Measure and print."""
    figures = SimpleNamespace()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, head, test, file in (
            ("yaml", "variables: {token: x}\ntests:", YAML_TEST, "test_users.gate.yaml"),
            ("python", "TOKEN = 'x'\n", PYTHON_TEST, "test_users.py"),
        ):
            (folder / kind).mkdir()
            (folder / kind / "pytest.ini").write_text("[pytest]\n")
            (folder / kind / file).write_text(head + "".join(test.format(number=number) for number in range(TESTS)))
            setattr(figures, kind, collecting(folder / kind))
        step, request = stepping(folder)
    print(f"{TESTS} tests collected: YAML {figures.yaml:.2f} s, Python {figures.python:.2f} s", end="")
    print(f", {figures.yaml - figures.python:+.2f} s")
    print(
        f"one step: {step * 1000:.2f} ms, its request {request * 1000:.2f} ms, besides {(step - request) * 1000:.2f} ms"
    )


if __name__ == "__main__":
    main()
