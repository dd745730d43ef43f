"""What a plan stands on: amounts and switching values worked out by hand, ties that are no change, the laws of both."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import planner
from planner import solvers
from planner.catalog.models import PricePath, ServingPoint
from planner.solvers import Options
from planner.studies.stands.assumption import Assumption
from planner.studies.stands.assumptions import applies, assumptions, blended
from planner.studies.stands.carried import Carrying, carrying
from planner.studies.stands.relaxed import Relaxations, World
from planner.studies.stands.switching import Switch, switches
from planner.studies.stands.words import lines
from tests.limits import AMPLE_S
from tests.store import TINY, plan
from tests.strategies import CHAT, META, SITE, Case, catalog, offer, point, scenario, system

END = 1.1 ** -(365 / 365.25)
MIDDLE = 1.1 ** -(182.5 / 365.25)
OPTIONS = Options(0.01, AMPLE_S)
# A node at 200,000 against 8 GPUs for a year at 2 USD an hour; in service it draws 7 kW at a PUE of 1.2 and 100 USD.
RENT = 8 * 2.0 * 8760 * MIDDLE
POWER = 7 * 1.2 * 8.76 * 100 * MIDDLE
SHARE = 1 - 0.4 * 365 / 365.25
EVEN = (200_000 + POWER - RENT) / (200_000 * SHARE * END)


def asked(haircut: float, *, nodes: int = 2, points: list[ServingPoint] | None = None, **fields: Any) -> Case:
    """Twenty GPUs for 2027, bought or rented, with room for so many nodes."""
    given: dict[str, Any] = {
        "horizon": {"decided_on": "2026-11-01", "start": "2027-01", "periods": 1, "period": "year"},
        "sites": [SITE | {"power_mw": 0.0125 * nodes, "electricity_usd_per_mwh": 100.0}],
        "finance": {"residual_haircut": haircut},
    }
    rows = catalog([system("h-node", price_usd=200_000.0)], [offer(usd_per_gpu_hour=2.0)], points or [point()])
    return Case(scenario(**(given | fields)), rows)


def owned(haircut: float) -> float:
    """What a node costs that is bought and always busy, less what it is worth at the end."""
    return 200_000 + POWER - 200_000 * SHARE * haircut * END


def assumption(case: Case, key: str) -> Assumption:
    (found,) = (one for one in assumptions(World(case.scenario, case.catalog)) if one.key == key)
    return found


def found(case: Case, key: str) -> dict[str, Switch]:
    """The switching values by way."""
    relaxations = Relaxations(World(case.scenario, case.catalog), OPTIONS)
    return {switch.way.name: switch for switch in switches(assumption(case, key), relaxations)}


def amounts(case: Case, key: str) -> dict[str, float]:
    """The amounts by way, USD."""
    relaxations = Relaxations(World(case.scenario, case.catalog), OPTIONS)
    one = assumption(case, key)
    ends = {way.name: relaxations.least_usd(one.at(way, way.values[-1])) for way in one.ways if way.away}
    return {name: usd - relaxations.today.npv_usd for name, usd in ends.items()}


def told(case: Case) -> Carrying:
    plan = planner.solve(case.scenario, case.catalog)
    return carrying(Relaxations(World(case.scenario, case.catalog), OPTIONS), plan)


def test_resale_switches_where_owning_costs_what_rent_does() -> None:
    assert 0.67 < EVEN < 0.68
    rented, bought = found(asked(0.65), "resale"), found(asked(1.0), "resale")
    assert set(rented) == {"more"}
    assert rented["more"].value == 0.68
    assert [(c.verb, c.system, c.before_gpus) for c in rented["more"].changes] == [("buy", "h-node", 0.0)]
    assert set(bought) == {"less"}
    assert bought["less"].value == 0.67
    (change,) = bought["less"].changes
    # Both nodes that the hall can feed, and none.
    assert (change.before_gpus, change.after_gpus) == (pytest.approx(16.0), 0.0)


def test_resale_carries_what_renting_instead_costs_more() -> None:
    """Two nodes at 0.9; without a credit none is bought, for owning one costs 200,000 and its power."""
    assert owned(0.0) > RENT
    assert amounts(asked(0.9), "resale") == {"less": pytest.approx(2 * (RENT - owned(0.9)))}


def test_fewer_gpus_by_the_hour_switch_where_a_whole_node_is_missing() -> None:
    """Twenty are rented at 0.5, where owning is dearer: with twelve of them the other eight are bought."""
    scarce = asked(0.5, nodes=3, procurement={"hourly_depth_gpus": 64.0})
    switch = found(scarce, "hourly_supply")["less"]
    assert switch.value == 12.0
    assert [(c.before_gpus, c.after_gpus) for c in switch.changes] == [(0.0, pytest.approx(8.0))]
    assert amounts(scarce, "hourly_supply") == {"less": pytest.approx(20 / 8 * (owned(0.5) - RENT))}


def test_where_nothing_can_stand_in_for_an_hourly_gpu_there_is_no_plan() -> None:
    """Two nodes have room, and where none may be bought twenty GPUs by the hour are needed."""
    scarce = asked(0.5, procurement={"hourly_depth_gpus": {"acme": 16.0}})
    assert amounts(scarce, "hourly_supply") == {"less": np.inf}
    assert assumption(scarce, "hourly_supply").unit == "factor"
    none_bought = scarce.with_scenario(procurement=scarce.scenario.procurement.model_copy(update={"buy": False}))
    with pytest.raises(planner.SolverFailure, match="infeasible"):
        found(none_bought, "hourly_supply")
    enough = asked(0.5, procurement={"hourly_depth_gpus": 32.0, "buy": False})
    switch = found(enough, "hourly_supply")["less"]
    # In steps of half a GPU, the first without twenty.
    assert (switch.value, switch.possible, switch.changes) == (19.5, False, ())


def test_the_least_without_which_there_is_no_plan_is_looked_for() -> None:
    """Two nodes have room for sixteen GPUs, and the other four are by the hour."""
    case = asked(0.5, procurement={"hourly_depth_gpus": 32.0})
    plan = planner.solve(case.scenario, case.catalog)
    found = carrying(Relaxations(World(case.scenario, case.catalog), OPTIONS), plan, searched=None)
    assert [amount.last for amount in found.carried[0].amounts] == [4.0]
    assert lines(found)[1][1].startswith(
        "up to 32 of a system at a provider (20 of 20 GPUs at the peak): no plan below 4 GPUs; "
    )
    assert found.to_dict()["assumptions"][0]["amounts"] == [
        {"way": "less", "value": 0.0, "possible": False, "usd": None, "last_possible": 4.0}
    ]


def test_any_number_by_the_hour_is_tried_from_many_downwards() -> None:
    free = asked(0.5, nodes=3, procurement={"hourly_depth_gpus": None})
    switch = found(free, "hourly_supply")["less"]
    assert switch.value == 8.0
    assert assumption(free, "hourly_supply").today == np.inf


def with_headroom(*shares: float) -> Case:
    """Owning is cheaper; sixteen GPUs' work at no headroom, by each workload."""
    chat = [
        CHAT | {"name": f"chat{place}", "demand": {"requests_per_s": 16.0}, "headroom": share}
        for place, share in enumerate(shares)
    ]
    return asked(0.9, nodes=20, workloads=chat)


