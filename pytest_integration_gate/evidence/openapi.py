"""Reads OpenAPI 3.0 and 3.1 documents, each once: what is understood is kept beside the stored evidence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from os.path import join
from typing import Any

from pytest_integration_gate.errors import OpenapiError
from pytest_integration_gate.evidence.documents import DocumentError
from pytest_integration_gate.evidence.openapi_faults import METHODS, faults_of
from pytest_integration_gate.evidence.references import Library, Part
from pytest_integration_gate.evidence.store import prepare
from pytest_integration_gate.files import write_text
from pytest_integration_gate.isolation import open_file
from pytest_integration_gate.model.api import (
    Api,
    Content,
    DeclaredAnswer,
    Operation,
    Parameter,
    Route,
    Server,
)
from pytest_integration_gate.model.joining import options_of
from pytest_integration_gate.model.schema import shape_of_schema
from pytest_integration_gate.model.shape import Scalar, Sequence
from pytest_integration_gate.model.templates import split_url

FORMAT = 1
"""Of what is kept. It counts up when the check of documents changes, so that they are checked again."""
KEPT_FROM = 100_000
"""Bytes of a document from which on it is worth keeping."""


def check_document(path: str, *, name: str, boundary: str, cache: str = "") -> None:
    """Make sure that a document can be read, without keeping its data in memory; raise `OpenapiError`.

    The arguments are those of `read_api`.
    """
    if not cache or _kept(Library(path, name), cache) is None:
        _checked(path, name, boundary, cache)


def read_api(
    path: str,
    *,
    name: str,
    boundary: str,
    cache: str = "",
    urls: Mapping[str, str] | None = None,
    origins: Iterable[str] = (),
) -> Api:
    """Read the document at `path`, which messages call `name`, for a boundary; raise `OpenapiError`.

    `cache` is a folder where a large document is kept in a form that loads in a fraction of the time; a folder that
    cannot be written to is no fault. `urls` and `origins` are those of the boundary (`Api`).
    """
    documents = _kept(Library(path, name), cache) if cache else None
    library = Library(path, name, documents()) if documents else _checked(path, name, boundary, cache)
    return _Reading(library).api(urls, origins)


def _checked(path: str, name: str, boundary: str, cache: str) -> Library:
    library = Library(path, name)
    problems = _problems(library)
    if problems:
        raise OpenapiError(
            f"boundary `{boundary}`: the OpenAPI document {name} cannot be used:",
            problems,
            remedy="Mend the document, or take `openapi` out of the boundary in gate.yaml.",
        )
    if cache:
        _keep(library, cache)
    return library


def _problems(library: Library) -> tuple[str, ...]:
    try:
        return faults_of(library)
    except DocumentError as error:
        name = library.name_of(library.path)
        return (f"{name}:{error.place}: {error.fault}." if error.place else f"{name}: {error.fault}.",)


# Keeping


def _kept(library: Library, cache: str) -> Callable[[], Mapping[str, Any]] | None:
    """Give what loads the documents that were kept; None when they were not, or have changed since.

    The first line says of which files they are, the second has their data.
    """
    place = _place_of(library, cache)
    try:
        with open_file(place, encoding="utf-8") as stream:
            header = json.loads(stream.readline())
        is_good = header["format"] == FORMAT and library.path in header["files"]
        if not is_good or any(_stamp(file) != stamp for file, stamp in header["files"].items()):
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return lambda: _documents(place)


def _documents(place: str) -> Mapping[str, Any]:
    """Load what was kept; nothing when it is damaged, so that the files themselves are read."""
    try:
        with open_file(place, encoding="utf-8") as stream:
            stream.readline()
            found = json.loads(stream.readline())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(library: Library, cache: str) -> None:
    try:
        stamps = {file: _stamp(file) for file in library.files}
        if sum(size for _, size in stamps.values()) >= KEPT_FROM:
            lines = ({"format": FORMAT, "files": stamps}, library.files)
            prepare(cache)
            write_text(
                _place_of(library, cache), "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
            )
    except (OSError, ValueError, RecursionError):
        pass  # it is read again the next time


def _place_of(library: Library, cache: str) -> str:
    return join(cache, f"openapi-{blake2b(library.path.encode(), digest_size=8).hexdigest()}.json")


def _stamp(file: str) -> list[int]:
    status = os.stat(file)
    return [status.st_mtime_ns, status.st_size]


# Reading


class _Reading:
    """A document without faults as an `Api`. Operations are read when they are asked for."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.root = library.root
        self.is_30 = str(self.root.data["openapi"]).startswith("3.0")
        self.parts: dict[str, tuple[Part, Part]] = {}  # path item and operation, by the place of the route

    def api(self, urls: Mapping[str, str] | None, origins: Iterable[str]) -> Api:
        return Api(
            list(self.routes()),
            self.operation,
            servers=self.servers(self.root) or (),
            at=_at(self.root.at("paths")),
            place_of=lambda at: self.library.place_of(*_split(at)),
            urls=urls,
            origins=origins,
        )

    def routes(self) -> Iterator[Route]:
        paths = self.root.at("paths")
        for template in _names(paths):
            item = self.library.follow(paths.at(template))
            for method in METHODS:
                if method not in item.data:
                    continue
                operation = item.at(method)
                at = _at(operation)
                self.parts[f"{template} {method}"] = (item, operation)
                servers = self.servers(operation)
                yield Route(
                    method=method.upper(),
                    template=template,
                    segments=split_url(template)[1],
                    servers=self.servers(item) if servers is None else servers,
                    at=at,
                )

    def operation(self, route: Route) -> Operation:
        item, part = self.parts[f"{route.template} {route.method.lower()}"]
        body = self.library.follow(part.at("requestBody"))
        parameters = {
            (each.name, each.where): each for owner in (item, part) for each in self.parameters(owner.at("parameters"))
        }
        return Operation(
            parameters=tuple(parameters.values()),
            accepts=self.contents(body.at("content"), is_request=True),
            answers=tuple(self.answers(part.at("responses"))),
            at=route.at,
        )

    def parameters(self, part: Part) -> Iterator[Parameter]:
        for index in range(len(part.data or ())):
            found = self.library.follow(part.at(index))
            data = found.data
            required = data.get("required") is True and ("content" in data or self.is_named(found))
            yield Parameter(name=data["name"], where=data["in"], required=required)

    def is_named(self, part: Part) -> bool:
        """Say whether a parameter certainly stands under its own name; an object may come as one for each property."""
        shape = shape_of_schema(part.at("schema").data, part.file, self.look_up, is_30=self.is_30)
        return all(isinstance(option, Scalar | Sequence) for option in options_of(shape))

    def answers(self, part: Part) -> Iterator[DeclaredAnswer]:
        for status in _names(part):
            answer = self.library.follow(part.at(status))
            yield DeclaredAnswer(
                status=status if status == "default" else status.upper(),
                contents=self.contents(answer.at("content"), is_request=False),
                headers=tuple(sorted(name.lower() for name in answer.data.get("headers") or ())),
                at=_at(part.at(status)),
            )

    def contents(self, part: Part, *, is_request: bool) -> tuple[Content, ...]:
        return tuple(
            Content(
                type=name.partition(";")[0].strip().lower(),
                shape=shape_of_schema(
                    part.at(name, "schema").data, part.file, self.look_up, is_request=is_request, is_30=self.is_30
                ),
            )
            for name in _names(part)
        )

    def look_up(self, reference: str, file: str) -> tuple[Any, str]:
        found = self.library.find(reference, file)
        return found.data, found.file

    def servers(self, part: Part) -> tuple[Server, ...] | None:
        """Give the servers that a part names, None when it names none. Variables stand for any text."""
        found = part.at("servers").data
        if not found:
            return None
        split = [split_url(server["url"]) for server in found]
        return tuple(dict.fromkeys(Server(origin=origin, path=path) for origin, path in split))


def _names(part: Part) -> list[str]:
    return [name for name in part.data or () if not name.startswith("x-")]


def _at(part: Part) -> str:
    return f"{part.file}#{part.pointer}"


def _split(at: str) -> tuple[str, str]:
    file, _, pointer = at.partition("#/")
    return file, f"/{pointer}"
