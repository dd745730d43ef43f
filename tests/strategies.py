"""Small random scenarios with their catalogs, and the changes that the properties make to them.

Every kind of supply, limit and price of the model can occur, one beside the other, in sizes at which whole racks and
lots matter: a few hundred GPUs at most, two to four periods, one to three load blocks, workloads and systems.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel

from planner.accounts import Account, totals_of
from planner.audit import audit_of
from planner.catalog.models import (
    Catalog,
    Energy,
    LoadShape,
    Offer,
    PricePath,
    ServingPoint,
    Source,
    System,
    TokenApi,
)
from planner.milp import build_model
from planner.plan import Plan
from planner.plan.extract import decisions
from planner.problem import Reductions, build_problem
from planner.scenario.models import Scenario
from planner.schedule import Schedule, add_months
from planner.solvers import Options
from planner.solvers.objectives import minimise

Section = TypeVar("Section", bound=BaseModel)

META: dict[str, Any] = {"source": ("test",), "as_of": "2026-01", "evidence": "independent"}
MODELS = ("m1", "m2")
PROVIDERS = ("acme", "bolt", "core")
TOKENS = {"input": 1000.0, "output": 500.0}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Case:
    """A scenario and its catalog."""

    scenario: Scenario
    catalog: Catalog

    def __repr__(self) -> str:
        """What differs from the defaults, as text that can be read and made a case of again."""
        said: dict[str, Any] = {"scenario": self.scenario.model_dump(mode="json", exclude_defaults=True)}
        for name in ("systems", "offers", "serving", "token_apis"):
            rows = getattr(self.catalog, name).values()
            said[name] = [row.model_dump(mode="json", exclude_defaults=True, exclude=set(META)) for row in rows]
        return f"Case({json.dumps(said)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same for Hypothesis, which would spell out every field."""
        printer.text(repr(self))

    def with_scenario(self, **changes: Any) -> Case:
        """The same case with other sections in its scenario."""
        return replace(self, scenario=self.scenario.model_copy(update=changes))

    def with_catalog(self, **changes: Any) -> Case:
        """The same case with other tables in its catalog."""
        return replace(self, catalog=replace(self.catalog, **changes))


def with_part(part: Section, **changes: Any) -> Section:
    """The same section or row with other fields."""
    return part.model_copy(update=changes)


def rekeyed(rows: Iterable[Any]) -> dict[Any, Any]:
    """Rows of offers, token APIs or serving points by key."""
    return {row.key: row for row in rows}


# --- rows that handmade cases and the random ones are built from ---

NODE: dict[str, Any] = META | {
    "system": "h-node",
    "name": "8-GPU node",
    "generation": "hopper",
    "gpus": 8,
    "nvlink_domain_usable_gpus": 8,
    "usable_share": 1.0,
    "memory_gb_per_gpu": 140,
    "memory_tb_per_s_per_gpu": 4.8,
    "fp8_dense_pflops_per_gpu": 2.0,
    "nameplate_it_kw": 10.0,
    "nameplate_it_kw_contains": "the node",
    "network_kw_share": 0.0,
    "idle_it_kw": 3.0,
    "busy_it_kw": 7.0,
    "cooling": "air",
    "price_usd": 240_000.0,
    "price_contains": "the node",
    "network_capex_share": 0.0,
    "installation_capex_share": 0.0,
    "support_share_per_year": 0.0,
    "lead_weeks": 0.0,
    "life_years": 5.0,
    "residual_share_by_age_years": {1: 0.6, 2: 0.35, 4: 0.1},
    "available_from": "2020-01",
}
SYSTEMS: dict[str, dict[str, Any]] = {
    "h-node": NODE,
    "b-node": NODE
    | {
        "system": "b-node",
        "generation": "blackwell",
        "nameplate_it_kw": 14.0,
        "idle_it_kw": 4.0,
        "busy_it_kw": 11.0,
        "price_usd": 420_000.0,
    },
    "rack": NODE
    | {
        "system": "rack",
        "generation": "blackwell-ultra",
        "gpus": 72,
        "nvlink_domain_usable_gpus": 64,
        "usable_share": 64 / 72,
        "nameplate_it_kw": 130.0,
        "idle_it_kw": 40.0,
        "busy_it_kw": 110.0,
        "cooling": "liquid",
        "price_usd": 3_900_000.0,
    },
    "next": NODE
    | {
        "system": "next",
        "generation": "rubin",
        "gpus": 72,
        "nvlink_domain_usable_gpus": 72,
        "nameplate_it_kw": 180.0,
        "idle_it_kw": 60.0,
        "busy_it_kw": 160.0,
        "cooling": "liquid",
        "price_usd": 6_000_000.0,
        "announced": True,
    },
}
# Requests/s of a GPU of each system before trust and headroom, and its hourly price.
RATE = {"h-node": 1.0, "b-node": 2.0, "rack": 3.5, "next": 7.0}
HOURLY_USD = {"h-node": 2.4, "b-node": 4.6, "rack": 7.5, "next": 14.0}
HOPPER = ("h-node",)

