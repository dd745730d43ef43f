"""The assumptions that may carry a plan: each with its field, its value today, and the world at another value.

Other values are the field's own range, a path of the catalog, or mere factors of what the scenario states.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from planner.catalog.models import PricePath, ServingPoint
from planner.kinds.evidence import WEAK
from planner.plan import Plan
from planner.plan.hourly_peak import MAX_LOTS
from planner.render.figures import count, money, percent, short
from planner.report.view import probabilities, timeline_of
from planner.rules.offers import hourly_depth
from planner.rules.tariffs import FLAT
from planner.rules.uncertainty import unmeasured
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.studies import changes
from planner.studies.stands.assumption import LESS, MORE, Assumption, Rests, Way
from planner.studies.stands.relaxed import World
from planner.table import isin, mapped

WITHOUT = "without"
# Mere factors of what a scenario states.
FACTORS_BELOW = (0.75, 0.5, 0.25, 0.0)
FACTORS_ABOVE = (1.5, 2.0, 4.0)
FACTOR_STEP = 1 / 64
# Every tenth, and what the catalog's source of resale prices says of sales: in distress, by an auction within 30 days,
# used and working.
HAIRCUTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.65, 0.7, 0.72, 0.8, 0.9, 1.0)
TAILS = (0.0, 0.25, 0.5, 0.75, 1.0)
HUNDREDTH = 0.01
# Of the way from one price path to another.
STRETCHES = (0.25, 0.5, 0.75, 1.0)
# Where any number of GPUs is taken to be there by the hour, the first number to try.
MOST_GPUS = 4096.0
LEAST_LEFT = 0.1


def applies(scenario: Scenario) -> bool:
    """Whether there is anything to tell: the least cost is wanted."""
    return scenario.objective == "cost"


def assumptions(today: World) -> Iterator[Assumption]:
    """Those that the scenario makes, whether or not its plan rests on them."""
    if applies(today.scenario):
        for found in (_hourly, _prices, _resale, _headroom, _unmeasured, _gain, _tail):
            yield from found(today)


def _resale(today: World) -> Iterator[Assumption]:
    scenario = today.scenario
    if not scenario.sites or not (scenario.procurement.buy or any(site.existing for site in scenario.sites)):
        return
    own = scenario.finance.residual_haircut

    def rests(plan: Plan) -> Rests:
        credit, share = float(plan.kpis["resale_npv_usd"]), plan.kpis["resale_share_of_npv"]
        part = "" if share is None or not 0 <= share <= 1 else f", {percent(share)} of the NPV"
        return Rests(f"{money(credit)} of credit{part}", share)

    yield Assumption(
        key="resale",
        label="resale",
        stated=f"{own:g} of its curve",
        field="finance.residual_haircut",
        unit="share",
        today=own,
        ways=_shares(HAIRCUTS, own, less=WITHOUT),
        step=HUNDREDTH,
        at=lambda _, value: World(_with_finance(scenario, residual_haircut=value), today.catalog),
        said=lambda _, value: f"{value:.2f}",
        rests=rests,
        priced=True,
    )


def _tail(today: World) -> Iterator[Assumption]:
    scenario = today.scenario
    own = scenario.finance.contract_tail_share
    reserved = any(row.kind == "reserved" for row in today.catalog.offers.values()) or scenario.quotes
    if "reserved" not in scenario.procurement.rent or not reserved or own == 1:
        return

    def rests(plan: Plan) -> Rests:
        cash = plan.table("cashflow")
        cash = cash.take(cash["category"] == "contract_tail")
        usd = cash["npv_usd"] * mapped(cash["future"], probabilities(plan) | {"all": 1.0})
        return Rests(f"{money(float(usd.sum()))} charged")

    yield Assumption(
        key="contract_tail",
        label="contracts",
        stated=f"{own:g} of what they owe after the end",
        field="finance.contract_tail_share",
        unit="share",
        today=own,
        ways=tuple(reversed(_shares(TAILS, own, more="if all of it is charged"))),
        step=HUNDREDTH,
        at=lambda _, value: World(_with_finance(scenario, contract_tail_share=value), today.catalog),
        said=lambda _, value: f"{value:.2f}",
        rests=rests,
        priced=True,
    )


def _shares(grid: tuple[float, ...], own: float, *, less: str = "", more: str = "") -> tuple[Way, ...]:
    below, above = [v for v in reversed(grid) if v < own], [v for v in grid if v > own]
    found = (Way(LESS, tuple(below), less), Way(MORE, tuple(above), more))
    return tuple(way for way in found if way.values)


def _with_finance(scenario: Scenario, **fields: object) -> Scenario:
    return scenario.model_copy(update={"finance": scenario.finance.model_copy(update=fields)})


def _hourly(today: World) -> Iterator[Assumption]:
    """GPUs by the hour of offers that state no number: what a provider is taken to have of a system."""
    scenario = today.scenario
    rules = scenario.procurement
    if not any(row.kind in rules.rent and row.kind != "reserved" for row in today.catalog.offers.values()):
        return
    stated = rules.hourly_depth_gpus
    by_provider = isinstance(stated, dict)
    own = 1.0 if isinstance(stated, dict) else math.inf if stated is None else stated

    def world(_: Way, value: float) -> World:
        depth: float | dict[str, float] = value
        if isinstance(stated, dict):
            # A provider that is not named has a depth too.
            names = {*stated, *(row.provider for row in today.catalog.offers.values())}
            depth = {name: hourly_depth(rules, name, None) * value for name in sorted(names)}
        return World(changes.with_procurement(scenario, hourly_depth_gpus=depth), today.catalog)

    def rests(plan: Plan) -> Rests:
        peak = plan.kpis["peak_gpus"]
        mine = sum(row["gpus"] for row in peak["by_hour"] if row["promised_by"] != MAX_LOTS)
        share = mine / peak["in_service"] if peak["in_service"] else None
        return Rests(f"{count(mine)} of {count(peak['in_service'])} GPUs at the peak", share)

    if math.isinf(own):
        ways = _factors(MOST_GPUS, (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.0))[:1]
    else:
        ways = _factors(own) if own else ()
    most = "those stated" if by_provider else "any number" if math.isinf(own) else f"up to {count(own)}"
    yield Assumption(
        key="hourly_supply",
        label="hourly GPUs",
        stated=f"{most} of a system at a provider",
        field="procurement.hourly_depth_gpus",
        unit="factor" if by_provider else "GPUs",
        today=own,
        ways=ways,
        step=(512.0 if math.isinf(own) else own) * FACTOR_STEP,
        at=world,
        said=lambda _, value: f"{short(value, 3)} of that" if by_provider else f"{count(value)} GPUs",
        rests=rests,
    )


def _factors(own: float, below: tuple[float, ...] = FACTORS_BELOW) -> tuple[Way, ...]:
    return (
        Way(LESS, tuple(own * factor for factor in below), WITHOUT),
        Way(MORE, tuple(own * factor for factor in FACTORS_ABOVE)),
    )


def _headroom(today: World) -> Iterator[Assumption]:
    scenario = today.scenario
    # What is simulated is no assumption.
    stated = sorted({workload.stated_headroom for workload in scenario.workloads} - {0.0})
    if not stated:
        return
    least, most = stated[0], stated[-1]
    own = most if least == most else 1.0

    def world(_: Way, value: float) -> World:
        def change(workload: Workload) -> Workload:
            if workload.simulated:
                return workload
            return workload.model_copy(update={"headroom": workload.stated_headroom * value / own})

        return World(changes.workloads(scenario, change), today.catalog)

    ways = _factors(own)
    above = tuple(value for value in ways[1].values if value / own * most <= 1 - LEAST_LEFT)
    yield Assumption(
        key="headroom",
        label="headroom",
        stated=f"{least:g}{f' to {most:g}' if least != most else ''} of the throughput",
        field="workloads.*.headroom",
        unit="share" if least == most else "factor",
        today=own,
        ways=(ways[0], Way(MORE, above)) if above else ways[:1],
        step=HUNDREDTH if least == most else FACTOR_STEP,
        at=world,
        said=lambda _, value: f"{value:.2f}" if least == most else f"{short(value, 3)} times that",
        rests=lambda plan: Rests(),
    )


def _unmeasured(today: World) -> Iterator[Assumption]:
    """Rates of points that nobody measured, as a factor on what they are taken to make after trust."""
    scenario, catalog = today.scenario, today.catalog
    mine = [point for point in catalog.serving.values() if unmeasured(point)]
    models = {workload.model for workload in scenario.workloads}
    mine = [point for point in mine if point.model in models]
    if not mine:
        return

    def world(_: Way, value: float) -> World:
        if not value:
            return World(scenario, changes.with_points(catalog, lambda point: not unmeasured(point)))
        points = {key: _faster(row, value) if unmeasured(row) else row for key, row in catalog.serving.items()}
        return World(scenario, replace(catalog, serving=points))

    trusted = 1 / min(scenario.trust.of(point.evidence) for point in mine)
    above = (*(factor for factor in (1.1, 1.25, 1.5) if factor < trusted), trusted) if trusted > 1 else ()
    ways = (Way(LESS, (0.9, *FACTORS_BELOW), WITHOUT), Way(MORE, above))
    yield Assumption(
        key="unmeasured_points",
        label="unmeasured",
        stated="points at what they are taken to make",
        field="trust",
        unit="factor",
        today=1.0,
        ways=tuple(way for way in ways if way.values),
        step=HUNDREDTH,
        at=world,
        said=lambda _, value: f"{short(value, 3)} of what they are taken to make" if value else "nothing",
        rests=lambda plan: _tokens(plan, today),
    )


def _faster(point: ServingPoint, factor: float) -> ServingPoint:
    rates = ("input_tok_s_per_gpu", "output_tok_s_per_gpu")
    return point.model_copy(update={name: getattr(point, name) * factor for name in rates})


def _tokens(plan: Plan, today: World) -> Rests:
    """Share of the reported output tokens that points make which nobody measured."""
    timeline = timeline_of(today.scenario, today.catalog)
    output = {w.name: w.tokens.output for w in today.scenario.workloads if w.tokens is not None}
    serving = plan.table("serving")
    rows = serving.take(~serving["lookahead"].astype(bool) & isin(serving["workload"], output))
    weight = probabilities(plan) | {"all": 1.0}
    found = {True: 0.0, False: 0.0}
    for row in rows.rows():
        hours = timeline.block_hours[timeline.names.index(row.period), timeline.blocks.index(row.block)]
        tokens = row.requests_per_s * hours * output[row.workload] * weight[row.future]
        found[row.evidence in WEAK or bool(row.derived)] += float(tokens)
    made = sum(found.values())
    share = found[True] / made if made else None
    return Rests("" if share is None else f"{percent(share)} of the tokens that GPUs make", share)


def _prices(today: World) -> Iterator[Assumption]:
    """The price path: what is on the way from it to each other one of the catalog."""
    scenario, catalog = today.scenario, today.catalog
    own = scenario.finance.price_path
    others = [path for name, path in sorted(catalog.price_paths.items()) if name != own]
    if own != FLAT and FLAT not in catalog.price_paths:
        others.insert(0, _flat(catalog.price_paths[own]))
    if not others:
        return
    stated = catalog.price_paths.get(own) or _flat(others[0])
    by_name = {path.name: path for path in others}

    def world(way: Way, value: float) -> World:
        paths = catalog.price_paths | {own: blended(stated, by_name[way.name], value)}
        return World(scenario, replace(catalog, price_paths=paths))

    yield Assumption(
        key="prices",
        label="prices",
        stated="as they are" if own == FLAT else f"on {own}",
        field="finance.price_path",
        unit="share",
        today=0.0,
        ways=tuple(Way(path.name, STRETCHES, f"on {path.name}") for path in others),
        step=1 / 32,
        at=world,
        said=lambda way, value: f"{percent(value)} of the way to {way.name}",
        rests=lambda plan: Rests(),
    )


def blended(path: PricePath, other: PricePath, share: float) -> PricePath:
    """``path`` so much of the way to ``other``, in every year that either names."""
    fields = {}
    for kind in ("hardware", "rent", "api"):
        years = sorted({*getattr(path, kind), *getattr(other, kind)})
        fields[kind] = {
            year: (1 - share) * path.factor(kind, year) + share * other.factor(kind, year) for year in years
        }
    return path.model_copy(update=fields)


def _flat(path: PricePath) -> PricePath:
    ones = {kind: dict.fromkeys(getattr(path, kind), 1.0) for kind in ("hardware", "rent", "api")}
    return path.model_copy(update={"name": FLAT, **ones})


def _gain(today: World) -> Iterator[Assumption]:
    scenario = today.scenario
    stated = {name: gain for name, gain in scenario.procurement.software_gain_per_year.items() if gain}
    if not stated:
        return

    def world(_: Way, value: float) -> World:
        gains = {name: gain * value for name, gain in stated.items()}
        return World(changes.with_procurement(scenario, software_gain_per_year=gains), today.catalog)

    yield Assumption(
        key="software_gain",
        label="software",
        stated=f"faster by {percent(max(stated.values()))} a year at most",
        field="procurement.software_gain_per_year",
        unit="factor",
        today=1.0,
        ways=_factors(1.0)[:1],
        step=FACTOR_STEP,
        at=world,
        said=lambda _, value: f"{short(value, 3)} of the gain",
        rests=lambda plan: Rests(),
    )
