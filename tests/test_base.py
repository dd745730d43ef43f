"""What the cases of a sweep begin from: it decides how long a plan takes, and no more than which within the gap."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given

import planner
from planner.catalog import Catalog, load_catalog
from planner.errors import InfeasiblePlan, SolverFailure
from planner.pipeline import Base, base_of, catalog_near, optimum
from planner.rules import derive_points
from planner.scenario import Scenario
from planner.scenario.parts import in_parts
from planner.solvers import Options
from planner.studies import changes
from planner.studies.sweep.row import Row, Task
from planner.studies.sweep.study import sweep
from tests.limits import AMPLE_S
from tests.store import TINY
from tests.strategies import Case, cases, examples

EXACT = 1e-7
OPTIONS = Options(EXACT, AMPLE_S)
CASES: list[dict[str, object]] = [
    {"name": "less", "demand": "x0.8"},
    {"name": "more", "demand": "x1.1", "finance.discount_rate": 0.2},
    {"name": "half the hall", "sites.hall.power_mw": 0.0375},
    {"name": "none", "demand": "x99"},
]


def named(scenario: Scenario) -> Catalog:
    return load_catalog(scenario.catalogs, scenario.origin.folder)


def least(scenario: Scenario, catalog: Catalog, base: Base | None) -> float:
    try:
        found = optimum(scenario, catalog, gap=EXACT, time_limit_s=AMPLE_S, explained=False, base=base)
    except InfeasiblePlan:
        return math.inf
    except SolverFailure:
        return math.nan
    return found.totals.objective_usd


@examples(0.5)
@given(case=cases(), other=cases())
def test_a_plan_costs_the_same_whatever_it_begins_from(case: Case, other: Case) -> None:
    base = base_of(in_parts(other.scenario), other.catalog, OPTIONS)
    for scenario in (case.scenario, in_parts(case.scenario)):
        alone, begun = (least(scenario, case.catalog, one) for one in (None, base))
        assert begun == pytest.approx(alone, rel=1e-5, abs=1e-3, nan_ok=True)


def test_in_whole_replicas_a_plan_is_the_very_same() -> None:
    scenario = planner.load(TINY)
    catalog = named(scenario)
    base = base_of(scenario, catalog, OPTIONS)
    assert base.vertex is None
    more = changes.with_demand(scenario, 1.1)
    alone, begun = (optimum(more, catalog, base=one) for one in (None, base))
    assert alone.outcome.x is not None
    assert begun.outcome.x is not None
    assert alone.outcome.x.tobytes() == begun.outcome.x.tobytes()


def test_a_row_depends_on_no_other_case_and_on_no_order() -> None:
    """So it is the same whoever solves it after what, and where a sweep goes on after it was stopped."""
    scenario = planner.load(TINY)

    def rows(cases: list[dict[str, object]]) -> dict[str, str]:
        found = sweep(scenario, cases, in_parts=True).results.set_index("case")[list(Row.__annotations__)]
        return {str(name): row.to_json(double_precision=15) for name, row in found.iterrows()}

    together = rows(CASES)
    assert rows(CASES[::-1]) == together
    for case in CASES:
        assert rows([case]) == {case["name"]: together[str(case["name"])]}


def test_cases_have_a_plan_where_the_scenario_itself_has_none() -> None:
    scenario = changes.with_demand(planner.load(TINY), 99)
    rows = sweep(scenario, [{"demand": "x0.01"}, {}], in_parts=True).results
    assert rows["status"].tolist() == ["optimal", "infeasible"]


def slower(catalog: Catalog) -> Catalog:
    points = {k: p.model_copy(update={"tpot_ms": 1.1 * p.tpot_ms}) for k, p in catalog.serving.items()}
    return replace(catalog, serving=points)


def longer(scenario: Scenario) -> Scenario:
    def change(workload: planner.Workload) -> planner.Workload:
        assert workload.tokens is not None
        tokens = workload.tokens.model_copy(update={"input": 2 * workload.tokens.input})
        return workload.model_copy(update={"tokens": tokens, "extrapolate": True})

    return changes.workloads(scenario, change)


def test_points_are_derived_again_where_anything_that_decides_them_is_other() -> None:
    scenario = longer(planner.load(TINY))
    catalog = named(scenario)
    base = base_of(scenario, catalog, OPTIONS)
    assert base.derived.serving != catalog.serving
    for same in (changes.with_demand(scenario, 2), changes.with_power_share(scenario, 0.5)):
        assert catalog_near(base, same, catalog) is base.derived
    trust = scenario.trust.model_copy(update={"measured": 0.5, "independent": 0.5})
    others = [
        (longer(scenario), catalog),
        (scenario.model_copy(update={"trust": trust}), catalog),
        (changes.workloads(scenario, lambda item: item.model_copy(update={"headroom": 0.4})), catalog),
        (scenario, slower(catalog)),
    ]
    for asked, rows in others:
        found = catalog_near(base, asked, rows)
        assert found is not base.derived
        assert found.serving == derive_points(asked, rows).serving


def test_a_row_in_parts_is_kept_for_its_own_scenario_alone() -> None:
    """Which plan within the gap is found depends on where its search began; of one in whole replicas it does not."""

    def digest(scenario: Scenario, base: str) -> str:
        return Task(scenario, "1" * 16, "0" * 16, 1e-3, 60.0, "auto", False, base).digest

    whole = planner.load(TINY)
    assert digest(whole, "a") == digest(whole, "b")
    assert digest(in_parts(whole), "a") != digest(in_parts(whole), "b")


@pytest.mark.process
def test_processes_begin_where_this_one_does() -> None:
    scenario = planner.load(TINY)
    here, there = (sweep(scenario, CASES, in_parts=True, workers=workers) for workers in (1, 2))
    assert here.results.to_csv() == there.results.to_csv()