POINT: dict[str, Any] = META | {
    "model": "m1",
    "series": "base",
    "system": "h-node",
    "engine": "e",
    "precision": "fp8",
    "mode": "agg",
    "spec_decode": "none",
    "gpus_per_replica": 4,
    "largest_worker_gpus": 4,
    "input_tokens_nominal": 1000.0,
    "output_tokens_nominal": 500.0,
    "input_tokens_mean": 1000.0,
    "output_tokens_mean": 500.0,
    "concurrency": 32.0,
    "ttft_ms": 800.0,
    "ttft_statistic": "p50",
    "ttft_p99_ms": 3000.0,
    "tpot_ms": 20.0,
    "tpot_statistic": "p50",
    "tpot_p99_ms": 40.0,
    "input_tok_s_per_gpu": 1000.0,
    "output_tok_s_per_gpu": 500.0,
}
OFFER: dict[str, Any] = META | {
    "provider": "acme",
    "region": "north",
    "system": "h-node",
    "kind": "on_demand",
    "usd_per_gpu_hour": 2.4,
    "lot_gpus": 1,
}
API: dict[str, Any] = META | {
    "provider": "acme",
    "model": "m1",
    "input_usd_per_mtok": 0.3,
    "output_usd_per_mtok": 1.2,
    "ttft_ms": 500.0,
    "ttft_statistic": "p50",
    "tpot_ms": 15.0,
    "tpot_statistic": "p50",
}
SITE: dict[str, Any] = {
    "name": "dallas",
    "region": "north",
    "power_mw": 0.5,
    "cooling": ["air", "liquid"],
    "pue": {"air": {"design": 1.25, "annual": 1.2}, "liquid": {"design": 1.15, "annual": 1.1}},
}
CHAT: dict[str, Any] = {
    "name": "chat",
    "model": "m1",
    "tokens": TOKENS,
    "demand": {"requests_per_s": 20.0},
    "headroom": 0.0,
}


def point(system: str = "h-node", rate: float | None = None, **fields: Any) -> ServingPoint:
    """A serving point whose GPUs make ``rate`` requests/s of 1,000 tokens in and 500 out."""
    rate = RATE[system] if rate is None else rate
    tokens = {"input_tok_s_per_gpu": rate * TOKENS["input"], "output_tok_s_per_gpu": rate * TOKENS["output"]}
    return ServingPoint.model_validate(POINT | {"system": system} | tokens | fields)


def offer(**fields: Any) -> Offer:
    """A row of offers: an on-demand H node at acme unless told otherwise."""
    return Offer.model_validate(OFFER | fields)


def token_api(**fields: Any) -> TokenApi:
    """A token API: acme's for m1 unless told otherwise."""
    return TokenApi.model_validate(API | fields)


def system(name: str, **fields: Any) -> System:
    """One of ``SYSTEMS``."""
    return System.model_validate(SYSTEMS[name] | fields)


def catalog(
    systems: Iterable[System],
    offers: Iterable[Offer] = (),
    points: Iterable[ServingPoint] = (),
    apis: Iterable[TokenApi] = (),
    paths: Iterable[PricePath] | None = None,
    shapes: Iterable[LoadShape] = (),
    blocks: dict[str, float] | None = None,
) -> Catalog:
    """A catalog of the rows given, with two regions, a flat price path and one block unless told otherwise."""
    flat = PricePath.model_validate(META | {"name": "flat", "hardware": {2026: 1}, "rent": {2026: 1}, "api": {2026: 1}})
    prices = {"north": 60.0, "south": 110.0}
    return Catalog(
        systems={row.system: row for row in systems},
        offers=rekeyed(offers),
        token_apis=rekeyed(apis),
        serving=rekeyed(points),
        load_shapes={row.name: row for row in shapes},
        blocks=blocks or {"all": 1.0},
        energy={r: Energy.model_validate(META | {"region": r, "usd_per_mwh": usd}) for r, usd in prices.items()},
        price_paths={row.name: row for row in (paths if paths is not None else [flat])},
        sources={"test": Source(title="test", publisher="test", address="test", read=dt.date(2026, 1, 1))},
        digest="test",
    )


def scenario(**fields: Any) -> Scenario:
    """A scenario of one workload over four quarters of 2027 unless told otherwise."""
    horizon = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 4, "period": "quarter"}
    solve = {"gap": 1e-6, "time_limit_s": 30}
    return Scenario.model_validate({"name": "case", "horizon": horizon, "workloads": [CHAT], "solve": solve} | fields)


# --- the random cases ---


class Draw:
    """Choices read off a tape of bytes, each of which shrinks to its first value.

    One draw of Hypothesis makes a whole case: with a draw for each choice most of its examples are one another's
    copies but for a few choices.
    """

    LENGTH = 640

    def __init__(self, draw: Callable[[st.SearchStrategy[bytes]], bytes]) -> None:
        self._tape = iter(draw(st.binary(min_size=self.LENGTH, max_size=self.LENGTH)))

    def below(self, most: int) -> int:
        """A whole number below ``most``; 0 where the tape has ended."""
        return next(self._tape, 0) % most


def some(draw: Draw, tenths: int) -> bool:
    """True in about ``tenths`` of ten; shrinks to False."""
    return draw.below(10) >= 10 - tenths


def one(draw: Draw, *values: Any) -> Any:
    """One of the values; shrinks to the first."""
    return values[draw.below(len(values))]


def number(draw: Draw, low: float, high: float, steps: int = 20) -> float:
    """A number of a coarse grid from ``low`` to ``high``; shrinks to ``low``."""
    return round(low + (high - low) * draw.below(steps + 1) / steps, 10)


@dataclass(frozen=True)
class Calendar:
    """The periods that a case is drawn for."""

    start: dt.date
    period: str
    periods: int
    lookahead: int
    decided_on: dt.date

    @property
    def months(self) -> int:
        """Months of one period."""
        return MONTHS[self.period]

    @property
    def end(self) -> dt.date:
        """First day after the solved horizon."""
        return add_months(self.start, self.months * (self.periods + self.lookahead))

    def day(self, draw: Draw) -> dt.date:
        """A day in or around the horizon, often a period's first."""
        inside = draw.below(self.periods + self.lookahead + 1)
        days = one(draw, 0, 0, 0, -1, 10, 45)
        return add_months(self.start, self.months * inside) + dt.timedelta(days=days)

    def schedule(self, draw: Draw, low: float, high: float) -> Any:
        """A number, or a few of them by date."""
        if not some(draw, 3):
            return number(draw, low, high)
        days = sorted({self.start, *(self.day(draw) for _ in range(one(draw, 1, 2)))})
        return {day.isoformat(): number(draw, low, high) for day in days}


