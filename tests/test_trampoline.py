"""The ``__code__`` swap changes nothing that a caller can see."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
import logging
import sys
import traceback
import warnings
import weakref
from dataclasses import dataclass
from types import FunctionType

import pytest

from pytest_integration_gate.trampoline import Trampoline, code_of, obstacle


class Ear:
    """Writes down what a trampoline tells."""

    def __init__(self):
        self.heard = []

    def enter(self, values, args, kwargs):
        self.heard.append(("enter", values, args, dict(kwargs)))
        return self

    def returned(self, value):
        self.heard.append(("returned", value))

    def raised(self):
        self.heard.append(("raised", type(sys.exception())))

    def resumed(self):
        self.heard.append("resumed")

    def yielded(self, value):
        self.heard.append(("yielded", value))

    def thrown(self):
        self.heard.append("thrown")


@contextlib.contextmanager
def listening(*functions):
    ear = Ear()
    trampolines = [Trampoline(function, ear.enter) for function in functions]
    for each in trampolines:
        each.install()
    try:
        yield ear
    finally:
        for each in trampolines:
            each.uninstall()


def plain(a, b=2, *rest, c, d=4, **more):
    return (a, b, rest, c, d, more)


def positional_only(a, /, self, *, call=1, **kwargs):
    return (a, self, call, kwargs)


def many(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w=1, *, x, y=2, z):  # noqa: E741
    return (a, v, w, x, y, z)


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@wrapped
def decorated(x, y=3):
    """Has a docstring."""
    return x * y


def make_closure(n):
    def add(x):
        nonlocal n
        n += x
        return n

    return add


def factorial(n):
    return 1 if n == 0 else n * factorial(n - 1)


def failing(x):
    raise ValueError(x)


doubled = lambda x: x * 2  # noqa: E731


@functools.lru_cache
def cached(x):
    return [x]


class Base:
    def __init__(self, name):
        self.name = name

    def hello(self):
        return f"hello {self.name}"

    def __secret(self, __x):
        return __x

    def use_secret(self):
        return self.__secret(_Base__x=5)


class Child(Base):
    def __init__(self, name):
        super().__init__(name.upper())

    def hello(self):
        return super().hello() + "!"

    @classmethod
    def make(cls, name="kim"):
        return cls(name)

    @staticmethod
    def twice(x):
        return 2 * x

    @property
    def size(self):
        return len(self.name)

    @functools.cached_property
    def lazy(self):
        return object()

    def __getitem__(self, index):
        return self.name[index]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return exc[0] is KeyError


@dataclass
class Point:
    x: int
    y: int = 0


CALLS = [
    ("defaults", plain, lambda: plain(1, c=3)),
    ("all kinds of parameters", plain, lambda: plain(1, 2, 3, 4, c=5, d=6, e=7)),
    ("positional only", positional_only, lambda: positional_only(1, 2, a=3, enter=4, target=5)),
    ("self as a keyword", positional_only, lambda: positional_only(1, self=2, call=9)),
    ("many parameters", many, lambda: many(*range(22), x=1, z=3)),
    ("wraps", decorated, lambda: decorated(2, y=5)),
    ("recursion", factorial, lambda: factorial(20)),
    ("lambda", doubled, lambda: doubled(4)),
    ("lru_cache", cached.__wrapped__, lambda: cached("once") is cached("once")),
    ("method with super()", Child.hello, lambda: Child("ada").hello()),
    ("inherited method", Base.hello, lambda: Child("ada").hello()),
    ("constructor with super()", Child.__init__, lambda: Child("ada").name),
    ("mangled names", Base._Base__secret, lambda: Base("x").use_secret()),
    ("classmethod", Child.__dict__["make"].__func__, lambda: Child.make().name),
    ("staticmethod", Child.__dict__["twice"].__func__, lambda: (Child.twice(2), Child("a").twice(3))),
    ("property", Child.__dict__["size"].fget, lambda: Child("ada").size),
    ("cached property", Child.__dict__["lazy"].func, lambda: (lambda c: c.lazy is c.lazy)(Child("a"))),
    ("dunder", Child.__getitem__, lambda: Child("ada")[1]),
    ("with", Child.__enter__, lambda: Child("ada").__enter__().name),
    ("dataclass constructor", Point.__init__, lambda: Point(1, y=5)),
    ("dataclass comparison", Point.__eq__, lambda: Point(1) == Point(1)),
]


@pytest.mark.parametrize(("function", "call"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
def test_result_signature_and_identity_stay(function, call):
    """Every kind of callable gives the same result, keeps its signature and is heard."""
    before = call()
    signature, code, names = inspect.signature(function), function.__code__, (function.__name__, function.__qualname__)
    with listening(function) as ear:
        assert call() == before
        assert inspect.signature(function) == signature
        assert (function.__name__, function.__qualname__) == names
        assert (function.__code__.co_name, function.__code__.co_qualname) == (code.co_name, code.co_qualname)
        assert function.__code__.co_firstlineno == code.co_firstlineno
    assert function.__code__ is code
    if function is not cached.__wrapped__:
        assert [each[0] for each in ear.heard[:1]] == ["enter"]


def test_values_are_heard_in_order_of_definition():
    """All named parameters come first, defaults filled in; then what stars took."""
    with listening(plain, positional_only) as ear:
        plain(1, 2, 3, c=5, e=7)
        positional_only(1, 2, a=3)
    assert ear.heard[0] == ("enter", (1, 2, 5, 4), (3,), {"e": 7})
    assert ear.heard[2] == ("enter", (1, 2, 1), (), {"a": 3})


def test_closures_share_their_cells():
    """A closure goes on counting where it was, and each one is swapped alone."""
    one, other = make_closure(1), make_closure(10)
    with listening(one) as ear:
        assert (one(1), other(1), one(1)) == (2, 11, 3)
        assert inspect.getclosurevars(one).nonlocals == {"n": 3}
    assert one(1) == 4
    assert len(ear.heard) == 4


def test_early_imports_and_bound_methods_are_heard():
    """Who holds the function or a bound method from before calls the swapped one."""
    method, function = Child("ada").hello, plain
    with listening(Child.hello, plain) as ear:
        method()
        function(1, c=2)
    assert [each[0] for each in ear.heard] == ["enter", "returned"] * 2


def test_wrong_arguments_raise_the_same_error():
    """A call that does not bind fails before anybody hears of it, with the same words."""
    with pytest.raises(TypeError) as before:
        Child("ada").hello(1)
    with listening(Child.hello) as ear, pytest.raises(TypeError) as after:
        Child("ada").hello(1)
    assert str(after.value) == str(before.value)
    assert ear.heard == []


def test_exception_passes_with_one_hidden_frame():
    """The exception is the very same, and its traceback has one frame more, hidden from pytest."""
    with listening(failing) as ear, pytest.raises(ValueError, match="7") as caught:
        failing(7)
    assert ear.heard[1] == ("raised", ValueError)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert [frame.f_code.co_name for frame in frames[1:]] == ["failing", "failing"]
    assert frames[1].f_locals["__tracebackhide__"] is True
    assert caught.value.__context__ is None


def test_frames_with_closures_can_be_looked_at():
    """pytest reads the local variables of every frame of a traceback, also of those with cells."""
    cell = object()

    def fails(x):
        raise ValueError(cell)

    with listening(fails), pytest.raises(ValueError, match="object") as caught:
        fails(1)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert [frame.f_locals["x"] for frame in frames[1:]] == [1, 1]
    assert frames[1].f_locals["cell"] is cell


def test_context_managers_swallow_as_before():
    """What ``__exit__`` returns decides as before."""
    with listening(Child.__exit__), Child("ada"):
        raise KeyError


def test_no_reference_to_the_result_is_kept():
    """The result dies with its last user."""

    class Thing:
        pass

    def make():
        return Thing()

    trampoline = Trampoline(make, lambda *_: Quiet())
    trampoline.install()
    seen = weakref.ref(make())
    assert seen() is None


class Quiet:
    def __getattr__(self, name):
        return lambda *_: None


def generator(n):
    received = []
    try:
        for i in range(n):
            received.append((yield i))
    except KeyError as error:
        yield f"caught {error}"
    finally:
        received.append("closed")
    return received


def test_generator_gives_the_same_elements():
    """What is yielded, sent and returned goes through, one element at a time."""
    with listening(generator) as ear:
        assert inspect.isgeneratorfunction(generator)
        running = generator(2)
        assert inspect.isgenerator(running)
        assert (running.__name__, running.__qualname__) == ("generator", "generator")
        assert ear.heard == [("enter", (2,), (), {})]
        assert next(running) == 0
        assert running.send("x") == 1
        with pytest.raises(StopIteration) as stop:
            running.send("y")
        assert stop.value.value == ["x", "y", "closed"]
    assert ear.heard[1:] == ["resumed", ("yielded", 0), "resumed", ("yielded", 1), "resumed", ("returned", None)]


def test_generator_takes_what_is_thrown():
    """`throw` and `close` reach the body, and what it makes of them comes back."""
    with listening(generator) as ear:
        running = generator(3)
        next(running)
        assert running.throw(KeyError("k")) == "caught 'k'"
        assert list(running) == []
        running = generator(3)
        next(running)
        running.close()
        with pytest.raises(StopIteration):
            next(running)
        with pytest.raises(ZeroDivisionError):
            generator(1).throw(ZeroDivisionError)
    assert "thrown" in ear.heard


def test_generator_that_ignores_exit_is_told_off():
    """A body that yields on `close` raises as before."""

    def stubborn():
        with contextlib.suppress(GeneratorExit):
            yield 1
        yield 2

    with listening(stubborn):
        running = stubborn()
        next(running)
        with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
            running.close()
        running.close()


def test_generator_context_is_clean_after_a_throw():
    """An exception that the body has dealt with is not the context of a later one."""

    def body():
        with contextlib.suppress(KeyError):
            yield 1
        raise ValueError

    with listening(body):
        running = body()
        next(running)
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            running.throw(KeyError())
    assert caught.value.__context__ is None


def test_yield_from_and_contextmanager():
    """Generators inside generators and context managers behave as before."""

    def outer():
        result = yield from generator(2)
        yield result

    @contextlib.contextmanager
    def managed():
        try:
            yield "resource"
        except KeyError:
            yielded.append("mended")

    yielded = []
    with listening(outer, generator, managed, managed.__wrapped__):
        assert list(outer()) == [0, 1, [None, None, "closed"]]
        with managed() as resource:
            assert resource == "resource"
            raise KeyError
    assert yielded == ["mended"]
    with listening(managed.__wrapped__), pytest.raises(ZeroDivisionError), managed():
        raise ZeroDivisionError


def test_generator_does_not_keep_its_element():
    """An element that consumer and body have let go is gone."""

    class Thing:
        pass

    def things():
        yield Thing()
        yield None

    trampoline = Trampoline(things, lambda *_: Quiet())
    trampoline.install()
    running = things()
    seen = weakref.ref(next(running))
    assert seen() is None


def test_coroutine_is_awaited_as_before():
    """Coroutine functions stay such; results, exceptions and cancellation pass."""

    async def fetch(x, *, fail=False):
        await asyncio.sleep(0)
        if fail:
            raise LookupError(x)
        return x

    with listening(fetch) as ear:
        assert inspect.iscoroutinefunction(fetch)
        assert asyncio.run(fetch(3)) == 3
        with pytest.raises(LookupError):
            asyncio.run(fetch(4, fail=True))

        async def both():
            return await asyncio.gather(fetch(1), asyncio.create_task(fetch(2)))

        assert asyncio.run(both()) == [1, 2]
    assert ear.heard[:3] == [("enter", (3, False), (), {}), "resumed", ("returned", 3)]
    assert ear.heard[5] == ("raised", LookupError)


def test_coroutine_that_nobody_awaits_warns_once():
    """The interpreter's own warning comes once and names the function."""

    async def forgotten():
        return 1

    with listening(forgotten), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        forgotten()
    assert len(caught) == 1
    assert "forgotten' was never awaited" in str(caught[0].message)


