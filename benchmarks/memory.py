"""Whether memory stays bounded over a million interactions: `python benchmarks/memory.py [interactions]`.

A thousand tests call mocks with ever new arguments; after every hundred tests the memory that Python holds is printed,
and whether any argument or mock is still alive.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import tracemalloc
import unittest.mock
import weakref
from pathlib import Path
from typing import Any

from pytest_integration_gate.doubles.claims import Interpreter
from pytest_integration_gate.doubles.listener import Listener
from pytest_integration_gate.doubles.mock_library import hook
from pytest_integration_gate.doubles.notebook import Notebook
from pytest_integration_gate.source.project import Project

SHOP = """
class Repo:
    def get(self, key): return key

class Value:
    pass

def use(repo, keys):
    for key in keys:
        repo.get(key)
"""

# Doubles are the author's only when a test makes them.
TEST = """
import unittest.mock
import shop

def run(keys):
    repo, value = unittest.mock.Mock(spec=shop.Repo), shop.Value()
    shop.use(repo, [value, *keys])
    return repo, value
"""


def main() -> None:
    """Run the interactions and print what is held."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    folder = Path(tempfile.mkdtemp())
    (folder / "shop.py").write_text(SHOP)
    sys.path.insert(0, str(folder))
    namespace: dict[str, Any] = {}
    exec(compile(TEST, str(folder / "test_it.py"), "exec"), namespace)

    book = Notebook(Project.find(str(folder)))
    hook(unittest.mock, Listener(book))
    interpreter = Interpreter(book)
    alive: list[weakref.ref[object]] = []
    claims = 0
    tracemalloc.start()
    for test in range(1000):
        book.start()
        alive += [weakref.ref(one) for one in namespace["run"](range(test, test + total // 1000 - 1))]
        book.stop()
        claims += len(interpreter.claims()[0])
        if test % 100 == 99:
            gc.collect()
            held = sum(reference() is not None for reference in alive)
            megabytes = tracemalloc.get_traced_memory()[0] / 1e6
            print(f"{(test + 1) * (total // 1000):>9} interactions: {megabytes:.1f} MB, {held} held")
    print(f"{claims} distinct claims; {book.failure or 'nothing failed'}")


if __name__ == "__main__":
    main()
