"""What stands on an invoice."""

from shop.kernel import money


def total(prices):
    return "Total: " + money.shown(sum(prices))
