"""LPs much like one that is solved: from where that one ended they have the same optimum as from nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given

from planner import solvers
from planner.errors import SolverFailure
from planner.milp import Milp, Model, build_model
from planner.pipeline import catalog_of, load
from planner.problem import build_problem
from planner.solvers import Options
from planner.solvers.optimise import vertex_at
from planner.solvers.relay import prove
from planner.solvers.threads import side_by_side
from planner.solvers.vertex import Vertex
from planner.studies.compare.options import option
from planner.studies.increments import without
from planner.studies.stands.assumptions import assumptions
from planner.studies.stands.relaxed import World
from tests.limits import AMPLE_S
from tests.strategies import Case, cases, examples

ROOT = Path(__file__).parents[1]
OPTIONS = Options(0.01, AMPLE_S)


def today(name: str) -> tuple[World, Model, Vertex]:
    scenario = load(ROOT / f"scenarios/{name}.yaml")
    world = World(scenario, catalog_of(scenario))
    model = model_of(world)
    return world, model, vertex_at(model.milp, OPTIONS)


def model_of(world: World) -> Model:
    return build_model(build_problem(world.scenario, world.catalog, whole=False))


def beside(world: World, model: Model) -> list[Milp]:
    """What stands beside a plan: every assumption away, each workload away, and other ways of getting GPUs."""
    scenario, catalog = world.scenario, world.catalog
    worlds = [one.at(way, way.values[-1]) for one in assumptions(world) for way in one.ways]
    worlds += [World(option(scenario, catalog, name), catalog) for name in ("buy", "rent", "reserve+api", "hopper")]
    found = [model_of(one).milp for one in worlds]
    return found + [build_model(without(model.problem, at)).milp for at in range(len(scenario.workloads))]


def as_from_nothing(vertex: Vertex, milp: Milp) -> None:
    scaled = milp.scaled(vertex.scale)
    anew, found = solvers.run(scaled.relaxed(), "glop", OPTIONS), vertex.solve(scaled, OPTIONS)
    assert (found.x is None) == (anew.x is None)
    if found.x is None:
        assert found.status == anew.status == "infeasible"
        return
    assert found.x.shape == (milp.columns,)
    assert found.objective == pytest.approx(anew.objective, rel=1e-7, abs=1e-6)
    # What it costs is what its columns cost, and its duals prove that.
    assert found.objective == scaled.objective(found.x)
    assert found.duals is not None
    assert prove(scaled, found.x, found.duals).bound == pytest.approx(anew.objective, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize(
    "name", ["two-makers", "tiny", *(pytest.param(n, marks=pytest.mark.slow) for n in ("10mw", "existing-fleet"))]
)
def test_what_stands_beside_a_plan_costs_what_it_does_from_nothing(name: str) -> None:
    world, model, vertex = today(name)
    for milp in beside(world, model):
        as_from_nothing(vertex, milp)


def vertex_or_none(case: Case) -> Vertex | None:
    milp = build_model(build_problem(case.scenario, case.catalog, whole=False)).milp
    try:
        return vertex_at(milp, OPTIONS)
    except SolverFailure:
        return None


@examples(1)
@given(case=cases(), other=cases())
def test_whatever_a_search_starts_from_the_optimum_is_the_same(case: Case, other: Case) -> None:
    """Even a scenario that has next to nothing in common with the other."""
    vertex = vertex_or_none(case)
    assume(vertex is not None)
    assert vertex is not None
    as_from_nothing(vertex, build_model(build_problem(other.scenario, other.catalog, whole=False)).milp)


def test_the_same_lp_is_at_its_optimum_at_once() -> None:
    _, model, vertex = today("two-makers")
    widened, basis, x = vertex.carried(model.milp)
    assert widened is model.milp
    np.testing.assert_array_equal(basis.columns, vertex.basis.columns)
    np.testing.assert_array_equal(basis.rows, vertex.basis.rows)
    np.testing.assert_array_equal(x, vertex.x)
    assert vertex.solve(model.milp.scaled(vertex.scale), OPTIONS).x == pytest.approx(vertex.x)


def test_an_answer_depends_on_no_other_and_on_no_core() -> None:
    """Bit for bit, in any order, one after the other or side by side."""
    world, model, vertex = today("two-makers")
    asked = [milp.scaled(vertex.scale) for milp in beside(world, model)]

    def bits(milp: Milp) -> bytes | None:
        x = vertex.solve(milp, OPTIONS).x
        return None if x is None else x.tobytes()

    alone = [bits(milp) for milp in asked]
    assert [bits(milp) for milp in reversed(asked)] == alone[::-1]
    found: dict[int, bytes | None] = dict.fromkeys(range(len(asked)))

    def solve(at: int) -> None:
        found[at] = bits(asked[at])

    side_by_side(solve, found)
    assert list(found.values()) == alone
    assert len(set(alone)) > 3
