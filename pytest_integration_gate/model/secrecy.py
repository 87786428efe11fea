"""Masking what must never be kept: credentials by the name they stand under and by their look (SPEC section 13)."""

from __future__ import annotations

import re

SECRET = "<secret>"

_NAME = (
    r"authori[sz]ation|cookie|passw(?:or)?d|passphrase|token|secret|session|credential|(?:api|access|private)[-_ ]?key"
)

_names_secret = re.compile(_NAME, re.IGNORECASE).search

_CREDENTIALS = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*(?:PRIVATE\ KEY|CERTIFICATE)[^-]*-----.*?(?:-----END\ [A-Z ]+-----|\Z)
    | \b(?:[sr]k|pk)_(?:live|test)_\w+
    | \b(?:gh[pousr]|glpat|github_pat|xox[abprs]|npm|pypi)[_-][\w-]{8,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{12,}
    | \bAIza[\w-]{30,}
    | \beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?
    """,
    re.VERBOSE | re.DOTALL,
)
_SCHEME = re.compile(r"\b(Bearer|Basic|Token|Digest)(\s+)(?!<secret>)[\w.~+/=:-]{4,}", re.IGNORECASE)
_URL = re.compile(r"(?<=://)([^\s/:@?#]*):([^\s/?#]*)@")
_PAIR = re.compile(
    rf"""((?:{_NAME})[\w-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;,"'}})\]]+)""",
    re.IGNORECASE,
)


def names_secret(name: str) -> bool:
    """Whether a key or parameter of this name holds a secret."""
    return _names_secret(name) is not None


def looks_secret(text: str) -> bool:
    """Whether a text is or holds a credential of a well-known form."""
    return _CREDENTIALS.search(text) is not None


def mask(text: str) -> str:
    """Replace every credential in a text by ``<secret>``; of a URL only the password."""
    text = _CREDENTIALS.sub(SECRET, text)
    text = _PAIR.sub(rf"\1{SECRET}", text)
    text = _SCHEME.sub(rf"\1\2{SECRET}", text)
    return _URL.sub(rf"\1:{SECRET}@", text)