@dataclass(frozen=True)
class Wanted:
    """What a random case has to have or to lack.

    ``owning`` gives every case a hall with room for all of it and hardware without lead times; ``whole`` allows whole
    replicas and whole on-demand lots; ``relaxed`` leaves out what can make a case infeasible.
    """

    objective: str | None = "cost"
    futures: bool | None = None
    owning: bool = False
    whole: bool = True
    relaxed: bool = False
    predicted: bool = True
    min_served: bool = True
    renting: bool = True


@st.composite
def cases(
    choose: Callable[..., Any],
    objective: str | None = "cost",
    *,
    futures: bool | None = None,
    owning: bool = False,
    whole: bool = True,
    relaxed: bool = False,
    predicted: bool = True,
    min_served: bool = True,
    renting: bool = True,
) -> Case:
    """A random case. See ``Wanted`` for the options; ``objective`` None draws one of the four."""
    draw = Draw(choose)
    wanted = Wanted(objective, futures, owning, whole, relaxed, predicted, min_served, renting)
    period = one(draw, "quarter", "month", "year")
    start = dt.date(2027, 1, 1) if period == "year" else dt.date(2027, one(draw, 1, 7, 10), 1)
    calendar = Calendar(
        start=start,
        period=period,
        periods=one(draw, 2, 3),
        lookahead=one(draw, 0, 0, 1),
        decided_on=start - dt.timedelta(days=one(draw, 200, 100, 0, 60, 365)),
    )
    names = [name for name in ("h-node", "b-node", "rack") if name == "h-node" or some(draw, 5)]
    names += ["next"] if some(draw, 1) else []
    blocks = one(draw, {"all": 1.0}, {"day": 0.6, "night": 0.4}, {"peak": 0.1, "day": 0.5, "night": 0.4})
    if some(draw, 1):
        blocks = {"leap": 0.0, **blocks}
    outlooks = _futures(draw, calendar, wanted)
    # Whole lots and replicas multiply with futures, blocks and workloads: small cases show as much of them.
    wanted = replace(wanted, whole=wanted.whole and not outlooks and calendar.periods == 2 and len(blocks) < 3)
    workloads = _workloads(draw, calendar, names, wanted)
    systems = [_system(draw, name, wanted) for name in names]
    models = sorted({w["model"] for w in workloads if "model" in w})
    offers = _offers(draw, calendar, names, wanted)
    sites = _sites(draw, calendar, names, wanted)
    quotes = [_quote(draw, calendar, names)] if wanted.renting and some(draw, 2) else []
    contracts = [_contract(draw, calendar, names, wanted) for _ in range(one(draw, 0, 0, 0, 1, 2))]
    apis = _apis(draw, calendar, models)
    providers = sorted({row.provider for row in (*offers, *apis)} | {row["provider"] for row in (*quotes, *contracts)})
    fields: dict[str, Any] = {
        "name": "case",
        "horizon": {
            "decided_on": calendar.decided_on,
            "start": calendar.start,
            "periods": calendar.periods,
            "period": period,
            "lookahead": calendar.lookahead,
        },
        "finance": {
            "discount_rate": one(draw, 0.1, 0.0, 0.25),
            "token_basis": one(draw, "output", "total"),
            "contract_tail_share": one(draw, 1.0, 0.0, 0.4),
            "residual_haircut": one(draw, 1.0, 0.0, 0.7),
            "price_path": one(draw, "flat", "falling"),
        },
        "trust": {"vendor": one(draw, 0.9, 1.0, 0.5), "predicted": one(draw, 0.65, 1.0, 0.4)},
        "tail_ratio": one(draw, {}, {}, {"ttft": 5.0, "tpot": 1.5}, {"tpot": 1.0}),
        "blocks": blocks if some(draw, 5) else None,
        "sites": sites,
        "load_shapes": _shapes(blocks) if some(draw, 5) else {},
        "workloads": workloads,
        "futures": outlooks,
        "revealed": _revealed(draw, calendar, outlooks),
        "procurement": _procurement(draw, names, providers, blocks, wanted),
        "quotes": quotes,
        "contracts": contracts,
        "budget": _budget(draw, calendar, wanted),
        "objective": wanted.objective or one(draw, "cost", "cost_per_token", "tokens", "profit"),
        "service": {"min_served": _floor(draw, wanted)},
        "solve": {"gap": 1e-4 if wanted.whole else 1e-5, "time_limit_s": 20},
    }
    rows = [LoadShape.model_validate(META | {"name": n, "level": v}) for n, v in _shapes(blocks).items()]
    return Case(
        Scenario.model_validate(fields),
        catalog(systems, offers, _points(draw, names, models, wanted), apis, _paths(), rows, blocks),
    )


def _floor(draw: Draw, wanted: Wanted) -> float:
    if wanted.objective in ("cost_per_token", "tokens", "profit"):
        return float(one(draw, 0.5, 0.8, 0.2, 1.0))
    return float(one(draw, 1.0, 1.0, 0.9, 0.6)) if wanted.min_served else 1.0


def _shapes(blocks: dict[str, float]) -> dict[str, dict[str, float]]:
    """Two load shapes over a partition, one that stands still at night."""
    level = {"all": 1.0, "peak": 2.5, "day": 1.1, "night": 0.5, "leap": 3.0}
    if "peak" not in blocks:
        level |= {"day": 1.25, "night": 0.625}
    still = {"all": 1.0, "peak": 2.0, "day": 1.6, "night": 0.0, "leap": 0.0}
    if "peak" not in blocks:
        still |= {"day": 1 / 0.6}
    return {"office": {b: level[b] for b in blocks}, "daylight": {b: still[b] for b in blocks}}


