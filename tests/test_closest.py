"""Options that the limits leave no plan: the least that has to give, against every lot and node there is."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from planner.cli import app
from planner.errors import InfeasiblePlan
from planner.kinds.limits import BUDGET, HOURLY_DEPTH, QUOTA
from planner.milp import build_model
from planner.milp.factor import at_factor, with_factor
from planner.pipeline import catalog_of, solve
from planner.problem import build_problem
from planner.report.ways import THROUGHOUT
from planner.scenario import Scenario
from planner.solvers import Options
from planner.studies.changes import with_budget_factor, with_hours_until, with_supply_factor
from planner.studies.compare.answer import buy_or_rent, needs_in_words
from planner.studies.compare.bridge import bridges, first_delivery
from planner.studies.compare.closest import Closest, Needs, closest
from planner.studies.compare.defaults import as_compared, default_options
from planner.studies.compare.least import MOST, STEPS, least_factor
from planner.studies.compare.options import option
from planner.studies.compare.study import compare
from planner.timeline import scenario_timeline
from tests import strategies
from tests.strategies import CHAT, SITE, Case, catalog, offer, point, scenario, solved, system, tiny_cases, token_api
from tests.tiny import TINY, in_parts, whole

OPTIONS = Options(time_limit_s=600)
# Half a megawatt feeds what 20 requests/s take and much more: only what a test says is scarce.
WAYS = ("buy", "rent", "reserve", "plan")


def case(*, requests: float = 20.0, power_mw: float = 0.5, lead_weeks: float = 0.0, **sections: Any) -> Case:
    """Twenty H GPUs of work for two years, bought by eights, by the hour singly, or for a year in lots of eight."""
    workload = CHAT | {"demand": {"requests_per_s": requests}}
    offers = [
        offer(),
        offer(provider="bolt"),
        offer(kind="reserved", term_months=12, lot_gpus=8, usd_per_gpu_hour=1.5, lead_weeks=0.0),
    ]
    made = scenario(sites=[SITE | {"power_mw": power_mw}], workloads=[workload], **sections)
    return Case(made, catalog([system("h-node", lead_weeks=lead_weeks)], offers, [point()]))


def found(of: Case, name: str) -> Closest | None:
    return closest(of.scenario, of.catalog, name, OPTIONS)


def needs(of: Case, name: str) -> Needs:
    answer = found(of, name)
    assert answer is not None
    return answer.needs


def test_steps_have_two_digits() -> None:
    assert STEPS[:3] == (1.0, 1.1, 1.2)
    assert (STEPS[90], STEPS[91], STEPS[180], STEPS[181], MOST) == (10.0, 11.0, 100.0, 110.0, 10_000.0)
    assert all(float(f"{step:.2g}") == step for step in STEPS)
    assert all(1.0 < over / under <= 1.1 + 1e-9 for under, over in itertools.pairwise(STEPS))


@pytest.mark.parametrize(
    ("depth", "factor"),
    # 20 GPUs of two providers: each gives as much as the other, so ten times two is all of it.
    [(10, 1.0), (9.9, 1.1), (8, 1.3), (5, 2.0), (4, 2.5), (3, 3.4), (0.9, 12.0), (0.0005, None)],
)
def test_the_depth_that_renting_needs_by_hand(depth: float, factor: float | None) -> None:
    short = case(procurement={"hourly_depth_gpus": depth, "whole_on_demand_lots": False})
    if factor is None:
        assert found(short, "rent") is None
        return
    assert needs(short, "rent") == (Needs() if factor == 1 else Needs(supply=factor, supply_of="the hourly depth"))


def test_all_give_alike_and_no_provider_gives_alone() -> None:
    """A provider with a quota of its own is raised like the other: 2·k + 8·k covers 20, not 2 and 18."""
    quotas = [{"system": "h-node", "provider": "acme", "gpus": 2}, {"system": "h-node", "provider": "bolt", "gpus": 8}]
    short = case(procurement={"quotas": quotas, "hourly_depth_gpus": None, "whole_on_demand_lots": False})
    answer = found(short, "rent")
    assert answer is not None
    assert answer.needs.supply == 2.0
    assert [quota.gpus for quota in answer.scenario.procurement.quotas] == [4.0, 16.0]


def test_whole_lots_need_a_whole_lot_more() -> None:
    """Twenty GPUs in lots of eight are three; one provider with room for one needs three times that, not 2.5 times."""
    lots = catalog([system("h-node")], [offer(lot_gpus=8)], [point()])
    made = case(version=2, procurement={"hourly_depth_gpus": 8, "buy": False}).scenario
    assert needs(Case(made, lots), "rent").supply == 3.0
    assert needs(Case(option(made, lots, "rent").model_copy(), lots), "plan").supply == 3.0


def test_a_budget_gives_where_supply_cannot_help_and_only_then() -> None:
    """Three nodes are capex of their own price; supply is asked first where both would do."""
    price = 3 * 240_000.0
    dear = case(budget={"capex_usd": price / 2})
    assert needs(dear, "buy") == Needs(budget=2.0)
    assert needs(dear, "plan") == Needs()
    both = case(budget={"capex_usd": price / 2}, procurement={"hourly_depth_gpus": 1, "whole_on_demand_lots": False})
    # Renting beside one node leaves twelve GPUs to two providers of one each; contracts are another way out.
    assert needs(both, "buy+rent") == Needs(supply=6.0, supply_of="the hourly depth")
    assert needs(both, "plan") == Needs()


def test_both_give_where_neither_alone_does() -> None:
    """By the hour alone, 20 GPUs at 2.40 an hour: the depth has to be there and the year's opex too."""
    short = case(
        procurement={"hourly_depth_gpus": 5, "whole_on_demand_lots": False},
        budget={"opex_usd": {2027: 20 * 2.4 * 8760 / 3}},
    )
    assert needs(short, "rent") == Needs(supply=2.0, budget=3.0, supply_of="the hourly depth")


