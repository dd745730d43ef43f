"""The changes that the properties make to a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.catalog.models import (
    Offer,
    System,
    TokenApi,
)
from planner.scenario.procurement import Quote
from planner.schedule import Schedule
from tests.strategies.case import Case, rekeyed, with_part


def scaled(schedule: Schedule | None, factor: float) -> Schedule | None:
    """A schedule times ``factor``, None where there is none."""
    return None if schedule is None else schedule.scaled(factor)


def with_sites(case: Case, change: Callable[[Any], dict[str, Any]]) -> Case:
    """The case with ``change`` of each site's fields."""
    return case.with_scenario(sites=tuple(with_part(site, **change(site)) for site in case.scenario.sites))


def with_workloads(case: Case, change: Callable[[Any], dict[str, Any]]) -> Case:
    """The case with ``change`` of each workload's fields."""
    rows = tuple(with_part(workload, **change(workload)) for workload in case.scenario.workloads)
    return case.with_scenario(workloads=rows)


def with_offers(case: Case, change: Callable[[Offer | Quote], dict[str, Any]]) -> Case:
    """The case with ``change`` of each offer's and quote's fields."""
    changed = case.with_catalog(offers=rekeyed(with_part(o, **change(o)) for o in case.catalog.offers.values()))
    quotes = tuple(with_part(quote, **change(quote)) for quote in case.scenario.quotes)
    return changed.with_scenario(quotes=quotes)


def with_apis(case: Case, change: Callable[[TokenApi], dict[str, Any]]) -> Case:
    """The case with ``change`` of each token API's fields."""
    return case.with_catalog(token_apis=rekeyed(with_part(a, **change(a)) for a in case.catalog.token_apis.values()))


def with_systems(case: Case, change: Callable[[System], dict[str, Any]]) -> Case:
    """The case with ``change`` of each system's fields."""
    rows = (with_part(row, **change(row)) for row in case.catalog.systems.values())
    return case.with_catalog(systems={row.system: row for row in rows})


def demand_scaled(case: Case, factor: float) -> Case:
    """All forecasts times ``factor``."""

    def change(workload: Any) -> dict[str, Any]:
        demand = workload.demand
        units = ("output_mtok_per_day", "requests_per_s", "gpu_hours_per_day")
        return {"demand": with_part(demand, **{unit: scaled(getattr(demand, unit), factor) for unit in units})}

    return with_workloads(case, change)


def limit_scaled(limit: Any, factor: float) -> Any:
    """A yearly limit times ``factor``."""
    if limit is None:
        return None
    return {year: usd * factor for year, usd in limit.items()} if isinstance(limit, dict) else limit * factor


def budget_scaled(case: Case, factor: float) -> Case:
    """All budgets times ``factor``."""
    budget = case.scenario.budget
    limits = {
        field: limit_scaled(getattr(budget, field), factor)
        for field in type(budget).model_fields
        if field.endswith("_usd")
    }
    return case.with_scenario(budget=with_part(budget, **limits))
