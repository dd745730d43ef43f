"""Net present value, internal rate of return and payback: one definition each, for cash on any dates.

Money that comes in is positive, money that goes out negative. Dates are years from the day that a rate discounts to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Rates searched, per year. Nobody lends at those beyond; near −1 a last cent years later outweighs everything.
LOWEST, HIGHEST = -0.9, 100.0
_RATES = np.concatenate([np.linspace(LOWEST, 1.0, 200), np.geomspace(1.01, HIGHEST, 60)])


def npv(years: Floats, usd: Floats, rate: float) -> float:
    """What the flows are worth in year 0 at ``rate`` per year, which has to be above −1; nothing without flows."""
    return float(usd @ np.power(1.0 + rate, -years))


def irr(years: Floats, usd: Floats) -> float | None:
    """The one rate per year at which the flows are worth nothing; None where ``root`` finds none."""
    return root(lambda rate: npv(years, usd, rate))


def root(worth: Callable[[float], float]) -> float | None:
    """The one rate within ``LOWEST`` and ``HIGHEST`` at which ``worth`` changes sign.

    None where it never does, as of flows that only come in, only go out or are none at all, and where it does so more
    than once: then no rate is the return. Worth nothing counts as worth something, so a rate that is met exactly is
    found. Two changes between neighbouring rates of the search (0.01 apart up to 1, 8 % above) are not seen.
    """
    from scipy.optimize import brentq

    gains = np.array([worth(float(rate)) >= 0 for rate in _RATES])
    changes = np.flatnonzero(gains[1:] != gains[:-1])
    if len(changes) != 1:
        return None
    first = int(changes[0])
    return float(brentq(worth, _RATES[first], _RATES[first + 1], xtol=1e-12))


def payback(years: Floats, held: Floats, *, evenly: bool) -> float | None:
    """Years until ``held``, the running sum at each of ``years`` in order, stays at or above zero for good.

    ``evenly`` where money comes evenly from one date to the next, so that the sum is back between the two; otherwise it
    comes on the dates. 0 where the sum never is below zero: nothing has to come back. None where it ends below.
    """
    below = np.flatnonzero(held < 0)
    if not len(below):
        return 0.0
    last = int(below[-1])
    if last + 1 >= len(held):
        return None
    if not evenly:
        return float(years[last + 1])
    share = -held[last] / (held[last + 1] - held[last])
    return float(years[last] + share * (years[last + 1] - years[last]))
