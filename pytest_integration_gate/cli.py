"""The `integration-gate` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pytest_integration_gate.commands.schemas import SCHEMAS, schema_text
from pytest_integration_gate.errors import GateError

_USAGE_ERROR = 4  # as pytest has it
_FORMATS = {"trace": "what proves what", "html": "the page", "json": "JSON", "sarif": "SARIF", "ctrf": "CTRF"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; wrong arguments exit with 2 and say what is allowed."""
    parser = argparse.ArgumentParser(
        prog="integration-gate", description="What pytest --integration-gate offers outside of a test run."
    )
    parser.add_argument("--version", action="version", version=f"integration-gate {_version()}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    schema = commands.add_parser(
        "schema",
        help="print the JSON Schema of a file",
        description="Print the JSON Schema of a file that the gate writes or reads.",
    )
    schema.add_argument("file", choices=SCHEMAS, help="the kind of file")
    merging = commands.add_parser("merge", help="merge exported evidence", description="Merge exported evidence.")
    merging.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file of --gate-export")
    merging.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="where the merged file goes")
    judging = commands.add_parser(
        "judge",
        help="judge exported evidence without running tests",
        description="Judge exported runs as one, by the ini file of this folder; exit status 1 when they fail.",
    )
    judging.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file of --gate-export")
    judging.add_argument("--report", metavar="PATH", help="where to write the YAML report")
    judging.add_argument("--fail-on", metavar="WORDS", help="what fails: for example 'mismatch,suspect'")
    reporting = commands.add_parser(
        "report",
        help="write the report of a run again from its event log",
        description="Write the report of a run from its event log, also when it was killed; exit status 1 when the run "
        "failed. What a run that was killed has seen is put into the store.",
    )
    reporting.add_argument("--from", dest="log", type=Path, required=True, metavar="FILE", help="a file of gate_events")
    reporting.add_argument("--report", metavar="PATH", help="where to write the YAML report")
    for name, what in (*_FORMATS.items(), ("junit", "JUnit XML")):
        reporting.add_argument(f"--{name}", metavar="PATH", help=f"where to write {what}")
    examining = commands.add_parser(
        "doctor",
        help="say what is installed, what can be observed here, and what is configured",
        description="Say what is installed, what can be observed on this Python (by a trial run in a folder of its "
        "own), and what is configured in this folder, from where. Exit status 1 when something cannot be observed, 4 "
        "for settings that a run would refuse.",
    )
    examining.add_argument("options", nargs="*", metavar="OPTION", help="options of pytest to look at, behind `--`")
    showing = commands.add_parser(
        "show",
        help="print what is known of a collaborator, and who claims what about it",
        description="Print what is known of a collaborator, and who claims what about it; exit status 1 when that is "
        "nothing.",
    )
    showing.add_argument("target", help="such as 'shop.repository:UserRepo.get', 'shop.repository' or 'UserRepo'")
    showing.add_argument(
        "--from",
        dest="files",
        nargs="+",
        type=Path,
        default=(),
        metavar="FILE",
        help="files of --gate-export, instead of the store of this folder",
    )
    resending = commands.add_parser(
        "resend",
        help="send notifications again that could not be delivered",
        description="Send notifications again that could not be delivered, each with its id; exit status 1 when some "
        "are left.",
    )
    resending.add_argument("options", nargs="*", metavar="OPTION", help="options of pytest to look at, behind `--`")
    chosen = parser.parse_args(arguments)
    try:
        status = _COMMANDS[chosen.command](chosen)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads, such as `head`, has seen enough; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except GateError as error:
        sys.stderr.write(f"integration-gate {chosen.command}: {error}\n")
        return _USAGE_ERROR


def _print_schema(chosen: argparse.Namespace) -> int:
    sys.stdout.write(schema_text(chosen.file))
    return 0


def _merge(chosen: argparse.Namespace) -> int:
    from pytest_integration_gate.controller.carrying import merge_files

    merge_files(chosen.files, chosen.output)
    return 0


def _judge(chosen: argparse.Namespace) -> int:
    from pytest_integration_gate.commands.deferred import judge_and_tell

    return judge_and_tell(chosen.files, report=chosen.report, fail_on=chosen.fail_on)


def _report(chosen: argparse.Namespace) -> int:
    from pytest_integration_gate.commands.rebuilding import rebuild

    return rebuild(
        chosen.log,
        {name: getattr(chosen, name) for name in ("report", *_FORMATS)},
        junit=Path(chosen.junit) if chosen.junit else None,
    )


def _doctor(chosen: argparse.Namespace) -> int:
    from pytest_integration_gate.commands.doctor import examine

    return examine(chosen.options)


def _resend(chosen: argparse.Namespace) -> int:
    from pytest_integration_gate.commands.resending import resend

    return resend(chosen.options)


def _show(chosen: argparse.Namespace) -> int:
    from pytest_integration_gate.commands.knowledge import show

    return show(chosen.target, chosen.files)


_COMMANDS = {
    "schema": _print_schema,
    "merge": _merge,
    "judge": _judge,
    "report": _report,
    "doctor": _doctor,
    "show": _show,
    "resend": _resend,
}


def _version() -> str:
    try:
        return version("pytest-integration-gate")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
