"""Facts of live objects: existence, signatures, results."""

from __future__ import annotations

import importlib
import itertools
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pytest_integration_gate.model.fact import Fact
from pytest_integration_gate.model.shape import ANYTHING, NONE, Object, Record, Scalar, Sequence, Union
from pytest_integration_gate.model.text import text_of
from pytest_integration_gate.reality.inspection import ABSENT, describe, describe_class

Load = Callable[[str], ModuleType]
_numbers = itertools.count()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Give a function that writes source to a module and imports it."""
    monkeypatch.syspath_prepend(tmp_path)
    names = []

    def importer(source: str) -> ModuleType:
        name = f"shop{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        importlib.invalidate_caches()
        names.append(name)
        return importlib.import_module(name)

    yield importer
    for name in names:
        sys.modules.pop(name, None)


def last(module: ModuleType, name: str, *path: str) -> Fact:
    """The fact of the step that a path ends with, by the name of that step."""
    root = f"{module.__name__}:{name}"
    obj = vars(module)[name.partition(".")[0]]
    if "." in name:
        obj = vars(obj)[name.partition(".")[2]]
    step = next((part[1:] for part in reversed(path) if part != "()"), name.rpartition(".")[2])
    found = [fact for fact in describe(root, obj, path) if fact.target.rpartition(".")[2].rpartition(":")[2] == step]
    return found[-1] if found else Fact(target="", kind="unknown")


def kind_of(module: ModuleType, cls: str, name: str) -> str:
    return last(module, cls, "()", f".{name}").kind


def parameters(fact: Fact) -> list[str]:
    assert fact.signature is not None
    return [parameter.name for parameter in fact.signature.parameters]


class TestExistence:
    """An attribute exists in many ways; it is missing only when none of them applies."""

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ("def total(self): return 1", "method"),
            ("total = 0", "attribute"),
            ("total: int", "attribute"),
            ("__slots__ = ('total',)", "attribute"),
            ("@property\n    def total(self): return 1", "property"),
            ("@functools.cached_property\n    def total(self): return 1", "property"),
            ("@staticmethod\n    def total(): return 1", "staticmethod"),
            ("@classmethod\n    def total(cls): return 1", "classmethod"),
            ("class total: pass", "class"),
            ("def __init__(self): self.total = 1", "attribute"),
            ("def load(self):\n        if self.x:\n            self.a, self.total = 1, 2", "attribute"),
            ("def load(self): setattr(self, 'total', 1)", "attribute"),
            ("def load(self):\n        def inner(): self.total = 1\n        inner()", "attribute"),
            ("def __getattr__(self, name): return 1", "unknown"),
            ("def __getattribute__(self, name): return 1", "unknown"),
            ("def load(self, name): setattr(self, name, 1)", "unknown"),
            ("def __init__(self, **kw): self.__dict__.update(kw)", "unknown"),
            ("def __init__(self, **kw): self.__dict__ = kw", "unknown"),
            ("def __init__(self, **kw): vars(self).update(kw)", "unknown"),
            ("def __init__(self, kw): object.__setattr__(self, 'total', kw)", "attribute"),
            ("def __init__(self, kw): fill(self.__dict__, kw)", "unknown"),
            ("def load(self): return self.total", "missing"),
            ("def amount(self): return 1", "missing"),
            ("def dump(self): return dict(vars(self).items())", "missing"),
            ("def dump(self): return self.__dict__", "missing"),
            ("def set(self, name): self.amount = setattr", "unknown"),
            ("pass", "missing"),
        ],
    )
    def test_forms(self, load: Load, body: str, kind: str) -> None:
        """Every way of having an attribute counts; what computes names makes it unknown."""
        module = load(f"import functools\nclass Receipt:\n    {body}\n")
        assert kind_of(module, "Receipt", "total") == kind

    def test_fields_of_data_classes(self, load: Load) -> None:
        """Fields of dataclasses, named tuples and enumerations exist; others do not."""
        module = load(
            """
            import dataclasses, typing, enum, collections
            @dataclasses.dataclass
            class Plain:
                total: int
            @dataclasses.dataclass(slots=True, frozen=True)
            class Slim:
                total: int
            Made = dataclasses.make_dataclass("Made", ["total"], namespace={"__module__": __name__})
            class Row(typing.NamedTuple):
                total: int
            class Old(collections.namedtuple("Old", "total")):
                pass
            class State(enum.Enum):
                total = 1
            """
        )
        for name in ("Plain", "Slim", "Made", "Row", "Old"):
            assert kind_of(module, name, "total") == "attribute", name
            assert kind_of(module, name, "amount") == "missing", name
        assert last(module, "State", ".total").kind == "attribute"

    def test_inherited_from_elsewhere(self, load: Load) -> None:
        """What a base class in another module assigns counts."""
        base = load("class Base:\n    def __init__(self): self.total = 1\n")
        module = load(f"from {base.__name__} import Base\nclass Receipt(Base): pass\n")
        assert kind_of(module, "Receipt", "total") == "attribute"
        assert kind_of(module, "Receipt", "amount") == "missing"

    def test_assigned_from_outside(self, load: Load) -> None:
        """A function of a first-party module that sets the attribute on some object makes it exist."""
        module = load("class Receipt: pass\ndef stamp(receipt): receipt.total = 1\n")
        assert kind_of(module, "Receipt", "total") == "attribute"

    def test_assigned_by_unrelated_class(self, load: Load) -> None:
        """What another class sets on its own instances says nothing."""
        module = load("class Receipt: pass\nclass Basket:\n    def __init__(self): self.total = 1\n")
        assert kind_of(module, "Receipt", "total") == "missing"

    def test_loaded_subclass_may_stand_there(self, load: Load) -> None:
        """A name that only a subclass has is not missing: its instance may be what is met."""
        module = load("class Receipt: pass\nclass Long(Receipt):\n    def total(self): return 1\n")
        assert kind_of(module, "Receipt", "total") != "missing"
        assert kind_of(module, "Receipt", "amount") == "missing"

    def test_class_level(self, load: Load) -> None:
        """On the class itself a metaclass may add names, and instance attributes are not certain to be missing."""
        module = load(
            """
            class Meta(type):
                def shout(cls): return 1
            class Magic(type):
                def __getattr__(cls, name): return 1
            class Receipt(metaclass=Meta): pass
            class Wild(metaclass=Magic): pass
            """
        )
        assert last(module, "Receipt", ".shout").kind != "missing"
        assert last(module, "Receipt", ".total").kind == "missing"
        assert last(module, "Receipt", ".mro").kind != "missing"
        assert last(module, "Wild", ".total").kind != "missing"

    def test_protocols_and_abstract_classes(self, load: Load) -> None:
        """A Protocol and an abstract class without loaded implementation prove nothing; with one they do."""
        module = load(
            """
            import abc, typing
            class Sized(typing.Protocol):
                def size(self): ...
            class Store(abc.ABC):
                @abc.abstractmethod
                def get(self): ...
            class Done(abc.ABC):
                @abc.abstractmethod
                def get(self): ...
            class File(Done):
                def get(self): return 1
            """
        )
        assert kind_of(module, "Sized", "total") == "unknown"
        assert kind_of(module, "Store", "total") == "unknown"
        assert kind_of(module, "Done", "total") == "missing"

    def test_c_types(self) -> None:
        """C types without a ``__dict__`` are complete; exceptions, which have one, are not."""
        import sqlite3

        assert describe("sqlite3:Connection", sqlite3.Connection, ("()", ".comit"))[-1].kind == "missing"
        assert describe("sqlite3:Connection", sqlite3.Connection, ("()", ".commit"))[-1].kind == "method"
        assert describe("builtins:OSError", OSError, ("()", ".mystery"))[-1].kind == "unknown"

    def test_modules(self, load: Load) -> None:
        """A module's name is missing unless it is there, served by ``__getattr__``, a submodule or a builtin."""
        plain = load("x = 1\ndef f(): return 1\n")
        magic = load("def __getattr__(name): return 1\n")
        assert last_of_module(plain, "gone") == "missing"
        assert last_of_module(plain, "f") == "function"
        assert last_of_module(plain, "open") is None
        assert last_of_module(magic, "gone") is None
        import email

        assert all(fact.kind != "missing" for fact in describe("email", email, (".mime",)))

    def test_absent_names(self, load: Load) -> None:
        """A patched name that never existed is missing, in a module as in a class; a builtin is not."""
        module = load("class Receipt: pass\n")
        name = module.__name__
        assert [fact.kind for fact in describe(f"{name}:gone", ABSENT, ())] == ["missing"]
        assert [fact.kind for fact in describe(f"{name}:Receipt.gone", ABSENT, ())] == ["missing"]
        assert describe(f"{name}:open", ABSENT, ()) == []

    def test_name_that_appears_later(self, load: Load) -> None:
        """A name that was absent once and exists now is there."""
        module = load("")
        root = f"{module.__name__}:late"
        assert [fact.kind for fact in describe(root, ABSENT, ())] == ["missing"]
        exec("def late(): return 1", vars(module))
        assert [fact.kind for fact in describe(root, vars(module)["late"], ())] == ["function"]

    def test_near_names(self, load: Load) -> None:
        """A missing name comes with the existing one that resembles it."""
        module = load("class Repo:\n    def find_by_id(self): return 1\n")
        assert last(module, "Repo", "()", ".find_by_ids").near == ("find_by_id",)


