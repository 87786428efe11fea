"""Claims against facts: each rule on both sides of its line."""

from __future__ import annotations

import datetime
import importlib
import itertools
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import sentinel

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_integration_gate.model.capture import picture, shape_of
from pytest_integration_gate.model.claim import Action, Claim
from pytest_integration_gate.model.fact import Fact, Parameter, Signature
from pytest_integration_gate.model.interaction import EVERYTHING, Argument, Arguments, Outcome, Uses
from pytest_integration_gate.model.shape import ANYTHING, Awaitable, Double, Field, Object, Scalar, Shape
from pytest_integration_gate.reality.inspection import ABSENT, describe
from pytest_integration_gate.verdicts.binding import bind, text_of_signature
from pytest_integration_gate.verdicts.facts import Contradiction, allows, check, declares
from pytest_integration_gate.verdicts.resolution import Resolution, resolve

Load = Callable[[str], "Shop"]
_numbers = itertools.count()


class Shop:
    """A real module, and claims about it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.module = importlib.import_module(name)

    def claim(
        self, root: str, *path: str, action: Action = "call", outcome: Outcome | None = None, **more: Any
    ) -> Claim:
        return Claim(
            root=f"{self.name}:{root}" if root else self.name,
            path=path,
            action=action,
            outcome=outcome,
            at="t.py:1",
            **more,
        )

    def resolve(self, claim: Claim) -> Resolution:
        _, _, qualname = claim.root.partition(":")
        obj: object = self.module
        for part in filter(None, qualname.split(".")):
            obj = vars(obj).get(part, ABSENT)
        facts = {fact.target: fact for fact in describe(claim.root, obj, claim.path)}
        return resolve(claim.root, claim.path, facts, lambda target: ())

    def check(self, claim: Claim) -> tuple[Contradiction, ...]:
        return check(claim, self.resolve(claim))

    def call(self, root: str, *path: str, args: tuple[Any, ...] = (), gives: Any = None, **more: Any) -> list[str]:
        """Kinds of contradictions of a call that returned a value."""
        more.setdefault("outcome", returned(gives))
        more.setdefault("arguments", arguments(*args))
        return [found.kind for found in self.check(self.claim(root, *path, **more))]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Give a function that writes source to a module and imports it."""
    monkeypatch.syspath_prepend(tmp_path)
    names = []

    def importer(source: str) -> Shop:
        name = f"till{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        importlib.invalidate_caches()
        names.append(name)
        return Shop(name)

    yield importer
    for name in names:
        sys.modules.pop(name, None)


def arguments(*positional: Any, **keywords: Any) -> Arguments:
    return Arguments(
        positional=tuple(Argument(shape=shape_of(value)) for value in positional),
        keywords=tuple((name, Argument(shape=shape_of(value))) for name, value in keywords.items()),
    )


def returned(value: Any, kind: Any = "returned") -> Outcome:
    if isinstance(value, Outcome):
        return value
    shape, text = (value, None) if type(value).__module__.endswith("model.shape") else picture(value)
    return Outcome(kind=kind, shape=shape, text=text)


def double(**fields: Shape) -> Double:
    return Double("", tuple(Field(name, fields[name]) for name in sorted(fields)))


