"""Run each example as its page says, and check that it does and prints what the page promises.

    python examples/check.py

The package with all of its extras, Flask, pytest-cov, and pact-python, the official verifier of Pact files, must be
installed for the Python that runs this.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path

import yaml
from pact import Verifier

os.environ["PACT_DO_NOT_TRACK"] = "true"  # the verifier counts its users over the network otherwise

LIES = {
    ("shop.repository:CustomerRepo.get", "return_shape"),
    ("shop.prices:PriceClient.price", "signature"),
}
FOREIGN = ("GITHUB_ACTIONS", "PYTEST_ADDOPTS", "PYTHONPATH", "PYTHONSAFEPATH")  # change what is printed, or imported


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the folder, without a cache."""
    print(f"examples/{folder.name}: pytest {shlex.join(options)}", flush=True)
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options)
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN} | {"COLUMNS": "80"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def check_quickstart(folder: Path) -> Iterator[str]:
    """Say what is wrong with the quickstart."""
    plain = run(folder)
    if plain.returncode != 0 or "9 passed" not in plain.stdout:
        yield f"without the gate all nine tests pass, but:\n{plain.stdout}{plain.stderr}"
    gated = run(folder, "--integration-gate", "--gate-pact=pacts")
    if gated.returncode != 1 or "9 passed" not in gated.stdout:
        yield (
            f"with the gate all tests pass and the exit code is 1, but it is {gated.returncode}\n"
            f"{gated.stdout}{gated.stderr}"
        )
        return
    report = yaml.safe_load((folder / "integration-gate.report.yaml").read_text(encoding="utf-8"))
    found = {(mismatch["target"], mismatch["kind"]) for mismatch in report["mismatches"]}
    if found != LIES or len(report["mismatches"]) != len(LIES):
        yield f"the gate finds exactly {sorted(LIES)}, but it found {sorted(found)}"
    yield from check_pact(folder)


def check_pact(folder: Path) -> Iterator[str]:
    """Replay the Pact file of the quickstart against its own price service; say what is wrong."""
    sys.path.insert(0, str(folder))
    from shop.price_service import serve

    with serve() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        verifier = Verifier("prices", host="127.0.0.1").add_transport(url=f"http://127.0.0.1:{server.server_port}")
        try:
            verifier.add_source(folder / "pacts/quickstart-prices.json").verify()
        except (RuntimeError, ValueError) as error:
            yield f"the price service keeps the Pact, but the verifier says: {error}"
        finally:
            server.shutdown()


def check_sous_vide(folder: Path) -> Iterator[str]:
    """Say what is wrong with the service that cooks: with its page, then with the workflow that it offers to copy.

    The page leaves the service mended, so the commands of the workflow have to pass.
    """
    # It is no fault of the example when this machine has other things to do.
    patient = ("-o", "gate_budget=5m")
    page = (folder / "README.md").read_text(encoding="utf-8")
    for kind, text in re.findall(r"^```(console|diff)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        if kind == "diff":
            subprocess.run(("git", "apply"), cwd=folder, input=text, text=True, check=True)
            continue
        command, _, promised = text.partition("\n")
        done = run(folder, *shlex.split(command.removeprefix("$ pytest")), *patient)
        code = 1 if "integration-gate: FAILED" in promised else 0
        is_kept = OutputChecker().check_output(timeless(promised), timeless(done.stdout), ELLIPSIS)
        if done.returncode != code or not is_kept:
            told = f"{done.returncode}\n{done.stdout}{done.stderr}"
            yield f"README.md promises exit code {code} and\n{text}but it is {told}"
    workflow = yaml.safe_load((folder / ".github/workflows/tests.yml").read_text("utf-8"))
    for step in workflow["jobs"]["tests"]["steps"]:
        if step.get("run", "").startswith("pytest "):
            done = run(folder, *shlex.split(step["run"])[1:], *patient)
            if done.returncode != 0:
                yield f"the step `{step['name']}` of tests.yml fails:\n{done.stdout}{done.stderr}"


def timeless(text: str) -> str:
    """Make durations, and the lines that are filled up beside them, alike."""
    return re.sub(r"([=_])\1+", r"\1\1", re.sub(r"\b\d+\.\d+s\b", "0.00s", text))


def main() -> None:
    """Check every example in a copy, and say what is wrong."""
    unwanted = shutil.ignore_patterns("__pycache__", ".integration_gate", ".venv", "*.report.yaml", "pacts")
    wrong = []
    for name, check in (("quickstart", check_quickstart), ("sous_vide", check_sous_vide)):
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / name
            shutil.copytree(Path(__file__).parent / name, copy, ignore=unwanted)
            wrong += [f"examples/{name}: {problem}" for problem in check(copy)]
    if wrong:
        sys.exit("\n".join(wrong))
    print("All examples do what their pages say.")


if __name__ == "__main__":
    main()
