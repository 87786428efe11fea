from shop.billing.invoice import total


def test_total():
    assert total([1000, 250]) == "Total: 12.50 EUR"