def last_of_module(module: ModuleType, name: str) -> str | None:
    found = [fact for fact in describe(module.__name__, module, (f".{name}",)) if fact.kind != "module"]
    return found[-1].kind if found else None


class TestHostile:
    """Inspection runs no code of what it inspects."""

    def test_nothing_is_called(self, load: Load) -> None:
        """Properties, descriptors and ``__getattr__`` are never run, of classes, metaclasses and instances."""
        module = load(
            """
            class Bomb:
                def __get__(self, obj, owner=None): raise SystemExit("descriptor")
            class Meta(type):
                def __getattribute__(cls, name): raise SystemExit("metaclass")
            class Evil(metaclass=Meta):
                bomb = Bomb()
                @property
                def fuse(self): raise SystemExit("property")
                def __getattribute__(self, name): raise SystemExit("instance")
                def __repr__(self): raise SystemExit("repr")
                def __eq__(self, other): raise SystemExit("eq")
            evil = Evil()
            """
        )
        evil = vars(module)["Evil"]
        assert describe(f"{module.__name__}:Evil", evil, ("()", ".bomb", "()", ".x"))
        assert describe(f"{module.__name__}:evil", vars(module)["evil"], (".fuse",))
        assert describe_class(evil)

    def test_patched_builtins(self, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
        """While a test patches what inspection needs, nothing is said and nothing remembered."""
        module = load("class Receipt: pass\n")
        root = f"{module.__name__}:Receipt"
        with monkeypatch.context() as patch:
            patch.setattr("builtins.isinstance", lambda *_: True)
            assert describe(root, vars(module)["Receipt"], ()) == []
        assert describe(root, vars(module)["Receipt"], ())


class TestTargets:
    """Targets are written with the class through which they are reached."""

    def test_inherited_method(self, load: Load) -> None:
        """The target names the subclass, `defined` the base."""
        module = load("class Repo:\n    def get(self): return 1\nclass Tracks(Repo): pass\n")
        fact = last(module, "Tracks", "()", ".get")
        assert fact.target == f"{module.__name__}:Tracks.get"
        assert fact.defined == f"{module.__name__}:Repo.get"
        assert fact.at.endswith(f"{module.__name__}.py:3") or fact.at.endswith(":2")

    def test_reexported_function(self, load: Load) -> None:
        """A function found in another module than its own points to its own address."""
        home = load("def get(): return 1\n")
        module = load(f"from {home.__name__} import get\n")
        facts = {fact.target: fact for fact in describe(module.__name__, module, (".get",))}
        assert facts[f"{module.__name__}:get"].defined == f"{home.__name__}:get"
        assert facts[f"{home.__name__}:get"].kind == "function"

    def test_through_annotation(self, load: Load) -> None:
        """A path goes on through the class that a return annotation names, Optional or not."""
        module = load(
            """
            from __future__ import annotations
            class Receipt:
                total: int
            class Log:
                def latest(self) -> Receipt | None: ...
            client = Log()
            """
        )
        assert last(module, "Log", "()", ".latest", "()", ".total").target == f"{module.__name__}:Receipt.total"
        assert last(module, "client", ".latest", "()", ".amount").kind == "missing"

    def test_return_self(self, load: Load) -> None:
        """A method that gives back ``self`` leads to the class through which it was reached."""
        module = load(
            """
            class Base:
                def __enter__(self): return self
                def maybe(self):
                    if self.x:
                        return self
            class Sub(Base):
                def get(self): return 1
            """
        )
        assert last(module, "Sub", "()", ".__enter__", "()", ".get").target == f"{module.__name__}:Sub.get"
        assert last(module, "Sub", "()", ".maybe").returns == ANYTHING


class TestCallables:
    """Signatures as callers meet them, results as far as they can be trusted."""

    def test_self_is_dropped(self, load: Load) -> None:
        """Methods lose ``self``, class methods ``cls``, static methods nothing."""
        module = load(
            """
            class A:
                def m(self, x): return x
                @classmethod
                def c(cls, x): return x
                @staticmethod
                def s(x, y): return x
                def v(*args): return args
            """
        )
        assert parameters(last(module, "A", "()", ".m")) == ["x"]
        assert parameters(last(module, "A.m")) == ["x"]
        assert parameters(last(module, "A", ".c")) == ["x"]
        assert parameters(last(module, "A", ".s")) == ["x", "y"]
        assert parameters(last(module, "A", "()", ".v")) == ["args"]

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("class A:\n    def __init__(self, x, *, y=1): pass", ["x", "y"]),
            (
                "class A:\n    def __new__(cls, *args, **kw): return object.__new__(cls)\n    def __init__(self, x): pass",  # noqa: E501
                ["x"],
            ),
            ("class A:\n    def __new__(cls, x): return object.__new__(cls)", ["x"]),
            ("class A: pass", []),
            ("import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\n    y: int = 0", ["x", "y"]),
            ("import typing\nclass A(typing.NamedTuple):\n    x: int", ["x"]),
            ("import functools\ndef f(a, b, c=1): return a\nA = functools.partial(f, 1)", ["b", "c"]),
            ("import functools\n@functools.lru_cache\ndef A(x): return x", ["x"]),
            ("import functools\n@functools.singledispatch\ndef A(x): return x", None),
            (
                "class Meta(type):\n    def __call__(cls, q): return 1\nclass A(metaclass=Meta):\n    def __init__(self): pass",  # noqa: E501
                ["q"],
            ),
        ],
    )
    def test_constructors_and_wrappers(self, load: Load, source: str, expected: list[str] | None) -> None:
        """The signature is the one that really binds; what cannot be told has none."""
        fact = last(load(source + "\n"), "A")
        if expected is None:
            assert fact.signature is None or parameters(fact) != []
        else:
            assert parameters(fact) == expected

    @pytest.mark.parametrize(
        ("wrapper", "inner", "result"),
        [
            ("def w(*args, **kwargs): return fn(*args, **kwargs)", True, True),
            ("def w(x, **kwargs): return fn(x, **kwargs)", True, True),
            ("def w(*args, **kwargs):\n        out = fn(*args, **kwargs)\n        return out", True, True),
            (
                "def w(*args, **kwargs):\n        print(fn.__name__, len(args))\n        return fn(*args, **kwargs)",
                True,
                True,
            ),
            ("def w(*args, **kwargs):\n        kwargs.pop('y', 0)\n        return fn(*args, **kwargs)", False, True),
            ("def w(*args, **kwargs):\n        kwargs['y'] = 0\n        return fn(*args, **kwargs)", False, True),
            ("def w(*args, **kwargs):\n        args = args[1:]\n        return fn(*args, **kwargs)", False, True),
            ("def w(*args, **kwargs):\n        clean(kwargs)\n        return fn(*args, **kwargs)", False, True),
            ("def w(*args, **kwargs): return fn(1, *args, **kwargs)", False, True),
            ("def w(*args, **kwargs): return str(fn(*args, **kwargs))", True, False),
            (
                "def w(*args, **kwargs):\n        out = fn(*args, **kwargs)\n        out.x = 1\n        return out",
                True,
                False,
            ),
            (
                "def w(*args, **kwargs):\n        out = fn(*args, **kwargs)\n        out = out + 1\n        return out",
                True,
                False,
            ),
            ("def w(*args, **kwargs):\n        if args: return None\n        return fn(*args, **kwargs)", True, False),
            ("async def w(*args, **kwargs): return await fn(*args, **kwargs)", True, True),
        ],
    )
    def test_wrappers(self, load: Load, wrapper: str, inner: bool, result: bool) -> None:
        """Behind ``functools.wraps`` the inner signature counts when arguments pass unchanged, its annotation when
        results do."""
        module = load(
            f"""
import functools
def deco(fn):
    @functools.wraps(fn)
    {wrapper}
    return w
@deco
def get(x, y) -> int: return 1
"""
        )
        fact = last(module, "get")
        assert (fact.inner is not None) is inner
        assert (fact.returns == Scalar("int")) is result

    @pytest.mark.parametrize(
        ("source", "asynchronous", "generator"),
        [
            ("async def f(): return 1", True, False),
            ("async def f(): yield 1", True, True),
            ("def f(): yield 1", False, True),
            ("def f() -> int: return g()", False, False),
            ("def f(): return g()", None, False),
            ("def f() -> object: return g()", None, False),
            ("def f() -> collections.abc.Awaitable[int]: return g()", None, False),
            ("def f(): return {'a': g()}", False, False),
            ("def f(): return f'{1}'", False, False),
            ("def f():\n    rows = []\n    rows.append(1)\n    return rows", False, False),
            ("def f():\n    print(1)", False, False),
            ("def f(): raise NotImplementedError", None, False),
            ("def f(): ...", None, False),
            ("def f(x): return x", None, False),
            ("f = inspect.markcoroutinefunction(lambda: g()) if hasattr(inspect, 'markcoroutinefunction') else None",
            True, False), ("@functools.lru_cache\ndef f() -> int: return 1", False, False),
            ("@contextlib.contextmanager\ndef f(x): yield 1", False, False),
        ],
    )  # fmt: skip
    def test_asynchronous(self, load: Load, source: str, asynchronous: bool | None, generator: bool) -> None:
        """A call certainly gives an awaitable, certainly gives none, or nobody can tell."""
        if "markcoroutine" in source and sys.version_info < (3, 12):
            pytest.skip("markcoroutinefunction came with 3.12")
        module = load(f"import collections.abc, contextlib, functools, inspect\ndef g(): return 1\n{source}\n")
        fact = last(module, "f")
        assert (fact.asynchronous, fact.generator) == (asynchronous, generator)

    def test_results(self, load: Load) -> None:
        """Return annotations of functions, properties and attributes are shapes."""
        module = load(
            """
            from __future__ import annotations
            import contextlib, functools
            from typing import TYPE_CHECKING, TypedDict
            if TYPE_CHECKING:
                from nowhere import Ghost
            class Row(TypedDict, total=False):
                id: int
            class A:
                size: int = 3
                timeout = None
                @property
                def p(self) -> str | None: ...
                @functools.cached_property
                def c(self) -> str: ...
                async def row(self) -> Row: ...
                def ghost(self) -> Ghost: ...
                def mixed(self, x: int, g: Ghost) -> int: ...
                @contextlib.contextmanager
                def tx(self): yield
                def __len__(self) -> int: ...
            """
        )
        assert last(module, "A", "()", ".size").returns == Scalar("int")
        assert last(module, "A", "()", ".timeout").returns == ANYTHING
        assert text_of(last(module, "A", "()", ".p").returns) == "None | str"
        assert last(module, "A", "()", ".c").returns == Scalar("str")
        assert isinstance(last(module, "A", "()", ".row").returns, Record)
        assert last(module, "A", "()", ".ghost").returns == ANYTHING
        assert last(module, "A", "()", ".mixed").returns == Scalar("int")
        manager = last(module, "A", "()", ".tx").returns
        assert isinstance(manager, Object)
        assert {"__enter__", "__exit__"} <= set(manager.supports)
        assert describe(f"{module.__name__}:A", vars(module)["A"], ())[0].supports == ("__len__",)

    def test_overridden_in_subclass(self, load: Load) -> None:
        """What a loaded subclass takes differently is not held against a call through the base."""
        module = load(
            """
            class Row: pass
            class Repo:
                def get(self, id): return {}
                def put(self, id): return {}
                def first(self): return Row()
                def last(self): return Row()
                def named(self) -> Row: return Row()
            class Cached(Repo):
                def first(self): return {}
                def named(self): return {}
                def get(self, id, fresh=False): return {}
            """
        )
        assert last(module, "Repo", "()", ".get").signature is None
        assert parameters(last(module, "Repo", "()", ".put")) == ["id"]
        assert last(module, "Repo", "()", ".first").returns == ANYTHING
        assert text_of(last(module, "Repo", "()", ".last").returns) == "Row"
        assert text_of(last(module, "Repo", "()", ".named").returns) == "Row"

    def test_instance_may_replace_method(self, load: Load) -> None:
        """A method that ``__init__`` replaces on the instance is unknown."""
        module = load("class A:\n    def __init__(self, f): self.get = f\n    def get(self, x): return 1\n")
        assert kind_of(module, "A", "get") == "unknown"

    def test_describe_class(self, load: Load) -> None:
        """A class is described with its public members."""
        module = load("class A:\n    x: int\n    def get(self): return 1\n    def _hidden(self): return 1\n")
        targets = {fact.target.rpartition(":")[2]: fact for fact in describe_class(vars(module)["A"])}
        assert set(targets) == {"A", "A.get", "A.x"}
        assert targets["A.x"].returns == Scalar("int")
        assert targets["A"].first_party

    def test_generator_result(self, load: Load) -> None:
        """The element of an annotated generator is kept."""
        module = load("import collections.abc\ndef rows() -> collections.abc.Iterator[str]:\n    yield 'x'\n")
        assert last(module, "rows").returns == Sequence("generator", Scalar("str"))

    def test_union_result(self, load: Load) -> None:
        """None stays an option of the result."""
        module = load("def find(x) -> int | None: ...\n")
        assert last(module, "find").returns == Union((NONE, Scalar("int")))


