"""Requests in the order in which they come, a block of rows at a time, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Rows that are worked on at once.
BLOCK = 16_384
# The session of a request that belongs to none.
ALONE = -1


@dataclass(frozen=True)
class Requests:
    """Rows of requests, (N,) each: seconds from the trace's first, tokens, the session's number, tokens in a cache."""

    time_s: Floats
    input_tokens: Floats
    output_tokens: Floats
    session: Integers
    cached_tokens: Floats

    def __len__(self) -> int:
        return len(self.time_s)

    def where(self, chosen: NDArray[np.bool_]) -> Requests:
        """The rows that are chosen."""
        return Requests(*(getattr(self, name)[chosen] for name in FIELDS))

    def at(self, time_s: Floats) -> Requests:
        """The same requests at other times."""
        return replace(self, time_s=time_s)


FIELDS = ("time_s", "input_tokens", "output_tokens", "session", "cached_tokens")


def requests_of(time_s: Floats, input_tokens: Floats, output_tokens: Floats) -> Requests:
    """Requests of no session, with nothing in a cache."""
    count = len(time_s)
    return Requests(time_s, input_tokens, output_tokens, np.full(count, ALONE, dtype=np.int64), np.zeros(count))


class Source(Protocol):
    """Requests that can be gone through as often as one likes, the same each time."""

    def blocks(self) -> Iterator[Requests]:
        """The requests from the first on, in order of time."""


@dataclass(frozen=True)
class Held:
    """Requests held in memory."""

    requests: Requests

    def blocks(self) -> Iterator[Requests]:
        """The requests, a block at a time."""
        for start in range(0, len(self.requests), BLOCK):
            yield Requests(*(getattr(self.requests, name)[start : start + BLOCK] for name in FIELDS))


@dataclass(frozen=True)
class Thinned:
    """Those of ``source`` that a pool gets which has a ``share`` of all, drawn one by one, a session as a whole.

    ``first`` is where its share begins in the unit interval: pools side by side there share no request.
    """

    source: Source
    first: float
    share: float
    seed: int

    def blocks(self) -> Iterator[Requests]:
        """The requests that are drawn."""
        generator = np.random.Generator(np.random.PCG64(self.seed))
        for block in self.source.blocks():
            drawn = generator.random(len(block))
            of_session = block.session != ALONE
            if of_session.any():
                drawn = np.where(of_session, _unit(block.session, self.seed), drawn)
            chosen = (drawn >= self.first) & (drawn < self.first + self.share)
            if chosen.any():
                yield block.where(chosen)


def _unit(numbers: Integers, seed: int) -> Floats:
    """A number of the unit interval for each session, the same wherever the session comes again (splitmix64)."""
    mixed = numbers.astype(np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


def joined(blocks: Sequence[Requests]) -> Requests:
    """Blocks as one."""
    return Requests(*(np.concatenate([getattr(block, name) for block in blocks]) for name in FIELDS))
