"""The client of the price service."""

import json
from urllib.error import HTTPError
from urllib.request import urlopen


class UnknownArticle(Exception):
    pass


class PriceClient:
    def __init__(self, url: str) -> None:
        self._url = url

    def price(self, sku: str) -> dict:
        """Ask for one article: {"sku": ..., "cents": ..., "currency": ...}."""
        try:
            with urlopen(f"{self._url}/prices/{sku}", timeout=5) as answer:
                return json.load(answer)
        except HTTPError as error:
            error.close()
            raise UnknownArticle(sku) from error
