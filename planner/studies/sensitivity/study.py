"""``plan sensitivity``: what each input does to the cost of a token and to today's decisions, and what they regret.

Each input is set to its low and to its high value and the plan made anew. Then once more with today's orders as they
are: what is ordered or signed until the day service starts is kept, everything later is free. What that costs beyond
the new plan is the regret of today's orders, should it come so. A later delivery makes the same orders arrive later.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner.catalog import Catalog
from planner.errors import InputError, SolverFailure, StoppedByClock
from planner.milp import ABSENT, Model, build_model
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.problem import build_problem
from planner.render.figures import money
from planner.rules.dates import order_day
from planner.scenario import Scenario, scenario_digest
from planner.scenario.models import MONTHS_PER_PERIOD
from planner.schedule import add_months
from planner.solvers import Options
from planner.solvers.optimise import optimise
from planner.studies import changes
from planner.studies.command import Progress
from planner.studies.orders import ordered
from planner.studies.pool import each
from planner.studies.result import COUNTS_FOR_NOTHING, Study, compared, counts_for_nothing, limit_of, told
from planner.studies.solves import Question, Range, Reply, answer, check_least_cost, difference, plan_itself

GAP = 5e-3
SHARES = {"demand": 0.2, "hardware price": 0.2, "rent price": 0.2, "electricity price": 0.3, "power cap": 0.1}
TRUST = (0.5, 0.8)
SLIPS_MONTHS = (3, 6)
WEEKS_PER_QUARTER = 13

COLUMNS = [
    "input", "side", "value", "cost_usd", "usd_per_mtok_output", "effect", "first_year_changes", "changes",
    "regret_low_usd", "regret_high_usd", "reason", "stopped",
]  # fmt: skip


@dataclass(frozen=True)
class Sensitivity(Study):
    """``inputs``: ``COLUMNS``, those that move the cost of a token most first; the plan itself at what it costs.

    ``effect`` is the relative change of the levelised cost, ``changes`` says what else would be ordered in the first
    year, ``regret`` in USD NPV is an interval from the bounds of both solves.
    """

    command = "sensitivity"

    usd_per_mtok_output: float | None
    cost_usd: float
    inputs: pd.DataFrame


@dataclass(frozen=True)
class World:
    """One input at one value: the scenario and catalog that say so, and by how many periods deliveries slip."""

    input: str
    side: str
    value: str
    scenario: Scenario
    catalog: Catalog
    slip: int = 0


@dataclass(frozen=True)
class Outlook:
    """A world with today's plan, the gap and the seconds that its two solves may have."""

    world: World
    today: Plan
    gap: float
    time_limit_s: float
    solver: str


