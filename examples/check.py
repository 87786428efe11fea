"""Run each example as its page says, and check that the gate finds what it promises to find.

    python examples/check.py

The package and pact-python, the official verifier of Pact files, must be installed for the Python that runs this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import yaml
from pact import Verifier

os.environ["PACT_DO_NOT_TRACK"] = "true"  # the verifier counts its users over the network otherwise

LIES = {
    ("shop.repository:CustomerRepo.get", "return_shape"),
    ("shop.prices:PriceClient.price", "signature"),
}


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the folder, without a cache."""
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def check_quickstart(folder: Path) -> list[str]:
    """Check the quickstart; return what is wrong with it."""
    wrong = []
    plain = run(folder)
    if plain.returncode != 0 or "9 passed" not in plain.stdout:
        wrong.append(f"without the gate all nine tests pass, but:\n{plain.stdout}{plain.stderr}")
    gated = run(folder, "--integration-gate", "--gate-pact=pacts")
    print(gated.stdout)
    if gated.returncode != 1 or "9 passed" not in gated.stdout:
        wrong.append(
            f"with the gate all tests pass and the exit code is 1, but it is {gated.returncode}\n{gated.stderr}"
        )
        return wrong
    report = yaml.safe_load((folder / "integration-gate.report.yaml").read_text(encoding="utf-8"))
    found = {(mismatch["target"], mismatch["kind"]) for mismatch in report["mismatches"]}
    if found != LIES or len(report["mismatches"]) != len(LIES):
        wrong.append(f"the gate finds exactly {sorted(LIES)}, but it found {sorted(found)}")
    return wrong + check_pact(folder)


def check_pact(folder: Path) -> list[str]:
    """Replay the Pact file of the quickstart against its own price service; return what is wrong."""
    sys.path.insert(0, str(folder))
    from shop.price_service import serve

    with serve() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        verifier = Verifier("prices", host="127.0.0.1").add_transport(url=f"http://127.0.0.1:{server.server_port}")
        try:
            verifier.add_source(folder / "pacts/quickstart-prices.json").verify()
        except (RuntimeError, ValueError) as error:
            return [f"the price service keeps the Pact, but the verifier says: {error}"]
        finally:
            server.shutdown()
    return []


def main() -> None:
    """Check every example in a copy, and say what is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "quickstart"
        unwanted = shutil.ignore_patterns("__pycache__", ".integration_gate", "*.report.yaml", "pacts")
        shutil.copytree(Path(__file__).parent / "quickstart", copy, ignore=unwanted)
        wrong = check_quickstart(copy)
    if wrong:
        sys.exit("examples/quickstart: " + "\n".join(wrong))
    print("examples/quickstart: all tests pass, the gate names the two lies, exit code 1, the Pact file verifies")


if __name__ == "__main__":
    main()
