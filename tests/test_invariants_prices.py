"""What costs more, asks for more or allows less never makes a plan cheaper."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import Change, less_trust, never_cheaper
from tests.strategies import (
    Case,
    cases,
    demand_scaled,
    examples,
    scaled,
    with_apis,
    with_offers,
    with_part,
    with_sites,
    with_systems,
    with_workloads,
)

# Plain Python that other tests run too is three times as slow when traced.
pytestmark = [pytest.mark.property, pytest.mark.no_cover]


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
    """Existing systems' support follows the price too; what is bought is worth no more than its price later on.

    Existing systems are not sold: they would bring more where hardware is dearer.
    """
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
@pytest.mark.slow
def test_a_higher_price_is_never_cheaper(case: Case, what: str) -> None:
    kept = case.with_scenario(finance=with_part(case.scenario.finance, resell_existing=False))
    never_cheaper(kept, PRICES[what](kept))
