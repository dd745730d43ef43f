"""What must always be true of an optimum, whatever the scenario: what limits, choices and futures do to it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

import planner
from planner import solvers
from planner.milp import build_model
from planner.problem import Reductions, build_problem
from planner.rules.demand import least_served
from planner.scenario.models import Future
from planner.studies.information import value_of_information
from tests.laws import Change, larger_depth, larger_lots, larger_quotas, larger_share, never_cheaper, same
from tests.strategies import (
    HOPPER,
    Case,
    Interval,
    budget_scaled,
    cases,
    demand_scaled,
    examples,
    limit_scaled,
    scaled,
    solved,
    with_part,
    with_sites,
    with_workloads,
)

# Plain Python that other tests run too is three times as slow when traced.
pytestmark = [pytest.mark.property, pytest.mark.no_cover]


# --- not dearer ---


def more_power(case: Case) -> Case:
    return with_sites(case, lambda s: {"power_mw": s.power_mw.scaled(1.4)})


def more_room(case: Case) -> Case:
    return with_sites(
        case,
        lambda s: {
            "liquid_it_kw": scaled(s.liquid_it_kw, 1.5),
            "air_it_kw": scaled(s.air_it_kw, 1.5),
            "rack_positions": scaled(s.rack_positions, 2),
        },
    )


def looser_targets(case: Case) -> Case:
    def change(workload: Any) -> dict[str, Any]:
        sla = workload.sla
        return {
            "sla": with_part(
                sla,
                ttft_s=None if sla.ttft_s is None else 2.5 * sla.ttft_s,
                tpot_ms=None if sla.tpot_ms is None else 1.5 * sla.tpot_ms,
            )
        }

    return with_workloads(case, change)


def shorter_tails(case: Case) -> Case:
    tail = case.scenario.tail_ratio
    return case.with_scenario(
        tail_ratio=with_part(
            tail,
            ttft=None if tail.ttft is None else 1 + 0.5 * (tail.ttft - 1),
            tpot=None if tail.tpot is None else 1 + 0.5 * (tail.tpot - 1),
        )
    )


LIMITS: dict[str, Change] = {
    "power": more_power,
    "room": more_room,
    "budget": lambda case: budget_scaled(case, 1.5),
    "targets": looser_targets,
    "quotas": larger_quotas,
    "depth": larger_depth,
    "lots": larger_lots,
    "share": larger_share,
    "tails": shorter_tails,
    "engines": lambda case: with_workloads(case, lambda workload: {"engines": None}),
}


@examples(3)
@given(case=cases(), what=st.sampled_from(sorted(LIMITS)))
@pytest.mark.slow
def test_a_wider_limit_is_never_dearer(case: Case, what: str) -> None:
    never_cheaper(LIMITS[what](case), case)


def without(rows: dict[Any, Any], index: int) -> dict[Any, Any]:
    """The rows but for one."""
    keys = list(rows)
    return {key: row for key, row in rows.items() if key != keys[index % len(keys)]} if keys else {}


@examples(1)
@given(case=cases(), index=st.integers(0, 9))
def test_one_more_offer_is_never_dearer(case: Case, index: int) -> None:
    never_cheaper(case, case.with_catalog(offers=without(case.catalog.offers, index)))


@examples(1)
@given(case=cases(), index=st.integers(0, 3))
def test_one_more_api_is_never_dearer(case: Case, index: int) -> None:
    assume(case.catalog.token_apis)
    never_cheaper(case, case.with_catalog(token_apis=without(case.catalog.token_apis, index)))


@examples(1)
@given(case=cases(predicted=False), index=st.integers(0, 9))
def test_one_more_series_is_never_dearer(case: Case, index: int) -> None:
    """Where nothing is predicted: independent evidence caps what is."""
    never_cheaper(case, case.with_catalog(serving=without(case.catalog.serving, index)))


@examples(1)
@given(case=cases(), index=st.integers(0, 3))
def test_one_more_system_is_never_dearer(case: Case, index: int) -> None:
    names = sorted(case.catalog.systems)
    rules = case.scenario.procurement
    denied = with_part(rules.systems, deny=(*rules.systems.deny, names[index % len(names)]))
    never_cheaper(case, case.with_scenario(procurement=with_part(rules, systems=denied)))


# --- fewer choices ---


@examples(1)
@given(case=cases(owning=True, whole=False))
def test_only_buying_is_never_cheaper(case: Case) -> None:
    both = with_part(case.scenario.procurement, buy=True)
    only = with_part(both, rent=(), token_api=False)
    never_cheaper(case.with_scenario(procurement=both), case.with_scenario(procurement=only, quotes=()))


@examples(1)
@given(case=cases(relaxed=True))
def test_only_renting_is_never_cheaper(case: Case) -> None:
    never_cheaper(case, case.with_scenario(procurement=with_part(case.scenario.procurement, buy=False)))


@examples(1)
@given(case=cases(relaxed=True))
def test_only_hopper_is_never_cheaper(case: Case) -> None:
    rules = with_part(case.scenario.procurement, systems=with_part(case.scenario.procurement.systems, allow=HOPPER))
    never_cheaper(case, case.with_scenario(procurement=rules))


# --- twice everything ---


def doubled(case: Case) -> Case:
    """Twice the demand, the room, the limits and what is there already."""

    def site(s: Any) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "power_mw": s.power_mw.scaled(2),
            "liquid_it_kw": scaled(s.liquid_it_kw, 2),
            "air_it_kw": scaled(s.air_it_kw, 2),
            "rack_positions": scaled(s.rack_positions, 2),
            "existing": tuple(with_part(group, count=2 * group.count) for group in s.existing),
        }
        if s.lease is not None:
            fields["lease"] = with_part(s.lease, it_kw=s.lease.it_kw.scaled(2))
        if s.conversion is not None and s.conversion.liquid_it_kw is not None:
            fields["conversion"] = with_part(s.conversion, liquid_it_kw=2 * s.conversion.liquid_it_kw)
        return fields

    rules = case.scenario.procurement
    quotas = tuple(with_part(quota, gpus=2 * quota.gpus) for quota in rules.quotas)
    contracts = tuple(with_part(contract, gpus=2 * contract.gpus) for contract in case.scenario.contracts)
    changed = larger_lots(with_sites(budget_scaled(demand_scaled(case, 2.0), 2.0), site))
    depth = limit_scaled(rules.hourly_depth_gpus, 2)
    rules = with_part(rules, quotas=quotas, hourly_depth_gpus=depth)
    return changed.with_scenario(procurement=rules, contracts=contracts)


@examples(1)
@given(case=cases())
def test_at_most_twice_for_twice_everything(case: Case) -> None:
    once = solved(case)
    assume(math.isfinite(once.high))
    twice = solved(doubled(case))
    assert Interval(2 * once.low, 2 * once.high).may_reach(twice), (once, twice)


# --- futures ---


@examples(1)
@given(case=cases(futures=True))
def test_unchanged_by_splitting_a_future(case: Case) -> None:
    first, *rest = case.scenario.futures
    halves = [with_part(first, name=f"{first.name}-{n}", probability=first.probability / 2) for n in (1, 2)]
    same(case, case.with_scenario(futures=(*rest, *halves)))


@examples(0.5)
@given(case=cases(futures=False))
def test_unchanged_by_two_futures_that_are_one(case: Case) -> None:
    twins = tuple(Future(name=name, probability=share) for name, share in (("a", 0.3), ("b", 0.7)))
    same(case, case.with_scenario(futures=twins))


def alone(case: Case, future: Future) -> Case:
    return case.with_scenario(futures=(with_part(future, probability=1.0),))


@examples(1)
@given(case=cases(futures=True))
def test_waiting_to_see_is_never_dearer(case: Case) -> None:
    """The mean of each future's own optimum is no more than the cost of one plan for all of them."""
    futures = case.scenario.futures
    here = solved(case)
    single = [solved(alone(case, future)) for future in futures]
    low = sum(f.probability * interval.low for f, interval in zip(futures, single, strict=True))
    high = sum(f.probability * interval.high for f, interval in zip(futures, single, strict=True))
    assert here.may_reach(Interval(low, high)), (here, single)


