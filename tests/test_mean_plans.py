"""What the mean future's plan costs in every future, where several plans suit the mean one equally well."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.milp import build_model
from planner.milp.joint import side_by_side
from planner.pipeline import solve
from planner.problem import build_problem
from planner.scenario import Scenario
from planner.scenario.models import Demand, Future
from planner.studies.information import Information, mean_problem, sheet, value_of_information
from planner.studies.mean_plans import decided_early
from tests.oracle import program
from tests.strategies import CHAT, Case, catalog, examples, offer, point, scenario, system
from tests.strategies.tape import Draw, number, one

GAP = 1e-3
# What engines' tolerances make of a cost.
ROUNDING = 2e-6


def two_years(
    acme: float, bolt: float, *, low: float = 0.5, high: float = 1.5, chance: float = 0.5, hours: float = 4.0
) -> Case:
    """Sixteen GPUs for 2027; in 2028 fewer or more. Acme signs for a year, also for 2028, bolt once for two years."""
    contract = {"kind": "reserved", "lot_gpus": 8, "max_lots": 3}
    futures = [("less", chance, low), ("more", 1 - chance, high)]
    return Case(
        scenario(
            horizon={"decided_on": "2026-10-01", "start": "2027-01", "periods": 2, "period": "year"},
            workloads=[CHAT | {"demand": {"requests_per_s": 16.0}}],
            futures=[
                {"name": name, "probability": p, "demand": {"2027-01": 1.0, "2028-01": factor}}
                for name, p, factor in futures
            ],
            revealed="2027-07-01",
        ),
        catalog(
            [system("h-node")],
            [
                offer(**contract, term_months=12, usd_per_gpu_hour=acme),
                offer(**contract, provider="bolt", term_months=24, usd_per_gpu_hour=bolt, available_until="2027-06-30"),
                offer(usd_per_gpu_hour=hours),
            ],
            [point()],
        ),
    )


def found_of(case: Case, gap: float = GAP) -> Information:
    plan = solve(case.scenario, case.catalog, gap=gap)
    return value_of_information(case.scenario, case.catalog, plan, gap=gap)


def mean_of(case: Case) -> Scenario:
    """The mean future's scenario: demand of 2028 at its expectation."""
    later = sum(future.probability * future.demand.anchors[-1][1] for future in case.scenario.futures)
    demand = {"requests_per_s": {"2027-01": 16.0, "2028-01": 16.0 * later}}
    (chat,) = case.scenario.workloads
    workloads = (chat.model_copy(update={"demand": Demand.model_validate(demand)}),)
    return case.scenario.model_copy(update={"futures": (), "workloads": workloads})


def enumerated(case: Case, over: float) -> tuple[float, dict[tuple[int, int], float]]:
    """The least cost of the mean future, and the expected cost of each pair of early lots within ``over`` of it.

    Whole numbers are acme's lots of 2027 and of 2028, those in each future, and bolt's.
    """
    plans = {(acme, bolt): math.inf for acme in range(4) for bolt in range(4)}
    for (acme, _, bolt), cost in program(mean_of(case), case.catalog).combinations():
        plans[acme, bolt] = min(plans[acme, bolt], cost)
    best = min(plans.values())
    expected = dict.fromkeys((early for early, cost in plans.items() if cost <= best * over), math.inf)
    for (acme, _, _, bolt), cost in program(case.scenario, case.catalog).combinations():
        if (acme, bolt) in expected:
            expected[acme, bolt] = min(expected[acme, bolt], cost)
    return best, expected


def least_alone(case: Case, future: Future) -> float:
    """The least cost of a future that is known to come."""
    certain = future.model_copy(update={"probability": 1.0})
    return program(case.scenario.model_copy(update={"futures": (certain,)}), case.catalog).optimum()[1]


@pytest.mark.solve
@pytest.mark.no_cover
def test_a_tie_of_the_mean_plan_is_worth_nothing_to_plan_around() -> None:
    """Bolt for two years is cheaper by a hair; acme for one leaves 2028 open, and loses nothing in either future."""
    case = two_years(acme=1.0, bolt=0.9999)
    found = found_of(case)
    _, expected = enumerated(case, 1 / (1 - GAP))
    # Two lots in 2027; of those for two years the second is a lot too many where less is asked for.
    assert set(expected) == {(2, 0), (1, 1), (0, 2)}
    least, dearest = min(expected.values()), expected[0, 2]
    # Half a lot's year of 2028.
    assert dearest - least == pytest.approx(0.5 * 8 * 8784 / 1.1**1.5, rel=5e-3)
    assert found.mean_plan[0] == pytest.approx(least, rel=GAP)
    assert found.mean_plan[1] == pytest.approx(dearest, rel=1e-6)
    assert found.vss_range_usd[0] == 0
    assert found.vss_usd == pytest.approx(dearest - least, rel=0.02)


