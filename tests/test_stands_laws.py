"""Switching values on random cases: at them today's orders cost more, just before them they do not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import solvers
from planner.errors import SolverFailure
from planner.milp import ABSENT, Model, build_model
from planner.milp.widened import with_rows
from planner.problem import build_problem
from planner.rules.dates import order_day
from planner.solvers import Options
from planner.solvers.repriced import repriced
from planner.studies.stands.assumptions import assumptions
from planner.studies.stands.relaxed import Relaxations, World
from planner.studies.stands.switching import switches
from tests.limits import AMPLE_S
from tests.strategies import Case, cases, examples

OPTIONS = Options(0.01, AMPLE_S)


def columns_due(model: Model, day: dt.date) -> dict[tuple[str, str], dict[int, float]]:
    """GPUs of a unit of each column that is an order due by ``day``, by verb and system."""
    problem = model.problem
    found: dict[tuple[str, str], dict[int, float]] = {}
    ordered = [
        *(("buy", p.asset.system.system, p.asset.system.gpus, p.lead_weeks, model.variables.buy[i])
          for i, p in enumerate(problem.supply.purchases)),
        *(("sign", r.offer.system, r.offer.lot_gpus, r.lead_weeks, model.variables.sign[i])
          for i, r in enumerate(problem.supply.reservations)),
    ]  # fmt: skip
    for verb, system, gpus, weeks, ids in ordered:
        mine = found.setdefault((verb, system), {})
        for future, probability in enumerate(problem.probability):
            for period, first in enumerate(problem.timeline.starts[: problem.timeline.periods]):
                column = int(ids[future, period])
                if column != ABSENT and order_day(first, weeks) <= day:
                    mine[column] = mine.get(column, 0.0) + gpus * float(probability)
    return found


def least(world: World, day: dt.date, kept: dict[tuple[str, str], float], room: dict[str, float]) -> float:
    """The least cost of the relaxation with the orders due within ``room`` (GPUs) of ``kept``; all free where empty."""
    model = build_model(build_problem(world.scenario, world.catalog, whole=False))
    rows, scale = [], 1 / max(float(np.abs(model.milp.cost).max()), 1.0)
    due = columns_due(model, day)
    for key, gpus in kept.items():
        mine = due.get(key, {})
        if not mine:
            if gpus > room[key[1]]:
                return np.inf
            continue
        size = room[key[1]]
        places = np.array(list(mine), dtype=np.int64)
        rows.append((places, np.array(list(mine.values())) / size, gpus / size - 1, gpus / size + 1))
    milp = with_rows(model.milp.scaled(scale).relaxed(), rows, "kept")
    answer = solvers.run(milp, "glop", OPTIONS)
    return np.inf if answer.x is None else answer.objective / scale


@examples(1)
@given(case=cases(), which=st.integers(0, 6))
def test_orders_are_kept_up_to_the_switching_value_and_not_at_it(case: Case, which: int) -> None:
    today = World(case.scenario, case.catalog)
    told = list(assumptions(today))
    one = told[which % len(told)] if told else None
    if one is None:
        return
    try:
        relaxations = Relaxations(today, OPTIONS)
        found = switches(one, relaxations)
    except SolverFailure:
        return
    orders, day = relaxations.today.orders, relaxations.due_by
    due = sum(orders.values())
    room = {name: max(row.gpus, due / 10) * (1 - 1e-3) for name, row in case.catalog.systems.items()}
    for switch in found:
        assert abs(switch.value - one.today) >= abs(switch.same - one.today) or np.isinf(one.today)
        there = one.at(switch.way, switch.value)
        free = least(there, day, {}, room)
        assert np.isinf(free) == (not switch.possible)
        if switch.possible:
            assert least(there, day, orders, room) > free + 1e-9 * abs(free)
        if np.isfinite(switch.same):
            before = one.at(switch.way, switch.same) if switch.same != one.today else today
            free = least(before, day, {}, room)
            wider = {name: gpus * 1.001 for name, gpus in room.items()}
            # What is within a hair for each such part counts as a tie.
            assert least(before, day, orders, wider) <= free + 2e-4 * abs(free) + 1e-3


@examples(1)
@given(case=cases())
def test_an_lp_with_another_cost_is_as_good_as_solved_anew(case: Case) -> None:
    """What is told of the columns costs the optimum, whatever was asked before."""
    milp = build_model(build_problem(case.scenario, case.catalog)).milp.relaxed()
    size = float(np.abs(milp.cost).max(initial=1.0))
    milp = replace(milp, cost=milp.cost / size, constant=0.0)
    every = np.arange(milp.columns)
    kept = repriced(milp, every, every, OPTIONS)
    for factor in (1.0, 0.5, 2.0):
        cost = milp.cost * np.where(every % 2 == 0, factor, 1.0)
        anew = solvers.run(replace(milp, cost=cost), "glop", OPTIONS)
        values = kept.solve(cost)
        assert (values is None) == (anew.x is None)
        if values is not None:
            assert float(cost @ values) == pytest.approx(anew.objective, rel=1e-6, abs=1e-6)