def test_headroom_switches_where_it_takes_a_node_more() -> None:
    """16 / (1 − 0.2) are 20 GPUs; 28 of them, a node more, are reached at 1 − 16 / 28 = 0.4286."""
    case = with_headroom(0.2)
    switch = found(case, "headroom")["more"]
    assert switch.value == 0.43
    assert switch.changes[0].after_gpus == pytest.approx(16 / 0.57)
    assert amounts(case, "headroom") == {"less": pytest.approx(-4 / 8 * owned(0.9))}


def test_unlike_headrooms_move_together() -> None:
    """16 / 0.8 + 16 / 0.9 GPUs; eight more where 16 / (1 − 0.2f) + 16 / (1 − 0.1f) is 45.78: f between 1.9 and 2."""
    case = with_headroom(0.2, 0.1)
    one = assumption(case, "headroom")
    assert (one.stated, one.unit, one.today) == ("0.1 to 0.2 of the throughput", "factor", 1.0)
    f = found(case, "headroom")["more"].value

    def needed(f: float) -> float:
        return 16 / (1 - 0.2 * f) + 16 / (1 - 0.1 * f)

    assert needed(f - 1 / 64) < needed(1.0) + 8 <= needed(f)


def with_a_prediction() -> Case:
    """Twenty GPUs at a predicted point, trusted by half; forty at the measured one."""
    fast = point(rate=2.0, series="predicted", evidence="predicted", ttft_ms=700.0)
    return asked(0.9, nodes=20, points=[point(rate=0.5), fast], trust={"predicted": 0.5})


