"""Masks in the record of a test what could not be recognised as a secret when it was seen (SPEC section 13).

Well-known credentials and values under telling names are masked at capture. Two kinds are known only later: a
positional argument, whose parameter's name is told by the signature of the real thing, and what ``gate_redact`` adds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pytest_integration_gate.model.claim import Claim
from pytest_integration_gate.model.exchange import Exchange
from pytest_integration_gate.model.fact import Fact, Signature
from pytest_integration_gate.model.interaction import Argument, Arguments, Outcome
from pytest_integration_gate.model.observation import Observation
from pytest_integration_gate.model.secrecy import SECRET, names_secret

_HIDDEN = repr(SECRET)
_QUOTES = ("'", '"')  # an empty text is neither


class Redaction:
    """Hides what stands under the names that the user calls secret, each a regular expression."""

    def __init__(self, patterns: Sequence[str]) -> None:
        names = "|".join(f"(?:{pattern})" for pattern in patterns)
        self._name = re.compile(names, re.IGNORECASE) if names else None
        self._places: dict[Signature, frozenset[int]] = {}
        # A key and its plain value inside the text of a dictionary or an object: `'ssn': '1234'`, `ssn=1234`.
        self._pair = re.compile(
            rf"""((?:['"])?[\w-]*(?:{names})[\w-]*(?:['"])?\s*[:=]\s*)('[^']*'|"[^"]*"|[^\s,}})\]&]+)""", re.IGNORECASE
        )
        self._literal = re.compile(rf"""([\w-]*(?:{names})[\w-]*["']?\s*[:=,]\s*)('[^']*'|"[^"]*")""", re.IGNORECASE)
        self._element = re.compile(rf"(<(?:[\w.-]+:)?[\w.-]*(?:{names})[\w.-]*(?:\s[^<>]*)?>)[^<]+", re.IGNORECASE)

    def claim(self, claim: Claim, facts: Sequence[Fact]) -> Claim:
        """Return the claim with its secrets hidden; `facts` are those on its path."""
        arguments, outcome = claim.arguments, claim.outcome
        if arguments is not None:
            target = "".join((claim.root, *claim.path[:-1]))
            arguments = self._arguments(_by_neighbour(self._by_position(arguments, claim, facts), target))
        if self._name is None and arguments is claim.arguments:
            return claim
        return replace(
            claim,
            arguments=arguments,
            outcome=outcome and self._outcome(outcome, claim.path),
            exchange=claim.exchange and self._exchange(claim.exchange),
        )

    def source(self, line: str) -> str:
        """Return a line of source with the literals hidden that it spells under such names."""
        return line if self._name is None else self._literal.sub(rf"\1{_HIDDEN}", line)

    def observation(self, observation: Observation) -> Observation:
        """Return the observation with its secrets hidden."""
        arguments = _by_neighbour(observation.arguments, observation.target)
        if self._name is None:
            return observation if arguments is observation.arguments else replace(observation, arguments=arguments)
        return replace(
            observation,
            arguments=self._arguments(arguments),
            outcome=self._outcome(observation.outcome, (observation.target,)),
            exchange=observation.exchange and self._exchange(observation.exchange),
        )

    def _arguments(self, arguments: Arguments) -> Arguments:
        if self._name is None:
            return arguments
        return replace(
            arguments,
            positional=tuple(self._argument("", argument) for argument in arguments.positional),
            keywords=tuple((name, self._argument(name, argument)) for name, argument in arguments.keywords),
        )

    def _exchange(self, exchange: Exchange) -> Exchange:
        if self._name is None:
            return exchange
        request, answer = exchange.request, exchange.answer
        query = tuple((name, self._argument(name, argument)) for name, argument in request.query)
        request = replace(request, query=query, body=request.body and self._argument("", request.body))
        if answer is not None:
            answer = replace(answer, body=answer.body and self._argument("", answer.body))
        return replace(exchange, request=request, answer=answer)

    def _argument(self, name: str, argument: Argument) -> Argument:
        if argument.text is None:
            return argument
        return replace(argument, text=_HIDDEN if self._is_secret(name) else self._hidden(argument.text))

    def _hidden(self, text: str) -> str:
        return self._element.sub(rf"\1{SECRET}", self._pair.sub(rf"\1{_HIDDEN}", text))

    def _outcome(self, outcome: Outcome, path: tuple[str, ...]) -> Outcome:
        if outcome.text is None or self._name is None:
            return outcome
        hidden = bool(path) and self._is_secret(path[-1].rpartition(".")[2])
        return replace(outcome, text=_HIDDEN if hidden else self._hidden(outcome.text))

    def _is_secret(self, name: str) -> bool:
        return bool(name) and self._name is not None and self._name.search(name) is not None

    def _by_position(self, arguments: Arguments, claim: Claim, facts: Sequence[Fact]) -> Arguments:
        """Hide positional arguments for parameters that are named like secrets."""
        name = claim.path[-1] if claim.path else claim.root
        for fact in facts if arguments.positional else ():
            if fact.signature is None or not fact.target.endswith(name):
                continue
            secret = self._secret_places(fact.signature)
            if secret:
                positional = tuple(
                    replace(argument, text=_HIDDEN)
                    if index - claim.takes_self in secret and argument.text is not None
                    else argument
                    for index, argument in enumerate(arguments.positional)
                )
                arguments = replace(arguments, positional=positional)
        return arguments

    def _secret_places(self, signature: Signature) -> frozenset[int]:
        """Return the positions of the parameters that are named like secrets; each signature is read once."""
        if signature not in self._places:
            self._places[signature] = frozenset(
                index
                for index, parameter in enumerate(signature.parameters)
                if parameter.kind in ("positional", "standard")
                and (names_secret(parameter.name) or self._is_secret(parameter.name))
            )
        return self._places[signature]


def _by_neighbour(arguments: Arguments, target: str) -> Arguments:
    """Hide the texts that are secrets by where they stand: behind a telling name (``add_header("X-Api-Key", "…")``),
    or anywhere in a call of a cookie jar."""
    texts = [one.text or "" for one in (*arguments.positional, *(each for _, each in arguments.keywords))]
    if "cookie" in target.lower():
        hidden = {*range(len(texts))}
    elif len(texts) > 1 and texts[0][:1] in _QUOTES and names_secret(texts[0]):
        hidden = {1}
    else:
        return arguments
    hidden = {place for place in hidden if texts[place].removeprefix("b")[:1] in _QUOTES}
    if not hidden:
        return arguments
    size = len(arguments.positional)
    keywords = [
        (name, _unsaid(one) if size + place in hidden else one) for place, (name, one) in enumerate(arguments.keywords)
    ]
    return replace(
        arguments,
        positional=tuple(_unsaid(one) if place in hidden else one for place, one in enumerate(arguments.positional)),
        keywords=tuple(keywords),
    )


def _unsaid(argument: Argument) -> Argument:
    return replace(argument, text=_HIDDEN)
