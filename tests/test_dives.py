"""Dives: whole plans near a relaxation, none of them better than the optimum."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import planner
from planner import solvers
from planner.errors import SolverFailure, StoppedByClock
from planner.milp import Milp, build_model, stocks
from planner.milp.items import named
from planner.milp.matrix import ABSENT
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.solvers import dives, relay, run
from planner.solvers.answer import AT_LOWER, Basis, Options
from planner.solvers.optimise import optimise
from planner.solvers.rebounded import Rebounded
from tests.limits import AMPLE_S
from tests.strategies import Case, cases, examples

EXACT = Options(gap=1e-9, time_limit_s=AMPLE_S)
TOLERANCE = 1e-6


def _dived(milp: Milp, enough: float = -np.inf) -> np.ndarray | None:
    found = run(milp.relaxed(), "glop", EXACT)
    if found.x is None or found.duals is None:
        return None
    relaxation = relay.prove(milp, found.x, found.duals)
    return dives.plan(milp, relaxation.x, relaxation.reduced_costs, EXACT, enough)


def _tiny() -> Milp:
    scenario = planner.load("scenarios/tiny.yaml")
    return build_model(build_problem(scenario, catalog_of(scenario), whole=False)).milp.scaled(2.0**-10)


@examples(0.5)
@given(case=cases())
def test_what_a_dive_finds_is_a_whole_plan_and_no_better_than_the_optimum(case: Case) -> None:
    milp = build_model(build_problem(case.scenario, case.catalog, whole=False)).milp
    milp = milp.scaled(1e3 / max(1.0, float(np.abs(milp.cost).max(initial=0.0))))
    x = _dived(milp)
    assume(x is not None)
    assert x is not None
    levels = x[milp.integer]
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-6)
    activity = milp.activity(x)
    slack = TOLERANCE * np.maximum(1.0, np.abs(activity))
    assert (activity <= milp.row_upper + slack).all()
    assert (activity >= milp.row_lower - slack).all()
    best = run(milp, "scip", EXACT)
    assert milp.objective(x) >= best.objective - TOLERANCE * max(1.0, abs(best.objective))


def test_what_is_rounded_leaves_when_its_life_is_over_and_not_before() -> None:
    """Each by itself, levels of 1.2, 2.4, 1.6 and 1.4 at a life of two would fall by two where one has reached it."""
    levels, since = np.array([1.2, 2.4, 1.6, 1.4]), np.array([ABSENT, ABSENT, 0, 1])
    came = np.array([1.2, 2.4, 2.8, 3.8])
    lp, item = _Allowed((0.0,) * 4, set()), np.arange(4)
    for share in (1e-6, 0.3, 0.5, 0.75):
        dive = dives.Dive(lp, np.zeros(4), np.full(4, 9.0), (item,), (0.0, levels), since)
        whole = dive.rounded(item, levels, share)
        np.testing.assert_array_equal(
            whole + np.where(since == ABSENT, 0, np.floor(came + share)[since]), np.floor(came + share)
        )


@examples(0.5)
@given(case=cases(), seed=st.integers(0, 99))
def test_a_level_is_all_that_came_less_what_had_come_a_life_earlier(case: Case, seed: int) -> None:
    milp = build_model(build_problem(case.scenario, case.catalog, whole=False)).milp
    inflow = named(milp, stocks.INFLOWS)
    x = np.where(inflow, np.random.default_rng(seed).integers(0, 4, milp.columns), 0.0)
    came, since = np.zeros(milp.columns), stocks.gone_since(milp)
    for block in milp.row_blocks:
        for row in range(block.span.start, block.span.stop) if block.name in stocks.STOCKS else ():
            at = slice(milp.indptr[row], milp.indptr[row + 1])
            columns, signs = milp.indices[at], milp.data[at]
            level = columns[~inflow[columns] & (signs > 0)][0]
            before = columns[~inflow[columns] & (signs < 0)]
            x[level] = -signs[columns != level] @ x[columns[columns != level]]
            came[level] = came[before].sum() + x[columns[inflow[columns] & (signs < 0)]].sum()
            assert x[level] == came[level] - (came[since[level]] if since[level] != ABSENT else 0)


def test_glop_that_refuses_bounds_is_a_failure_of_the_solver() -> None:
    milp = _tiny()
    levels = np.flatnonzero(milp.guided)
    lp = Rebounded(milp, levels, EXACT)
    with pytest.raises(SolverFailure, match="glop"):
        lp.between(np.arange(1), np.array([np.nan]), np.array([np.nan]))


def test_bounds_that_come_and_go_leave_the_optimum_as_it_was() -> None:
    milp = _tiny()
    levels = np.flatnonzero(milp.guided)
    lp = Rebounded(milp, levels, EXACT)
    free = lp.solve()
    assert free is not None
    np.testing.assert_allclose(free[0], run(milp.relaxed(), "glop", EXACT).objective, rtol=1e-9)
    every = np.arange(len(levels))
    nothing = np.zeros(len(levels))
    lp.between(every, nothing, nothing)
    bare = lp.solve()
    assert bare is None or bare[0] >= free[0]
    lp.between(every, milp.lower[levels], milp.upper[levels])
    again = lp.solve()
    assert again is not None
    np.testing.assert_allclose(again[0], free[0], rtol=1e-9)


@examples(0.3)
@given(case=cases(), seed=st.integers(0, 99))
def test_a_basis_to_start_from_leaves_the_optimum_as_it_was(case: Case, seed: int) -> None:
    milp = build_model(build_problem(case.scenario, case.catalog, whole=False)).milp
    milp = milp.scaled(1e3 / max(1.0, float(np.abs(milp.cost).max(initial=0.0))))
    found = run(milp.relaxed(), "highs", EXACT)
    assume(found.basis is not None)
    assert found.basis is not None
    draw = np.random.default_rng(seed)
    # Some of it lost, as of columns left out.
    columns = np.where(draw.random(milp.columns) < 0.9, found.basis.columns, AT_LOWER)
    every = np.arange(milp.columns)
    near = Basis(columns, found.basis.rows).of(every, np.arange(milp.rows))
    from_there = Rebounded(milp, every, EXACT, near).solve()
    assert from_there is not None
    np.testing.assert_allclose(from_there[0], found.objective, rtol=1e-6, atol=1e-6)


def test_no_second_dive_where_the_first_plan_is_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    milp, dived = _tiny(), []
    down = dives.Dive.down

    def counted(self: dives.Dive, rounded: float) -> dives.Point | None:
        dived.append(rounded)
        return down(self, rounded)

    monkeypatch.setattr(dives.Dive, "down", counted)
    assert _dived(milp, np.inf) is not None
    assert dived == [dives.ROUNDED[0]]


class _Allowed:
    """An LP that says no where no ``allowed`` plan has the levels that are fixed; if ``late``, once all of them are."""

    def __init__(self, levels: tuple[float, ...], allowed: set[tuple[int, ...]], *, late: bool = False) -> None:
        self.levels, self.allowed, self.late = np.array(levels), allowed, late
        self.lower, self.upper = np.zeros(len(levels)), np.full(len(levels), 9.0)

    def between(self, at: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        self.lower[at], self.upper[at] = lower, upper

    def solve(self) -> tuple[float, np.ndarray] | None:
        x = np.clip(self.levels, self.lower, self.upper)
        fixed = self.lower == self.upper
        fits = any((x == plan)[fixed].all() for plan in self.allowed)
        return (float(x.sum()), x) if fits or (self.late and not fixed.all()) else None

    def everything(self) -> np.ndarray:
        return np.asarray(np.clip(self.levels, self.lower, self.upper))

    def dive(self) -> dives.Dive:
        start, nothing_gone = (self.levels.sum(), self.levels), np.full(len(self.levels), ABSENT)
        return dives.Dive(
            self, self.lower.copy(), self.upper.copy(), (np.arange(len(self.levels)),), start, nothing_gone
        )


LEVELS = (1.2, 2.6, 3.5)
EITHER_WAY = tuple(itertools.product(*((math.floor(level), math.ceil(level)) for level in LEVELS)))


@given(
    allowed=st.sets(st.sampled_from(EITHER_WAY)), rounded=st.sampled_from(dives.ROUNDED), many=st.sampled_from([0, 9])
)
def test_levels_rounded_one_by_one_or_in_parts_find_a_plan_where_there_is_one(
    allowed: set[tuple[int, ...]], rounded: float, many: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dives, "MANY", many)
        found = _Allowed(LEVELS, allowed).dive().down(rounded)
    assert (found is None) == (not allowed)
    assert found is None or tuple(found[1].tolist()) in allowed


@pytest.mark.parametrize("plan", [(2, 3, 3), (1, 2, 3), (1, 3, 4)])
def test_a_level_that_was_rounded_wrong_is_rounded_the_other_way(plan: tuple[int, ...]) -> None:
    """All are first rounded to 1, 3 and 3, and only at the end it is told that this is no plan."""
    found = _Allowed(LEVELS, {plan}, late=True).dive().down(0.45)
    assert found is not None
    assert tuple(found[1].tolist()) == plan


def test_levels_that_cannot_be_rounded_end_by_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, solve = [], _Allowed.solve

    def counted(lp: _Allowed) -> tuple[float, np.ndarray] | None:
        asked.append(lp)
        return solve(lp)

    monkeypatch.setattr(_Allowed, "solve", counted)
    assert _Allowed(LEVELS, set(), late=True).dive().down(0.3) is None
    assert 3 < len(asked) <= 3 + dives.TRIES * len(LEVELS)


def test_where_dives_break_down_the_plan_is_found_without(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = planner.load("scenarios/tiny.yaml")
    model = build_model(build_problem(scenario, catalog_of(scenario), whole=False))
    asked = optimise(model, model.milp, "auto", EXACT)

    def broken(*args: object, few: bool, basis: object) -> None:
        raise SolverFailure("glop gave up")

    monkeypatch.setattr(relay, "DIVED", 0)
    monkeypatch.setattr(dives, "plan", broken)
    found = optimise(model, model.milp, "auto", EXACT)
    assert found.status == asked.status == "optimal"
    np.testing.assert_allclose(found.objective, asked.objective, rtol=1e-6)
    assert [leg.status for leg in found.legs if leg.name == "dives"] == ["unknown"]


def test_a_dive_that_the_clock_stops_is_the_last_leg(monkeypatch: pytest.MonkeyPatch) -> None:
    milp = _tiny()
    lp = run(milp.relaxed(), "glop", EXACT)

    def stopped(*args: object, few: bool, basis: object) -> None:
        raise StoppedByClock("the clock stopped a dive")

    monkeypatch.setattr(relay, "DIVED", 0)
    monkeypatch.setattr(dives, "plan", stopped)
    found = relay.solve(milp, run, lambda x: None, lp, EXACT)
    assert found.wall_clock_stop
    assert [leg.name for leg in found.legs] == ["relaxation", "dives"]


def test_the_time_of_all_solves_together_is_that_of_the_options() -> None:
    milp = _tiny()
    lp = Rebounded(milp, np.flatnonzero(milp.guided), replace(EXACT, time_limit_s=-1e9))
    with pytest.raises(StoppedByClock):
        lp.solve()


def test_without_ortools_in_the_process_there_are_no_dives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "has_ortools", lambda: False)
    milp = _tiny()
    nothing = np.zeros(milp.columns)
    assert dives.plan(milp, milp.upper * 0 + 1.0, nothing, EXACT, np.inf) is None