def _paths() -> list[PricePath]:
    falling = {2026: 1.0, 2027: 0.9, 2028: 0.7}
    rising = {2027: 1.0, 2028: 1.2}
    rows = [
        {"name": "flat", "hardware": {2026: 1}, "rent": {2026: 1}, "api": {2026: 1}},
        {"name": "falling", "hardware": falling, "rent": falling, "api": rising},
    ]
    return [PricePath.model_validate(META | row) for row in rows]


def _system(draw: Draw, name: str, wanted: Wanted) -> System:
    fields: dict[str, Any] = {
        "price_usd": SYSTEMS[name]["price_usd"] * number(draw, 0.2, 1.0),
        "usable_share": SYSTEMS[name]["usable_share"] if not some(draw, 4) else one(draw, 0.95, 0.75, 0.5),
        "lead_weeks": one(draw, 0.0, 4.0, 0.0, 13.0, 26.5),
        "life_years": one(draw, 5.0, 3.0, 1.0, 0.5, 1.4),
    }
    if some(draw, 5):
        fields |= {
            "network_kw_share": 0.1,
            "network_capex_share": 0.12,
            "installation_capex_share": 0.05,
            "support_share_per_year": 0.08,
            "licence_usd_per_gpu_year": 400.0,
            "deposit_share": one(draw, 0.3, 1.0),
        }
    if some(draw, 2):
        fields |= {"residual_share_by_age_years": one(draw, {1: 0.5}, {0.25: 0.9, 1: 0.9}, {3: 0.0})}
    if some(draw, 1):
        fields |= {"available_from": "2027-04"}
    if wanted.owning:
        fields |= {"lead_weeks": 0.0, "available_from": "2020-01"}
    return system(name, **fields)


def _points(draw: Draw, names: list[str], models: list[str], wanted: Wanted) -> list[ServingPoint]:
    found = []
    for model in models:
        for name in names:
            size = one(draw, 4, 1, 8)
            base = {"model": model, "gpus_per_replica": size, "largest_worker_gpus": size}
            found.append(point(name, **base))
            for series, changes in _variants(draw, name, wanted):
                found.append(point(name, **(base | {"series": f"{series}-series"} | changes)))
    return found


def _variants(draw: Draw, name: str, wanted: Wanted) -> list[tuple[str, dict[str, Any]]]:
    """Further points of a model on a system: what each is there for is its name."""
    rate = RATE[name]
    rack = SYSTEMS[name]["gpus"] == 72
    variants: list[tuple[str, dict[str, Any]]] = [
        ("fast", {"rate": 0.6 * rate, "ttft_ms": 300.0, "ttft_p99_ms": 700.0, "tpot_ms": 8.0, "tpot_p99_ms": 12.0}),
        ("slow", {"rate": 1.6 * rate, "ttft_ms": 4000.0, "ttft_p99_ms": 20000.0}),
        ("mtp", {"rate": 1.4 * rate, "spec_decode": "mtp", "requires": ("mtp",)}),
        ("disagg", {"rate": 1.2 * rate, "mode": "disagg", "requires": ("disagg", "kv_offload")}),
        ("fp4", {"rate": 1.8 * rate, "precision": "fp4"}),
        ("wide", {"rate": 1.3 * rate, "gpus_per_replica": 66, "largest_worker_gpus": 33})
        if rack
        else ("wide", {"rate": 1.3 * rate, "gpus_per_replica": 16, "largest_worker_gpus": 8}),
        ("large", {"rate": 1.1 * rate, "gpus_per_replica": 64, "largest_worker_gpus": 64})
        if rack
        else ("large", {"rate": 1.1 * rate, "gpus_per_replica": 5, "largest_worker_gpus": 5}),
        ("huge", {"rate": 3 * rate, "gpus_per_replica": 96, "largest_worker_gpus": 96}),
        ("vendor", {"rate": 1.3 * rate, "evidence": "vendor", "ttft_statistic": "mean", "tpot_statistic": "mean"}),
        ("near", {"rate": 1.1 * rate, "input_tokens_mean": 1100.0, "output_tokens_mean": 450.0}),
        ("far", {"rate": 2 * rate, "input_tokens_mean": 1200.0}),
        ("tail", {"rate": rate, "ttft_statistic": "p99", "tpot_statistic": "p90"}),
        ("twin", {"rate": rate}),
        ("median", {"rate": 1.5 * rate, "ttft_p99_ms": None, "tpot_p99_ms": None, "ttft_statistic": "mean"}),
    ]
    if wanted.predicted:
        variants.append(("predicted", {"rate": 2.5 * rate, "evidence": "predicted"}))
        variants.append(("dream", {"rate": 2 * rate, "evidence": "predicted", "ttft_ms": 200.0, "tpot_ms": 5.0}))
    chosen = {draw.below(len(variants)) for _ in range(one(draw, 0, 1, 2, 3))}
    return [variants[index] for index in sorted(chosen)]


