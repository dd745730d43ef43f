"""The optimum is the same without the reductions, on random scenarios and where each one surely bites."""

from __future__ import annotations

import pytest
from hypothesis import given

import planner
from planner.milp import build_model
from planner.pipeline import catalog_of
from planner.problem import Reductions, build_problem
from tests.strategies import Case, cases, examples, solved

EACH = {
    "points": Reductions(points=False),
    "pools": Reductions(pools=False),
    "offers": Reductions(offers=False),
    "bounds": Reductions(bounds=False),
    "all": Reductions(points=False, pools=False, offers=False, bounds=False),
}


@pytest.mark.parametrize("without", EACH)
@examples(0.5)
@given(case=cases())
def test_the_optimum_is_the_same_without(without: str, case: Case) -> None:
    assert solved(case).meets(solved(case, reductions=EACH[without]))


@pytest.mark.parametrize("without", [pytest.param("points", marks=pytest.mark.slow), "pools", "offers"])
def test_each_reduction_makes_the_matrix_of_a_shipped_scenario_smaller(without: str) -> None:
    scenario = planner.load("scenarios/10mw.yaml", ("sites.dallas.existing=[]",))
    catalog = catalog_of(scenario)
    # Owners share no pool where replicas are whole: a replica stands with one of them.
    whole = without != "pools"
    reduced = build_model(build_problem(scenario, catalog, whole=whole)).milp
    plain = build_model(build_problem(scenario, catalog, EACH[without], whole=whole)).milp
    assert reduced.columns < plain.columns
    assert reduced.rows <= plain.rows


def test_tighter_bounds_are_tighter() -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    catalog = catalog_of(scenario)
    reduced = build_model(build_problem(scenario, catalog)).milp
    plain = build_model(build_problem(scenario, catalog, EACH["bounds"])).milp
    assert (reduced.upper <= plain.upper).all()
    assert (reduced.upper < plain.upper).any()


def test_what_is_left_out_is_named() -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    left_out = build_problem(scenario, catalog_of(scenario)).left_out
    assert "nscale/quoted/gb300-nvl72/reserved-36m: nscale/global/gb300-nvl72/reserved-36m is never dearer" in left_out
