"""Stubs that change from request to request: a device that is idle, then preheating, then cooking (SPEC section 10).

Built on the callbacks of ``responses``. While a request is answered the progression is in one state; what was asked in
which state is written down.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import responses

Answer = Any
"""A body (dict or list, sent as JSON; text as it is), a status, or a pair of both."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the progression answered, and in which state; `body` is parsed when it is JSON."""

    state: str
    method: str
    url: str
    body: Any


class Progression:
    """A stubbed service that goes through states in order and stays in the last one. `asked` are the requests so far.

    `states` are the names in order; `mock` is the ``responses`` mock that holds the stubs.
    """

    def __init__(self, states: Sequence[str], mock: responses.RequestsMock) -> None:
        if not states or len(set(states)) < len(states):
            raise ValueError(f"a progression needs states, each once, and got {[*states]}")
        self._states = [*states]
        self._mock = mock
        self._index = 0
        self.asked: list[Asked] = []

    @property
    def state(self) -> str:
        """The state that the next request meets."""
        return self._states[self._index]

    @property
    def is_done(self) -> bool:
        """Whether the last state is reached."""
        return self._index == len(self._states) - 1

    def advance(self) -> str:
        """Go to the next state, if there is one, and return the state that is reached."""
        self._index = min(self._index + 1, len(self._states) - 1)
        return self.state

    def on(self, method: str, url: str, answers: Mapping[str, Answer], *, advances: bool = False) -> Progression:
        """Answer requests of a route by the state; one that is not named is refused with 409. Returns itself.

        With `advances` each request that is answered well moves on to the next state. Raises ValueError for an answer
        to a state that there is not.
        """
        unknown = [state for state in answers if state not in self._states]
        if unknown:
            raise ValueError(f"{method} {url} answers in {unknown}, and the states are {self._states}")

        def answer(request: Any) -> tuple[int, dict[str, str], str]:
            state = self.state
            self.asked.append(Asked(state, request.method, request.url, _parsed(request.body)))
            if state not in answers:
                return _written((409, {"error": f"not while {state}"}))
            if advances:
                self.advance()
            return _written(answers[state])

        self._mock.add_callback(method, url, callback=answer, content_type=None)
        return self

    def asked_in(self, state: str) -> list[str]:
        """Return what was asked in one state, as ``POST https://oven.example/start``."""
        return [f"{one.method} {one.url}" for one in self.asked if one.state == state]


class Progressions:
    """Makes progressions for one test, in the stubs that the test has activated or else in stubs of their own."""

    def __init__(self) -> None:
        self._own: responses.RequestsMock | None = None

    def __call__(
        self, method: str, url: str, states: Mapping[str, Answer] | Iterable[str], *, hold: bool = False
    ) -> Progression:
        """Stub a route that tells the state, and go on with each request to it.

        `states` maps each state to its answer; names alone answer ``{"state": name}``. With `hold` requests do not move
        on, only `Progression.advance` does.
        """
        names = [*states]
        answers = states if isinstance(states, Mapping) else {name: {"state": name} for name in names}
        return Progression(names, self._mock()).on(method, url, answers, advances=not hold)

    def close(self) -> None:
        """Take the own stubs away."""
        if self._own is not None:
            self._own.stop(allow_assert=False)
            self._own = None

    def _mock(self) -> responses.RequestsMock:
        active: responses.RequestsMock = responses.mock
        if self._own is None and active._patcher is None:  # nobody has activated the stubs of the module
            self._own = responses.RequestsMock(assert_all_requests_are_fired=False)
            self._own.start()
        return self._own or active


def _parsed(body: Any) -> Any:
    if isinstance(body, str | bytes):
        try:
            return json.loads(body)
        except ValueError:
            return body
    return body


def _written(answer: Answer) -> tuple[int, dict[str, str], str]:
    match answer:
        case (int() as status, body):
            pass
        case int() as status:
            body = ""
        case body:
            status = 200
    if isinstance(body, str):
        return status, {"Content-Type": "text/plain"}, body
    return status, {"Content-Type": "application/json"}, json.dumps(body)
