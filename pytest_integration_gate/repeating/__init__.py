"""Runs tests again, in other orders and in processes of their own, and reduces the orders that fail."""
