"""Writing files whole or not at all."""

from __future__ import annotations

import builtins
import os
from pathlib import Path

import pytest

from pytest_integration_gate import files


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is as it was, and nothing else lies beside it."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "refused")

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(files, "os_replace", refuse)
    with pytest.raises(PermissionError):
        files.write_text(tmp_path / "file", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "old")]


def test_what_tests_patch_does_not_reach_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that leaves ``open`` or ``os.replace`` patched cannot stop the report."""
    with monkeypatch.context() as patches:
        for owner, name in ((builtins, "open"), (os, "replace"), (os, "makedirs"), (os, "fsync"), (os, "urandom")):
            patches.setattr(owner, name, None)
        files.write_text(f"{tmp_path}/file", "text")
    assert (tmp_path / "file").read_text() == "text"


def test_line_ends_and_encoding_are_the_same_everywhere(tmp_path: Path) -> None:
    """UTF-8 and line feeds on every system."""
    files.write_text(tmp_path / "file", "é\n")
    assert (tmp_path / "file").read_bytes() == b"\xc3\xa9\n"


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="no names for open files here")
def test_what_is_no_file_is_written_to() -> None:
    """A pipe, as ``/dev/stdout`` may be one, gets the text; nothing is put into its place."""
    reading, writing = os.pipe()
    try:
        files.write_text(f"/dev/fd/{writing}", "text")
        assert os.read(reading, 9) == b"text"
    finally:
        os.close(reading)
        os.close(writing)
