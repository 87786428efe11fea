"""What stands in the how-to works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_integration_gate.suites.loading import load_suite

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "yaml-suites.md"
BLOCKS = {
    found[2]: found[3]
    for found in re.finditer(r"```(\w+)\n# (\S+\.(?:py|yaml))\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
}


def test_first_suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first suite of the page passes against the service of the page, and cleans up."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("notes.py", "tests/test_notes.gate.yaml"):
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(BLOCKS[name])
    result = pytester.runpytest_subprocess("-p", "pytest_integration_gate.plugin", "--integration-gate")
    result.assert_outcomes(passed=3)
    assert not (pytester.path / "notes.db").exists()


def test_one_of_each(tmp_path: Path) -> None:
    """The suite with tests of the other types has no mistake."""
    file = tmp_path / "test_all_types.gate.yaml"
    file.write_text(BLOCKS["tests/test_all_types.gate.yaml"])
    kinds = ["webhook", "upload", "websocket", "websocket", "command", "command", "integration"]
    assert [test.kind for test in load_suite(file, file.name).tests] == kinds
