"""What a limit is worth: the plan solved again with a little more and a little less of it, as an interval.

Integers make a dual a hint. Both solves stop at a gap, so a value is what their bounds leave open; where that includes
zero and more, it is unresolved and said to be.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.kinds.limits import BUDGET, HOURLY_DEPTH, PROVIDER_SHARE, QUOTA, SITE_LIMITS, SPENDING, LimitKind
from planner.milp import Milp, build_model
from planner.plan import Plan
from planner.problem import build_problem
from planner.scenario import Scenario
from planner.studies import changes
from planner.studies.command import Progress
from planner.studies.solves import Question, Range, Reply, answers, difference

STEP_USD, STEP_GPUS, STEP_SHARE, STEP_DEMAND = 1e6, 8.0, 0.01, 0.01
STEP_TTFT_S, STEP_TPOT_MS = 0.1, 1.0
# A step is at most this share of the limit: a megawatt more says nothing of a hall of 60 kW.
LARGEST_STEP = 0.1
# Latency targets: how each is called, its field, step and unit.
LATENCIES = (("TTFT target", "ttft_s", STEP_TTFT_S, "s"), ("TPOT target", "tpot_ms", STEP_TPOT_MS, "ms"))
# Of the quotas only those that the LP relaxation thinks dearest are solved again.
MOST_QUOTAS = 1
DUST = 1e-9

COLUMNS = [
    "limit", "where", "change", "unit", "cost_low_usd", "cost_high_usd", "state", "reason", "lp_hint_usd",
    "stopped",
]  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A limit moved by ``change`` of ``unit``; ``sign`` is 1 where the least cost cannot fall, −1 where not rise."""

    limit: str
    where: str
    change: float
    unit: str
    sign: int
    scenario: Scenario
    lp_hint_usd: float | None = None


def steps(scenario: Scenario, plan: Plan) -> list[Step]:
    """Both ways from ``scenario``: limits of a site, a kind of budget, what binds of providers, latencies, demand."""
    found: list[Step] = []

    def both(
        limit: str, where: str, size: float, unit: str, more: Scenario, less: Scenario, hint: float | None
    ) -> None:
        found.append(Step(limit, where, size, unit, -1, more, None if hint is None else -hint * size))
        found.append(Step(limit, where, -size, unit, 1, less, None if hint is None else hint * size))

    for site in scenario.sites:
        for kind in SITE_LIMITS:
            stated = changes.site_limit(site, kind.site_field)
            size = 0.0 if stated is None else min(kind.step, LARGEST_STEP * max(stated.values))
            if size > 0:
                more = changes.with_site_limit(scenario, kind.site_field, size, site.name)
                less = changes.with_site_limit(scenario, kind.site_field, -size, site.name)
                both(kind.key, site.name, size, kind.unit, more, less, _hint(plan, kind, site.name))
    for spent in SPENDING:
        limit = getattr(scenario.budget, spent.field)
        if limit is None:
            continue
        size = min(STEP_USD, LARGEST_STEP * (max(limit.values()) if isinstance(limit, dict) else limit))
        if size > 0:
            more = changes.with_budget(scenario, spent.field, size)
            less = changes.with_budget(scenario, spent.field, -size)
            where = "every year" if isinstance(limit, dict) else "the horizon"
            both(f"{spent.key} budget", where, size, BUDGET.unit, more, less, _budget_hint(plan, spent.key))
    for index, where, hint in _quotas(scenario, plan):
        more = changes.with_quota(scenario, index, STEP_GPUS)
        less = changes.with_quota(scenario, index, -STEP_GPUS)
        both(QUOTA.key, where, STEP_GPUS, QUOTA.unit, more, less, hint)
    if (plan.binding["constraint"] == HOURLY_DEPTH.key).any():
        more, less = (changes.with_hourly_depth(scenario, by) for by in (STEP_GPUS, -STEP_GPUS))
        by_name = isinstance(scenario.procurement.hourly_depth_gpus, dict)
        where = "each provider named" if by_name else "each provider"
        both(HOURLY_DEPTH.key, where, STEP_GPUS, HOURLY_DEPTH.unit, more, less, None)
    if (plan.binding["constraint"] == PROVIDER_SHARE.key).any():
        more = changes.with_max_share(scenario, STEP_SHARE)
        less = changes.with_max_share(scenario, -STEP_SHARE)
        both("max_share", "each provider", 100 * STEP_SHARE, "%", more, less, None)
    for workload in scenario.workloads:
        for name, field, step, unit in LATENCIES:
            target = getattr(workload.sla, field)
            if target is not None:
                size = min(step, LARGEST_STEP * target)
                more = changes.with_latency(scenario, field, size, workload.name)
                less = changes.with_latency(scenario, field, -size, workload.name)
                both(name, workload.name, size, unit, more, less, None)
    up, down = changes.with_demand(scenario, 1 + STEP_DEMAND), changes.with_demand(scenario, 1 - STEP_DEMAND)
    found.append(Step("demand", "all workloads", 100 * STEP_DEMAND, "%", 1, up))
    found.append(Step("demand", "all workloads", -100 * STEP_DEMAND, "%", -1, down))
    return found


