"""Boundary tests: the real client against the real service, over HTTP."""

import threading

import pytest

from shop.price_service import serve
from shop.prices import PriceClient, UnknownArticle

pytestmark = pytest.mark.boundary("prices")


@pytest.fixture
def prices():
    with serve() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield PriceClient(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_price_of_an_article(prices):
    assert prices.price("apple") == {"sku": "apple", "cents": 30, "currency": "EUR"}


def test_unknown_article(prices):
    with pytest.raises(UnknownArticle):
        prices.price("melon")
