"""What it is worth to know the future, and to plan for several of them rather than for their mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog import Catalog
from planner.errors import InputError
from planner.frozen import dataclass
from planner.milp import Milp, Model, build_model
from planner.milp.vector import values
from planner.plan import Plan
from planner.problem import Problem, build_problem
from planner.render.figures import money, money_range
from planner.render.sheet import Sheet, left, right
from planner.rules import derive_points
from planner.scenario import Scenario
from planner.solvers import Options
from planner.solvers.optimise import optimise
from planner.studies.command import Progress
from planner.studies.mean_plans import decided_early, least_expected
from planner.studies.result import compared, compared_in_parts, limit_of, told
from planner.studies.solves import most_usd

ROUNDING = 1e-14
# Where a plan was proven to no useful gap, nothing is coarser than this beside it.
COARSEST = 0.1
Range = tuple[float, float]


@dataclass(frozen=True)
class Information:
    """Expected NPV costs in USD; ranges follow from the bounds of the solves, which stop at a gap.

    ``here_and_now`` is the plan's cost, ``wait_and_see`` the mean cost where each future is planned for alone,
    ``mean_plan`` the expected cost of the purchases and contracts of a plan for the mean future: its upper end is that
    of the one found, infinite where it leaves some future unserved, its lower end what none within the gap of the mean
    future's best is below. Knowing the future is worth ``evpi_usd``, planning for all of them ``vss_usd``.
    ``stopped`` names the solves that the clock ended. ``in_parts`` where all, ``here_and_now`` too, are in parts of
    replicas and of hourly lots, though the plan is in whole ones.
    """

    here_and_now: Range
    wait_and_see: Range
    mean_plan: Range
    stopped: tuple[str, ...] = ()
    in_parts: bool = False

    @property
    def evpi_usd(self) -> float:
        """Expected value of perfect information: here and now − wait and see."""
        return max(self.here_and_now[1] - self.wait_and_see[1], 0.0)

    @property
    def evpi_range_usd(self) -> Range:
        """What the bounds leave open of it."""
        return _difference(self.here_and_now, self.wait_and_see)

    @property
    def vss_usd(self) -> float:
        """Value of the stochastic solution: the expected cost of the mean plan found − here and now."""
        return max(self.mean_plan[1] - self.here_and_now[1], 0.0)

    @property
    def vss_range_usd(self) -> Range:
        """What the bounds and the choice of the mean plan leave open of it: at least its lower end for any."""
        return _difference(self.mean_plan, self.here_and_now)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, null for infinity."""
        feasible = bool(np.isfinite(self.mean_plan[1]))
        return {
            "here_and_now_usd": self.here_and_now[1],
            "wait_and_see_usd": self.wait_and_see[1],
            "evpi_usd": self.evpi_usd,
            "evpi_range_usd": _finite(self.evpi_range_usd),
            "mean_plan_feasible": feasible,
            "mean_plan_expected_usd": self.mean_plan[1] if feasible else None,
            "mean_plan_range_usd": _finite(self.mean_plan),
            "vss_usd": self.vss_usd if feasible else None,
            "vss_range_usd": _finite(self.vss_range_usd),
            "reproducible": not self.stopped,
            **compared_in_parts(self.in_parts),
        }


def applies(scenario: Scenario) -> bool:
    """Whether ``value_of_information`` has an answer: several futures, and the least cost is what is asked for."""
    return len(scenario.futures) > 1 and scenario.objective == "cost"


