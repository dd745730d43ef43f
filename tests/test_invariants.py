"""What must always be true of an optimum, whatever the scenario.

Two cases are compared by their intervals only: the dearer one's audited plan may not be cheaper than what was proven of
the cheaper one. Two plans are never compared with each other.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

import planner
from planner import solvers
from planner.catalog.models import Catalog
from planner.milp import build_model
from planner.problem import Reductions, build_problem
from planner.scenario.models import Future, Scenario
from planner.studies.information import value_of_information
from tests.strategies import (
    HOPPER,
    NODE,
    SITE,
    Case,
    Interval,
    budget_scaled,
    cases,
    catalog,
    demand_scaled,
    examples,
    offer,
    point,
    rekeyed,
    scaled,
    scenario,
    solved,
    system,
    with_apis,
    with_offers,
    with_part,
    with_sites,
    with_systems,
    with_workloads,
)

# Plain Python that other tests run too is three times as slow when traced.
pytestmark = [pytest.mark.property, pytest.mark.no_cover]

Change = Callable[[Case], Case]


def never_cheaper(cheap: Case, dear: Case) -> None:
    """U(dear) ≥ L(cheap), where there is a plan at all."""
    less = solved(cheap)
    assume(math.isfinite(less.high))
    more = solved(dear)
    event("both feasible" if math.isfinite(more.high) else "only the cheaper feasible")
    assert more.may_reach(less), (less, more)


def same(case: Case, other: Case) -> None:
    """The two optima can be one."""
    first = solved(case)
    second = solved(other)
    assert math.isinf(first.high) == math.isinf(second.high)
    assert first.meets(second), (first, second)


# --- dearer ---


def more_headroom(case: Case) -> Case:
    return with_workloads(case, lambda w: {"headroom": w.headroom + 0.2 * (1 - w.headroom)})


def more_pue(case: Case) -> Case:
    def change(site: Any) -> dict[str, Any]:
        worse = {
            cooling: with_part(pue, design=1.2 * pue.design, annual=1.2 * pue.annual)
            for cooling, pue in site.pue.items()
        }
        return {"pue": worse}

    return with_sites(case, change)


def less_trust(case: Case) -> Case:
    trust = case.scenario.trust
    return case.with_scenario(
        trust=with_part(trust, **{name: 0.8 * getattr(trust, name) for name in type(trust).model_fields})
    )


def higher_floor(case: Case) -> Case:
    def raised(floor: float | None) -> float | None:
        return None if floor is None else floor + (1 - floor) / 2

    service = case.scenario.service
    higher = case.with_scenario(service=with_part(service, min_served=raised(service.min_served)))
    return with_workloads(higher, lambda w: {"min_served": raised(w.min_served)})


def fewer_usable(case: Case) -> Case:
    worse = with_systems(case, lambda s: {"usable_share": 0.8 * s.usable_share})
    worse = with_offers(worse, lambda o: {"usable_share": None if o.usable_share is None else 0.8 * o.usable_share})
    rows = (
        with_part(c, usable_share=None if c.usable_share is None else 0.8 * c.usable_share)
        for c in case.scenario.contracts
    )
    return worse.with_scenario(contracts=tuple(rows))


def whole_numbers(case: Case) -> Case:
    """Whole on-demand lots, and whole replicas wherever requests are served at once."""
    rules = with_part(case.scenario.procurement, whole_on_demand_lots=True)
    return with_workloads(
        case.with_scenario(procurement=rules), lambda w: {"whole_replicas": w.kind == "interactive" or w.whole_replicas}
    )


def revealed_later(case: Case) -> Case:
    return case.with_scenario(revealed=None)


DEARER: dict[str, Change] = {
    "demand": lambda case: demand_scaled(case, 1.2),
    "headroom": more_headroom,
    "pue": more_pue,
    "trust": less_trust,
    "floor": higher_floor,
    "usable": fewer_usable,
}


@pytest.mark.parametrize("what", DEARER)
@examples(1)
@given(case=cases())
def test_never_cheaper(what: str, case: Case) -> None:
    never_cheaper(case, DEARER[what](case))


@examples(1)
@given(case=cases(whole=False, relaxed=True))
def test_whole_numbers_are_never_cheaper(case: Case) -> None:
    never_cheaper(case, whole_numbers(case))


@examples(1)
@given(case=cases(futures=True))
def test_knowing_later_is_never_cheaper(case: Case) -> None:
    never_cheaper(case, revealed_later(case))


def dearer_hardware(case: Case) -> Case:
    """Existing systems' support follows the price too; the residual is a share of the price, never more than it."""
    dearer = with_systems(case, lambda s: {"price_usd": 1.3 * s.price_usd})

    def change(site: Any) -> dict[str, Any]:
        return {"existing": tuple(with_part(g, price_usd=g.price_usd and 1.3 * g.price_usd) for g in site.existing)}

    return with_sites(dearer, change)