class TestAssignments:
    """Source code tells the class of a value when it leaves no other possibility."""

    SOURCE = """
        from __future__ import annotations
        class Page:
            def __init__(self, rows): self.data = rows
        class Api:
            def list(self, active=True): return Page([])
            def maybe(self, active=True):
                if active:
                    return Page([])
            def either(self, active=True):
                if active:
                    return Page([])
                return []
        class Client:
            def __init__(self, root, backup: Api):
                self.users = Api()
                self.backup = backup
                self.other = root
                self.later = Api()
            def close(self):
                self.later = None
    """

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            (("()", ".users", ".gone"), "missing"),
            (("()", ".users", ".list", "()", ".items"), "missing"),
            (("()", ".users", ".list", "()", ".data"), "attribute"),
            (("()", ".backup", ".gone"), "missing"),
            (("()", ".other", ".gone"), "unknown"),
            (("()", ".later", ".gone"), "unknown"),
            (("()", ".users", ".maybe", "()", ".items"), "unknown"),
            (("()", ".users", ".either", "()", ".items"), "unknown"),
        ],
    )
    def test_chains(self, load: Load, path: tuple[str, ...], kind: str) -> None:
        """A chain goes on through what is always made by one class, and stops where anything else may come."""
        assert last(load(self.SOURCE), "Client", *path).kind == kind

    def test_rebound_names(self, load: Load) -> None:
        """A class name that is a parameter or local is not the class, a method of the same name neither."""
        module = load("class Page: pass\ndef get(Page): return Page()\ndef got():\n    Page = int\n    return Page()\n")
        assert last(module, "get").returns == ANYTHING
        assert last(module, "got").returns == ANYTHING