@pytest.mark.slow
def test_predictions_switch_where_being_wrong_takes_a_node_more_or_less() -> None:
    """20 / f GPUs: 28 at 0.714, 12 at 1.667, and forty without the point."""
    case = with_a_prediction()
    switch = found(case, "unmeasured_points")
    assert switch["less"].value == 0.71
    assert switch["more"].value == 1.67
    assert amounts(case, "unmeasured_points") == {"less": pytest.approx(20 / 8 * owned(0.9))}
    (one,) = (one for one in told(case).carried if one.assumption.key == "unmeasured_points")
    assert (one.rests.share, one.rests.words) == (1.0, "100 % of the tokens that GPUs make")


def path(name: str, hardware: float = 1.0, rent: float = 1.0) -> PricePath:
    years = {"hardware": {2026: hardware}, "rent": {2026: 1.0, 2027: rent}, "api": {2026: 1.0}}
    return PricePath.model_validate(META | {"name": name} | years)


def with_paths(case: Case, *paths: PricePath) -> Case:
    return case.with_catalog(price_paths={one.name: one for one in paths})


def test_prices_switch_where_rent_has_fallen_to_what_owning_costs() -> None:
    """Rent falls by half on the path; of that way it is even with owning at 2 · (1 − owned / rent)."""
    case = with_paths(asked(0.9), path("flat"), path("falling", rent=0.5), path("rising", rent=2.0))
    even = 2 * (1 - owned(0.9) / RENT)
    switch = found(case, "prices")
    assert set(switch) == {"falling"}
    assert switch["falling"].value - 1 / 32 < even <= switch["falling"].value
    # All twenty are rented on the one, four of them on the other.
    assert amounts(case, "prices") == {
        "falling": pytest.approx(20 / 8 * RENT / 2 - (2 * owned(0.9) + RENT / 2)),
        "rising": pytest.approx(RENT / 2),
    }


def test_a_path_of_the_scenario_is_held_against_flat_prices_too() -> None:
    case = with_paths(asked(0.9, finance={"residual_haircut": 0.9, "price_path": "rising"}), path("rising", rent=2.0))
    one = assumption(case, "prices")
    assert one.stated == "on rising"
    assert [way.name for way in one.ways] == ["flat"]
    assert amounts(case, "prices") == {"flat": pytest.approx(-RENT / 2)}
    half = blended(path("flat"), path("falling", hardware=0.8, rent=0.5), 0.5)
    assert (half.factor("hardware", 2026), half.factor("rent", 2027), half.factor("rent", 2026)) == (0.9, 0.75, 1.0)


def test_the_tail_switches_where_a_longer_contract_costs_what_hours_do() -> None:
    """Two years at 1.50 of which a share of the second is charged, against a year by the hour at 2."""
    two_years = offer(kind="reserved", term_months=24, usd_per_gpu_hour=1.5, lead_weeks=0.0)
    case = asked(0.9, sites=[], finance={"contract_tail_share": 0.2})
    case = case.with_catalog(offers={row.key: row for row in (*case.catalog.offers.values(), two_years)})
    second = 1.1 ** -((365 + 183) / 365.25)
    even = 0.5 * 8760 * MIDDLE / (1.5 * 8784 * second)
    switch = found(case, "contract_tail")["more"]
    assert switch.value - 0.01 < even <= switch.value
    assert [(c.verb, c.before_gpus, c.after_gpus) for c in switch.changes] == [("sign", pytest.approx(20.0), 0.0)]
    charged = 20 * 1.5 * (8760 * MIDDLE + 0.2 * 8784 * second)
    assert amounts(case, "contract_tail") == {"more": pytest.approx(20 * 2.0 * 8760 * MIDDLE - charged)}


def test_software_gains_are_an_assumption_where_the_scenario_makes_them() -> None:
    """44 % a year are 1.2 to the middle of the year: 16 2/3 of twenty GPUs, and no node more without it."""
    case = asked(0.9, nodes=20, procurement={"software_gain_per_year": {"h-node": 0.44}})
    grown = 1.44 ** (182.5 / 365.25)
    assert amounts(case, "software_gain") == {"less": pytest.approx((20 - 20 / grown) / 8 * owned(0.9))}
    assert found(case, "software_gain") == {}
    assert not [one for one in assumptions(World(asked(0.9).scenario, case.catalog)) if one.key == "software_gain"]


