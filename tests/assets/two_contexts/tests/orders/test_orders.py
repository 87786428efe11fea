import pytest
from shop.orders.repository import Orders


@pytest.mark.boundary("database")
def test_order_is_kept():
    orders = Orders()
    orders.add(1250)
    assert orders.rows[0]["id"] == 1
