"""Findings: comparisons made by the audit, and the violations among them as sentences a planner can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.accounts.inputs import Floats
from planner.kinds import limits

TOLERANCE = 1e-6
WHOLE_TOLERANCE = 1e-6
TOLD_AT_MOST = 25

# Every rule of the audit, in the order in which it lists what it found; of limits those that their records name.
FAMILIES: tuple[str, ...] = tuple(
    dict.fromkeys((
        "numbers",
        "names",
        "demand",
        limits.MIN_SERVED.family,
        "unserved",
        limits.SLA.family,
        "pools",
        "capacity",
        "replicas",
        "domains",
        "survival",
        "fleet",
        "lead_time",
        "keep",
        "contracts",
        "rents",
        "providers",
        *(family for kind in limits.LIMITS.values() for family in kind.families),
        "token_api",
        "non_anticipativity",
        "totals",
    ))
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """Where a comparison was made: a name, a period's name ('' where none) and the sentence if it is violated."""

    where: str
    period: str
    sentence: str


@dataclass(frozen=True)
class Violation:
    """A limit that a plan breaks. ``relative`` is the excess over max(|limit|, Σ|terms|)."""

    family: str
    where: str
    period: str
    amount: float
    limit: float
    relative: float
    sentence: str


Tell = Callable[..., Told]


@dataclass
class Findings:
    """What the audit has compared so far.

    Amounts, limits and terms broadcast to one shape; ``tell`` gets the index of a violated entry, one integer per
    dimension. Of one comparison's violations the worst ``TOLD_AT_MOST`` are kept.
    """

    checks: int = 0
    worst: float = 0.0
    violations: list[Violation] = field(default_factory=list)

    def at_most(
        self, family: str, amount: ArrayLike, limit: ArrayLike, tell: Tell, terms: ArrayLike | None = None
    ) -> None:
        """Amount ≤ limit; infinite limits are no comparison. ``terms`` is Σ|terms|, by default |amount|."""
        amounts, limits, weight = _aligned(amount, limit, terms)
        self._compare(family, amounts, limits, np.maximum(amounts - limits, 0.0), weight, tell)

    def at_least(
        self, family: str, amount: ArrayLike, limit: ArrayLike, tell: Tell, terms: ArrayLike | None = None
    ) -> None:
        """Amount ≥ limit."""
        amounts, limits, weight = _aligned(amount, limit, terms)
        self._compare(family, amounts, limits, np.maximum(limits - amounts, 0.0), weight, tell)

    def equal(
        self, family: str, amount: ArrayLike, limit: ArrayLike, tell: Tell, terms: ArrayLike | None = None
    ) -> None:
        """Amount = limit; infinite limits are no comparison."""
        amounts, limits, weight = _aligned(amount, limit, terms)
        self._compare(family, amounts, limits, np.abs(amounts - limits), weight, tell)

    def forbidden(self, family: str, amount: ArrayLike, ruled_out: ArrayLike, tell: Tell) -> None:
        """Amount = 0 where ``ruled_out``."""
        self.at_most(family, amount, np.where(ruled_out, 0.0, np.inf), tell)

    def whole(self, family: str, amount: ArrayLike, tell: Tell) -> None:
        """Amount is a whole number."""
        values = np.asarray(amount, dtype=float)
        off = np.abs(values - np.round(values)) / np.maximum(1.0, np.abs(values))
        # Scaled so that the tolerance of whole numbers is the tolerance of everything else.
        self._record(family, values, np.round(values), off * (TOLERANCE / WHOLE_TOLERANCE), tell)

    def fault(self, family: str, where: str, sentence: str, period: str = "", amount: float = 1.0) -> None:
        """A rule that is broken outright; counts as one comparison."""
        _check_family(family)
        self.checks += 1
        self.worst = max(self.worst, 1.0)
        self.violations.append(Violation(family, where, period, amount, 0.0, 1.0, sentence))

    def _compare(
        self, family: str, amounts: Floats, limits: Floats, excess: Floats, weight: Floats, tell: Tell
    ) -> None:
        """Record the excess over max(|limit|, Σ|terms|); -1 marks what is not limited."""
        limited = ~np.isposinf(limits)
        scale = np.maximum(np.where(limited, np.abs(limits), 0.0), weight)
        relative = np.full(amounts.shape, -1.0)
        relative[limited] = 0.0
        np.divide(excess, scale, out=relative, where=limited & (excess != 0))
        self._record(family, amounts, limits, relative, tell)

    def _record(self, family: str, amounts: Floats, limits: Floats, relative: NDArray[np.float64], tell: Tell) -> None:
        """Count entries that are limited (relative ≥ 0 or NaN) and keep those above the tolerance."""
        _check_family(family)
        counted = ~(relative < 0)
        self.checks += int(counted.sum())
        if not counted.any():
            return
        measured = np.where(np.isnan(relative), np.inf, relative)
        self.worst = max(self.worst, float(measured.max()))
        broken = np.argwhere(measured > TOLERANCE)
        if not len(broken):
            return
        order = np.argsort([-measured[tuple(index)] for index in broken], kind="stable")
        for index in broken[order[:TOLD_AT_MOST]]:
            at = tuple(int(coordinate) for coordinate in index)
            told = tell(*at)
            self.violations.append(
                Violation(
                    family,
                    told.where,
                    told.period,
                    float(amounts[at]),
                    float(limits[at]),
                    float(measured[at]),
                    told.sentence,
                )
            )


def _check_family(family: str) -> None:
    if family not in FAMILIES:
        raise KeyError(f"{family!r} is no rule of the audit; a limit's rule stands in its record in planner.kinds")


def _aligned(amount: ArrayLike, limit: ArrayLike, terms: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Amounts, limits and Σ|terms| (by default |amounts|) of one shape."""
    amounts, limits = np.broadcast_arrays(np.asarray(amount, dtype=float), np.asarray(limit, dtype=float))
    weight = np.abs(amounts) if terms is None else np.asarray(terms, dtype=float)
    return amounts, limits, np.broadcast_to(weight, amounts.shape)


def figure(value: float) -> str:
    """A number as a planner writes it: four digits, thousands apart."""
    if not np.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
