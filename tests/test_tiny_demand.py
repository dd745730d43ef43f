"""Demand so small beside the rest that its GPUs are below the tolerances of the engines: a pilot of a token a day."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner import solvers
from planner.catalog import Catalog
from planner.milp import Milp, build_model
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.problem import build_problem
from planner.scenario import Scenario, load_scenario
from planner.solvers import SMALLEST_UNIT, Answer, Options, run, units_of

# In Mtok.
A_TOKEN = 1e-6
PILOT = """
version: 1
name: pilot
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 1, period: year}
blocks: {day: 0.5, night: 0.5}
workloads:
  - {name: big, model: gpt-oss-120b, tokens: {input: 1024, output: 1024}, sla: {ttft_s: 5, tpot_ms: 40},
     demand: {output_mtok_per_day: 50000}}
  - {name: pilot, model: llama-3.3-70b, tokens: {input: 1024, output: 1024}, sla: {ttft_s: 5, tpot_ms: 40},
     demand: {output_mtok_per_day: 1}}
procurement: {buy: false, rent: [on_demand, reserved], token_api: false, providers: {allow: [nebius]},
  systems: {allow: [hgx-b200, hgx-h200]}}
solve: {time_limit_s: 1000}
"""


def pilot(mtok_per_day: float, *overrides: str) -> Scenario:
    asked = f"workloads.pilot.demand.output_mtok_per_day={mtok_per_day}"
    return load_scenario(io.StringIO(PILOT), (asked, *overrides))


@cache
def catalog() -> Catalog:
    return catalog_of(pilot(1))


@cache
def planned(mtok_per_day: float, engine: str = "auto", *overrides: str) -> Plan:
    return solve(pilot(mtok_per_day, *overrides), catalog(), solver=engine)


@pytest.mark.solve
@pytest.mark.parametrize("engine", ["auto", "scip", "pulp:cbc"])
@pytest.mark.parametrize("mtok_per_day", [A_TOKEN, 20 * A_TOKEN])
def test_a_pilot_of_next_to_nothing_costs_in_proportion(mtok_per_day: float, engine: str) -> None:
    plan, without, larger = planned(mtok_per_day, engine), planned(0.0), planned(1e-3)
    assert plan.audit.passed
    assert plan.status == "optimal"
    assert (plan.serving.loc[plan.serving["workload"] == "pilot", "gpus"] > 0).all()
    per_mtok = (larger.proof.objective_usd - without.proof.objective_usd) / 1e-3
    # Of millions of USD a double keeps some 1e-9.
    more = plan.proof.objective_usd - without.proof.objective_usd
    assert more == pytest.approx(per_mtok * mtok_per_day, rel=1e-3, abs=2e-9)


@pytest.mark.solve
def test_a_share_of_next_to_nothing_may_go_unserved() -> None:
    plan = planned(A_TOKEN, "auto", "objective=cost_per_token", "workloads.pilot.min_served=0.5")
    assert plan.audit.passed
    assert plan.status == "optimal"


def _without_an_lp(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first LP finds nothing, as GLOP has in trouble with numbers; what ran."""
    ran: list[str] = []

    def failing(milp: Milp, engine: str, options: Options, hint: Any = None) -> Answer:
        ran.append(engine)
        found = run(milp, engine, options, hint)
        if len(ran) == 1:
            return replace(found, status="unknown", x=None, duals=None, objective=np.inf, bound=-np.inf)
        if engine == "highs" and found.x is not None:
            # What its tolerances admit.
            return replace(found, x=found.x - 1e-12)
        return found

    monkeypatch.setattr(solvers, "run", failing)
    return ran


