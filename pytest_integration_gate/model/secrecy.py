"""Masking what must never be kept: credentials by the name they stand under and by their look (SPEC section 13)."""

from __future__ import annotations

import re
from functools import lru_cache

SECRET = "<secret>"  # noqa: S105  # what is shown in its place

_NAME = (
    r"authori[sz]ation|cookie|passw(?:or)?d|passphrase|token|secret|session|credential"
    r"|(?:api|access|private|app|auth|client|consumer|subscription|signing|encryption)[-_ ]?key"
    r"|(?<![a-z])auth(?![a-z_-])"
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
_SCHEMES = r"(?i:bearer|basic|token|digest)"
# After the other schemes only what does not read as a word: people write of basic things and of tokens.
_SCHEME = re.compile(rf"\b((?i:bearer)\s+|{_SCHEMES}\s+(?=\S*[\dA-Z=_]))(?!<secret>)[\w.~+/=:-]{{4,}}")
_URL = re.compile(r"(?<=://)([^\s/:@?#]*):([^\s/?#]*)@")
# Of a URL: whoever has its signature may use it, and a key that reads as no word is that of an API.
_QUERY = re.compile(
    r"""(?<=[?&])((?:[\w-]*[-_])?(?:sig|signature)=|key=(?=[^&\s'"]*\d)(?=[^&\s'"]{16}))(?!<secret>)[^&#\s'"]+""",
    re.IGNORECASE,
)
_ELEMENT = re.compile(rf"(<(?:[\w.-]+:)?[\w.-]*(?:{_NAME})[\w.-]*(?:\s[^<>]*)?>)(?!<)[^<]+", re.IGNORECASE)
_LITERAL = re.compile(
    rf"""((?:{_NAME})[\w-]*["']?\s*[=:,]\s*)([brfu]*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.IGNORECASE
)


def pairs(names: str) -> re.Pattern[str]:
    """Return what finds names of a pattern with their plain values in a text: ``ssn=1234``, ``'ssn': '1234'``.

    Its first group is all but the value.
    """
    return re.compile(
        rf"""((?:{names})[\w-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|(?:{_SCHEMES}\s+)?[^\s&;,"'}})\]]+)""", re.IGNORECASE
    )


_PAIR = pairs(_NAME)


@lru_cache(maxsize=2048)
def names_secret(name: str) -> bool:
    """Whether a key or parameter of this name holds a secret."""
    return _names_secret(name) is not None


def mask_parameter(name: str, value: str) -> str:
    """Replace the value of a parameter of a URL where only its place there tells that it is a secret."""
    return _QUERY.sub(rf"\1{SECRET}", f"?{name}={value}")[len(name) + 2 :]


def looks_secret(text: str) -> bool:
    """Whether a text is or holds a credential of a well-known form."""
    return _CREDENTIALS.search(text) is not None


def mask(text: str) -> str:
    """Replace every credential in a text by ``<secret>``; of a URL only the password."""
    text = _CREDENTIALS.sub(SECRET, text)
    text = _ELEMENT.sub(rf"\1{SECRET}", text)
    text = _PAIR.sub(rf"\1{SECRET}", text)
    text = _QUERY.sub(rf"\1{SECRET}", text)
    text = _SCHEME.sub(rf"\1{SECRET}", text)
    return _URL.sub(rf"\1:{SECRET}@", text)


def mask_source(line: str) -> str:
    """Replace the secrets that a line of source spells: literals under telling names, and well-known credentials."""
    return _LITERAL.sub(rf'\1\2"{SECRET}"', _CREDENTIALS.sub(SECRET, line))
