"""The judged run in other formats than YAML, asked for on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_integration_gate.configuration.settings import FORMATS
from pytest_integration_gate.controller.formats import WRITERS


def test_every_format_has_a_writer() -> None:
    """What can be asked for can be written."""
    assert set(WRITERS) == set(FORMATS)


def test_the_page_is_written(project: Any) -> None:
    """`--gate-html` writes the mismatch of the run, into a folder that is made."""
    assert project.run("--gate-html=out/page.html").ret == 1
    text = (project.root / "out/page.html").read_text()
    assert "shop:Repo.get" in text
    assert "absent (nearest: email)" in text


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_cannot_be_written_is_a_warning(project: Any, name: str) -> None:
    """The run is judged all the same, and the report names the option."""
    project.write("file", "")
    result = project.run(f"--gate-{name}=file/x")
    assert result.ret == 1
    assert any(f"--gate-{name}" in warning for warning in project.report["warnings"])
    assert len(project.report["mismatches"]) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_no_path_is_a_mistake(project: Any, name: str) -> None:
    """An empty value ends the run before it begins."""
    result = project.run(f"--gate-{name}=")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--gate-{name}: '' is no path*"])


def test_a_missing_extra_says_what_to_install(project: Any) -> None:
    """Without jinja2 there is no page, and the run says so before it begins."""
    hide = "import sys\nsys.modules['jinja2'] = None\n"
    project.write("without_jinja.py", hide)
    result = project.run("-p", "without_jinja", "--gate-html=page.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*jinja2*pip install 'pytest-integration-gate[[]html[]]'*"])


def test_the_machines_formats_tell_the_same_run(project: Any) -> None:
    """JSON, SARIF and CTRF are written beside each other; the order and the workers do not matter."""
    options = ("--gate-json=r.json", "--gate-sarif=r.sarif", "--gate-ctrf=r.ctrf")
    assert project.run(*options, "-p", "xdist.plugin", "-n2").ret == 1
    report, sarif, ctrf = (json.loads((project.root / f"r.{name}").read_text()) for name in ("json", "sarif", "ctrf"))
    assert report["mismatches"] == project.report["mismatches"]
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["return_shape"]
    assert ctrf["results"]["summary"]["tests"] == 2
    lying = [test["name"] for test in ctrf["results"]["tests"] if "mismatches" in test["extra"]]
    assert lying == ["test_greets"]
