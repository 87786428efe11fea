"""The normalised, masked text of small plain data: equal data have equal texts, whenever they were seen."""

from __future__ import annotations

import ast
import datetime
import decimal
import enum
import fractions
import os
import pathlib
import re
import uuid
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from types import SimpleNamespace
from typing import Any

from pytest_integration_gate.model.classes import descends, is_double, mro_of, namespace_of, profile_of
from pytest_integration_gate.model.secrecy import SECRET, mask, names_secret

_type_of = type  # tests patch builtins
_id_of = id

TEXT = 400
"""Longest text that is kept; a longer one becomes its length and hash."""
READ = 65_536
"""Texts and bytes beyond this size are not small plain data."""
NORMALISED = 2048
"""A text beyond this size is hashed as it is: what differs from run to run stays in it."""
NODES = 200
"""Data of more parts than this is not small either."""
DEPTH = 8
_SHORT = 100  # texts that come again and again are short; only those are remembered

_ROOTS = {
    *("/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp"),  # noqa: S108  # recognised, not written to
    *(os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")),
}
_TEMPORARY = re.compile(
    r"(?<![\w/.])"
    + r"(?:"
    + "|".join(re.escape(root.rstrip("/\\")) for root in sorted(_ROOTS, key=len, reverse=True) if len(root) > 3)
    + r"|(?:/private)?/var/folders/\w+/\w+/T)"
    + r"(?:[\\/]pytest-of-[^\\/\s]+[\\/]pytest-(?:\d+|current)(?:[\\/]popen-gw\d+)?(?:[\\/][^\\/\s'\"]+)?"
    + r"|[\\/]tmp[a-z0-9_]{8}(?![a-z0-9_]))?"
    + r"(?![\w.-])"
)
_UUID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-fA-F])")
_TIMESTAMP = re.compile(
    r"(?<!\d)\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?(?![\d:])"
)
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,16}\b")
# Nearly all texts have nothing to normalise; one look tells, because whatever is normalised holds one of these.
_suspicious = re.compile(r"[-_/\\=:]|0x|AKIA|ASIA|AIza|eyJ|[Bb]earer|[Bb]asic|BASIC|BEARER|[Dd]igest|[Tt]oken").search


class _NotPlain(Exception):
    """The value is not small plain data."""


