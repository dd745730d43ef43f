"""What is not served has a price: it decides what is left out, and is never cash.

The values are worked out by hand: a GPU makes one request/s of 500 output tokens, 1.8 Mtok an hour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import planner
from planner.accounts.cashflow import totals
from planner.audit import audit
from planner.catalog.models import Offer, ServingPoint
from planner.errors import InfeasiblePlan, InputError
from planner.schedule import Schedule
from planner.studies.compare.table import Entry, table_of
from planner.studies.result import VALUED, told
from tests.laws import same
from tests.limits import AMPLE_S
from tests.strategies import (
    CHAT,
    SITE,
    Case,
    cases,
    catalog,
    examples,
    offer,
    point,
    scenario,
    solved,
    system,
    with_part,
    with_workloads,
)
from tests.year import FOR_A_YEAR, HOURS, MIDDLE, MTOK_PER_HOUR, YEAR

EXACT = {"gap": 1e-9, "time_limit_s": AMPLE_S}


def short(
    workloads: list[dict[str, Any]],
    lots: int | None = 10,
    points: Sequence[ServingPoint] | None = None,
    more: Sequence[Offer] = (),
    **fields: Any,
) -> Case:
    """Ten GPUs at 1 USD an hour, and no others, for a year at 10 % a year."""
    parts: dict[str, Any] = FOR_A_YEAR | {"solve": EXACT}
    given = [point(), point(model="m2", rate=0.25)] if points is None else points
    offers = [offer(usd_per_gpu_hour=1.0, max_lots=lots), *more]
    return Case(scenario(**(parts | {"workloads": workloads} | fields)), catalog([system("h-node")], offers, given))


def solve(case: Case) -> planner.Plan:
    return planner.solve(case.scenario, case.catalog)


def left(plan: planner.Plan) -> dict[str, float]:
    """Requests/s (or GPUs) of each workload that the plan leaves out; one period, one block."""
    return dict(plan.unserved.groupby("workload")["requests_per_s"].sum())


@pytest.mark.parametrize(("value", "served"), [(0.5, 0), (0.6, 10), (4.0, 10)])
def test_tokens_are_served_where_their_value_is_above_their_cost(value: float, served: int) -> None:
    """An hour costs 1 USD and makes 1.8 Mtok: worth it from 0.56 USD/Mtok on, as far as there are GPUs."""
    plan = solve(short([CHAT | {"unserved_usd_per_mtok": value}]))
    cash = served * HOURS * MIDDLE
    lost = (20 - served) * MTOK_PER_HOUR * value * HOURS * MIDDLE
    assert plan.kpis["npv_usd"] == pytest.approx(cash)
    assert plan.kpis["npv_unserved_usd"] == pytest.approx(lost)
    assert plan.proof.value == plan.proof.objective_usd == pytest.approx(cash + lost)
    assert plan.proof.bound == pytest.approx(cash + lost)
    assert plan.unserved["value_usd"].sum() == pytest.approx(lost / MIDDLE)


def test_gpu_hours_are_served_where_their_value_is_above_their_cost() -> None:
    """Five GPUs' worth of work at twice the speed takes 2.5 GPUs: half a dollar for a weighted GPU-hour."""
    training = {
        "name": "training",
        "kind": "gpu_hours",
        "headroom": 0.0,
        "demand": {"gpu_hours_per_day": 120},
        "gpu_hours_weight": {"h-node": 2.0},
    }
    dear, cheap = (solve(short([training | {"unserved_usd_per_gpu_hour": value}])) for value in (0.51, 0.49))
    assert dear.kpis["npv_usd"] == pytest.approx(2.5 * HOURS * MIDDLE)
    assert dear.kpis["npv_unserved_usd"] == 0
    assert cheap.kpis["npv_usd"] == 0
    assert cheap.kpis["npv_unserved_usd"] == pytest.approx(5 * 0.49 * HOURS * MIDDLE)


