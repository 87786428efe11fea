"""The `integration-gate` command."""

from __future__ import annotations

import json

import pytest

from pytest_integration_gate.cli import main


def test_schema_report_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """It is JSON, ready to be redirected into a file."""
    assert main(["schema", "report"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Report of pytest --integration-gate, format 1"


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
