"""``plan sensitivity``: what each input does to the cost of a token and to today's decisions, and what they regret.

Each input is set to its low and to its high value and the plan made anew. Then once more with today's orders as they
are: what is ordered or signed until the day service starts is kept, everything later is free. What that costs beyond
the new plan is the regret of today's orders, should it come so. A later delivery makes the same orders arrive later.

Where the new plan orders something else in the first year, the plan nearest to today's orders within the gap tells what
must be ordered otherwise from what may be.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.errors import InputError, SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.milp import Model, build_model
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.problem import build_problem
from planner.scenario import Scenario, scenario_digest
from planner.schedule import add_months
from planner.solvers import Options
from planner.solvers.optimise import optimise
from planner.studies.command import Progress
from planner.studies.orders import ordered
from planner.studies.pool import each
from planner.studies.result import COUNTS_FOR_NOTHING, Study, compared, counts_for_nothing, limit_of, told
from planner.studies.sensitivity.kept import with_orders
from planner.studies.sensitivity.nearest import Nearest, nearest
from planner.studies.sensitivity.said import said
from planner.studies.sensitivity.worlds import World, worlds
from planner.studies.solves import Question, Range, Reply, answer, check_least_cost, difference, most_usd, plan_itself

Floats = NDArray[np.float64]

GAP = 5e-3
COLUMNS = [
    "input", "side", "value", "cost_usd", "usd_per_mtok_output", "effect", "first_year_changes", "changes",
    "regret_low_usd", "regret_high_usd", "reason", "verdict", "apart_gpus", "apart_least_gpus", "stopped",
]  # fmt: skip
ORDERS = ["input", "side", "value", "order", "today", "found", "nearest", "least_change", "verdict"]


@dataclass(frozen=True)
class Sensitivity(Study):
    """``inputs``: ``COLUMNS``, those that move the cost of a token most first; the plan itself at what it costs.

    ``effect`` is the relative change of the levelised cost, ``changes`` says what else the plan found would order in
    the first year, ``regret`` in USD NPV is an interval from the bounds of both solves.

    ``verdict`` is of the first year's orders: ``same`` in the plan found; ``must change`` where every plan within the
    gap orders something else than today's; else ``may change``; ``no plan``, or ``not known``. The plan within the gap
    that is nearest to today's orders differs from them by ``apart_gpus``, and none by less than ``apart_least_gpus``.
    ``orders``: ``ORDERS``, each order that differs from today's in the plan found or in the nearest, in systems or
    lots. One must change where every plan within the gap orders at least ``least_change`` more or fewer.
    """

    command = "sensitivity"

    usd_per_mtok_output: float | None
    cost_usd: float
    inputs: pd.DataFrame
    orders: pd.DataFrame


@dataclass(frozen=True)
class Outlook:
    """A world with today's plan, the gap and the seconds that each of its solves may have.

    First orders are those until the day ``until``.
    """

    world: World
    today: Plan
    gap: float
    time_limit_s: float
    solver: str
    until: dt.date


@dataclass(frozen=True)
class Outcome:
    """What a world's solves answered: its plan, the least cost with today's orders, the plan nearest to those.

    ``kept`` is not a number where it is not known, ``nearest`` None. ``stopped`` where the clock struck.
    """

    reply: Reply
    kept: Range
    nearest: Nearest | None
    stopped: bool


def sensitivity(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    vary: Sequence[World] = (),
    gap: float | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> Sensitivity:
    """The plan with each input low and high; ``vary`` replaces the default inputs."""
    check_least_cost(scenario, "sensitivity")
    original, scenario = scenario, compared(scenario)
    in_parts = scenario is not original
    catalog = catalog_of(scenario) if catalog is None else catalog
    gap = gap if gap is not None else GAP
    limit = limit_of(scenario, time_limit_s)
    solver = scenario.solve.solver
    progress(f"{scenario.name}: the plan itself")
    base = answer(Question(scenario.name, scenario, catalog, gap, limit, solver))
    today = plan_itself(base, scenario, catalog)
    asked = (_in_parts(vary) if in_parts else list(vary)) or worlds(scenario, catalog)
    until = add_months(scenario.horizon.decided_on, 12)
    found = each(
        outlook,
        [Outlook(world, today, gap, limit, solver, until) for world in asked],
        workers=workers,
        progress=lambda words: progress(f"{scenario.name}: {words}"),
    )
    rows = [_row(world, outcome, today, until) for world, outcome in zip(asked, found, strict=True)]
    table = _ranked(pd.DataFrame(rows, columns=COLUMNS))
    listed = [row for world, outcome in zip(asked, found, strict=True) for row in _orders(world, outcome)]
    late = [f"{row.input} {row.value}" for row in table[table["stopped"]].itertuples()]
    itself = ("the plan itself",) * base.stopped
    stopped = (*itself, *late)
    return Sensitivity(
        scenario.name,
        scenario_digest(original),
        told(said(table), stopped, scenario, in_parts=in_parts),
        usd_per_mtok_output=today.kpis["levelised_usd_per_mtok_output"],
        cost_usd=base.range_usd[1],
        inputs=table,
        orders=pd.DataFrame(listed, columns=ORDERS),
        stopped=stopped,
        in_parts=in_parts,
    )


def _in_parts(vary: Sequence[World]) -> list[World]:
    """The worlds in parts of replicas too. Raises InputError for an input that counts for nothing there."""
    for name, group in itertools.groupby(vary, key=lambda world: world.input):
        scenarios = [world.scenario for world in group]
        if counts_for_nothing(scenarios):
            raise InputError(f"--vary {name}: {COUNTS_FOR_NOTHING}")
    return [replace(world, scenario=compared(world.scenario)) for world in vary]


def outlook(item: Outlook) -> Outcome:
    """The plan for a world, the range of the least cost there with today's orders, and the plan nearest to those."""
    world = item.world
    name = f"{world.input} {world.value}"
    unknown = (np.nan, np.nan)
    reply = answer(
        Question(name, world.scenario, world.catalog, item.gap, item.time_limit_s, item.solver, False, item.today)
    )
    if reply.plan is None:
        return Outcome(reply, unknown, None, reply.stopped)
    model = build_model(build_problem(world.scenario, world.catalog))
    options = Options(item.gap, item.time_limit_s, world.scenario.solve.seed)
    kept, x, late = _kept(model, item, options)
    plans, limit = [reply.plan.solution], most_usd(reply.range_usd, item.gap)
    if x is not None and kept[1] <= limit:
        plans.append(x)
    near = nearest(model, item.today, plans, limit, item.until, options)
    return Outcome(reply, kept, near, reply.stopped or late or near.stopped)


