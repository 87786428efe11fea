"""Where the absence of a name cannot be proven, and where it can."""

from __future__ import annotations

import importlib
import itertools
import sys
import textwrap
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pytest_integration_gate.reality.attributes import answers_anything, members_of, module_has
from pytest_integration_gate.reality.members import describe_member

Load = Callable[[str], ModuleType]
_numbers = itertools.count()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Give a function that writes source to a module and imports it."""
    monkeypatch.syspath_prepend(tmp_path)
    names = []

    def importer(source: str) -> ModuleType:
        names.append(f"unprovable{next(_numbers)}")
        (tmp_path / f"{names[-1]}.py").write_text(textwrap.dedent(source))
        importlib.invalidate_caches()
        return importlib.import_module(names[-1])

    yield importer
    for name in names:
        sys.modules.pop(name, None)


def test_an_interface_without_a_loaded_implementation_is_open(load: Load) -> None:
    """A direct child of `ABC` may have the attributes of a class that is not loaded; a finished class has not."""
    module = load("""
        import abc, collections.abc
        class Context(abc.ABC):
            pass
        class Known(abc.ABC):
            pass
        class Real(Known):
            def work(self): ...
        class Registry(collections.abc.Sized):
            def __len__(self): return 0
    """)
    assert members_of(module.Context) is None
    assert "work" in (members_of(module.Known) or ())
    assert members_of(module.Registry) is not None


def test_names_of_another_platform_may_exist(load: Load) -> None:
    """What a module or a class binds on some way through its code is not proven absent."""
    module = load("""
        import sys
        if sys.platform == "nowhere":
            def ring(): ...
        def later():
            global made
            made = 1
        class Bell:
            if sys.platform == "nowhere":
                def ring(self): ...
    """)
    assert module_has(module, "ring") is None
    assert module_has(module, "made") is None
    assert module_has(module, "gone") is False
    assert "ring" in (members_of(module.Bell) or ())
    assert "gone" not in (members_of(module.Bell) or ("gone",))


def test_a_module_that_a_test_made_up_proves_nothing() -> None:
    """Only the import system makes modules whose names are all there are."""
    assert module_has(ModuleType("rabbit"), "Client") is None


def test_c_types_are_closed_in_the_standard_library_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lookup of another C type may be its own, as that of protobuf messages is."""
    assert not answers_anything([array])
    monkeypatch.setattr(sys, "stdlib_module_names", frozenset({"builtins"}))
    assert answers_anything([array])


def test_generic_classes_and_dataclasses_are_closed(load: Load) -> None:
    """Neither `Generic` nor a module with code that sets computed names makes a class open that says what it holds."""
    module = load("""
        import dataclasses
        from typing import Generic, TypeVar
        T = TypeVar("T")
        class Box(Generic[T]):
            def get(self) -> T: ...
        @dataclasses.dataclass
        class User:
            id: int
        class Bag:
            def __init__(self, **values):
                for name, value in values.items():
                    setattr(self, name, value)
    """)
    assert "gone" not in (members_of(module.Box) or ("gone",))
    assert "gone" not in (members_of(module.User) or ("gone",))
    assert members_of(module.Bag) is None


def test_nearest_names_are_those_of_the_class(load: Load) -> None:
    """A name that other code sets on something else is nothing to suggest."""
    module = load("""
        class Repo:
            def find(self): ...
        def elsewhere(thing):
            thing.fetched = 1
    """)
    fact = describe_member(module.Repo, "fetch")
    assert fact is not None
    assert fact.kind == "missing"
    assert fact.near == ()
