"""Classes of evidence: one record each, from the user's own benchmark to what was reasoned from other figures."""

from __future__ import annotations

from typing import Literal, get_args

from planner.frozen import dataclass

# What a type checker can hold a figure against; the records below are in the same order.
Evidence = Literal["measured", "independent", "vendor", "predicted", "estimate"]


@dataclass(frozen=True)
class EvidenceClass:
    """A class of evidence. ``points`` says what its serving points are.

    ``proven`` figures were seen on real systems by somebody who does not sell them: they cap predicted ones and are
    fitted together. ``weak`` ones nobody has measured or published: a plan that rests on them says so, its prices being
    ``weak_prices`` and its points ``weak_points``.
    """

    key: Evidence
    points: str
    proven: bool = False
    weak_prices: str = ""
    weak_points: str = ""

    @property
    def weak(self) -> bool:
        """Whether nobody stands behind it."""
        return bool(self.weak_points)


# From what holds over everything else to what gives way to it.
CLASSES: tuple[EvidenceClass, ...] = (
    EvidenceClass("measured", "the user's own benchmarks", proven=True),
    EvidenceClass("independent", "benchmarks by third parties", proven=True),
    EvidenceClass("vendor", "benchmarks by the seller"),
    EvidenceClass("predicted", "points from a performance model", weak_prices="predicted", weak_points="predicted"),
    EvidenceClass("estimate", "points reasoned from others", weak_prices="estimates", weak_points="estimated"),
)
POINTS: dict[Evidence, str] = {found.key: found.points for found in CLASSES}
ORDER: tuple[Evidence, ...] = tuple(found.key for found in CLASSES)
PROVEN: tuple[Evidence, ...] = tuple(found.key for found in CLASSES if found.proven)
WEAK: tuple[Evidence, ...] = tuple(found.key for found in CLASSES if found.weak)

if get_args(Evidence) != ORDER:
    raise TypeError("Evidence and CLASSES name the same classes of evidence in the same order")
