"""Cuts: rows that every whole plan keeps, whatever the tableau they were made from; bounds never above the optimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner import solvers
from planner.errors import SolverFailure, StoppedByClock
from planner.milp import Milp, Model, build_model
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.solvers import cuts, dives, relay, run
from planner.solvers.answer import Answer, Options
from planner.solvers.extended import Extended
from planner.solvers.optimise import optimise
from planner.solvers.ortools import parameters_of
from planner.solvers.tableau import Square, multipliers
from tests.limits import AMPLE_S
from tests.strategies import Case, cases, examples

EXACT = Options(gap=1e-9, time_limit_s=AMPLE_S)
NARROW = Options(gap=1e-3, time_limit_s=AMPLE_S)
TOLERANCE = 1e-6


def _shipped(name: str) -> Model:
    scenario = planner.load(f"scenarios/{name}.yaml")
    return build_model(build_problem(scenario, catalog_of(scenario), whole=False))


def _tiny() -> Milp:
    return _shipped("tiny").milp.scaled(2.0**-10)


def _whole(case: Case) -> Milp:
    milp = build_model(build_problem(case.scenario, case.catalog, whole=False)).milp
    return milp.scaled(1e3 / max(1.0, float(np.abs(milp.cost).max(initial=0.0))))


@examples(0.5)
@given(case=cases())
def test_the_best_plan_keeps_every_cut_and_no_bound_is_above_it(case: Case) -> None:
    milp = _whole(case)
    best = run(milp, "scip", EXACT)
    found = cuts.tightened(milp, EXACT, np.inf)
    if best.x is None or found is None:
        return
    activity = found.milp.activity(best.x)
    assert (activity >= found.milp.row_lower - TOLERANCE * np.maximum(1.0, np.abs(activity))).all()
    lp = run(milp.relaxed(), "glop", EXACT)
    assert lp.x is not None
    assert lp.duals is not None
    bound = relay.prove(found.milp, found.x, found.duals).bound
    slack = TOLERANCE * max(1.0, abs(best.objective))
    assert relay.prove(milp, lp.x, lp.duals).bound - slack <= bound <= best.objective + slack


@examples(0.3)
@given(case=cases())
def test_a_search_with_cuts_ends_at_the_optimum(case: Case) -> None:
    model = build_model(build_problem(case.scenario, case.catalog, whole=False))
    asked = run(model.milp, "scip", EXACT)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(relay, "DIVED", 0)
        patched.setattr(relay, "CUT_OF_GAP", 0.0)
        found = optimise(model, model.milp, "auto", EXACT)
    assert found.status == asked.status
    if asked.x is not None:
        np.testing.assert_allclose(found.objective, asked.objective, rtol=1e-5, atol=1e-5)


numbers = st.floats(-5, 5).map(lambda value: round(value, 3))


@given(data=st.data(), size=st.integers(1, 6))
def test_rounded_coefficients_hold_for_all_that_the_sum_holds_for(data: st.DataObject, size: int) -> None:
    a = np.array(data.draw(st.lists(numbers, min_size=size, max_size=size)))
    whole = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    y = np.array(data.draw(st.lists(st.integers(0, 9), min_size=size, max_size=size)), dtype=float)
    y = np.where(whole, y, y / 7)
    right = float(a @ y)
    share = right - np.floor(right)
    if cuts.SPLIT < share < 1 - cuts.SPLIT:
        assert cuts._rounded(a[None, :], np.array([[share]]), whole)[0] @ y >= 1 - 1e-9


entries = st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(1, 9))


@given(extra=st.lists(entries, max_size=30), shift=st.integers(0, 11), dense=st.booleans())
def test_multipliers_take_one_column_out_of_the_rows(
    extra: list[tuple[int, int, int]], shift: int, dense: bool
) -> None:
    matrix = np.zeros((12, 12))
    for row, column, value in extra:
        matrix[row, column] = value
    matrix[np.arange(12), (np.arange(12) + shift) % 12] = 10.0 * (1 + dense * np.arange(12))
    at, of = np.nonzero(matrix)
    found = multipliers(Square(at, of, matrix[at, of], 12), np.arange(12))
    if np.linalg.matrix_rank(matrix) == 12 and np.linalg.cond(matrix) < 1e6:
        assert found is not None
        np.testing.assert_allclose(found.T @ matrix, np.eye(12), atol=1e-6)


@pytest.mark.parametrize("matrix", [[[1.0, 1.0], [0.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]], [[1.0, 2.0], [2.0, 4.0]]])
def test_a_singular_square_has_no_multipliers(matrix: list[list[float]]) -> None:
    values = np.array(matrix)
    row, column = np.nonzero(values)
    square = Square(row, column, values[row, column], 2)
    assert multipliers(square, np.arange(2)) is None


def test_a_square_too_large_to_eliminate_in_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    square = Square(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([1.0, 2.0, 3.0, 4.0]), 2)
    assert multipliers(square, np.arange(2)) is not None
    monkeypatch.setattr("planner.solvers.tableau.KERNEL", 1)
    assert multipliers(square, np.arange(2)) is None


@pytest.mark.slow
def test_cuts_end_where_the_bound_is_enough() -> None:
    milp = _shipped("existing-fleet").milp
    milp = milp.scaled(2.0**-13)
    lp = run(milp.relaxed(), "glop", NARROW)
    most, some = cuts.tightened(milp, NARROW, np.inf), cuts.tightened(milp, NARROW, lp.objective)
    assert most is not None
    assert some is not None
    lifted = [relay.prove(each.milp, each.x, each.duals).bound / lp.objective - 1 for each in (some, most)]
    assert 0.001 < lifted[0] < lifted[1]
    assert most.milp.rows - milp.rows < cuts.CHOSEN


@pytest.mark.slow
def test_where_dives_end_far_away_cuts_close_the_gap() -> None:
    model = _shipped("existing-fleet")
    found = optimise(model, model.milp, "auto", NARROW)
    names = [leg.name for leg in found.legs]
    assert names[:4] == ["relaxation", "dives", "cuts", "dives"]
    assert "neighbourhood" not in names
    assert found.status == "optimal"


def test_a_wide_gap_and_a_search_of_few_nodes_have_no_cuts() -> None:
    tiny = _tiny()
    large = replace(tiny, cost=np.zeros(relay.DIVED))
    assert relay._cut(large, NARROW)
    for options in (replace(NARROW, gap=0.01), replace(NARROW, nodes=1), replace(NARROW, dives=False)):
        assert not relay._cut(large, options)
    assert not relay._cut(_tiny(), NARROW)
    assert not relay._cut(replace(large, cost=np.zeros(10_000)), NARROW)
    many = replace(large, integer=np.repeat(tiny.integer, 1000), lower=np.zeros(1), upper=np.ones(1))
    assert not relay._cut(many, NARROW)


def test_cuts_that_the_clock_stops_are_the_last_leg(monkeypatch: pytest.MonkeyPatch) -> None:
    milp = _tiny()
    lp = run(milp.relaxed(), "glop", EXACT)
    start = run(milp, "scip", EXACT)
    assert start.x is not None

    def stopped(*args: object) -> None:
        raise StoppedByClock("the clock stopped the cuts")

    monkeypatch.setattr(relay, "DIVED", 0)
    monkeypatch.setattr(relay, "CUT_OF_GAP", 0.0)
    monkeypatch.setattr(dives, "plan", lambda *args, **kwargs: None)
    monkeypatch.setattr(cuts, "tightened", stopped)
    found = relay.solve(milp, run, lambda x: None, lp, EXACT, (start.x, 1.5 * start.objective))
    assert found.wall_clock_stop
    assert [leg.name for leg in found.legs] == ["relaxation", "dives"]


def test_the_time_of_all_solves_together_is_that_of_the_options() -> None:
    lp = Extended(_tiny(), replace(EXACT, time_limit_s=-1e9))
    with pytest.raises(StoppedByClock):
        lp.solve()


def test_where_glop_refuses_the_model_there_are_no_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    milp = _tiny()
    broken = replace(milp, cost=np.full(milp.columns, np.nan))
    assert cuts.tightened(broken, EXACT, np.inf) is None

    def refused(self: Extended, milp: Milp) -> None:
        raise SolverFailure("glop refused the rows")

    monkeypatch.setattr(Extended, "extend", refused)
    assert cuts.tightened(milp, EXACT, np.inf) is None


def test_rows_that_are_no_numbers_are_refused() -> None:
    milp = _tiny()
    lp = Extended(milp, EXACT)
    longer = cuts._with_rows(milp, np.full((1, milp.columns), np.nan), np.zeros(1))
    with pytest.raises(SolverFailure, match="glop"):
        lp.extend(longer)


def test_without_ortools_in_the_process_there_are_no_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "has_ortools", lambda: False)
    assert cuts.tightened(_tiny(), EXACT, np.inf) is None


def test_a_quick_search_is_told_to_scip_only() -> None:
    quick = replace(EXACT, quick=True)
    assert parameters_of("scip", quick) != parameters_of("scip", EXACT)
    assert parameters_of("highs", quick) == parameters_of("highs", EXACT)


def test_a_dearer_plan_of_a_later_leg_is_not_taken() -> None:
    best = (np.zeros(1), 1.0)
    dearer = Answer("optimal", "scip", "", np.ones(1), 0.9, 0.9, 0.0)
    assert relay._better(best, dearer, lambda x: (x, 2.0)) is best
    assert relay._better(best, replace(dearer, x=None), lambda x: (x, 0.5)) is best
    cheaper = relay._better(best, dearer, lambda x: (x, 0.5))
    assert cheaper is not None
    assert cheaper[1] == 0.5
