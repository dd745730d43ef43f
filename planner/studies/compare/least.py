"""The least factor at which there is a plan, on steps of two digits: 1, 1.1, 1.2 … 9.9, 10, 11 … 99, 100, 110 …

Below the relaxation's factor there is none, which proves the steps under it; from there on each step is a search for
any plan at all. More room never costs a plan, so one step without a plan settles all below it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import Literal

from planner import solvers
from planner.errors import StoppedByClock
from planner.frozen import dataclass
from planner.milp.factor import at_factor
from planner.milp.matrix import Milp
from planner.solvers import Options

# Steps from 1 to 10⁴, ninety to each power of ten.
STEPS = tuple((10 + i % 90) * 10 ** (i // 90) / 10 for i in range(4 * 90 + 1))
MOST = STEPS[-1]
# The relaxation's own factor is only known to an engine's tolerance.
TOLERANCE = 1e-6
# Any plan will do, so that a search ends at its first; those of shipped scenarios take one node.
NODES = 2000
Verdict = Literal["plan", "none", "open"]


@dataclass(frozen=True)
class Least:
    """The least ``factor`` with a plan; ``proven`` where none one step below it is known to have one."""

    factor: float
    proven: bool


def least_factor(factored: Milp, options: Options) -> Least | None:
    """The least step at which a matrix of ``milp.factor.with_factor`` has a plan; None where none was found at any.

    Raises StoppedByClock where the clock ended the search.
    """
    relaxed = solvers.run(factored.relaxed(), "glop", options)
    if relaxed.x is None:
        _check_clock(relaxed.wall_clock_stop, options)
        return None
    first = min(bisect_left(STEPS, relaxed.objective * (1 - TOLERANCE)), len(STEPS) - 1)
    verdicts: dict[int, Verdict] = {}

    def plan_at(step: int) -> bool:
        verdicts[step] = _verdict(at_factor(factored, STEPS[step]), options)
        return verdicts[step] == "plan"

    high = first
    if not plan_at(first):
        low, high = first, len(STEPS) - 1
        if high == low or not plan_at(high):
            return None
        # A plan is rarely far above the relaxation's.
        ahead = 1
        while low + ahead < high:
            if plan_at(low + ahead):
                high = low + ahead
            else:
                low, ahead = low + ahead, 2 * ahead
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if plan_at(middle) else (middle, high)
    return Least(STEPS[high], proven=high == first or verdicts[high - 1] == "none")


def _verdict(milp: Milp, options: Options) -> Verdict:
    answer = solvers.run(milp, "highs", replace(options, gap=1.0, nodes=NODES))
    if answer.x is not None:
        return "plan"
    _check_clock(answer.wall_clock_stop, options)
    return "none" if answer.status == "infeasible" else "open"


def _check_clock(stopped: bool, options: Options) -> None:
    if stopped:
        raise StoppedByClock(
            f"the clock stopped the search for how far limits would have to give ({options.time_limit_s:g} s); "
            "--time-limit gives it more"
        )