def _kept(model: Model, item: Outlook, options: Options) -> tuple[Range, Floats | None, bool]:
    """The range of the least cost with today's orders, a plan with them, and whether the clock struck."""
    unknown = (np.nan, np.nan)
    kept = with_orders(model, item.world, item.today)
    if kept is None:
        return unknown, None, False
    try:
        answered = optimise(kept, kept.milp, "relay", options, item.today.solution)
    except SolverFailure as error:
        return unknown, None, isinstance(error, StoppedByClock)
    if answered.x is None:
        return (np.inf, np.inf), None, False
    return (min(answered.bound, answered.objective), answered.objective), answered.x, answered.wall_clock_stop


def _row(world: World, outcome: Outcome, today: Plan, until: dt.date) -> tuple[object, ...]:
    reply, kept, near = outcome.reply, outcome.kept, outcome.nearest
    if reply.plan is None or near is None:
        verdict = "no plan" if np.isposinf(reply.range_usd[0]) else "not known"
        return (
            world.input, world.side, world.value, np.nan, np.nan, np.nan, True, "", np.nan, np.nan,
            f"no plan: {reply.reason}", verdict, np.nan, np.nan, outcome.stopped,
        )  # fmt: skip
    before, after = (plan.kpis["levelised_usd_per_mtok_output"] for plan in (today, reply.plan))
    differs = _changes(ordered(today, until), ordered(reply.plan, until))
    regret = (np.nan, np.nan) if np.isnan(kept[0]) else difference(kept, reply.range_usd, least=0.0)
    reason = "today's orders leave no plan" if kept[0] == np.inf else ""
    return (
        world.input, world.side, world.value, reply.range_usd[1], after, after / before - 1 if before else np.nan,
        bool(differs), differs, *regret, reason, near.verdict, near.gpus, near.least_gpus, outcome.stopped,
    )  # fmt: skip


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the inputs that move the cost of a token most first; the two sides of an input stay together."""
    swing = table["effect"].abs().fillna(np.inf).groupby(table["input"]).transform("max")
    order = table.assign(swing=swing, order=range(len(table))).sort_values(["swing", "order"], ascending=[False, True])
    names = list(dict.fromkeys(order["input"]))
    return pd.concat([table[table["input"] == name] for name in names], ignore_index=True)


def _changes(before: dict[str, float], after: dict[str, float]) -> str:
    """What is ordered otherwise: ``buy hgx-b200 for dallas 22 → 10``."""
    names = dict.fromkeys((*before, *after))
    moved = [(name, before.get(name, 0.0), after.get(name, 0.0)) for name in names]
    return "; ".join(f"{name} {old:g} → {new:g}" for name, old, new in moved if abs(old - new) > 0.5)


def _orders(world: World, outcome: Outcome) -> list[tuple[object, ...]]:
    names = (world.input, world.side, world.value)
    return [
        (*names, order.name, order.today, order.found, order.nearest, order.least, order.verdict)
        for order in (outcome.nearest.orders if outcome.nearest else ())
    ]