def test_a_tie_is_no_change() -> None:
    """Of two systems that are alike in everything today's orders are kept, whichever they are of."""
    case = asked(0.9)
    twin = system("h-node", system="twin", price_usd=200_000.0)
    points = {row.key: row for row in (point(), point(system="h-node").model_copy(update={"system": "twin"}))}
    case = case.with_catalog(systems=case.catalog.systems | {"twin": twin}, serving=points)
    world = World(case.scenario, case.catalog)
    resale = assumption(case, "resale")
    relaxations = Relaxations(world, OPTIONS)
    for bought, other in (("h-node", "twin"), ("twin", "h-node")):
        orders = {("buy", bought): 16.0, ("buy", other): 0.0}
        relaxations.today = replace(relaxations.today, orders=orders)
        assert relaxations.changes(relaxations.at(world)) == ()
        at = relaxations.priced(resale.at(resale.ways[0], 0.0), resale.at(resale.ways[0], 1.0))
        assert at is not None
        assert relaxations.changes(at(0.8)) == ()
        # Where the other one is cheaper it is what has to be bought.
        cheaper = case.catalog.systems[other].model_copy(update={"price_usd": 199_000.0})
        moved = World(case.scenario, replace(case.catalog, systems=case.catalog.systems | {other: cheaper}))
        changes = relaxations.changes(relaxations.at(moved))
        assert {(c.system, round(c.after_gpus)) for c in changes} == {(bought, 0), (other, 16)}


def test_worlds_that_differ_in_more_than_cost_are_not_priced() -> None:
    """Where a price decides which offer no plan needs, each value has a matrix of its own, and the same answer."""
    case = asked(1.0)
    world, less = World(case.scenario, case.catalog), World(with_headroom(0.1).scenario, case.catalog)
    relaxations = Relaxations(world, OPTIONS)
    assert relaxations.priced(world, less) is None
    anew = replace(assumption(case, "resale"), priced=False)
    assert {switch.way.name: switch for switch in switches(anew, relaxations)} == found(case, "resale")


def test_orders_that_can_wait_are_not_looked_at() -> None:
    """Ordered on 1 January, 92 days after 1 October."""
    horizon = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year"}
    case = asked(1.0, horizon=horizon)
    assert found(case, "resale") == {}
    (words,) = (text for _, text in lines(told(case)) if "of its curve" in text)
    assert "no other value changes the orders due by 2026-12-30" in words


def test_what_stands_beside_the_headline() -> None:
    case = asked(0.9)
    found = told(case)
    assert [one.assumption.key for one in found.carried] == ["hourly_supply", "resale"]
    (first, head), (second, words), (third, resale) = lines(found)
    assert (first, second, third) == ("stands on", "- hourly GPUs", "- resale")
    assert words.endswith("(4 of 20 GPUs at the peak): no plan without")
    credit = 2 * 200_000 * SHARE * 0.9 * END
    assert resale.startswith(f"0.9 of its curve (${credit / 1e3:.0f} k of credit, ")
    assert "more without; the orders due by 2027-01-30 change at 0.67 (buy 16 → 0 GPUs of h-node)" in resale
    assert head.endswith("by the LP relaxation; `plan stands SCENARIO` tells where each changes the orders due")
    assert told(asked(0.0, nodes=0)).carried[0].assumption.key == "hourly_supply"


def test_there_is_nothing_to_tell_where_cost_is_not_the_aim() -> None:
    assert applies(asked(1.0).scenario)
    assert not applies(asked(1.0, objective="tokens").scenario)
    keys = [one.key for one in assumptions(World(asked(1.0, sites=[]).scenario, asked(1.0).catalog))]
    assert "resale" not in keys


@pytest.mark.solve
def test_the_command_writes_what_is_found() -> None:
    done = plan("stands", TINY, "--json", "-")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [row["assumption"] for row in found["assumptions"]][:2] == ["hourly_supply", "resale"]
    assert {row["assumption"] for row in found["switches"]} == {"hourly_supply", "prices"}
    refused = plan("stands", TINY, "--set", "objective=profit")
    assert refused.exit_code == 2
    assert "the objective of tiny is profit" in refused.stderr


@pytest.mark.solve
def test_it_is_the_same_again_and_where_every_solve_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    case = asked(1.0)
    first = told(case).to_dict()
    assert told(case).to_dict() == first
    switching = found(case, "resale")
    monkeypatch.setattr(solvers, "has_ortools", lambda: False)
    assert found(case, "resale") == switching