def worth(
    scenario: Scenario,
    catalog: Catalog,
    base: Reply,
    *,
    gap: float,
    time_limit_s: float,
    solver: str,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> pd.DataFrame:
    """``COLUMNS``: what the least cost (NPV, USD) rises by with each step; negative is a saving.

    ``state`` is ``resolved`` where the sign is certain, ``unresolved`` where the gaps leave it open, ``unchanged``
    where the step makes the very same matrix, ``no effect`` where the cost is the same, ``no plan``
    where it leaves none; ``stopped`` is true where the clock ended the search for it.
    """
    assert base.plan is not None
    asked = steps(scenario, base.plan)
    matrix = build_model(build_problem(scenario, catalog)).milp
    moved = [not _same(matrix, build_model(build_problem(step.scenario, catalog)).milp) for step in asked]
    questions = [
        Question(
            f"{step.limit} of {step.where}", step.scenario, catalog, gap, time_limit_s, solver, warm_start=base.plan
        )
        for step, different in zip(asked, moved, strict=True)
        if different
    ]
    replies = iter(answers(questions, workers=workers, progress=progress))
    rows = [
        _row(step, next(replies) if different else None, base) for step, different in zip(asked, moved, strict=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(step: Step, reply: Reply | None, base: Reply) -> tuple[object, ...]:
    rise: Range = (0.0, 0.0)
    state, reason, stopped = "unchanged", "", False
    if reply is not None:
        rise = _rise(step.sign, reply.range_usd, base.range_usd)
        reason, stopped = reply.reason, reply.stopped
        # What is left of equal costs after rounding is nothing.
        if max(map(abs, rise)) <= DUST * abs(base.range_usd[1]):
            return step.limit, step.where, step.change, step.unit, 0.0, 0.0, "no effect", "", step.lp_hint_usd, stopped
        if reply.plan is None:
            state = "no plan" if np.isposinf(rise[0]) else "unresolved"
        else:
            state = "resolved" if rise[0] > 0 or rise[1] < 0 else "unresolved"
    return step.limit, step.where, step.change, step.unit, *rise, state, reason, step.lp_hint_usd, stopped


def _rise(sign: int, now: Range, before: Range) -> Range:
    """How much the least cost rises, cut at 0 on the side that the model's laws rule out."""
    if sign > 0:
        return difference(now, before, least=0.0)
    low, high = difference(before, now, least=0.0)
    return (0.0 - high, 0.0 - low)


def _same(one: Milp, other: Milp) -> bool:
    """Whether two matrices are one and the same, so that the optimum is too."""
    fields = ("cost", "lower", "upper", "integer", "row_lower", "row_upper", "indptr", "indices", "data")
    return one.constant == other.constant and all(
        np.array_equal(getattr(one, field), getattr(other, field)) for field in fields
    )


def _hint(plan: Plan, kind: LimitKind, site: str) -> float | None:
    """USD by one more unit in every period, as the LP relaxation has it; None where the limit does not bind."""
    rows = plan.binding[plan.binding["constraint"] == kind.key]
    where = rows["where"] if kind.over == "period" else rows["where"].str.replace(r" in \d{4}$", "", regex=True)
    rows = rows[where == site]
    return float(rows["marginal_usd_lp"].sum()) if len(rows) else None


def _budget_hint(plan: Plan, spent: str) -> float | None:
    rows = plan.binding[(plan.binding["constraint"] == BUDGET.key) & plan.binding["where"].str.startswith(f"{spent} ")]
    return float(rows["marginal_usd_lp"].sum()) if len(rows) else None


def _quotas(scenario: Scenario, plan: Plan) -> list[tuple[int, str, float]]:
    """Index, subject and LP hint of the quotas that bind, those worth most first."""
    rows = plan.binding[plan.binding["constraint"] == QUOTA.key]
    found = []
    for index, quota in enumerate(scenario.procurement.quotas):
        where = f"{quota.provider} {quota.system}" if quota.provider else quota.system
        mine = rows[rows["where"].str.endswith(where)]
        if len(mine):
            label = where if quota.provider else f"{quota.system}, each provider"
            found.append((index, label, float(mine["marginal_usd_lp"].sum())))
    return sorted(found, key=lambda item: (-item[2], item[0]))[:MOST_QUOTAS]
