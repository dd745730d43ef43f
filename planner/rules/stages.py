"""Replicas that read input and write output on GPUs of their own: how they are split, and what each part takes.

The split is that of the measured point. Where lengths change, one part may have to wait for the other, and the replica
is as fast as the slower one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from planner.catalog.models import ServingPoint

# As series name it, `p2x4ep4-d1x16ep16`: workers of a part, and the GPUs of one by how it is parallel.
_PART = re.compile(r"(?:^|-)([pd])(\d+)x(\d+)((?:(?:pp|dp|ep)\d+)*)(?=-|$)")
_COPIES = re.compile(r"(pp|dp)(\d+)")
# Which of them spread attention over requests, `dpattn-d`; both where it is not said.
_SPREAD = re.compile(r"-dpattn(?:-(p|d|pd))?(?=-|$)")


class Workers(NamedTuple):
    """Equal workers of a part of a replica, and whether attention is data-parallel on them."""

    number: int
    gpus_each: int
    spread: bool

    @property
    def gpus(self) -> int:
        """GPUs of all of them."""
        return self.number * self.gpus_each


class Split(NamedTuple):
    """The GPUs of a replica that read input, and those that write output."""

    prefill: Workers
    decode: Workers


def split_of(point: ServingPoint) -> Split | None:
    """How the series of a disaggregated point says that its GPUs are split; None where it does not, or otherwise."""
    return _split(point.series, point.gpus_per_replica) if point.mode == "disagg" else None


@lru_cache(maxsize=4096)
def _split(series: str, gpus: int) -> Split | None:
    spread = _SPREAD.search(series)
    over = "" if spread is None else spread[1] or "pd"
    found = {part[1]: _workers(part, over) for part in _PART.finditer(series)}
    if found.keys() != {"p", "d"}:
        return None
    split = Split(found["p"], found["d"])
    return split if split.prefill.gpus + split.decode.gpus == gpus else None


def _workers(part: re.Match[str], over: str) -> Workers:
    gpus, spread = int(part[3]), part[1] in over
    for kind, size in _COPIES.findall(part[4]):
        # Data-parallel attention shares out the GPUs of a worker, whole copies add to them.
        gpus *= 1 if kind == "dp" and spread else int(size)
    return Workers(int(part[2]), gpus, spread)
