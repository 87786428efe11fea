"""The reference has everything that the code has, and nothing besides: what is new must be written down."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from pytest_integration_gate import cli, hookspecs, plugin
from pytest_integration_gate.configuration.gate_file import FILE
from pytest_integration_gate.configuration.settings import JUDGED
from pytest_integration_gate.model.finding import Fidelity, Kind, Verdict
from pytest_integration_gate.suites.checkpoints import RULE as CHECKPOINTS
from pytest_integration_gate.suites.description import STEPS, SUITE, TEST
from pytest_integration_gate.suites.kinds import KINDS
from pytest_integration_gate.yaml_rules import Table

DOCS = Path(__file__).parents[2] / "docs"
SETTINGS = DOCS / "reference/settings.md"
PACKAGE = Path(plugin.__file__).parent


def test_options(declared: Any) -> None:
    """Every option stands in the table of options."""
    assert _firsts(SETTINGS, "Options", r"--[\w-]+") == declared.options


def test_ini_values(declared: Any) -> None:
    """Every ini name stands in the table of ini values."""
    assert _firsts(SETTINGS, "Ini values", r"\w+") == declared.ini


def test_words_of_fail_on() -> None:
    """Every word that may fail a run stands in its table."""
    assert _firsts(SETTINGS, "Words of `gate_fail_on`", r"\w+") == {*JUDGED, "none"}


def test_markers() -> None:
    """Every marker stands in the table of markers."""
    assert _firsts(SETTINGS, "Markers", r"\w+") == {re.split(r"\W", text)[0] for text in plugin.MARKERS}


def test_fixtures() -> None:
    """Every fixture stands in the table of fixtures."""
    tree = ast.parse((PACKAGE / "plugin.py").read_text(encoding="utf-8"))
    known = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and any("fixture" in ast.unparse(mark) for mark in node.decorator_list)
    }
    assert known
    assert _firsts(SETTINGS, "Fixtures", r"\w+") == known


def test_keys_of_gate_yaml() -> None:
    """Every key of ``gate.yaml``, at any depth, is named where ``gate.yaml`` is described."""
    section = _section(SETTINGS, "`gate.yaml`")
    assert {key for key in {*_keys(FILE), *_keys(CHECKPOINTS)} if not re.search(rf"\b{key}\b", section)} == set()


def test_keys_of_suites() -> None:
    """Every key of a suite, at any depth, is named on the page about suites, or where checkpoints are described."""
    page = (DOCS / "how-to/yaml-suites.md").read_text(encoding="utf-8") + _section(SETTINGS, "`checkpoints`")
    tables = [Table(keys={**SUITE, **TEST, **STEPS}), *(Table(keys=kind.keys) for kind in KINDS.values())]
    assert {key for table in tables for key in _keys(table) if not re.search(rf"\b{key}\b", page)} == set()


@pytest.mark.parametrize(
    ("page", "section", "words"),
    [
        ("reference/verdicts.md", "Verdicts", Verdict),
        ("reference/verdicts.md", "Kinds of mismatches", Kind),
        ("explanation/fidelity.md", "Fidelity: how real is reality?", Fidelity),
    ],
)
def test_words_of_verdicts(page: str, section: str, words: Any) -> None:
    """Every verdict, kind of mismatch and fidelity stands in its table."""
    assert _firsts(DOCS / page, section, r"\w+") == {*get_args(words)}


def test_slugs_of_errors() -> None:
    """Every word that ends an error stands in the table of messages."""
    assert _firsts(DOCS / "reference/messages.md", "Messages", r"\w+") == _words(r'^    slug = "(\w+)"$')


def test_kinds_of_hygiene() -> None:
    """Every kind of hygiene is described: on its page, or among the rules for boundary tests."""
    pages = [DOCS / "reference/hygiene.md", DOCS / "how-to/acceptance.md"]
    written = {word for page in pages for word in re.findall(r"^\| `(\w+)` \|", page.read_text(), re.MULTILINE)}
    assert _words(r'\b(?:Hygiene|Untidy)\(\s*kind="(\w+)"') - written == set()


def test_hooks() -> None:
    """Every hook stands in the table of hooks."""
    known = {name for name in vars(hookspecs) if name.startswith("pytest_")}
    assert _firsts(DOCS / "how-to/extend.md", "Write an observer, a check or a publisher", r"\w+") == known


def test_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Every command of `integration-gate` is named in the reference."""
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    commands = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("reference/*.md"))
    assert commands
    assert [command for command in commands if f"integration-gate {command}" not in text] == []


def test_fields_of_the_report() -> None:
    """The tables of the report are those of its schema; `python docs/report_fields.py` renews them."""
    spec = importlib.util.spec_from_file_location("report_fields", DOCS / "report_fields.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    page = made.PAGE.read_text(encoding="utf-8")
    assert page == made.renewed(page)


# -- what the pages and the code say ---------------------------------------------------------------------------------


def _section(page: Path, title: str) -> str:
    """Give what stands below a heading, up to the next one that is as high."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,6}} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"{page} has no heading {title}"
    end = re.search(rf"^#{{1,{len(found[1])}}} ", text[found.start(2) :], re.MULTILINE)
    return text[found.start(2) :][: end.start() if end else None]


def _firsts(page: Path, title: str, pattern: str) -> set[str]:
    """Give what the first column of the first table below a heading names."""
    rows = re.search(r"^\|.*\n\|-.*\n((?:\|.*\n)+)", _section(page, title), re.MULTILINE)
    assert rows, f"{page}: no table below {title}"
    return {*re.findall(rf"^\| `({pattern})", rows[1], re.MULTILINE)}


def _keys(rule: object) -> Iterator[str]:
    """Give the keys of a description of a YAML file, at any depth."""
    if isinstance(rule, Table):
        yield from rule.keys
        for inner in rule.keys.values():
            yield from _keys(inner)
    elif isinstance(rule, tuple):
        for inner in rule:
            yield from _keys(inner)
    elif is_dataclass(rule):
        for field in fields(rule):
            yield from _keys(getattr(rule, field.name))


def _words(pattern: str) -> set[str]:
    """Give what a pattern finds in the sources of the package."""
    return {word for path in PACKAGE.rglob("*.py") for word in re.findall(pattern, path.read_text(), re.M)}


def test_rooms() -> None:
    """The map of the code has every folder and module of the package."""
    text = (DOCS / "how-to/work-on-the-code.md").read_text(encoding="utf-8")
    rooms = re.findall(r"`([\w./]+)`", "".join(re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)))
    named = [room.rstrip("/").removesuffix(".py") for room in rooms]
    found = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert sorted(named) == sorted(found - {"__init__"})
