"""Plausible wrong versions of what ``planner.rules`` says of the resale of hardware, and cases that tell them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np

from planner.catalog.models import PricePath
from planner.rules import dates, residual
from tests.rule_cases import DEAR, FALLING, HALL, QUARTERS, case, hardware_resold, node, owning
from tests.rule_mutants import Mutant, constant
from tests.strategies import META, Case, offer

RISING = PricePath.model_validate(
    META | {"name": "rising", "hardware": {2027: 1, 2028: 3}, "rent": {2026: 1}, "api": {2026: 1}}
)
MARKET = {"residual_of": "market", "residual_haircut": 0.5}
LATER = dt.date(2027, 4, 1)


def hardware_resold_in_a_falling_market() -> Case:
    falling = FALLING.model_copy(update={"hardware": {2027: 1.0, 2028: 0.5}})
    return owning(tables={"paths": [falling]}, finance=MARKET | {"price_path": "falling"})


def hardware_resold_in_a_rising_market() -> Case:
    return owning(tables={"paths": [RISING]}, finance=MARKET | {"price_path": "rising"})


def existing(hall: dict[str, Any] | None = None, budget: dict[str, Any] | None = None, **fields: Any) -> Case:
    """Nodes that are dearer to keep than to rent in their place, once they can be sold."""
    sites = [HALL | (hall or {}) | {"existing": [node(**fields)]}]
    rented = (DEAR, offer(provider="bolt", usd_per_gpu_hour=0.2))
    finance = MARKET | {"resell_existing": True}
    return case(rented, sites=sites, horizon=QUARTERS, procurement={"buy": False}, finance=finance, budget=budget or {})


def nodes_to_sell() -> Case:
    return existing()


def nodes_bought_at_a_price_of_their_own() -> Case:
    return existing(price_usd=60_000.0)


def nodes_on_order_to_sell() -> Case:
    return existing(in_service=LATER)


def nodes_kept_to_the_end() -> Case:
    keeping = owning(sites=[HALL | {"existing": [node()]}], procurement={"buy": False})
    return keeping.with_scenario(finance=keeping.scenario.finance.model_copy(update={"resell_existing": True}))


def haircut_off(_: Any) -> Callable[..., Any]:
    return lambda paid, new, finance, row, ages: np.minimum(paid, new * residual.residual_share(row, ages))


def always_of_price_paid(right: Any) -> Callable[..., Any]:
    return lambda paid, new, finance, row, ages: right(
        paid, new, finance.model_copy(update={"residual_of": "price_paid"}), row, ages
    )


def always_of_the_market(right: Any) -> Callable[..., Any]:
    return lambda paid, new, finance, row, ages: right(
        paid, new, finance.model_copy(update={"residual_of": "market"}), row, ages
    )


def both_declines(right: Any) -> Callable[..., Any]:
    """The path's decline of the price paid on top of the curve's."""
    return lambda paid, new, finance, row, ages: right(paid, new * new / row.price_usd, finance, row, ages)


def no_cap(right: Any) -> Callable[..., Any]:
    return lambda paid, new, finance, row, ages: right(np.maximum(paid, new), new, finance, row, ages)


def as_new(right: Any) -> Callable[..., Any]:
    return lambda scenario, catalog, group, timeline: right(
        scenario, catalog, group.model_copy(update={"in_service": scenario.horizon.start}), timeline
    )


def hardware_of_its_price() -> Case:
    """The same in a falling market, by version 1's rule."""
    fallen = hardware_resold_in_a_falling_market()
    return fallen.with_scenario(finance=fallen.scenario.finance.model_copy(update={"residual_of": "price_paid"}))


RESOLD = [
    Mutant(residual, "residual_credit_usd", haircut_off, hardware_resold),
    Mutant(residual, "residual_credit_usd", always_of_price_paid, hardware_resold_in_a_falling_market),
    Mutant(residual, "residual_credit_usd", both_declines, hardware_resold_in_a_falling_market),
    Mutant(residual, "residual_credit_usd", always_of_the_market, hardware_of_its_price),
    Mutant(residual, "residual_credit_usd", no_cap, hardware_resold_in_a_rising_market),
    Mutant(
        residual,
        "residual_share",
        lambda _: lambda row, ages: np.maximum(0, 1 - ages / row.life_years),
        hardware_resold,
    ),
    Mutant(
        residual,
        "new_price_usd",
        lambda _: lambda scenario, catalog, row, days: np.full(len(days), row.price_usd),
        hardware_resold_in_a_falling_market,
    ),
    Mutant(
        residual, "existing_price_usd", lambda _: lambda group, row: row.price_usd, nodes_bought_at_a_price_of_their_own
    ),
    Mutant(
        residual,
        "existing_credit_usd",
        lambda _: lambda scenario, catalog, group, timeline: np.zeros(timeline.periods + 1),
        nodes_to_sell,
    ),
    Mutant(residual, "existing_credit_usd", as_new, nodes_kept_to_the_end),
    Mutant(dates, "first_period", constant(0), nodes_on_order_to_sell),
]
