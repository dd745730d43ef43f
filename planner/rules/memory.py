"""Memory: how much of a replica's GPUs the weights take, and the keys and values of the requests in flight."""

from __future__ import annotations

from planner.catalog.models import ModelSize, ServingPoint, System
from planner.catalog.physics import BYTES
from planner.catalog.precedence import DATA_PARALLEL, layout
from planner.rules.attention import cache_bytes, state_bytes, window_bytes
from planner.rules.roofline import BYTES_PER_GB, PARAMS_PER_BILLION
from planner.rules.stages import split_of
from planner.rules.work import Lengths

# Of HBM, for weights and caches; the rest is for activations, graphs and what an engine keeps free.
USABLE_SHARE = 0.9
# Four-bit weights as they are published: with their scales, and with the layers that are kept in 8 or 16 bits.
FOUR_BITS = 0.6


def fits(point: ServingPoint, size: ModelSize, system: System, lengths: Lengths) -> bool:
    """Whether a replica holds the weights and as many requests of ``lengths`` as ``point`` has in flight.

    Where its parts are apart, whether each of their workers holds its own.
    """
    usable = USABLE_SHARE * system.memory_gb_per_gpu
    split = split_of(point)
    if split is None:
        return needed_gb(point, size, lengths) <= usable * point.replica_gpus
    parts = ((split.prefill, 1.0, (lengths[0], 0.0)), (split.decode, point.concurrency / split.decode.number, lengths))
    return all(
        worker_gb(point, size, at, requests, _copies(workers.gpus_each, size, workers.spread))
        <= usable * workers.gpus_each
        for workers, requests, at in parts
    )


def needed_gb(point: ServingPoint, size: ModelSize, lengths: Lengths) -> float:
    """GB of the replica's weights and of the caches of its requests, output half written."""
    return worker_gb(point, size, lengths, point.concurrency, copies(point, size))


def worker_gb(point: ServingPoint, size: ModelSize, lengths: Lengths, requests: float, kept: float) -> float:
    """GB of weights and of so many requests, whose caches are ``kept`` several times."""
    weights = size.total_params_billion * PARAMS_PER_BILLION * _weight_bytes(point)
    # States belong to heads of which there are more than GPUs: nobody keeps a copy.
    each = kept * request_bytes(point, size, lengths) + state_bytes(size)
    return (weights + requests * each) / BYTES_PER_GB


def request_bytes(point: ServingPoint, size: ModelSize, lengths: Lengths) -> float:
    """Bytes of one cache of a request; a layer with a window keeps no more than that."""
    given, made = lengths
    return cache_bytes(point, size) * (given + made / 2) + window_bytes(point, size, given + made)


def copies(point: ServingPoint, size: ModelSize) -> float:
    """GPUs that keep one and the same cache: those of a worker beyond the heads that they share among them.

    A latent has no heads to share; with data-parallel attention every request is on one GPU alone.
    """
    return _copies(point.largest_worker_gpus, size, DATA_PARALLEL in layout(point))


def _copies(gpus: int, size: ModelSize, spread: bool) -> float:
    assert size.kv_heads is not None
    return 1.0 if spread else max(1.0, gpus / size.kv_heads)


def _weight_bytes(point: ServingPoint) -> float:
    least = BYTES[point.precision]
    return FOUR_BITS if least < FOUR_BITS else least