def dearer_offers(case: Case) -> Case:
    return with_offers(case, lambda o: {"usd_per_gpu_hour": 1.3 * o.usd_per_gpu_hour})


def dearer_apis(case: Case) -> Case:
    fields = ("input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok")
    return with_apis(case, lambda a: {f: getattr(a, f) and 1.3 * getattr(a, f) for f in fields})


def dearer_energy(case: Case) -> Case:
    rows = {
        name: with_part(row, usd_per_mwh=row.usd_per_mwh and 1.3 * row.usd_per_mwh)
        for name, row in case.catalog.energy.items()
    }
    return with_sites(
        case.with_catalog(energy=rows), lambda s: {"electricity_usd_per_mwh": scaled(s.electricity_usd_per_mwh, 1.3)}
    )


def dearer_halls(case: Case) -> Case:
    def change(site: Any) -> dict[str, Any]:
        fields = {
            "colocation_usd_per_kw_month": 1.3 * site.colocation_usd_per_kw_month,
            "staff_usd_per_mw_year": 1.3 * site.staff_usd_per_mw_year,
        }
        if site.lease is not None:
            fields["lease"] = with_part(site.lease, usd_per_kw_month=1.3 * site.lease.usd_per_kw_month)
        if site.conversion is not None:
            fields["conversion"] = with_part(site.conversion, cost_usd=1.3 * site.conversion.cost_usd)
        return fields

    return with_sites(case, change)


def dearer_ends(case: Case) -> Case:
    """The whole tail is charged and hardware is worth nothing at the end."""
    return case.with_scenario(finance=with_part(case.scenario.finance, contract_tail_share=1.0, residual_haircut=0.0))


def dearer_rent_to_come(case: Case) -> Case:
    futures = tuple(with_part(f, rent_price=scaled(f.rent_price, 1.3)) for f in case.scenario.futures)
    return case.with_scenario(futures=futures)


PRICES: dict[str, Change] = {
    "hardware": dearer_hardware,
    "offers": dearer_offers,
    "apis": dearer_apis,
    "energy": dearer_energy,
    "halls": dearer_halls,
    "ends": dearer_ends,
    "rent to come": dearer_rent_to_come,
}


@examples(3)
@given(case=cases(), what=st.sampled_from(sorted(PRICES)))
def test_a_higher_price_is_never_cheaper(case: Case, what: str) -> None:
    never_cheaper(case, PRICES[what](case))


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


def larger_quotas(case: Case) -> Case:
    rules = case.scenario.procurement
    quotas = tuple(with_part(quota, gpus=1.5 * quota.gpus) for quota in rules.quotas)
    return case.with_scenario(procurement=with_part(rules, quotas=quotas))


def larger_lots(case: Case) -> Case:
    changed = with_offers(case, lambda o: {"max_lots": o.max_lots and 2 * o.max_lots})
    return with_apis(changed, lambda a: {"max_mtok_per_day": a.max_mtok_per_day and 2 * a.max_mtok_per_day})


