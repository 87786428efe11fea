"""When a claim fits reality, on both sides of each rule's line (SPEC sections 6 and 7)."""

from __future__ import annotations

import pytest

from pytest_integration_gate.model.comparison import fit, fit_detail, fits_exception
from pytest_integration_gate.model.interaction import EVERYTHING, Uses
from pytest_integration_gate.model.joining import join_all
from pytest_integration_gate.model.shape import (
    ANYTHING,
    NEVER,
    NONE,
    Array,
    Awaitable,
    Dictionary,
    Double,
    Field,
    Object,
    Record,
    Scalar,
    Sequence,
    Shape,
    Tuple,
)

INT, FLOAT, STR, BYTES, BOOL = (Scalar(name) for name in ("int", "float", "str", "bytes", "bool"))
EMPTY = Dictionary(NEVER, NEVER)
GENERATOR = Sequence("generator", ANYTHING)
READ = Uses(escapes=False)


def record(cls: str = "", complete: bool = True, **fields: Shape) -> Record:
    return Record(tuple(Field(name, fields[name]) for name in sorted(fields)), cls, complete)


def instance(
    cls: str = "shop:User",
    *bases: str,
    supports: tuple[str, ...] = (),
    members: tuple[str, ...] = (),
    duck: bool = False,
    complete: bool = True,
    **fields: Shape,
) -> Object:
    held = tuple(Field(name, fields[name]) for name in sorted(fields))
    return Object(cls, bases, held, supports, complete, duck, members)


def double(spec: str = "", **fields: Shape) -> Double:
    return Double(spec, tuple(Field(name, fields[name]) for name in sorted(fields)))


def using(*operations: str, **members: Uses) -> Uses:
    return Uses(escapes=False, operations=frozenset(operations), members=tuple(members.items()))


def reading(*names: str, operations: tuple[str, ...] = ()) -> Uses:
    """The code reads these parts and does nothing more with them."""
    members = tuple((name, READ) for name in names)
    return Uses(escapes=False, operations=frozenset(operations), members=members)


LIST = Sequence("list", INT)
ENUM = instance("shop:Status", "enum:Enum", members=("name", "value"))
STR_ENUM = instance("shop:Status", "builtins:str", "enum:Enum", members=("name", "value"))
POINT = instance(
    "shop:Point", "builtins:tuple", supports=("__contains__", "__getitem__", "__iter__", "__len__"), x=INT, y=INT
)
ROW = record("sqlite3:Row", name=STR)


@pytest.mark.parametrize(
    ("claim", "reality"),
    [
        (INT, FLOAT),
        (INT, ANYTHING),
        (ANYTHING, INT),
        (INT, join_all([INT, NONE])),
        (Scalar("aware datetime"), Scalar("date")),
        (Scalar("function"), Scalar("class")),
        (Scalar("str"), Scalar("str", ("'a'",))),
        (Scalar("str", ("'a'",)), Scalar("str", ("'a'", "'b'"))),
        (STR, STR_ENUM),
        (STR_ENUM, STR),
        (INT, instance("shop:Level", "enum:IntEnum", "builtins:int")),
        (Scalar("function"), instance(supports=("__call__",))),
        (STR, instance("lib:Proxy", complete=False)),
        (STR, Sequence("sequence", STR)),
        (instance("shop:Admin", "shop:User"), instance("shop:User")),
        (instance("shop:User"), instance("shop:Admin", "shop:User")),
        (double("shop:User"), instance("shop:Admin", "shop:User")),
        (double(), NONE),
        (double(total=INT), instance("shop:Receipt", total=FLOAT)),
        (double(total=INT), instance("shop:Receipt", members=("total",))),
        (double(total=INT), instance("shop:Receipt", complete=False)),
        (double(_private=INT), instance("shop:Receipt")),
        (double(year=INT), Scalar("naive datetime")),
        (double("datetime:datetime"), Scalar("aware datetime")),
        (double(pop=Scalar("function")), LIST),
        (Sequence("list", NEVER), Sequence("list", STR)),
        (LIST, Sequence("list", NEVER)),
        (EMPTY, record(id=INT)),
        (EMPTY, Dictionary(INT, STR)),
        (record(id=INT), EMPTY),
        (record(id=INT), record(id=INT, name=STR)),
        (record(id=INT), record(complete=False)),
        (record(id=INT), Record((Field("id", INT, False), Field("name", STR)))),
        (record(id=INT), Dictionary(STR, INT)),
        (Dictionary(STR, INT), record(id=INT, total=FLOAT)),
        (LIST, GENERATOR),
        (LIST, Tuple((INT, INT))),
        (Tuple((INT, STR)), Sequence("tuple", join_all([INT, STR]))),
        (Tuple((STR, STR)), Tuple((STR,))),
        (Tuple(()), Tuple((STR,))),
        (Tuple((INT, INT)), POINT),
        (POINT, Tuple((INT, INT))),
        (record(name=STR), ROW),
        (Tuple((STR,)), ROW),
        (record(x=INT), POINT),
        (record(name=STR), instance(name=STR)),
        (record(name=STR), instance(members=("name",))),
        (record(name=STR), instance("lib:Row", supports=("__getitem__",))),
        (instance(name=STR), record(name=STR)),
        (LIST, instance("lib:Query", supports=("__iter__",))),
        (LIST, Array("numpy:ndarray", "int64", 1)),
        (Array("numpy:ndarray", "int32", 1), Array("numpy:ndarray", "int64", 1)),
        (Awaitable(INT), Awaitable(FLOAT)),
        (Awaitable(INT), instance(supports=("__await__",))),
        (double(), Awaitable(INT)),
    ],
)
def test_fits(claim: Shape, reality: Shape) -> None:
    """These claims can stand in for reality, as far as anybody can prove."""
    assert fit(claim, reality) == ()


