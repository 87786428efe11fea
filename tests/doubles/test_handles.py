"""What a patched ``open`` and a method reached through its class are heard as."""

from __future__ import annotations

from typing import Any

import pytest

SHOP = """
    def read(path, *mode):
        with open(path, *mode) as file:
            return file.read()

    class Repo:
        def get(self, key): return key
        @classmethod
        def make(cls, key): return cls()
        @staticmethod
        def clean(key): return key
    def through_class(*args): return Repo.get(*args)
    def through_local(Repo): return Repo.get(1)
    def through_instance(): return Repo().get(1)
    def others(): return Repo.make(1), Repo.clean(1)
"""

FILES = {
    "shop.read('x')": {"io:TextIOBase"},
    "shop.read('x', 'r')": {"io:TextIOBase"},
    "shop.read('x', 'r+b')": {"io:BufferedIOBase"},
    "shop.read('x', 'rb'); shop.read('y')": {""},
    "shop.read('x', Mode('rb'))": {""},
}
CALLS = {
    "with patch.object(shop.Repo, 'get'): shop.through_class(1)": [True],
    "with patch('shop.Repo'): shop.through_class(1)": [True],
    "with patch.object(shop.Repo, 'get', autospec=True): shop.through_class(1, 2)": [False],
    "with patch.object(shop.Repo, 'get'): shop.through_local(shop.Repo)": [False],
    "with patch.object(shop.Repo, 'get'): shop.through_instance()": [False],
    "with patch('shop.Repo'): shop.through_instance()": [False, False],
    "with patch.object(shop.Repo, 'make'), patch('shop.Repo.clean'): shop.others()": [False, False],
    "shop.through_local(Mock(spec=shop.Repo))": [False],
}
HEADER = "from unittest.mock import Mock, mock_open, patch\nimport shop\nclass Mode(str): pass\n\ndef test():\n    "


@pytest.mark.parametrize("code", FILES)
def test_the_mode_tells_the_class_of_a_file(hear: Any, code: str) -> None:
    """All calls of one double have to ask for the same kind of file, in a mode that is plain text."""
    heard = hear(SHOP, f"{HEADER}with patch('builtins.open', mock_open(read_data='x')): {code}\n")
    assert heard.failure == ""
    assert {claim.owner for claim in heard.claims if claim.path[-1:] == (".read",)} == FILES[code]
    assert {claim.owner for claim in heard.claims if claim.path in ((), ("()", ".__enter__"))} <= {"", *FILES[code]}


@pytest.mark.parametrize("code", CALLS)
def test_a_call_on_the_class_itself_is_told_from_one_on_an_instance(hear: Any, code: str) -> None:
    """By the path when the class is patched, by the name in the source when the method is; nothing else is certain."""
    heard = hear(SHOP, HEADER + code + "\n")
    assert heard.failure == ""
    assert [claim.on_class for claim in heard.claims if claim.action == "call"] == CALLS[code]
