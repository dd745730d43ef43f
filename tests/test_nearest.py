"""What must be ordered otherwise, against every combination of orders that the gap leaves open."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.milp import Milp, Model, build_model
from planner.milp.distance import Total, with_distance
from planner.pipeline import solve
from planner.plan import Plan
from planner.problem import build_problem
from planner.solvers import Options
from planner.studies.orders import order_columns, ordered
from planner.studies.sensitivity.nearest import MAY, MUST, SAME, Floats, Nearest, nearest, planned
from planner.studies.sensitivity.study import Outlook, outlook
from planner.studies.sensitivity.worlds import World
from planner.studies.solves import most_usd
from tests.limits import AMPLE_S
from tests.oracle import program
from tests.strategies import SITE, Case, catalog, examples, offer, point, scenario, system
from tests.strategies.tape import Draw, number, one

UNTIL = dt.date(2027, 10, 1)
BUY, ACME, BOLT = "buy h-node for dallas", "sign h-node at acme, 12 months", "sign h-node at bolt, 12 months"
NAMES = (BUY, ACME, BOLT)


def market(
    acme: float = 2.0, bolt: float = 2.0, *, requests: float = 20.0, node: float = 240_000.0, nodes: int = 2
) -> Case:
    """GPUs at one request/s each for 2027: nodes in a hall that feeds so many, two vendors' contracts, hours dearer."""
    contract = {"kind": "reserved", "term_months": 12, "lot_gpus": 8, "max_lots": 3}
    return Case(
        scenario(
            horizon={"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year"},
            sites=[SITE | {"power_mw": 0.0125 * nodes + 0.001}],
            workloads=[scenario().workloads[0].model_dump() | {"demand": {"requests_per_s": requests}}],
        ),
        catalog(
            [system("h-node", price_usd=node)],
            [
                offer(**contract, usd_per_gpu_hour=acme),
                offer(**contract, provider="bolt", usd_per_gpu_hour=bolt),
                offer(usd_per_gpu_hour=4.0),
            ],
            [point()],
        ),
    )


def model_of(case: Case) -> Model:
    return build_model(build_problem(case.scenario, case.catalog))


def plan_of(case: Case) -> Plan:
    return solve(case.scenario, case.catalog, gap=1e-6)


def seen(case: Case, today: Plan, found: Plan, gap: float) -> Nearest:
    """The nearest plan of a case to today's, of those within a gap of another plan found."""
    bound = found.proof.best_bound_usd
    assert bound is not None
    limit = most_usd((bound, found.proof.objective_usd), gap)
    return nearest(model_of(case), today, [found.solution], limit, UNTIL, Options(gap, AMPLE_S))


def test_the_limit_is_the_dearest_plan_within_the_gap() -> None:
    assert most_usd((99.0, 100.0), 0.1) == pytest.approx(110.0)
    assert most_usd((50.0, 100.0), 0.1) == 100.0
    # A cost below nothing: the gap is of the cost that is found.
    assert most_usd((-110.0, -105.0), 0.1) == pytest.approx(-100.0)
    assert most_usd((-np.inf, 100.0), 0.1) == 100.0


def test_the_distance_is_in_gpus_and_the_cost_within_the_limit() -> None:
    model = model_of(market())
    columns = order_columns(model, UNTIL)
    assert {name: orders.gpus for name, orders in columns.items()} == dict.fromkeys(NAMES, 8)
    totals = [Total(columns[BUY].columns, 2.0, 8.0), Total(columns[ACME].columns, 0.0, 8.0)]
    held = with_distance(model.milp, totals, 5e5)
    x = np.zeros(held.columns)
    x[columns[ACME].columns] = 1.0
    x[-2:] = 2.0, 1.0
    assert held.objective(x) == 8 * 2 + 8 * 1
    rows = held.activity(x)[-5:]
    assert rows[0] == pytest.approx((model.milp.objective(x[:-2]) - model.milp.constant) / (5e5 - model.milp.constant))
    assert (rows[1:] >= held.row_lower[-4:]).all()
    assert (rows[1:] <= held.row_upper[-4:]).all()


