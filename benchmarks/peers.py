"""How many mocks that lie are found, by this gate and by what else there is, on the public drift cases.

Each case is a small project in two variants, green in both: in one a double contradicts the real code, in the other
nothing does. `drift.py` runs every tool on both and counts; this script calls it and prints one Markdown table.

    python benchmarks/peers.py path/to/drift.py
    python benchmarks/peers.py path/to/drift.py --tools plain,mypy --only user-mail-key
    python benchmarks/peers.py --from results.json                  # the table of an earlier run, without the cost

The gate that is measured is the one in this checkout; `drift.py` copies it into an environment of its own. The cost is
processor time, which a busy machine distorts less than the clock: what one run of a case takes more than with pytest
alone, start of the tool included. mypy runs no tests, so all of its time counts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = "plain,autospec,mypy,mockrot,gate"
NAMES = {
    "plain": "pytest alone",
    "autospec": "`autospec=True` on every patch",
    "mypy": "mypy on code and tests",
    "mockrot": "pytest-mockrot",
    "gate": "this gate",
}
HEADER = ("tool", "certain", "possible", "told apart", "false alarms", "outcomes changed", "seconds more for a case")
# How many runs with pytest alone are in the time of a tool: drift.py compares the gate with one of its own.
BARE_RUNS = {"plain": 0, "autospec": 1, "mypy": 0, "mockrot": 1, "gate": 2}


def measured(drift: str, tools: list[str], only: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Run each tool on the public cases; return its results, and the processor time that they took."""
    results: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for tool in tools:
            file = Path(folder) / f"{tool}.json"
            command = [sys.executable, drift, "run", "--tool", tool, "--split", "public", "--json", str(file)]
            command += ["--plugin-path", str(CHECKOUT)] if tool == "gate" else []
            command += ["--only", only] if only else []
            before = _processor_time()
            subprocess.run(command, check=True, stdout=sys.stderr)
            seconds[tool] = _processor_time() - before
            results |= json.loads(file.read_text(encoding="utf-8"))["tools"]
    return results, seconds


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(results: dict[str, Any], seconds: dict[str, float]) -> Iterable[str]:
    """Write the results as the lines of a Markdown table."""
    yield f"| {' | '.join(HEADER)} |"
    yield "|---" + "|--:" * (len(HEADER) - 1) + "|"
    for tool, cases in results.items():
        certain = [case for case in cases if case["verdict"] == "contradicted"]
        cost = ""
        if tool in seconds and "plain" in seconds and tool != "plain":
            more = seconds[tool] - BARE_RUNS[tool] * seconds["plain"]
            cost = f"{more / (2 * len(cases)):.2f}"  # each case is run in two variants
        cells = (
            NAMES.get(tool, tool),
            f"{sum(case['certain'] for case in certain)} of {len(certain)}",
            f"{sum(case['any'] for case in cases)} of {len(cases)}",
            f"{sum(case['any'] and not case['alarm_any'] for case in cases)} of {len(cases)}",
            str(sum(case["alarm_any"] for case in cases)),
            str(sum(case["changed"] for case in cases)),
            cost,
        )
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drift", nargs="?", help="the script of the drift cases")
    parser.add_argument("--tools", default=TOOLS, help="separated by commas")
    parser.add_argument("--only", default="", help="some cases, separated by commas")
    parser.add_argument("--from", dest="earlier", help="results that drift.py wrote (--json)")
    options = parser.parse_args()
    if options.earlier:
        results = json.loads(Path(options.earlier).read_text(encoding="utf-8"))["tools"]
        seconds: dict[str, float] = {}
    elif options.drift:
        results, seconds = measured(options.drift, options.tools.split(","), options.only)
    else:
        parser.error("name drift.py, or results with --from")
    print("\n".join(table(results, seconds)))


if __name__ == "__main__":
    main()
