"""``plan stands``: the assumptions that carry a plan, what the least cost is without each, where orders due change."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from planner.catalog import Catalog
from planner.errors import InputError
from planner.frozen import dataclass
from planner.pipeline import catalog_of, solve
from planner.render.hints import SCENARIO, hint
from planner.scenario import Scenario, scenario_digest
from planner.solvers import Options
from planner.studies.command import Progress
from planner.studies.result import Study, limit_of, told
from planner.studies.stands.assumptions import applies
from planner.studies.stands.carried import Carrying, carrying
from planner.studies.stands.relaxed import Change, Relaxations, World
from planner.studies.stands.words import amount_words, sentences

AMOUNTS = [
    "assumption", "name", "field", "unit", "today", "rests", "share", "way", "value", "possible", "last_possible",
    "usd", "said",
]  # fmt: skip
SWITCHES = ["assumption", "way", "value", "said", "possible", "verb", "system", "before_gpus", "after_gpus"]
NO_PLAN = Change("", "", np.nan, np.nan)


@dataclass(frozen=True)
class Stands(Study):
    """``assumptions``: what the least cost is more at the end of a way, USD NPV by the LP relaxation, a row each.

    ``switches``: the orders due that change at the nearest value found, a row each; a value without a plan has one row
    without an order.
    """

    command = "stands"

    due_by: dt.date
    relaxed_npv_usd: float
    assumptions: pd.DataFrame
    switches: pd.DataFrame


def stands(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    progress: Progress = lambda words: None,
) -> Stands:
    """What the plan of ``scenario`` stands on: the assumptions that carry most of it, and where orders due change.

    Raises InputError where the least cost is not the objective, StoppedByClock where the clock ended a search.
    """
    if not applies(scenario):
        raise InputError(
            f"what a plan stands on is told of the least cost; the objective of {scenario.name} is "
            f"{scenario.objective}: {hint('stands', SCENARIO, '--set', 'objective=cost')}"
        )
    catalog = catalog_of(scenario) if catalog is None else catalog
    progress(f"{scenario.name}: solving")
    limit_s = limit_of(scenario, time_limit_s)
    plan = solve(scenario, catalog, gap=gap, time_limit_s=limit_s)
    progress(f"{scenario.name}: what it stands on")
    relaxations = Relaxations(World(scenario, catalog), Options(plan.proof.gap_asked, limit_s))
    found = carrying(relaxations, plan, searched=None)
    stopped = () if plan.proof.reproducible else ("the plan",)
    return Stands(
        scenario.name,
        scenario_digest(scenario),
        told(sentences(found), stopped),
        found.due_by,
        found.npv_usd,
        *tables(found),
        stopped=stopped,
    )


def tables(found: Carrying) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The amounts and the switching values as frames."""
    amounts = [
        (
            one.assumption.key, f"{one.assumption.label}: {one.assumption.stated}", one.assumption.field,
            one.assumption.unit, one.assumption.today, one.rests.words, one.rests.share, amount.way.name,
            amount.way.values[-1], amount.possible, amount.last, amount.usd, amount_words(one.assumption, amount),
        )
        for one in found.carried
        for amount in one.amounts
    ]  # fmt: skip
    changed = [
        (
            one.assumption.key, switch.way.name, switch.value, one.assumption.said(switch.way, switch.value),
            switch.possible, change.verb, change.system, change.before_gpus, change.after_gpus,
        )
        for one in found.carried
        for switch in one.switches or ()
        for change in switch.changes or (NO_PLAN,)
    ]  # fmt: skip
    return pd.DataFrame(amounts, columns=AMOUNTS), pd.DataFrame(changed, columns=SWITCHES)