@pytest.mark.parametrize(
    ("claim", "reality", "path", "texts"),
    [
        (BOOL, INT, "$", ("bool", "int")),
        (FLOAT, INT, "$", ("float", "int")),
        (FLOAT, Scalar("Decimal"), "$", ("float", "Decimal")),
        (STR, BYTES, "$", ("str", "bytes")),
        (STR, Scalar("Path"), "$", ("str", "Path")),
        (NONE, STR, "$", ("None", "str")),
        (STR, NONE, "$", ("str", "None")),
        (Scalar("naive datetime"), Scalar("aware datetime"), "$", ("naive datetime", "aware datetime")),
        (Scalar("date"), Scalar("aware datetime"), "$", ("date", "aware datetime")),
        (STR, join_all([INT, NONE]), "$", ("str", "None | int")),
        (join_all([INT, NONE]), INT, "$", ("None", "int")),
        (Scalar("str", ("'c'",)), Scalar("str", ("'a'",)), "$", ("Literal['c']", "Literal['a']")),
        (STR, ENUM, "$", ("str", "Status")),
        (BOOL, instance("shop:Level", "enum:IntEnum", "builtins:int"), "$", ("bool", "Level")),
        (ENUM, instance("shop:Other", "enum:Enum"), "$", ("Status", "Other")),
        (instance(duck=True), NONE, "$", ("User", "None")),
        (NONE, instance("lib:Proxy", complete=False), "$", ("None", "Proxy")),
        (double(total=INT), instance("shop:Receipt", amount=INT), "$.total", ("int", "absent")),
        (double(mail=STR), instance(email=STR), "$.mail", ("str", "absent (nearest: email)")),
        (double("shop:User", mail=STR), instance(email=STR), "$.mail", ("str", "absent (nearest: email)")),
        (double(total=INT), record(total=INT), "$", ("mock(total: int)", "{total: int}")),
        (double(total=INT), INT, "$", ("mock(total: int)", "int")),
        (double(total=INT), NONE, "$", ("mock(total: int)", "None")),
        (instance(duck=True, total=INT), record(total=INT), "$", ("User(total: int)", "{total: int}")),
        (record(mail=STR), record(email=STR), "$.mail", ("str", "absent (nearest: email)")),
        (record(id=STR), record(id=INT), "$.id", ("str", "int")),
        (Record((Field("odd key", STR),)), record(id=INT), "$['odd key']", ("str", "absent")),
        (record(a=record(b=STR)), record(a=record(b=INT)), "$.a.b", ("str", "int")),
        (record(id=STR), Dictionary(STR, INT), "$.id", ("str", "int")),
        (record(id=STR), Dictionary(INT, STR), "$", ("{id: str}", "{[int]: str}")),
        (Sequence("list", record(title=STR)), Sequence("list", record(name=STR)), "$[*].title", ("str", "absent")),
        (Tuple((INT, STR)), Tuple((INT, INT)), "$[1]", ("str", "int")),
        (Tuple((INT, STR)), Tuple((INT,)), "$", ("(int, str)", "(int,)")),
        (LIST, record(items=LIST), "$", ("[int]", "{items: [int]}")),
        (LIST, instance(), "$", ("[int]", "User")),
        (LIST, STR, "$", ("[int]", "str")),
        (record(name=STR), Tuple((STR,)), "$", ("{name: str}", "(str,)")),
        (record(mail=STR), instance(email=STR), "$.mail", ("str", "absent (nearest: email)")),
        (instance("web:Request", data=STR), instance("web:Reply", body=STR), "$", ("Request", "Reply")),
        (instance("a:Key", data=STR), instance("b:Key", body=STR), "$", ("a:Key", "b:Key")),
        (instance("web:Request", duck=True, data=STR), instance("web:Reply", body=STR), "$.data", ("str", "absent")),
        (Array("numpy:ndarray", "int64", 1), Array("numpy:ndarray", "int64", 2), "$", None),
        (Awaitable(STR), Awaitable(INT), "$", ("str", "int")),
    ],
)
def test_differs(claim: Shape, reality: Shape, path: str, texts: tuple[str, str] | None) -> None:
    """These cannot, and the difference names the path and both sides."""
    (difference,) = fit(claim, reality)
    assert difference.path == path
    if texts:
        assert (difference.claim, difference.reality) == texts


