"""The client of the price service."""

import requests


class UnknownArticle(Exception):
    pass


class PriceClient:
    def __init__(self, url: str) -> None:
        self._url = url

    def price(self, sku: str) -> dict:
        """Ask for one article: {"sku": ..., "cents": ..., "currency": ...}."""
        answer = requests.get(f"{self._url}/prices/{sku}", timeout=5)
        if answer.status_code == 404:
            raise UnknownArticle(sku)
        answer.raise_for_status()
        return answer.json()