class TestMissing:
    """A step that does not exist contradicts, whatever is claimed of it."""

    SOURCE = """
        from __future__ import annotations
        class Receipt:
            def __init__(self): self.amount = 1
        class Log:
            def latest(self) -> Receipt: return Receipt()
        def current(): return Log()
        def passed(log): return log
    """

    def test_method(self, load: Load) -> None:
        """A renamed method is missing, the old name is the target, the nearest one is told."""
        shop = load(self.SOURCE)
        (found,) = shop.check(shop.claim("Log", "()", ".latests"))
        assert (found.kind, found.target) == ("missing_attribute", f"{shop.name}:Log.latests")
        assert "latest" in found.differences[0].reality
        assert shop.call("Log", "()", ".latest", gives=double()) == []

    def test_attribute_of_result(self, load: Load) -> None:
        """Through a return annotation the attribute belongs to the class."""
        shop = load(self.SOURCE)
        (found,) = shop.check(shop.claim("Log", "()", ".latest", "()", ".total", action="read"))
        assert (found.kind, found.target) == ("missing_attribute", f"{shop.name}:Receipt.total")
        assert shop.check(shop.claim("Log", "()", ".latest", "()", ".amount", action="read")) == ()

    def test_replaced_name_that_is_gone(self, load: Load) -> None:
        """``create=True`` on a name that is gone is a claim; on a builtin it is none."""
        shop = load(self.SOURCE)
        assert [f.kind for f in shop.check(shop.claim("gone", action="replace"))] == ["missing_attribute"]
        assert [f.kind for f in shop.check(shop.claim("Log.gone", action="replace"))] == ["missing_attribute"]
        assert shop.check(shop.claim("open", action="replace")) == ()
        assert shop.check(shop.claim("current", action="replace")) == ()

    def test_module(self, load: Load) -> None:
        """A function that a patched module lacks is missing."""
        shop = load(self.SOURCE)
        assert shop.call("", ".currents") == ["missing_attribute"]
        assert shop.call("", ".current", gives=double()) == []

    def test_returned_double(self, load: Load) -> None:
        """What a test configured on a returned mock must exist, if the code reads it."""
        shop = load(self.SOURCE)
        given = double(total=Scalar("int"))
        (found,) = shop.check(shop.claim("Log", "()", ".latest", arguments=Arguments(), outcome=returned(given)))
        assert (found.kind, found.target) == ("missing_attribute", f"{shop.name}:Receipt.total")
        unread = Uses(escapes=False, members=((".amount", EVERYTHING),))
        assert shop.call("Log", "()", ".latest", gives=given, uses=unread) == []
        assert shop.call("Log", "()", ".latest", gives=double(amount=Scalar("int"))) == []

    def test_unknown_value(self, load: Load) -> None:
        """Nothing is known of what an unannotated function gives."""
        shop = load(self.SOURCE)
        assert shop.check(shop.claim("passed", "()", ".anything", "()", ".more")) == ()

    def test_result_read_off_the_source(self, load: Load) -> None:
        """A function whose every way out makes a ``Log`` gives one, annotated or not."""
        shop = load(self.SOURCE)
        assert shop.call("current", "()", ".gone") == ["missing_attribute"]
        assert shop.call("current", gives=1) == ["return_annotation"]
        assert shop.call("current", gives=double()) == []