def larger_share(case: Case) -> Case:
    rules = case.scenario.procurement
    share = rules.providers.max_share
    wider = with_part(rules.providers, max_share=None if share is None else min(1.0, 1.2 * share))
    return case.with_scenario(procurement=with_part(rules, providers=wider))


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
    "lots": larger_lots,
    "share": larger_share,
    "tails": shorter_tails,
}


@examples(3)
@given(case=cases(), what=st.sampled_from(sorted(LIMITS)))
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


# --- the same ---


def in_currency(case: Case, rate: float) -> Case:
    """Every amount of money times ``rate``."""
    changed = with_systems(
        case,
        lambda s: {"price_usd": rate * s.price_usd, "licence_usd_per_gpu_year": rate * s.licence_usd_per_gpu_year},
    )
    changed = with_offers(changed, lambda o: {"usd_per_gpu_hour": rate * o.usd_per_gpu_hour})
    fields = ("input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok")
    changed = with_apis(changed, lambda a: {f: getattr(a, f) and rate * getattr(a, f) for f in fields})
    rows = {
        name: with_part(row, usd_per_mwh=row.usd_per_mwh and rate * row.usd_per_mwh)
        for name, row in case.catalog.energy.items()
    }
    changed = budget_scaled(changed.with_catalog(energy=rows), rate)

    def site(s: Any) -> dict[str, Any]:
        return {
            "electricity_usd_per_mwh": scaled(s.electricity_usd_per_mwh, rate),
            "colocation_usd_per_kw_month": rate * s.colocation_usd_per_kw_month,
            "staff_usd_per_mw_year": rate * s.staff_usd_per_mw_year,
            "lease": s.lease and with_part(s.lease, usd_per_kw_month=rate * s.lease.usd_per_kw_month),
            "conversion": s.conversion and with_part(s.conversion, cost_usd=rate * s.conversion.cost_usd),
            "existing": tuple(with_part(g, price_usd=g.price_usd and rate * g.price_usd) for g in s.existing),
        }

    contracts = (with_part(c, usd_per_gpu_hour=rate * c.usd_per_gpu_hour) for c in case.scenario.contracts)
    return with_sites(changed, site).with_scenario(contracts=tuple(contracts))


@examples(1)
@given(case=cases(), rate=st.sampled_from([1e-3, 0.13, 150.0]))
def test_linear_in_the_currency(case: Case, rate: float) -> None:
    first, second = solved(case), solved(in_currency(case, rate))
    assert Interval(rate * first.low, rate * first.high).meets(second), (first, second)


def renamed(case: Case) -> Case:
    """Every name another, in another alphabetical order."""
    data = case.scenario.model_dump()
    rows = case.catalog
    words = {row["name"] for part in ("sites", "workloads", "futures") for row in data[part]}
    words |= {
        *rows.systems,
        *rows.blocks,
        *(data["blocks"] or ()),
        *rows.energy,
        *rows.load_shapes,
        *data["load_shapes"],
    }
    words |= {o.provider for o in rows.offers.values()} | {a.provider for a in rows.token_apis.values()}
    words |= {p.model for p in rows.serving.values()} | {p.series for p in rows.serving.values()}
    words |= {row["provider"] for part in ("quotes", "contracts") for row in data[part]} | {"acme", "bolt", "core"}
    words -= {"flat"}
    names = {word: f"{chr(122 - place % 26)}{99 - place}-{word}" for place, word in enumerate(sorted(words))}

    def other(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, dict):
            return {other(key): other(item) for key, item in value.items()}
        return [other(item) for item in value] if isinstance(value, list | tuple) else value

    def table(items: dict[Any, Any]) -> list[Any]:
        return [type(row).model_validate(other(row.model_dump())) for row in items.values()]

    return Case(
        Scenario.model_validate(other(data)),
        replace(
            rows,
            systems={row.system: row for row in table(rows.systems)},
            offers=rekeyed(table(rows.offers)),
            token_apis=rekeyed(table(rows.token_apis)),
            serving=rekeyed(table(rows.serving)),
            load_shapes={row.name: row for row in table(rows.load_shapes)},
            blocks=other(rows.blocks),
            energy={row.region: row for row in table(rows.energy)},
        ),
    )


