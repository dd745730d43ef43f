"""The work model: what a request of any length costs one configuration, from the shapes that were measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.frozen import dataclass

Lengths = tuple[float, float]

# Two mean lengths within this share of each other are one: the rule by which a point may serve a workload.
SHAPE_TOLERANCE = 0.10
# Relative: benchmarks that draw 80–100 % of a nominal length serve exactly 90 % of it.
ROUNDING = 1e-9
# Of lengths relative to the longest: shapes closer to one line than this lie on it.
RANK = 0.01
# Sums of squared relative errors closer than this are the same: rounding, not data.
SAME_FIT = 1e-20
# Columns of length 1 of which one is this near to a combination of the others do not tell their coefficients apart.
DEPENDENT = 1e-10
# Coefficients that may be above zero together. Of fits that are equally good the first one is taken: where the shapes
# cannot tell a fixed cost from output, it counts as output, and input costs nothing that they do not show.
ACTIVE = ((0, 1, 2), (0, 1), (1, 2), (0, 2), (1,), (0,), (2,))


@dataclass(frozen=True)
class Work:
    """GPU-seconds of a request = ``per_input`` × input + ``per_output`` × output tokens + ``fixed``; none negative.

    ``shapes`` are the mean (input, output) tokens that it was fitted on, ``errors`` fitted ÷ measured − 1 at each.
    """

    per_input: float
    per_output: float
    fixed: float
    shapes: tuple[Lengths, ...]
    errors: tuple[float, ...]

    def gpu_seconds(self, input_tokens: float, output_tokens: float) -> float:
        """The work of one request, never less for more tokens."""
        return self.per_input * input_tokens + self.per_output * output_tokens + self.fixed

    @property
    def worst_error(self) -> float:
        """The largest relative error at a measured shape; 0 but for rounding where the shapes determine the fit."""
        return max(map(abs, self.errors))

    @property
    def margin(self) -> float:
        """The factor, at least 1, with which the fit claims no measured shape to take less than was measured."""
        return max(1.0, max(1 / (1 + error) for error in self.errors))

    def claimed_gpu_seconds(self, input_tokens: float, output_tokens: float) -> float:
        """The work of one request, margin included: what a plan counts on."""
        return self.gpu_seconds(input_tokens, output_tokens) * self.margin

    @property
    def tells_input(self) -> bool:
        """Whether the shapes tell input from output and from what every request takes: three or more, in a triangle."""
        apart = [max(lengths) > (1 + SHAPE_TOLERANCE) * min(lengths) for lengths in zip(*self.shapes, strict=True)]
        corners = np.column_stack([np.asarray(self.shapes), np.ones(len(self.shapes))])
        return all(apart) and bool(np.linalg.matrix_rank(corners / corners.max(axis=0), tol=RANK) == 3)

    def saved_by_hits(self, shape: Lengths, hit_share: float, gpu_seconds: float) -> float:
        """GPU-seconds that a request of ``gpu_seconds`` is spared where ``hit_share`` of its input is in the cache.

        The input's part of the fit, cut by the fit's worst error, and no more of ``gpu_seconds`` than of the fit.
        """
        if not self.tells_input:
            return 0.0
        prefill = self.per_input * shape[0]
        prefill = min(prefill, prefill / self.gpu_seconds(*shape) * gpu_seconds)
        return hit_share * prefill * max(0.0, 1 - self.worst_error)


def fit_work(shapes: Sequence[Lengths], gpu_seconds: Sequence[float]) -> Work:
    """The non-negative least-squares fit of the work of each shape, in relative errors, so that all count alike.

    Exact: the best of the unconstrained fits of every set of coefficients that come out non-negative.
    """
    measured = np.asarray(gpu_seconds, dtype=float)
    lengths = np.asarray(shapes, dtype=float).reshape(-1, 2)
    relative = np.column_stack([lengths, np.ones(len(measured))]) / measured[:, None]
    best, best_miss = np.zeros(3), np.inf
    for active in ACTIVE:
        found = least_squares(relative, active, np.ones(len(measured)))
        if found is None:
            continue
        miss = float(((bits.dot(relative, found) - 1) ** 2).sum())
        if miss < best_miss - SAME_FIT:
            best, best_miss = found, miss
        if best_miss < SAME_FIT or len(active) == len(best):
            break
    return Work(
        float(best[0]),
        float(best[1]),
        float(best[2]),
        tuple((float(i), float(o)) for i, o in lengths),
        tuple(float(error) for error in bits.dot(relative, best) - 1),
    )


def least_squares(
    columns: NDArray[np.float64], active: tuple[int, ...], wanted: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """The coefficients of ``columns`` that come nearest to ``wanted``, those not ``active`` 0.

    None where the columns leave them open or make one negative.
    """
    chosen = columns[:, active]
    scale = np.sqrt((chosen**2).sum(axis=0))
    found = _solved(chosen / scale, wanted)
    if found is None or (found < 0).any():
        return None
    coefficients = np.zeros(columns.shape[1])
    coefficients[list(active)] = found / scale
    return coefficients


def _solved(columns: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The combination of ``columns``, each of length 1, that is nearest to ``wanted``; None where the columns depend.

    By Gram and Schmidt, in an order of its own: LAPACK's last bits differ from processor to processor.
    """
    count = columns.shape[1]
    upper, left = np.zeros((count, count + 1)), np.column_stack([columns, wanted])
    for index in range(count):
        length = float(np.sqrt((left[:, index] ** 2).sum()))
        if length < DEPENDENT:
            return None
        unit = left[:, index] / length
        upper[index, index] = length
        for other in range(index + 1, count + 1):
            upper[index, other] = (unit * left[:, other]).sum()
            left[:, other] -= upper[index, other] * unit
    found = np.zeros(count)
    for index in reversed(range(count)):
        known = (upper[index, index + 1 : count] * found[index + 1 :]).sum()
        found[index] = (upper[index, count] - known) / upper[index, index]
    return found


