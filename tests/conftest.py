"""Hypothesis profiles: ``ci`` draws the same few examples every time, ``thorough`` many new ones and shrinks them.

``HYPOTHESIS_PROFILE=thorough pytest tests/test_invariants.py`` chooses.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# One example solves a scenario, so Hypothesis' idea of slow does not apply.
UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "ci",
    max_examples=8,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=UNHURRIED,
)
settings.register_profile("thorough", max_examples=400, deadline=None, suppress_health_check=UNHURRIED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
