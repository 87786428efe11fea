"""Mends doubles in the source of tests: the only code that knows libcst."""
