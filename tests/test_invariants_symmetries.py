"""What changes nothing but names, order, currency or how time and supply are cut leaves the optimum where it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.scenario.models import Scenario
from tests.laws import same
from tests.strategies import (
    Case,
    Interval,
    budget_scaled,
    cases,
    examples,
    rekeyed,
    scaled,
    solved,
    with_apis,
    with_offers,
    with_part,
    with_sites,
    with_systems,
    with_workloads,
)

# Plain Python that other tests run too is three times as slow when traced.
pytestmark = [pytest.mark.property, pytest.mark.no_cover]


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

    values = ("unserved_usd_per_mtok", "unserved_usd_per_gpu_hour")
    changed = with_workloads(changed, lambda w: {value: scaled(getattr(w, value), rate) for value in values})
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
