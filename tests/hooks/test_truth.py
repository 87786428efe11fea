"""Doubles that tell the truth are left in peace, and those that lie are found, in one whole run each."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

SHOP = '''
from __future__ import annotations
import abc, asyncio, contextlib, dataclasses, enum, functools, io, subprocess, sys
from typing import (
    IO, Any, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, NamedTuple, Optional, Protocol, Sequence,
    Generic, TypedDict, TypeVar, TYPE_CHECKING,
)
if TYPE_CHECKING:
    from nowhere import Ghost

T = TypeVar("T")

class Base:
    name: str = ""

class Derived(Base):
    pass

@dataclasses.dataclass
class User:
    id: int
    email: str
    tags: list[str] = dataclasses.field(default_factory=list)

class Key(NamedTuple):
    file: Optional[str]
    pem: bytes

class Request(NamedTuple):
    file: Optional[str]
    data: bytes

class Color(enum.Enum):
    RED = 1

class Row(TypedDict, total=False):
    id: int

class Text(str):
    pass

class Response:
    reason: str
    def __init__(self):
        self.status_code, self.reason = 200, None
    def json(self):
        return {}

class Box(Generic[T]):
    def all(self) -> list[T]: ...

class Bag:
    """Filled under names that others compute."""
    def __init__(self, **values):
        for name, value in values.items():
            setattr(self, name, value)

class Context(abc.ABC):
    """Attributes: method_name. A class that is not loaded implements it."""

class Sender(Protocol):
    send: Callable[[str], int]

class Registered(type):
    @property
    def objects(cls):
        return []

class Model(metaclass=Registered):
    pass

class Platform:
    if sys.platform == "nowhere":
        def beep(self): ...

if sys.platform == "nowhere":
    def ring(): ...

class Extended(abc.ABC):
    @abc.abstractmethod
    def extend(self): ...

class Plugin(abc.ABC):
    @abc.abstractmethod
    def start(self): ...

class Real(Plugin):
    def start(self): ...

class Mapped(Generic[T]):
    """A descriptor, as mappers of databases annotate their attributes with."""
    def __get__(self, instance, owner): ...

class Entity:
    nick: Mapped[Optional[str]] = Mapped()

class Tools:
    @contextlib.contextmanager
    def session(self) -> Iterator[Base]:
        yield Base()
    @contextlib.asynccontextmanager
    async def later_session(self) -> AsyncIterator[Base]:
        yield Base()
    async def stream(self) -> AsyncIterator[int]:
        yield 1
    def numbers(self) -> Iterator[int]:
        yield 1
    def later(self) -> Awaitable[int]:
        return asyncio.sleep(0, 1)
    async def fetch(self, key: int) -> dict[str, Any]:
        return {}
    @property
    def handler(self) -> Callable[[int], int]:
        return abs
    @property
    def total(self) -> int:
        return 1
    @total.setter
    def total(self, value: int) -> None: ...
    @staticmethod
    def plain(x): return x
    @classmethod
    def make(cls, x): return cls()
    def text(self) -> str: return ""
    def flag(self) -> bool: return True
    def mapping(self) -> dict[str, int]: return {}
    def frozen(self) -> Mapping[str, int]: return {}
    def sequence(self) -> Sequence[Base]: return []
    def words(self) -> Iterable[str]: return []
    def bases(self) -> list[Base]: return []
    def file(self) -> IO[str]: return io.StringIO()
    def number(self) -> float: return 1.0
    def user(self) -> Optional[User]: return None
    def key(self) -> Key: return Key(None, b"")
    def color(self) -> Color: return Color.RED
    def row(self) -> Row: return {}
    def callback(self) -> Callable[[int], str]: return str
    def kind(self) -> type[Base]: return Base
    def ghost(self) -> Ghost: ...
    def response(self) -> Response: return Response()
    def box(self) -> Box[User]: return Box()
    def entity(self) -> Entity: return Entity()
    def pair(self) -> tuple[int, str]: return 1, ""
    def process(self) -> subprocess.CompletedProcess[str]: ...

def use(value):
    return value

def ask(name):
    return use(getattr(Tools(), name)())

def wrapped(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        kwargs.pop("extra", None)
        return function(*args, **kwargs)
    return inner

@wrapped
def decorated(x: int) -> int:
    return x

tools = Tools()
'''

CALLS = """
from __future__ import annotations
import subprocess, datetime, os, tempfile
import shop
from shop import *