def _offers(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted) -> list[Offer]:
    """Offers at random, and mostly one without limits for the case to be feasible."""
    if not wanted.renting:
        return []
    found = []
    if wanted.relaxed or some(draw, 9):
        found.append(offer(provider="core", region="south", usd_per_gpu_hour=4.0))
        found.append(offer(provider="bolt", region="south", usd_per_gpu_hour=4.2))
    for _ in range(one(draw, 1, 2, 3, 4)):
        name, kind = one(draw, *names), one(draw, "reserved", "on_demand", "spot")
        factor = {"reserved": 0.6, "on_demand": 1.0, "spot": 0.5}[kind]
        fields: dict[str, Any] = {
            "provider": one(draw, *PROVIDERS),
            "region": one(draw, "north", "south"),
            "system": name,
            "kind": kind,
            "usd_per_gpu_hour": HOURLY_USD[name] * factor * number(draw, 0.7, 1.3),
            "lot_gpus": one(draw, 8, 1) if SYSTEMS[name]["gpus"] == 8 else one(draw, 72, 8),
        }
        if kind == "reserved":
            fields |= {
                "term_months": calendar.months * one(draw, 1, 2, 3, 12),
                "upfront_share": one(draw, 0.0, 0.25, 1.0),
                "lead_weeks": one(draw, 0.0, 2.0, 13.0),
            }
            fields |= {"min_lots": one(draw, 2, 5)} if some(draw, 3) else {}
            fields |= {"term_months": 7} if some(draw, 1) else {}
        if kind == "spot":
            fields |= {"availability": one(draw, 0.8, 1.0, 0.5)}
        fields |= {"max_lots": one(draw, 5, 12, 40)} if some(draw, 3) else {}
        fields |= {"usable_share": one(draw, 1.0, 0.9, 0.5)} if some(draw, 3) else {}
        fields |= {"available_from": calendar.day(draw)} if some(draw, 1) else {}
        fields |= {"available_until": calendar.day(draw)} if some(draw, 1) else {}
        if some(draw, 3):
            capable = one(draw, (), ("mtp",), ("mtp", "disagg", "kv_offload"))
            fields |= {"service": "endpoint", "capabilities": capable}
        fields |= {"interconnect": "none"} if some(draw, 2) else {}
        found.append(offer(**fields))
    return found


def _apis(draw: Draw, calendar: Calendar, models: list[str]) -> list[TokenApi]:
    found = []
    for model in models:
        for _ in range(one(draw, 1, 0, 1, 2)):
            fields: dict[str, Any] = {
                "provider": one(draw, *PROVIDERS),
                "model": model,
                "input_usd_per_mtok": number(draw, 0.05, 0.4),
                "output_usd_per_mtok": number(draw, 0.2, 2.0),
            }
            fields |= {"cached_input_usd_per_mtok": 0.05} if some(draw, 3) else {}
            unknown = dict.fromkeys(("ttft_ms", "ttft_statistic", "tpot_ms", "tpot_statistic"))
            fields |= unknown if some(draw, 4) else {"ttft_statistic": one(draw, "p50", "p99", "p90")}
            fields |= {"max_mtok_per_day": one(draw, 500.0, 2000.0, 10_000.0)} if some(draw, 4) else {}
            fields |= {"available_until": calendar.day(draw)} if some(draw, 1) else {}
            found.append(token_api(**fields))
    return found


def _sites(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted) -> list[dict[str, Any]]:
    if wanted.owning:
        return [SITE | {"power_mw": 5.0, "colocation_usd_per_kw_month": number(draw, 0, 150)}]
    return [_site(draw, calendar, names, wanted, name) for name in ("dallas", "ashburn")[: one(draw, 1, 1, 2, 0, 1)]]


def _site(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted, name: str) -> dict[str, Any]:
    cooling = one(draw, ["air", "liquid"], ["air"])
    design = number(draw, 1.05, 1.6)
    site: dict[str, Any] = {
        "name": name,
        "region": one(draw, "north", "south"),
        "power_mw": calendar.schedule(draw, 0.02, one(draw, 0.6, 0.15, 1.2)),
        "cap_at": one(draw, "utility", "it"),
        "usable_share": one(draw, 1.0, 0.9),
        "cooling": cooling,
        "pue": {
            "air": {"design": design, "annual": 1 + (design - 1) * 0.8},
            "liquid": {"design": 1.15, "annual": 1.1},
        },
        "staff_usd_per_mw_year": one(draw, 0.0, 200_000.0),
    }
    site |= {"electricity_usd_per_mwh": calendar.schedule(draw, 20, 200)} if some(draw, 5) else {}
    if some(draw, 2):
        lease = {"it_kw": calendar.schedule(draw, 20, 400), "usd_per_kw_month": number(draw, 50, 200)}
        site |= {"lease": lease | {"escalator_per_year": one(draw, 0.0, 0.03)}}
    else:
        site |= {"colocation_usd_per_kw_month": one(draw, 0.0, 120.0)}
    site |= {"liquid_it_kw": calendar.schedule(draw, 0, 300)} if some(draw, 2) else {}
    site |= {"air_it_kw": calendar.schedule(draw, 10, 100)} if some(draw, 2) else {}
    if some(draw, 2):
        site |= {"rack_positions": calendar.schedule(draw, 1, 12), "kw_per_rack_position": one(draw, 150.0, 40.0, 12.0)}
    if cooling == ["air"] and some(draw, 7):
        site |= {"conversion": {"cost_usd": one(draw, 5_000.0, 200_000.0), "lead_weeks": one(draw, 0.0, 10.0)}}
        if some(draw, 5):
            site["conversion"]["liquid_it_kw"] = one(draw, 300.0, 140.0)
    fits = [kind for kind in names if SYSTEMS[kind]["cooling"] in cooling]
    site["existing"] = [_existing(draw, calendar, fits) for _ in range(one(draw, 0, 1, 2))]
    return site


def _existing(draw: Draw, calendar: Calendar, names: list[str]) -> dict[str, Any]:
    in_service = add_months(calendar.start, one(draw, -24, -6, calendar.months, 1))
    group: dict[str, Any] = {"system": one(draw, *names), "count": one(draw, 1, 2, 3, 4), "in_service": in_service}
    if some(draw, 4):
        group |= {"until": max(calendar.day(draw), in_service + dt.timedelta(days=1))}
    group |= {"price_usd": 100_000.0} if some(draw, 3) else {}
    return group


