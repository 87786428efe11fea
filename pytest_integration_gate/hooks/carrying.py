"""Imports what other runs have exported, and exports what this one has: ``--gate-import`` and ``--gate-export``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pytest_integration_gate.errors import StoreError
from pytest_integration_gate.evidence.carrying import (
    Carried,
    adopt,
    merge,
    of_store,
    without_gone,
)
from pytest_integration_gate.evidence.export import read_export, write_export
from pytest_integration_gate.evidence.merging import Store
from pytest_integration_gate.evidence.store import load
from pytest_integration_gate.hooks.settings import Settings


class Carrying:
    """What one run imports and exports."""

    def __init__(self, settings: Settings, *, is_worker: bool = False) -> None:
        """Read what is imported; raise StoreError when it cannot be used.

        A worker of xdist on another machine may not have the files: it then watches what its tests name.
        """
        files = [file for file in settings.imports if not is_worker or file.exists()]
        self._imported = merge(map(read_export, files))
        self._settings = settings

    def adopted(self, store: Store) -> Store:
        """Return a store with what was imported, as far as that is newer."""
        return adopt(store, self._imported)

    def export(self, run: Carried, collected: Mapping[str, Collection[str]]) -> str:
        """Write the store, what was imported and this run; say why that was not possible, if so."""
        path = self._settings.export
        if path is None:
            return ""
        store, _ = load(str(self._settings.store))
        whole = merge((without_gone(merge((of_store(store), self._imported)), collected), run))
        try:
            write_export(path, whole)
        except OSError as error:
            return f"The evidence was not exported: {path} cannot be written ({error.strerror or error})."
        return ""


def merge_files(files: Iterable[Path], output: Path) -> None:
    """Merge exported files into one; raises StoreError."""
    whole = merge([read_export(file) for file in files])
    try:
        write_export(output, whole)
    except OSError as error:
        raise StoreError(f"{output} cannot be written: {error.strerror or error}.") from None