async def ticks(n):
    received = []
    try:
        for i in range(n):
            received.append((yield i))
    except KeyError as error:
        yield f"caught {error}"
    finally:
        await asyncio.sleep(0)
        closed.append(received)


closed = []


def test_async_generator_gives_the_same_elements():
    """What is yielded and sent goes through, one element at a time; the end is heard."""

    async def collect():
        running = ticks(2)
        assert inspect.isasyncgen(running)
        assert (running.__name__, running.__qualname__) == ("ticks", "ticks")
        assert await anext(running) == 0
        assert await running.asend("x") == 1
        with pytest.raises(StopAsyncIteration):
            await running.asend("y")

    with listening(ticks) as ear:
        assert inspect.isasyncgenfunction(ticks)
        asyncio.run(collect())
    assert closed.pop() == ["x", "y"]
    heard = ["resumed", ("yielded", 0), "resumed", ("yielded", 1), "resumed", ("returned", None)]
    assert ear.heard == [("enter", (2,), (), {}), *heard]


def test_async_generator_takes_what_is_thrown():
    """`athrow` and `aclose` reach the body, and what it makes of them comes back."""

    async def use():
        running = ticks(3)
        await anext(running)
        assert await running.athrow(KeyError("k")) == "caught 'k'"
        assert [each async for each in running] == []
        running = ticks(3)
        await anext(running)
        with pytest.raises(LookupError) as caught:
            await running.athrow(LookupError())
        assert caught.value.__context__ is None
        running = ticks(3)
        await anext(running)
        await running.aclose()
        assert [each async for each in running] == []

    with listening(ticks) as ear:
        asyncio.run(use())
    assert [closed.pop() for _ in range(3)] == [[], [], []]
    assert ear.heard.count("thrown") == 3


