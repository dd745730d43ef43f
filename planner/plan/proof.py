"""What was proven of a plan, by whom, and what it took."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from planner.frozen import dataclass
from planner.solvers.answer import Leg


@dataclass(frozen=True)
class Proof:
    """``value`` is the audited plan's objective, ``bound`` a limit that no plan can beat, both in ``unit``.

    ``objective_usd`` is always the plan's audited expected NPV cost and the value of what is not served;
    ``best_bound_usd`` is None where the objective is not the cost. ``in_parts_usd`` is what the plan in parts of
    replicas costs that a plan of whole ones was packed from, None where it was not: of the gap, the search leaves open
    what is below it, whole numbers add what is above. ``reproducible`` is False where a wall-clock stop ended the
    search.
    """

    name: str
    version: str
    objective: str
    unit: str
    value: float
    bound: float
    objective_usd: float
    best_bound_usd: float | None
    in_parts_usd: float | None
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

    @property
    def whole_gap(self) -> float:
        """The part of the gap that whole replicas and lots make, 0 where that is not known."""
        if self.in_parts_usd is None or not self.objective_usd:
            return 0.0
        added = (self.objective_usd - max(self.in_parts_usd, self.bound)) / abs(self.objective_usd)
        return min(max(added, 0.0), self.gap)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)