class TestSignature:
    """Arguments have to bind to the real callable."""

    SOURCE = """
        import functools
        def audited(method):
            @functools.wraps(method)
            def wrapper(self, *args, **kwargs):
                return method(self, *args, **kwargs)
            return wrapper
        def filling(method):
            @functools.wraps(method)
            def wrapper(self, *args, **kwargs):
                kwargs.setdefault("currency", "EUR")
                return method(self, *args, **kwargs)
            return wrapper
        class Gateway:
            def __init__(self, address, *, timeout=1): pass
            @audited
            def charge(self, account, cents, *, currency_code="EUR"): return {}
            @filling
            def filled(self, account, *, currency): return {}
            def plain(self, account, cents): return {}
            @classmethod
            def make(cls, x): return {}
        def many(): return {}
        class Session:
            def __getattr__(self, name): return 1
    """

    @pytest.mark.parametrize(
        ("path", "positional", "keywords", "fits"),
        [
            ((), ("h",), {}, True),
            ((), ("h",), {"timeout": 2}, True),
            ((), ("h", 1), {}, False),
            (("()", ".plain"), (1, 2), {}, True),
            (("()", ".plain"), (1,), {"cents": 2}, True),
            (("()", ".plain"), (1,), {}, False),
            (("()", ".plain"), (1, 2), {"cents": 2}, False),
            (("()", ".charge"), (1, 2), {"currency_code": "x"}, True),
            (("()", ".charge"), (1, 2), {"currency": "x"}, False),
            (("()", ".filled"), (1,), {}, True),
            (("()", ".filled"), (1,), {"other": 1}, True),
            ((".make",), (1,), {}, True),
            ((".make",), (1, 2), {}, False),
        ],
    )
    def test_binding(
        self, load: Load, path: tuple[str, ...], positional: tuple[Any, ...], keywords: dict[str, Any], fits: bool
    ) -> None:
        """What does not bind is kind ``signature``; a wrapper that changes its arguments binds by itself."""
        shop = load(self.SOURCE)
        kinds = shop.call("Gateway", *path, arguments=arguments(*positional, **keywords), gives=double())
        assert kinds == ([] if fits else ["signature"])

    def test_double_on_the_class(self, load: Load) -> None:
        """A double that replaced a method is called without the instance, with it under autospec, or through the
        class."""
        shop = load(self.SOURCE)
        me = Object(cls=f"{shop.name}:Gateway")
        with_instance = Arguments(positional=(Argument(shape=me), *arguments(1, 2).positional))
        assert shop.call("Gateway.plain", args=(1, 2), gives=double()) == []
        assert shop.call("Gateway.plain", arguments=with_instance, takes_self=True, gives=double()) == []
        assert shop.call("Gateway.plain", arguments=with_instance, gives=double()) == []
        assert shop.call("Gateway.plain", args=(1, 2, 3), gives=double()) == ["signature"]
        assert shop.call("Gateway", "()", ".plain", arguments=with_instance, gives=double()) == ["signature"]

    def test_message(self, load: Load) -> None:
        """The message names the parameter and prints the real signature."""
        shop = load(self.SOURCE)
        claim = shop.claim("Gateway", "()", ".charge", arguments=arguments(1, 2, currency="x"))
        (found,) = shop.check(claim)
        assert "no parameter currency" in found.reality
        assert "(account, cents, *, currency_code='EUR')" in found.reality
        assert found.at.endswith(".py:16") or ".py:" in found.at

    def test_simulated_type_error(self, load: Load) -> None:
        """A double that answers a wrong call with TypeError does what reality does; another exception does not."""
        shop = load(self.SOURCE)
        wrong, missing = (Outcome(kind="raised", shape=shape_of(e())) for e in (TypeError, KeyError))
        assert shop.call("Gateway", "()", ".plain", args=(1,), outcome=wrong) == []
        assert shop.call("Gateway", "()", ".plain", args=(1,), outcome=missing) == ["signature"]
        assert shop.call("Session", "()", ".plain", args=(1,)) == []

    def test_argument_annotations(self, load: Load) -> None:
        """Text for a number contradicts the annotation; numbers mix, None and unknown classes pass."""
        shop = load("def put(number: int, name: str = 'x', path: object = None, ratio: float | None = 1): return {}\n")
        assert shop.call("put", args=("1",), gives={}) == ["argument_shape"]
        assert shop.call("put", args=(1.5,), gives={}) == []
        assert shop.call("put", args=(None,), gives={}) == []
        assert shop.call("put", args=(1, b"x"), gives={}) == ["argument_shape"]
        assert shop.call("put", args=(1, Path("x"), "y", 3), gives={}) == []
        assert shop.call("put", args=(object(), sentinel.name), gives={}) == []


