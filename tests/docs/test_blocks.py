"""What stands in the documentation works as it stands there: every block of every page is run, or says why not."""

from __future__ import annotations

import ast
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_integration_gate.configuration.context_file import read_contexts
from pytest_integration_gate.configuration.gate_file import FILE
from pytest_integration_gate.reports.schema import schema_text
from pytest_integration_gate.strict_yaml import Node, YamlError, load
from pytest_integration_gate.suites.checkpoints import check_checkpoints
from pytest_integration_gate.suites.description import SUITE
from pytest_integration_gate.suites.loading import load_suite
from pytest_integration_gate.yaml_rules import Check

ROOT = Path(__file__).parents[2]
PAGES = [path.relative_to(ROOT).as_posix() for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))]
REPORT = "integration-gate.report.yaml"
SHOWN = ("", "text", "markdown", "json", "diff")
"""Languages of blocks that are shown only."""
_SECTIONS = {"pytest", "tool:pytest"}

Read = Callable[[Path], list[Any]]


@pytest.mark.skipif(os.name == "nt", reason="pages show commands for a POSIX shell")
@pytest.mark.parametrize("page", PAGES)
def test_the_page_works(page: str, read_blocks: Read, folder: Any) -> None:
    """Who types what the page shows, in its order, sees what it shows; tests that it shows pass."""
    for block in read_blocks(ROOT / page):
        folder.follow(block)
    if wrong := folder.try_tests():
        pytest.fail(f"{page}: {wrong}", pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_valid(
    page: str,
    read_blocks: Read,
    declared: Any,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python compiles, YAML fits the kind of file it belongs to, ini blocks have known names, options exist."""
    for name in re.findall(r"\$\{(\w+)\}", (ROOT / page).read_text(encoding="utf-8")):
        monkeypatch.setenv(name, "https://service.example")
    wrong = [
        f"{block.place}: {problem}"
        for block in read_blocks(ROOT / page)
        if not block.language.startswith("{")  # of Sphinx
        for problem in (*_problems(block, tmp_path, pytestconfig, declared.ini), *_not_run(block))
    ]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_is_named_exists(page: str, declared: Any) -> None:
    """Text, too, names only options that there are."""
    known = {option for option in declared.options if option.startswith("--gate")}
    assert {*re.findall(r"(?<![\w-])--gate-[a-z-]*[a-z]", (ROOT / page).read_text(encoding="utf-8"))} <= known


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Links between pages, and to files of the project, name files and headings that are there."""
    text = re.sub(r"^( *)```.*?^\1```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(link)
    assert not broken


def _anchors(file: Path) -> set[str]:
    """Give the anchors of the headings, as GitHub and MyST make them."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


# -- what is valid ----------------------------------------------------------------------------------------------------


def _problems(block: Any, scratch: Path, config: pytest.Config, own: set[str]) -> Iterator[str]:
    try:
        match block.language:
            case "python":
                ast.parse(block.text if not _is_decorator(block.text) else f"{block.text}def test(): ...")
            case "yaml":
                yield from _yaml_problems(block, scratch)
            case "ini":
                parser = ConfigParser(interpolation=None)
                parser.read_string(block.text if block.text.lstrip().startswith("[") else f"[pytest]\n{block.text}")
                yield from (f"[{section}] is no section of pytest." for section in {*parser.sections()} - _SECTIONS)
                yield from _unknown_names(
                    (name for section in parser.sections() for name in parser[section]), config, own
                )
            case "toml":
                yield from _unknown_names(tomllib.loads(block.text)["tool"]["pytest"]["ini_options"], config, own)
    except (SyntaxError, YamlError, jsonschema.ValidationError) as error:
        yield str(error)


def _is_decorator(text: str) -> bool:
    return text.rstrip().splitlines()[-1].startswith("@")


def _not_run(block: Any) -> Iterator[str]:
    """Say when nobody would notice that a block stopped working."""
    if block.language == "python" and not block.name and not block.reason:
        yield "nothing says which file this is, so it is not run. Begin with `# path/of_the.py`, or say why not."
    if block.language == "bash":
        yield "write `sh` for commands, `console` for commands with what they write."
    known = (*SHOWN, "python", "yaml", "ini", "toml", "sh", "console", "hidden", "in", "run")
    if block.language not in known:
        yield f"`{block.language}` is no language that is checked. Known: {', '.join(known)}."


def _yaml_problems(block: Any, scratch: Path) -> Iterator[str]:
    name = Path(block.name).name
    if ".github/" in block.name or name == "openapi.yaml":
        load(block.text, name)
    elif name == REPORT:
        jsonschema.validate(load(block.text, name).data, _excerpt(json.loads(schema_text())))
    elif name.endswith((".gate.yaml", "_gate.yaml")):
        (scratch / name).write_text(block.text)
        load_suite(scratch / name, name)
    else:
        node = load(block.text, name or "block")
        keys = {*node.entries}
        if isinstance(node.data, list):
            yield from _tests_of_a_suite(block.text, scratch)
        elif name == "gate.yaml" or keys <= FILE.keys.keys():
            yield from _gate_problems(node)
        elif keys <= SUITE.keys():
            (scratch / "test_block.gate.yaml").write_text(block.text)
            load_suite(scratch / "test_block.gate.yaml", "block")
        else:
            yield "nothing says which kind of file this is. Begin with `# gate.yaml` or the like."


def _gate_problems(node: Node) -> Iterator[str]:
    """What is wrong with a part of gate.yaml; files that it names need not be there."""
    check = Check()
    check.follow(node, FILE, "")
    yield from check.problems
    if not check.problems and "contexts" in node.entries:
        yield from read_contexts(node.entries["contexts"].value)[1]
    if "checkpoints" in node.entries:
        check_checkpoints(node.entries["checkpoints"].value, check)
        yield from check.problems


def _tests_of_a_suite(text: str, scratch: Path) -> Iterator[str]:
    file = scratch / "test_block.gate.yaml"
    file.write_text("test_suite: Block\nbase_url: http://127.0.0.1:1\ntests:\n" + re.sub("^", "  ", text, flags=re.M))
    if not load_suite(file, "block").tests:
        yield "this is no list of tests of a suite."


def _excerpt(schema: Any) -> Any:
    """Return a schema that parts of such a file fit, too."""
    if isinstance(schema, dict):
        return {key: _excerpt(value) for key, value in schema.items() if key != "required"}
    return [_excerpt(item) for item in schema] if isinstance(schema, list) else schema


def _unknown_names(names: Iterable[str], config: pytest.Config, own: set[str]) -> Iterator[str]:
    for name in names:
        if name not in own:
            try:
                config.getini(name)
            except ValueError:
                yield f"`{name}` is no ini name of pytest or the gate."