def in_session(tools: Tools):
    with tools.session() as session: return session.name
async def in_later_session(tools: Tools):
    async with tools.later_session() as session: return session.name
async def all_of(tools: Tools): return [x async for x in tools.stream()]
async def fetched(tools: Tools): return (await tools.fetch(1))["a"]
async def awaited(tools: Tools): return await tools.later()
def handled(tools: Tools): return tools.handler(3)
def total(tools: Tools): return tools.total + 1
def set_total(tools: Tools): tools.total = 3
def shown_total(tools: Tools): return use(tools.total)
def handles(base: Base): return base.handler()
def connects(tools: Tools): return tools._connect()
def pings():
    import rabbit
    return rabbit.Client().ping()
def made(): return User(1, email="x")
def called_total(tools: Tools): return tools.total()
def first():
    head, _ = Tools().pair()
    return head
def decorate(): return shop.decorated(1, extra=2)
def plainly(): return Tools.plain(1), Tools.make(1)
def folder():
    with tempfile.TemporaryDirectory() as path: return path
def run():
    done = subprocess.run(["a"]); return done.stdout if done.returncode == 0 else None
def now(): return datetime.datetime.now()
def models(): return Model.objects.filter(a=1)
def filled(bag: Bag): return bag.anything
def named(context: Context): return context.method_name
def sent(sender: Sender): return sender.send("x")
def beeps(platform: Platform): return platform.beep()
def rings(): return shop.ring()
def started(): return os.startfile("x")
def extended(plugin: Plugin):
    plugin.start()
    if isinstance(plugin, Extended): plugin.extend()
def handed_on(plugin: Plugin): return extended(plugin)
def plugged() -> Plugin: ...
def extended_plugged(): return extended(plugged())
def module_flag(): return shop.tools.flag()
def mail(): return Tools().user().mail
def phantom(tools: Tools): return tools.phantom()
def phantoms(): return Tools().phantom()
def fetched_now(): return Tools().fetch(1)["a"]
async def flag_later(): return await Tools().flag()
def three(): return Tools.plain(1, 2, 3)
def entered():
    with Tools().response() as response: return response
def flag_of(tools: Tools): return tools.flag
def misspelt(): return subprocess.runn(["a"])
def exit_code(): return subprocess.run(["a"]).exit_code
"""

HEAD = """
import asyncio, collections, contextlib, functools, io, os, subprocess, sys, types
from unittest.mock import *
import pytest, shop, calls

def given(name, value):
    with patch.object(shop.Tools, name, return_value=value):
        shop.ask(name)
"""

TRUTHS = (
    HEAD
    + """
class FakeResponse:
    status_code = 200
    def json(self): return {}

@pytest.mark.parametrize("name, value", [
    ("text", shop.Text("x")), ("text", sentinel.text), ("text", ANY), ("text", object()),
    ("mapping", {}), ("mapping", collections.OrderedDict(a=1)), ("mapping", collections.Counter("ab")),
    ("frozen", types.MappingProxyType({"a": 1})), ("sequence", (shop.Derived(), Mock())), ("sequence", []),
    ("words", iter("ab")), ("words", "ab"), ("words", {"a"}), ("bases", [shop.Derived(), sentinel.base]),
    ("bases", [MagicMock(spec=shop.Base)]), ("file", io.StringIO()), ("file", open(os.devnull)), ("number", 1),
    ("user", None), ("user", shop.User("not a number", None)), ("user", Mock(id=1)), ("user", Mock(spec=shop.User)),
    ("user", types.SimpleNamespace(id=1)), ("key", shop.Key(sentinel.file, None)), ("key", (sentinel.file, b"")),
    ("color", shop.Color.RED), ("color", sentinel.red), ("row", {}), ("row", {"id": 1}), ("callback", len),
    ("callback", Mock()), ("callback", functools.partial(str)), ("kind", shop.Derived), ("ghost", 5),
    ("response", shop.Response()), ("response", FakeResponse()), ("response", Mock(status_code=1)), ("box", shop.Box()),
    ("entity", types.SimpleNamespace(nick=None)), ("entity", Mock(nick="x")), ("pair", (sentinel.a, sentinel.b)),
    ("process", Mock(returncode=0)),
    ("process", subprocess.CompletedProcess([], 0, "out")),
])
def test_values(name, value):
    given(name, value)

