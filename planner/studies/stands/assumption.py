"""An assumption that a plan stands on: its value today, ways away from it, and the world at another value."""

from __future__ import annotations

from collections.abc import Callable

from planner.frozen import dataclass
from planner.plan import Plan
from planner.studies.stands.relaxed import World
from planner.units import Unit

# Ways of a number; others have names of their own.
LESS, MORE = "less", "more"


@dataclass(frozen=True)
class Way:
    """A way from today's value: values outwards from it, the last of which may take the assumption ``away``.

    ``away`` says so behind an amount: ``without``, ``if they fall as falling-2024``; it is empty where the last value
    is no more than the end of what is tried.
    """

    name: str
    values: tuple[float, ...]
    away: str = ""


@dataclass(frozen=True)
class Rests:
    """What of a plan rests on the assumption, in words, and as a share of something where there is one."""

    words: str = ""
    share: float | None = None


@dataclass(frozen=True)
class Assumption:
    """``field`` is where a scenario states it; ``label`` is a word or two, ``stated`` its value in words behind them.

    ``today`` is its value in ``unit``, infinite where there is no limit; a way's values are brought within ``step`` of
    where the orders change, and ``said`` in words. ``priced`` are the worlds at its values 0 and 1 where it moves
    nothing but costs, and those linearly.
    """

    key: str
    label: str
    stated: str
    field: str
    unit: Unit
    today: float
    ways: tuple[Way, ...]
    step: float
    at: Callable[[Way, float], World]
    said: Callable[[Way, float], str]
    rests: Callable[[Plan], Rests]
    priced: bool = False