def test_latency_and_power_never_give() -> None:
    slow = case()
    late = Case(slow.scenario, replace(slow.catalog, serving={(): point(ttft_ms=1e6)}))
    strict = [CHAT | {"demand": {"requests_per_s": 20.0}, "sla": {"ttft_s": 1.0}}]
    assert found(Case(scenario(sites=[SITE], workloads=strict), late.catalog), "rent") is None
    dark = case(power_mw=0.001, procurement={"rent": ["reserved"]})
    assert found(dark, "buy") is None
    assert found(dark, "plan") is not None


def test_what_is_bought_rents_until_its_first_delivery() -> None:
    """Ordered on the day of decision, a node of 30 weeks is there on June 29, and serves from the third quarter."""
    late = case(
        lead_weeks=30, horizon={"decided_on": "2026-12-01", "start": "2027-01", "periods": 4, "period": "quarter"}
    )
    alone = option(late.scenario, late.catalog, "buy")
    assert first_delivery(alone, late.catalog) == 2
    ways = list(bridges(late.scenario, late.catalog, "buy"))
    assert [way.until for way in ways] == ["2027-Q3", "2027-Q4", THROUGHOUT]
    answer = found(late, "buy")
    assert answer is not None
    assert answer.needs == Needs(rents_until="2027-Q3")
    plan = solve(answer.scenario, answer.catalog)
    assert set(plan.on_demand["period"]) == {"2027-Q1", "2027-Q2"}
    assert plan.purchases["count"].sum() == 3
    assert plan.contracts.empty
    assert "until 2027-Q3, its first delivery" in " ".join(needs_in_words(answer.needs))


def test_what_no_hall_holds_rents_on_beside_it() -> None:
    """A hall for two nodes under work for three: the third is rented, and 1.5 times the power would hold it."""
    node_kw = 10.0 * 1.25
    small = case(power_mw=2 * node_kw / 1e3, procurement={"whole_on_demand_lots": False})
    answer = found(small, "buy")
    assert answer is not None
    assert (answer.needs.rents_until, answer.needs.prolonged) == (THROUGHOUT, True)
    assert answer.needs.site == pytest.approx(20 / 8 / 2)
    words = " ".join(needs_in_words(answer.needs))
    assert "beside it to the end: its sites would need 1.2 × their power" in words
    assert solve(answer.scenario, answer.catalog).on_demand["gpus"].max() == pytest.approx(4.0)


