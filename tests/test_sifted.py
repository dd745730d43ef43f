"""Smaller matrices for large models: the optimum, the bound and the plans are those of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import planner
from planner import solvers
from planner.errors import SolverFailure
from planner.milp import Milp, Model, build_model
from planner.milp.coarser import coarser
from planner.milp.merged import Merged, merge
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.solvers import run, sifted
from planner.solvers.answer import Answer, Options
from planner.solvers.relay import prove
from tests.limits import AMPLE_S
from tests.strategies import Case, cases, examples, solved

EXACT = Options(gap=1e-9, time_limit_s=AMPLE_S)
# Engines hold rows to 1e-7 of what they add up.
TOLERANCE = 1e-6


def _model(case: Case) -> Model:
    return build_model(build_problem(case.scenario, case.catalog, whole=False))


def _shipped(name: str, *overrides: str) -> Model:
    scenario = planner.load(f"scenarios/{name}.yaml", overrides)
    return build_model(build_problem(scenario, catalog_of(scenario), whole=False))


def _fits(merged: Merged, model: Model, x: np.ndarray) -> None:
    """``x`` of the smaller matrix is a vector of the whole one that costs the same and breaks nothing."""
    milp, whole = model.milp, merged.whole(x)
    activity = milp.activity(whole)
    slack = TOLERANCE * np.maximum(1.0, np.abs(activity))
    assert (activity <= milp.row_upper + slack).all()
    assert (activity >= milp.row_lower - slack).all()
    assert (whole >= milp.lower - TOLERANCE).all()
    assert (whole <= milp.upper * (1 + TOLERANCE) + TOLERANCE).all()
    assert milp.objective(whole) <= merged.milp.objective(x) + TOLERANCE * abs(milp.objective(whole))
    np.testing.assert_allclose(merged.milp.objective(merged.merged(whole)), milp.objective(whole), rtol=1e-9)


@examples(0.5)
@given(case=cases())
def test_the_optimum_is_the_same_with_serving_columns_shared(case: Case) -> None:
    model = _model(case)
    merged = merge(model, model.milp)
    assume(merged is not None)
    assert merged is not None
    whole, smaller = (run(milp, "scip", EXACT) for milp in (model.milp, merged.milp))
    assert whole.status == smaller.status
    if smaller.x is not None:
        np.testing.assert_allclose(smaller.objective, whole.objective, rtol=1e-6, atol=1e-6)
        _fits(merged, model, smaller.x)


def _sifted(milp: Milp, **settings: float) -> Answer:
    """The relaxation of ``milp`` as of one large enough, with other ``settings`` of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sifted, "LARGE", 0)
        for name, value in settings.items():
            patch.setattr(sifted, name, value)
        return sifted.relaxation(milp, EXACT)


FEWER_ROWS = {"DENSE": 3, "DENSER": 1.0}
COARSER_FIRST = FEWER_ROWS | {"HUGE": 0, "TOGETHER": 2}


@pytest.mark.parametrize("settings", [FEWER_ROWS, COARSER_FIRST, COARSER_FIRST | {"INTERIOR": 0}])
@examples(0.3)
@given(case=cases())
def test_the_relaxation_is_the_same_on_fewer_rows_and_columns(settings: dict[str, float], case: Case) -> None:
    milp = _model(case).milp
    milp = milp.scaled(1e3 / max(1.0, float(np.abs(milp.cost).max(initial=0.0))))
    whole = run(milp.relaxed(), "glop", EXACT)
    found = _sifted(milp, **settings)
    assert found.status == whole.status
    if found.x is None or found.duals is None:
        return
    np.testing.assert_allclose(found.objective, whole.objective, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(prove(milp, found.x, found.duals).bound, whole.objective, rtol=1e-5, atol=1e-4)


@examples(0.5)
@given(case=cases(), together=st.integers(2, 4), seed=st.integers(0, 99))
def test_what_is_the_same_in_periods_together_costs_and_asks_the_same(case: Case, together: int, seed: int) -> None:
    milp = _model(case).milp
    coarse = coarser(milp, together)
    assume(coarse is not None)
    assert coarse is not None
    assert coarse.milp.columns < milp.columns
    assert sum(len(block.cells) for block in coarse.milp.column_blocks) == coarse.milp.columns
    x = np.random.default_rng(seed).random(coarse.milp.columns)
    np.testing.assert_allclose(coarse.milp.objective(x), milp.objective(x[coarse.of]), rtol=1e-9)
    np.testing.assert_allclose(coarse.milp.activity(x).sum(), milp.activity(x[coarse.of]).sum(), rtol=1e-6, atol=1e-6)


@examples(0.5)
@given(case=cases())
def test_a_small_scenario_planned_like_a_large_one_has_the_same_optimum(case: Case) -> None:
    whole = solved(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sifted, "LARGE", 0)
        assert solved(case).meets(whole)


@pytest.mark.slow
def test_what_is_left_out_and_matters_comes_back() -> None:
    """Of a scenario with budgets that bind and contracts that pay, both are in the relaxation."""
    milp = _shipped("10mw").milp
    milp = milp.scaled(2.0**-20)
    whole = run(milp.relaxed(), "glop", EXACT)
    found = _sifted(milp, DENSE=20, DENSER=1.0)
    np.testing.assert_allclose(found.objective, whole.objective, rtol=1e-7)
    assert found.x is not None
    held = next(block for block in milp.column_blocks if block.name == "held")
    assert found.x[held.span].any()


def test_an_engine_that_breaks_down_is_stood_in_for(monkeypatch: pytest.MonkeyPatch) -> None:
    milp = _shipped("tiny").milp.scaled(2.0**-10)

    def broken(milp: Milp, engine: str, options: Options) -> Answer:
        if engine == sifted.ENGINE:
            raise SolverFailure("kError")
        return run(milp, engine, options)

    whole = run(milp.relaxed(), "glop", EXACT)
    monkeypatch.setattr(sifted, "LARGE", 0)
    monkeypatch.setattr(solvers, "run", broken)
    assert sifted.relaxation(milp, EXACT).objective == whole.objective


@pytest.mark.slow
def test_owned_and_rented_gpus_share_serving_columns() -> None:
    model = _shipped("10mw")
    merged = merge(model, model.milp)
    assert merged is not None
    assert merged.milp.columns < 0.9 * model.milp.columns
    assert [block.name for block in merged.milp.column_blocks][-1] == "carried"
    assert sum(len(block.cells) for block in merged.milp.column_blocks) == merged.milp.columns
    whole, smaller = (run(milp.relaxed(), "glop", EXACT) for milp in (model.milp, merged.milp))
    np.testing.assert_allclose(smaller.objective, whole.objective, rtol=1e-9)
    assert smaller.x is not None
    _fits(merged, model, smaller.x)
