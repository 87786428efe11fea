"""The `integration-gate` command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_integration_gate.cli import main
from pytest_integration_gate.commands.schemas import SCHEMAS
from pytest_integration_gate.strict_yaml import load

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_schema_report_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """It is JSON, ready to be redirected into a file."""
    assert main(["schema", "report"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Report of pytest --integration-gate, format 1"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is valid by draft 2020-12 itself."""
    assert main(["schema", name]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_the_schema_of_gate_yaml_knows_its_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """The file of the example, which has all of them, fits; a key that is not known and a wrong word do not."""
    assert main(["schema", "gate"]) == 0
    schema = json.loads(capsys.readouterr().out)
    data: Any = load((EXAMPLES / "sous_vide/gate.yaml").read_text(encoding="utf-8"), "gate.yaml").data
    jsonschema.validate(data, schema)
    assert {"boundaries", "contexts", "checkpoints", "requirements", "stories"} <= set(data)
    for wrong in ({"boundarys": {}}, {"boundaries": {"http": {"compare": "sizes"}}}, {"checkpoints": [{"nam": "x"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_version_names_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit status 0."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("integration-gate ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["schema"], "the following arguments are required: file"),
        (["schema", "nonsense"], "invalid choice: 'nonsense'"),
        (["--nonsense"], "COMMAND"),
    ],
)
def test_wrong_arguments_are_a_clear_error(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was wrong goes to standard error, and the exit status is 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_sees_no_traceback() -> None:
    """As `head` does, it closes the pipe before all is written."""
    command = [sys.executable, "-m", "pytest_integration_gate.cli", "schema", "report"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