def test_no_bridge_where_nothing_is_rented_by_the_hour() -> None:
    shut = case(lead_weeks=30, procurement={"rent": ["reserved"]})
    assert [way.until for way in bridges(shut.scenario, shut.catalog, "buy")] == [""]
    assert [way.until for way in bridges(shut.scenario, shut.catalog, "buy+rent")] == [""]
    assert [way.until for way in bridges(shut.scenario, shut.catalog, "rent")] == [""]


def test_hours_end_the_day_before() -> None:
    made = case()
    day = scenario_timeline(made.scenario, made.catalog).starts[0]
    ended = with_hours_until(made.catalog, day).offers.values()
    assert {(row.kind, row.available_until is not None and row.available_until < day) for row in ended} == {
        ("on_demand", True), ("reserved", False)
    }  # fmt: skip


def test_a_depth_by_provider_is_raised_for_those_not_named_too() -> None:
    made = case(procurement={"hourly_depth_gpus": {"acme": 4}})
    raised = with_supply_factor(made.scenario, made.catalog, 2.5)
    assert raised.procurement.hourly_depth_gpus == {"acme": 10.0, "bolt": 1280.0}
    budget = with_budget_factor(case(budget={"capex_usd": {2027: 10}, "opex_usd": 4}).scenario, 1.5).budget
    assert (budget.capex_usd, budget.opex_usd, budget.total_usd) == ({2027: 15.0}, 6.0, None)


@strategies.examples(0.5)
@given(st.data())
def test_the_least_factor_is_least_and_nothing_gives_that_need_not(data: st.DataObject) -> None:
    """Every factor below has no plan by the exhaustive answer, and one of 1 is never exceeded where there is one."""
    drawn: Case = data.draw(tiny_cases())
    name = data.draw(st.sampled_from(("buy+reserve+rent", "rent", "buy+rent")))
    left = Case(option(drawn.scenario, drawn.catalog, name), drawn.catalog)
    answer = found(drawn, name)
    today = solved(left)
    if math.isfinite(today.high):
        assert answer is not None
        assert not answer.needs.more
        return
    if answer is None:
        return
    assert answer.needs.more
    at = solved(Case(answer.scenario, answer.catalog))
    assert math.isfinite(at.high)
    # The plan with everything else given alike costs no more.
    everything = option(drawn.scenario, drawn.catalog, "plan")
    given_alike = with_budget_factor(
        with_supply_factor(everything, drawn.catalog, answer.needs.supply), answer.needs.budget
    )
    assert at.may_reach(solved(Case(given_alike, drawn.catalog)))
    assert not math.isfinite(solved(Case(_one_step_below(left, answer.needs), drawn.catalog)).high)


def _one_step_below(left: Case, needed: Needs) -> Scenario:
    supply, budget = needed.supply, needed.budget
    if supply > 1:
        return with_budget_factor(
            with_supply_factor(left.scenario, left.catalog, STEPS[STEPS.index(supply) - 1]), max(budget, 1.0)
        )
    return with_budget_factor(left.scenario, STEPS[STEPS.index(budget) - 1])


def test_the_factor_is_a_column_of_its_own() -> None:
    made = case(procurement={"hourly_depth_gpus": 5, "whole_on_demand_lots": False}, budget={"opex_usd": 1e9})
    milp = build_model(build_problem(option(made.scenario, made.catalog, "rent"), made.catalog)).milp
    factored = with_factor(milp, (QUOTA, HOURLY_DEPTH), MOST)
    assert (factored.columns, factored.rows) == (milp.columns + 1, milp.rows)
    raised = [float(block.limit[0]) for block in milp.limits if block.kind is HOURLY_DEPTH and len(block)]
    column = factored.data[factored.indices == milp.columns]
    assert set(column) == {-raised[0]} == {-5.0}
    assert at_factor(factored, 2.0).upper[-1] == 1.0
    lifted = with_factor(milp, (), MOST, lifted=(BUDGET,))
    rows = next(block.rows for block in milp.limits if block.kind is BUDGET)
    assert all(lifted.row_upper[rows] == math.inf)
    least = least_factor(factored, OPTIONS)
    assert least is not None
    assert (least.factor, least.proven) == (2.0, True)


