"""Which row holds where one configuration was benchmarked twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from planner.catalog.models import ServingPoint
from planner.kinds.evidence import ORDER

# The parts of a series' name that say how its GPUs are laid out, p1x4, d4x8ep8, tp8, dpattn, or how a knob is set,
# ctx_tokens=4096.
_LAYOUT = re.compile(r"(?:^|-)((?:p\d+x|d\d+x|tp\d|ep\d|pp\d|dp)[a-z0-9]*|[A-Za-z_.]+=[^-]*)")

# Every GPU then keeps the cache of its own requests alone.
DATA_PARALLEL = "dpattn"

Points = dict[tuple[str, ...], ServingPoint]


def configuration(point: ServingPoint) -> tuple[object, ...]:
    """What two rows share that state the same thing: all that decides the figures but the engine's version."""
    return (
        point.model,
        point.system,
        point.engine,
        point.precision,
        point.mode,
        point.spec_decode,
        point.gpus_per_replica,
        point.largest_worker_gpus,
        point.replicas_per_gpu,
        point.input_tokens_nominal,
        point.output_tokens_nominal,
        point.concurrency,
        tuple(sorted(point.requires)),
        layout(point),
    )


def layout(point: ServingPoint) -> tuple[str, ...]:
    """How its series says that its GPUs are laid out."""
    return tuple(_LAYOUT.findall(point.series))


def rank(point: ServingPoint) -> tuple[int, int]:
    """What comes first of one configuration: better evidence, then the newer row."""
    return ORDER.index(point.evidence), -point.as_of.toordinal()


def in_force(points: Mapping[tuple[str, ...], ServingPoint]) -> tuple[Points, Points]:
    """``points`` by key, split into those that hold and those that another row of the same configuration supersedes.

    Better evidence holds, then the newer row; rows of equal evidence and day all hold, as do different configurations:
    they compete under their trust.
    """

    kept: set[tuple[str, ...]] = set()
    ranked = sorted(points.items(), key=lambda item: (repr(configuration(item[1])), rank(item[1])))
    for _, same in groupby(ranked, key=lambda item: configuration(item[1])):
        rows = list(same)
        kept.update(key for key, point in rows if rank(point) == rank(rows[0][1]))
    held = {key: point for key, point in points.items() if key in kept}
    return held, {key: point for key, point in points.items() if key not in kept}