def test_a_value_may_change_by_date() -> None:
    """Worth 0.5 USD/Mtok in the first half of the year and 0.7 in the second: only that is served."""
    halves = YEAR | {"period": "quarter", "periods": 4}
    plan = solve(short([CHAT | {"unserved_usd_per_mtok": {"2027-01": 0.5, "2027-07": 0.7}}], lots=None, horizon=halves))
    assert sorted(plan.serving["period"]) == ["2027-Q3", "2027-Q4"]
    assert sorted(plan.unserved["period"]) == ["2027-Q1", "2027-Q2"]


def test_a_value_is_in_no_cash() -> None:
    """Not in a budget that leaves room for the cash alone, not in the cash flow, not in the levelised cost."""
    plan = solve(short([CHAT | {"unserved_usd_per_mtok": 4.0}], budget={"total_usd": 10.0 * HOURS}))
    assert plan.kpis["cash_usd"] == pytest.approx(10 * HOURS)
    assert plan.cashflow["usd"].sum() == pytest.approx(10 * HOURS)
    assert plan.kpis["levelised_usd_per_mtok_output"] == pytest.approx(1 / MTOK_PER_HOUR)
    assert plan.kpis["npv_profit_usd"] == -plan.kpis["npv_usd"]


def test_a_floor_of_its_own_stands_beside_a_value() -> None:
    """The scenario's floor of 1 does not hold for what has a value; the workload's own does."""
    plan = solve(short([CHAT | {"unserved_usd_per_mtok": 0.1, "min_served": 0.25}]))
    assert left(plan) == {"chat": pytest.approx(15)}


def test_what_has_no_value_keeps_its_floor() -> None:
    chat, other = CHAT | {"demand": {"requests_per_s": 6}}, CHAT | {"name": "other", "unserved_usd_per_mtok": 1e3}
    assert left(solve(short([chat, other]))) == {"other": pytest.approx(16)}


def test_what_counts_is_the_value_of_the_resource_that_is_short() -> None:
    """3 USD/Mtok at a quarter of the speed are 1.35 USD for a GPU-hour; 1 USD/Mtok at full speed are 1.8."""
    slow = CHAT | {"name": "slow", "model": "m2", "unserved_usd_per_mtok": 3.0}
    plan = solve(short([CHAT | {"unserved_usd_per_mtok": 1.0}, slow]))
    assert left(plan) == {"chat": pytest.approx(10), "slow": pytest.approx(20)}


@pytest.mark.parametrize(("objective", "served"), [("tokens", 10), ("profit", 10), ("cost", 0)])
def test_the_objectives(objective: str, served: int) -> None:
    """A price of 0.4 and a value of 0.3 USD/Mtok: together above the cost of 0.56. `tokens` asks for neither."""
    chat = CHAT | {"unserved_usd_per_mtok": 0.3, "price_usd_per_mtok": {"input": 0, "output": 0.4}}
    plan = solve(short([chat], objective=objective))
    assert plan.kpis["served_share"] == pytest.approx(served / 20)
    lost = (20 - served) * MTOK_PER_HOUR * 0.3 * HOURS * MIDDLE
    assert plan.kpis["npv_unserved_usd"] == pytest.approx(lost)
    if objective == "profit":
        earned = served * MTOK_PER_HOUR * 0.4 * HOURS * MIDDLE
        assert plan.proof.value == pytest.approx(earned - served * HOURS * MIDDLE - lost)