def near(shape: Lengths, wanted: Lengths) -> bool:
    """Whether both mean lengths are within 10 % of those wanted, 10 % itself allowed."""
    return not any(off_length(mean, tokens) for mean, tokens in zip(shape, wanted, strict=True))


def off_length(mean: float, wanted: float) -> bool:
    """Whether a mean length in tokens is more than 10 % off the one wanted."""
    return abs(mean - wanted) > SHAPE_TOLERANCE * wanted * (1 + ROUNDING)


def apart(shape: Lengths, wanted: Lengths) -> float:
    """How far two shapes are from each other, in factors: 0 where they are one."""
    return sum(abs(math.log(mean / tokens)) for mean, tokens in zip(shape, wanted, strict=True))


def covered(shapes: Sequence[Lengths], wanted: Lengths) -> bool:
    """Whether lengths within 10 % of those ``wanted`` lie between ``shapes``: in their convex hull.

    Two convex sets are apart just where one of their edges' normals keeps them apart.
    """
    hull = corners(shapes)
    points = np.asarray(hull, dtype=float)
    reach = SHAPE_TOLERANCE * (1 + ROUNDING)
    box = np.array([[wanted[0] * (1 + x), wanted[1] * (1 + y)] for x in (-reach, reach) for y in (-reach, reach)])
    normals = [(1.0, 0.0), (0.0, 1.0)]
    normals += [(q[1] - p[1], p[0] - q[0]) for p, q in pairwise([*hull, hull[0]])]
    for normal in normals:
        ours, theirs = points @ normal, box @ normal
        if ours.max() < theirs.min() or theirs.max() < ours.min():
            return False
    return True


def corners(shapes: Iterable[Lengths]) -> list[Lengths]:
    """The corners of the convex hull of ``shapes``, one after the other around it."""
    ordered = sorted(set(shapes))
    if len(ordered) < 3:
        return ordered

    def side(path: Iterable[Lengths]) -> list[Lengths]:
        found: list[Lengths] = []
        for shape in path:
            while len(found) > 1 and _turn(found[-2], found[-1], shape) <= 0:
                found.pop()
            found.append(shape)
        return found[:-1]

    return side(ordered) + side(reversed(ordered))


def _turn(start: Lengths, middle: Lengths, end: Lengths) -> float:
    """Above 0 where the way from ``start`` by ``middle`` to ``end`` turns left, 0 where it is straight."""
    (x, y), (then, up) = start, middle
    return (then - x) * (end[1] - y) - (up - y) * (end[0] - x)
