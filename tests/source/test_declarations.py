"""What the author of a test says that a double is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_integration_gate.source.declarations import declared_at

SAID = {
    "repo: Repo = Mock()  # here": ("Repo",),
    "repo = cast(Repo, Mock())  # here": ("Repo",),
    "repo: Base = cast(Repo, MagicMock(name='x'))  # here": ("Repo", "Base"),
    "def repo() -> Repo: return Mock()  # here": ("Repo",),
    "def repo() -> 'Repo':\n    made = Mock()  # here\n    made.get.return_value = 1\n    return made": ("'Repo'",),
    "def repo() -> Iterator[Repo]:\n    made = Mock()  # here\n    yield made": ("Repo",),
    "def repo() -> Generator[Repo, None, None]:\n    yield Mock()  # here": ("Repo",),
    "@pytest.fixture\ndef repo():\n    return Mock()  # here\ndef test(repo: Repo): ...": ("Repo",),
    "def test():\n    if True:\n        repo: Repo = Mock(\n            spec_set=['x'])  # here": ("Repo",),
}
UNSAID = (
    "repo = Mock()  # here",
    "def repo(): return Mock()  # here\ndef test(repo: Repo): ...",  # no fixture
    "first, second = Mock(), Mock()  # here",
    "repo: Repo = Mock(side_effect=[Mock()])  # here",
    "repo: Repo = Repo(Mock())  # here",
    "def repo() -> Repo:\n    inner = Mock()  # here\n    return Repo(inner)",
    "def repo() -> Repo:\n    made = Mock()  # here\n    return made if made.x else Repo()",
    "def repo(flag) -> tuple[Repo, Repo]:\n    return Mock(), 1  # here",
)


@pytest.mark.parametrize("source", SAID)
def test_annotations_around_the_line_say_it(tmp_path: Path, source: str) -> None:
    """An annotated name, a cast, a return annotation and the annotated parameter that gets a fixture."""
    assert _declared(tmp_path, source) == SAID[source]


@pytest.mark.parametrize("source", UNSAID)
def test_what_is_said_of_something_else_does_not_count(tmp_path: Path, source: str) -> None:
    """A mock that is a part of something, or one of several, is not what the annotation is about."""
    assert _declared(tmp_path, source) == ()


def _declared(folder: Path, source: str) -> tuple[str, ...]:
    file = folder / "test_it.py"
    file.write_text(source)
    line = next(number for number, text in enumerate(source.splitlines(), start=1) if "# here" in text)
    return declared_at(str(file), line)