class TestSyncAsync:
    """A coroutine for a plain value, or the reverse."""

    SOURCE = """
        from collections.abc import Awaitable
        async def coroutine() -> int: return 1
        async def stream():
            yield 1
        def plain() -> int: return 1
        def unknown(): return coroutine()
        def later() -> Awaitable[int]: return coroutine()
        def rows():
            yield 1
    """

    @pytest.mark.parametrize(
        ("name", "outcome", "kinds"),
        [
            ("coroutine", returned(2), ["sync_async"]),
            ("coroutine", returned(2, "awaited"), []),
            ("coroutine", returned("2", "awaited"), ["return_annotation"]),
            ("coroutine", returned(Awaitable(ANYTHING)), []),
            ("coroutine", returned(double()), []),
            ("coroutine", Outcome(kind="unconfigured"), []),
            ("coroutine", returned(sentinel.rate), []),
            ("plain", returned(2), []),
            ("plain", returned(2, "awaited"), ["sync_async"]),
            ("plain", returned(Awaitable(ANYTHING)), ["sync_async"]),
            ("plain", Outcome(kind="raised", shape=shape_of(KeyError()), awaiting=True), ["sync_async"]),
            ("plain", Outcome(kind="raised", shape=shape_of(KeyError())), []),
            ("unknown", returned(2), []),
            ("unknown", returned(2, "awaited"), []),
            ("later", returned(2, "awaited"), []),
            ("later", returned("x", "awaited"), ["return_annotation"]),
            ("later", returned(2), ["sync_async"]),
            ("stream", returned(2, "awaited"), ["sync_async"]),
            ("stream", Outcome(kind="yielded"), []),
            ("rows", returned([1], "awaited"), ["sync_async"]),
            ("rows", returned([1]), []),
        ],
    )
    def test_outcomes(self, load: Load, name: str, outcome: Outcome, kinds: list[str]) -> None:
        """Only what certainly differs contradicts."""
        shop = load(self.SOURCE)
        assert shop.call(name, outcome=outcome) == kinds

    def test_value_that_is_awaited(self, load: Load) -> None:
        """An object with ``__await__`` stands in for a coroutine."""
        shop = load(self.SOURCE)
        future = Object(cls="asyncio:Future", supports=("__await__",), complete=False)
        assert shop.call("coroutine", gives=future) == []


class TestProtocol:
    """Operations that the real object does not support."""

    SOURCE = """
        from __future__ import annotations
        import functools
        class Lease:
            def release(self): return None
        class Held(Lease):
            pass
        class Guard:
            def __enter__(self): return self
            def __exit__(self, *exc): return None
            def __getitem__(self, key): return key
        class Lock:
            def acquire(self) -> Lease: return Lease()
            def guard(self) -> Guard: return Guard()
            def lines(self):
                yield 'x'
            @property
            def balance(self) -> int: return 1
            @functools.cached_property
            def branch(self) -> str: return ''
            @property
            def handler(self): return print
            def total(self): return 1
    """

    def test_with_statement(self, load: Load) -> None:
        """``with`` on a value whose class lost ``__enter__`` is judged on the callable that gave it."""
        shop = load(self.SOURCE)
        (found,) = shop.check(shop.claim("Lock", "()", ".acquire", "()", ".__enter__"))
        assert (found.kind, found.target) == ("protocol", f"{shop.name}:Lock.acquire")
        assert shop.check(shop.claim("Lock", "()", ".guard", "()", ".__enter__")) == ()

    def test_direct(self, load: Load) -> None:
        """The double that stands for the object itself names its class."""
        shop = load(self.SOURCE)
        (found,) = shop.check(shop.claim("Lease", "()", ".__len__"))
        assert (found.kind, found.target) == ("protocol", f"{shop.name}:Lease")

    @pytest.mark.parametrize(
        ("name", "fits"),
        [
            ("__iter__", True),
            ("__contains__", True),
            ("__len__", False),
            ("__eq__", True),
            ("__lt__", True),
            ("__str__", True),
        ],
    )
    def test_alternatives(self, load: Load, name: str, fits: bool) -> None:
        """``__getitem__`` serves iteration and ``in``; what `object` or the other operand may do is never missing."""
        shop = load(self.SOURCE)
        assert bool(shop.check(shop.claim("Guard", "()", f".{name}"))) is not fits

    def test_generator_for_list(self, load: Load) -> None:
        """A list mock for a generator contradicts when the code takes its length or an index, not when it iterates."""
        shop = load(self.SOURCE)
        counted = Uses(escapes=False, operations=frozenset({"__len__"}))
        indexed = Uses(escapes=False, operations=frozenset({"__getitem__"}), members=(("[-1]", EVERYTHING),))
        iterated = Uses(escapes=False, operations=frozenset({"__iter__"}), members=(("[*]", EVERYTHING),))
        assert shop.call("Lock", "()", ".lines", gives=["a"], uses=counted) == ["protocol"]
        assert shop.call("Lock", "()", ".lines", gives=["a"], uses=indexed) == ["protocol"]
        assert shop.call("Lock", "()", ".lines", gives=["a"], uses=iterated) == []
        assert [f.kind for f in shop.check(shop.claim("Lock", "()", ".lines", "()", ".__len__"))] == ["protocol"]

    def test_property_against_method(self, load: Load) -> None:
        """Calling a property whose value is no callable is kind ``protocol``; an unannotated one may be callable."""
        shop = load(self.SOURCE)
        assert shop.call("Lock", "()", ".balance", gives=500) == ["protocol"]
        assert shop.call("Lock", "()", ".handler", gives=500) == []

    def test_method_against_value(self, load: Load) -> None:
        """A method that the test set to a plain value is kind ``protocol``; a mock in its place is fine."""
        shop = load(self.SOURCE)
        read = {"action": "read", "arguments": None}
        assert shop.call("Lock", "()", ".total", gives=500, **read) == ["protocol"]
        assert shop.call("Lock", "()", ".total", gives=double(), **read) == []
        assert shop.call("Lock", "()", ".total", gives=len, **read) == []
        assert shop.call("Lock", "()", ".branch", gives="17", **read) == []
        assert shop.call("Lock", "()", ".branch", gives=17, **read) == ["attribute_shape"]


