"""Run each example as its page says, and check that the gate finds what it promises to find.

    python examples/check.py

The package must be installed for the Python that runs this.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

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
    gated = run(folder, "--integration-gate")
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
    return wrong


def main() -> None:
    """Check every example in a copy, and say what is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "quickstart"
        unwanted = shutil.ignore_patterns("__pycache__", ".integration_gate", "*.report.yaml")
        shutil.copytree(Path(__file__).parent / "quickstart", copy, ignore=unwanted)
        wrong = check_quickstart(copy)
    if wrong:
        sys.exit("examples/quickstart: " + "\n".join(wrong))
    print("examples/quickstart: all tests pass, the gate names the two lies, exit code 1")


if __name__ == "__main__":
    main()
