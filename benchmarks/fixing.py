"""How many lying doubles `--gate-fix=write` mends, and whether it breaks any.

    python benchmarks/fixing.py FOLDER [--only ID,ID] [--jobs N] [--show]

FOLDER has cases as ``*.txtar`` files: a TOML header, then files. ``-- path [drift] --`` and ``-- path [faithful] --``
exist in one variant only; in `drift` one double of tests/unit contradicts what the real code does, in `faithful` none
does. Each case is a project of its own. What is counted, with no knowledge of any case:

mended    the drift variant has a mismatch on the target before, and after ``--gate-fix=write`` no mismatch at all;
          its unit tests pass, or fail inside the project's code or on a result, in tests that made a claim that lied
left      nothing in the files was changed, and a reason was printed
broken    anything else: other tests fail, a test file cannot be run, a mismatch stays or comes; or a file of the
          faithful variant was changed
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

_SECTION = re.compile(r"^-- (?P<path>[^\s\[\]]+)(?: \[(?P<variant>drift|faithful)\])? --$")
_SLIPS = ("SyntaxError", "NameError", "ImportError", "ModuleNotFoundError", "fixture ")
"""Errors that a repair itself makes, and no lie ever hid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of pytest: mismatches as (target, tests), the reason of every failed test, what was printed."""

    mismatches: tuple[tuple[str, tuple[str, ...]], ...]
    failures: dict[str, str]
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a case."""

    case: str
    outcome: str
    reason: str = ""
    output: str = ""


def read_case(path: Path, variant: str) -> dict[str, str]:
    """Return the files of one variant of a case."""
    files: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if found := _SECTION.match(line.rstrip("\n")):
            lines = files.setdefault(found["path"], []) if found["variant"] in (None, variant) else []
        elif lines is not None:
            lines.append(line)
    return {name: "".join(text) for name, text in files.items()}


def run(project: Path, *options: str) -> Run:
    """Run all tests of a project with the gate, on evidence of this run alone."""
    with tempfile.TemporaryDirectory() as folder:
        report, junit = Path(folder, "report.yaml"), Path(folder, "junit.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
        command += ["--integration-gate", f"--gate-report={report}", f"--gate-store={folder}/store"]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PY_COLORS": "0", "COLUMNS": "160"}
        done = subprocess.run(
            [*command, f"--junitxml={junit}", *options],
            cwd=project, env=environment, text=True, capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        output = done.stdout + done.stderr
        found = (yaml.safe_load(report.read_text()) or {}).get("mismatches", []) if report.exists() else None
        if found is None or not junit.exists():
            return Run(mismatches=(("no report", ()),), failures={}, output=output)
        return Run(
            mismatches=tuple((one["target"], tuple(one["claim"]["tests"])) for one in found),
            failures=_failures(junit),
            output=output,
        )


def _failures(junit: Path) -> dict[str, str]:
    found = {}
    for case in ElementTree.parse(junit).iter("testcase"):  # pytest wrote it
        for kind in ("failure", "error"):
            for one in case.iter(kind):
                name = f"{case.get('classname', '').replace('.', '/')}::{case.get('name', '')}"
                found[name] = f"{kind}: {one.get('message', '')}\n{one.text or ''}"
    return found


def judge(path: Path, variant: str) -> Result:
    """Mend one variant of a case in a folder of its own and say what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        files = read_case(path, variant)
        for name, text in files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text, encoding="utf-8")
        before = run(project, "--gate-fix=write")
        changed = [name for name, text in files.items() if (project / name).read_text(encoding="utf-8") != text]
        said = "\n".join(line for line in before.output.splitlines() if "left alone: " in line)
        if variant == "faithful":
            outcome = "broken" if changed or before.mismatches or before.failures else "untouched"
            return Result(case=path.stem, outcome=outcome, reason=", ".join(changed), output=before.output)
        if not before.mismatches:
            return Result(case=path.stem, outcome="not found", output=before.output)
        if not changed:
            return Result(case=path.stem, outcome="left" if said else "broken", reason=said, output=before.output)
        after = run(project)
        reason = _broken(project, changed, before, after)
        output = f"{before.output}\n{'=' * 30} after\n{after.output}"
        return Result(case=path.stem, outcome="broken" if reason else "mended", reason=reason, output=output)


def _broken(project: Path, changed: list[str], before: Run, after: Run) -> str:
    """Say what a repair broke, empty when nothing."""
    if any(not name.startswith("tests/unit/") for name in changed):
        return f"changed {', '.join(changed)}"
    if after.mismatches:
        return f"still a mismatch: {', '.join(target for target, _ in after.mismatches)}"
    lied = Counter(map(_key, {test for _, tests in before.mismatches for test in tests}))
    failed = Counter(map(_key, after.failures))
    if failed - lied:
        return f"fails and made no claim that lied: {', '.join(failed - lied)}"
    for name, text in after.failures.items():
        if text.startswith("error") or any(slip in text.partition("\n")[0] for slip in _SLIPS):
            return f"{name}: {text.partition(chr(10))[0]}"
    return ""


def _key(test: str) -> str:
    """Return what names a test in both a report and a JUnit file: its function, without parameters."""
    return re.sub(r"\[.*", "", test.rpartition("::")[2])


def main() -> None:
    """Judge all cases and print the numbers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the folder with the cases, or one that has them in `cases`")
    parser.add_argument("--only", default="", help="names of cases, separated by commas")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print what pytest says of each case")
    options = parser.parse_args()
    folder = options.folder / "cases" if (options.folder / "cases").is_dir() else options.folder
    only = set(filter(None, options.only.split(",")))
    cases = [path for path in sorted(folder.glob("*.txtar")) if not only or path.stem in only]
    if not cases:
        sys.exit(f"there are no cases in {folder}")
    for variant in ("drift", "faithful"):
        with ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(partial(judge, variant=variant), cases))
        print(f"{variant}: {len(results)} cases, {dict(sorted(Counter(one.outcome for one in results).items()))}")
        for one in results:
            if options.show:
                print(f"\n{'=' * 100}\n{one.case}\n{one.output}")
            if options.show or one.outcome not in ("mended", "untouched"):
                print(f"  {one.case}: {one.outcome}: {one.reason}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
