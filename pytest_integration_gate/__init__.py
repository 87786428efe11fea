"""Checks in every test run that mocks still tell the truth about what they replace."""

from __future__ import annotations

__version__ = "0.1.0"