class _Walk:
    """The parts that may still be read."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = NODES


def literal(value: object, name: str = "") -> str | None:
    """The text of a value, None when it is not small plain data. `name` is that of the parameter it is given to."""
    try:
        text = _write(value, _Walk(), DEPTH, bool(name) and names_secret(name))
    except Exception:  # hostile, changing under our hands, or not plain: no text
        return None
    return text if len(text) <= TEXT else f"<{len(text)} characters {_digest(text)}>"


@lru_cache(maxsize=2048)
def _written_again(text: str) -> str:
    return f"{normal(text)!r}"


def normal(text: str) -> str:
    """A text without what differs from run to run and without secrets."""
    if _suspicious(text) is None:
        return text
    text = mask(text)
    text = _UUID.sub("<uuid>", text)
    text = _TIMESTAMP.sub("<datetime>", text)
    text = _ADDRESS.sub("at <address>", text)
    return _TEMPORARY.sub("<tmp>", text)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _write(value: Any, walk: _Walk, depth: int, secret: bool) -> str:
    walk.left -= 1
    if walk.left < 0 or depth < 0:
        raise _NotPlain
    cls = _type_of(value)
    scalar = SCALARS.get(_id_of(cls))
    if scalar is not None:
        return SECRET if secret and (cls is str or cls is bytes or cls is bytearray) else scalar(value)
    if cls is dict:
        return _write_dict(value, walk, depth, secret)
    if cls is list or cls is tuple:
        texts = _write_elements(value, walk, depth, secret)
        inner = ", ".join(texts)
        return f"[{inner}]" if cls is list else f"({inner}{',' if len(texts) == 1 else ''})"
    if cls is set or cls is frozenset:
        if len(value) > walk.left:
            raise _NotPlain
        inner = ", ".join(sorted(_write(each, walk, depth - 1, secret) for each in list(value)))
        return f"{cls.__name__}({{{inner}}})" if inner else f"{cls.__name__}()"
    return _write_object(value, cls, walk, depth, secret)


def _write_dict(value: dict[Any, Any], walk: _Walk, depth: int, secret: bool) -> str:
    if len(value) > walk.left:
        raise _NotPlain
    texts = []
    all_named = True
    for key, item in list(dict.items(value)):
        if _type_of(key) is str:
            walk.left -= 1
            texts.append(f"{_text(key)}: {_write(item, walk, depth - 1, secret or names_secret(key))}")
        else:
            all_named = False
            texts.append(f"{_write(key, walk, depth - 1, False)}: {_write(item, walk, depth - 1, secret)}")
    if all_named:
        texts.sort()
    return f"{{{', '.join(texts)}}}"


def _write_elements(value: list[Any] | tuple[Any, ...], walk: _Walk, depth: int, secret: bool) -> list[str]:
    """Elements in order; what follows ``--password`` or is paired with ``"Authorization"`` is a secret."""
    if len(value) > walk.left:
        raise _NotPlain
    texts = []
    paired = len(value) == 2
    before: object = None
    for each in list(value):
        hidden = secret
        if _type_of(before) is str and (paired or before.startswith("-")):
            hidden = hidden or names_secret(before)
        texts.append(_write(each, walk, depth - 1, hidden))
        before = each
    return texts


def _write_object(value: Any, cls: type, walk: _Walk, depth: int, secret: bool) -> str:
    if is_double(value):
        raise _NotPlain
    for base in (pathlib.PurePath, datetime.datetime, uuid.UUID):
        if descends(cls, base):
            return SCALARS[_id_of(base)](value)
    profile = profile_of(cls)
    short = profile.name.rpartition(":")[2].rpartition(".")[2]
    if descends(cls, enum.Enum):
        member = object.__getattribute__(value, "__dict__")["_name_"]
        if _type_of(member) is not str:
            raise _NotPlain
        return f"{short}.{member}"
    if cls is SimpleNamespace:
        return _write_fields(short, object.__getattribute__(value, "__dict__").items(), walk, depth, secret)
    if profile.record_fields is not None and len(profile.record_fields) == tuple.__len__(value):
        return _write_fields(short, zip(profile.record_fields, tuple.__iter__(value), strict=True), walk, depth, secret)
    if profile.data_fields is not None:
        stored = [(name, _stored(value, mro_of(cls), name)) for name in profile.data_fields]
        return _write_fields(short, stored, walk, depth, secret)
    raise _NotPlain


def _stored(value: object, ancestors: Iterable[type], name: str) -> object:
    """The value of a field as it is stored, without asking any property."""
    try:
        stored = object.__getattribute__(value, "__dict__")
    except AttributeError:
        stored = {}
    if name in stored:
        return stored[name]
    for base in ancestors:
        slot = namespace_of(base).get(name)
        if _type_of(slot) is _MEMBER:
            return slot.__get__(value)
    raise _NotPlain


class _Slotted:
    __slots__ = ("slot",)


_MEMBER = _type_of(_Slotted.__dict__["slot"])


def _write_fields(name: str, fields: Iterable[tuple[Any, Any]], walk: _Walk, depth: int, secret: bool) -> str:
    texts = []
    for key, item in islice(fields, NODES + 1):
        if _type_of(key) is not str:
            raise _NotPlain
        texts.append(f"{key}={_write(item, walk, depth - 1, secret or names_secret(key))}")
    return f"{name}({', '.join(texts)})"


def _text(value: str) -> str:
    if len(value) <= _SHORT:
        return _written_again(value)
    if len(value) > READ:
        raise _NotPlain
    return f"{normal(value)!r}" if len(value) <= NORMALISED else f"<{len(value)} characters {_digest(value)}>"


def _bytes(value: bytes | bytearray) -> str:
    if len(value) > READ:
        raise _NotPlain
    return ("b" if _type_of(value) is bytes else "bytearray b") + _text(bytes(value).decode("latin-1"))


def _int(value: int) -> str:
    bits = int.bit_length(value)
    # Printing a huge number is slow, and refused beyond some thousand digits; its hash is the same in every run.
    return int.__repr__(value) if bits <= 1024 else f"<int of {bits} bits {hash(value):x}>"


SCALARS: dict[int, Callable[[Any], str]] = {
    _id_of(_type_of(None)): repr,
    _id_of(bool): repr,
    _id_of(int): _int,
    _id_of(float): float.__repr__,
    _id_of(complex): complex.__repr__,
    _id_of(str): _text,
    _id_of(bytes): _bytes,
    _id_of(bytearray): _bytes,
    _id_of(decimal.Decimal): repr,
    _id_of(fractions.Fraction): repr,
    _id_of(datetime.datetime): lambda _: "<datetime>",
    _id_of(datetime.date): repr,
    _id_of(datetime.time): repr,
    _id_of(datetime.timedelta): repr,
    _id_of(uuid.UUID): lambda _: "<uuid>",
    _id_of(pathlib.PurePath): lambda path: _text(pathlib.PurePath.__str__(path)),
    _id_of(range): repr,
    _id_of(_type_of(...)): repr,
}
"""How each scalar class is written, by the id of the class (hashing a class may run code of its metaclass)."""


class NotLiteral(Exception):
    """A text does not say which value it was written for; the message ends a sentence that begins with the value."""


_REPLACED = re.compile(r"<(?:uuid|datetime|address|tmp|\d+ characters |int of )")


def value_of(text: str | None) -> Any:
    """Return the value that `literal` wrote, without anything that differs from run to run; raise NotLiteral."""
    if text is None:
        raise NotLiteral("is no plain data")
    if SECRET in text:
        raise NotLiteral("holds a secret, which is not kept")
    if text.startswith("<") and "characters" in text:
        raise NotLiteral("was too large to be kept")
    if _REPLACED.search(text):
        raise NotLiteral("differs from run to run, and is not kept")
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise NotLiteral("is no plain data") from None
