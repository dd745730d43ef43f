"""Plausible wrong versions of what ``planner.rules`` says of halls, running cost and budgets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from planner.rules import budgets, halls, running
from planner.scenario.models import Pue
from tests import owning_cases as cases
from tests.rule_cases import hardware_resold
from tests.rule_mutants import Mutant, constant


def design_for_annual(right: Any) -> Callable[..., Pue]:
    return lambda site, row: right(site, row).model_copy(update={"annual": right(site, row).design})


def annual_for_design(right: Any) -> Callable[..., Pue]:
    return lambda site, row: right(site, row).model_copy(update={"design": right(site, row).annual})


def a_position_each(right: Any) -> Callable[..., float]:
    return lambda site, row: max(1.0, right(site, row))


def fed_anyway(right: Any) -> Callable[..., float]:
    return lambda site, row: min(1.0, right(site, row))


def named_by_its_start(_: Any) -> Callable[..., int]:
    return lambda day, first_month: day.year - (day.month < first_month)


def a_month_late(_: Any) -> Callable[..., int]:
    return lambda day, first_month: day.year + (day.month > first_month)


OWNED = [
    Mutant(halls, "pue", design_for_annual, hardware_resold),
    Mutant(halls, "pue", annual_for_design, cases.nodes_at_the_cap),
    Mutant(halls, "rack_positions", a_position_each, cases.nodes_that_share_a_position),
    Mutant(halls, "rack_positions", fed_anyway, cases.nodes_that_no_position_feeds),
    Mutant(running, "share_of_price_a_year", constant(0.0), cases.nodes_with_support),
    Mutant(running, "usd_a_year", constant(0.0), cases.nodes_with_licences),
    Mutant(running, "usd_a_year", constant(0.0), cases.nodes_with_staff),
    Mutant(running, "usd_per_kw_month", constant(0.0), cases.nodes_in_a_colocation),
    Mutant(running, "busy_it_kw_per_gpu", lambda _: lambda row: row.busy_it_kw / row.gpus, hardware_resold),
    Mutant(running, "usd_per_it_mwh", lambda _: lambda site, row, usd: usd, hardware_resold),
    Mutant(running, "standing_usd", lambda right: lambda *asked: 0.5 * right(*asked), hardware_resold),
    Mutant(running, "busy_usd_per_gpu_hour", lambda _: lambda site, row, usd: 0.0 * usd, hardware_resold),
    Mutant(
        budgets,
        "yearly_limit",
        lambda _: lambda limit, year: limit.get(year, math.inf),
        cases.a_budget_that_holds_on,
    ),
    Mutant(
        budgets,
        "budget_spans",
        lambda right: lambda *asked: [span for span in right(*asked) if span.year is None],
        cases.a_budget_that_holds_on,
    ),
    Mutant(
        budgets,
        "budget_spans",
        lambda right: lambda *asked: [span._replace(periods=span.periods | True) for span in right(*asked)],
        cases.a_budget_of_the_reported_year,
    ),
    Mutant(budgets, "fiscal_year", lambda _: lambda day, first_month: day.year, cases.a_budget_of_fiscal_years),
    Mutant(budgets, "fiscal_year", named_by_its_start, cases.a_budget_of_fiscal_years),
    Mutant(budgets, "fiscal_year", a_month_late, cases.a_budget_of_fiscal_years),
]
