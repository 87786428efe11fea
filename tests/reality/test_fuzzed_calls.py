"""Fuzzing what facts say of calls: held against what calling the real thing really does."""

from __future__ import annotations

import itertools
import linecache
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.interaction import Arguments
from pytest_integration_gate.reality.inspection import describe
from pytest_integration_gate.verdicts.facts import check
from pytest_integration_gate.verdicts.resolution import called, resolve

NAMES = ("a", "b", "args", "key")
FORMS = {  # the source of what is called, the path to it from the name `it`, and the expression that reaches it
    "function": ("def it({0}): pass", (), "it"),
    "coroutine": ("async def it({0}): pass", (), "it"),
    "lambda": ("it = lambda {0}: None", (), "it"),
    "cached": ("import functools\n@functools.lru_cache\ndef it({0}): pass", (), "it"),
    "wrapped": (
        "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def wrapper(*args, **kwargs):\n"
        "        return f(*args, **kwargs)\n    return wrapper\n@deco\ndef it({0}): pass",
        (),
        "it",
    ),
    "method": ("class it:\n    def m({1}): pass", ("()", ".m"), "it().m"),
    "method on the class": ("class it:\n    def m({1}): pass", (".m",), "it.m"),
    "inherited": ("class base:\n    def m({1}): pass\nclass it(base): pass", ("()", ".m"), "it().m"),
    "classmethod": ("class it:\n    @classmethod\n    def m({1}): pass", (".m",), "it.m"),
    "classmethod of an instance": ("class it:\n    @classmethod\n    def m({1}): pass", ("()", ".m"), "it().m"),
    "staticmethod": ("class it:\n    @staticmethod\n    def m({0}): pass", (".m",), "it.m"),
    "staticmethod of an instance": ("class it:\n    @staticmethod\n    def m({0}): pass", ("()", ".m"), "it().m"),
    "partial method": (
        "import functools\nclass it:\n    def n({1}): pass\n    m = functools.partialmethod(n)",
        ("()", ".m"),
        "it().m",
    ),
    "constructor": ("class it:\n    def __init__({1}): pass", (), "it"),
    "inherited constructor": ("class base:\n    def __init__({1}): pass\nclass it(base): pass", (), "it"),
    "__new__": ("class it:\n    def __new__({1}): return object.__new__(self)", (), "it"),
    "__call__": ("class it:\n    def __call__({1}): pass", ("()",), "it()"),
    "no constructor": ("class it: pass", (), "it"),
    "local names": ("class it:\n    def m(this{2}): pass", ("()", ".m"), "it().m"),
}
_numbers = itertools.count()


@dataclass(frozen=True)
class Call:
    """Parameters as source writes them, and the arguments of one call."""

    parameters: str
    positional: int
    keywords: tuple[str, ...]


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Any mixture of kinds of parameters, and a call that may or may not fit them."""
    names = draw(st.permutations(NAMES))[: draw(st.integers(0, 4))]
    cut = sorted((draw(st.integers(0, len(names))), draw(st.integers(0, len(names)))))
    places, only = list(names[: cut[1]]), list(names[cut[1] :])
    first_default = draw(st.integers(0, len(places)))
    parts = [name if index < first_default else f"{name}=0" for index, name in enumerate(places)]
    if cut[0]:
        parts.insert(cut[0], "/")
    if draw(st.booleans()):
        parts.append("*rest")
    elif only:
        parts.append("*")
    parts += [name if draw(st.booleans()) else f"{name}=0" for name in only]
    if draw(st.booleans()):
        parts.append("**more")
    keywords = draw(st.sets(st.sampled_from((*NAMES, "other")), max_size=3))
    return Call(", ".join(parts), draw(st.integers(0, 4)), tuple(sorted(keywords)))


@pytest.fixture(autouse=True)
def _modules() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.startswith("fuzzed_")]:
        del sys.modules[name]
        linecache.cache.pop(f"<{name}>", None)


@pytest.mark.parametrize("form", FORMS)
@given(call=calls())
@settings(
    max_examples=20,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_a_signature_is_contradicted_exactly_when_the_real_call_fails(form: str, call: Call) -> None:
    """A call that works is never contradicted; one that the interpreter refuses to bind always is."""
    source, path, expression = FORMS[form]
    module = ModuleType(f"fuzzed_{next(_numbers)}")
    sys.modules[module.__name__] = module
    with_self = f"self, {call.parameters}" if call.parameters else "self"
    with_rest = f", {call.parameters}" if call.parameters else ""
    text = textwrap.dedent(source).format(call.parameters, with_self, with_rest)
    file = f"<{module.__name__}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), vars(module))
    values = tuple(range(call.positional))
    named = dict.fromkeys(call.keywords, 1)
    assert _contradicts(module, path, values, named, on_class="on the class" in form) == _fails(
        eval(expression, vars(module)), values, named
    ), f"{text}\n{expression}{values} {named}"


def _fails(function: Any, values: tuple[Any, ...], named: dict[str, Any]) -> bool:
    try:
        result = function(*values, **named)
    except TypeError:
        return True
    if hasattr(result, "close"):
        result.close()
    return False


def _contradicts(
    module: ModuleType, path: tuple[str, ...], values: tuple[Any, ...], named: dict[str, Any], *, on_class: bool
) -> bool:
    root, real = f"{module.__name__}:it", vars(module)["it"]
    facts = {fact.target: fact for fact in describe(root, real, path)}
    claim = Claim(
        root=root,
        path=path,
        action="call",
        arguments=Arguments(
            positional=tuple(map(argument_of, values)),
            keywords=tuple(sorted((name, argument_of(value, name)) for name, value in named.items())),
        ),
        at="tests/test_it.py:1",
        on_class=on_class,
    )
    end = resolve(root, path, facts, lambda target: ())
    found = check(claim, called(end) if path[-1:] == ("()",) else end)
    assert {one.kind for one in found} <= {"signature"}
    return bool(found)
