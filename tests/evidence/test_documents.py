"""Documents of others: YAML and JSON as plain data, their faults with a place, the lines of their parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pytest_integration_gate.evidence import documents
from pytest_integration_gate.evidence.documents import DocumentError, lines_of, load


def read(folder: Path, text: str | bytes, name: str = "a.yaml") -> Any:
    """The data of a text."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(str(folder / name))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: no\nb: 12:30\nc: 2026-01-31\n", {"a": "no", "b": "12:30", "c": "2026-01-31"}),
        ("200: {x: 1}\ntrue: 2\n", {"200": {"x": 1}, "true": 2}),
        (
            "a: ['1', 1, 1.5, -2, true, null, ~, '', !!str 3, .5]\nb:\n",
            {"a": ["1", 1, 1.5, -2, True, None, None, "", "3", 0.5], "b": None},
        ),
        ("a: &x {n: 1}\nb: *x\n", {"a": {"n": 1}, "b": {"n": 1}}),
        ("a: &x {n: 1, m: 2}\nb: {<<: *x, m: 3}\n", {"a": {"n": 1, "m": 2}, "b": {"m": 3, "n": 1}}),
        ("a: &x {n: 1}\nc: &y {o: 2}\nb: {<<: [*x, *y]}\n", {"a": {"n": 1}, "c": {"o": 2}, "b": {"n": 1, "o": 2}}),
        ("a: {'<<': 1}\n", {"a": {"<<": 1}}),
        ("&k a: 1\nb: *k\n", {"a": 1, "b": "a"}),
        ("\ufeff{}", {}),
        ("", None),
    ],
)
def test_yaml_is_plain_data(tmp_path: Path, text: str, data: Any) -> None:
    """Scalars follow YAML 1.2, keys are text, aliases and merge keys are followed."""
    assert read(tmp_path, text) == data


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=5)
        | st.sampled_from(["no", "1", "null", "2026-01-31"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_what_pyyaml_writes_comes_back(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    """Any data that PyYAML writes are read as they were."""
    assert read(tmp_path_factory.getbasetemp(), yaml.safe_dump(data)) == data


@pytest.mark.parametrize(
    ("text", "name", "place", "fault"),
    [
        ("a: [1\nb: 2\n", "a.yaml", "2:2", "not valid YAML: while parsing a flow sequence"),
        ("a: 1\na: 2\n", "a.yaml", "2:1", "the key `a` stands twice"),
        ("a: *b\n", "a.yaml", "1:4", "`*b` has no `&b` before it"),
        ("a: &b [*b]\n", "a.yaml", "1:8", "`*b` has no `&b` before it"),
        ("? [a]\n: 1\n", "a.yaml", "1:3", "a key must be a single value"),
        ("a: &b [1]\n*b : 2\n", "a.yaml", "2:1", "a key must be a single value"),
        ("a: {<<: 1}\n", "a.yaml", "1:9", "`<<` merges what is no mapping"),
        ("a: 1\n---\nb: 1\n", "a.yaml", "2:1", "a second document in the file"),
        ("a: " + "9" * 5000, "a.yaml", "1:4", "a number of 5000 digits"),
        ("[" * 300, "a.yaml", "1:201", "nested more than 200 levels deep"),
        ("a: \x07", "a.yaml", "", "not valid YAML"),
        (b"a: 1\nb: \xff\n", "a.yaml", "2:1", "not UTF-8"),
        ('{"a": 1', "a.json", "1:8", "not valid JSON: Expecting ',' delimiter"),
        ("[" * 100_000, "a.json", "", "nested too deep"),
    ],
)
def test_a_fault_has_its_place(tmp_path: Path, text: str | bytes, name: str, place: str, fault: str) -> None:
    """What cannot be read is said with line and column where there are any."""
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, text, name)
    assert caught.value.place == place
    assert caught.value.fault.startswith(fault)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is missing, a folder or too large is one fault."""
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        load(str(tmp_path / "missing.yaml"))
    with pytest.raises(DocumentError, match="cannot be read"):
        load(str(tmp_path))
    monkeypatch.setattr(documents, "MAX_BYTES", 3)
    with pytest.raises(DocumentError, match="larger than"):
        read(tmp_path, "a: 1000")


def test_aliases_are_bounded(tmp_path: Path) -> None:
    """Aliases of aliases cannot make a small file large."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(DocumentError, match="its aliases repeat more than"):
        read(tmp_path, "\n".join(lines))


def test_lines_are_found(tmp_path: Path) -> None:
    """Keys and list items have their lines by pointer, down to a depth; files without lines have none."""
    text = "paths:\n  /a~b:\n    get:\n      tags:\n        - one\n        - x: 1\n          y: 2\n  'c': 1\n"
    read(tmp_path, text)
    path = str(tmp_path / "a.yaml")
    assert lines_of(path, 9) == {
        "/paths": 1,
        "/paths/~1a~0b": 2,
        "/paths/~1a~0b/get": 3,
        "/paths/~1a~0b/get/tags": 4,
        "/paths/~1a~0b/get/tags/0": 5,
        "/paths/~1a~0b/get/tags/1": 6,
        "/paths/~1a~0b/get/tags/1/x": 6,
        "/paths/~1a~0b/get/tags/1/y": 7,
        "/paths/c": 8,
    }
    assert lines_of(path, 2) == {"/paths": 1, "/paths/~1a~0b": 2, "/paths/c": 8}
    assert lines_of(str(tmp_path / "a.json"), 9) == lines_of(str(tmp_path / "gone.yaml"), 9) == {}
