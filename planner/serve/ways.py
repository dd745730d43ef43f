"""Buying alone and renting alone: what the buttons leave of a scenario."""

from __future__ import annotations

from planner.scenario import Scenario

# Renting is everything but buying: contracts, by the hour.
WAYS = {"buy": "buying alone", "rent": "renting alone"}


def with_ways(scenario: Scenario, name: str) -> Scenario:
    """``scenario`` where GPUs are only bought, or only rented, as far as it allows that; what is there stays."""
    rules = scenario.procurement
    changes = {"buy": rules.buy and name == "buy", "rent": rules.rent if name == "rent" else (), "token_api": False}
    return scenario.model_copy(update={"procurement": rules.model_copy(update=changes)})
