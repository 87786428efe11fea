"""How many mocks that lie are found, by this gate and by what else there is, on the public drift cases.

Each case is a small project in two variants, green in both: in one a double contradicts the real code, in the other
nothing does. `drift.py` runs every tool on both and counts; this script calls it and prints one Markdown table.

    python benchmarks/peers.py path/to/drift.py
    python benchmarks/peers.py path/to/drift.py --tools plain,mypy --only user-mail-key
    python benchmarks/peers.py --from results.json                  # print the table of an earlier run

The gate that is measured is the one in this checkout; `drift.py` copies it into an environment of its own.
"""

from __future__ import annotations

import argparse
import json
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


def measured(drift: str, tools: str, only: str) -> dict[str, Any]:
    """Run the tools on the public cases; drift.py says on standard error how far it is."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, drift, "run", "--tool", tools, "--split", "public", "--json", str(results)]
        command += ["--plugin-path", str(CHECKOUT)] if "gate" in tools.split(",") else []
        command += ["--only", only] if only else []
        subprocess.run(command, check=True, stdout=sys.stderr)
        data: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
        return data


def table(results: dict[str, Any]) -> Iterable[str]:
    """Write the results as the lines of a Markdown table."""
    tools = results["tools"]
    bare = {case["case"]: _seconds(case) for case in tools.get("plain", ())}
    yield f"| {' | '.join(HEADER)} |"
    yield "|---" + "|--:" * (len(HEADER) - 1) + "|"
    for tool, cases in tools.items():
        certain = [case for case in cases if case["verdict"] == "contradicted"]
        more = [_seconds(case) - bare[case["case"]] for case in cases if case["case"] in bare]
        cells = (
            NAMES.get(tool, tool),
            f"{sum(case['certain'] for case in certain)} of {len(certain)}",
            f"{sum(case['any'] for case in cases)} of {len(cases)}",
            f"{sum(case['any'] and not case['alarm_any'] for case in cases)} of {len(cases)}",
            str(sum(case["alarm_any"] for case in cases)),
            str(sum(case["changed"] for case in cases)),
            f"{sum(more) / len(more):+.2f}" if more and tool != "plain" else "",
        )
        yield f"| {' | '.join(cells)} |"


def _seconds(case: dict[str, Any]) -> float:
    return float(case["drift"]["seconds"] + case["faithful"]["seconds"]) / 2


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drift", nargs="?", help="the script of the drift cases")
    parser.add_argument("--tools", default=TOOLS, help="separated by commas")
    parser.add_argument("--only", default="", help="some cases, separated by commas")
    parser.add_argument("--from", dest="earlier", help="results that drift.py wrote (--json)")
    options = parser.parse_args()
    if options.earlier:
        results = json.loads(Path(options.earlier).read_text(encoding="utf-8"))
    elif options.drift:
        results = measured(options.drift, options.tools, options.only)
    else:
        parser.error("name drift.py, or results with --from")
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