@examples(1)
@given(case=cases())
def test_unchanged_by_renaming(case: Case) -> None:
    same(case, renamed(case))


def reordered(case: Case) -> Case:
    """Every list and table the other way round."""
    s, c = case.scenario, case.catalog

    def turned(rows: dict[Any, Any]) -> dict[Any, Any]:
        return dict(reversed(rows.items()))

    sites = tuple(with_part(site, existing=site.existing[::-1]) for site in reversed(s.sites))
    return case.with_scenario(
        sites=sites,
        workloads=s.workloads[::-1],
        futures=s.futures[::-1],
        contracts=s.contracts[::-1],
        blocks=None if s.blocks is None else turned(s.blocks),
    ).with_catalog(
        systems=turned(c.systems),
        offers=turned(c.offers),
        token_apis=turned(c.token_apis),
        serving=turned(c.serving),
        blocks=turned(c.blocks),
    )


@examples(1)
@given(case=cases())
def test_unchanged_by_order(case: Case) -> None:
    same(case, reordered(case))


@examples(1)
@given(case=cases())
def test_unchanged_by_a_second_offer_without_limits(case: Case) -> None:
    unlimited = (o for o in case.catalog.offers.values() if o.max_lots is None and o.min_lots is None)
    copies = [with_part(o, region="elsewhere") for o in unlimited]
    same(case, case.with_catalog(offers=case.catalog.offers | rekeyed(copies)))


def split_blocks(case: Case) -> Case:
    """Every load block in two halves of the same level."""
    blocks = case.scenario.blocks if case.scenario.blocks is not None else case.catalog.blocks
    halves = ("-early", "-late")

    def twice(values: dict[str, float], factor: float) -> dict[str, float]:
        return {block + half: factor * value for block, value in values.items() for half in halves}

    shapes = {name: row.level for name, row in case.catalog.load_shapes.items()} | case.scenario.load_shapes
    rules = case.scenario.procurement
    return case.with_scenario(
        blocks=twice(blocks, 0.5),
        load_shapes={name: twice(level, 1.0) for name, level in shapes.items()},
        procurement=with_part(rules, spot_availability=twice(rules.spot_availability, 1.0)),
    )


@examples(1)
@given(case=cases(whole=False))
def test_unchanged_by_splitting_blocks(case: Case) -> None:
    same(case, split_blocks(case))


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
    return changed.with_scenario(procurement=with_part(rules, quotas=quotas), contracts=contracts)


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


# --- cases that random ones have found, or are unlikely to find ---


def one_hall(**fields: Any) -> Scenario:
    return scenario(sites=[SITE | {"power_mw": 0.1}], **fields)


def node_catalog(**fields: Any) -> Catalog:
    return catalog([system("h-node", **fields)], [offer()], [point()])


@pytest.mark.parametrize("whole", [False, True])
def test_a_block_without_hours(whole: bool) -> None:
    """Nothing can be served in it, and nothing has to be."""
    tokens = {"input": 1000, "output": 500}
    chat: dict[str, Any] = {"name": "chat", "model": "m1", "tokens": tokens, "demand": {"requests_per_s": 5}}
    chat |= {"whole_replicas": True, "min_replicas": 2} if whole else {}
    plan = planner.solve(one_hall(blocks={"leap": 0.0, "all": 1.0}, workloads=[chat]), node_catalog())
    assert plan.audit.passed


@pytest.mark.parametrize("life", [0.4, 1.4, 1.6, 2.5])
def test_a_life_that_is_no_whole_number_of_periods(life: float) -> None:
    """The residual follows the curve to the end of life, however the periods in service round."""
    horizon = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 2, "period": "year"}
    case = Case(one_hall(horizon=horizon), node_catalog(life_years=life, price_usd=1000.0))
    assert solved(case).cost_usd > 0