def _workloads(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted) -> list[dict[str, Any]]:
    kinds = ["interactive", *(one(draw, "batch", "interactive", "gpu_hours") for _ in range(one(draw, 0, 1, 2)))]
    replicas = wanted.whole and some(draw, 2)
    return [
        _workload(draw, calendar, names, wanted, kind, f"{kind}-{n}", replicas=replicas and n == 0)
        for n, kind in enumerate(kinds)
    ]


def _workload(
    draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted, kind: str, name: str, *, replicas: bool
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "load": one(draw, "flat", "office", "daylight"),
        "headroom": one(draw, 0.0, 0.15, 0.3),
    }
    if wanted.min_served and some(draw, 2):
        row |= {"min_served": one(draw, 1.0, 0.7)}
    if some(draw, 2):
        row |= {"spot": one(draw, True, False)}
    if kind == "gpu_hours":
        asked = calendar.schedule(draw, 24, 1200)
        weights = {system: one(draw, 1.0, 2.5) for system in names if system == "h-node" or some(draw, 5)}
        return row | {"demand": {"gpu_hours_per_day": asked}, "gpu_hours_weight": weights}
    row |= {
        "model": one(draw, *MODELS),
        "tokens": TOKENS,
        "precisions": one(draw, ["fp8", "fp4", "bf16"], ["fp8"]),
        "token_api": not some(draw, 2),
        "cached_input_share": one(draw, 0.0, 0.5),
    }
    unit = one(draw, "requests_per_s", "output_mtok_per_day")
    per_request = 1.0 if unit == "requests_per_s" else 86_400 * TOKENS["output"] / 1e6
    high = one(draw, 60.0, 300.0) / (3 if kind == "batch" else 1)
    row["demand"] = {unit: calendar.schedule(draw, 2 * per_request, high * per_request)}
    if some(draw, 6):
        sla: dict[str, Any] = {"ttft_s": one(draw, 2.0, 6.0, 0.9), "tpot_ms": one(draw, 30.0, 100.0)}
        sla |= {"ttft_percentile": one(draw, 99, 90), "ttft_s": 8.0} if some(draw, 2) else {}
        sla |= {"tpot_percentile": 99, "tpot_ms": 60.0} if some(draw, 1) else {}
        row |= {"sla": sla}
    if some(draw, 4) or wanted.objective == "profit":
        row |= {"price_usd_per_mtok": {"input": calendar.schedule(draw, 0, 0.8), "output": number(draw, 0.5, 4.0)}}
    if replicas:
        row |= {"whole_replicas": True, "min_replicas": one(draw, 0, 1, 2)}
    return row


def _futures(draw: Draw, calendar: Calendar, wanted: Wanted) -> list[dict[str, Any]]:
    if wanted.futures is False or (wanted.futures is None and not some(draw, 2)):
        return []
    likely = one(draw, 0.5, 0.25, 0.9)
    boom: dict[str, Any] = {"name": "boom", "probability": 1 - likely, "demand": calendar.schedule(draw, 1.0, 1.8)}
    boom |= {"rent_price": calendar.schedule(draw, 1.0, 1.6)} if some(draw, 5) else {}
    boom |= {"demand_by_workload": {"interactive-0": 1.2}} if some(draw, 3) else {}
    return [{"name": "lean", "probability": likely, "demand": one(draw, 1.0, 0.7)}, boom]


def _revealed(draw: Draw, calendar: Calendar, futures: list[dict[str, Any]]) -> dt.date | None:
    return one(draw, None, calendar.day(draw), calendar.decided_on) if futures else None


def _quote(draw: Draw, calendar: Calendar, names: list[str]) -> dict[str, Any]:
    name = one(draw, *names)
    quote: dict[str, Any] = {
        "provider": one(draw, *PROVIDERS),
        "system": name,
        "term_months": calendar.months * one(draw, 1, 4),
        "usd_per_gpu_hour": HOURLY_USD[name] * 0.5,
        "lot_gpus": SYSTEMS[name]["gpus"],
        "upfront_share": one(draw, 0.0, 0.5),
    }
    quote |= {"expires": calendar.day(draw)} if some(draw, 5) else {}
    quote |= {"lead_weeks": one(draw, 0.0, 8.0)} if some(draw, 5) else {}
    return quote | ({"min_lots": 2, "max_lots": 3} if some(draw, 3) else {})


def _contract(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted) -> dict[str, Any]:
    start = add_months(calendar.start, one(draw, -3, 0, 1))
    contract: dict[str, Any] = {
        "provider": one(draw, *PROVIDERS),
        "system": one(draw, *names),
        "gpus": one(draw, 8, 24, 72),
        "usd_per_gpu_hour": one(draw, 1.5, 0.0),
        "start": start,
        "end": max(calendar.day(draw), start + dt.timedelta(days=1)),
    }
    contract |= {"usable_share": one(draw, 1.0, 0.5)} if some(draw, 2) else {}
    return contract | ({"service": "endpoint", "capabilities": ("mtp",)} if some(draw, 2) else {})