def test_async_generator_that_is_left_is_closed_by_the_loop():
    """Whoever breaks out of an ``async for`` leaves the closing to the event loop, which knows one generator only."""
    problems = []

    async def leave():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: problems.append(context))
        kept.append(ticks(3))
        async for _ in kept[0]:
            break
        async for _ in ticks(2):
            break
        await asyncio.sleep(0.01)
        assert closed.pop() == []
        assert len(loop._asyncgens) == 1

    kept = []
    with listening(ticks):
        asyncio.run(leave())
    assert closed.pop() == []
    assert problems == []


def test_async_generator_context_variables_stay_with_the_consumer():
    """The body runs in the context of whoever asks for the next element, as before."""
    variable = contextvars.ContextVar("variable", default="outer")

    async def reads():
        while True:
            yield variable.get()

    async def use():
        running = reads()
        seen = [await anext(running)]
        variable.set("changed")
        seen.append(await anext(running))
        await running.aclose()
        return seen

    with listening(reads):
        assert asyncio.run(use()) == ["outer", "changed"]


def test_functions_without_builtins_work():
    """Generated code that lives in a namespace without builtins is no obstacle."""
    namespace = {"__builtins__": {}}
    exec("def add(a, *, b):\n    return a + b", namespace)
    with listening(namespace["add"]) as ear:
        assert namespace["add"](1, b=2) == 3
    assert ear.heard[0] == ("enter", (1, 2), (), {})