def test_default_options_are_what_the_scenario_leaves_open() -> None:
    made = case()
    assert default_options(made.scenario, made.catalog)[0] == ("plan", "buy", "rent", "reserve")
    shut = case(procurement={"buy": False, "rent": ["reserved"], "token_api": False})
    names, remarks = default_options(shut.scenario, shut.catalog)
    assert names == ("plan", "reserve")
    assert remarks == (
        "buy has no column: procurement.buy is false.",
        "rent has no column: procurement.rent allows nothing by the hour.",
        "api has no column: procurement.token_api is false.",
    )


def test_an_api_has_a_column_where_it_is_known_to_meet_the_targets() -> None:
    made, row = case(), token_api()
    sold = replace(made.catalog, token_apis={row.key: row})
    assert default_options(made.scenario, sold)[0][-1] == "api"
    strict = scenario(sites=[SITE], workloads=[CHAT | {"sla": {"ttft_s": 0.4}}])
    names, remarks = default_options(strict, sold)
    assert "api" not in names
    assert "api has no column: no token API is known to meet the latency targets of chat" in remarks[-1]
    assert default_options(made.scenario, made.catalog)[1] == ("api has no column: no token API serves chat.",)


def test_a_small_scenario_is_compared_in_whole_replicas() -> None:
    scenario_ = whole()
    assert as_compared(scenario_, catalog_of(scenario_)) is scenario_


@pytest.mark.slow
def test_one_scenario_alone_answers_whether_to_buy_or_to_rent() -> None:
    answered = compare(in_parts())
    assert list(answered.table["name"]) == ["plan", "buy", "rent"]
    assert answered.unanswered == ()
    assert answered.answer[0].startswith(
        "Buy or rent? Some of each: of its GPUs the plan owns 90 % and rents by the hour"
    )
    assert answered.answer[2] == "Renting it all by the hour costs $980 k (88 %) more."
    said = answered.to_dict()
    assert said["answer"] == list(answered.answer)
    assert [row["supply_factor"] for row in said["plans"]] == [1.0, 1.0, 1.0]
    for row in said["plans"]:
        assert sum(item["npv_usd"] for item in row["workload_cost"]) == pytest.approx(row["npv_usd"])
        assert row["owned_share"] + row["contract_share"] + row["hourly_share"] == pytest.approx(1.0)


@pytest.mark.slow
def test_the_command_ends_with_3_where_a_column_has_no_answer() -> None:
    """A hall for two nodes, and nothing by the hour beside them: buying alone has no plan, and none has."""
    old = (TINY, "--set", "version=1")
    done = CliRunner().invoke(
        app, ["compare", *old, "--set", "procurement.rent=[]", "--set", "sites.hall.power_mw=0.03"]
    )
    assert done.exit_code == InfeasiblePlan.exit_code == 3
    assert "Buy or rent? There is no plan to hold them against" in done.stdout
    asked = CliRunner().invoke(
        app, ["compare", *old, "--set", "procurement.hourly_depth_gpus=8", "--options", "buy,rent"]
    )
    assert asked.exit_code == 0
    assert "it needs 3.7 × the hourly depth" in asked.stdout


def test_the_answer_names_what_the_plan_is() -> None:
    base: dict[str, Any] = {
        "name": "plan", "status": "optimal", "npv_usd": 2e6, "needs": "", "supply_factor": 1.0, "budget_factor": 1.0,
        "owned_share": 1.0, "contract_share": 0.0, "hourly_share": 0.0, "rents_until": "",
    }  # fmt: skip
    rent = base | {
        "name": "rent", "npv_usd": 3e6, "needs": "it needs 2 × the quotas", "supply_factor": 2.0,
        "npv_more_usd": 1e6, "npv_more_low_usd": 9e5, "npv_more_high_usd": 1e6,
    }  # fmt: skip
    assert buy_or_rent([base, rent]) == (
        "Buy or rent? Buy: the plan owns all of its GPUs, for $2.00 M NPV.",
        "Renting it all by the hour costs $1.00 M (50 %) more; it needs 2 × the quotas.",
    )
    assert "Rent: the plan rents by the hour all" in buy_or_rent([base | {"owned_share": 0.0, "hourly_share": 1.0}])[0]
    tie = rent | {"npv_more_low_usd": -1.0, "needs": ""}
    assert buy_or_rent([base, tie])[1] == "Renting it all by the hour costs the same within what is proven."