def value_of_information(
    scenario: Scenario,
    catalog: Catalog,
    plan: Plan,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    progress: Progress = lambda what: None,
) -> Information:
    """The value of knowing which of the scenario's futures comes, and of ``plan`` over the plan for their mean.

    Of the mean future's plan the purchases and contracts that are decided before the future is revealed are kept;
    everything else is decided anew. Every solve is by the relay, with the scenario's gap and time limit unless given,
    but no finer than ``plan`` was proven: what that leaves open no finer figure beside it closes.
    Where ``plan`` is in whole replicas, the plan in parts of them stands for it: like is compared with like.
    Raises InputError where it does not apply, SolverFailure where a solve finds no plan in time.
    """
    if not applies(scenario):
        raise InputError("the value of information needs several futures and objective: cost")
    original, scenario = scenario, compared(scenario)
    catalog = derive_points(scenario, catalog)
    wanted = scenario.solve
    options = Options(
        gap=max(gap if gap is not None else wanted.gap, min(plan.proof.gap, COARSEST)),
        time_limit_s=limit_of(scenario, time_limit_s),
        seed=wanted.seed,
    )
    alone, late = [], []

    def optimum(what: str, model: Model) -> tuple[Range, NDArray[np.float64]]:
        progress(what)
        ends, x, stopped = _optimum(model, options)
        late.extend([what] * stopped)
        return ends, x

    for future in scenario.futures:
        certain = scenario.model_copy(update={"futures": (future.model_copy(update={"probability": 1.0}),)})
        alone.append(optimum(f"{future.name} alone", build_model(build_problem(certain, catalog)))[0])
    weights = np.array([future.probability for future in scenario.futures])
    below, above = (float(bits.dot(weights, np.array(side))) for side in zip(*alone, strict=True))
    problem = build_problem(scenario, catalog)
    model = build_model(problem)
    if scenario is original:
        bound, cost = plan.proof.best_bound_usd, plan.proof.objective_usd
        here = (min(bound, cost) if bound is not None else -np.inf, cost)
    else:
        here, _ = optimum("this plan in parts of replicas", model)
    mean = build_model(mean_problem(problem))
    suits, x = optimum("the mean future", mean)
    kept = replace(model, milp=fixed(model, mean, x))
    expected, in_every = optimum("the plan for the mean future in every future", kept)
    what = "the best plan for the mean future in every future"
    progress(what)
    start = (in_every, x) if np.isfinite(expected[1]) else None
    least, struck = least_expected(model, mean, most_usd(suits, options.gap), start, options)
    late.extend([what] * struck)
    # No plan of all futures is below the best of them, whatever it is made for.
    least = min(max(least, here[0]), expected[1])
    return Information(here, (below, above), (least, expected[1]), tuple(late), in_parts=scenario is not original)


def mean_problem(problem: Problem) -> Problem:
    """``problem`` with one future in which demand and hourly prices are at their expectation."""
    weight = problem.probability
    demand = np.einsum("f,wftb->wtb", weight, problem.demand.requests_per_s)[:, None]
    hourly = tuple(
        replace(item, usd_per_hour=bits.dot(item.usd_per_hour.T, weight)[None]) for item in problem.supply.hourly
    )
    return replace(
        problem,
        futures=("mean",),
        probability=np.ones(1),
        demand=replace(problem.demand, requests_per_s=demand),
        supply=replace(problem.supply, hourly=hourly),
    )


def fixed(model: Model, mean: Model, x: NDArray[np.float64]) -> Milp:
    """The matrix of all futures, with the mean plan's purchases and contracts up to the day the future is revealed."""
    lower, upper = model.milp.lower.copy(), model.milp.upper.copy()
    ours, theirs = decided_early(model, mean)
    lower[ours] = upper[ours] = values(x, theirs)
    return replace(model.milp, lower=lower, upper=upper)


def _optimum(model: Model, options: Options) -> tuple[Range, NDArray[np.float64], bool]:
    """The least cost's range, infinite without a plan, the vector that reaches its end, and if the clock struck."""
    answer = optimise(model, model.milp, "relay", options)
    if answer.x is None:
        return (np.inf, np.inf), np.zeros(model.milp.columns), False
    return (min(answer.bound, answer.objective), answer.objective), answer.x, answer.wall_clock_stop


def _difference(more: Range, less: Range) -> Range:
    """The range of the difference of two costs of which the first is known to be no lower."""
    if not np.isfinite(more[0]):
        return (np.inf, np.inf)
    # Of two sums that are the same the last bits differ: less than those is nothing.
    least = more[0] - less[1]
    return (least if least > ROUNDING * abs(less[1]) else 0.0), max(more[1] - less[0], 0.0)


def _finite(ends: Range) -> list[float | None]:
    return [float(end) if np.isfinite(end) else None for end in ends]


def sheet(found: Information) -> Sheet:
    """The value of information as a table."""
    columns = (left(), right("expected NPV"), left("range"))

    def line(what: str, usd: float, ends: Range) -> tuple[str, str, str]:
        if not np.isfinite(usd):
            least = f"; another may, and then it is at least {money(ends[0])}" if np.isfinite(ends[0]) else ""
            return what, "unbounded", f"it cannot serve every future{least}"
        return what, money(usd), money_range(*ends)

    lines = (
        line("this plan, here and now", found.here_and_now[1], found.here_and_now),
        line("each future planned for alone, once it is known", found.wait_and_see[1], found.wait_and_see),
        line("knowing the future is worth (EVPI)", found.evpi_usd, found.evpi_range_usd),
        line("the plan for the mean future, in every future", found.mean_plan[1], found.mean_plan),
        line("planning for every future is worth (VSS)", found.vss_usd, found.vss_range_usd),
    )
    notes = told((), found.stopped, in_parts=found.in_parts)
    return Sheet("What knowing the future and planning for all of them is worth:", columns, lines, notes)
