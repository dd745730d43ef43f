"""What a case is answered with: an interval in which its optimum lies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import settings
from numpy.typing import NDArray

from planner.accounts import Account, totals_of
from planner.audit import audit_of
from planner.milp import Model, build_model
from planner.pipeline import model_of
from planner.plan import Plan
from planner.plan.extract import decisions
from planner.problem import Reductions, build_problem
from planner.solvers import Options
from planner.solvers.objectives import minimise
from tests.strategies.case import Case

TOLERANCE = 1e-6
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Where an optimum lies: no plan is better than ``low``, and an audited plan reaches ``high``.

    Both infinite where there is no plan. Of what is maximised (`tokens`, `profit`) the negative stands here.
    """

    low: float
    high: float
    cost_usd: float = math.inf

    @property
    def tolerance(self) -> float:
        """What engines' and audits' tolerances can make of the ends."""
        return TOLERANCE * max(1.0, abs(self.high)) if math.isfinite(self.high) else 0.0

    def meets(self, other: Interval) -> bool:
        """Whether the two can be of the same optimum."""
        slack = self.tolerance + other.tolerance
        return self.low <= other.high + slack and other.low <= self.high + slack

    def may_reach(self, other: Interval) -> bool:
        """Whether this optimum can be at least the other's: U(dearer) ≥ L(cheaper), never U against U."""
        return self.high + self.tolerance + other.tolerance >= other.low


def solved(
    case: Case,
    solver: str = "auto",
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    reductions: Reductions | None = None,
    warm_start: Plan | None = None,
) -> Interval:
    """The interval of a case's objective: as ``planner.solve`` finds and audits it, without writing its tables."""
    wanted = case.scenario.solve
    options = Options(gap or wanted.gap, time_limit_s or wanted.time_limit_s, wanted.seed)
    model = build_model(build_problem(case.scenario, case.catalog, reductions))
    return _interval(case, model, solver, options, None if warm_start is None else warm_start.solution)


def packed(case: Case, gap: float = 1e-3) -> Interval:
    """The interval of a case in whole replicas as large ones are planned: its relaxation, packed.

    ``planner.solvers.executable.OUTRIGHT`` says what is large.
    """
    model = model_of(case.scenario, case.catalog)
    return _interval(case, model, "auto", Options(gap, case.scenario.solve.time_limit_s, 0), None)


def _interval(case: Case, model: Model, solver: str, options: Options, start: Floats | None) -> Interval:
    found = minimise(model, case.scenario.objective, solver, options, start)
    if found.x is None:
        assert found.answer.status == "infeasible"
        return Interval(math.inf, math.inf)
    account = Account(case.scenario, case.catalog, decisions(model, found.x))
    audit = audit_of(account, model.milp.objective(found.x))
    assert audit.passed, audit.violations[0].sentence
    cost = totals_of(account).objective_usd
    if found.objective == "cost":
        return Interval(min(found.bound, cost), cost, cost)
    sign = -1.0 if found.objective in ("tokens", "profit") else 1.0
    return Interval(sign * found.bound, sign * found.value, cost)


def examples(share: float) -> settings:
    """The profile's settings with ``share`` times its examples."""
    profile = settings.default
    assert profile is not None
    return settings(max_examples=max(1, round(profile.max_examples * share)))
