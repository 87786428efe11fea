"""The report as a YAML file."""

from __future__ import annotations

import datetime
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.errors import ReportError
from pytest_integration_gate.model.run_report import RunReport
from pytest_integration_gate.reports.document import document
from pytest_integration_gate.reports.yaml_file import write_report, yaml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
DATA = st.dictionaries(TEXT, st.recursive(TEXT | st.integers() | st.booleans() | st.none(), st.lists, max_leaves=8))

MISLEADING = [
    *("yes", "No", "on", "OFF", "y", "n", "True", "null", "NULL", "~", "", "=", "<<", "-", "---"),
    *("12:30", "1e3", "0o14", "0x1f", "1_000", ".5", ".inf", "+1", "2026-11-20", "2026-11-20T10:30:00Z"),
    *("- a", "a: b", "a #b", "!x", "&a", "*a", "{a}", "[a]", "%a", "@a", "`a`", "|", ">", "?", "'a'", '"a"'),
    *(" a", "a ", "a\tb", "a\nb", "\x1b[31m", "\x85", "\ufeff"),
]

# What YAML 1.1 and 1.2 readers resolve plain scalars to, by their specifications: union of both.
MEANS_SOMETHING = re.compile(
    r"""(?ix) ~ | null | y | n | yes | no | on | off | true | false | = | <<
    | [-+]? [0-9_,]+ | [-+]? 0 [box] [0-9a-f_]+ | [-+]? (\.[0-9]+ | [0-9_]+ (\.[0-9_]*)?) (e[-+]?[0-9]+)?
    | [-+]? [0-9][0-9_]* (:[0-5]?[0-9])+ (\.[0-9_]*)? | [-+]? \.inf | \.nan
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} .*"""
)


@given(DATA)
def test_any_text_is_read_back_as_it_was(data: dict[str, Any]) -> None:
    """Control characters, line breaks, emoji, indicators: nothing is lost or takes another type."""
    assert yaml.safe_load(yaml_text(data)) == data


@given(TEXT)
def test_the_two_readers_of_pyyaml_agree(text: str) -> None:
    """The one in C and the one in Python read the same."""
    written = yaml_text({"a": text, "b": [text]})
    assert yaml.load(written, Loader=yaml.SafeLoader) == {"a": text, "b": [text]}


@pytest.mark.parametrize("text", MISLEADING)
def test_what_some_reader_could_take_for_something_else_is_quoted(text: str) -> None:
    """Quotes make it a string for every reader, as a value, an item and a key."""
    written = yaml_text({"key": text})
    assert written.startswith(('key: "', '{key: "'))
    assert yaml.safe_load(written) == {"key": text}


@given(st.from_regex(r"[A-Za-z0-9_./:+~=<, -]{1,12}", fullmatch=True))
def test_no_plain_text_means_something(text: str) -> None:
    """Whatever stands without quotes is a word that no version of YAML gives another type."""
    written = yaml_text({"key": [text]}).strip()
    if '"' not in written:
        assert not MEANS_SOMETHING.fullmatch(text)


def test_equal_values_are_written_out_twice() -> None:
    """No anchors and aliases, which some readers refuse."""
    shared = [{"a": list("bc") * 80}]
    written = yaml_text({"one": shared, "two": shared})
    assert not re.search(r"[&*]", written)
    assert yaml.safe_load(written) == {"one": shared, "two": shared}


def test_small_parts_take_one_line_and_long_texts_are_not_folded() -> None:
    """A diff shows one line per thing."""
    written = yaml_text({"small": {"a": 1, "b": "c"}, "long": "word " * 100, "many": ["item"] * 40})
    assert written.splitlines()[0] == "small: {a: 1, b: c}"
    assert written.splitlines()[1].startswith('long: "word word')
    assert len(written.splitlines()) == 3 + 40


def test_a_lone_surrogate_becomes_its_escape() -> None:
    """It cannot stand in a UTF-8 file, and must not cost the report."""
    assert yaml.safe_load(yaml_text({"a": "x\udc80"})) == {"a": "x\\udc80"}


def test_the_report_reads_back_as_its_document(tmp_path: Path, failed_run: RunReport) -> None:
    """The file holds what the document says, in its order, with no Python tag."""
    path = tmp_path / "report.yaml"
    write_report(failed_run, path)
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text) == document(failed_run)
    assert list(yaml.safe_load(text))[:4] == ["format", "test_run", "summary", "gate"]
    assert "!" not in text
    assert not any(isinstance(value, datetime.date) for value in yaml.safe_load(text)["test_run"].values())


def test_the_file_is_replaced_as_a_whole(tmp_path: Path, failed_run: RunReport, quiet_run: RunReport) -> None:
    """Nothing of the former report is left, nor any temporary file; missing folders are made."""
    path = tmp_path / "out" / "deep" / "report.yaml"
    write_report(failed_run, path)
    write_report(quiet_run, str(path))
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == document(quiet_run)
    assert os.listdir(path.parent) == ["report.yaml"]


def test_a_link_stays_a_link(tmp_path: Path, quiet_run: RunReport) -> None:
    """The file that it points to is written."""
    link, real = tmp_path / "link.yaml", tmp_path / "real.yaml"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("links are not allowed here")
    write_report(quiet_run, link)
    assert link.is_symlink()
    assert real.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such device")
def test_a_device_is_written_to_and_not_replaced(quiet_run: RunReport) -> None:
    """``--gate-report /dev/null`` leaves the device alone."""
    write_report(quiet_run, "/dev/null")
    assert not os.path.isfile("/dev/null")


@pytest.fixture
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the system's folder of temporary files is, while the test runs."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_report_that_cannot_be_written_is_kept_elsewhere(
    tmp_path: Path, temporary_folder: Path, failed_run: RunReport
) -> None:
    """The error says what is wrong, where the text is, and what to do."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportError, match=r"Name another file with --gate-report") as caught:
        write_report(failed_run, tmp_path / "file" / "report.yaml")
    kept = re.search(r"It is kept at (.+\.yaml)\.", str(caught.value))
    assert kept is not None
    assert Path(kept[1]).is_relative_to(temporary_folder)
    assert yaml.safe_load(Path(kept[1]).read_text(encoding="utf-8")) == document(failed_run)


def test_without_any_place_to_write_the_error_says_so(
    tmp_path: Path, temporary_folder: Path, failed_run: RunReport
) -> None:
    """Also when the fallback fails there is one ReportError and no other."""
    temporary_folder.rmdir()
    with pytest.raises(ReportError, match="It could not be kept elsewhere either"):
        write_report(failed_run, tmp_path)


@pytest.mark.usefixtures("temporary_folder")
def test_a_folder_is_no_report(tmp_path: Path, failed_run: RunReport) -> None:
    """A folder in the place of the file is an error like others."""
    with pytest.raises(ReportError, match="The report cannot be written to"):
        write_report(failed_run, tmp_path)
