"""What a change may leave behind."""

from __future__ import annotations

import pytest

from pytest_integration_gate.source.remains import may_leave_behind

HEAD = (
    "import os\nimport logging\nimport pytest\nimport time\nfrom pathlib import Path\nfrom shop import registry\n"
    "from shop.text import clean as tidy\n\nlog = logging.getLogger(__name__)\n\n"
)


@pytest.mark.parametrize(
    ("body", "may"),
    [
        ("os.environ['A'] = '1'", True),
        ("registry.LIMIT = 3", True),
        ("registry.LIMIT += 3", True),
        ("del registry.ITEMS[0]", True),
        ("registry.ITEMS.append(1)", True),
        ("registry.register()", True),
        ("Path('x').write_text('1')", True),
        ("open('x', 'w')", True),
        ("setattr(registry, 'x', 1)", True),
        ("global log\n    log = None", True),
        ("x = tidy('a')\n    x.y = 2", False),
        ("return tidy('a')", False),
        ("made = {}\n    made['a'] = 1\n    made.update(b=2)", False),
        ("open('x')", False),
        ("log.info('x')", False),
        ("time.sleep(1)", False),
        ("pytest.skip('x')", False),
        ("self.x = 1", False),
        ("repo.add(1)", False),
    ],
)
def test_the_usual_ways(body: str, may: bool) -> None:
    """What is imported is changed, called for its effect, or a file is written; one's own values may change."""
    old = f"{HEAD}def f(self, repo):\n    pass\n"
    assert may_leave_behind(old, f"{HEAD}def f(self, repo):\n    {body}\n") is may
    assert may_leave_behind(f"{HEAD}def f(self, repo):\n    {body}\n", old) is may


@pytest.mark.parametrize(
    ("added", "may"),
    [
        ("@registry.handler('x')\ndef f(): pass", True),
        ("@pytest.fixture(scope='session')\ndef f(): yield", True),
        ("@pytest.fixture\ndef f(): yield", False),
        ("@pytest.mark.slow\ndef test_f(): pass", False),
        ("def pytest_collection_modifyitems(items): pass", True),
        ("async def f():\n    await registry.fill()", True),
        ("registry.clear()", True),
        ("# a comment", False),
    ],
)
def test_what_is_registered_or_stays(added: str, may: bool) -> None:
    """Decorators of the project's modules, wide fixtures, hooks, and what an import does."""
    assert may_leave_behind(HEAD, f"{HEAD}{added}\n", {"shop"}) is may


def test_only_what_changed_counts() -> None:
    """A file that always did it has done it before."""
    old = f"{HEAD}registry.clear()\n"
    assert not may_leave_behind(old, f"{old}\ndef f():\n    return 1\n")
    assert may_leave_behind(None, old)
    assert may_leave_behind(old, None)
    assert may_leave_behind(old, "def (")
