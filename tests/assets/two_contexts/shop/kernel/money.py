"""Amounts of money."""


def shown(cents):
    return f"{cents / 100:.2f} EUR"