@pytest.mark.solve
def test_columns_count_what_a_plan_orders() -> None:
    plan = plan_of(market(bolt=1.9, requests=38.0))
    columns = order_columns(model_of(market(bolt=1.9, requests=38.0)), UNTIL)
    found = {name: plan.solution[orders.columns].sum() for name, orders in columns.items()}
    assert {name: number for name, number in found.items() if number} == ordered(plan, UNTIL)
    assert len(ordered(plan, UNTIL)) > 1
    early = dt.date(2026, 12, 31)
    assert order_columns(model_of(market()), early) == {} == ordered(plan, early)


@pytest.mark.solve
def test_a_tie_between_two_vendors_is_no_reversal() -> None:
    """Today's plan signs at acme, a hair cheaper; the plan found in a world where bolt is, at bolt."""
    today, found = plan_of(market(acme=1.0, bolt=1.0001)), plan_of(market(acme=1.0001, bolt=1.0))
    assert ordered(today, UNTIL)[ACME] == ordered(found, UNTIL)[BOLT] == 3
    tied = seen(market(acme=1.0001, bolt=1.0), today, found, gap=0.001)
    assert (tied.verdict, tied.gpus, tied.least_gpus) == (MAY, 0.0, 0.0)
    assert {order.name: order.verdict for order in tied.orders} == {ACME: MAY, BOLT: MAY}
    assert all(order.nearest == order.today != order.found for order in tied.orders)


@pytest.mark.solve
def test_a_neighbourhood_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tie again, with a first search that is held to the plan found: only the whole model's bound counts."""

    def as_found(milp: Milp, x: Floats, _: Floats) -> Milp:
        return replace(milp, lower=np.where(milp.guided, x, milp.lower), upper=np.where(milp.guided, x, milp.upper))

    monkeypatch.setattr("planner.studies.sensitivity.nearest.between", as_found)
    today, found = plan_of(market(acme=1.0, bolt=1.0001)), plan_of(market(acme=1.0001, bolt=1.0))
    tied = seen(market(acme=1.0001, bolt=1.0), today, found, gap=0.001)
    assert (tied.verdict, tied.gpus, tied.least_gpus) == (MAY, 0.0, 0.0)


@pytest.mark.solve
def test_a_plan_beyond_the_limit_is_none() -> None:
    """Whatever an engine lets through."""
    plan, model = plan_of(market()), model_of(market())
    cost = plan.proof.objective_usd
    options = Options(0.01, AMPLE_S)
    assert planned(model, plan.solution, cost, options) is not None
    assert planned(model, plan.solution, cost * (1 - 1e-5), options) is None


@pytest.mark.solve
def test_a_price_beyond_the_gap_is_one() -> None:
    """Three lots of 20 requests/s; at acme they cost a quarter more, which no gap of 1 % leaves open."""
    today, found = plan_of(market(acme=1.0, bolt=1.25)), plan_of(market(acme=1.25, bolt=1.0))
    changed = seen(market(acme=1.25, bolt=1.0), today, found, gap=0.01)
    assert (changed.verdict, changed.gpus, changed.least_gpus) == (MUST, 48.0, 48.0)
    assert {order.name: order.verdict for order in changed.orders} == {ACME: MUST, BOLT: MUST}


@pytest.mark.solve
def test_one_of_two_must_change_and_neither_by_itself() -> None:
    """Less is needed: a lot less is signed at one of two vendors at the same price, whichever."""
    today = plan_of(market(acme=1.0, bolt=1.0, requests=40.0, nodes=0))
    assert ordered(today, UNTIL)[ACME] + ordered(today, UNTIL)[BOLT] == 5
    less = market(acme=1.0, bolt=1.0, requests=32.0, nodes=0)
    found = seen(less, today, plan_of(less), gap=1e-4)
    assert (found.verdict, found.gpus, found.least_gpus) == (MUST, 8.0, 8.0)
    assert {order.verdict for order in found.orders} == {MAY}


