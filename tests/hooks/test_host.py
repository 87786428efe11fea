"""The gate never hurts its host: what tests can see of it, with the gate on and off."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

SHOP = """
import threading


class Repo:
    def get(self, key):
        return {"id": key}

    def deep(self, depth):
        return 0 if depth == 0 else 1 + self.deep(depth - 1)

    def endless(self):
        return self.endless()

    def fail(self):
        raise KeyError("gone")


def use(repo, value=None):
    return repo.get(value)


def in_threads(repo, count):
    threads = [threading.Thread(target=lambda: [repo.get(n) for n in range(500)]) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""

# Each test says something that must hold in the same way with the gate on.
TESTS = """
import copy, gc, inspect, os, pickle, sys, threading, traceback, warnings, weakref
from unittest.mock import AsyncMock, MagicMock, Mock, call, create_autospec, patch
import pytest
import shop


def test_frames_of_a_side_effect():
    depths = []
    mock = Mock(side_effect=lambda key: depths.append(len(inspect.stack(0))))
    plain = lambda key: depths.append(len(inspect.stack(0)))
    shop.use(Mock(get=mock))
    assert depths[0] - len(inspect.stack(0)) == 5  # use, __call__, _mock_call, _execute_mock_call, the lambda


def test_traceback_of_a_side_effect():
    with pytest.raises(KeyError) as caught:
        shop.use(Mock(get=Mock(side_effect=KeyError("x"))))
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names == ["test_traceback_of_a_side_effect", "use", "__call__", "_mock_call", "_execute_mock_call"]


def test_exc_info_in_a_side_effect():
    seen = []
    shop.use(Mock(get=Mock(side_effect=lambda key: seen.append(sys.exc_info()))))
    assert seen == [(None, None, None)]


def test_stacklevel_of_a_warning():
    def warn(key):
        warnings.warn("careful", stacklevel=5)
    with pytest.warns(UserWarning) as caught:
        shop.use(Mock(get=Mock(side_effect=warn)))
    assert caught[0].filename.endswith("shop.py")


def test_identity_of_everything():
    value, error = object(), KeyError("x")
    assert shop.use(Mock(get=Mock(return_value=value))) is value
    with pytest.raises(KeyError) as caught:
        shop.use(Mock(get=Mock(side_effect=error)))
    assert caught.value is error


def test_call_args_and_assertions():
    repo = create_autospec(shop.Repo, instance=True)
    shop.use(repo, 5)
    repo.get.assert_called_once_with(5)
    assert repo.mock_calls == [call.get(5)]
    assert repo.get.call_args == call(5)
    with pytest.raises(AssertionError):
        repo.get.assert_called_once_with(6)
    with pytest.raises(AttributeError):
        repo.gone
    with pytest.raises(TypeError):
        repo.get()


def test_a_value_given_to_a_dead_mock_dies():
    class Value:
        pass
    value, repo = Value(), Mock()
    reference = weakref.ref(value)
    shop.use(repo, value)
    del value, repo
    gc.collect()
    assert reference() is None


def test_copies():
    mock = Mock(name="x", value=[1])
    shop.use(mock)
    assert copy.deepcopy(mock).value == [1]
    assert copy.copy(mock).value is mock.value


def test_threads():
    repo = Mock()
    shop.in_threads(repo, 1)
    assert repo.get.call_count == 500


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork():
    pid = os.fork()
    if pid == 0:
        shop.use(Mock())
        shop.Repo().get(1)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_deep_recursion():
    depth = 900 - len(inspect.stack(0))  # of the usual limit of 1000
    assert shop.Repo().deep(depth) == depth
    assert Mock(side_effect=lambda: shop.Repo().deep(depth - 20))() == depth - 20


def test_endless_recursion():
    with pytest.raises(RecursionError):
        shop.Repo().endless()


@pytest.mark.parametrize("value", [[0] * 10**6, b"x" * 10**7, "x" * 10**7, {n: n for n in range(10**5)},
set(range(10**5))],
                         ids=["list", "bytes", "str", "dict", "set"])
def test_huge_values(value):
    assert shop.use(Mock(**{"get.return_value": value}), value) is value


class Hostile:
    def __getattribute__(self, name):
        raise RuntimeError(name)
    __eq__ = __hash__ = __repr__ = __len__ = __iter__ = __bool__ = __call__ = lambda *_: 1 / 0
    __class__ = property(lambda self: 1 / 0)


def test_hostile_values():
    value = Hostile()
    assert shop.use(Mock(**{"get.side_effect": lambda _: value}), value) is value
    cycle = []
    cycle.append(cycle)
    assert shop.use(Mock(**{"get.return_value": cycle}), {"x": cycle}) is cycle


def test_subclasses_of_mock():
    class Special(MagicMock):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.made = True
        def __call__(self, *args, **kwargs):
            return super().__call__(*args, **kwargs)
        def _get_child_mock(self, **kwargs):
            return MagicMock(**kwargs)
    mock = Special(return_value=3)
    assert mock(1) == 3 and mock.made is True
    assert type(mock.child) is not Special and isinstance(mock, Special)


def test_dir_and_vars_show_nothing_new():
    assert [name for name in dir(Mock()) if "gate" in name] == []


def test_real_things_look_real():
    method = shop.Repo.get
    assert method.__code__.co_name == "get" and method.__code__.co_argcount == 2
    assert inspect.signature(method) == inspect.Signature.from_callable(lambda self, key: None)
    assert shop.Repo().get.__func__ is method
    with pytest.raises(KeyError, match="gone"):
        shop.Repo().fail()
    with pytest.raises(TypeError, match=r"get\\(\\) missing 1 required positional argument: 'key'"):
        shop.Repo().get()
"""


@pytest.mark.parametrize("mark", ["", "pytestmark = pytest.mark.boundary('x')"], ids=["unit", "boundary"])
def test_tests_see_nothing_of_the_gate(project: Any, mark: str) -> None:
    """Frames, tracebacks, warnings, identity, lifetime, threads, fork, recursion and hostile values: all as without
    it."""
    project.write("shop.py", SHOP)
    project.write("tests/integration/test_repo.py", "def test_nothing():\n    pass\n")
    text = TESTS.replace("import shop\n", f"import shop\n{mark}\n", 1)
    if mark:  # an observed function has one more frame, which pytest hides
        text = text.replace(
            '["test_traceback_of_a_side_effect", "use", ', '["test_traceback_of_a_side_effect", *names[1:-3], '
        )
        text = text.replace("== 5  # use", "in (5, 6, 7)  # use")
    project.write("tests/unit/test_greet.py", text)
    without = project.run("-W", "error", gate=False)
    assert "failed" not in without.parseoutcomes(), without.outlines
    result = project.run("-W", "error")
    assert result.parseoutcomes() == without.parseoutcomes()
    assert project.report["warnings"] == []


def test_an_observer_that_fails_is_one_warning(project: Any) -> None:
    """When the gate's own code breaks, tests pass as before and the report says it once, with the target."""
    project.write(
        "conftest.py",
        textwrap.dedent(
            """
            import pytest
            import pytest_integration_gate.doubles.listener as listener

            @pytest.fixture(autouse=True, scope="session")
            def broken():
                def fail(*args, **kwargs):
                    raise ZeroDivisionError("broken on purpose")
                listener.Listener._locate = fail
            """
        ),
    )
    result = project.run()
    result.assert_outcomes(passed=2)
    (warning,) = project.report["warnings"]
    assert "broken on purpose" in warning


def test_a_gate_that_cannot_judge_does_not_pass(project: Any) -> None:
    """A failure inside the judging is told, crashes nothing, and is not green."""
    project.write(
        "conftest.py",
        "import pytest_integration_gate.controller.gatekeeper as gatekeeper\n"
        "def fail(*args, **kwargs):\n    raise ZeroDivisionError('broken on purpose')\n"
        "gatekeeper.Gatekeeper._findings = fail\n",
    )
    result = project.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*This run could not be judged: ZeroDivisionError: broken on purpose*"])
    assert "INTERNALERROR" not in result.stdout.str()
