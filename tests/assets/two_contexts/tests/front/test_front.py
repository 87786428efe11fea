from shop.front import HEADING


def test_heading():
    assert HEADING.startswith("Shop")