@pytest.mark.solve
def test_what_can_be_ordered_no_more_must_change() -> None:
    """Today's nodes; a hall that feeds only one, and one without any, where they have no columns."""
    today = plan_of(market(acme=3.5, bolt=3.5, node=100_000.0))
    assert ordered(today, UNTIL)[BUY] == 2
    for nodes in (0, 1):
        less = market(acme=3.5, bolt=3.5, node=100_000.0, nodes=nodes)
        found = seen(less, today, plan_of(less), gap=1e-4)
        (order,) = (order for order in found.orders if order.name == BUY)
        assert (order.verdict, order.today, order.nearest) == (MUST, 2, nodes)


@pytest.mark.solve
def test_the_same_orders_take_no_search() -> None:
    today = plan_of(market())
    found = seen(market(), today, today, gap=0.01)
    assert (found.verdict, found.orders, found.gpus, found.least_gpus) == (SAME, (), 0.0, 0.0)
    assert found.x is today.solution
    assert found.limit_usd == pytest.approx(today.proof.objective_usd / 0.99, rel=1e-5)


def worlds(draw: Draw) -> tuple[Case, Case, float]:
    """A market today, the same with other prices, demand and power, and a gap."""
    prices = (2.0, 2.002, 2.02, 1.8)
    before = {"acme": one(draw, *prices), "bolt": one(draw, *prices), "node": number(draw, 180_000, 280_000)}
    before["requests"] = number(draw, 4, 40)
    after = before | {"acme": one(draw, *prices), "bolt": one(draw, *prices)}
    after["requests"] = before["requests"] * one(draw, 1.0, 0.8, 1.2)
    nodes = one(draw, 2, 1)
    return market(**before), market(**after, nodes=nodes), one(draw, 1e-6, 0.003, 0.01, 0.05)


def distance(counts: tuple[int, ...], today: dict[str, float]) -> float:
    return sum(8 * abs(count - today.get(name, 0)) for name, count in zip(NAMES, counts, strict=True))


@pytest.mark.property
@pytest.mark.solve
@pytest.mark.no_cover
@examples(1)
@given(st.data())
def test_what_must_change_is_what_every_combination_within_the_limit_changes(data: st.DataObject) -> None:
    now, then, gap = worlds(Draw(data.draw))
    today = solve(now.scenario, now.catalog, gap=gap)
    world = World("market", "high", "other", then.scenario, then.catalog)
    found = outlook(Outlook(world, today, gap, AMPLE_S, "auto", UNTIL)).nearest
    assert found is not None
    orders = ordered(today, UNTIL)
    every = list(program(then.scenario, then.catalog).combinations())
    # What costs the limit to a few millionths is in or out by tolerances.
    inside = [counts for counts, cost in every if cost <= found.limit_usd * (1 - 3e-6)]
    around = [counts for counts, cost in every if cost <= found.limit_usd * (1 + 3e-6)]
    check(found, orders, inside, around)


def check(
    found: Nearest, orders: dict[str, float], inside: list[tuple[int, ...]], around: list[tuple[int, ...]]
) -> None:
    """The verdicts are those of all combinations ``inside`` the limit, or ``around`` it."""
    least, most = (min((distance(counts, orders) for counts in plans), default=math.inf) for plans in (around, inside))
    assert least <= found.gpus <= most
    assert found.least_gpus <= found.gpus
    if most == 0:
        assert found.verdict != MUST
    if least > 0:
        assert found.verdict == MUST
    told = {order.name: order.verdict for order in found.orders}
    for place, name in enumerate(NAMES):
        kept = orders.get(name, 0)
        if any(counts[place] == kept for counts in inside):
            assert told.get(name, SAME) != MUST
        if not any(counts[place] == kept for counts in around):
            assert told[name] == MUST
    for order in found.orders:
        # What the nearest plan keeps need not change.
        assert order.nearest != order.today or order.verdict == MAY
    reached = tuple(next((o.nearest for o in found.orders if o.name == name), orders.get(name, 0)) for name in NAMES)
    assert reached in around
