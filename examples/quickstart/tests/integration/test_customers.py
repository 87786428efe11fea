"""Boundary tests: the real repository on a real SQLite database."""

import pytest

from shop.repository import CustomerRepo

pytestmark = pytest.mark.boundary("database")


@pytest.fixture
def customers(tmp_path):
    repo = CustomerRepo(tmp_path / "shop.db")
    yield repo
    repo.close()


def test_customer_comes_back(customers):
    number = customers.add("Ada", "ada@example.com")
    assert customers.get(number) == {"id": number, "name": "Ada", "email": "ada@example.com"}


def test_missing_customer_is_an_error(customers):
    with pytest.raises(LookupError):
        customers.get(99)