@pytest.mark.parametrize(
    ("claim", "reality", "uses", "reason", "text"),
    [
        (LIST, GENERATOR, using("__len__"), "protocol", "generator does not support len()"),
        (LIST, GENERATOR, reading("[-1]"), "protocol", "generator does not support [-1]"),
        (Sequence("iterator", ANYTHING), LIST, using("__next__"), "protocol", "list does not support next()"),
        (LIST, Sequence("set", INT), using("__getitem__", "__reversed__"), "protocol", None),
        (record(name=STR), Tuple((STR,)), reading("['name']"), "protocol", "tuple does not support ['name']"),
        (record(x=INT), POINT, reading("['x']"), "protocol", "Point does not support ['x']"),
        (record(x=INT), instance(x=INT), reading("['x']"), "protocol", "User does not support ['x']"),
        (LIST, record(a=INT), reading("[0]"), "protocol", "dict does not support [0]"),
        (POINT, Tuple((INT, INT)), reading(".x"), "attribute", "absent from tuple"),
        (instance(x=INT), record(x=INT), reading(".x"), "attribute", "absent from dict"),
        (LIST, Tuple((INT, INT)), reading(".append"), "attribute", "absent from tuple"),
        (record(name=STR), ROW, reading(".get", "['name']"), "attribute", "absent from sqlite3.Row"),
        (STR_ENUM, STR, reading(".value"), "attribute", "absent from str"),
        (double("shop:Lease"), instance("shop:Lock"), using("__enter__"), "protocol", "Lock does not support with"),
        (LIST, Sequence("async generator", INT), EVERYTHING, "async", "async generator[int]"),
        (INT, Awaitable(INT), EVERYTHING, "async", "coroutine of int"),
        (Awaitable(INT), INT, READ, "async", "int"),
        (double(total=INT), Awaitable(ANYTHING), EVERYTHING, "async", "coroutine"),
        (double(total=INT), instance(), EVERYTHING, "attribute", "absent"),
        (record(total=INT), record(a=INT), EVERYTHING, "shape", "absent"),
    ],
)
def test_known_use_tells_kinds_apart(claim: Shape, reality: Shape, uses: Uses, reason: str, text: str | None) -> None:
    """What the code is known to do, and reality does not support, is a difference with its reason."""
    ((difference, why),) = fit_detail(claim, reality, uses)
    assert why == reason
    assert text is None or difference.reality == text


