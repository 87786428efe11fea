"""OpenAPI documents in a folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_integration_gate.errors import OpenapiError
from pytest_integration_gate.evidence.openapi import read_api
from pytest_integration_gate.model.api import Api


class Docs:
    """A folder of documents. `api` reads the first one, `faults` gives what is wrong with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"

    def write(self, name: str, content: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str):
            content = json.dumps(content) if name.endswith(".json") else yaml.safe_dump(content, sort_keys=False)
        path.write_text(content, encoding="utf-8")
        return path

    def api(self, name: str = "api.yaml", *, cached: bool = False) -> Api:
        store = str(self.store) if cached else ""
        return read_api(str(self.folder / name), name=f"docs/{name}", boundary="users", cache=store)

    def faults(self, content: Any, name: str = "api.yaml") -> tuple[str, ...]:
        if content is not None:
            self.write(name, content)
        with pytest.raises(OpenapiError) as caught:
            self.api(name)
        assert str(caught.value).startswith(f"boundary `users`: the OpenAPI document docs/{name} cannot be used:\n")
        assert str(caught.value).endswith(
            "Mend the document, or take `openapi` out of the boundary in gate.yaml. [openapi]"
        )
        return caught.value.problems


@pytest.fixture
def docs(tmp_path: Path) -> Docs:
    """A folder for documents."""
    return Docs(tmp_path)


def document(paths: Any, version: str = "3.0.3", **more: Any) -> dict[str, Any]:
    """A document with these paths."""
    return {"openapi": version, "info": {"title": "Users", "version": "1"}, "paths": paths, **more}


@pytest.fixture(name="document")
def document_fixture() -> Callable[..., dict[str, Any]]:
    """Makes documents."""
    return document
