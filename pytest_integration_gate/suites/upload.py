"""Steps that upload a file as a form (multipart/form-data, RFC 7578)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pytest_integration_gate.suites.http import compare, scalar, send
from pytest_integration_gate.suites.seen import Seen, StepFailed

if TYPE_CHECKING:
    from pytest_integration_gate.suites.world import World

__all__ = ["compare", "run"]


def run(data: Mapping[str, Any], world: World) -> Seen:
    """Upload the file of a step with the fields beside it."""
    file = data["file"]
    if "path" in file:
        try:
            content = (world.root / file["path"]).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StepFailed(f"The file `{file['path']}` cannot be read: {reason}.", is_final=True) from None
    else:
        content = file["content"].encode()
    name = file.get("filename") or (PurePath(file["path"]).name if "path" in file else "upload.txt")
    part = (name, content, file["content_type"]) if "content_type" in file else (name, content)
    fields = {key: scalar(value) for key, value in {**data.get("data", {}), **data.get("form", {})}.items()}
    return send(data, world, method="POST", data=fields, files={file.get("field", "file"): part})