@pytest.mark.parametrize(
    ("claim", "reality", "uses"),
    [
        (LIST, GENERATOR, using("__iter__")),
        (LIST, Sequence("iterable", INT), using("__len__")),
        (GENERATOR, Sequence("iterator", INT), using("__len__")),
        (record(name=STR), ROW, reading("['name']")),
        (record(name=STR), instance(name=STR, members=("get",)), reading(".get", "['name']")),
        (record(name=STR), Dictionary(STR, STR), reading("['name']")),
        (record(a=INT, junk=STR), record(a=INT), reading("['a']")),
        (record(milk=INT), record(apple=INT), reading("[*]")),
        (double(total=INT, junk=INT), instance(total=INT), reading(".total")),
        (LIST, POINT, reading("[0]", operations=("__getitem__",))),
        (Sequence("list", STR), Dictionary(STR, INT), reading("[*]", operations=("__iter__", "__len__"))),
        (Tuple((INT, STR)), Tuple((INT, STR, STR)), reading("[0]", operations=("__getitem__",))),
        (instance(x=INT), record(y=INT), EVERYTHING),
        (NONE, INT, READ),
        (
            Tuple((INT, NONE)),
            Tuple((INT, STR)),
            Uses(escapes=False, operations=frozenset({"__iter__"}), members=(("[0]", EVERYTHING), ("[1]", READ))),
        ),
        (LIST, record(), READ),
        (LIST, Sequence("set", INT), using("__next__")),
    ],
)
def test_what_is_not_used_is_not_compared(claim: Shape, reality: Shape, uses: Uses) -> None:
    """Where the use does not tell two kinds apart they fit, and what is not read does not count."""
    assert fit(claim, reality, uses) == ()


def test_iterating_a_mapping_gives_its_keys() -> None:
    """A list of records for an envelope is found where the elements are read."""
    hits = Sequence("list", record(title=STR))
    uses = Uses(escapes=False, operations=frozenset({"__iter__"}), members=(("[*]", reading("['title']")),))
    (difference,) = fit(hits, record(items=hits, total=INT), uses)
    assert (difference.path, difference.reality) == ("$[*]", "str")


def test_unpacking_needs_the_arity() -> None:
    """Two names cannot take three values; an index can."""
    uses = reading("[0]", "[1]", operations=("__iter__",))
    assert fit(Tuple((FLOAT, FLOAT)), Tuple((FLOAT, FLOAT, FLOAT)), uses)
    assert fit(Tuple((FLOAT, FLOAT)), Tuple((FLOAT,)), reading("[1]", operations=("__getitem__",)))


def test_an_escaping_value_is_read_everywhere() -> None:
    """A part that is known to be read in one way may be read otherwise by whoever got the whole."""
    uses = Uses(escapes=True, members=(("['a']", reading("['x']")),))
    claim, reality = record(a=record(x=INT, y=INT)), record(a=record(x=INT))
    (difference,) = fit(claim, reality, uses)
    assert difference.path == "$.a.y"
    assert fit(claim, reality, Uses(escapes=False, members=uses.members)) == ()


def test_the_nearest_option_explains() -> None:
    """Against several realities the claim is compared with the one that it nearly fits."""
    reality = join_all([NONE, record(id=INT, email=STR)])
    (difference,) = fit(record(id=INT, mail=STR), reality)
    assert (difference.path, difference.reality) == ("$.mail", "absent (nearest: email)")


@pytest.mark.parametrize(
    ("reality", "told"),
    [
        (record(id=INT, state=STR, minutes=INT), "absent (nearest: minutes)"),
        (record(id=INT, state=STR, minutes=STR), "absent"),  # of another kind
        (record(id=INT, state=STR, minutes=INT, hours=INT), "absent"),  # one of two, and nobody knows which
        (record(id=INT, minutes=INT), "absent"),  # more than one key differs
    ],
)
def test_a_key_that_takes_the_place_of_another_is_named(reality: Record, told: str) -> None:
    """Where everything else is the same, the one new key is what the lost one is called now, however it is spelled."""
    found = [
        difference for difference in fit(record(id=INT, state=STR, timer=INT), reality) if difference.path == "$.timer"
    ]
    assert [(difference.claim, difference.reality) for difference in found] == [("int", told)]


def test_literals_are_compared_with_the_text() -> None:
    """A value that an annotation does not list differs; one that is unknown or normalised does not."""
    reality = Scalar("str", ("'open'", "'closed'"))
    assert fit(STR, reality, text="'shut'")
    assert fit(STR, reality, text="'open'") == ()
    assert fit(STR, reality, text="'<tmp>/x'") == ()
    assert fit(STR, reality) == ()


def test_exceptions_fit_their_class_and_its_ancestors() -> None:
    """A simulated OSError may stand for a FileNotFoundError, never the other way round."""
    base = Object("builtins:OSError", ("builtins:Exception",))
    derived = Object("builtins:FileNotFoundError", ("builtins:OSError", "builtins:Exception"))
    assert fits_exception(base, derived)
    assert fits_exception(derived, derived)
    assert not fits_exception(derived, base)
    assert not fits_exception(Object("shop:Error"), derived)
