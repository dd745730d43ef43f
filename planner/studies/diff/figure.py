"""A figure of two plans."""

from __future__ import annotations

from typing import Any

from planner.frozen import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure of both plans, None where it is not known; ``share`` is B over A, less 1."""

    name: str
    unit: str
    a: float | None
    b: float | None

    @property
    def more(self) -> float | None:
        """B less A."""
        return None if self.a is None or self.b is None else self.b - self.a

    @property
    def share(self) -> float | None:
        """B over A, less 1; None where there is nothing to divide by."""
        return None if self.more is None or not self.a else self.more / abs(self.a)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "figure": self.name, "unit": self.unit, "a": self.a, "b": self.b, "more": self.more,
            "more_share": self.share,
        }  # fmt: skip
