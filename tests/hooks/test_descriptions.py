"""OpenAPI documents in gate.yaml are read when the run begins; broken ones end it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_integration_gate.configuration.gate_file import BoundarySettings
from pytest_integration_gate.configuration.settings import Settings
from pytest_integration_gate.controller.descriptions import read_apis

Project = Any  # of conftest.py
GOOD = "openapi: 3.0.3\ninfo: {title: Users, version: '1'}\npaths: {}\n"
IMPORTED = """
import sys

def test_what_is_imported():
    assert ("pytest_integration_gate.evidence.openapi" in sys.modules) is EXPECTED
"""


@pytest.mark.parametrize("options", [(), ("-n2",)])
def test_a_broken_document_ends_the_run(project: Project, options: tuple[str, ...]) -> None:
    """All faults of all documents are one usage error, and no test runs."""
    project.write("gate.yaml", "boundaries:\n  one: {openapi: docs/one.yaml}\n  two: {openapi: docs/two.json}\n")
    project.write("docs/one.yaml", GOOD.replace("{}", "\n  /users:\n    gett: {}"))
    result = project.run(*options, *(("-p", "xdist") if options else ()))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: 2 OpenAPI documents cannot be used:",
            "boundary `one`: the OpenAPI document docs/one.yaml cannot be used:",
            "docs/one.yaml:5: `/paths/~1users/gett`: `gett` is no method. Did you mean `get`?*",
            "boundary `two`: the OpenAPI document docs/two.json cannot be used:",
            "docs/two.json: cannot be read: No such file or directory.",
            "Mend the document, or take `openapi` out of the boundary in gate.yaml. [[]openapi[]]",
        ],
        consecutive=True,
    )
    assert not (project.root / "integration-gate.report.yaml").exists()


def test_a_good_document_is_read(project: Project) -> None:
    """A run with a document that can be used is like any other."""
    project.write("gate.yaml", "boundaries:\n  payments: {openapi: docs/api.yaml}\n")
    project.write("docs/api.yaml", GOOD)
    project.write("tests/unit/test_greet.py", IMPORTED.replace("EXPECTED", "True"))
    assert project.run().ret == pytest.ExitCode.OK


def test_documents_are_read_for_their_boundaries(tmp_path: Path) -> None:
    """Each boundary with a document has the description of its service, with what the boundary says of its origins."""
    (tmp_path / "api.yaml").write_text(GOOD)
    boundaries = (
        BoundarySettings(name="files", collaborators=("https://files.example",)),
        BoundarySettings(
            name="payments", collaborators=("shop.pay", "https://pay.example/v1"), openapi=tmp_path / "api.yaml"
        ),
    )
    settings = Settings(
        root=tmp_path, project="shop", report=tmp_path / "r", store=tmp_path / "s", boundaries=boundaries
    )
    apis = read_apis(settings)
    assert [*apis] == ["payments"]
    assert apis["payments"].speaks_of("https://pay.example")
    assert not apis["payments"].speaks_of("https://files.example")
    assert apis["payments"].place_of(apis["payments"].at) == "api.yaml:3"


def test_without_documents_nothing_is_imported(project: Project) -> None:
    """What reads documents is not imported for runs that have none."""
    project.write("tests/unit/test_greet.py", IMPORTED.replace("EXPECTED", "False"))
    assert project.run().ret == pytest.ExitCode.OK
