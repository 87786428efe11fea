"""Steps that deliver a webhook: exactly the bytes that are signed are the bytes that are sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.suites.http import compare, send
from pytest_integration_gate.suites.seen import Seen

if TYPE_CHECKING:
    from pytest_integration_gate.suites.world import World

__all__ = ["compare", "run"]


def run(data: Mapping[str, Any], world: World) -> Seen:
    """Deliver the payload of a step, signed when it says how."""
    payload = data["payload"]
    body = payload.encode() if isinstance(payload, str) else json.dumps(payload, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json"}
    sign = data.get("sign")
    if sign is not None:
        world.secrets.learn({"secret": sign["secret"]})
        headers[sign["header"]] = sign.get("prefix", "") + signature(
            body, sign["secret"], sign.get("algorithm", "sha256")
        )
    return send({**data, "headers": {**headers, **data.get("headers", {})}}, world, method="POST", data=body)


def signature(body: bytes, secret: str, algorithm: str) -> str:
    """Return the HMAC of a body in hexadecimal (RFC 2104)."""
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
