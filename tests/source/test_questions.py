"""Whether code asks what it was given."""

from __future__ import annotations

from typing import Any, cast

from pytest_integration_gate.source.questions import asks_about, told_classes


class Holder:
    def __init__(self, held: Any) -> None:
        self.held = held

    def asks(self) -> bool:
        return hasattr(self.held, "close")

    def works(self, other: Any) -> Any:
        return self.held.get(isinstance(other, int))


def by_class(first: Any, second: Any) -> Any:
    return first if isinstance(second, int) else None


def by_cast(first: Any) -> int:
    return cast(int, first)


def by_cast_in_a_branch(first: Any) -> Any:
    if first:
        return cast(int, first)
    return first


def by_annotation(first: Any) -> Any:
    with open("x"):
        number: int = first
    return number


def by_pattern(first: Any) -> Any:
    match first:
        case int():
            return 1


def test_a_question_is_about_the_name_that_it_mentions() -> None:
    """`isinstance` and its like, `match` and a cast in a branch ask about what they are handed, about nothing else."""
    assert asks_about(by_class.__code__, "second")
    assert not asks_about(by_class.__code__, "first")
    assert asks_about(by_cast_in_a_branch.__code__, "first")
    assert not asks_about(by_cast.__code__, "first")
    assert asks_about(by_pattern.__code__, "first")
    assert asks_about(Holder.asks.__code__, "held")
    assert not asks_about(Holder.works.__code__, "held")


def test_code_tells_what_it_was_given() -> None:
    """A cast or an annotated name that every call reaches says what a parameter is; one in a branch does not."""
    assert told_classes(by_cast.__code__, "first") == ("int",)
    assert told_classes(by_annotation.__code__, "first") == ("int",)
    assert told_classes(by_cast_in_a_branch.__code__, "first") == ()
    assert told_classes(by_class.__code__, "second") == ()


def test_unreadable_code_may_ask_anything() -> None:
    """Where there is no source, nobody can tell."""
    names: dict[str, Any] = {}
    exec("def hidden(x): return x", names)
    assert asks_about(names["hidden"].__code__, "x")