@pytest.mark.slow
def test_the_least_cost_per_token_counts_what_is_not_served() -> None:
    """Ten GPUs at 1 USD, more at 3; half must be served. Without a value the dear ten stay; at 2 USD/Mtok they run.

    With n of 20 served the cost per token is (10 + 3·(n − 10) + 3.6·(20 − n)) ÷ 1.8 n: 2.56 at ten, 1.11 at twenty.
    """
    chat = CHAT | {"min_served": 0.5}
    dear = offer(usd_per_gpu_hour=3.0, provider="bolt")

    def found(**fields: Any) -> planner.Plan:
        return solve(short([chat | fields], more=[dear], objective="cost_per_token"))

    without, valued = found(), found(unserved_usd_per_mtok=2.0)
    assert without.kpis["served_share"] == pytest.approx(0.5)
    assert valued.kpis["served_share"] == pytest.approx(1.0)
    assert valued.proof.value == pytest.approx((10 + 30) / (20 * MTOK_PER_HOUR))
    no_floor = short([CHAT | {"unserved_usd_per_mtok": 2.0}], objective="cost_per_token")
    with pytest.raises(InputError, match="min_served above 0"):
        solve(no_floor)


@examples(1)
@given(
    streams=st.lists(
        st.tuples(st.integers(1, 12), st.integers(6, 90)), min_size=2, max_size=5, unique_by=lambda stream: stream[1]
    ),
    lots=st.integers(1, 30),
    whole=st.booleans(),
)
def test_the_least_valued_is_shed_first(streams: list[tuple[int, int]], lots: int, whole: bool) -> None:
    """With equal use of what is short, workloads are served in the order of their values until it is used up.

    ``streams`` are requests/s and tenths of a USD/Mtok, all above the cost of 0.56.
    """
    workloads = [
        CHAT
        | {
            "name": f"w{index}",
            "demand": {"requests_per_s": rate},
            "unserved_usd_per_mtok": tenths / 10,
            "whole_replicas": whole,
        }
        for index, (rate, tenths) in enumerate(streams)
    ]
    plan = solve(short(workloads, lots, points=[point(gpus_per_replica=1, largest_worker_gpus=1)]))
    room = float(lots)
    for index, (rate, _) in sorted(enumerate(streams), key=lambda item: -item[1][1]):
        served = min(rate, room)
        room -= served
        assert left(plan).get(f"w{index}", 0.0) == pytest.approx(rate - served, abs=1e-6)


@examples(1)
@given(case=cases(min_served=False))
def test_values_above_every_marginal_cost_serve_all(case: Case) -> None:
    """The least cost is then that of serving everything, and nothing is left out."""
    case = with_workloads(case, lambda w: {"min_served": None})
    everything = case.with_scenario(service=with_part(case.scenario.service, min_served=1.0))
    dear = {"unserved_usd_per_mtok": 5e3, "unserved_usd_per_gpu_hour": 5e3}
    schedule = {name: Schedule.model_validate(value) for name, value in dear.items()}
    valued = with_workloads(
        case,
        lambda w: {name: schedule[name] for name in dear if name.endswith("gpu_hour") == (w.kind == "gpu_hours")},
    )
    assume(math.isfinite(solved(everything).high))
    same(everything, valued)


@pytest.mark.solve
@examples(1)
@given(case=cases())
def test_where_everything_has_a_value_demand_stops_no_plan(case: Case) -> None:
    """A scenario that only demand makes infeasible has a plan once all that is asked for has a value."""
    assume(math.isinf(solved(case).high))
    free = with_workloads(case, lambda w: {"min_served": 0.0})
    value = Schedule.model_validate(1.0)
    valued = with_workloads(
        case,
        lambda w: {
            "min_served": None,
            "unserved_usd_per_gpu_hour" if w.kind == "gpu_hours" else "unserved_usd_per_mtok": value,
        },
    )
    assert math.isinf(solved(free).high) == math.isinf(solved(valued).high)


def test_an_infeasible_scenario_becomes_feasible() -> None:
    with pytest.raises(InfeasiblePlan):
        solve(short([CHAT]))
    assert left(solve(short([CHAT | {"unserved_usd_per_mtok": 1.0}]))) == {"chat": pytest.approx(10)}


