"""Sums and powers with the same bits on every processor.

BLAS picks its kernel by the processor, NumPy its powers and exponentials by the vector units it finds, and their last
bits differ. Plans that cost nearly the same are many, so a last bit decides which of them an engine comes upon.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def dot(values: Floats, weights: Floats) -> Floats:
    """Σ values·weights over the last axis, in an order that is always the same."""
    return np.asarray((values * weights).sum(axis=-1))


def power(base: float, exponents: Any) -> Floats:
    """``base`` to each of ``exponents``: rounded from a wider number, whose own last bits are lost in that."""
    return _narrow(np.power(np.longdouble(base), _wide(exponents)))


def exp(values: Any) -> Floats:
    """e to each of ``values``, rounded from a wider number."""
    return _narrow(np.exp(_wide(values)))


def log(values: Any) -> Floats:
    """The natural logarithm of each of ``values``, rounded from a wider number."""
    return _narrow(np.log(_wide(values)))


def power_of_two(value: float) -> float:
    """The largest power of two that is no larger than ``value``, which is above 0: to scale by it costs no bit."""
    return float(np.ldexp(1.0, int(np.frexp(value)[1]) - 1))


def _wide(values: Any) -> NDArray[np.longdouble]:
    return np.asarray(values, dtype=np.longdouble)


def _narrow(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
