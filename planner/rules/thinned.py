"""Which of very many measured points a configuration is fitted on: a bounded number, however long its benchmarks are.

Fits on every pair and triple of shapes at every pair of latencies would be work with a high power of their number.
Below the bounds, where every shipped configuration is by far, all points are looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from planner import bits
from planner.rules.rates import foremost
from planner.rules.work import SHAPE_TOLERANCE, Lengths, apart, corners, covered

# Shapes that are each looked at by itself. Of more, those near each other count as one, and few of them are taken.
MOST_SHAPES = 8
# Points of one shape: none of them is slower and takes more work than another. Shipped ones have twelve at most.
MOST_POINTS = 16


class Entry(NamedTuple):
    """A point by its position in the group."""

    gpu_seconds: float
    position: int
    shape: Lengths
    ttft_ms: float
    tpot_ms: float


def thinned(entries: Iterable[Entry], wanted: Lengths) -> dict[Lengths, list[Entry]]:
    """Those of ``entries`` that are looked at for lengths ``wanted``, by what counts as one shape.

    That choice rests on no target, so that a looser one never takes a point away.
    """
    listed = sorted(entries)
    kinds = one_shape([entry.shape for entry in listed], wanted)
    found: dict[Lengths, list[Entry]] = defaultdict(list)
    for entry in listed:
        if entry.shape in kinds:
            found[kinds[entry.shape]].append(entry)
    return {kind: _few(own) for kind, own in sorted(found.items())}


def one_shape(shapes: Sequence[Lengths], wanted: Lengths) -> dict[Lengths, Lengths]:
    """The shapes that are looked at, and what each counts as: itself, where there are few.

    Of many: three of the hull's corners that have ``wanted`` between them, if any have; and of shapes within 10 % of
    each other, those nearest to it with shorter and longer input, shorter and longer output.
    """
    distinct = sorted(set(shapes))
    if len(distinct) <= MOST_SHAPES:
        return {shape: shape for shape in distinct}
    around = {shape: shape for shape in _around(distinct, wanted)}
    cells: dict[tuple[int, ...], list[Lengths]] = defaultdict(list)
    for shape in distinct:
        if shape not in around:
            steps = np.floor(bits.log(shape) / bits.log(1 + SHAPE_TOLERANCE))
            cells[tuple(int(step) for step in steps)].append(shape)
    nearest: dict[tuple[bool, bool], list[Lengths]] = {}
    for cell in sorted(cells.values(), key=lambda cell: (apart(cell[0], wanted), cell[0])):
        side = cell[0][0] >= wanted[0], cell[0][1] >= wanted[1]
        nearest.setdefault(side, cell)
    return around | {shape: cell[0] for cell in nearest.values() for shape in cell}


def _around(shapes: Sequence[Lengths], wanted: Lengths) -> tuple[Lengths, ...]:
    """Corners of the hull of ``shapes`` that have ``wanted`` between them: three, or fewer where that does."""
    first, *others = corners(shapes)
    triangles: list[tuple[Lengths, ...]] = [(first, *pair) for pair in pairwise(others)] or [(first, *others)]
    return next((triangle for triangle in triangles if covered(triangle, wanted)), ())


def _few(entries: Sequence[Entry]) -> list[Entry]:
    """Those of one shape that some pair of latencies may choose, and of very many some, evenly from fast to slow."""
    # They come in the order in which they are chosen: by work, then by position.
    chosen = foremost([(order, entry.ttft_ms, entry.tpot_ms) for order, entry in enumerate(entries)])
    if len(chosen) > MOST_POINTS:
        steps = len(chosen) - 1
        chosen = [chosen[at * steps // (MOST_POINTS - 1)] for at in range(MOST_POINTS)]
    return [entries[at] for at in chosen]
