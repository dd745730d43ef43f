"""What was proven of a plan, by whom, and what it took."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from planner.solvers.answer import Leg


@dataclass(frozen=True)
class Proof:
    """``value`` is the audited plan's objective, ``bound`` a limit that no plan can beat, both in ``unit``.

    ``objective_usd`` is always the plan's audited expected NPV cost and the value of what is not served;
    ``best_bound_usd`` is None where the objective is not the cost. ``reproducible`` is False where a wall-clock stop
    ended the search.
    """

    name: str
    version: str
    objective: str
    unit: str
    value: float
    bound: float
    objective_usd: float
    best_bound_usd: float | None
    gap: float
    gap_asked: float
    seconds: float
    seed: int
    variables: int
    integers: int
    constraints: int
    coefficients: int
    reproducible: bool
    legs: tuple[Leg, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)
