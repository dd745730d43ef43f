"""Scales for objectives: an engine works best where the optimum is near 10³, whatever currency the costs are in.

Powers of two keep every bit of a cost, so that the same question in another currency is the same to an engine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner import bits

# Scaled so, an optimum is between 1e3 and 2.1e3: a fixed scale has given false optima, with status optimal.
TARGET = 1024.0
# An optimum this small against coefficients of about 1 is zero with dust, and no scale is to be had from it.
ZERO = 1e-6
LEAST = 1e-12


def from_costs(cost: NDArray[np.float64]) -> float:
    """The power of two that brings the largest of ``cost`` near one."""
    return 1 / bits.power_of_two(max(float(np.abs(cost).max(initial=0.0)), LEAST))


def from_optimum(optimum: float) -> float:
    """The power of two that brings ``optimum`` to ``TARGET`` and less than twice that; 1 where it is zero with dust."""
    size = abs(optimum)
    return TARGET / bits.power_of_two(size) if size >= ZERO else 1.0
