"""Hypothesis profiles: ``ci`` draws the same few examples every time, ``thorough`` many new ones and shrinks them.

``HYPOTHESIS_PROFILE=thorough pytest tests/test_invariants.py`` chooses.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

# Coverage makes plain Python up to four times as slow, so tests that run long through code that others run too go
# without: whole modules, and tests by the beginning of their name.
UNTRACED = ("test_invariants", "test_oracle", "test_docs")
UNTRACED_TESTS = (
    "test_files[too deep]",
    "test_files[aliases of aliases]",
    "test_any_value_under_any_key",
    "test_every_table_is_listed",
    "test_the_rent_that_tiny_stops_to_pay",
    "test_the_price_at_which_tiny_stops_to_buy",
    "test_below_the_interval_it_pays",
    "test_least_capex_is_the_least",
    "test_what_is_in_every_plan",
    "test_never_dearer",
)

# One example solves a scenario, so Hypothesis' idea of slow does not apply.
UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "ci",
    max_examples=6,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=UNHURRIED,
)
settings.register_profile("thorough", max_examples=400, deadline=None, suppress_health_check=UNHURRIED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave coverage out of tests that need not be traced."""
    for item in items:
        if item.path.stem in UNTRACED or item.name.startswith(UNTRACED_TESTS):
            item.add_marker("no_cover")