def test_a_worker_that_only_an_offers_own_share_makes_large() -> None:
    """64 of 72 GPUs are usable but where an offer says all: there a worker of 64 still has its domain to itself."""
    rack = system("rack")
    points = [point("rack", gpus_per_replica=64, largest_worker_gpus=64)]
    offers = [offer(system="rack", lot_gpus=72, usable_share=1.0)]
    assert solved(Case(scenario(), catalog([rack], offers, points))).cost_usd > 0


def test_a_price_path_that_no_catalog_names() -> None:
    """`flat` is always there."""
    bare = replace(node_catalog(), price_paths={})
    assert planner.solve(one_hall(), bare).status == "optimal"


def test_no_supply_at_all() -> None:
    nothing = catalog([system("h-node")], [], [point()])
    with pytest.raises(planner.InfeasiblePlan) as refusal:
        planner.solve(scenario(), nothing)
    assert [relaxation.kind for relaxation in refusal.value.relaxations] == ["min_served"]


def test_no_demand_at_all() -> None:
    idle = {"name": "chat", "model": "m1", "tokens": {"input": 1000, "output": 500}, "demand": {"requests_per_s": 0}}
    for objective in ("cost", "tokens", "profit"):
        plan = planner.solve(one_hall(workloads=[idle], objective=objective), node_catalog())
        assert plan.proof.objective_usd == 0
    with pytest.raises(planner.InputError, match="no workload makes tokens"):
        planner.solve(one_hall(workloads=[idle], objective="cost_per_token"), node_catalog())


def test_cost_per_token_where_no_tokens_are_made() -> None:
    """Named, not a division by zero."""
    training = {
        "name": "training",
        "kind": "gpu_hours",
        "demand": {"gpu_hours_per_day": 100},
        "gpu_hours_weight": {"h-node": 1},
    }
    with pytest.raises(planner.PlannerError, match="token"):
        planner.solve(one_hall(workloads=[training], objective="cost_per_token"), node_catalog())


def test_cost_per_token_where_a_workload_may_go_unserved() -> None:
    """Its own floor of 0 is as bad as the scenario's: serving nothing would be cheapest."""
    chat = {"name": "chat", "model": "m1", "tokens": {"input": 1000, "output": 500}, "demand": {"requests_per_s": 5}}
    with pytest.raises(planner.PlannerError, match="above 0"):
        planner.solve(one_hall(workloads=[chat | {"min_served": 0}], objective="cost_per_token"), node_catalog())


def test_a_group_of_a_kind_of_cooling_that_the_hall_lacks() -> None:
    """An existing rack in a hall without liquid cooling: a named error or no rack, no plan its audit refuses."""
    hall = SITE | {"cooling": ["air"], "existing": [{"system": "rack", "count": 1, "in_service": "2026-01"}]}
    rows = catalog([system("h-node"), system("rack")], [offer()], [point(), point("rack")])
    for buy in (True, False):
        try:
            plan = planner.solve(scenario(sites=[hall], procurement={"buy": buy}), rows)
        except planner.InputError:
            continue
        assert plan.audit.passed


def test_unknown_names_are_named_where_the_catalog_is_given() -> None:
    chat = {"name": "chat", "model": "m9", "tokens": {"input": 1000, "output": 500}, "demand": {"requests_per_s": 5}}
    with pytest.raises(planner.ScenarioError, match="unknown model 'm9'"):
        planner.solve(one_hall(workloads=[chat]), node_catalog())
    with pytest.raises(planner.ScenarioError, match="unknown system 'x'"):
        planner.solve(one_hall(procurement={"quotas": [{"system": "x", "gpus": 1}]}), node_catalog())


def test_a_horizon_of_one_month() -> None:
    horizon = {"decided_on": dt.date(2027, 2, 1), "start": "2027-02", "periods": 1, "period": "month"}
    assert planner.solve(one_hall(horizon=horizon), node_catalog()).status == "optimal"


def test_the_node_of_the_handmade_cases_is_a_hopper() -> None:
    """`HOPPER` is what the all-Hopper property allows."""
    assert (NODE["generation"], HOPPER) == ("hopper", ("h-node",))
