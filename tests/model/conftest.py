"""Hypothesis keeps no database in the repository."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("model", database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("model")