def test_managers():
    with patch.object(shop.Tools, "session") as session:
        session.return_value.__enter__.return_value.name = "x"
        calls.in_session(shop.Tools())
    with patch.object(shop.Tools, "session", return_value=contextlib.nullcontext(shop.Base())):
        calls.in_session(shop.Tools())
    tools = MagicMock(spec=shop.Tools)
    tools.later_session.return_value.__aenter__.return_value.name = "x"
    asyncio.run(calls.in_later_session(tools))
    with patch("calls.tempfile.TemporaryDirectory") as made:
        made.return_value.__enter__.return_value = "/x"
        calls.folder()

def test_asynchronous():
    tools = MagicMock(spec=shop.Tools)
    tools.stream.return_value.__aiter__.return_value = [1]
    asyncio.run(calls.all_of(tools))
    for tools in (create_autospec(shop.Tools, instance=True), AsyncMock(spec=shop.Tools)):
        tools.fetch.return_value = {"a": 1}
        asyncio.run(calls.fetched(tools))
    with patch.object(shop.Tools, "later", new=AsyncMock(return_value=3)):
        asyncio.run(calls.awaited(shop.Tools()))

def test_properties():
    with patch.object(shop.Tools, "total", new_callable=PropertyMock, return_value=3) as total:
        assert calls.total(shop.Tools()) == 4
        calls.set_total(shop.Tools())
    with patch.object(shop.Tools, "handler", new_callable=PropertyMock, return_value=abs):
        calls.handled(shop.Tools())
    with patch.object(shop.Tools, "total", 3):
        calls.total(shop.Tools())
    tools = Mock(spec=shop.Tools)
    tools.total = 3
    calls.total(tools)
    calls.set_total(tools)

def test_ignored_element():
    with patch.object(shop.Tools, "pair", return_value=(1, None)):
        calls.first()

def test_functions():
    with patch("shop.decorated", return_value=3):
        calls.decorate()
    for autospec in (None, True):
        with patch.object(shop.Tools, "plain", autospec=autospec), patch.object(shop.Tools, "make", autospec=autospec):
            calls.plainly()
    with patch.object(shop.Response, "__init__", autospec=True, return_value=None):
        shop.ask("response")

def test_new(monkeypatch):
    with patch.object(shop.User, "__new__", return_value=None):
        calls.made()
    monkeypatch.setattr(shop.User, "__new__", lambda cls, *args, **values: object.__new__(cls))
    calls.made()

def test_libraries():
    with patch("subprocess.run") as run:
        run.return_value.returncode, run.return_value.stdout = 0, "x"
        calls.run()
    with patch("calls.datetime") as clock:
        clock.datetime.now.return_value = 3
        calls.now()

def test_open_classes():
    with patch("calls.Model") as model:
        model.objects.filter.return_value = []
        calls.models()
    bag = Mock(spec=shop.Bag)
    bag.anything = 1
    calls.filled(bag)
    context = Mock(spec=shop.Context)
    context.method_name = "x"
    calls.named(context)
    sender = Mock()
    sender.send.return_value = 3
    calls.sent(sender)

def test_other_platforms():
    platform = Mock()
    platform.beep.return_value = 3
    calls.beeps(platform)
    with patch("shop.ring", create=True):
        calls.rings()
    with patch("os.startfile", create=True):
        calls.started()

def test_asked_for_more():
    plugin = MagicMock(spec=shop.Extended)
    plugin.start = Mock()
    with patch("calls.plugged", return_value=plugin):
        calls.extended_plugged()
    with patch("calls.isinstance", return_value=True, create=True):
        calls.handed_on(Mock())

def test_made_up_modules(monkeypatch):
    module = types.ModuleType("rabbit")
    monkeypatch.setitem(sys.modules, "rabbit", module)
    with patch("rabbit.Client", create=True) as client:
        client.return_value.ping.return_value = True
        calls.pings()

