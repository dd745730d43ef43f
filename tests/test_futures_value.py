"""The value of information: wait-and-see ≤ here-and-now ≤ the mean plan's expected cost, as intervals."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from planner.errors import InputError
from planner.milp import ABSENT, Milp, Model, build_model
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.problem import build_problem
from planner.scenario import Scenario, load_scenario
from planner.solvers import Answer, Options
from planner.solvers.optimise import optimise
from planner.studies import information
from planner.studies.information import Information, applies, fixed, mean_problem, sheet, value_of_information

HALL = """
name: hall
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 3, period: year}
blocks: {day: 0.5, night: 0.5}
sites:
  - {name: hall, region: us-south, power_mw: 0.5, cooling: [air], pue: {air: {design: 1.25, annual: 1.25}},
     colocation_usd_per_kw_month: 150}
load_shapes: {two-to-one: {day: 1.4, night: 0.6}}
workloads:
  - name: chat
    model: llama-3.3-70b
    tokens: {input: 1024, output: 1024}
    demand: {output_mtok_per_day: {2027-01: 2400, 2029-06: 9000}}
    load: two-to-one
procurement:
  token_api: false
  systems: {allow: [hgx-h200]}
  providers: {allow: [together]}
  rent: [on_demand]
  lead_weeks: {hgx-h200: 4}
"""
TWO = """
futures:
  - {name: boom, probability: 0.5, demand: 1.7, rent_price: 1.4}
  - {name: bust, probability: 0.5, demand: 0.4}
"""
GAP = 1e-5


@cache
def worth(text: str, *overrides: str) -> tuple[Information, Plan, Scenario]:
    scenario = load_scenario(io.StringIO(HALL + text), overrides)
    catalog = catalog_of(scenario)
    plan = solve(scenario, catalog, gap=GAP)
    return value_of_information(scenario, catalog, plan, gap=GAP), plan, scenario


def test_wait_and_see_is_below_here_and_now_is_below_the_mean_plan() -> None:
    found, plan, _ = worth(TWO)
    assert found.here_and_now == pytest.approx((plan.proof.best_bound_usd, plan.proof.objective_usd))
    assert found.wait_and_see[0] <= found.here_and_now[1]
    assert found.here_and_now[0] <= found.mean_plan[1]
    for value, (least, most) in ((found.evpi_usd, found.evpi_range_usd), (found.vss_usd, found.vss_range_usd)):
        assert 0 <= least <= most
        assert least - 1e-6 <= value <= most + 1e-6
    # Demand that is known only when it is there is worth knowing where racks are bought ahead.
    assert found.evpi_range_usd[0] > 0


@pytest.mark.solve
@pytest.mark.parametrize(("proven", "asked"), [(0.0, GAP), (0.02, 0.02), (np.inf, 0.1)])
def test_nothing_beside_a_plan_is_solved_finer_than_the_plan(
    proven: float, asked: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, plan, scenario = worth(TWO)
    gaps = set()

    def recorded(model: Model, milp: Milp, solver: str, options: Options) -> Answer:
        gaps.add(options.gap)
        return optimise(model, milp, solver, options)

    monkeypatch.setattr(information, "optimise", recorded)
    less_proven = replace(plan, proof=replace(plan.proof, gap=proven))
    value_of_information(scenario, catalog_of(scenario), less_proven, gap=GAP)
    assert gaps == {asked}


@pytest.mark.solve
def test_wait_and_see_is_the_mean_of_the_futures_alone() -> None:
    found, _, scenario = worth(TWO)
    catalog = catalog_of(scenario)
    alone = []
    for future in scenario.futures:
        certain = scenario.model_copy(update={"futures": (future.model_copy(update={"probability": 1.0}),)})
        alone.append(solve(certain, catalog, gap=GAP).proof.objective_usd)
    assert found.wait_and_see[1] == pytest.approx(np.mean(alone), rel=2 * GAP)


@pytest.mark.solve
def test_futures_that_are_the_same_are_worth_nothing_to_know() -> None:
    found, _, _ = worth("futures:\n  - {name: one, probability: 0.3}\n  - {name: other, probability: 0.7}\n")
    for least, most in (found.evpi_range_usd, found.vss_range_usd):
        assert least == 0
        assert most <= 3 * GAP * found.here_and_now[1]


@pytest.mark.solve
def test_what_is_known_at_once_costs_what_waiting_costs() -> None:
    found, _, _ = worth(TWO, "revealed=2026-01-01")
    assert found.evpi_range_usd[0] == 0
    assert found.evpi_usd <= 3 * GAP * found.here_and_now[1]


@pytest.mark.solve
def test_a_mean_plan_may_leave_a_future_unserved() -> None:
    found, _, _ = worth(TWO, "procurement.rent=[]", "procurement.lead_weeks={hgx-h200: 0}")
    assert found.mean_plan == (np.inf, np.inf)
    assert found.vss_usd == np.inf
    plain = found.to_dict()
    assert plain["mean_plan_feasible"] is False
    assert plain["vss_usd"] is None
    assert plain["vss_range_usd"] == [None, None]
    lines = {row[0]: row[1:] for row in sheet(found).rows}
    assert lines["planning for every future is worth (VSS)"] == ("unbounded", "it cannot serve every future")


def test_the_mean_future_has_expected_demand_and_prices() -> None:
    _, _, scenario = worth(TWO)
    problem = build_problem(scenario, catalog_of(scenario))
    mean = mean_problem(problem)
    assert mean.shape == (1, *problem.shape[1:])
    assert mean.demand.requests_per_s[:, 0] == pytest.approx(problem.demand.requests_per_s.mean(axis=1))
    for item, of_all in zip(mean.supply.hourly, problem.supply.hourly, strict=True):
        assert item.usd_per_hour[0] == pytest.approx(of_all.usd_per_hour.mean(axis=0))


@pytest.mark.solve
def test_only_what_is_decided_before_the_day_is_fixed() -> None:
    _, _, scenario = worth(TWO, "revealed=2028-01-01")
    problem = build_problem(scenario, catalog_of(scenario))
    model, mean = build_model(problem), build_model(mean_problem(problem))
    held = fixed(model, mean, mean.milp.lower)
    touched = (held.lower == held.upper) & (model.milp.lower != model.milp.upper)
    buys = model.variables.buy
    early = np.arange(buys.shape[2]) < problem.supply.purchases[0].here_and_now_until
    assert 0 < early.sum() < len(early)
    expected = np.zeros_like(touched)
    expected[np.unique(buys[0, 0, early][buys[0, 0, early] != ABSENT])] = True
    assert np.array_equal(touched, expected)


def test_it_is_asked_only_of_several_futures_at_least_cost() -> None:
    one = load_scenario(io.StringIO(HALL))
    several = load_scenario(io.StringIO(HALL + TWO), ("objective=tokens",))
    assert not applies(one)
    assert not applies(several)
    _, plan, _ = worth(TWO)
    with pytest.raises(InputError, match="several futures and objective: cost"):
        value_of_information(one, catalog_of(one), plan)
