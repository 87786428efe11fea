"""Hypothesis keeps neither a database nor anything else in the repository."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(tempfile.gettempdir(), "hypothesis-of-integration-gate"))
settings.register_profile("model", database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("model")