class TestReturnAnnotation:
    """Values have to fit the annotation."""

    SOURCE = """
        from __future__ import annotations
        import datetime, enum
        from collections.abc import Iterable, Iterator, Mapping, Sequence
        from dataclasses import dataclass, field
        from typing import Any, Literal, NamedTuple, TypedDict
        class Row(TypedDict):
            id: int
            name: str
        class Status(enum.Enum):
            SENT = "sent"
        class Text(str, enum.Enum):
            SENT = "sent"
        @dataclass
        class Profile:
            handle: str
            tags: list[str] = field(default_factory=list)
        class Point(NamedTuple):
            x: int
            y: int
        class Base: pass
        class Derived(Base): pass
    """

    @pytest.mark.parametrize(
        ("annotation", "value", "fits"),
        [
            ("float", 30, True),
            ("float", "30", False),
            ("float", True, False),
            ("int", True, False),
            ("int | None", None, True),
            ("int", None, False),
            ("None", None, True),
            ("None", 1, False),
            ("Status", "sent", False),
            ("Text", "sent", True),
            ("Profile", "a", False),
            ("Profile", {"handle": "a", "size": 1}, False),
            ("dict", {"handle": "a"}, True),
            ("dict[str, int]", {"a": 1}, True),
            ("dict[str, int]", {"a": "x"}, False),
            ("list[str]", [], True),
            ("list[str]", ["a"], True),
            ("list[str]", [1], False),
            ("tuple[int, ...]", (1, 2), True),
            ("tuple[int, str]", (1, 2), False),
            ("Point", (1, 2), True),
            ("Row", {"id": 1, "name": "x"}, True),
            ("Row", {"id": "1", "name": "x"}, False),
            ("Row", {"id": 1, "mail": "x"}, False),
            ("Literal['a', 'b']", "a", True),
            ("Literal['a', 'b']", "c", False),
            ("Sequence[str]", "abc", True),
            ("Sequence[str]", ["abc"], True),
            ("Iterable[str]", {"a": 1}, True),
            ("Iterator[str]", ["a"], True),
            ("Mapping[str, int]", {"a": 1}, True),
            ("Mapping[str, int]", [1], False),
            ("datetime.datetime", datetime.datetime(2020, 1, 1), True),
            ("datetime.date", datetime.datetime(2020, 1, 1), True),
            ("datetime.datetime", "2020-01-01", False),
            ("Any", 1, True),
            ("object", 1, True),
            ("Ghost", 1, True),
            ("Base", sentinel.base, True),
            ("str", object(), True),
        ],
    )
    def test_values(self, load: Load, annotation: str, value: Any, fits: bool) -> None:
        """Each kind of annotation, with a value that fits and one that does not."""
        shop = load(textwrap.dedent(self.SOURCE) + f"def get() -> {annotation}: ...\n")
        kinds = shop.call("get", gives=value)
        assert kinds == [] if fits else kinds == ["return_annotation"]

    def test_mapping_for_an_object(self, load: Load) -> None:
        """A dict for a dataclass contradicts where the code looks up keys."""
        shop = load(textwrap.dedent(self.SOURCE) + "def get() -> Profile: ...\n")
        keyed = Uses(escapes=False, members=(("['handle']", EVERYTHING),))
        assert shop.call("get", gives={"handle": "a"}, uses=keyed) == ["protocol"]

    def test_dropped_value(self, load: Load) -> None:
        """A value that the code throws away claims nothing."""
        shop = load("def save() -> None: ...\n")
        assert shop.call("save", gives=1, uses=Uses(escapes=False)) == []

    def test_declares_and_allows(self, load: Load) -> None:
        """What agrees is declared; one of several allowed outcomes is allowed, the only one is not."""
        shop = load("def get() -> int | None: ...\ndef one() -> int: ...\ndef free(x): return x\n")
        some = shop.claim("get", arguments=Arguments(), outcome=returned(None))
        only = shop.claim("one", arguments=Arguments(), outcome=returned(1))
        wrong = replace(only, outcome=returned("x"))
        free = shop.claim("free", arguments=arguments(1), outcome=returned(1))
        assert allows(some, shop.resolve(some))
        assert not allows(only, shop.resolve(only))
        assert not allows(free, shop.resolve(free))
        assert declares(only, shop.resolve(only))
        assert not declares(wrong, shop.resolve(wrong))

    def test_real_calls_claim_nothing(self, load: Load) -> None:
        """A spy passes the call on: whatever came is reality."""
        shop = load("def one() -> int: ...\n")
        assert shop.call("one", args=(1, 2), outcome=Outcome(kind="real", shape=Scalar("str"))) == []


