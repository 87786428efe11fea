"""What the shop does with customers and prices."""

from shop.prices import PriceClient
from shop.repository import CustomerRepo


class Checkout:
    def __init__(self, customers: CustomerRepo, prices: PriceClient):
        self.customers = customers
        self.prices = prices

    def total(self, skus):
        return sum(self.prices.price(sku)["cents"] for sku in skus)

    def price_abroad(self, sku, currency):
        return self.prices.price(sku, currency=currency)["cents"]

    def greeting(self, customer_id):
        return f"Dear {self.customers.get(customer_id)['name']}"

    def receipt_address(self, customer_id):
        customer = self.customers.get(customer_id)
        return f"{customer['name']} <{customer['mail']}>"
