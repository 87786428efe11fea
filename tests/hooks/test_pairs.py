# ruff: noqa: E501 -- sources of small modules
"""Pairs of whole runs: reality departs from the double in one and not in the other, all else is equal."""

from __future__ import annotations

from typing import Any

import pytest

# name: (module, unit test, boundary test, what to put for LIE, what to put for TRUTH, target, kind)
PAIRS: dict[str, tuple[str, str, str, str, str, str, str]] = {
    "a value that is only printed has the annotated type": (
        "class Meter:\n    def read(self) -> float: return 1.5\ndef show(meter): return f'{meter.read()} V'",
        "def test():\n    meter = Mock(spec=shop.Meter)\n    meter.read.return_value = HERE\n    shop.show(meter)",
        "    assert shop.Meter().read() == 1.5",
        "'1.5'",
        "2",
        "shop:Meter.read",
        "return_annotation",
    ),
    "a literal annotation holds although another member was observed": (
        "from typing import Literal\ndef level(path) -> Literal['low', 'high']: return 'low'\n"
        "def workers(path): return {'low': 1, 'medium': 2, 'high': 3}[level(path)]",
        "def test():\n    with patch('shop.level', return_value=HERE):\n        shop.workers('x')",
        "    assert shop.level('y') == 'low'",
        "'medium'",
        "'high'",
        "shop:level",
        "return_annotation",
    ),
    "swapped arguments depart from their annotations although the right call was observed": (
        "class Ledger:\n    def transfer(self, cents: float, account: str) -> int: return 1\n"
        "def pay(ledger, *args): return ledger.transfer(*args) + 0",
        "def test():\n    ledger = Mock(spec=shop.Ledger)\n    ledger.transfer.return_value = 1\n    shop.pay(ledger, HERE)",
        "    assert shop.Ledger().transfer(5.0, 'ada') == 1",
        "'ada', 500",
        "500, 'ada'",
        "shop:Ledger.transfer",
        "argument_shape",
    ),
    "an exception has the attributes of its class": (
        "class Conflict(Exception):\n    def __init__(self, seat):\n        super().__init__(seat)\n        self.seat = seat\n"
        "class Seats:\n    def book(self, seat): raise Conflict(seat)\n"
        "def book(seats):\n    try:\n        seats.book(1)\n    except Conflict as error:\n        return repr(error)",
        "def test():\n    error = shop.Conflict(1)\n    error.HERE = 4\n    seats = Mock(spec=shop.Seats)\n"
        "    seats.book.side_effect = error\n    shop.book(seats)",
        "    pass",
        "code",
        "seat",
        "shop:Conflict.code",
        "exception",
    ),
    "a function has no attributes but its own": (
        "import functools\n@functools.lru_cache\ndef cached(): return 1\ndef plain(): return 1\n"
        "def clear():\n    HERE.cache_clear()\n    return HERE()",
        "def test():\n    with patch('shop.HERE', return_value=1):\n        shop.clear()",
        "    assert shop.cached() == 1",
        "plain",
        "cached",
        "shop:plain.cache_clear",
        "missing_attribute",
    ),
    "an object that can be called is called as its `__call__` asks": (
        "class Scorer:\n    def __call__(self, text, *, weight): return 1\nscorer = Scorer()\n"
        "def score(**more): return scorer('x', **more)",
        "def test():\n    with patch('shop.scorer', return_value=1):\n        shop.score(HERE)",
        "    assert shop.Scorer()('x', weight=2) == 1",
        "scale=1",
        "weight=1",
        "shop:scorer",
        "signature",
    ),
    "a mock that wraps an object stands for it": (
        "class Spool:\n    def take(self, timeout=1): return 'x'\n    def size(self): return 1\n"
        "def drain(spool, *args): return spool.size() and spool.take(*args)",
        "def test():\n    spool = Mock(wraps=shop.Spool())\n    spool.take = Mock(return_value='x', name='take')\n"
        "    shop.drain(spool, HERE)",
        "    assert shop.Spool().take() == 'x'",
        "1, 2",
        "1",
        "shop:Spool.take",
        "signature",
    ),
    "a default does not hide what a parameter is for": (
        "class Stock:\n    def take(self, sku): return 1\n"
        "class Desk:\n    def __init__(self, stock: Stock | None = None, name: str = ''):\n"
        "        self.name, self.stock = name, stock if stock is not None else Stock()\n"
        "    def sell(self, *args): return self.stock.take(*args)",
        "def test():\n    shop.Desk(Mock()).sell(HERE)",
        "    assert shop.Desk().sell('x') == 1",
        "'x', 2",
        "'x'",
        "shop:Stock.take",
        "signature",
    ),
    "keys that the code goes through are data": (
        "class Sales:\n    def by_region(self): return {'east': 1, 'south': 2}\n"
        "def text(sales): return [f'{name}: {cents + 1}' for name, cents in sales.by_region().items()]",
        "def test():\n    sales = Mock(spec=shop.Sales)\n    sales.by_region.return_value = HERE\n"
        "    try:\n        shop.text(sales)\n    except TypeError:\n        pass",
        "    assert len(shop.Sales().by_region()) == 2",
        "{'north': 'x', 'west': 'y'}",
        "{'north': 5, 'west': 2}",
        "shop:Sales.by_region",
        "return_shape",
    ),
    "a text file gives no bytes": (
        "def shout(path):\n    with open(path) as file:\n        return file.read().upper()",
        "def test():\n    with patch('builtins.open', mock_open(read_data=HERE)):\n        shop.shout('x')",
        "    pass",
        "b'abc'",
        "'abc'",
        "io:open().read",
        "return_annotation",
    ),
    "a binary file gives no text, and an empty one says nothing": (
        "def head(path, mode='rb'):\n    file = open(path, mode=mode)\n    return file.readlines()[:1], file.read()",
        "def test():\n    with patch('shop.open', mock_open(read_data=HERE), create=True):\n        shop.head('x')",
        "    pass",
        "'abc'",
        "b'abc'",
        "io:open().readlines",
        "return_annotation",
    ),
    "a binary file takes no text": (
        "def keep(path, data):\n    with open(path, 'wb') as file:\n        file.write(data)",
        "def test():\n    with patch('builtins.open', mock_open()):\n        shop.keep('x', HERE)",
        "    pass",
        "'abc'",
        "b'abc'",
        "io:open().write",
        "argument_shape",
    ),
    "a method is not called on the class": (
        "class Cache:\n    def get(self, key): return key\n    def scan(prefix): return [prefix]\n"
        "def read(key): return Cache.scan(key), HERE.get(key)",
        "def test():\n    with patch('shop.Cache'):\n        shop.read('x')",
        "    pass",
        "Cache",
        "Cache()",
        "shop:Cache.get",
        "signature",
    ),
    "a patched method is not called on the class either": (
        "class Cache:\n    def get(self, key): return key\n    def scan(prefix): return [prefix]\n"
        "def read(key): return Cache.scan(key), HERE.get(key)",
        "def test():\n    with patch.object(shop.Cache, 'get', return_value=1), patch('shop.Cache.scan'):\n"
        "        shop.read('x')",
        "    pass",
        "Cache",
        "Cache()",
        "shop:Cache.get",
        "signature",
    ),
    "an attribute that was None when the object was given may be filled later": (
        "class Job:\n    def __init__(self):\n        self.result, self.label = None, 'a'\n    def run(self): self.result = 'done'\n"
        "class Queue:\n    def start(self): return Job()\n"
        "def finish(queue):\n    job = queue.start()\n    job.run()\n    return job.result, job.label",
        "def test():\n    queue = Mock(spec=shop.Queue)\n    queue.start.return_value = Mock(HERE)\n    shop.finish(queue)",
        "    job = shop.Queue().start()\n    job.run()\n    assert job.result == 'done'",
        "result='x', label=5",
        "result='x', label='b'",
        "shop:Queue.start",
        "return_shape",
    ),
    "a function that hangs on a mock says what the method gives": (
        "class Repo:\n    def get(self, key): return {'mail': key}\ndef address(repo, key): return repo.get(key)['HERE']",
        "def test():\n    repo = Mock(spec=shop.Repo)\n    repo.get = lambda key: {'HERE': 'x'}\n    shop.address(repo, 'x')",
        "    assert shop.Repo().get('a')",
        "email",
        "mail",
        "shop:Repo.get",
        "return_shape",
    ),
    "a bound method that hangs on a bare mock is called as the real one asks": (
        "class Repo:\n    def get(self, key, *, HERE=1): return key\n"
        "def address(repo: Repo, key): return repo.get(key, tenant=2)",
        "class Helper:\n    def get(self, key, tenant): return key\n"
        "def test():\n    repo = Mock()\n    repo.get = Helper().get\n    shop.address(repo, 'x')",
        "    pass",
        "owner",
        "tenant",
        "shop:Repo.get",
        "signature",
    ),
    "an instance of a class of the tests stands for what the call really gives": (
        "class Cursor:\n    def fetch(self, HERE): return [1]\nclass Base:\n    def cursor(self): return Cursor()\n"
        "def first(base): return base.cursor().fetch(1)[0]",
        "class FakeCursor:\n    def fetch(self, limit): return [3]\n"
        "def test():\n    base = Mock(spec=shop.Base)\n    base.cursor.return_value = FakeCursor()\n    shop.first(base)",
        "    assert shop.Base().cursor()",
        "limit, offset",
        "limit",
        "shop:Cursor.fetch",
        "fake_interface",
    ),
    "a function in a namespace stands for what the call really gives": (
        "class Cursor:\n    def fetch(self, HERE): return [1]\nclass Base:\n    def cursor(self): return Cursor()\n"
        "def first(base): return base.cursor().fetch(1)[0]",
        "import types\ndef test():\n    base = Mock(spec=shop.Base)\n"
        "    base.cursor.return_value = types.SimpleNamespace(fetch=lambda limit: [3])\n    shop.first(base)",
        "    assert shop.Base().cursor()",
        "limit, offset",
        "limit",
        "shop:Cursor.fetch",
        "fake_interface",
    ),
    "a mock that hides the method of an instance stands for it": (
        "class Repo:\n    def get(self, key, HERE): return key\n"
        "class Desk:\n    def __init__(self, repo): self.repo = repo\n    def ask(self): return self.repo.get(1)",
        "def test():\n    repo = shop.Repo()\n    repo.get = Mock(return_value=1)\n    shop.Desk(repo).ask()",
        "    pass",
        "version",
        "version=1",
        "shop:Repo.get",
        "signature",
    ),
    "a number in a text is no text": (
        "class Meter:\n    def read(self): return HERE\ndef show(meter): return f'{meter.read():.2f} V'",
        "def test():\n    meter = Mock(spec=shop.Meter)\n    meter.read.return_value = 2.5\n    shop.show(meter)",
        "    assert shop.Meter().read()",
        "'1'",
        "1",
        "shop:Meter.read",
        "return_shape",
    ),
    "nothing is found where something always is": (
        "class User: pass\nclass Repo:\n    def find(self, mail) -> HERE: return User()\n"
        "def is_free(repo, mail): return repo.find(mail) is None",
        "def test():\n    repo = Mock(spec=shop.Repo)\n    repo.find.return_value = None\n    assert shop.is_free(repo, 'a')",
        "    assert shop.Repo().find('b')",
        "User",
        "User | None",
        "shop:Repo.find",
        "return_annotation",
    ),
    "an object is always true": (
        "class User: pass\nclass Repo:\n    def find(self, mail) -> User: return User()\n"
        "def is_free(repo, mail): return not repo.find(mail)",
        "def test():\n    repo = Mock(spec=shop.Repo)\n    repo.find.return_value = HERE\n    shop.is_free(repo, 'a')",
        "    assert shop.Repo().find('b')",
        "None",
        "True",
        "shop:Repo.find",
        "return_annotation",
    ),
    "a member of an enumeration has a value of its kind": (
        "import enum\nclass State(enum.Enum):\n    OPEN = HERE\nclass Ticket:\n    def state(self): return State.OPEN\n"
        "def label(ticket): return ticket.state().value.upper()",
        "def test():\n    ticket = Mock(spec=shop.Ticket)\n    ticket.state.return_value = Mock(value='shut')\n"
        "    shop.label(ticket)",
        "    assert shop.Ticket().state()",
        "1",
        "'open'",
        "shop:Ticket.state",
        "return_shape",
    ),
    "what is annotated as a float may be one although an int was seen": (
        "class Road:\n    def length(self) -> HERE: return 2\ndef double(road): return road.length() * 2",
        "def test():\n    road = Mock(spec=shop.Road)\n    road.length.return_value = 1.5\n    shop.double(road)",
        "    assert shop.Road().length() == 2",
        "int",
        "float",
        "shop:Road.length",
        "return_annotation",
    ),
    "a response is itself in a with statement": (
        "import io\nclass Answer(io.BufferedIOBase):\n    def read(self): return HERE\ndef open_it(): return Answer()\n"
        "def head():\n    with open_it() as file:\n        return file.read()[:1]",
        "def test():\n    with patch('shop.open_it') as opened:\n"
        "        opened.return_value.__enter__.return_value.read.return_value = b'abc'\n        shop.head()",
        "    assert shop.head() in ('x', b'x')",
        "'xy'",
        "b'xy'",
        "shop:Answer.read",
        "return_shape",
    ),
    "an argument of a kind that reality refused is not taken": (
        "class Repo:\n    def load(self, key):\n        if not isinstance(key, HERE): raise TypeError(key)\n"
        "        return {'n': 1}\ndef show(repo, path): return repo.load(path)['n']",
        "def test():\n    repo = Mock(spec=shop.Repo)\n    repo.load.return_value = {'n': 2}\n    shop.show(repo, '42')",
        "    assert shop.Repo().load(7)\n    try:\n        shop.Repo().load('7')\n    except TypeError:\n        pass",
        "int",
        "int | str",
        "shop:Repo.load",
        "argument_shape",
    ),
    "a day has no hour": (
        "import datetime\nclass Plan:\n    def start(self): return datetime.HERE(2026, 1, 2)\n"
        "def hour(plan): return plan.start().hour",
        "import datetime\ndef test():\n    plan = Mock(spec=shop.Plan)\n"
        "    plan.start.return_value = datetime.datetime(2026, 1, 2)\n    shop.hour(plan)",
        "    assert shop.Plan().start().year == 2026",
        "date",
        "datetime",
        "shop:Plan.start",
        "attribute_shape",
    ),
    "a property on the class of a mock is that of the real class": (
        "class User:\n    name = 'x'\nclass Session:\n    @property\n    def user(self) -> HERE: return User()\n"
        "def name(session):\n    user = session.user\n    return user.name if user is not None else 'nobody'",
        "from unittest.mock import PropertyMock\ndef test():\n    session = Mock(spec=shop.Session)\n"
        "    type(session).user = PropertyMock(return_value=None)\n    assert shop.name(session) == 'nobody'",
        "    assert shop.name(shop.Session()) == 'x'",
        "User",
        "User | None",
        "shop:Session.user",
        "attribute_shape",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_lie_is_found_and_the_truth_is_left_in_peace(project: Any, name: str) -> None:
    """The gate tells the two apart, with the target and the kind that the rules name."""
    module, unit, boundary, lie, truth, target, kind = PAIRS[name]
    for here, expected in ((lie, {(target, kind)}), (truth, set())):
        project.write("shop.py", module.replace("HERE", here) + "\n")
        header = "from unittest.mock import Mock, mock_open, patch\nimport pytest\nimport shop\n\n"
        project.write("tests/unit/test_greet.py", header + unit.replace("HERE", here) + "\n")
        marked = "@pytest.mark.boundary('real')\ndef test_real():\n" + boundary + "\n"
        project.write("tests/integration/test_repo.py", header + marked)
        result = project.run("--gate-store", here.encode().hex()[:20])
        result.assert_outcomes(passed=2)
        assert project.report["warnings"] == []
        found = {(one["target"], one["kind"]) for one in project.report["mismatches"]}
        assert found == expected, project.report_text
