"""What stands on the page about resilience works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pytest_integration_gate.strict_yaml import load
from pytest_integration_gate.suites.checkpoints import check_checkpoints
from pytest_integration_gate.suites.loading import load_suite
from pytest_integration_gate.yaml_rules import Check

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "resilience.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n# tests/test_resilience.py[^\n]*\n(.*?)```", PAGE, re.DOTALL)
YAML = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_tests_of_the_page_pass(project: Any) -> None:
    """Faults, waiting and load, in one file."""
    assert len(PYTHON) == 3
    project.write("tests/test_resilience.py", "\n\n".join(PYTHON))
    project.run("tests/test_resilience.py").assert_outcomes(passed=3)


def test_the_yaml_of_the_page_has_no_mistake(tmp_path: Path) -> None:
    """The service has a suite, the performance test is one of a suite, the checkpoints are some of gate.yaml."""
    service, performance, checkpoints = YAML
    suite = tmp_path / "test_load.gate.yaml"
    indented = "".join(f"  {line}\n" for line in performance.splitlines())
    suite.write_text(f"test_suite: Load\nbase_url: http://127.0.0.1:1\ntests:\n{indented}")
    assert [test.kind for test in load_suite(suite, suite.name).tests] == ["performance"]
    suite.write_text(service)
    assert load_suite(suite, suite.name).own_fixtures == ("supplier",)
    check = Check()
    check_checkpoints(load(checkpoints, "gate.yaml").entries["checkpoints"].value, check)
    assert check.problems == []