def test_hung_on_one_instance():
    base = shop.Base()
    base.handler = print
    with patch.object(base, "handler", return_value=1):
        calls.handles(base)
    double = Mock(spec=base)
    double.handler.return_value = 1
    calls.handles(double)

def test_private():
    tools = Mock(spec=shop.Tools)
    tools._connect = Mock()
    calls.connects(tools)

def test_objects_at_module_level():
    with patch("shop.tools") as tools:
        tools.flag.return_value = True
        calls.module_flag()
"""
)

LIES = (
    HEAD
    + """
@pytest.mark.parametrize("name, value", [
    ("text", 5), ("flag", 1), ("mapping", [1]), ("mapping", {"a": "b"}), ("frozen", "x"), ("sequence", {"a": 1}),
    ("bases", [5]), ("number", "1"), ("user", "bob"), ("color", "RED"), ("row", {"id": "x"}), ("kind", shop.Base()),
    ("response", 5), ("box", "x"), ("process", "out"), ("pair", (1, None)), ("key", shop.Request(None, b"")),
])
def test_return_annotation(name, value):
    given(name, value)

def test_sync_async_plain():
    with patch.object(shop.Tools, "fetch", new=Mock(return_value={"a": 1})):
        calls.fetched_now()

def test_sync_async_awaited():
    with patch.object(shop.Tools, "flag", new=AsyncMock(return_value=True)):
        asyncio.run(calls.flag_later())

def test_missing_attribute_bare():
    tools = Mock()
    tools.phantom.return_value = 1
    calls.phantom(tools)

@pytest.mark.parametrize("options", [{}, {"autospec": False}])
def test_missing_attribute_class(options):
    with patch("calls.Tools", **options) as tools:
        tools.return_value.phantom.return_value = 1
        calls.phantoms()

def test_missing_attribute_created():
    with patch.object(shop.Tools, "phantom", create=True):
        calls.phantoms()

def test_missing_attribute_module():
    with patch("calls.subprocess"):
        calls.misspelt()

def test_missing_attribute_library():
    with patch("subprocess.run") as run:
        run.return_value.exit_code = 0
        calls.exit_code()

class FakeUser:
    mail = "x"

@pytest.mark.parametrize("user", [Mock(id=1, mail="x"), types.SimpleNamespace(mail="x"), FakeUser()])
def test_missing_attribute_value(user):
    with patch.object(shop.Tools, "user", return_value=user):
        calls.mail()

def test_signature():
    with patch.object(shop.Tools, "plain"):
        calls.three()

def test_protocol_with():
    with patch.object(shop.Tools, "response", return_value=MagicMock()):
        calls.entered()

def test_protocol_call():
    tools = Mock()
    tools.total.return_value = 3
    calls.called_total(tools)

def test_protocol_value():
    tools = Mock(spec=shop.Tools)
    tools.flag = True
    calls.flag_of(tools)

def test_attribute_shape():
    with patch.object(shop.Tools, "total", new_callable=PropertyMock, return_value="x"):
        calls.shown_total(shop.Tools())
"""
)


def _kinds(project: Any, tests: str) -> dict[str, set[str]]:
    """The kinds of mismatches by test."""
    project.write("shop.py", SHOP)
    project.write("calls.py", CALLS)
    project.write("tests/unit/test_greet.py", tests)
    project.write("tests/integration/test_repo.py", "")
    result = project.run()
    assert "failed" not in result.parseoutcomes(), result.stdout.str()
    assert not project.report["warnings"]
    found = defaultdict(set)
    for mismatch in project.report["mismatches"]:
        for test in mismatch["claim"]["tests"]:
            found[test.partition("::")[2]].add(mismatch["kind"])
    return found


def test_truthful_doubles_are_left_in_peace(project: Any) -> None:
    """No use of a double that reality may answer like that is a mismatch."""
    assert _kinds(project, TRUTHS) == {}
    assert project.report["gate"]["claims"]["total"] > 50


def test_lies_are_found(project: Any) -> None:
    """Every double that a fact forbids is a mismatch of the kind that its test is named after."""
    found = _kinds(project, LIES)
    assert len(found) == project.report["summary"]["total_tests"], sorted(found)
    for test, kinds in found.items():
        assert all(test.startswith(f"test_{kind}") for kind in kinds), (test, kinds)
