"""A trace by its hours, counted from the first request: how busy each is, and the requests of those as busy as a block.

A load shape has the variation from hour to hour of demand. A trace that goes through more than a day has it too, so
that a block is simulated with the hours that belong to it: what is left varies within the block.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.traffic.requests import Requests, Source, joined
from planner.traffic.windows import SHORT, Floats, Recorded, busiest_first, whole
from planner.units import HOURS_PER_DAY, SECONDS_PER_HOUR


@dataclass(frozen=True)
class Hours:
    """The hours of a trace that count, (H,) each: requests, their tokens, seconds; the last may have fewer of these."""

    requests: Floats
    input_tokens: Floats
    output_tokens: Floats
    seconds: Floats

    @property
    def is_shape(self) -> bool:
        """Whether they make a day, so that they say how demand varies over one."""
        return float(self.seconds.sum()) / SECONDS_PER_HOUR + SHORT >= HOURS_PER_DAY

    def recorded(self) -> Recorded:
        """What they say of demand."""
        requests, seconds = float(self.requests.sum()), float(self.seconds.sum())
        levels = busiest_first(self.requests / self.seconds, self.seconds) if self.is_shape else ()
        given, written = (float(tokens.sum()) / requests for tokens in (self.input_tokens, self.output_tokens))
        hours = float(len(self.seconds)) if self.is_shape else seconds / SECONDS_PER_HOUR
        return Recorded(requests / seconds, hours, levels, given, written)

    def ranked(self, first: float, after: float) -> NDArray[np.int64]:
        """The hours from one share of all to another when the busiest comes first, in order of time.

        Hours that belong there in part are among them.
        """
        order = np.argsort(-self.requests / self.seconds, kind="stable")
        count = len(order)
        # A share such as 0.3 of 10 hours ends after three of them, whatever its last digit.
        low, high = math.floor(first * count + 1e-9), math.ceil(after * count - 1e-9)
        low = min(low, count - 1)
        return np.sort(order[low : max(high, low + 1)])


def hours_of(source: Source) -> Hours:
    """The hours of requests, which go on for a mean gap after the last of them; goes through them once."""
    found, last = np.zeros((3, 0)), 0.0
    for block in source.blocks():
        hour, last = (block.time_s / SECONDS_PER_HOUR).astype(np.int64), float(block.time_s[-1])
        found = np.pad(found, ((0, 0), (0, int(hour[-1]) + 1 - found.shape[1])))
        for row, weights in zip(found, (None, block.input_tokens, block.output_tokens), strict=True):
            row += np.bincount(hour, weights, minlength=len(row))
    requests = float(found[0].sum())
    span_s = last * requests / max(requests - 1, 1)
    if span_s <= 0:
        raise ValueError("a trace has at least two requests that do not come at once")
    # Where the last gap leads into another hour by less than a minute, that one is not begun.
    count = max(1, math.ceil(span_s / SECONDS_PER_HOUR - 1 / 60), found.shape[1])
    found = np.pad(found, ((0, 0), (0, count - found.shape[1])))
    lasts = np.full(count, SECONDS_PER_HOUR)
    lasts[-1] = span_s - (count - 1) * SECONDS_PER_HOUR
    kept = min(count, math.ceil(whole(span_s / SECONDS_PER_HOUR)))
    return Hours(*(column[:kept] for column in (*found, lasts)))


def of_hours(source: Source, chosen: NDArray[np.int64]) -> Requests:
    """The requests of the hours that are ``chosen``, one hour after another."""
    place = {int(hour): index for index, hour in enumerate(chosen)}
    return joined([*_moved(source, place)])


def _moved(source: Source, place: dict[int, int]) -> Iterator[Requests]:
    for block in source.blocks():
        hour = (block.time_s / SECONDS_PER_HOUR).astype(np.int64)
        to = np.array([place.get(one, -1) for one in range(int(hour[-1]) + 1)])[hour]
        part = block.where(to >= 0)
        yield replace(part, time_s=part.time_s + (to - hour)[to >= 0] * SECONDS_PER_HOUR)