def _procurement(
    draw: Draw, names: list[str], providers: list[str], blocks: dict[str, float], wanted: Wanted
) -> dict[str, Any]:
    rules: dict[str, Any] = {"systems": {}, "providers": {}}
    if some(draw, 1):
        rules |= {"buy": False}
    if some(draw, 1):
        rules |= {"token_api": False}
    if some(draw, 1) and not wanted.relaxed:
        rules |= {"rent": one(draw, ("on_demand",), ("reserved", "on_demand"), ("spot", "reserved"))}
    if "next" in names and some(draw, 5):
        rules["systems"] |= {"include": ["next"]}
    if len(names) > 1 and some(draw, 1):
        rules["systems"] |= {"deny": [names[1]]}
    if some(draw, 1):
        rules["providers"] |= {"deny": providers[:1]}
    if some(draw, 2):
        rules["providers"] |= {"max_share": one(draw, 0.75, 0.55, 1.0)}
    if some(draw, 3):
        quota: dict[str, Any] = {"system": one(draw, *names), "gpus": one(draw, 400.0, 64.0, 30.0, 8.0)}
        quota |= {"provider": one(draw, *providers)} if some(draw, 5) and providers else {}
        known = [quota] if not wanted.relaxed or quota["system"] != "h-node" else []
        rules |= {"quotas": known}
    lead = {name: one(draw, 0.0, 30.0) for name in names if some(draw, 1)} if not wanted.owning else {}
    lead |= {one(draw, "reserved_1y", "reserved_3m"): one(draw, 0.0, 6.0)} if some(draw, 1) else {}
    rules |= {"lead_weeks": lead}
    if wanted.whole and some(draw, 2):
        rules |= {"whole_on_demand_lots": True}
    if some(draw, 2):
        rules |= {"spot_availability": {block: one(draw, 0.5, 0.0, 0.9) for block in blocks if some(draw, 5)}}
    if some(draw, 2):
        rules |= {"software_gain_per_year": {one(draw, *names): one(draw, 0.3, 1.0)}}
        rules |= {"software_gain_from": one(draw, "start", "measured")}
    return rules


def _budget(draw: Draw, calendar: Calendar, wanted: Wanted) -> dict[str, Any]:
    years = calendar.periods * calendar.months / 12
    budget: dict[str, Any] = {}
    if some(draw, 3):
        budget["capex_usd"] = _limit(draw, calendar, 0.0, 1.5e6)
    if wanted.relaxed:
        return budget
    if some(draw, 1):
        budget["opex_usd"] = _limit(draw, calendar, 5e5 * years, 5e6 * years)
    if some(draw, 1):
        budget["total_usd"] = _limit(draw, calendar, 5e5 * years, 8e6 * years)
    if some(draw, 2):
        budget["commitments_usd"] = _limit(draw, calendar, 0.0, 2e6)
    return budget


def _limit(draw: Draw, calendar: Calendar, low: float, high: float) -> Any:
    if some(draw, 5):
        return number(draw, low, high)
    years = sorted({calendar.start.year, (calendar.end - dt.timedelta(days=1)).year})
    return {year: number(draw, low, high) for year in years[one(draw, 0, -1) :]}


@st.composite
def tiny_cases(choose: Callable[..., Any], objective: str = "cost") -> Case:
    """A random case with so few whole numbers that every combination of them can be tried.

    One system to buy, at most one existing group and one reserved offer over one or two years; beside them on demand,
    spot and a token API, blocks, two workloads, a cap, budgets, a quota and a share limit.
    """
    draw = Draw(choose)
    periods = one(draw, 1, 2)
    blocks = one(draw, {"all": 1.0}, {"day": 0.6, "night": 0.4})
    site = SITE | {
        "power_mw": number(draw, 0.0125, 0.045),
        "cap_at": one(draw, "utility", "it"),
        "colocation_usd_per_kw_month": one(draw, 0.0, 100.0),
    }
    if some(draw, 4):
        until = one(draw, "2030-01-01", "2028-01-01")
        group = {"system": "h-node", "count": one(draw, 1, 2), "in_service": "2025-01", "until": until}
        site |= {"existing": [group], "power_mw": 0.026}
    hardware = system(
        "h-node",
        price_usd=number(draw, 60_000, 300_000),
        lead_weeks=one(draw, 0.0, 30.0),
        life_years=one(draw, 5.0, 1.0),
        deposit_share=one(draw, 0.0, 0.5),
        usable_share=one(draw, 1.0, 0.75),
    )
    offers = [offer(usd_per_gpu_hour=number(draw, 1.0, 5.0), region="south")]
    if some(draw, 7):
        terms: dict[str, Any] = {"kind": "reserved", "lot_gpus": 8, "max_lots": 2, "provider": "bolt"}
        terms |= {"term_months": one(draw, 12, 24), "upfront_share": one(draw, 0.0, 0.5)}
        terms |= {"min_lots": 2} if some(draw, 2) else {}
        offers.append(offer(usd_per_gpu_hour=number(draw, 0.8, 2.5), **terms))
    if some(draw, 3):
        offers.append(offer(kind="spot", availability=0.8, usd_per_gpu_hour=1.0, max_lots=6, provider="core"))
    apis = [token_api(output_usd_per_mtok=number(draw, 0.3, 3.0))] if some(draw, 5) else []
    loads = {"office": {"day": 1.25, "night": 0.625}} if "day" in blocks else {"office": {"all": 1.0}}
    workloads = [CHAT | {"demand": {"requests_per_s": number(draw, 2, 30)}, "load": "office"}]
    if some(draw, 5):
        batch = {"name": "nightly", "kind": "batch", "demand": {"requests_per_s": number(draw, 1, 10)}}
        workloads.append(CHAT | batch)
    if objective == "profit" or some(draw, 2):
        sold = {"input": 0.2, "output": number(draw, 0.5, 3.0)}
        workloads[0] = workloads[0] | {"price_usd_per_mtok": sold}
    rules: dict[str, Any] = {"providers": {"max_share": 0.7} if some(draw, 2) else {}}
    rules |= {"quotas": [{"system": "h-node", "gpus": one(draw, 10.0, 24.0)}]} if some(draw, 2) else {}
    budget: dict[str, Any] = {"capex_usd": number(draw, 0, 500_000)} if some(draw, 3) else {}
    budget |= {"total_usd": {2027: number(draw, 200_000, 1_000_000)}} if some(draw, 2) else {}
    floors = (0.5, 0.2, 0.9) if objective != "cost" else (1.0, 1.0, 0.7)
    return Case(
        scenario(
            horizon={"decided_on": "2026-10-01", "start": "2027-01", "periods": periods, "period": "year"},
            sites=[site] if some(draw, 9) else [],
            workloads=workloads,
            blocks=blocks,
            load_shapes=loads,
            procurement=rules,
            budget=budget,
            finance={"contract_tail_share": one(draw, 1.0, 0.5), "residual_haircut": one(draw, 1.0, 0.5)},
            service={"min_served": one(draw, *floors)},
            objective=objective,
        ),
        catalog([hardware], offers, [point()], apis),
    )


