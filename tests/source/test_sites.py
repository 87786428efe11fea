"""Which call expression of the project a frame stands at."""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock, create_autospec

import pytest

from pytest_integration_gate.model.interaction import Site
from pytest_integration_gate.source.project import Project
from pytest_integration_gate.source.sites import caller, callers, site_of

Run = Callable[..., Any]


@pytest.fixture
def site_in(run: Run, project: Project) -> Callable[[str], Site]:
    """The site at which a source calls ``f``."""

    def find(source: str) -> Site:
        sites = []

        def f(*_: object, **__: object) -> Any:
            standing = caller(sys._getframe(1), project)
            assert standing is not None
            sites.append(site_of(*standing, project))
            return f

        run(source, f)
        return sites[-1]

    return find


def test_a_site_has_file_function_call_and_line(site_in: Callable[[str], Site]) -> None:
    """All parts of a site are those of the call expression."""
    site = site_in("def main(f):\n    x = len([f(1)])\n    return None\n")
    assert site == Site(file="module_0.py", function="main", call="f(1)", line=2)


@pytest.mark.parametrize(
    ("expression", "call"),
    [
        ("f('a',  \n    2)", "f('1baf66fa', 2)"),
        ("(f\n  (1)\n  (k=2)\n  (*[3]))", "f (1) (k=2) (*[3])"),
        ("f(f(1)\n)", "f(f(1) )"),
        ("C.a\\\n    .b(1)", "C.a\\ .b(1)"),
        ("(C.a\n    .b(1))", "C.a .b(1)"),
        ("'ü', f('ä')", "f('e029ac04')"),
        ('f"{1}{f(2)}"', "f(2)"),
        ("[f(i) for i in (1, 2)]", "f(i)"),
        ("f(" + ", ".join(["'abcdefghij'"] * 20) + ")", "f(" + "'cdc647d0', " * 9 + "'cdc647d0…"),
    ],
)
def test_the_call_is_its_folded_source(site_in: Callable[[str], Site], expression: str, call: str) -> None:
    """White space is folded, texts are replaced by a checksum and long calls are cut, also over several lines."""
    source = "def main(f):\n    class C: a = staticmethod(f); a.b = f\n    " + expression
    if "C." in expression:
        source = f"def main(f):\n    class A: b = staticmethod(f)\n    class C: a = A\n    {expression}"
    assert site_in(source).call == call


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("class A:\n    def m(self, f):\n        f(1)\ndef main(f):\n    A().m(f)", "A.m"),
        ("def main(f):\n    return [f(1) for _ in (1,)]", "main"),
        ("def main(f):\n    return {1: [f(1) for _ in (1,)] for _ in (1,)}", "main"),
        ("def main(f):\n    return list(f(1) for _ in (1,))", "main"),
        ("def main(f):\n    def inner():\n        f(1)\n    inner()", "main.<locals>.inner"),
        ("def main(f):\n    (lambda: f(1))()", "main.<locals>.<lambda>"),
    ],
)
def test_the_function_is_the_same_on_every_python(site_in: Callable[[str], Site], source: str, function: str) -> None:
    """Comprehensions, which are functions of their own on some versions, belong to the function around."""
    assert site_in(source).function == function


def test_the_outer_frame_of_an_await_stands_at_the_call(run: Run, project: Project) -> None:
    """``await load()`` is the call of ``load``."""
    sites = []

    def f() -> None:
        sites.extend(site_of(*standing, project) for standing in callers(sys._getframe(1), project))

    run("async def load(f):\n    f()\nasync def main(f):\n    x = [await load(f)]", f)
    assert [site.call for site in sites] == ["f()", "load(f)"]


@pytest.mark.parametrize("source", ["def main(f):\n    with f(1): pass", "def main(f):\n    for _ in f(1): pass"])
def test_blocks_stand_at_their_head(run: Run, project: Project, source: str) -> None:
    """Special methods that ``with`` and ``for`` call stand at the expression in the head."""
    sites = []

    class Value:
        def note(self, *_: object) -> Value:
            standing = caller(sys._getframe(1), project)
            assert standing is not None
            sites.append(site_of(*standing, project).call)
            return self

        __enter__ = __exit__ = __iter__ = note

        def __next__(self) -> None:
            self.note()
            raise StopIteration

    run(source, lambda _: Value())
    assert set(sites) == {"f(1)"}


def test_without_source_the_line_is_the_site(tmp_path: Path, project: Project) -> None:
    """A file that is gone leaves the line number."""
    found = []
    namespace: dict[str, Any] = {"f": lambda: found.append(caller(sys._getframe(1), project))}
    exec(compile("\n\nf()", str(tmp_path / "gone.py"), "exec"), namespace)
    assert site_of(*found[0], project) == Site(file="gone.py", function="<module>", call="line 3", line=3)


def test_equal_code_in_two_files_has_two_sites(run: Run, project: Project) -> None:
    """Code objects compare equal across files; their sites must not."""
    found = []

    def f() -> None:
        standing = caller(sys._getframe(1), project)
        assert standing is not None
        found.append(standing)

    for _ in range(2):
        run("def main(f):\n    f()", f)
    assert found[0] == found[1]
    assert [site_of(*standing, project).file for standing in found] == ["module_0.py", "module_1.py"]


def test_a_call_by_a_test_has_no_site(run: Run, tmp_path: Path, project: Project) -> None:
    """A test that calls a double itself is no caller, even when project code stands further out."""
    found = []

    def f() -> None:
        found.append((caller(sys._getframe(1), project), callers(sys._getframe(1), project)))

    namespace: dict[str, Any] = {"f": f}
    exec(compile("def helper():\n    f()", str(tmp_path / "test_it.py"), "exec"), namespace)
    run("def main(f):\n    f()", namespace["helper"])
    assert found == [(None, ())]


def test_a_library_between_hides_what_becomes_of_the_value(run: Run, project: Project) -> None:
    """The site is the project's line, but the value does not come back there directly."""
    found = []

    def f(*_: object) -> str:
        frame = sys._getframe(1)
        found.append((caller(frame, project), callers(frame, project)))
        return ""

    run("import re\ndef main(f):\n    import json\n    json.dumps(main, default=f)", f)
    standing, chain = found[0]
    assert standing is not None
    assert site_of(*standing, project).call == "json.dumps(main, default=f)"
    assert chain == ()


@pytest.mark.parametrize("make", [lambda f: Mock(side_effect=f), lambda f: create_autospec(f, side_effect=f)])
def test_frames_of_the_mock_library_are_passed_over(run: Run, project: Project, make: Callable[[Any], Any]) -> None:
    """The caller of a mock is the project's code, not the mock library."""
    found = []

    def f() -> None:
        found.append(callers(sys._getframe(1), project))

    run("def load(f):\n    f()\ndef main(f):\n    load(f)", make(f))
    assert [code.co_name for code, _ in found[0]] == ["load", "main"]


def test_the_chain_is_bounded(run: Run, project: Project) -> None:
    """No more callers than asked for."""
    found = []

    def f() -> None:
        found.append(callers(sys._getframe(1), project, limit=2))

    run("def main(f, n=9):\n    main(f, n - 1) if n else f()", f)
    assert len(found[0]) == 2


def test_asking_for_the_caller_is_cheap(run: Run, project: Project) -> None:
    """A mock call asks it every time, so it may take half a microsecond."""

    def f() -> float:
        frame = sys._getframe(1)
        return min(timeit.repeat(lambda: caller(frame, project), number=2000, repeat=20)) / 2000

    assert run("def main(f):\n    return f()", f) < 0.5e-6 * 4  # four times what is promised: machines are shared
