"""Content types, as headers and documents write them: in lower case, without parameters."""

from __future__ import annotations

_JSON = ("application/json", "text/json", "application/*", "*/*")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def is_json(content_type: str) -> bool:
    """Say whether a body of a content type, or of one in a range of them, is JSON."""
    return content_type in _JSON or content_type.endswith("+json")


def is_form(content_type: str) -> bool:
    """Say whether a body of a content type has named fields that are all text."""
    return content_type in _FORMS


def includes(declared: str, content_type: str) -> bool:
    """Say whether a declared content type, which may be a range (``image/*``), includes one."""
    return declared in ("*/*", content_type) or (declared.endswith("/*") and content_type.startswith(declared[:-1]))
