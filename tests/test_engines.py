"""One engine is no proof: SCIP, HiGHS, the relay and CBC through PuLP on the same questions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner import solvers
from planner.milp import Milp, build_model
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.solvers import Answer, Options, check_name, relay, run
from planner.solvers.answer import Floats
from planner.solvers.optimise import optimise
from planner.studies.changes import with_demand
from tests.limits import AMPLE_S
from tests.strategies import Case, cases, examples, solved


@pytest.mark.parametrize("engine", ["scip", "highs"])
@examples(1)
@given(case=cases())
def test_the_relay_and_a_cold_engine_agree(engine: str, case: Case) -> None:
    assert solved(case).meets(solved(case, engine))


@examples(0.5)
@given(case=cases())
def test_cbc_never_undercuts_a_bound(case: Case) -> None:
    """CBC has called wrong answers optimal, so its plan need not be the best; audited, it is an upper bound."""
    proven, cbc = solved(case), solved(case, "pulp:cbc")
    if math.isfinite(cbc.high):
        assert cbc.may_reach(proven)


@examples(1)
@given(case=cases())
def test_what_follows_from_whole_numbers_is_declared_whole(case: Case) -> None:
    """Left to find it out, SCIP and HiGHS have both called a wrong plan optimal."""
    milp = build_model(build_problem(case.scenario, case.catalog)).milp
    assert not (milp.guided & ~milp.integer).any()


@examples(0.5)
@given(case=cases(), demand=st.sampled_from([0.9, 1.0, 1.1]), engine=st.sampled_from(["relay", "scip"]))
def test_a_plan_to_start_from_changes_no_optimum(case: Case, demand: float, engine: str) -> None:
    """Whether or not it is a plan of the other scenario too."""
    try:
        plan = planner.solve(case.scenario, case.catalog)
    except planner.InfeasiblePlan:
        return
    other = replace(case, scenario=with_demand(case.scenario, demand))
    assert solved(other, engine).meets(solved(other, engine, warm_start=plan))


@examples(0.5)
@given(case=cases())
def test_the_optimum_is_the_same_where_the_neighbourhood_has_what_the_relaxation_does_not_use(case: Case) -> None:
    proven = solved(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay, "used_only", lambda milp, x: milp)
        assert solved(case).meets(proven)


def test_the_neighbourhood_leaves_out_what_the_relaxation_never_uses() -> None:
    """A level that is nowhere above zero stays at its least in all periods; one that is used somewhere stays free."""
    scenario = planner.load("scenarios/10mw.yaml")
    milp = build_model(build_problem(scenario, catalog_of(scenario), whole=False)).milp
    own = next(block for block in milp.column_blocks if block.name == "own")
    periods = len(own.axes[-1])
    x = np.zeros(milp.columns)
    x[own.first] = 0.4
    near = relay.used_only(relay.neighbourhood(milp, x, 1), x)
    mine = own.cells // periods == own.cells[0] // periods
    assert (
        near.upper[own.span][mine] == np.minimum(milp.upper[own.span][mine], 1 + (np.arange(mine.sum()) == 0))
    ).all()
    assert (near.upper[own.span][~mine] == milp.lower[own.span][~mine]).all()
    assert (near.upper[~milp.guided] == milp.upper[~milp.guided]).all()
    assert (near.lower == milp.lower).all()


@pytest.mark.solve
def test_a_good_plan_to_start_from_is_all_it_takes() -> None:
    scenario = planner.load("tests/compat/0.1.0/scenarios/existing-fleet.yaml")
    plan = planner.solve(scenario, time_limit_s=AMPLE_S)
    again = planner.solve(scenario, time_limit_s=AMPLE_S, warm_start=plan, gap=2 * scenario.solve.gap)
    assert [leg.name for leg in again.proof.legs] == ["relaxation"]
    assert again.proof.objective_usd == pytest.approx(plan.proof.objective_usd, rel=1e-9)
    # A plan of another shape says nothing here.
    tiny = planner.solve(planner.load("scenarios/tiny.yaml"), warm_start=plan)
    assert tiny.status == "optimal"


@pytest.mark.solve
def test_a_time_limit_is_never_read_as_a_proof() -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    try:
        plan = planner.solve(scenario, gap=1e-7, time_limit_s=1.5)
    except planner.SolverFailure as failure:
        assert "time" in str(failure)  # noqa: PT017
    else:
        # A machine may be fast enough to prove it.
        proven = plan.proof.gap <= 1e-7
        assert plan.status == ("optimal" if proven else "feasible")
        assert plan.proof.reproducible == proven


def test_the_bound_from_duals_holds_for_any_duals() -> None:
    """Whatever an LP's tolerances make of its duals, clipped they bound the optimum from below."""
    scenario = planner.load("scenarios/tiny.yaml")
    milp = build_model(build_problem(scenario, catalog_of(scenario))).milp
    best = run(milp, "scip", Options(gap=1e-9)).objective
    generator = np.random.default_rng(1)
    lp = run(milp.relaxed(), "glop", Options())
    assert lp.x is not None
    assert lp.duals is not None
    for noise in (0.0, 0.1, 1.0, 10.0):
        duals = lp.duals * (1 + noise * generator.standard_normal(milp.rows))
        assert relay.prove(milp, lp.x, duals).bound <= best * (1 + 1e-9)
    assert relay.prove(milp, lp.x, lp.duals).bound == pytest.approx(lp.objective, rel=1e-6)


@pytest.mark.solve
def test_fixing_by_reduced_cost_keeps_every_better_plan() -> None:
    scenario = planner.load("tests/compat/0.1.0/scenarios/existing-fleet.yaml")
    model = build_model(build_problem(scenario, catalog_of(scenario)))
    milp = model.milp
    lp = run(milp.relaxed(), "glop", Options())
    assert lp.x is not None
    assert lp.duals is not None
    relaxation = relay.prove(milp, lp.x, lp.duals)
    answer = optimise(model, milp, "highs", Options(gap=0.002))
    fixed = relay.fix(milp, relaxation, answer.objective)
    again = optimise(model, replace(fixed), "highs", Options(gap=0.002))
    assert (fixed.upper < milp.upper).any()
    assert again.bound <= answer.objective * (1 + 1e-9)
    assert again.objective >= answer.bound * (1 - 1e-9)


def test_where_an_engine_breaks_down_the_other_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = planner.load("tests/compat/0.1.0/scenarios/tiny.yaml")
    usual = planner.solve(scenario)

    def broken(milp: Milp, engine: str, options: Options, hint: Floats | None = None) -> Answer:
        if engine == "highs":
            raise planner.SolverFailure("highs gave up on this model")
        return run(milp, engine, options, hint)

    monkeypatch.setattr(solvers, "run", broken)
    plan = planner.solve(scenario)
    assert {leg.solver for leg in plan.proof.legs} <= {"glop", "scip"}
    assert plan.proof.objective_usd == pytest.approx(usual.proof.objective_usd, rel=2e-3)
    with pytest.raises(planner.SolverFailure, match="highs gave up"):
        planner.solve(scenario, solver="highs")


def test_an_unknown_solver_is_named() -> None:
    with pytest.raises(planner.InputError, match="--solver gurobbi: unknown; one of auto, relay, scip"):
        check_name("gurobbi")
    with pytest.raises(planner.InputError, match="PuLP knows no such solver"):
        planner.solve(planner.load("scenarios/tiny.yaml"), solver="pulp:nothing")
