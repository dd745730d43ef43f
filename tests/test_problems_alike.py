"""What is taken over from a problem of a scenario much like it: the same matrix, byte for byte, as without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from planner.catalog import Catalog
from planner.milp import build_model
from planner.pipeline import catalog_of, load
from planner.problem import Problem, build_problem
from planner.scenario import Scenario
from planner.studies import changes
from planner.studies.compare.options import option
from planner.studies.stands.assumptions import assumptions
from planner.studies.stands.relaxed import World

ROOT = Path(__file__).parents[1]
ARRAYS = ("cost", "lower", "upper", "integer", "row_lower", "row_upper", "indptr", "indices", "data")


def world(name: str) -> World:
    scenario = load(ROOT / f"scenarios/{name}.yaml")
    return World(scenario, catalog_of(scenario))


def same(one: Problem, other: Problem) -> None:
    """Two problems have the same matrix and say the same of it."""
    mine, its = build_model(one).milp, build_model(other).milp
    for name in ARRAYS:
        assert getattr(mine, name).tobytes() == getattr(its, name).tobytes(), name
    assert mine.constant == its.constant
    assert repr(one.assignments.candidates) == repr(other.assignments.candidates)
    assert one.left_out == other.left_out


def others(today: World) -> list[World]:
    """What stands beside a plan: every assumption at the end of every way, and every other way of getting GPUs."""
    scenario, catalog = today.scenario, today.catalog
    ends = [one.at(way, way.values[-1]) for one in assumptions(today) for way in one.ways]
    ends += [World(option(scenario, catalog, name), catalog) for name in ("buy", "rent", "reserve+api", "hopper")]
    return [*ends, World(changes.with_demand(scenario, 1.1), catalog)]


@pytest.mark.parametrize("name", ["two-makers", pytest.param("10mw", marks=pytest.mark.slow)])
def test_what_is_taken_over_changes_nothing(name: str) -> None:
    today = world(name)
    like = build_problem(today.scenario, today.catalog, whole=False)
    taken = 0
    for other in others(today):
        found = build_problem(other.scenario, other.catalog, whole=False, like=like)
        same(found, build_problem(other.scenario, other.catalog, whole=False))
        # Of fewer systems what could serve on them is taken over too.
        taken += found.found.chosen is like.found.chosen
    assert taken > 5


def faster(catalog: Catalog) -> Catalog:
    points = {k: p.model_copy(update={"tpot_ms": 0.9 * p.tpot_ms}) for k, p in catalog.serving.items()}
    return replace(catalog, serving=points)


def halved(scenario: Scenario) -> Scenario:
    return changes.workloads(scenario, lambda item: item.model_copy(update={"headroom": item.stated_headroom / 2}))


def test_what_decides_who_could_serve_is_looked_at_again() -> None:
    today = world("tiny")
    scenario, catalog = today.scenario, today.catalog
    like = build_problem(scenario, catalog)
    assert build_problem(scenario, catalog, whole=False, like=like).found is like.found
    late = build_problem(scenario, catalog, elastic=True, like=like)
    assert late.found is not like.found
    gain = changes.with_procurement(scenario, software_gain_per_year={"hgx-h200": 0.1})
    trust = scenario.model_copy(update={"trust": scenario.trust.model_copy(update={"vendor": 0.5})})
    for asked, rows in ((halved(scenario), catalog), (gain, catalog), (trust, catalog), (scenario, faster(catalog))):
        found = build_problem(asked, rows, like=like)
        assert found.found is not like.found
        same(found, build_problem(asked, rows))
