"""How busy windows of time are: rates from the busiest down, cut where load blocks have their shares of the hours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.units import HOURS_PER_DAY

Floats = NDArray[np.float64]

# Of more windows than these, so many equal parts of the time stand for all: each block share of 0.5 % is cut exactly.
MOST_PARTS = 200
HOURS_PER_WEEK = 7 * HOURS_PER_DAY
# Hours that a day or a week may lack: by night the last request comes a while before its end.
SHORT = 0.1


@dataclass(frozen=True)
class Recorded:
    """What a record of traffic says of demand: the mean rate, mean tokens where single requests are known, and how
    uneven it is.

    ``hours`` count; what was recorded beyond whole weeks, or whole days, is left out. ``levels`` are rates over the
    mean in equal parts of these hours, the busiest first; none where it was less than a day.
    """

    requests_per_s: float
    hours: float
    levels: tuple[float, ...]
    input_tokens: float | None = None
    output_tokens: float | None = None


def whole(hours: float) -> float:
    """Of so many recorded hours those that count: whole weeks, of less than one whole days, of less than that all.

    Otherwise the hours that come twice would weigh twice.

    >>> whole(25.0), whole(200.0), whole(167.99), whole(3.5)
    (24.0, 168.0, 168.0, 3.5)
    """
    for unit in (HOURS_PER_WEEK, HOURS_PER_DAY):
        if hours + SHORT >= unit:
            return unit * ((hours + SHORT) // unit)
    return hours


def busiest_first(rates: Floats, weights: Floats) -> tuple[float, ...]:
    """Rates over their mean in equal parts of the time, the busiest first, of windows (N,) that last ``weights``."""
    order = np.argsort(-rates, kind="stable")
    time = np.concatenate(([0.0], np.cumsum(weights[order])))
    came = np.concatenate(([0.0], np.cumsum((rates * weights)[order])))
    parts = min(len(rates), MOST_PARTS)
    edges = np.arange(parts + 1) / parts
    return tuple((np.diff(np.interp(edges, time / time[-1], came / came[-1])) * parts).tolist())


def cut(levels: Sequence[float], shares: Sequence[float]) -> Floats:
    """The level of each block, (B,): the mean over its share of the time, the first block's the busiest.

    The mean over all blocks is 1. A block without a share has the level that its neighbours meet at.

    >>> cut([2.0, 1.0, 0.5, 0.5], [0.25, 0.25, 0.5]).tolist(), cut([1.5, 0.5], [0.75, 0.25]).round(3).tolist()
    ([2.0, 1.0, 0.5], [1.167, 0.5])
    """
    parts = len(levels)
    came = np.concatenate(([0.0], np.cumsum(levels))) / np.sum(levels)
    edges = np.minimum(np.concatenate(([0.0], np.cumsum(shares))), 1.0)
    share = np.diff(edges)
    found = np.diff(np.interp(edges, np.arange(parts + 1) / parts, came))
    meeting = np.array(levels)[np.minimum((edges[:-1] * parts).astype(int), parts - 1)]
    level: Floats = np.where(share > 0, found / np.where(share > 0, share, 1.0), meeting)
    return level