def test_awaitable_generators_are_left_alone():
    """What cannot be swapped says why."""
    import types

    @types.coroutine
    def old():
        yield

    assert obstacle(old)
    assert not obstacle(plain)


def test_somebody_elses_swap_is_respected():
    """A function that has another code by now is neither swapped nor swapped back."""

    def function():
        return "mine"

    other: FunctionType = lambda: "theirs"  # noqa: E731
    trampoline = Trampoline(function, Ear().enter)
    function.__code__ = other.__code__
    trampoline.install()
    assert function() == "theirs"
    trampoline.uninstall()
    assert function.__code__ is other.__code__


def test_warnings_and_log_records_name_the_caller(caplog):
    """`stacklevel` counts past the trampoline, also from a generator."""

    def old():
        warnings.warn("old", DeprecationWarning, stacklevel=2)
        logging.getLogger("shop").warning("old", stacklevel=2)

    def old_rows():
        warnings.warn("old", DeprecationWarning, stacklevel=2)
        yield 1

    def call():
        old()
        list(old_rows())

    with listening(old, old_rows), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    lines = [call.__code__.co_firstlineno + 1, call.__code__.co_firstlineno + 2]
    assert [(each.filename, each.lineno) for each in caught] == [(__file__, line) for line in lines]
    assert [(each.funcName, each.lineno) for each in caplog.records] == [("call", lines[0])]


def test_tracing_sees_the_lines_of_the_body():
    """A tracer, such as coverage, meets every line that runs."""
    lines = set()

    def tracer(frame, event, arg):
        if frame.f_code.co_filename == __file__:
            lines.add(frame.f_lineno - factorial.__code__.co_firstlineno)
        return tracer

    before = sys.gettrace()
    with listening(factorial):
        sys.settrace(tracer)
        try:
            factorial(2)
        finally:
            sys.settrace(before)
    assert lines >= {0, 1}


def test_the_code_of_functions_of_every_make_is_known_while_they_are_watched():
    """Whatever constants the code has that listens, an empty tuple among them."""

    def empty():
        pass

    def default(key, more=()):
        yield key

    async def anything(*args, **kwargs):
        return ()

    for function in (empty, default, anything):
        own = function.__code__
        with listening(function):
            assert code_of(function) is own


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", [plain, many, lambda: None, lambda a, *rest, b=1: a + b, lambda **more: more])
def test_the_code_that_a_function_was_written_with_is_known_while_it_is_watched(kind, layers):
    """Facts about a watched function speak of its own file and line, whatever its parameters are."""
    function = FunctionType(kind.__code__, globals())
    own = function.__code__
    with contextlib.ExitStack() as stack:
        for _ in range(layers):
            stack.enter_context(listening(function))
        assert function.__code__ is not own
        assert code_of(function) is own
    assert code_of(function) is own is function.__code__


@pytest.mark.parametrize("kind", ["function", "generator", "coroutine", "asynchronous generator"])
def test_a_call_that_nobody_follows_is_the_call_itself(kind):
    """Where the ear wants to know nothing more, the caller gets what the function makes, without anything around it."""

    def function():
        return 1

    def generator():
        yield 1

    async def coroutine():
        return 1

    async def asynchronous():
        yield 1

    made = {"function": function, "generator": generator, "coroutine": coroutine}.get(kind, asynchronous)
    code, heard = made.__code__, []
    trampoline = Trampoline(made, lambda *given: heard.append(given))
    trampoline.install()
    value = made()
    trampoline.uninstall()

    assert heard == [((), (), {})]
    if kind == "function":
        assert value == 1
    else:
        assert code in (getattr(value, name, None) for name in ("gi_code", "cr_code", "ag_code"))
    if kind == "coroutine":
        value.close()
