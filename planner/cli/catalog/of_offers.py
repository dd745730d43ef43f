"""What to ask of an offer of GPUs, in the order of a contract: price, quantity, start, service, proof, place, end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import get_args

from planner.catalog.models import Capability, Catalog, Offer, ServingPoint
from planner.catalog.optimisations import DISAGGREGATION, FP4, KV_OFFLOAD, KV_ROUTING, MTP, OTHER_DRAFTS
from planner.cli.catalog.asked import (
    AGENTS,
    DRAFTING,
    FP4_AND_ACCURACY,
    ONE_FLEET,
    SERVING_STACK,
    Asked,
    always,
    counted,
)
from planner.kinds.evidence import ORDER
from planner.render.figures import short
from planner.rules.accuracy import scored

Until = Callable[[Offer, Catalog], str | None]


def _price(offer: Offer) -> str:
    return f"{short(offer.usd_per_gpu_hour)} USD per GPU-hour"


def _estimated(of: Callable[[Offer], str]) -> Until:
    """What an estimate takes."""
    return lambda offer, catalog: f"{of(offer)}, an estimate" if offer.evidence == "estimate" else None


def _not_stated(field: str, until: str, *, reserved: bool = False) -> Until:
    """What holds where the row does not give the field itself; of contracts alone where ``reserved``."""

    def found(offer: Offer, catalog: Catalog) -> str | None:
        return None if field in offer.model_fields_set or (reserved and offer.kind != "reserved") else until

    return found


def _absent(field: str, until: str, *, reserved: bool = False) -> Until:
    """What holds where the field has no value; of contracts alone where ``reserved``."""

    def found(offer: Offer, catalog: Catalog) -> str | None:
        return None if getattr(offer, field) is not None or (reserved and offer.kind != "reserved") else until

    return found


def _of_contracts(until: str) -> Until:
    return lambda offer, catalog: until if offer.kind == "reserved" else None


def _term_price(offer: Offer, catalog: Catalog) -> str:
    term = f" for {offer.term_months} months" if offer.term_months else ""
    return f"What is the price per GPU-hour{term}?"


def _price_at_quantity(offer: Offer, catalog: Catalog) -> str | None:
    negotiable = offer.kind == "reserved" and offer.evidence != "estimate"
    return f"{_price(offer)}, {offer.evidence}" if negotiable else None


def _upfront(offer: Offer, catalog: Catalog) -> str | None:
    if offer.kind != "reserved":
        return None
    if "upfront_share" not in offer.model_fields_set:
        return "none"
    return f"{short(100 * offer.upfront_share)} %, an estimate" if offer.evidence == "estimate" else None


def _lead(offer: Offer, catalog: Catalog) -> str | None:
    if offer.evidence == "estimate":
        return f"{short(offer.lead_weeks)} weeks, an estimate"
    return None if "lead_weeks" in offer.model_fields_set else f"{short(offer.lead_weeks)} weeks"


def _usable(offer: Offer, catalog: Catalog) -> str | None:
    if offer.usable_share is not None:
        return None
    system = catalog.systems[offer.system]
    return f"{short(100 * system.usable_share)} %, as of any {system.system}"


def _evicted(offer: Offer, catalog: Catalog) -> str | None:
    if offer.kind != "spot":
        return None
    useful = "all of them" if offer.availability is None else f"{short(100 * offer.availability)} %"
    return f"{useful} do useful work"


def _closed(offer: Offer) -> list[str]:
    """What an endpoint does not enable."""
    return [name for name in get_args(Capability) if name not in offer.capabilities] if _is_endpoint(offer) else []


def _is_endpoint(offer: Offer) -> bool:
    return offer.service == "endpoint"


def _enables(offer: Offer, catalog: Catalog) -> str:
    return f"Does the endpoint enable {', '.join(_closed(offer))}?"


def _proof(offer: Offer, catalog: Catalog) -> str | None:
    counts = Counter(point.evidence for point in _points(offer, catalog))
    if counts["measured"]:
        return None
    others = " and ".join(f"{counts[name]} {name}" for name in ORDER if name in counts)
    return f"{others} points" if others else "no points of this system"


def _grid(offer: Offer, catalog: Catalog) -> str | None:
    return f"{offer.region}: no known grid" if offer.region not in catalog.energy else None


def _carbon(offer: Offer, catalog: Catalog) -> str | None:
    grid = catalog.energy.get(offer.region)
    return "unknown" if grid is not None and grid.gco2e_per_kwh is None else None


def _emits(offer: Offer, catalog: Catalog) -> str:
    return f"What does the grid of {offer.region} emit per kWh?"


def _until_when(offer: Offer, catalog: Catalog) -> str:
    return "Until which day can it be signed?" if offer.kind == "reserved" else "Until which day does it run?"


def _another_generation(offer: Offer, catalog: Catalog) -> str | None:
    return f"{offer.system} throughout" if offer.kind == "reserved" else None


def _points(offer: Offer, catalog: Catalog) -> list[ServingPoint]:
    return [point for point in catalog.serving.values() if point.system == offer.system]


def _fp4(offer: Offer, catalog: Catalog) -> str:
    system = catalog.systems[offer.system]
    if system.fp4_dense_pflops_per_gpu is None:
        return f"none: {system.system} computes no FP4"
    formats = dict.fromkeys((point.model, point.precision) for point in _points(offer, catalog) if FP4.has(point))
    known = [model for model, precision in formats if scored(catalog, model, precision)]
    models = "model" if len(formats) == 1 else "models"
    return f"points of {len(formats)} {models} in FP4, scores of {len(known)}" if formats else "FP4 not measured"


def _drafts(offer: Offer, catalog: Catalog) -> str:
    points = _points(offer, catalog)
    with_mtp, others = ([point for point in points if one.has(point)] for one in (MTP, OTHER_DRAFTS))
    found = f"{counted(with_mtp, 'MTP')}, {counted(others, 'other drafting')}"
    if _is_endpoint(offer):
        return f"{'enabled' if 'mtp' in offer.capabilities else 'not enabled'}; {found}"
    return found


def _stack(offer: Offer, catalog: Catalog) -> str:
    points = _points(offer, catalog)
    named = ((DISAGGREGATION, "disagg"), (KV_ROUTING, "kv_routing"), (KV_OFFLOAD, "kv_offload"))
    found = []
    for one, capability in named:
        enabled = " (not enabled)" if _is_endpoint(offer) and capability not in offer.capabilities else ""
        found.append(counted([point for point in points if one.has(point)], one.name) + enabled)
    return ", ".join(found)


def _agents(offer: Offer, catalog: Catalog) -> str:
    longest = max((point.input_tokens_mean for point in _points(offer, catalog)), default=0.0)
    measured = f"points of up to {longest:,.0f} input tokens" if longest else "no points of this system"
    return f"{measured}; hits as the scenario has them"


OFFERS: tuple[Asked[Offer], ...] = (
    Asked(
        "Price", "usd_per_gpu_hour", "What is the price per GPU-hour, for each term?", _estimated(_price), _term_price
    ),
    Asked("Price", "usd_per_gpu_hour", "What is the price at the quantity wanted?", _price_at_quantity),
    Asked("Price", "upfront_share", "Which share of the whole contract is paid at its start?", _upfront),
    Asked(
        "Price",
        "billing_starts",
        "Does billing start with service, or before?",
        _not_stated("billing_starts", "with service", reserved=True),
    ),
    # No field holds what comes on top: it has to go into the price.
    Asked(
        "Price", "usd_per_gpu_hour", "Does the price contain storage, egress and support?", always("all of them")
    ),
    Asked(
        "Quantity", "lot_gpus", "How many GPUs is it sold by?", _estimated(lambda offer: str(offer.lot_gpus))
    ),
    Asked(
        "Quantity", "min_lots", "How many lots does one contract have at least?",
        _absent("min_lots", "one", reserved=True),
    ),
    Asked(
        "Quantity", "max_lots", "How many lots can run at once, and is that promised?",
        _absent("max_lots", "any number"),
    ),
    Asked("Start", "lead_weeks", "How many weeks from signing to service?", _lead),
    Asked(
        "Start", "available_from", "From which day can it run?", _absent("available_from", "once the lead time is over")
    ),
    Asked(
        "Service", "usable_share", "Which share of the GPUs paid for is in service after failures?", _usable
    ),
    Asked(
        "Service", "usable_share", "What is credited for hours in which fewer are?",
        _absent("usable_share", "nothing"),
    ),
    Asked("Service", "availability", "Which share of paid hours is lost to evictions?", _evicted),
    Asked("Service", "service", "Is it bare metal, or an endpoint?", _not_stated("service", "bare metal")),
    Asked(
        "Service", "interconnect", "Do the systems share an RDMA network?", _not_stated("interconnect", "rdma")
    ),
    Asked(
        "Service", "capabilities", f"Which of {', '.join(get_args(Capability))} does an endpoint enable?",
        lambda offer, catalog: "no" if _closed(offer) else None, _enables,
    ),
    Asked(
        "Proof", "serving/*.csv", "Does a benchmark at the plan's concurrency come before acceptance?", _proof
    ),
    Asked("Place", "region", "In which region, on which grid, do the GPUs stand?", _grid),
    Asked("Place", "energy.csv", "What does the grid there emit per kWh?", _carbon, _emits),
    Asked(
        "End", "available_until", "Until which day can it be signed, and until which day does it run?",
        _absent("available_until", "without end"), _until_when,
    ),
    Asked(
        "End", "term_months", "Can it be ended early, and for which fee?", _of_contracts("it is paid to its end")
    ),
    Asked("End", "term_months", "May GPUs that are not needed be sublet or given back?", _of_contracts("no")),
    Asked("End", "system", "May the provider put another generation in its place?", _another_generation),
    Asked(
        FP4_AND_ACCURACY, "accuracy.csv",
        f"{FP4_AND_ACCURACY}: in which of its formats does it serve each model, and what does that score beside the "
        "weights as published?",
        _fp4,
    ),
    Asked(
        DRAFTING, "spec_decode",
        f"{DRAFTING}: which of them for which model, and how many tokens a step are accepted on real traffic?",
        _drafts,
    ),
    Asked(
        SERVING_STACK, "requires",
        f"{SERVING_STACK}: which of them run, and what does each bring where prefixes come back?",
        _stack,
    ),
    Asked(
        AGENTS, "serving/*.csv",
        f"{AGENTS}: which input lengths, turns and cache hits are served at which latency, and for how long does a "
        "prefix stay?",
        _agents,
    ),
    Asked(
        ONE_FLEET, "gpu_hours_weight",
        f"{ONE_FLEET}: may the same GPUs train by day and serve by night, and how long does changing over take?",
        always("both on any GPU, changed over at once"),
    ),
)  # fmt: skip
