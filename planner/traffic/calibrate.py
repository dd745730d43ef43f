"""The time of an engine's iteration, fitted to the requests that one has answered.

Between its first token and its last a request sees one step for each token. How long these took is the sum of
``a + b·tokens + g·cache`` over them, and who else wrote, was read and was in the cache meanwhile is known from the same
log: so every request is an equation, and all of them together are solved by least squares of relative errors.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from planner.errors import InputError
from planner.frozen import dataclass
from planner.traffic.requests import Floats

# A request that took so much longer than the steps beside it had lost its place on the way, and tells of no step.
_LOST = 1.1
_ROUNDS = 20
# Fewer do not tell three coefficients apart.
LEAST_REQUESTS = 30


@dataclass(frozen=True)
class Answered:
    """Requests and when what happened to them, (N,) each: seconds on one clock, and tokens."""

    admitted_s: Floats
    first_s: Floats
    last_s: Floats
    input_tokens: Floats
    output_tokens: Floats

    def of(self, chosen: NDArray[np.bool_]) -> Answered:
        """Those that are chosen."""
        return Answered(*(getattr(self, field.name)[chosen] for field in fields(self)))


class Fit(NamedTuple):
    """Seconds of a step, of each token in it, of each token in the cache.

    ``error`` is the median of |fitted ÷ seen − 1| over the ``requests`` that were used.
    """

    base_s: float
    token_s: float
    cached_s: float
    requests: int
    error: float


class Checked(NamedTuple):
    """The fit to all requests of a log, and the error of the fit to its first half on the ``held_out`` others.

    Of these none is left out: it is the median over all of them.
    """

    fit: Fit
    held_out: int
    held_out_error: float


def fitted(seen: Answered, replicas: int = 1, of: NDArray[np.bool_] | None = None) -> Fit:
    """The fit to the requests ``of`` a log, all where it is None; ``seen`` has to hold those beside them too.

    ``replicas`` of the engine shared the requests evenly. Raises InputError where there are too few.
    """
    asked = np.ones(len(seen.first_s), dtype=bool) if of is None else of
    many = seen.output_tokens > 1
    return _fit(_shares(seen, many, replicas), asked[many])


def checked(seen: Answered, first_half: NDArray[np.bool_], replicas: int = 1) -> Checked:
    """The fit to all of a log, and how far one to its ``first_half`` is off the rest. Raises InputError as above."""
    many = seen.output_tokens > 1
    shares, half = _shares(seen, many, replicas), first_half[many]
    whole, of_half = _fit(shares, np.ones(len(half), dtype=bool)), _fit(shares, half)
    off = np.abs(shares[~half] @ np.array(of_half[:3]) - 1)
    return Checked(whole, len(off), float(np.median(off)) if len(off) else math.nan)


def in_flight(seen: Answered, share: float) -> float:
    """Requests under way that are not exceeded for this ``share`` of the time in which there are any."""
    times = np.concatenate([seen.admitted_s, seen.last_s])
    steps = np.repeat([1, -1], len(seen.last_s))
    # Of one moment those that end go first.
    order = np.lexsort((steps, times))
    lasts, under_way = np.diff(times[order]), np.cumsum(steps[order])[:-1]
    by_count = np.bincount(under_way, weights=lasts)
    by_count[0] = 0.0
    return float(np.searchsorted(np.cumsum(by_count), share * by_count.sum() * (1 - 1e-12)))


def _shares(seen: Answered, many: NDArray[np.bool_], replicas: int) -> Floats:
    """What each request of ``many`` tokens saw, per second of the time between its first and last."""
    of = seen.of(many)
    return _equations(of, replicas) / (of.last_s - of.first_s)[:, None]


def _fit(shares: Floats, asked: NDArray[np.bool_]) -> Fit:
    if asked.sum() < LEAST_REQUESTS:
        raise InputError(f"{int(asked.sum())} requests of two tokens and more; a fit takes {LEAST_REQUESTS}")
    used = asked
    for _ in range(_ROUNDS):
        found = nnls(shares[used], np.ones(int(used.sum())))[0]
        slow = 1 / (shares @ found)
        kept = asked & (slow < _LOST * np.median(slow[asked]))
        if np.array_equal(kept, used):
            break
        used = kept
    error = float(np.median(np.abs(shares[used] @ found - 1)))
    base, token, cached = (float(value) for value in found)
    return Fit(base, token, cached, int(used.sum()), error)


def _equations(seen: Answered, replicas: int) -> Floats:
    """Steps, tokens and cached tokens times steps, between first and last token of each request, (N, 3)."""
    first, last, given = seen.first_s, seen.last_s, seen.input_tokens
    steps = seen.output_tokens - 1
    rate = steps / (last - first)
    reading_s = np.maximum(first - seen.admitted_s, 1e-9)
    rows = []
    for start, end, own, own_rate in zip(first, last, steps, rate, strict=True):
        begin, stop = np.maximum(first, start), np.minimum(last, end)
        beside_s = np.maximum(stop - begin, 0.0)
        read_s = np.maximum(np.minimum(first, end) - np.maximum(seen.admitted_s, start), 0.0)
        tokens = (beside_s * rate).sum() + (read_s / reading_s * given).sum()
        # On average while it is beside this one; each of this one's steps reads it.
        context = given + np.clip(((begin + stop) / 2 - first) * rate, 0.0, seen.output_tokens)
        cached = (context * beside_s).sum() * own_rate
        rows.append((own, tokens / replicas, cached / replicas))
    return np.array(rows)
