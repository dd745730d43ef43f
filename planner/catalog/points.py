"""What operating points cost at a speed: points of a model and shape, a price per system, the best within limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from planner.catalog.models import Catalog, Offer, ServingPoint
from planner.errors import InputError
from planner.frozen import dataclass
from planner.units import usd_per_mtok_from_gpu_hour
from planner.validation import nearest


@dataclass(frozen=True)
class Shape:
    """Nominal input and output tokens of a request, written 8192/1024."""

    input_tokens: float
    output_tokens: float

    def __str__(self) -> str:
        return f"{self.input_tokens:g}/{self.output_tokens:g}"


@dataclass(frozen=True)
class Price:
    """USD per GPU-hour of a system, and where it comes from."""

    usd_per_gpu_hour: float
    origin: str
    published: bool


@dataclass(frozen=True)
class At:
    """A rate at a speed: a point's own, or between two neighbours of its series."""

    point: ServingPoint
    slower: ServingPoint | None
    tpot_ms: float
    ttft_ms: float
    total_tok_s_per_gpu: float

    @property
    def interpolated(self) -> bool:
        """Whether it lies between two rows instead of on one."""
        return self.slower is not None

    def usd_per_mtok(self, usd_per_gpu_hour: float) -> float:
        """USD per million total tokens."""
        return usd_per_mtok_from_gpu_hour(usd_per_gpu_hour, self.total_tok_s_per_gpu)


def parse_shape(text: str) -> Shape:
    """The shape that ``8192/1024`` names. Raises InputError."""
    parts = text.split("/")
    try:
        tokens = [float(part) for part in parts]
    except ValueError:
        tokens = []
    if len(tokens) != 2 or not all(0 < number < math.inf for number in tokens):
        raise InputError(f"--shape {text}: must be input and output tokens, such as 8192/1024")
    return Shape(*tokens)


def total_tok_s(point: ServingPoint) -> float:
    """Input and output tokens per second and deployed GPU."""
    return point.input_tok_s_per_gpu + point.output_tok_s_per_gpu


def points_of(
    catalog: Catalog, model: str, shape: Shape, systems: Sequence[str] = (), precision: str | None = None
) -> list[ServingPoint]:
    """The points of a model and shape. Raises InputError for a name that the catalog does not have."""
    models = {point.model for point in catalog.serving.values()}
    if model not in models:
        raise InputError(f"{model}: no points of this model{nearest(model, models)}")
    for system in systems:
        if system not in catalog.systems:
            raise InputError(f"--system {system}: no such system{nearest(system, catalog.systems)}")
    of_model = [point for point in catalog.serving.values() if point.model == model]
    shapes = sorted({Shape(point.input_tokens_nominal, point.output_tokens_nominal) for point in of_model}, key=str)
    if shape not in shapes:
        raise InputError(f"--shape {shape}: no points of this shape; {model} has {', '.join(map(str, shapes))}")
    known = sorted({point.precision for point in of_model})
    if precision is not None and precision not in known:
        raise InputError(f"--precision {precision}: no points of it{nearest(precision, known)}")
    return [
        point
        for point in of_model
        if Shape(point.input_tokens_nominal, point.output_tokens_nominal) == shape
        and (not systems or point.system in systems)
        and precision in (None, point.precision)
    ]


def price_of(catalog: Catalog, system: str, given: Mapping[str, float]) -> Price | None:
    """The price given for a system; else its cheapest published offer, spot left out; else its cheapest estimate.

    Parts of a system are products of their own, whose price is not that of the whole.
    """
    if system in given:
        return Price(given[system], "given", True)
    offers = [offer for offer in catalog.offers.values() if offer.system == system and offer.kind != "spot"]
    offers = [offer for offer in offers if not offer.product] or offers
    published = [offer for offer in offers if offer.evidence != "estimate"]
    best = min(published or offers, key=lambda offer: (offer.usd_per_gpu_hour, offer.name), default=None)
    return None if best is None else _price(best)


def _price(offer: Offer) -> Price:
    return Price(offer.usd_per_gpu_hour, offer.name, offer.evidence != "estimate")


def best_at(
    points: Iterable[ServingPoint], tpot_ms: float, ttft_ms: float = math.inf, *, interpolate: bool = True
) -> At | None:
    """The highest total rate per GPU of points this fast; None where none is.

    ``interpolate`` adds each series at exactly ``tpot_ms``, between the two points around it.
    """
    series: dict[tuple[str, str, float], list[ServingPoint]] = {}
    for point in points:
        series.setdefault((point.system, point.series, point.replica_gpus), []).append(point)
    found = []
    for knots in series.values():
        ordered = sorted(knots, key=lambda point: (point.tpot_ms, -total_tok_s(point)))
        found += [At(point, None, point.tpot_ms, point.known_ttft_ms, total_tok_s(point)) for point in ordered]
        found += [
            _between(fast, slow, tpot_ms)
            for fast, slow in pairwise(ordered)
            if interpolate and fast.tpot_ms < tpot_ms < slow.tpot_ms
        ]
    fits = [at for at in found if at.tpot_ms <= tpot_ms and at.ttft_ms <= ttft_ms]
    return max(fits, key=lambda at: (at.total_tok_s_per_gpu, -at.point.line), default=None)


def _between(fast: ServingPoint, slow: ServingPoint, tpot_ms: float) -> At:
    """Between two neighbours of a series: the logarithm of the rate is linear in tokens/s per user."""
    users = [1 / fast.tpot_ms, 1 / slow.tpot_ms, 1 / tpot_ms]
    share = (users[0] - users[2]) / (users[0] - users[1])
    rate = math.exp((1 - share) * math.log(total_tok_s(fast)) + share * math.log(total_tok_s(slow)))
    ttft_ms = (1 - share) * fast.known_ttft_ms + share * slow.known_ttft_ms
    return At(fast, slow, tpot_ms, ttft_ms, rate)
