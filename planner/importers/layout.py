"""How a replica lies on its GPUs: the whole mapping, by which benchmarks tell configurations apart."""

from __future__ import annotations

from typing import NamedTuple

from planner.catalog.row import MOST
from planner.importers.record import Record


class Workers(NamedTuple):
    """Equal workers: tensor, pipeline, data and expert parallelism of each, and whether attention is data-parallel.

    ``dp`` counts whole copies, except under data-parallel attention, which shares out the GPUs of ``tp``.
    """

    tp: int
    pp: int = 1
    dp: int = 1
    ep: int = 1
    attention_dp: bool = False
    replicas: int = 1

    @property
    def gpus(self) -> int:
        """GPUs of all of them."""
        return self.replicas * self.tp * self.pp * (1 if self.attention_dp else self.dp)

    @property
    def widest(self) -> int:
        """GPUs of the largest tensor- or expert-parallel group."""
        return min(max(self.tp, self.ep), self.gpus)

    @property
    def name(self) -> str:
        """As names of series have it: ``4ep4`` of a worker, without what is 1."""
        parts = (("pp", self.pp), ("dp", self.dp), ("ep", self.ep))
        return f"{self.tp}" + "".join(f"{part}{size}" for part, size in parts if size > 1)


def one_kind(workers: Workers) -> str:
    """The name of a replica whose workers do both: ``tp8ep8-dpattn``."""
    return f"tp{workers.name}" + ("-dpattn" if workers.attention_dp else "")


def two_kinds(prefill: Workers, decode: Workers) -> str:
    """The name of a replica that prefills and decodes apart: ``p2x4ep4-d1x16ep16-dpattn-pd``."""
    stages = ("p" if prefill.attention_dp else "") + ("d" if decode.attention_dp else "")
    name = f"p{prefill.replicas}x{prefill.name}-d{decode.replicas}x{decode.name}"
    return f"{name}-dpattn-{stages}" if stages else name


def size(record: Record, *keys: str) -> int:
    """The first of the sizes that is there, 1 where none is. Raises InputError for what is no whole number above 0."""
    for key in keys:
        if key in record:
            value = record.number(key)
            if value > MOST or value != int(value):
                raise record.refusal(key, f"{value:g} is no number of GPUs")
            return int(value)
    return 1


def flag(record: Record, key: str) -> bool:
    """Whether a key says true, which some files write as text."""
    return str(record.values.get(key)).lower() == "true"