def worlds(scenario: Scenario, catalog: Catalog) -> list[World]:
    """The default low and high of each input that the scenario has."""
    found: list[World] = []

    def both(name: str, low: float, high: float, make: object) -> None:
        for side, factor in (("low", low), ("high", high)):
            one, rows = make(factor)  # type: ignore[operator]
            found.append(World(name, side, f"× {factor:g}", one, rows))

    def share(name: str) -> tuple[float, float]:
        return 1 - SHARES[name], 1 + SHARES[name]

    both("demand", *share("demand"), lambda f: (changes.with_demand(scenario, f), catalog))
    both("hardware price", *share("hardware price"), lambda f: (scenario, changes.with_hardware_price(catalog, f)))
    both("rent price", *share("rent price"), lambda f: changes.with_rates(scenario, catalog, f))
    if scenario.sites:
        both("electricity price", *share("electricity price"), lambda f: _electricity(scenario, catalog, f))
        both("power cap", *share("power cap"), lambda f: (changes.with_power_share(scenario, f), catalog))
    for side, factor in zip(("low", "high"), TRUST, strict=True):
        trust = scenario.trust.model_copy(update={"predicted": factor})
        found.append(
            World("trust of predicted", side, f"{factor:g}", scenario.model_copy(update={"trust": trust}), catalog)
        )
    if any(len(site.power_mw.anchors) > 1 for site in scenario.sites):
        for side, months in zip(("low", "high"), SLIPS_MONTHS, strict=True):
            later = changes.with_power_later(scenario, months)
            found.append(World("energisation", side, f"{months} months later", later, catalog))
    if scenario.sites and scenario.procurement.buy:
        for side, months in zip(("low", "high"), SLIPS_MONTHS, strict=True):
            late = changes.with_later_delivery(scenario, catalog, WEEKS_PER_QUARTER * months / 3)
            slip = -(-months // MONTHS_PER_PERIOD[scenario.horizon.period])
            found.append(World("delivery", side, f"{months} months later", late, catalog, slip))
    return found


def _electricity(scenario: Scenario, catalog: Catalog, factor: float) -> tuple[Scenario, Catalog]:
    energy = {
        key: row if row.usd_per_mwh is None else row.model_copy(update={"usd_per_mwh": row.usd_per_mwh * factor})
        for key, row in catalog.energy.items()
    }
    dearer = changes.sites(
        scenario,
        lambda site: (
            site
            if site.electricity_usd_per_mwh is None
            else site.model_copy(update={"electricity_usd_per_mwh": site.electricity_usd_per_mwh.scaled(factor)})
        ),
    )
    return dearer, replace(catalog, energy=energy)


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
    found = each(
        outlook,
        [Outlook(world, today, gap, limit, solver) for world in asked],
        workers=workers,
        progress=lambda words: progress(f"{scenario.name}: {words}"),
    )
    until = add_months(scenario.horizon.decided_on, 12)
    rows = [
        (*_row(world, reply, kept, today, ordered(today, until), scenario), stopped)
        for world, (reply, kept, stopped) in zip(asked, found, strict=True)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    swing = table["effect"].abs().fillna(np.inf).groupby(table["input"]).transform("max")
    order = table.assign(swing=swing, order=range(len(table))).sort_values(["swing", "order"], ascending=[False, True])
    # The two sides of an input stay together.
    names = list(dict.fromkeys(order["input"]))
    table = pd.concat([table[table["input"] == name] for name in names], ignore_index=True)
    late = [f"{row.input} {row.value}" for row in table[table["stopped"]].itertuples()]
    itself = ("the plan itself",) * base.stopped
    stopped = (*itself, *late)
    return Sensitivity(
        scenario.name,
        scenario_digest(original),
        told(_said(table), stopped, scenario, in_parts=in_parts),
        usd_per_mtok_output=today.kpis["levelised_usd_per_mtok_output"],
        cost_usd=base.range_usd[1],
        inputs=table,
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


def outlook(item: Outlook) -> tuple[Reply, Range, bool]:
    """The plan for a world, the range of the least cost there with today's orders, and whether the clock struck."""
    world = item.world
    name = f"{world.input} {world.value}"
    reply = answer(
        Question(name, world.scenario, world.catalog, item.gap, item.time_limit_s, item.solver, False, item.today)
    )
    if reply.plan is None:
        return reply, (np.nan, np.nan), reply.stopped
    model = build_model(build_problem(world.scenario, world.catalog))
    kept = with_orders(model, world, item.today)
    if kept is None:
        return reply, (np.nan, np.nan), reply.stopped
    options = Options(item.gap, item.time_limit_s, world.scenario.solve.seed)
    try:
        answered = optimise(kept, kept.milp, "relay", options, item.today.solution)
    except SolverFailure as error:
        return reply, (np.nan, np.nan), reply.stopped or isinstance(error, StoppedByClock)
    if answered.x is None:
        return reply, (np.inf, np.inf), reply.stopped
    found = (min(answered.bound, answered.objective), answered.objective)
    return reply, found, reply.stopped or answered.wall_clock_stop


def with_orders(model: Model, world: World, today: Plan) -> Model | None:
    """``model`` with the orders of ``today`` until service starts, no more, no fewer; None where one has no column."""
    timeline, supply, variables = model.problem.timeline, model.problem.supply, model.variables
    lower, upper = model.milp.lower.copy(), model.milp.upper.copy()
    until = changes.orders_until(world.scenario)
    kept: dict[tuple[str, str, int], float] = {}
    period_index = {name: index for index, name in enumerate(timeline.names)}
    for row in today.purchases[today.purchases["order_by"] <= until].itertuples():
        key = (row.site, row.system, period_index[row.period] + world.slip)
        if key[2] < timeline.periods:
            kept[key] = kept.get(key, 0.0) + row.count
    for row in today.contracts[today.contracts["order_by"] <= until].itertuples():
        name = f"{row.provider}/{row.region}/{row.system}/{row.kind}-{row.term_months:g}m"
        kept["", name, period_index[row.period]] = kept.get(("", name, period_index[row.period]), 0.0) + row.lots
    sites = [site.name for site in model.problem.limits.sites]
    bought = [
        (sites[item.asset.site], item.asset.system.system, item.lead_weeks, variables.buy[index])
        for index, item in enumerate(supply.purchases)
    ]
    signed = [
        ("", item.offer.name, item.lead_weeks, variables.sign[index]) for index, item in enumerate(supply.reservations)
    ]
    for site, name, lead_weeks, ids in (*bought, *signed):
        for period in range(timeline.periods):
            number = kept.pop((site, name, period), None)
            early = order_day(timeline.starts[period], lead_weeks) <= until
            columns = np.unique(ids[:, period])
            if columns[0] == ABSENT:
                if number:
                    return None
                continue
            if number is not None or early:
                lower[columns] = number or 0.0
                upper[columns] = number or 0.0
    # Stocks have bounds of their own, from caps that may be lower here; the rows decide instead.
    for stock in (variables.own, variables.under_contract):
        present = stock[stock != ABSENT]
        upper[present] = np.maximum(upper[present], model.problem.gpus_ever_needed)
    return None if kept else replace(model, milp=replace(model.milp, lower=lower, upper=upper))


def _row(
    world: World, reply: Reply, kept: Range, today: Plan, orders: dict[str, float], scenario: Scenario
) -> tuple[object, ...]:
    if reply.plan is None:
        return (
            world.input, world.side, world.value, np.nan, np.nan, np.nan, True, "", np.nan, np.nan,
            f"no plan: {reply.reason}",
        )  # fmt: skip
    before, after = (plan.kpis["levelised_usd_per_mtok_output"] for plan in (today, reply.plan))
    differs = _changes(orders, ordered(reply.plan, add_months(scenario.horizon.decided_on, 12)))
    regret = (np.nan, np.nan) if np.isnan(kept[0]) else difference(kept, reply.range_usd, least=0.0)
    reason = "today's orders leave no plan" if kept[0] == np.inf else ""
    return (
        world.input, world.side, world.value, reply.range_usd[1], after, after / before - 1 if before else np.nan,
        bool(differs), differs, *regret, reason,
    )  # fmt: skip


def _changes(before: dict[str, float], after: dict[str, float]) -> str:
    """What is ordered otherwise: ``buy hgx-b200 for dallas 22 → 10``."""
    names = dict.fromkeys((*before, *after))
    moved = [(name, before.get(name, 0.0), after.get(name, 0.0)) for name in names]
    return "; ".join(f"{name} {old:g} → {new:g}" for name, old, new in moved if abs(old - new) > 0.5)


def _said(table: pd.DataFrame) -> tuple[str, ...]:
    sentences = []
    known = table[table["effect"].notna()]
    if len(known):
        most = known.loc[known["effect"].abs().idxmax()]
        sentences.append(f"The cost of a token depends most on {most.input}: {most.effect:+.1%} at {most.value}.")
    same = [name for name, part in table.groupby("input", sort=False) if not part["first_year_changes"].any()]
    if same:
        sentences.append(f"Whatever becomes of {', '.join(same)}, the first year's orders stay the same.")
    sure = table[np.isfinite(table["regret_low_usd"]) & (table["regret_low_usd"] > 0)]
    if len(sure):
        worst = sure.loc[sure["regret_low_usd"].idxmax()]
        sentences.append(
            f"Today's orders would be regretted most at {worst.input} {worst.value}: by at least "
            f"{money(worst.regret_low_usd)}."
        )
    else:
        sentences.append("In none of these are today's orders surely regretted, as far as the gap tells.")
    return tuple(sentences)
