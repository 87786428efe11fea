"""Entries of registries that tests replace."""

from __future__ import annotations

from typing import Any

import pytest

SHOP = """
    import enum
    import json

    class Kind(enum.Enum):
        CSV = 1
    class Xml:
        def read(self, path): return 1
    class Key:
        pass
    KEY = Key()
    def read_csv(path): return [{"path": path}]
    HANDLERS = {"csv": read_csv, "xml": Xml, "limit": 3, Kind.CSV: read_csv, Xml: read_csv, KEY: read_csv}
    class Reader:
        table = {"csv": read_csv}
    def run(key): return HANDLERS[key]("x")
    def run_there(key): return Reader.table[key]("x")
    def run_method(key): return HANDLERS[key]().read()
    def load(): return json.loads("{}")
"""

HEARD = {
    "with patch.dict(shop.HANDLERS, {'csv': Mock(return_value=1)}): shop.run('csv')": "shop:HANDLERS['csv']",
    "with patch.dict('shop.HANDLERS', csv=lambda path: 1): shop.run('csv')": "shop:HANDLERS['csv']",
    "with patch.dict(shop.HANDLERS, {shop.Kind.CSV: Mock(return_value=1)}): shop.run(shop.Kind.CSV)":
        "shop:HANDLERS[Kind.CSV]",
    "with patch.dict(shop.HANDLERS, {shop.Xml: Mock(return_value=1)}): shop.run(shop.Xml)": "shop:HANDLERS[shop:Xml]",
    "with patch.dict(shop.Reader.table, {'csv': Mock(return_value=1)}): shop.run_there('csv')":
        "shop:Reader.table['csv']",
    "patcher = patch.dict(shop.HANDLERS, csv=Mock()); patcher.start(); shop.run('csv'); patcher.stop()":
        "shop:HANDLERS['csv']",
    "with patch.dict('sys.modules', json=Mock()), patch.object(shop, 'json', sys.modules['json']): shop.load()": "",
    # what nothing is known of stays unbound
    "with patch.dict(shop.HANDLERS, {shop.KEY: Mock(return_value=1)}): shop.run(shop.KEY)": "",
    "with patch.dict(shop.HANDLERS, {'new': Mock(return_value=1)}): shop.run('new')": "",
    "with patch.dict({'csv': 1}, {'csv': Mock()}): pass": "",
    "with patch.dict('os.environ', {'A': 'b'}, clear=True): assert list(os.environ) == ['A']": "",
    "with patch.dict(shop.HANDLERS, limit=5): assert shop.HANDLERS['limit'] == 5": "",
}  # fmt: skip


@pytest.mark.parametrize("code", HEARD)
def test_an_entry_stands_for_what_it_replaces(hear: Any, code: str) -> None:
    """Its address is that of the dictionary and the key; keys that cannot be written, new keys and constants say
    nothing."""
    header = "import json, os, sys\nfrom unittest.mock import Mock, patch\nimport shop\n"
    heard = hear(
        SHOP,
        f"{header}\ndef test():\n    before = dict(shop.HANDLERS)\n    {code}\n    assert shop.HANDLERS == before\n",
    )
    assert heard.failure == ""
    roots = {claim.root for claim in heard.claims if claim.root.startswith("shop")}
    assert roots == ({HEARD[code]} if HEARD[code] else set())
    assert all(claim.at == "tests/test_it.py:7" for claim in heard.claims)


def test_a_decorator_is_heard_where_it_is_written(hear: Any) -> None:
    """`patch.dict` as a decorator of a function: the claim names its line, and the next test is told nothing."""
    heard = hear(
        SHOP,
        """
        from unittest.mock import Mock, patch
        import shop
        @patch.dict(shop.HANDLERS, {"xml": Mock()})
        def replaced():
            shop.run_method("xml")
        def test():
            replaced()
            assert shop.HANDLERS["xml"] is shop.Xml
        """,
    )
    assert {(claim.root, claim.path, claim.at) for claim in heard.claims} == {
        ("shop:HANDLERS['xml']", (), "tests/test_it.py:4"),
        ("shop:HANDLERS['xml']", ("()", ".read"), "tests/test_it.py:4"),
    }