@examples(0.5)
@given(case=cases(futures=True, relaxed=True, whole=False))
@pytest.mark.slow
def test_the_plan_for_the_mean_future_is_never_cheaper(case: Case) -> None:
    """wait and see ≤ here and now ≤ the expected cost of the mean future's purchases."""
    assume(math.isfinite(solved(case).high))
    plan = planner.solve(case.scenario, case.catalog)
    found = value_of_information(case.scenario, case.catalog, plan)
    here, wait, mean = (Interval(*ends) for ends in (found.here_and_now, found.wait_and_see, found.mean_plan))
    assert here.may_reach(wait)
    assert mean.may_reach(here)


# --- proofs and answers ---


@examples(1)
@given(case=cases())
def test_no_plan_is_below_its_lp_relaxation(case: Case) -> None:
    """Of the matrix without any reduction."""
    off = Reductions(points=False, pools=False, offers=False, bounds=False)
    milp = build_model(build_problem(case.scenario, case.catalog, off)).milp
    relaxed = solvers.run(milp.relaxed(), "glop", solvers.Options())
    found = solved(case)
    if math.isinf(found.high):
        return
    assert relaxed.x is not None
    lp = Interval(relaxed.objective, relaxed.objective)
    assert found.may_reach(lp)
    assert found.low <= found.high


@examples(2)
@given(case=cases(None))
def test_every_scenario_has_an_answer(case: Case) -> None:
    """A plan that passed its audit, or sentences on what to relax; nothing else."""
    refusal: planner.InfeasiblePlan | None = None
    try:
        plan = planner.solve(case.scenario, case.catalog)
    except planner.InfeasiblePlan as error:
        refusal = error
    except planner.InputError:
        # Where all may be left, nothing at all has the least cost per token, which is no answer.
        floors = [least_served(case.scenario, item) for item in case.scenario.workloads if item.tokens]
        if case.scenario.objective != "cost_per_token" or max(floors, default=0.0):
            raise
        event("no ratio")
        return
    if refusal is not None:
        event("infeasible")
        assert refusal.relaxations
        assert all(relaxation.sentence for relaxation in refusal.relaxations)
        return
    event(f"{case.scenario.objective}: {plan.status}")
    proof = plan.proof
    assert plan.audit.passed
    assert plan.audit.worst_violation <= 1e-6
    assert plan.status == ("optimal" if proof.gap <= proof.gap_asked * (1 + 1e-9) else "feasible")
    more_is_better = case.scenario.objective in ("tokens", "profit")
    best, worst = (proof.value, proof.bound)[:: -1 if more_is_better else 1][::-1]
    assert best <= worst + 1e-9 * abs(worst)
    assert json.loads(plan.to_json())["status"] == plan.status
