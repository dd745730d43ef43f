"""``plan levers``: what the plan would cost without each of the things that make tokens cheap, alone and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from planner.catalog import Catalog
from planner.catalog.optimisations import Known
from planner.frozen import dataclass
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.problem import Problem, build_problem
from planner.render.figures import money
from planner.scenario import Scenario, scenario_digest
from planner.studies.command import Progress
from planner.studies.levers.lever import Lever, all_levers, unmeasured, usable_points
from planner.studies.result import Study, compared, limit_of, told
from planner.studies.solves import Question, Reply, answer, answers, check_least_cost, difference, plan_itself
from planner.units import KW_PER_MW, SECONDS_PER_HOUR, mtok_from_tokens

GAP = 5e-3
TOGETHER, POSSIBLE = "all of these together", "all that have a plan, together"

COLUMNS = [
    "lever", "cost_usd", "rise_low_usd", "rise_high_usd", "usd_per_mtok_output", "times", "peak_mw", "gpus_bought",
    "known_by", "reason", "stopped",
]  # fmt: skip


@dataclass(frozen=True)
class Levers(Study):
    """``levers``, ``COLUMNS``, a row for the plan as optimised, without each lever and without all of them.

    Costs are USD NPV; ``rise`` is over the plan, an interval from the bounds of both solves; ``times`` is of the cost
    per token. ``known_by`` says by which points a lever's worth is known: ``measured``; ``predicted`` ones alone, with
    figures where it surely costs something; ``not measured``, and then without figures; empty where it is of no point.
    ``metrics``: input and output metrics of each system for each workload.
    """

    command = "levers"

    levers: pd.DataFrame
    metrics: pd.DataFrame


def levers(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> Levers:
    """The cost as optimised, without each lever, and without all of them."""
    check_least_cost(scenario, "levers")
    original, scenario = scenario, compared(scenario)
    in_parts = scenario is not original
    catalog = catalog_of(scenario) if catalog is None else catalog
    gap = gap if gap is not None else GAP
    limit = limit_of(scenario, time_limit_s)
    solver = scenario.solve.solver
    problem = build_problem(scenario, catalog)
    usable = usable_points(scenario, catalog, problem.supply.systems)
    known = {lever.name: lever.known(usable) for lever in all_levers()}
    # What no point is known to have cannot be taken away: that it would cost nothing is not what anybody found.
    parts = [lever for lever in all_levers() if known[lever.name] != "not measured"]
    asked = [("as optimised", scenario, catalog)]
    asked += [(lever.name, *lever.change(scenario, catalog)) for lever in parts]
    asked.append((TOGETHER, *_all(parts, scenario, catalog)))
    found = answers(
        [Question(name, one, rows, gap, limit, solver, name != TOGETHER) for name, one, rows in asked],
        workers=workers,
        progress=lambda words: progress(f"{scenario.name}: {words}"),
    )
    plan_itself(found[0], scenario, catalog)
    able = [lever for lever, reply in zip(parts, found[1:-1], strict=True) if reply.plan is not None]
    if found[-1].plan is None and 1 < len(able) < len(parts):
        progress(f"{scenario.name}: {POSSIBLE}")
        found.append(answer(Question(POSSIBLE, *_all(able, scenario, catalog), gap, limit, solver, False)))
    table = _table(found, known)
    measured = metrics(problem)
    stopped = tuple(table.loc[table["stopped"], "lever"])
    said = (*_said(table, measured, scenario), *unmeasured(known, usable))
    sentences = told(said, stopped, scenario, in_parts=in_parts)
    about = (scenario.name, scenario_digest(original), sentences)
    return Levers(*about, levers=table, metrics=measured, stopped=stopped, in_parts=in_parts)


def _table(found: Sequence[Reply], known: Mapping[str, Known | None]) -> pd.DataFrame:
    """A row for each reply, and where nothing is known of a lever, in its place one that says so."""
    replies = {reply.name: reply for reply in found}
    first, *others = replies
    names = dict.fromkeys([first, *known, *others])
    rows = [_row(name, replies.get(name), found[0], known.get(name)) for name in names]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(name: str, reply: Reply | None, base: Reply, known: Known | None) -> tuple[object, ...]:
    assert base.plan is not None
    if reply is None or reply.plan is None:
        reason, stopped = ("", False) if reply is None else (reply.reason, reply.stopped)
        return name, *[np.nan] * 7, known or "", reason, stopped
    # Taking something away never makes the best plan cheaper.
    rise = (0.0, 0.0) if reply is base else difference(reply.range_usd, base.range_usd, least=0.0)
    if known == "predicted" and rise[0] <= 0:
        # That predictions change nothing is not what anybody measured.
        return name, *[np.nan] * 7, known, "", reply.stopped
    per_token, before = (plan.kpis["levelised_usd_per_mtok_output"] for plan in (reply.plan, base.plan))
    return (
        name, reply.range_usd[1], *rise, per_token, per_token / before if before else np.nan,
        reply.plan.kpis["peak_provisioned_utility_mw"], _gpus_bought(reply.plan), known or "", "",
        reply.stopped,
    )  # fmt: skip


def _gpus_bought(plan: Plan) -> float:
    return float(plan.purchases["gpus"].sum())


def _all(parts: Sequence[Lever], scenario: Scenario, catalog: Catalog) -> tuple[Scenario, Catalog]:
    for lever in parts:
        scenario, catalog = lever.change(scenario, catalog)
    return scenario, catalog


def metrics(problem: Problem) -> pd.DataFrame:
    """Input metrics beside output metrics, by workload and system that can be bought.

    Columns workload, system, usd_per_gpu_hour (bought at its first date: NPV of capex, support and running less resale,
    over discounted GPU-hours), fp8_pflops_per_kusd (dense, of the hardware price), output_tok_s_per_gpu (best eligible
    point, trust, headroom and the workload's output share included), output_tok_s_per_mw (provisioned at the cap) and
    usd_per_mtok_output (always busy).
    """
    rows, timeline = [], problem.timeline
    hours = timeline.hours * timeline.discount_middle
    for purchase in problem.supply.purchases:
        system, asset = purchase.asset.system, purchase.asset
        start = int(np.argmax(purchase.exists))
        until = min(start + purchase.life_periods, timeline.periods)
        running = float((asset.running_usd * timeline.discount_middle)[start:until].sum())
        gpu_hours = float(hours[start:until].sum()) * system.gpus
        usd_per_hour = (float(purchase.npv_usd[start]) + running) / gpu_hours
        busy = float((asset.busy_usd_per_gpu_hour * hours)[start:until].sum() / hours[start:until].sum())
        pflops = system.fp8_dense_pflops_per_gpu * system.gpus / (system.price_usd / 1e3)
        for workload, name in enumerate(problem.demand.names):
            rates = [
                float(problem.assignments.rate[assignment, start])
                for assignment, candidate in enumerate(problem.assignments.candidates)
                if candidate.workload == workload and candidate.system == system.system
            ]
            tokens = max(rates, default=0.0) * float(problem.demand.output_tokens[workload])
            if not tokens:
                continue
            site = problem.limits.sites[asset.site].name
            per_mw = tokens * system.usable_share * system.gpus / asset.cap_kw * KW_PER_MW
            per_hour = tokens * SECONDS_PER_HOUR
            usd_per_mtok = (usd_per_hour / system.usable_share + busy) / mtok_from_tokens(per_hour)
            rows.append((name, site, system.system, usd_per_hour, pflops, tokens, per_mw, usd_per_mtok))
    columns = [
        "workload", "site", "system", "usd_per_gpu_hour", "fp8_pflops_per_kusd", "output_tok_s_per_gpu",
        "output_tok_s_per_mw", "usd_per_mtok_output",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _said(table: pd.DataFrame, measured: pd.DataFrame, scenario: Scenario) -> tuple[str, ...]:
    alone = table[~table["lever"].isin(["as optimised", TOGETHER, POSSIBLE])]
    known = alone[alone["rise_low_usd"] > 0]
    sentences = []
    if len(known):
        most = known.loc[known["rise_low_usd"].idxmax()]
        sentences.append(f"Of what can go alone, {most.lever} costs most: at least {money(most.rise_low_usd)} more.")
    else:
        sentences.append("None of these alone surely makes the plan dearer.")
    sentences += [f"{row.lever}: no plan; {row.reason}." for row in alone.itertuples() if row.reason]
    for workload in scenario.workloads:
        mine = measured[measured["workload"] == workload.name]
        if len(mine) < 2:
            continue
        cheap = mine.loc[mine["usd_per_gpu_hour"].idxmin(), "system"]
        flops = mine.loc[mine["fp8_pflops_per_kusd"].idxmax(), "system"]
        tokens = mine.loc[mine["usd_per_mtok_output"].idxmin(), "system"]
        power = mine.loc[mine["output_tok_s_per_mw"].idxmax(), "system"]
        if len({cheap, flops, tokens, power}) > 1:
            sentences.append(
                f"For {workload.name} the metrics disagree: {cheap} is cheapest by the GPU-hour, {flops} has most FLOP "
                f"per dollar, {power} makes most tokens per MW, {tokens} makes the cheapest token."
            )
    return tuple(sentences)
