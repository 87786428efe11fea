"""What the project's code does with a value, found in its source."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from pytest_integration_gate.model.interaction import EVERYTHING, Uses
from pytest_integration_gate.source.uses import uses_at


def use(*operations: str, escapes: bool = False) -> Uses:
    """Uses with these operations and no member."""
    return Uses(escapes=escapes, operations=frozenset(operations))


def part(name: str, inner: Uses | None = None, *operations: str, escapes: bool = False) -> Uses:
    """Uses of one member, besides operations on the whole."""
    return parts({name: inner or use()}, *operations, escapes=escapes)


def parts(members: dict[str, Uses], *operations: str, escapes: bool = False) -> Uses:
    """Uses of several members."""
    return Uses(escapes=escapes, operations=frozenset(operations), members=tuple(sorted(members.items())))


CALL = use("__call__")

# The body of ``main(f)``, and what becomes of the value of ``f()``.
DIRECT = {
    "f(1)": use(),
    'f(1)["mail"]': part("['mail']"),
    "f(1).total": part(".total"),
    'f(1)["user"]["mail"]': part("['user']", part("['mail']")),
    "f(1).user.mail": part(".user", part(".mail")),
    "len(f(1))": use("__len__"),
    "next(f(1))": part("[*]", None, "__next__"),
    "f(1)[0]": part("[0]", None, "__getitem__"),
    "f(1)[-1]": part("[-1]", None, "__getitem__"),
    'f(1)[1:]["a"]': part("[*]", None, "__getitem__"),  # nonsense, but every element of the slice is an element
    "f(1)[k]": part("[*]", None, "__getitem__"),
    "f(1)[True]": part("[*]", None, "__getitem__"),
    "f(1)()": CALL,
    "for a in f(1): a.name": part("[*]", part(".name"), "__iter__"),
    "for a, b in f(1): b.name": part("[*]", parts({"[0]": use(), "[1]": part(".name")}, "__iter__"), "__iter__"),
    'a, b = f(1)\nb["x"]': parts({"[0]": use(), "[1]": part("['x']")}, "__iter__"),
    "a, *b = f(1)\nfor c in b: c.x": parts({"[0]": use(), "[*]": part(".x")}, "__iter__"),
    "a, b = f(1), k\na.x": part(".x"),
    "with f(1): pass": use("__enter__", "__exit__"),
    "with f(1) as y: y.read()": part(".__enter__", part(".read", CALL), "__enter__", "__exit__"),
    'f(1).get("mail").x': parts({".get": CALL, "['mail']": part(".x")}),
    'f(1).get("mail", 0)': parts({".get": CALL, "['mail']": use()}),
    "f(1).get(k).x": parts({".get": CALL, "[*]": part(".x")}),
    "f(1).split()": part(".split", CALL),
    "f(1).keys()": part(".keys", CALL),
    'getattr(f(1), "total").x': part(".total", part(".x")),
}
TEXTS_AND_SCALARS = {
    "f(1) is None": use("none"),
    "f(1) == None": use("none"),
    'f(1) == "sent"': use("__eq__"),
    '"sent" != f(1)': use("__eq__"),
    'f(1) in ("a", "b")': use("__eq__"),
    "k in f(1)": use("__contains__"),
    "f(1) < 3": use("__lt__"),
    "3 < f(1)": use("__gt__"),
    "0 < f(1) <= 3": use("__gt__", "__le__"),
    "0 < 1 < f(1)": use("__gt__"),
    "f(1) * 2": use("__mul__"),
    "f(1) + 2": use("__add__"),
    "f(1) + k": use("__add__", escapes=True),  # the sum of two lists holds the elements of both
    "k + f(1)": use(escapes=True),
    "-f(1)": use("__neg__"),
    "not f(1)": use("truth"),
    "assert f(1), 'no'": use("truth"),
    "if f(1): pass": use("truth"),
    "while f(1): pass": use("truth"),
    "k if f(1) else 2": use("truth"),
    "str(f(1))": use("__format__"),
    "int(f(1))": use(),
    "print(k, f(1))": use("__format__"),
    'f"{f(1)}"': use("__format__"),
    'f"{f(1).name:>{k}}"': part(".name", use("__format__")),
    'f"{f(1):>10}"': use("__format__"),
    'f"{f(1):8.2f}"': use("__format__", "number"),
    'f"{f(1):{k}d}"': use("__format__", "number"),
    'f"{f(1)!r:>10}"': use("__format__"),
    'f"{f(1):%d.%m.%Y}"': use("__format__", "strftime"),
    '"%d" % f(1)': use("__format__", "number"),
    '"%d%% of %s" % (k, f(1))': use("__format__"),
    '"%s: %05.1f" % (k, f(1))': use("__format__", "number"),
    '"%s" % f(1)': use("__format__"),
    '"%s %s" % (k, f(1))': use("__format__"),
    '"%(a)s" % f(1)': use(escapes=True),
    '"{}".format(f(1))': use("__format__"),
    '"{0.x}".format(f(1))': use(escapes=True),
    '"{0[x]}".format(f(1))': use(escapes=True),
    'logger.info("got %s", f(1))': use("__format__"),
    'recorder.info("got %s", f(1))': use(escapes=True),
    "isinstance(f(1), dict)": use(),
}
BUILTINS = {
    "list(f(1))": use("__iter__"),
    'list(f(1))[0]["a"]': part("[*]", part("['a']"), "__iter__"),
    'for a in sorted(f(1), key=lambda h: h["n"]): a["x"]': part(
        "[*]", parts({"['n']": EVERYTHING, "['x']": use()}), "__iter__"
    ),
    "sorted(f(1), key=len)": part("[*]", EVERYTHING, "__iter__"),
    "for i, h in enumerate(f(1)): h.x": part("[*]", part(".x"), "__iter__"),
    "for i, (a, b) in enumerate(f(1)): b.x": part(
        "[*]", parts({"[0]": use(), "[1]": part(".x")}, "__iter__"), "__iter__"
    ),
    "for i, h in zip([1], f(1)): h.x": part("[*]", part(".x"), "__iter__"),
    "for row in enumerate(f(1)): print(row)": part("[*]", None, "__iter__"),
    "rows = list(enumerate(f(1)))\nreturn rows": part("[*]", EVERYTHING, "__iter__"),
    "sum(f(1))": part("[*]", EVERYTHING, "__iter__"),
    "any(f(1))": use("__iter__"),
    "all(f(1))": use("__iter__"),
    "any(h.x for h in f(1))": part("[*]", part(".x"), "__iter__"),
    "max(f(1)).x": part("[*]", parts({".x": use()}, "__lt__"), "__iter__"),
    "max(f(1), 3)": use(),
    "reversed(f(1))": use("__reversed__"),
    "iter(f(1))": use("__iter__"),
    "next(iter(f(1))).x": part("[*]", part(".x"), "__iter__"),
    "map(str, f(1))": part("[*]", EVERYTHING, "__iter__"),
    "[h.x for h in map(lambda r: r.y, f(1))]": part("[*]", part(".y", EVERYTHING), "__iter__"),
    "[h.x for h in filter(None, f(1)) if h.y]": part("[*]", parts({".x": use(), ".y": use()}), "__iter__"),
    "return [h.x for h in f(1)]": part("[*]", part(".x", EVERYTHING), "__iter__"),
    '", ".join(f(1))': part("[*]", EVERYTHING, "__iter__"),
    "k.join(f(1))": use(escapes=True),
    'dict(f(1))["a"]': use(escapes=True),
    "print(*f(1))": use("__iter__"),
    "k(*f(1))": part("[*]", EVERYTHING, "__iter__"),
    "[*f(1), 2][0].x": part("[*]", part(".x"), "__iter__"),
    "k(**f(1))": use("keys", escapes=True),
    '{**f(1), "a": 1}': use("keys", escapes=True),
}
FOLLOWED_NAMES = {
    'u = f(1)\nif k:\n    u["a"]\nu["b"]': parts({"['a']": use(), "['b']": use()}),
    "u: object = f(1)\nlen(u)": use("__len__"),
    "u = f(1)\nv = u\nv.x\nu.y": parts({".x": use(), ".y": use()}),
    "if (u := f(1)): u.x": part(".x", None, "truth"),
    "u = f(1) or {}\nu['a']": part("['a']", None, "truth"),
    "u = k and f(1)\nu['a']": part("['a']"),
    "u = f(1) and k\nu['a']": use("truth"),
    "u = f(1) if k else []\nu[0]": part("[0]", None, "__getitem__"),
    "u = None\nif k:\n    u = f(1)\nu.x": part(".x"),
    "rows = [f(i) for i in (1, 2)]\nfor r in rows: r.x": part(".x"),
    "[a.x for a in f(1) if a.y]": part("[*]", parts({".x": use(), ".y": use()}), "__iter__"),
    "{a.x: 1 for a in f(1)}": part("[*]", part(".x", EVERYTHING), "__iter__"),
    "u = f(1)\n[u for u in (1, 2)]\nu.x": part(".x"),  # the comprehension has its own `u`
    "u = f(1)\ndel u": use(),
    "x, _ = f(1)\ny, _ = k, 2\nx.a": parts({"[0]": part(".a"), "[1]": use()}, "__iter__"),
    "u = f(1)\nu.n += 1": part(".n", EVERYTHING),
    "u = f(1)\nu['n'] += 1": part("['n']", EVERYTHING, "__setitem__"),
    "u = f(1)\nu['n'] = 1\nu['n'].x": use("__setitem__"),  # reads what it wrote
    "u = f(1)\nu.n = 1\nu.n.x": use(),
    "u = f(1)\ndel u['n']": use("__delitem__"),
    "u = f(1) or k\nu = u": use("truth", escapes=True),
    "u = f(1) if k else u['next']": part("['next']", EVERYTHING),  # a chain of any length
}
ESCAPES = {
    "return f(1)": EVERYTHING,
    "return f(1), 2": EVERYTHING,
    "k(f(1))": EVERYTHING,
    "k(a=f(1))": EVERYTHING,
    "k.a = f(1)": EVERYTHING,
    "a = [f(1)]": EVERYTHING,
    "a = {'x': f(1)}": EVERYTHING,
    "k[f(1)]": EVERYTHING,
    "raise f(1)": EVERYTHING,
    "yield f(1)": EVERYTHING,
    "yield from f(1)": EVERYTHING,
    "n = 1\nn += f(1)": EVERYTHING,
    "u = f(1)\nu = k\nu.x": EVERYTHING,
    "u = f(1)\nu += 1": EVERYTHING,
    "k = f(1)\nk.x": EVERYTHING,  # a parameter
    "global u\nu = f(1)": EVERYTHING,
    "u = f(1)\nk(u)\nu.x": part(".x", EVERYTHING, escapes=True),
    "u = f(1)\nu.x\nreturn u": part(".x", EVERYTHING, escapes=True),
    "u = f(1)\nk.append(lambda: u)\nu.x": part(".x", EVERYTHING, escapes=True),
    "u = f(1)\ndef g():\n    nonlocal u\n    u = 1\nu.x": EVERYTHING,
    "class C:\n    u = f(1)\n    u.x": EVERYTHING,
    "(lambda: f(1))()": EVERYTHING,
    "for a, b in f(1).items(): b.x": part(".items", Uses(operations=frozenset({"__call__"})), escapes=True),
    "u = f(1)\nif 'a' in u: k(u['a'])": part("['a']", EVERYTHING, "__contains__"),
    "class print: pass\nprint(f(1))": EVERYTHING,
}
TYPE_DEPENDENT = {
    "u = f(1)\nif isinstance(u, dict): u['a']": EVERYTHING,
    "u = f(1)\nif hasattr(u, 'a'): u.a": EVERYTHING,
    "u = f(1)\nif type(u) is dict: u['a']": EVERYTHING,
    "u = f(1)\nif u.__class__ is dict: u['a']": EVERYTHING,
    "u = f(1)\nif k.isawaitable(u): len(u)": EVERYTHING,
    "u = f(1)\nif k(u): len(u)": EVERYTHING,
    "u = f(1)\ngetattr(u, 'a', None)\nu.x": EVERYTHING,
    "u = f(1)\ntry:\n    len(u)\nexcept (TypeError, KeyError):\n    pass": EVERYTHING,
    "u = f(1)\ntry:\n    len(u)\nexcept ValueError:\n    pass": use("__len__"),
    "try:\n    u = f(1)\nexcept TypeError:\n    raise\nlen(u)": use("__len__"),
    "u = f(1)\nmatch u:\n    case {'a': a}: pass": EVERYTHING,
    "u = f(1)\nif isinstance(u.a, str): u.a.upper()\nu.b": parts({".a": EVERYTHING, ".b": use()}),
}
UNCERTAIN = {  # the value of the expression is not the value of `f`
    "list(map(f, [1]))[0].x": EVERYTHING,
    "sorted([1], key=f)[0].x": EVERYTHING,
    "max([1], key=f).x": EVERYTHING,
}
TABLE = DIRECT | TEXTS_AND_SCALARS | BUILTINS | FOLLOWED_NAMES | ESCAPES | TYPE_DEPENDENT | UNCERTAIN


@pytest.mark.parametrize("body", TABLE, ids=lambda body: body.replace("\n", "; "))
def test_uses_in_a_function(uses_in: Callable[[str], Uses], body: str) -> None:
    """Every statement of the table is read as written there."""
    source = "def main(f, k=K):\n" + textwrap.indent(body, "    ")
    if "yield" in body:
        source = source.replace("def main", "def values") + "\ndef main(f):\n    return list(values(f))"
    assert uses_in(source) == TABLE[body]


AWAITED = {
    "(await f(1)).x": part(".x", None, "__await__"),
    "u = await f(1)\nu['a']": part("['a']", None, "__await__"),
    "t = f(1)\nu = await t\nu['a']": part("['a']", None, "__await__"),
    "async with f(1) as s: s.x": part(".__aenter__", part(".x"), "__aenter__", "__aexit__"),
    "async for a in f(1): a.x": part("[*]", part(".x"), "__aiter__"),
    "[a.x async for a in f(1)]": part("[*]", part(".x"), "__aiter__"),
    "k(f(1))": EVERYTHING,
}


@pytest.mark.parametrize("body", AWAITED, ids=lambda body: body.replace("\n", "; "))
def test_uses_in_a_coroutine(uses_in: Callable[[str], Uses], body: str) -> None:
    """Awaiting is an operation, and the uses are those of the awaited value."""
    assert uses_in("async def main(f, k=K):\n" + textwrap.indent(body, "    ")) == AWAITED[body]


RETURNED = {
    "into the caller": (
        "def load(f):\n    return f(1)\ndef main(f):\n    return load(f).x + 1",
        part(".x", use("__add__")),
    ),
    "through a name": (
        "def load(f):\n    u = f(1)\n    if u is None:\n        return {}\n    u.a\n    return u\n"
        "def main(f):\n    u = load(f)\n    print(u.x)",
        parts({".a": use(), ".x": use("__format__")}, "none"),
    ),
    "as a method": (
        "class R:\n    def load(self, f):\n        return f(1)['rows']\ndef main(f):\n    for r in R().load(f): r.x",
        part("['rows']", part("[*]", part(".x"), "__iter__")),
    ),
    "as a property": (
        "class R:\n    @property\n    def rows(self):\n        return self.f(1)\n"
        "def main(f):\n    r = R()\n    r.f = f\n    len(r.rows)",
        use("__len__"),
    ),
    "twice": (
        "def a(f):\n    return f(1)\ndef b(f):\n    return a(f)\ndef main(f):\n    len(b(f))",
        use("__len__"),
    ),
    "by recursion": (
        "def a(f, n):\n    return f(1) if n == 0 else a(f, n - 1)\ndef main(f):\n    len(a(f, 1))",
        use("__len__"),
    ),
    "to the project's edge": ("def main(f):\n    return f(1)", EVERYTHING),
    "from a callback": (
        "def load(f):\n    return f(1)\ndef main(f):\n    list(map(load, [f]))[0].x",
        EVERYTHING,
    ),
    "under another name": ("def load(f):\n    return f(1)\nread = load\ndef main(f):\n    read(f).x", EVERYTHING),
    "from a generator": (
        "def load(f):\n    yield 1\n    return f(1)\ndef main(f):\n    for row in load(f): print(row)",
        EVERYTHING,
    ),
    "from a coroutine": (
        "async def load(f):\n    return f(1)\nasync def main(f):\n    (await load(f)).x",
        part(".x"),
    ),
    "awaited in a coroutine": (
        "async def load(f):\n    return await f(1)\nasync def main(f):\n    u = await load(f)\n    u.x",
        part(".x", None, "__await__"),
    ),
    "awaited by the caller": (
        "def load(f):\n    return f(1)\nasync def main(f):\n    u = await load(f)\n    u.x",
        part(".x", None, "__await__"),
    ),
    "from a task": (
        "import asyncio\nasync def load(f):\n    return f(1)\n"
        "async def main(f):\n    (await asyncio.gather(load(f)))[0].x",
        EVERYTHING,
    ),
}


@pytest.mark.parametrize("way", RETURNED)
def test_a_returned_value_is_followed_into_the_caller(uses_in: Callable[[str], Uses], way: str) -> None:
    """A returned value is followed where the caller certainly receives it, else it escapes."""
    source, expected = RETURNED[way]
    assert uses_in(source) == expected


def test_a_way_that_is_too_long_is_given_up(uses_in: Callable[[str], Uses]) -> None:
    """A value that goes through very many names escapes instead of exhausting the stack."""
    names = "".join(f"    a{index} = a{index - 1}\n" for index in range(1, 2000))
    assert uses_in(f"def main(f):\n    a0 = f(1)\n{names}    a1999.x") == EVERYTHING


def test_nothing_is_known_without_frames() -> None:
    """Without a first-party frame the value may be used in any way."""
    assert uses_at(()) == EVERYTHING
