"""Objectives of one programme: cost, tokens, profit, and cost with something held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from planner.catalog.models import Catalog
from planner.scenario.models import Scenario
from tests.oracle.model import program
from tests.oracle.programme import Program
from tests.oracle.writer import Made


def least_cost(
    scenario: Scenario, catalog: Catalog, fitted: Made | None = None, between: Made | None = None
) -> tuple[float, float]:
    """The interval of the least expected NPV cost."""
    return program(scenario, catalog, fitted, between).optimum()


def most_tokens(p: Program) -> tuple[float, float]:
    """The interval of the most Mtok that any plan serves."""
    lost = p.optimum(p.lost_mtok_flat, 0.0)
    return p.mtok_flat - lost[1], p.mtok_flat - lost[0]


def most_profit(p: Program) -> tuple[float, float]:
    """The interval of the most revenue less cost."""
    objective = [cost + lost for cost, lost in zip(p.cost, p.lost_revenue, strict=True)]
    low, high = p.optimum(objective)
    return p.revenue - high, p.revenue - low


def cost_with(p: Program, lost: Sequence[float], at_most: float) -> tuple[float, float]:
    """The interval of the least cost of the plans that lose no more than ``at_most`` of ``lost``."""
    size = max(max(lost, default=0.0), 1e-12)
    terms = {v: value / size for v, value in enumerate(lost) if value}
    return replace(p, rows=[*p.rows, (terms, -math.inf, at_most / size)]).optimum()


def priced_cost(p: Program, usd_per_mtok: float) -> tuple[float, float]:
    """The interval of the least C − θ·N: 0 lies in it where θ is the least cost per token."""
    objective = [cost + usd_per_mtok * lost for cost, lost in zip(p.cost, p.lost_mtok, strict=True)]
    return p.optimum(objective, p.constant - usd_per_mtok * p.mtok)
