"""How long a large OpenAPI document takes, and whether it fits its own examples: `python benchmarks/openapi.py FILE`.

One with over a thousand paths comes with the source distribution of Datadog's client: `pip download --no-deps
--no-binary :all: datadog-api-client`, then ``.generator/schemas/v2/openapi.yaml`` in the archive.

Every example of an answer, with every example of what is sent for it, is held against the document as if a stub claimed
it. Where the authors kept examples and schemas in step, nothing may be contradicted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pytest_integration_gate.evidence.openapi import read_api
from pytest_integration_gate.evidence.references import Library, Part
from pytest_integration_gate.model.api import Route
from pytest_integration_gate.model.capture import argument_of
from pytest_integration_gate.model.exchange import Answer, Exchange, Request, Segment
from pytest_integration_gate.verdicts.http_declared import check


def examples(library: Library, part: Part) -> Iterator[Any]:
    """Give the examples that stand beside a schema."""
    data = part.data if isinstance(part.data, dict) else {}
    if "example" in data:
        yield data["example"]
    for name in data.get("examples") or {}:
        yield library.follow(part.at("examples", name)).data.get("value")


def exchanges(library: Library, route: Route) -> Iterator[Exchange]:
    """Give the exchanges that the examples of an operation stand for."""
    operation = library.follow(library.root.at("paths", route.template)).at(route.method.lower())
    body = library.follow(operation.at("requestBody")).at("content", "application/json")
    parameters = [
        library.follow(operation.at("parameters", i)).data for i in range(len(operation.data.get("parameters", ())))
    ]
    query = sorted(one["name"] for one in parameters if one["in"] == "query" and one.get("required"))
    for status in operation.at("responses").data:
        content = library.follow(operation.at("responses", status)).at("content", "application/json")
        for answered in examples(library, content) if status.isdigit() else ():
            for sent in [*examples(library, body)] or [None]:
                yield Exchange(
                    request=Request(
                        method=route.method,
                        origin="https://api.example",
                        path=tuple(Segment(text="17" if "{" in text else text) for text in route.segments),
                        query=tuple((name, argument_of("1")) for name in query),
                        body=None if sent is None else argument_of(sent),
                        content_type="" if sent is None else "application/json",
                    ),
                    answer=Answer(status=int(status), content_type="application/json", body=argument_of(answered)),
                )


def main() -> None:
    """Time both readings and the checks, and say what came out."""
    path = sys.argv[1]
    with tempfile.TemporaryDirectory() as cache:
        for word in ("first", "second"):
            begin = time.process_time()
            api = read_api(path, name=path, boundary="benchmark", cache=cache)
            print(f"{word} reading {time.process_time() - begin:.2f} s (processor)")
    print(f"{len({route.template for route in api.routes})} paths, {len(api.routes)} operations")
    library = Library(path, path)
    claims = [exchange for route in api.routes for exchange in exchanges(library, route)]
    begin = time.process_time()
    found = [[one.kind for one in check(claim, api)] for claim in claims]
    print(f"{len(claims)} examples checked in {time.process_time() - begin:.2f} s (processor)")
    print(f"contradicted: {dict(Counter(kinds[0] for kinds in found if kinds))}")


if __name__ == "__main__":
    main()
