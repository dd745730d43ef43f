"""A trace brought to a rate: its time stretched, or independent copies of it laid over each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from planner.frozen import dataclass
from planner.traffic.requests import BLOCK, FIELDS, Requests, Source, joined


@dataclass(frozen=True)
class Stretched:
    """The requests of ``source`` with all times multiplied by ``factor``: below 1, bursts grow with the volume."""

    source: Source
    factor: float

    def blocks(self) -> Iterator[Requests]:
        """The requests at their new times."""
        return (block.at(block.time_s * self.factor) for block in self.source.blocks())


@dataclass(frozen=True)
class Lengthened:
    """The requests of ``source`` with their tokens multiplied, to whole ones and at least one."""

    source: Source
    input_factor: float
    output_factor: float

    def blocks(self) -> Iterator[Requests]:
        """The requests with their new lengths; what was in a cache stays the same share of the input."""
        for block in self.source.blocks():
            given = np.maximum(np.rint(block.input_tokens * self.input_factor), 1.0)
            written = np.maximum(np.rint(block.output_tokens * self.output_factor), 1.0)
            cached = block.cached_tokens * (given / block.input_tokens)
            yield replace(block, input_tokens=given, output_tokens=written, cached_tokens=cached)


@dataclass(frozen=True)
class Uncached:
    """The requests of ``source`` with nothing in a cache."""

    source: Source

    def blocks(self) -> Iterator[Requests]:
        """The requests, all of whose input is read."""
        return (replace(block, cached_tokens=np.zeros(len(block))) for block in self.source.blocks())


@dataclass(frozen=True)
class Again:
    """``source``, of so many seconds, over and over, until ``count`` requests have come."""

    source: Source
    span_s: float
    count: int

    def blocks(self) -> Iterator[Requests]:
        """The requests of each round after those of the one before; a session of another round is another one."""
        left, start = self.count, 0.0
        while left > 0:
            for block in self.source.blocks():
                taken = block.where(np.arange(len(block)) < left)
                yield taken.at(taken.time_s + start)
                left -= len(taken)
                if left <= 0:
                    return
            start += self.span_s


@dataclass(frozen=True)
class Superposed:
    """``copies`` of ``requests``, all before ``span_s``, each begun at a moment of its own and gone round at the end.

    Bursts of one meet calm of another. All of them are held in memory once; sessions of copies are not the same.
    """

    requests: Requests
    span_s: float
    copies: int
    seed: int

    def blocks(self) -> Iterator[Requests]:
        """The requests of all copies, in order of time."""
        starts = np.random.Generator(np.random.PCG64(self.seed)).random(self.copies) * self.span_s
        slices = 1 + len(self.requests) * self.copies // BLOCK
        edges = np.linspace(0.0, self.span_s, slices + 1)
        most = int(self.requests.session.max(initial=-1)) + 1
        for low, high in pairwise(edges.tolist()):
            parts = [part for at, begun in enumerate(starts) for part in self._between(low, high, begun, at * most)]
            if parts:
                block = joined(parts)
                order = np.argsort(block.time_s, kind="stable")
                yield Requests(*(getattr(block, name)[order] for name in FIELDS))

    def _between(self, low: float, high: float, begun: float, sessions: int) -> Iterator[Requests]:
        """What a copy begun at ``begun`` of the trace brings from ``low`` to ``high``."""
        times = self.requests.time_s
        for shift in (-begun, self.span_s - begun):
            first = int(np.searchsorted(times, low - shift, side="left"))
            after = int(np.searchsorted(times, high - shift, side="left"))
            if after > first:
                part = Requests(*(getattr(self.requests, name)[first:after] for name in FIELDS))
                session = np.where(part.session < 0, part.session, part.session + sessions)
                yield Requests(part.time_s + shift, part.input_tokens, part.output_tokens, session, part.cached_tokens)
