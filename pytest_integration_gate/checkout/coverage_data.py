"""Which test ran which file, from coverage data that has contexts (`--cov-context=test`, `dynamic_context`)."""

from __future__ import annotations

import os
import re
from contextlib import closing
from typing import Any


class Coverage:
    """The coverage data below a root directory, read when somebody asks. Without any, no test ran any file."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._data: Any = None
        self._is_read = False

    def ran(self, nodeid: str, path: str) -> bool:
        """Say whether a test ran a line of a file when it was last measured; only that it did can be relied on."""
        data = self._read()
        if data is None:
            return False
        file, _, test = nodeid.partition("::")
        function = test.partition("[")[0].replace("::", ".")
        qualified = file.removesuffix(".py").replace("/", ".").rpartition(".")[2]
        names = [rf"^{re.escape(nodeid)}(\||$)", rf"(^|\.){re.escape(qualified)}\.{re.escape(function)}$"]
        try:
            data.set_query_contexts(names)
            return bool(data.lines(os.path.join(self._root, path)))
        except Exception:  # whatever is wrong with the data, they only help to guess
            self._data = None
            return False
        finally:
            data.close()  # it opens its database anew for the next question; left open it warns in somebody's test

    def _read(self) -> Any:
        if not self._is_read:
            self._is_read = True
            path = os.path.join(self._root, os.environ.get("COVERAGE_FILE") or ".coverage")
            try:
                from coverage import CoverageData

                if os.path.exists(path):
                    with closing(CoverageData(basename=path)) as data:
                        data.read()
                        self._data = data if any(data.measured_contexts()) else None
            except Exception:
                self._data = None
        return self._data