# --- changes ---


def scaled(schedule: Schedule | None, factor: float) -> Schedule | None:
    """A schedule times ``factor``, None where there is none."""
    return None if schedule is None else schedule.scaled(factor)


def with_sites(case: Case, change: Callable[[Any], dict[str, Any]]) -> Case:
    """The case with ``change`` of each site's fields."""
    return case.with_scenario(sites=tuple(with_part(site, **change(site)) for site in case.scenario.sites))


def with_workloads(case: Case, change: Callable[[Any], dict[str, Any]]) -> Case:
    """The case with ``change`` of each workload's fields."""
    rows = tuple(with_part(workload, **change(workload)) for workload in case.scenario.workloads)
    return case.with_scenario(workloads=rows)


def with_offers(case: Case, change: Callable[[Offer], dict[str, Any]]) -> Case:
    """The case with ``change`` of each offer's and quote's fields."""
    changed = case.with_catalog(offers=rekeyed(with_part(o, **change(o)) for o in case.catalog.offers.values()))
    quotes = tuple(with_part(quote, **change(quote)) for quote in case.scenario.quotes)  # type: ignore[arg-type]
    return changed.with_scenario(quotes=quotes)


def with_apis(case: Case, change: Callable[[TokenApi], dict[str, Any]]) -> Case:
    """The case with ``change`` of each token API's fields."""
    return case.with_catalog(token_apis=rekeyed(with_part(a, **change(a)) for a in case.catalog.token_apis.values()))


def with_systems(case: Case, change: Callable[[System], dict[str, Any]]) -> Case:
    """The case with ``change`` of each system's fields."""
    rows = (with_part(row, **change(row)) for row in case.catalog.systems.values())
    return case.with_catalog(systems={row.system: row for row in rows})


def demand_scaled(case: Case, factor: float) -> Case:
    """All forecasts times ``factor``."""

    def change(workload: Any) -> dict[str, Any]:
        demand = workload.demand
        units = ("output_mtok_per_day", "requests_per_s", "gpu_hours_per_day")
        return {"demand": with_part(demand, **{unit: scaled(getattr(demand, unit), factor) for unit in units})}

    return with_workloads(case, change)


def limit_scaled(limit: Any, factor: float) -> Any:
    """A yearly limit times ``factor``."""
    if limit is None:
        return None
    return {year: usd * factor for year, usd in limit.items()} if isinstance(limit, dict) else limit * factor


def budget_scaled(case: Case, factor: float) -> Case:
    """All budgets times ``factor``."""
    budget = case.scenario.budget
    limits = {field: limit_scaled(getattr(budget, field), factor) for field in type(budget).model_fields}
    return case.with_scenario(budget=with_part(budget, **limits))


# --- answers ---


@dataclass(frozen=True)
class Interval:
    """Where an optimum lies: no plan is better than ``low``, and an audited plan reaches ``high``.

    Both infinite where there is no plan. Of what is maximised (`tokens`, `profit`) the negative stands here.
    """

    low: float
    high: float
    cost_usd: float = math.inf

    @property
    def tolerance(self) -> float:
        """What engines' and audits' tolerances can make of the ends."""
        return TOLERANCE * max(1.0, abs(self.high)) if math.isfinite(self.high) else 0.0

    def meets(self, other: Interval) -> bool:
        """Whether the two can be of the same optimum."""
        slack = self.tolerance + other.tolerance
        return self.low <= other.high + slack and other.low <= self.high + slack

    def may_reach(self, other: Interval) -> bool:
        """Whether this optimum can be at least the other's: U(dearer) ≥ L(cheaper), never U against U."""
        return self.high + self.tolerance + other.tolerance >= other.low


def solved(
    case: Case,
    solver: str = "auto",
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    reductions: Reductions | None = None,
    near: Plan | None = None,
) -> Interval:
    """The interval of a case's objective: as ``planner.solve`` finds and audits it, without writing its tables."""
    wanted = case.scenario.solve
    options = Options(gap or wanted.gap, time_limit_s or wanted.time_limit_s, wanted.seed)
    model = build_model(build_problem(case.scenario, case.catalog, reductions))
    found = minimise(model, case.scenario.objective, solver, options, None if near is None else near.solution)
    if found.x is None:
        assert found.answer.status == "infeasible"
        return Interval(math.inf, math.inf)
    account = Account(case.scenario, case.catalog, decisions(model, found.x))
    audit = audit_of(account, model.milp.objective(found.x))
    assert audit.passed, audit.violations[0].sentence
    cost = totals_of(account).cost_usd
    if found.objective == "cost":
        return Interval(min(found.bound, cost), cost, cost)
    sign = -1.0 if found.objective in ("tokens", "profit") else 1.0
    return Interval(sign * found.bound, sign * found.value, cost)


def examples(share: float) -> settings:
    """The profile's settings with ``share`` times its examples."""
    return settings(max_examples=max(1, round(settings.default.max_examples * share)))
