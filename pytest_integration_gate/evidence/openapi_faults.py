"""What is wrong with an OpenAPI document, as far as the gate relies on it.

Validating all of a document with a thousand paths takes 45 s (openapi-spec-validator 0.9). Here every rule that the
gate reads by is checked once, for everything that ``paths`` lead to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_integration_gate.evidence.documents import MAX_DEPTH
from pytest_integration_gate.evidence.references import BrokenReference, Library, Part
from pytest_integration_gate.yaml_rules import describe, nearest

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SHOWN = 20
"""Faults that are listed; the others are counted."""

_BESIDE_METHODS = ("$ref", "description", "parameters", "servers", "summary", "additionalOperations", "query")
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_PLACES = ("cookie", "header", "path", "query")
_STATUS = re.compile(r"[1-5](?:\d\d|XX)|default", re.IGNORECASE)
_PARAMETER = re.compile(r"\{[^{}]+\}")


def faults_of(library: Library) -> tuple[str, ...]:
    """Give one sentence for each fault of a document that was loaded, each with its place; none when it can be used."""
    check = _Check(library)
    check.document(library.root)
    more = len(check.faults) - SHOWN
    return (*check.faults[:SHOWN], *((f"and {more} more like these.",) if more > 0 else ()))


class _Check:
    """One pass over a document."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.faults: list[str] = []
        self.seen: set[int] = set()  # ids of parts, which live as long as the library
        self.schemas: set[int] = set()
        self.is_30 = False

    def fault(self, part: Part, text: str) -> None:
        pointer = part.pointer
        place = self.library.place_of(part.file, pointer, MAX_DEPTH) if pointer else self.library.name_of(part.file)
        where = f" `{pointer}`:" if pointer and "#" not in place else ""
        self.faults.append(f"{place}:{where} {text}")

    def expect(self, part: Part, wanted: str) -> None:
        self.fault(part, f"must be {wanted}, not {describe(part.data)}.")

    # -- kinds of parts -------------------------------------------------------------------------------------------

    def entries(self, part: Part) -> Iterator[tuple[str, Part]]:
        """Give the entries of a mapping without extensions; anything else is a fault, what is not there is not."""
        if part.data is None:
            return
        if not isinstance(part.data, dict):
            self.expect(part, "a mapping")
            return
        for key in part.data:
            if not key.startswith("x-"):
                yield key, part.at(key)

    def items(self, part: Part) -> Iterator[Part]:
        """Give the items of a list; anything else is a fault, what is not there is not."""
        if isinstance(part.data, list):
            yield from (part.at(index) for index in range(len(part.data)))
        elif part.data is not None:
            self.expect(part, "a list")

    def followed(self, part: Part) -> Part | None:
        """Give the mapping that a part is or refers to, once; None when it is none or was looked at before."""
        try:
            found = self.library.follow(part)
        except BrokenReference as broken:
            self.fault(part.at("$ref"), f"`{part.data['$ref']}` cannot be resolved: {broken}.")
            return None
        if not isinstance(found.data, dict):
            self.expect(found, "a mapping")
            return None
        if id(found.data) in self.seen:
            return None
        self.seen.add(id(found.data))
        return found

    # -- the document ---------------------------------------------------------------------------------------------

    def document(self, root: Part) -> None:
        if not isinstance(root.data, dict):
            self.expect(root, "a mapping with `openapi` and `paths`")
            return
        version = root.data.get("openapi")
        if version is None:
            swagger = root.data.get("swagger")
            found = f"Swagger {swagger}" if swagger is not None else "no OpenAPI document: `openapi` is missing"
            self.fault(root, f"{found}. The gate reads OpenAPI 3.0 and 3.1.")
            return
        if not re.match(r"3\.[01](\.|$)", str(version)):
            self.fault(root.at("openapi"), f"version `{version}`. The gate reads OpenAPI 3.0 and 3.1.")
            return
        self.is_30 = str(version).startswith("3.0")
        if not isinstance(root.data.get("paths"), dict) and (self.is_30 or "paths" in root.data):
            self.expect(root.at("paths"), "a mapping of paths")
        elif root.data.get("paths"):
            self.servers(root.at("servers"))
            for template, item in self.entries(root.at("paths")):
                self.path(template, item)

    def path(self, template: str, part: Part) -> None:
        if not template.startswith("/"):
            self.fault(part, f"the path `{template}` does not begin with `/`.")
        if re.search(r"[{}]", _PARAMETER.sub("", template)):
            self.fault(part, f"the braces of the path `{template}` do not match.")
        item = self.followed(part)
        if item is None:
            return
        self.servers(item.at("servers"))
        self.parameters(item.at("parameters"))
        for word, inner in self.entries(item):
            if word in METHODS:
                self.operation(inner)
            elif word not in _BESIDE_METHODS:
                self.fault(inner, f"`{word}` is no method.{nearest(word.lower(), METHODS)}")

    def operation(self, part: Part) -> None:
        if not isinstance(part.data, dict):
            self.expect(part, "a mapping")
            return
        self.servers(part.at("servers"))
        self.parameters(part.at("parameters"))
        if "requestBody" in part.data and (body := self.followed(part.at("requestBody"))):
            if not isinstance(body.data.get("content"), dict):
                self.expect(body.at("content"), "a mapping of content types")
            else:
                self.contents(body.at("content"))
            self.flag(body.at("required"))
        if self.is_30 and "responses" not in part.data:
            self.fault(part, "the operation has no `responses`.")
        for status, answer in self.entries(part.at("responses")):
            if not _STATUS.fullmatch(status):
                self.fault(answer, f"`{status}` is no status. Write it like `200`, `4XX` or `default`.")
            elif found := self.followed(answer):
                self.contents(found.at("content"))
                for _, header in self.entries(found.at("headers")):
                    self.followed(header)

    def servers(self, part: Part) -> None:
        for server in self.items(part):
            if not isinstance(server.data, dict) or not isinstance(server.data.get("url"), str):
                self.expect(server.at("url") if isinstance(server.data, dict) else server, "text, the URL of a server")

    def parameters(self, part: Part) -> None:
        for each in self.items(part):
            found = self.followed(each)
            if found is None:
                continue
            if not isinstance(found.data.get("name"), str):
                self.expect(found.at("name"), "text")
            if found.data.get("in") not in _PLACES:
                self.expect(found.at("in"), f"one of {', '.join(_PLACES)}")
            self.flag(found.at("required"))
            if "schema" in found.data:
                self.schema(found.at("schema"))

    def contents(self, part: Part) -> None:
        for _, content in self.entries(part):
            if not isinstance(content.data, dict):
                self.expect(content, "a mapping")
            elif "schema" in content.data:
                self.schema(content.at("schema"))

    def flag(self, part: Part) -> None:
        if part.data is not None and not isinstance(part.data, bool):
            self.expect(part, "`true` or `false`")

    # -- schemas --------------------------------------------------------------------------------------------------

    def schema(self, part: Part) -> None:
        """Check a schema and all that is below it or behind its references."""
        waiting = [part]
        while waiting:
            part = waiting.pop()
            if isinstance(part.data, bool):
                continue
            if not isinstance(part.data, dict):
                self.expect(part, "a schema, which is a mapping")
                continue
            if id(part.data) in self.schemas:
                continue
            self.schemas.add(id(part.data))
            if "$ref" in part.data:
                if not isinstance(part.data["$ref"], str):
                    self.expect(part.at("$ref"), "text")
                    continue
                if (found := self.referred(part)) is not None:
                    waiting.append(found)
                if self.is_30:
                    continue
            self.keywords(part)
            for word in ("items", "additionalProperties"):
                if word in part.data:
                    waiting.append(part.at(word))
            for word in ("allOf", "anyOf", "oneOf"):
                waiting += self.items(part.at(word))
            waiting += [inner for _, inner in self.properties(part)]

    def referred(self, part: Part) -> Part | None:
        try:
            self.library.follow(part)
            return self.library.find(part.data["$ref"], part.file)
        except BrokenReference as broken:
            self.fault(part.at("$ref"), f"`{part.data['$ref']}` cannot be resolved: {broken}.")
            return None

    def properties(self, part: Part) -> Iterator[tuple[str, Part]]:
        found = part.at("properties")
        if isinstance(found.data, dict):
            yield from ((name, found.at(name)) for name in found.data)
        elif "properties" in part.data:
            self.expect(found, "a mapping of names to schemas")

    def keywords(self, part: Part) -> None:
        kinds = part.data.get("type")
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if kind is not None and kind not in _TYPES:
                self.fault(part.at("type"), f"{describe(kind)} is no type.{nearest(str(kind), _TYPES)}")
        required = part.data.get("required")
        if required is not None and not (
            isinstance(required, list) and all(isinstance(name, str) for name in required)
        ):
            self.expect(part.at("required"), "a list of names of properties")
        if "enum" in part.data and not isinstance(part.data["enum"], list):
            self.expect(part.at("enum"), "a list of values")
        self.flag(part.at("nullable"))