@pytest.mark.solve
@pytest.mark.no_cover
def test_a_value_that_no_choice_of_the_mean_plan_takes_away() -> None:
    """Bolt is a fifth cheaper: whoever plans for the mean signs for two years, and pays for a lot too many."""
    case = two_years(acme=1.0, bolt=0.8, low=0.0)
    found = found_of(case)
    _, expected = enumerated(case, 1 / (1 - GAP))
    ((early, cost),) = expected.items()
    assert early == (0, 2)
    assert found.mean_plan == pytest.approx((cost, cost), rel=GAP)
    best = min(cost for _, cost in program(case.scenario, case.catalog).combinations())
    assert found.vss_range_usd[0] > 0
    assert found.vss_range_usd[0] <= cost - best <= found.vss_range_usd[1]


def test_matrices_side_by_side_are_both() -> None:
    case = two_years(1.0, 1.0)
    problem = build_problem(case.scenario, case.catalog)
    model, mean = build_model(problem), build_model(mean_problem(problem))
    joint = side_by_side(model.milp, mean.milp)
    x, y = (np.arange(1.0, 1.0 + one.columns) for one in (model.milp, mean.milp))
    both = np.concatenate([x, y])
    assert np.array_equal(joint.activity(both), np.concatenate([model.milp.activity(x), mean.milp.activity(y)]))
    assert joint.objective(both) == pytest.approx(model.milp.objective(x), rel=1e-12)
    assert (joint.columns, joint.rows) == (len(joint.upper), len(joint.row_upper))
    ours, theirs = decided_early(model, mean)
    labels = [model.milp.column_labels()[column] for column in ours]
    assert labels == [label.replace("mean", "less") for label in (mean.milp.column_labels()[c] for c in theirs)]
    assert len(labels) == 2


def test_a_mean_plan_that_cannot_serve_beside_one_that_can() -> None:
    found = Information((90.0, 100.0), (80.0, 85.0), (120.0, math.inf))
    assert found.vss_range_usd == (20.0, math.inf)
    plain: dict[str, Any] = found.to_dict()
    assert (plain["vss_usd"], plain["vss_range_usd"]) == (None, [20.0, None])
    assert (plain["mean_plan_feasible"], plain["mean_plan_range_usd"]) == (False, [120.0, None])
    (line,) = (row for row in sheet(found).rows if row[0].endswith("(VSS)"))
    assert line[1:] == ("unbounded", "it cannot serve every future; another may, and then it is at least $20")


@pytest.mark.property
@pytest.mark.solve
@pytest.mark.no_cover
@examples(0.5)
@given(st.data())
def test_the_interval_holds_every_plan_for_the_mean_future(data: st.DataObject) -> None:
    draw = Draw(data.draw)
    case = two_years(
        acme=one(draw, 1.0, 1.002, 1.05),
        bolt=one(draw, 1.0, 0.999, 0.95, 0.8),
        low=number(draw, 0.0, 1.0),
        high=number(draw, 1.0, 1.5),
        chance=one(draw, 0.5, 0.25),
        hours=one(draw, 4.0, 1.5),
    )
    gap = one(draw, 1e-5, 1e-3, 1e-2)
    found = found_of(case, gap)
    _, around = enumerated(case, (1 + ROUNDING) / (1 - gap))
    _, best = enumerated(case, 1 + ROUNDING)
    # Every plan that suits the mean best is in reach; those within the gap of it may be.
    least = found.mean_plan[0]
    assert least <= min(best.values()) * (1 + ROUNDING)
    assert least >= min(around.values()) * (1 - gap - ROUNDING)
    assert any(cost * (1 - ROUNDING) <= found.mean_plan[1] <= cost * (1 + gap + ROUNDING) for cost in around.values())
    everything = min(cost for _, cost in program(case.scenario, case.catalog).combinations())
    for cost in best.values():
        assert found.vss_range_usd[0] <= cost - everything + ROUNDING * cost
    alone = sum(future.probability * least_alone(case, future) for future in case.scenario.futures)
    evpi = everything - alone
    assert found.evpi_range_usd[0] - ROUNDING * alone <= evpi <= found.evpi_range_usd[1] + ROUNDING * alone