NAMES = st.sampled_from("abcde")


@st.composite
def signatures(draw: st.DrawFn) -> str:
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    cuts = sorted(draw(st.integers(0, len(names))) for _ in range(2))
    positional, standard, keyword = names[: cuts[0]], names[cuts[0] : cuts[1]], names[cuts[1] :]
    defaults_from = draw(st.integers(0, cuts[1]))
    parts = [name + ("=0" if index >= defaults_from else "") for index, name in enumerate(positional + standard)]
    if positional:
        parts.insert(len(positional), "/")
    if draw(st.booleans()):
        parts.append("*rest")
    elif keyword:
        parts.append("*")
    parts += [name + draw(st.sampled_from(["", "=0"])) for name in keyword]
    if draw(st.booleans()):
        parts.append("**extra")
    return ", ".join(parts)


class TestBindingIsReal:
    """Binding agrees with the interpreter."""

    @settings(max_examples=400, deadline=None)
    @given(
        text=signatures(), count=st.integers(0, 4), names=st.lists(st.sampled_from("abcdef"), unique=True, max_size=3)
    )
    def test_same_verdict_as_a_real_call(self, text: str, count: int, names: list[str]) -> None:
        """A call binds if and only if making it raises no TypeError, and the signature prints as it was written."""
        namespace: dict[str, Any] = {}
        exec(f"def function({text}): return None", namespace)
        function = namespace["function"]
        function.__module__ = "generated"
        (fact,) = describe(f"generated:function_{id(function)}", function, ())
        assert fact.signature is not None
        assert text_of_signature(fact.signature) == f"({text})"
        keywords = dict.fromkeys(names, 1)
        try:
            function(*range(count), **keywords)
            binds = True
        except TypeError:
            binds = False
        assert (not bind(fact.signature, arguments(*range(count), **keywords)).problem) is binds

    def test_defaults_need_no_argument(self) -> None:
        """A parameter that is not required may be left out."""
        signature = Signature(parameters=(Parameter(name="x", kind="standard", required=False),))
        assert bind(signature, Arguments()).problem == ""


class TestNothingKnown:
    """Without facts nothing is contradicted."""

    def test_no_facts(self) -> None:
        """An empty table and an unknown fact say nothing."""
        claim = Claim(root="a:B", path=("()", ".c"), action="call", at="t.py:1", outcome=returned(1))
        assert check(claim, resolve("a:B", claim.path, {}, lambda _: ())) == ()
        unknown = Resolution(target="a:B.c", fact=Fact(target="a:B.c", kind="unknown"))
        assert check(claim, unknown) == ()
        assert not declares(claim, unknown)
