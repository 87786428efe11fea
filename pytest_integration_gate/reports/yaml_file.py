"""The report as a YAML file that every reader of YAML 1.1 or 1.2 understands in the same way."""

from __future__ import annotations

import re
from os import PathLike, fspath
from os.path import abspath, basename, join
from tempfile import mkdtemp
from typing import Any

import yaml

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.files import write_text
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.document import document

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

# Everything else is quoted, so that no reader's idea of numbers, dates, booleans, merges or indicators matters.
_PLAIN = re.compile(r"[A-Za-z/][\w./-]*(?: [A-Za-z/(][\w./()-]*)*", re.ASCII)
_WORDS_WITH_MEANING = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ONE_LINE = 110
_NEVER_FOLD = 1_000_000


class ReportDumper(_Dumper):  # type: ignore[misc]
    """Writes strings that cannot be misread, small collections on one line, and neither anchors nor tags."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value that occurs twice twice."""
        return True


def _represent_text(dumper: Any, text: str) -> yaml.Node:
    is_plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS_WITH_MEANING
    # A lone surrogate cannot stand in a UTF-8 file: it is written as its escape.
    writable = text.encode("utf-8", "backslashreplace").decode()
    return yaml.ScalarNode("tag:yaml.org,2002:str", writable, style=None if is_plain else '"')


def _represent_list(dumper: Any, items: list[Any]) -> yaml.Node:
    return _on_one_line_if_small(dumper.represent_sequence("tag:yaml.org,2002:seq", items))


def _represent_dict(dumper: Any, items: dict[str, Any]) -> yaml.Node:
    return _on_one_line_if_small(dumper.represent_mapping("tag:yaml.org,2002:map", items.items()))


def _on_one_line_if_small(node: Any) -> yaml.Node:
    parts = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    is_flat = all(isinstance(part, yaml.ScalarNode) for part in parts)
    node.flow_style = is_flat and sum(len(part.value) + 2 for part in parts) <= _ONE_LINE
    return node  # type: ignore[no-any-return]


ReportDumper.add_representer(str, _represent_text)
ReportDumper.add_representer(list, _represent_list)
ReportDumper.add_representer(dict, _represent_dict)


def yaml_text(data: dict[str, Any]) -> str:
    """Write plain data as YAML."""
    text: str = yaml.dump(data, Dumper=ReportDumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLD)
    return text


def write_report(report: RunReport, path: str | PathLike[str]) -> None:
    """Write the report; folders that are missing are made.

    When that fails, the report is kept among the system's temporary files, and the ReportError says where.
    """
    text = yaml_text(document(report))
    try:
        write_text(path, text)
    except OSError as error:
        why = f"The report cannot be written to {fspath(path)}: {error.strerror or error}."
        raise ReportError(why, remedy=f"{_keep(text, path)} Name another file with --gate-report.") from error


def _keep(text: str, path: str | PathLike[str]) -> str:
    try:
        kept = join(mkdtemp(prefix="integration-gate-"), basename(abspath(path)))
        write_text(kept, text)
    except OSError as error:
        return f"It could not be kept elsewhere either ({error.strerror or error})."
    return f"It is kept at {kept}."
