"""Unit tests: the customers and prices are mocks, or stubs. Two of the mocks lie, and every test passes."""

from unittest.mock import Mock

import pytest

from shop.checkout import Checkout
from shop.prices import PriceClient, UnknownArticle
from shop.repository import CustomerRepo


def test_total_adds_up(stubs):
    stubs.get("http://prices/prices/apple", json={"sku": "apple", "cents": 30, "currency": "EUR"})
    checkout = Checkout(Mock(spec=CustomerRepo), PriceClient("http://prices"))
    assert checkout.total(["apple", "apple"]) == 60


def test_price_abroad():
    # A lie: the real `price` takes no currency.
    prices = Mock(spec=PriceClient)
    prices.price.return_value = {"sku": "apple", "cents": 33, "currency": "USD"}
    assert Checkout(Mock(spec=CustomerRepo), prices).price_abroad("apple", "USD") == 33


def test_unknown_article_is_not_sold():
    prices = Mock(spec=PriceClient)
    prices.price.side_effect = UnknownArticle("melon")
    with pytest.raises(UnknownArticle):
        Checkout(Mock(spec=CustomerRepo), prices).total(["melon"])


def test_greeting_uses_the_name():
    customers = Mock(spec=CustomerRepo)
    customers.get.return_value = {"id": 7, "name": "Ada", "email": "ada@example.com"}
    assert Checkout(customers, Mock(spec=PriceClient)).greeting(7) == "Dear Ada"


def test_receipt_goes_to_the_address():
    # A lie: the real customer has no `mail`, it has an `email`.
    customers = Mock(spec=CustomerRepo)
    customers.get.return_value = {"id": 7, "name": "Ada", "mail": "ada@example.com"}
    assert Checkout(customers, Mock(spec=PriceClient)).receipt_address(7) == "Ada <ada@example.com>"
