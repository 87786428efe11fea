"""Names, signatures, exceptions and kinds of doubles."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_integration_gate.model.fact import Fact, Parameter, ParameterKind, Signature
from pytest_integration_gate.model.finding import Shown
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome
from pytest_integration_gate.model.record import TestRecord
from pytest_integration_gate.model.shape import ANYTHING, Field, Object, Scalar

pytest.importorskip("libcst")

STR = Scalar("str")
BASES = ("builtins:Exception", "builtins:BaseException")


def parameters(*names: str, kind: ParameterKind = "standard", required: bool = True) -> tuple[Parameter, ...]:
    """Parameters of one kind."""
    return tuple(
        Parameter(name=name, kind=kind, required=required, default=None if required else "'EUR'") for name in names
    )


def facts(**kinds: Any) -> tuple[TestRecord, ...]:
    """A record that knows some members of `shop:Repo` by their kinds."""
    known = [Fact(target=f"shop:Repo.{name}", kind=kind) for name, kind in kinds.items()]
    return (TestRecord(nodeid="test_b", facts=tuple(known)),)


# -- names ------------------------------------------------------------------------------------------------------------

GONE = ("$.find", "exists", "absent (nearest: lookup)")


def missing(bench: Any, **about: Any) -> Any:
    return bench.lie(
        "missing_attribute", GONE, **{"target": "shop:Repo.find", "path": ("()", ".find"), **about},
    )  # fmt: skip


def test_a_method_that_is_gone_gets_its_new_name(bench: Any) -> None:
    """It is renamed in the whole test, and the mock is kept from inventing the old one."""
    text = (
        "def test_a():\n    repo = Mock()\n    repo.find.return_value = 1  # lie\n"
        "    use(repo)\n    repo.find.assert_called_once_with(7)\n"
    )
    assert bench.after(text, missing(bench), records=facts(lookup="method")) == (
        "def test_a():\n    repo = Mock()\n    repo.lookup.return_value = 1  # lie\n    del repo.find\n"
        "    use(repo)\n    repo.lookup.assert_called_once_with(7)\n"
    )


def test_a_method_that_became_an_attribute(bench: Any) -> None:
    """Its value is set, not returned."""
    text = "def test_a():\n    repo = Mock()\n    repo.find.return_value = 1  # lie\n"
    after = bench.mend(text, missing(bench), records=facts(lookup="attribute"))
    assert after == "    repo.lookup = 1  # lie\n    del repo.find"


@pytest.mark.parametrize("line", ['patch("shop.Repo.find", create=True)', 'monkeypatch.setattr(Repo, "find", f)'])
def test_a_patched_name_that_is_gone(bench: Any, line: str) -> None:
    """The text that names it is changed."""
    after = bench.mend(f"x = {line}  # lie\n", missing(bench, path=(".find",)), records=facts(lookup="method"))
    assert after == f"x = {line.replace('find', 'lookup')}  # lie"


def test_a_name_used_elsewhere_is_left_alone(bench: Any) -> None:
    """Renaming it in one test would break another."""
    text = (
        "def make():\n    repo = Mock()\n    repo.find.return_value = 1  # lie\n    return repo\n\n"
        "def test_a():\n    repo = make()\n    repo.find.assert_called_once()\n"
    )
    reason = bench.left(text, missing(bench), records=facts(lookup="method"))
    assert reason == "`find` is used in other places of the file too"


def test_a_name_without_a_successor_is_left_alone(bench: Any) -> None:
    """Of two names that may be meant neither is taken."""
    finding = bench.lie(
        "missing_attribute", ("$.find", "exists", "absent"), target="shop:Repo.find", path=("()", ".find")
    )
    text = "def test_a():\n    repo.find.return_value = 1  # lie\n"
    assert "nothing tells" in bench.left(text, finding, records=facts(put="method", take="method"))


def test_an_attribute_of_what_a_mock_gives(bench: Any) -> None:
    """The keyword is renamed and the mock is kept to the real names; a plain object only gets the name."""
    receipt = Object(cls="shop:Receipt", fields=(Field("amount", Scalar("float")), Field("number", Scalar("int"))))
    finding = bench.lie(
        "missing_attribute", ("$.total", "int", "absent"), target="shop:Receipt.total",
        shown=Shown(target="shop:Repo.get", outcome=Outcome(kind="returned", shape=receipt)),
    )  # fmt: skip
    assert bench.mend("get.return_value = Mock(number=1, total=2)  # lie", finding) == (
        'get.return_value = Mock(number=1, amount=2, spec=["amount", "number"])  # lie'
    )
    plain = "get.return_value = SimpleNamespace(number=1, total=2)  # lie"
    assert bench.mend(plain, finding) == plain.replace("total", "amount")


# -- signatures -------------------------------------------------------------------------------------------------------


def refused(bench: Any, *params: Parameter, **about: Any) -> Any:
    keywords = (("currency", Argument(shape=STR)),)
    return bench.lie(
        "signature", ("$", "(currency=str)", "..."),
        **{"path": (".get",), "arguments": Arguments(keywords=keywords),
           "shown": Shown(target="shop:Repo.get", signature=Signature(parameters=params)), **about},
    )  # fmt: skip


CODE = parameters("currency_code", kind="keyword", required=False)


def test_a_patch_is_made_strict(bench: Any) -> None:
    """A method gets its instance, and the keyword of the assertion its new name."""
    text = (
        "from unittest.mock import patch\n\n\n@patch.object(Repo, 'get')  # lie\n"
        "def test_a(get):\n    pay()\n    get.assert_called_once_with(1, currency='EUR')\n"
    )
    assert bench.mend(text, refused(bench, *CODE), records=facts(get="method")).splitlines() == [
        "from unittest.mock import ANY, patch",
        "@patch.object(Repo, 'get', autospec=True)  # lie",
        "    get.assert_called_once_with(ANY, 1, currency_code='EUR')",
    ]


def test_a_function_takes_no_instance(bench: Any) -> None:
    """The assertion of a patched function only gets the new keyword."""
    text = 'def test_a(mocker):\n    get = mocker.patch("shop.get")  # lie\n    get.assert_called_with(currency=1)\n'
    finding = refused(bench, *CODE, root="shop:get", path=(), target="shop:get")
    assert bench.mend(text, finding).splitlines() == [
        '    get = mocker.patch("shop.get", autospec=True)  # lie',
        "    get.assert_called_with(currency_code=1)",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@patch.object(Repo, 'get')  # lie\ndef test_a(get):\n    f(get.call_args)\n", "`get.call_args`"),
        ("@patch.object(Repo, 'get', new=f)  # lie\ndef test_a():\n    pass\n", "the patch says already"),
        ("repo = Mock(get=f)  # lie\n", "only a patch can be made strict"),
        ("@patch.object(Repo, 'get', side_effect=f)  # lie\ndef test_a(get):\n    pass\n", "gets the instance"),
        ("def setUp(self):\n    self.get = patch.object(Repo, 'get').start()  # lie\n", "gets the instance"),
        ("@patch('shop.Repo')  # lie\ndef test_a(repo):\n    pass\n", "a part of the patched thing"),
    ],
)
def test_what_cannot_be_made_strict(bench: Any, text: str, reason: str) -> None:
    """Where a strict mock would change more than the lie, the test is left alone."""
    assert reason in bench.left(text, refused(bench, *CODE), records=facts(get="method"))


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("setattr(api, 'get', lambda owner: [owner])  # lie", "lambda owner, region, code='EUR': [owner])  # lie"),
        ("setattr(api, 'get', lambda owner=1, *rest: [])  # lie", "lambda owner=1, region, *rest, code='EUR'"),
        (
            "def fake(owner):\n    return owner\n\nmonkeypatch.setattr(api, 'get', fake)  # lie",
            "def fake(owner, region, *, code='EUR'):",
        ),
    ],
)
def test_a_function_that_stands_for_another(bench: Any, text: str, mended: str) -> None:
    """It gets the parameters that it lacks; those that it has stay as they are written."""
    kind: ParameterKind = "keyword" if "*" in mended else "standard"
    params = (*parameters("owner", "region"), *parameters("code", kind=kind, required=False))
    finding = refused(bench, *params, double="replacement")
    if "owner=1" in text:
        assert bench.left(text, finding)
    else:
        assert bench.mend(text, finding).endswith(mended)


def test_a_method_of_a_fake(bench: Any) -> None:
    """`self` and the decorators stay."""
    text = "class Fake(Box):\n    def deliver(self, to):  # lie\n        self.sent = to\n"
    finding = refused(bench, *parameters("to", "priority"), double="fake")
    assert bench.mend(text, finding) == "    def deliver(self, to, priority):  # lie"


def test_a_parameter_that_a_fake_uses_stays(bench: Any) -> None:
    """What the real thing lacks cannot be taken from a fake that works with it."""
    text = "class Fake(Box):\n    def deliver(self, to):  # lie\n        self.sent = to\n"
    assert "uses `to`" in bench.left(text, refused(bench, *parameters("address"), double="fake"))


# -- exceptions -------------------------------------------------------------------------------------------------------


def raising(bench: Any, *fields: str, said: str = "FileNotFoundError", cls: str = "shop:Gone") -> Any:
    real = Object(cls=cls, bases=BASES, fields=tuple(Field(name, STR) for name in fields))
    outcome = Outcome(kind="raised", shape=Object(cls=f"builtins:{said}")) if said else bench.outcome(None)
    return bench.lie(
        "exception", ("$", "raises", "raises Gone"), outcome=outcome,
        shown=Shown(target="shop:Repo.get", outcome=Outcome(kind="raised", shape=real)),
    )  # fmt: skip


def test_an_exception_of_another_class(bench: Any) -> None:
    """The class is imported and takes over the arguments."""
    text = 'from shop import Repo\nget.side_effect = FileNotFoundError("a.png")  # lie\n'
    assert bench.mend(text, raising(bench)).splitlines() == [
        "from shop import Gone, Repo",
        'get.side_effect = Gone("a.png")  # lie',
    ]


def test_an_exception_that_asks_for_more(bench: Any) -> None:
    """What its constructor needs besides gets a placeholder of the type that was seen."""
    signature = Signature(parameters=parameters("key", "reason"))
    known = (TestRecord(nodeid="b", facts=(Fact(target="shop:Gone", kind="class", signature=signature),)),)
    text = "import shop\nget = Mock(side_effect=[1, FileNotFoundError('a')])  # lie\n"
    assert bench.mend(text, raising(bench, "key", "reason"), records=known) == (
        "get = Mock(side_effect=[1, shop.Gone('a', reason=\"\")])  # lie"
    )


def test_a_value_where_reality_raises(bench: Any) -> None:
    """`return_value` becomes `side_effect`."""
    text = "import shop\nget.return_value = None  # lie\n"
    assert bench.mend(text, raising(bench, said="")) == "get.side_effect = shop.Gone  # lie"


def test_an_exception_that_nobody_knows_how_to_make(bench: Any) -> None:
    """One of another package, with data of its own, is not written blindly."""
    text = "get.side_effect = FileNotFoundError  # lie\n"
    assert "not known how" in bench.left(text, raising(bench, "response", cls="cloud:ClientError"))


def test_a_class_inside_a_function_cannot_be_imported(bench: Any) -> None:
    """An exception that only a function knows is not written."""
    text = "get.side_effect = FileNotFoundError  # lie\n"
    assert "cannot be imported" in bench.left(text, raising(bench, cls="shop:make.<locals>.Gone"))


# -- kinds of doubles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind", "mended"),
    [
        ("get = Mock(return_value=2)  # lie", "awaited", "get = AsyncMock(return_value=2)  # lie"),
        ("repo.get.return_value = 2  # lie", "awaited", "repo.get = AsyncMock(return_value=2)  # lie"),
        ("get = mocker.AsyncMock(return_value=2)  # lie", "returned", "get = mocker.MagicMock(return_value=2)  # lie"),
    ],
)
def test_a_mock_is_awaited_as_the_real_thing_is(bench: Any, line: str, kind: Any, mended: str) -> None:
    """The mock gets the class that is awaited, or that is not; a name that is no longer used is no longer imported."""
    shown = Shown(target="shop:Repo.get", outcome=Outcome(kind=kind, shape=ANYTHING))
    finding = bench.lie("sync_async", ("$", "returns int", "a coroutine"), shown=shown)
    after = bench.after(f"from unittest.mock import Mock\n\n{line}\n", finding).splitlines()
    assert after[-1] == mended
    if "= AsyncMock" in mended and "Mock(" in line:
        assert after[0] == "from unittest.mock import AsyncMock"


def test_a_method_that_became_a_property(bench: Any) -> None:
    """Its value is set, not returned."""
    finding = bench.lie("protocol", ("$", "called", "a property of int"), shown=Shown(), outcome=bench.outcome(5))
    assert bench.mend("repo.get.return_value = 5  # lie", finding) == "repo.get = 5  # lie"


def test_a_property_that_became_a_method(bench: Any) -> None:
    """Its value is returned, not set."""
    finding = bench.lie("protocol", ("$", "a value: int", "a method"), shown=Shown(), action="read")
    assert bench.mend("repo.get = 5  # lie", finding) == "repo.get.return_value = 5  # lie"


def test_a_mock_that_supports_too_much(bench: Any) -> None:
    """What it gives is a plain mock, once, however many special methods the code used."""
    findings = [
        bench.lie(
            "protocol",
            (f"$.{name}", "supported", "absent"),
            path=("()", ".acquire", "()", f".{name}"),
            outcome=Outcome(kind="unconfigured"),
            shown=Shown(),
        )
        for name in ("__enter__", "__exit__")
    ]
    text = 'from unittest.mock import Mock\nlock = mocker.patch("job.Lock")  # lie\nrun()\n'
    assert bench.mend(text, *findings) == "lock.return_value.acquire.return_value = Mock()"


def test_a_double_that_is_made_elsewhere(bench: Any) -> None:
    """A place that is not known is left alone."""
    text = "x = 1\n# lie"
    assert bench.left(text, bench.value({"a": 1}, ("$.b", "int", "absent"))) == "no double is found on this line"