@pytest.mark.solve
def test_where_the_lp_fails_the_plan_is_as_tidy_as_any(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = planned(1.0)
    ran = _without_an_lp(monkeypatch)
    plan = solve(pilot(1.0), catalog())
    assert ran[:3] == ["glop", "highs", "glop"]
    assert plan.audit.passed
    assert [leg.name for leg in plan.proof.legs] == ["whole"]
    assert plan.proof.objective_usd == pytest.approx(usual.proof.objective_usd, rel=2e-3)


def test_tiny_columns_are_counted_in_powers_of_two_and_others_in_ones() -> None:
    assert units_of(build_model(build_problem(pilot(1.0), catalog())).milp) is None
    milp = build_model(build_problem(pilot(A_TOKEN), catalog())).milp
    units = units_of(milp)
    assert units is not None
    tiny = units < 1
    assert np.array_equal(tiny, (milp.upper < 1e-6) & (milp.upper > 0))
    assert set(np.log2(units[tiny]) % 1) == {0.0}
    assert units.min() >= SMALLEST_UNIT
    x = np.linspace(0.0, 1.0, milp.columns) * np.minimum(milp.upper, 10.0)
    counted = milp.in_units(units)
    assert np.array_equal(counted.activity(x / units), milp.activity(x))
    assert counted.objective(x / units) == milp.objective(x)


LIGHT = """
version: 1
name: light
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 1, period: year}
blocks: {day: 0.5, night: 0.5}
workloads:
  - {name: heavy, kind: gpu_hours, demand: {gpu_hours_per_day: 48000}, gpu_hours_weight: {hgx-h100: 1, hgx-h200: 9}}
  - {name: light, kind: gpu_hours, demand: {gpu_hours_per_day: 24}, gpu_hours_weight: {hgx-h100: 1}}
procurement: {buy: false, rent: [spot], token_api: false, providers: {allow: [nebius]},
  systems: {allow: [hgx-h100, hgx-h200]}}
"""


@pytest.mark.solve
@pytest.mark.parametrize("weight", [1e7, 3e8, 2e9])
def test_a_sliver_of_a_lot_is_rented_where_work_runs_on_it(weight: float) -> None:
    scenario = load_scenario(io.StringIO(LIGHT), (f"workloads.light.gpu_hours_weight={{hgx-h100: {weight:.0f}}}",))
    plan = solve(scenario, catalog_of(scenario))
    assert plan.audit.passed
    rented = plan.on_demand[plan.on_demand["system"] == "hgx-h100"]
    # A GPU-hour an hour at this weight, with a headroom of 0.15; of spot 0.85 is there, of that 0.95 usable.
    assert (rented["gpus"] * rented["hours"]).sum() == pytest.approx(8760 / weight / 0.85 / (0.85 * 0.95), rel=1e-6)


@pytest.mark.solve
@pytest.mark.parametrize("mtok_per_day", [3e-6, 3e-3])
def test_one_whole_replica_stands_for_next_to_nothing(mtok_per_day: float) -> None:
    scenario = load_scenario(
        Path("scenarios/tiny.yaml"), (f"workloads.chat.demand.output_mtok_per_day={mtok_per_day}", "version=2")
    )
    plan = solve(scenario, catalog_of(scenario))
    assert plan.audit.passed
    # In two blocks of two reported years and one of lookahead.
    assert plan.serving["replicas"].tolist() == [1.0] * 6
    assert plan.serving["gpus"].sum() > 0


@pytest.mark.solve
@pytest.mark.parametrize("block", ["day", "night"])
def test_nothing_runs_in_a_block_in_which_no_spot_is_there(block: str) -> None:
    scenario = load_scenario(io.StringIO(LIGHT), (f"procurement.spot_availability={{{block}: 0}}",))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        plan = solve(scenario, catalog_of(scenario))
    assert plan.audit.passed
    assert set(plan.on_demand["block"]) == {"day", "night"} - {block}
    # All the work of the year in half of its hours, of the 0.95 usable.
    rented = plan.on_demand[plan.on_demand["system"] == "hgx-h200"]
    assert rented["gpus"].sum() == pytest.approx(48000 / 24 / 9 * 2 / 0.85 / (0.85 * 0.95), rel=1e-6)
