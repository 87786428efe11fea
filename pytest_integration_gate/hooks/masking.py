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


class Redaction:
    """Hides what stands under the names that the user calls secret, each a regular expression."""

    def __init__(self, patterns: Sequence[str]) -> None:
        names = "|".join(f"(?:{pattern})" for pattern in patterns)
        self._name = re.compile(names, re.IGNORECASE) if names else None
        self._places: dict[Signature, frozenset[int]] = {}
        # A key and its plain value inside the text of a dictionary or an object: `'ssn': '1234'`, `ssn=1234`.
        self._pair = re.compile(
            rf"""((?:['"])?[\w-]*(?:{names})[\w-]*(?:['"])?\s*[:=]\s*)('[^']*'|"[^"]*"|[^\s,}})\]]+)""", re.IGNORECASE
        )

    def claim(self, claim: Claim, facts: Sequence[Fact]) -> Claim:
        """Return the claim with its secrets hidden; `facts` are those on its path."""
        arguments, outcome = claim.arguments, claim.outcome
        if arguments is not None:
            arguments = self._arguments(self._by_position(arguments, claim, facts))
        if self._name is None and arguments is claim.arguments:
            return claim
        return replace(
            claim,
            arguments=arguments,
            outcome=outcome and self._outcome(outcome, claim.path),
            exchange=claim.exchange and self._exchange(claim.exchange),
        )

    def observation(self, observation: Observation) -> Observation:
        """Return the observation with its secrets hidden."""
        if self._name is None:
            return observation
        return replace(
            observation,
            arguments=self._arguments(observation.arguments),
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
        return replace(
            argument, text=_HIDDEN if self._is_secret(name) else self._pair.sub(rf"\1{_HIDDEN}", argument.text)
        )

    def _outcome(self, outcome: Outcome, path: tuple[str, ...]) -> Outcome:
        if outcome.text is None or self._name is None:
            return outcome
        hidden = bool(path) and self._is_secret(path[-1].rpartition(".")[2])
        return replace(outcome, text=_HIDDEN if hidden else self._pair.sub(rf"\1{_HIDDEN}", outcome.text))

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
