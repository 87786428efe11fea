"""Secrets are masked before anything is kept: a run with planted ones is searched for them."""

from __future__ import annotations

from typing import Any

PLANTED = ("hunter2-positional", "hunter2-keyword", "hunter2-key", "hunter2-token", "555-44-3333", "hunter2-real")

SHOP = """
class Vault:
    def login(self, user, password):
        return {"user": user, "token": "hunter2-token", "mail": password and "x"}

    def person(self, ssn, **more):
        return {"ssn": ssn, "name": "Ada"}


def enter(vault: Vault):
    vault.person("555-44-3333")
    return vault.login("ada", "hunter2-positional")["mail"] + vault.login("eve", password="hunter2-keyword")["mail"]
"""

UNIT = """
from unittest.mock import Mock
import shop

def test_enters():
    vault = Mock(spec=shop.Vault)
    vault.person.return_value = {"ssn": "555-44-3333"}
    vault.login.return_value = {"api_key": "hunter2-key", "authorization": "Bearer hunter2-token", "mail": "x"}
    assert shop.enter(vault) == "xx"
"""

BOUNDARY = """
import pytest
import shop

@pytest.mark.boundary("vault")
def test_real():
    assert shop.Vault().login("ada", "hunter2-real")["user"] == "ada"
    assert shop.Vault().person(ssn="555-44-3333")["name"] == "Ada"
"""


def test_no_secret_is_kept_or_shown(project: Any) -> None:
    """Neither report nor store nor terminal holds a password, token or key, nor what `gate_redact` names."""
    project.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\ngate_redact =\n    ssn\n")
    project.write("shop.py", SHOP)
    project.write("tests/unit/test_greet.py", UNIT)
    project.write("tests/integration/test_repo.py", BOUNDARY)
    result = project.run("-v")
    result.assert_outcomes(passed=2)
    assert project.report["gate"]["claims"]["total"] == 3
    source_lines = (UNIT + SHOP + BOUNDARY).splitlines()
    shown = [line for line in result.outlines if line.strip(" >E") not in [one.strip() for one in source_lines]]
    kept = {
        "report": project.report_text,
        "store": (project.root / ".integration_gate/evidence.jsonl").read_text(),
        "terminal": "\n".join(shown),
    }
    assert {(name, secret) for name, text in kept.items() for secret in PLANTED if secret in text} == set()


def test_what_checkpoints_run_is_kept_without_secrets(project: Any) -> None:
    """What a command line gives away stands neither in what is published nor in log, report and terminal."""
    project.write(
        "gate.yaml",
        "checkpoints:\n  - name: Ready\n    tests:\n"
        "      - {name: echo, command: [echo, --token=hunter2-line, ssn=555-44-3333], expected_output: other}\n",
    )
    project.write("pytest.ini", "[pytest]\npythonpath = .\ntestpaths = tests\ngate_redact =\n    ssn\n")
    result = project.run("--gate-events=run.jsonl", "--gate-publish=file:published.json")
    assert result.ret == 1
    shown = {name: (project.root / name).read_text() for name in ("run.jsonl", "published.json")}
    for name, text in {**shown, "report": project.report_text, "terminal": str(result.stdout)}.items():
        assert "Ready" in text
        assert not [secret for secret in ("hunter2-line", "555-44-3333") if secret in text], name
