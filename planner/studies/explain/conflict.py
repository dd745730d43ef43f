"""Why there is no plan: sets of limits that conflict, none to spare, and the cheapest way out in each currency.

The limits are the groups of the elastic model: a site's cap, a year's budget, a provider's quota or share, a
workload's latency targets, its floor. A set conflicts when no plan keeps all of it, whatever becomes of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from planner import solvers
from planner.catalog import Catalog
from planner.errors import StoppedByClock
from planner.frozen import dataclass
from planner.kinds.limits import CURRENCIES
from planner.milp import Milp, Model, build_model
from planner.milp.elastic import Elastic, LimitGroup, build_elastic, with_requirements
from planner.pipeline import ELASTIC_EXCESS, far_off
from planner.plan.relaxation import held_on, relaxations
from planner.problem import Problem, build_problem
from planner.scenario import Scenario
from planner.solvers import Options
from planner.solvers.clock import no_plan

MOST_SETS = 4
# The search for further sets ends after so many feasibility solves.
MOST_SOLVES = 200
# One that has found neither a plan nor that there is none after so many nodes counts as undecided.
MOST_NODES = 5000


@dataclass(frozen=True)
class Conflict:
    """Limits that no plan keeps together. ``minimal``: without any one of them there is a plan that keeps the rest."""

    groups: tuple[LimitGroup, ...]
    minimal: bool

    def sentence(self, problem: Problem) -> str:
        """The set in words."""
        return " and ".join(words(group) + held_on(problem, group) for group in self.groups)


class Limits:
    """The elastic model of a scenario, asked whether a set of its limits can be kept.

    ``stopped`` where a search was left undecided; ``struck`` names the searches that the clock ended.
    """

    def __init__(self, scenario: Scenario, catalog: Catalog, time_limit_s: float = 60.0) -> None:
        self.options = Options(gap=0.01, time_limit_s=time_limit_s, seed=scenario.solve.seed, nodes=MOST_NODES)
        self.model: Model = build_model(build_problem(scenario, catalog, elastic=True))
        far = far_off(self.model, self.options)
        if not far:
            self.model = with_requirements(self.model)
        self.elastic: Elastic = build_elastic(self.model, ELASTIC_EXCESS[-1], far=far)
        self.stopped = False
        self.struck: tuple[str, ...] = ()
        self.solves = 0

    @property
    def groups(self) -> tuple[LimitGroup, ...]:
        """Every limit, as a planner would relax it."""
        return self.elastic.groups

    def keeps(self, kept: Iterable[LimitGroup]) -> bool:
        """Whether some plan keeps every limit of ``kept``. One left undecided counts as yes, and is remembered.

        Raises StoppedByClock where the clock ended the search.
        """
        self.solves += 1
        answer = solvers.run(self.feasibility(frozenset(kept)), "scip", self.options)
        if answer.x is None and answer.status != "infeasible":
            self.stopped = True
            if answer.wall_clock_stop:
                self.struck = ("limits that conflict",)
                raise no_plan(self.options.time_limit_s)
        return answer.status != "infeasible"

    def feasibility(self, kept: frozenset[LimitGroup]) -> Milp:
        """The elastic matrix with no objective, in which the limits of ``kept`` cannot be exceeded."""
        milp = self.elastic.milp
        upper = milp.upper.copy()
        for group, column in zip(self.groups, self.elastic.relaxed, strict=True):
            if group in kept:
                upper[column] = 0.0
        return replace(milp, upper=upper, cost=np.zeros(milp.columns), constant=0.0)


def conflicts(limits: Limits, most: int = MOST_SETS) -> tuple[list[Conflict], bool]:
    """Minimal sets of limits that conflict, and whether these are all of them.

    By a deletion filter: a limit without which the others still conflict is dropped for good. Further sets are looked
    for where one member of a known one is given up.
    """
    found: list[Conflict] = []
    waiting: list[frozenset[LimitGroup]] = [frozenset()]
    seen: set[frozenset[LimitGroup]] = set()
    while waiting:
        given_up = waiting.pop(0)
        if given_up in seen:
            continue
        seen.add(given_up)
        known = next((c for c in found if not given_up & set(c.groups)), None)
        if known is None:
            if len(found) >= most or limits.solves >= MOST_SOLVES:
                return found, False
            try:
                known = _conflict(limits, given_up)
            except StoppedByClock:
                return found, False
            if known is None:
                continue
            found.append(known)
        waiting += [given_up | {group} for group in known.groups]
    return found, not limits.stopped


def _conflict(limits: Limits, given_up: frozenset[LimitGroup]) -> Conflict | None:
    """A minimal conflict among the limits that are not ``given_up``; None where a plan keeps them."""
    rest = [group for group in limits.groups if group not in given_up]
    return None if limits.keeps(rest) else _filtered(limits, rest)


def _filtered(limits: Limits, groups: list[LimitGroup]) -> Conflict:
    """A minimal conflict within ``groups``, which conflict. Floors, in nearly every conflict, are tried last."""
    before = limits.stopped
    limits.stopped = False
    kept = sorted(groups, key=lambda group: (group.kind.last_resort, group.kind.key, group.subject))
    for group in list(kept):
        without = [other for other in kept if other != group]
        if not limits.keeps(without):
            kept = without
    minimal = not limits.stopped
    limits.stopped |= before
    return Conflict(tuple(kept), minimal)


def cheapest(limits: Limits) -> pd.DataFrame:
    """The way out in each currency alone, the least sum of violations: columns currency, possible, kind, where, …"""
    rows: list[tuple[object, ...]] = []
    elastic = limits.elastic
    for currency in CURRENCIES:
        mine = [group for group in limits.groups if group.kind.currency == currency]
        if not mine:
            continue
        milp = limits.feasibility(frozenset(group for group in limits.groups if group not in mine))
        cost = np.zeros(elastic.milp.columns)
        cost[elastic.excess] = 1.0
        answer = solvers.run(replace(milp, cost=cost), "scip", limits.options)
        if answer.wall_clock_stop:
            limits.struck += (f"the way out in {currency}",)
        if answer.x is None:
            known = answer.status == "infeasible"
            said = "no amount of it alone makes a plan" if known else "not found"
            rows.append((currency, False, "", "", "", np.nan, np.nan, "", said))
            continue
        rows += [
            (currency, True, r.kind, r.subject, r.period, r.needed, r.limit, r.unit, r.sentence)
            for r in relaxations(limits.model, elastic, answer.x)
        ]
    columns = ["currency", "possible", "kind", "where", "period", "needed", "limit", "unit", "sentence"]
    return pd.DataFrame(rows, columns=columns)


def words(group: LimitGroup) -> str:
    """A limit as a planner says it."""
    return group.kind.conflict.format(group.subject)
