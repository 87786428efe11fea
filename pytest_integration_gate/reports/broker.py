"""Publishes contracts to a Pact Broker, with the token that stands in ``PACT_BROKER_TOKEN``.

The broker takes all contracts of a version in one request (``POST /contracts/publish``, since its version 2.86).
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_integration_gate.model.secrecy import mask
from pytest_integration_gate.reports.publication import NoAnswer, PublishError, post
from pytest_integration_gate.values import dataclass

if TYPE_CHECKING:
    import requests

TOKEN = "PACT_BROKER_TOKEN"  # noqa: S105  # the name of the variable
_LONGEST = 300
"""Characters that are shown of what a broker says against a contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A Pact with a provider; `content` is that of its file."""

    provider: str
    content: str


def publish_contracts(
    broker: str,
    contracts: Sequence[Contract],
    *,
    consumer: str,
    version: str,
    branch: str = "",
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Publish the contracts of one version of a consumer; raise `PublishError` when the broker does not take them.

    `broker` is its base URL. Without a token the request has no ``Authorization``, which open brokers accept.
    """
    token = environ.get(TOKEN, "")
    shown = mask(broker)
    body = {
        "pacticipantName": consumer,
        "pacticipantVersionNumber": version,
        **({"branch": branch} if branch else {}),
        "contracts": [
            {
                "consumerName": consumer,
                "providerName": one.provider,
                "specification": "pact",
                "contentType": "application/json",
                "content": b64encode(one.content.encode()).decode(),
            }
            for one in contracts
        ],
    }
    headers = {"Accept": "application/hal+json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        answer = post(f"{broker.rstrip('/')}/contracts/publish", headers, body)
    except NoAnswer as error:
        raise PublishError(f"{shown}: the broker is unavailable ({error}).") from None
    _check(answer, shown, consumer, version)


def _check(answer: requests.Response, broker: str, consumer: str, version: str) -> None:
    match answer.status_code:
        case 401:
            raise PublishError(f"{broker}: authentication failed.", remedy=f"Set {TOKEN} to a token of this broker.")
        case 403:
            message = f"{broker}: the token may not publish for {consumer}."
            raise PublishError(message, remedy=f"Set {TOKEN} to one that may.")
        case 404:
            raise PublishError(f"{broker}: there is no Pact Broker of version 2.86 or later at this address.")
        case 409:
            message = f"{broker}: another contract was published for version {version} of {consumer}."
            raise PublishError(message, remedy="Commit the change, and publish it under the new commit.")
        case status if 300 <= status < 400:
            where = _origin(answer.headers.get("Location", ""))
            raise PublishError(f"{broker} sends elsewhere{where}.", remedy="Name that address, if you trust it.")
        case status if status >= 500:
            raise PublishError(f"{broker}: the broker is unavailable ({status}).")
        case status if status >= 400:
            said = mask(" ".join(answer.text[: 2 * _LONGEST].split()))[:_LONGEST]
            raise PublishError(f"{broker}: the broker refuses the contracts ({status}): {said}")
    if "json" not in answer.headers.get("Content-Type", ""):
        raise PublishError(f"{broker}: what answers there is no Pact Broker.")


def _origin(location: str) -> str:
    parts = urlsplit(location)
    return f", to {parts.scheme}://{parts.hostname}" if parts.hostname else ""
