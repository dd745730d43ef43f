"""What a catalog does not know of an offer: the questions to put to its provider before signing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from planner.catalog.models import Capability, Catalog, Offer, System
from planner.catalog.tables import name_of
from planner.errors import InputError
from planner.kinds.evidence import ORDER
from planner.render.figures import short
from planner.render.sheet import Sheet, left
from planner.validation import nearest


@dataclass(frozen=True)
class Question:
    """A question, the field of the offer or the file of a catalog that its answer fills, and what holds until then."""

    field: str
    question: str
    until: str


def offer_named(catalog: Catalog, name: str) -> Offer:
    """The offer of that name. Raises InputError with the nearest where there is none."""
    offers = {name_of(offer): offer for offer in catalog.offers.values()}
    if name not in offers:
        raise InputError(f"{name}: no such offer{nearest(name, offers)}")
    return offers[name]


def questions(offer: Offer, catalog: Catalog) -> list[Question]:
    """The questions in the order of a contract: price, quantity, start, service, place, end."""
    system = catalog.systems[offer.system]
    return [
        *_price(offer),
        *_quantity(offer),
        *_start(offer),
        *_service(offer, system),
        *_proof(offer, catalog),
        *_place(offer, catalog),
        *_end(offer),
    ]


def _price(offer: Offer) -> Iterator[Question]:
    price = f"{short(offer.usd_per_gpu_hour)} USD per GPU-hour"
    if offer.evidence == "estimate":
        term = f" for {offer.term_months} months" if offer.term_months else ""
        yield Question("usd_per_gpu_hour", f"What is the price per GPU-hour{term}?", f"{price}, an estimate")
    elif offer.kind == "reserved":
        yield Question("usd_per_gpu_hour", "What is the price at the quantity wanted?", f"{price}, {offer.evidence}")
    if offer.kind == "reserved" and "upfront_share" not in _stated(offer):
        yield Question("upfront_share", "Which share of the whole contract is paid at its start?", "none")
    elif offer.kind == "reserved" and offer.evidence == "estimate":
        until = f"{short(100 * offer.upfront_share)} %, an estimate"
        yield Question("upfront_share", "Which share of the whole contract is paid at its start?", until)
    if offer.kind == "reserved" and "billing_starts" not in _stated(offer):
        yield Question("billing_starts", "Does billing start with service, or before?", "with service")
    # No field holds what comes on top: it has to go into the price.
    yield Question("usd_per_gpu_hour", "Does the price contain storage, egress and support?", "all of them")


def _quantity(offer: Offer) -> Iterator[Question]:
    if offer.evidence == "estimate":
        yield Question("lot_gpus", "How many GPUs is it sold by?", f"{offer.lot_gpus}, an estimate")
    if offer.kind == "reserved" and offer.min_lots is None:
        yield Question("min_lots", "How many lots does one contract have at least?", "one")
    if offer.max_lots is None:
        yield Question("max_lots", "How many lots can run at once, and is that promised?", "any number")


def _start(offer: Offer) -> Iterator[Question]:
    if "lead_weeks" not in _stated(offer) or offer.evidence == "estimate":
        until = f"{short(offer.lead_weeks)} weeks" + (", an estimate" if offer.evidence == "estimate" else "")
        yield Question("lead_weeks", "How many weeks from signing to service?", until)
    if offer.available_from is None:
        yield Question("available_from", "From which day can it run?", "once the lead time is over")


def _service(offer: Offer, system: System) -> Iterator[Question]:
    if offer.usable_share is None:
        until = f"{short(100 * system.usable_share)} %, as of any {system.system}"
        yield Question("usable_share", "Which share of the GPUs paid for is in service after failures?", until)
        yield Question("usable_share", "What is credited for hours in which fewer are?", "nothing")
    if offer.kind == "spot":
        until = "all of them" if offer.availability is None else f"{short(100 * offer.availability)} %"
        yield Question("availability", "Which share of paid hours is lost to evictions?", f"{until} do useful work")
    if "service" not in _stated(offer):
        yield Question("service", "Is it bare metal, or an endpoint?", "bare metal")
    if "interconnect" not in _stated(offer):
        yield Question("interconnect", "Do the systems share an RDMA network?", "rdma")
    closed = [name for name in get_args(Capability) if name not in offer.capabilities]
    if offer.service == "endpoint" and closed:
        yield Question("capabilities", f"Does the endpoint enable {', '.join(closed)}?", "no")


def _proof(offer: Offer, catalog: Catalog) -> Iterator[Question]:
    counts = Counter(point.evidence for point in catalog.serving.values() if point.system == offer.system)
    if not counts["measured"]:
        others = " and ".join(f"{counts[name]} {name}" for name in ORDER if name in counts)
        asked = "Does a benchmark at the plan's concurrency come before acceptance?"
        yield Question("serving/*.csv", asked, f"{others} points" if others else "no points of this system")


def _place(offer: Offer, catalog: Catalog) -> Iterator[Question]:
    grid = catalog.energy.get(offer.region)
    if grid is None:
        yield Question("region", "In which region, on which grid, do the GPUs stand?", f"{offer.region}: no known grid")
    elif grid.gco2e_per_kwh is None:
        yield Question("energy.csv", f"What does the grid of {offer.region} emit per kWh?", "unknown")


def _end(offer: Offer) -> Iterator[Question]:
    if offer.available_until is None:
        words = "Until which day can it be signed?" if offer.kind == "reserved" else "Until which day does it run?"
        yield Question("available_until", words, "without end")
    if offer.kind == "reserved":
        yield Question("term_months", "Can it be ended early, and for which fee?", "it is paid to its end")
        yield Question("term_months", "May GPUs that are not needed be sublet or given back?", "no")
        yield Question("system", "May the provider put another generation in its place?", f"{offer.system} throughout")


def _stated(offer: Offer) -> set[str]:
    """The fields that the row itself gives."""
    return offer.model_fields_set


def sheet(offer: Offer, catalog: Catalog) -> Sheet:
    """The questions, each with its field and what holds until it is answered."""
    rows = tuple((one.field, one.question, one.until) for one in questions(offer, catalog))
    return Sheet(
        f"{name_of(offer)}: {len(rows)} questions before signing",
        (left("field"), left("question"), left("until then the planner takes")),
        rows,
        (f"The row: {offer.file}:{offer.line}. Put answers into a catalog of your own, or a quote of the scenario.",),
    )
