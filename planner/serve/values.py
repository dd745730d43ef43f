"""What passes between the server and the processes that work for it; light, for the server loads no plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from planner.frozen import dataclass
from planner.scenario import Scenario


@dataclass(frozen=True)
class Bound:
    """What no plan costs less than: USD NPV, infinite where none keeps every limit, None where cost is not the aim.

    ``usd_per_mtok`` is that over the discounted tokens, on the scenario's basis; None where there are none.
    """

    npv_usd: float | None
    usd_per_mtok: float | None = None

    @property
    def known(self) -> bool:
        """Whether it says anything."""
        return self.npv_usd is not None

    @property
    def impossible(self) -> bool:
        """Whether it says that there is no plan."""
        return self.npv_usd is not None and math.isinf(self.npv_usd)


@dataclass(frozen=True)
class Solved:
    """A scenario solved: its result as ``--json`` has it, and the plan pickled.

    Where there is none, ``words`` say what to relax.
    """

    result: Mapping[str, Any]
    plan: bytes = b""
    seconds: float = 0.0
    words: str = ""

    @property
    def planned(self) -> bool:
        """Whether there is a plan."""
        return bool(self.plan)


@dataclass(frozen=True)
class Question:
    """A solved question beside the scenario as it is; ``bounds`` by way of getting GPUs, ``mix`` for all of them."""

    scenario: Scenario
    solved: Solved
    base: Scenario
    before: Solved
    changed: bool
    bounds: Mapping[str, Bound]


@dataclass(frozen=True)
class Shown:
    """A part of the page: HTML, and the figures that are drawn into it by name."""

    html: str
    figures: Mapping[str, Any]
