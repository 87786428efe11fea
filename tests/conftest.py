"""What all tests share: those of properties do not look at the clock, and runs inside of tests keep no bytecode."""

from __future__ import annotations

import os

from hypothesis import settings

# Tests change modules between two runs within a second, which bytecode would not notice.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