def test_the_audit_counts_the_value_anew() -> None:
    """A plan that claims its cash alone, or another value, is refused with the value in the sentence."""
    case = short([CHAT | {"unserved_usd_per_mtok": 4.0}])
    plan = solve(case)
    found = totals(case.scenario, case.catalog, plan.decisions)
    assert audit(case.scenario, case.catalog, plan.decisions, found.objective_usd).passed
    refused = audit(case.scenario, case.catalog, plan.decisions, found.cost_usd)
    assert [violation.family for violation in refused.violations] == ["totals"]
    assert "the value of what is not served" in refused.violations[0].sentence


def test_futures_are_weighed_by_their_probability() -> None:
    """Short by ten in one future of a quarter, and by thirty in the other."""
    futures = [{"name": "lean", "probability": 0.25}, {"name": "boom", "probability": 0.75, "demand": 2.0}]
    plan = solve(short([CHAT | {"unserved_usd_per_mtok": 4.0}], futures=futures))
    each = 4.0 * MTOK_PER_HOUR * HOURS * MIDDLE
    assert plan.kpis["npv_unserved_usd"] == pytest.approx((0.25 * 10 + 0.75 * 30) * each)
    by_future = [figures["npv_unserved_usd"] for figures in plan.kpis["futures"]]
    assert by_future == [pytest.approx(10 * each), pytest.approx(30 * each)]


def test_a_hall_that_is_too_small_sheds_by_value_in_every_block() -> None:
    """A hall of one node, eight GPUs: by day the dear ones alone are served, at night both."""
    blocks = {"day": 0.5, "night": 0.5}
    shapes = {"office": {"day": 1.5, "night": 0.5}}
    hall = SITE | {"power_mw": 0.0125}
    dear, cheap = (
        CHAT | {"name": name, "demand": {"requests_per_s": 5}, "load": "office", "unserved_usd_per_mtok": value}
        for name, value in (("dear", 9.0), ("cheap", 8.0))
    )
    fields: dict[str, Any] = {"sites": [hall], "blocks": blocks, "load_shapes": shapes, "procurement": {"rent": []}}
    plan = solve(short([dear, cheap], **fields))
    rows = plan.unserved.set_index(["workload", "block"])["requests_per_s"]
    assert rows.to_dict() == {("cheap", "day"): pytest.approx(15 - 8)}
    assert plan.kpis["served_share"] == pytest.approx(1 - (15 - 8) / 20)


@pytest.mark.solve
def test_a_study_says_what_its_costs_hold() -> None:
    """`alternatives` holds plans against each other by what is minimised: cash and value together."""
    case = short([CHAT | {"unserved_usd_per_mtok": 4.0}])
    found = planner.alternatives(case.scenario, case.catalog, within=(0.01,))
    plan = solve(case)
    assert found.best_usd == pytest.approx(plan.kpis["npv_usd"] + plan.kpis["npv_unserved_usd"])
    assert VALUED in found.sentences
    assert VALUED not in told((), (), short([CHAT]).scenario)


def test_plans_side_by_side_differ_by_cash_and_value() -> None:
    """Ten are served at 1 USD an hour, or left out at 4 USD/Mtok, 7.2 USD an hour: 6.2 USD an hour more."""
    case = short([CHAT | {"unserved_usd_per_mtok": 4.0}])
    kept = case.with_scenario(name="kept")
    left_out = case.with_scenario(
        name="left out",
        procurement=with_part(case.scenario.procurement, rent=()),
    )
    cases_by_name = {"kept": kept, "left out": left_out}
    entries = [Entry(name, each.scenario, each.catalog, solve(each)) for name, each in cases_by_name.items()]
    row = table_of(entries).iloc[1]
    assert row["npv_usd"] == 0
    assert row["npv_more_usd"] == pytest.approx(10 * (4 * MTOK_PER_HOUR - 1) * HOURS * MIDDLE)
    assert row["npv_unserved_usd"] == pytest.approx(20 * 4 * MTOK_PER_HOUR * HOURS * MIDDLE)
