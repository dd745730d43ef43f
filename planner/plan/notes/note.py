"""A note: one sentence on what of the scenario and its catalogs a plan does not use, or rests on unasked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.problem import Problem
from planner.scenario import Scenario
from planner.table import Table

# What nobody can bound without solving again.
ANYTHING = math.inf
NOTHING = 0.0
MOST_NAMED = 4


class Note(NamedTuple):
    """``sentence`` with what it is ``about``, and the most that it may move the least cost by (USD, NPV).

    That is ``NOTHING`` where the plan would surely be the same, and for values to know rather than things left out;
    ``ANYTHING`` where only solving again could tell.
    """

    about: str
    sentence: str
    most_usd: float = NOTHING


@dataclass(frozen=True)
class Solved:
    """A plan as far as its notes look at it: its tables by name, ``origins`` among them, and its cost (NPV, USD)."""

    scenario: Scenario
    catalog: Catalog
    problem: Problem
    tables: Mapping[str, Table]
    cost_usd: float


def listed(names: list[str]) -> str:
    """``a, b and c``; of many the first few and how many there are besides."""
    shown, rest = names[:MOST_NAMED], len(names) - MOST_NAMED
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
