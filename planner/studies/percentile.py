"""What the plan would cost were its latency targets meant at the other percentile."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.milp import build_model
from planner.plan import Plan
from planner.problem import build_problem
from planner.render.figures import money, percent, price
from planner.rules import derive_points
from planner.rules.demand import least_served
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.solvers import Options
from planner.solvers.clock import no_plan
from planner.solvers.optimise import scale_of
from planner.solvers.relay import prove

MEDIAN, TAIL = 50, 99


@dataclass(frozen=True)
class OtherPercentile:
    """A proven lower bound on the cost with every target at ``percentile``, USD NPV; infinite where nothing meets it.

    ``usd_per_mtok`` is the bound per 10⁶ tokens of the headline's ``basis``, None where demand may go unserved, so that
    tokens are not the same. ``share`` is the bound over the plan's cost, less 1. ``unmet`` are the workloads that
    nothing known can serve at that percentile. ``valued`` where what is not served counts in it.
    """

    percentile: int
    cost_at_least_usd: float
    usd_per_mtok: float | None
    basis: str
    share: float
    unmet: tuple[str, ...] = ()
    valued: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As plain values, null for infinity."""
        feasible = bool(np.isfinite(self.cost_at_least_usd))
        return {
            "percentile": self.percentile,
            "feasible": None if feasible else False,
            "npv_at_least_usd": self.cost_at_least_usd if feasible else None,
            "levelised_at_least_usd_per_mtok": self.usd_per_mtok if feasible else None,
            "unmet": list(self.unmet),
        }

    def line(self) -> tuple[str, str]:
        """What stands beside the headline."""
        label = f"at p{self.percentile} instead"
        if not np.isfinite(self.cost_at_least_usd):
            if not self.unmet:
                return label, "no plan meets every limit"
            return label, f"no plan: nothing is known to meet the latency targets of {', '.join(self.unmet)}"
        tokens = "" if self.usd_per_mtok is None else f"at least {price(self.usd_per_mtok)} per Mtok {self.basis}, "
        more = f"{percent(abs(self.share), 1)} {'more' if self.share >= 0 else 'less'}"
        if self.share < 0 and self.percentile == TAIL:
            # A stricter target is never cheaper: parts of replicas just cannot tell what it adds to whole ones.
            more = "what that adds is not known"
        what = "NPV and value of what is not served" if self.valued else "NPV"
        return label, f"{tokens}{what} at least {money(self.cost_at_least_usd)}, {more} (LP bound)"


def applies(scenario: Scenario) -> bool:
    """Whether there is another percentile to ask about: the least cost is wanted and some workload has a target.

    Where requests are simulated no bound is known of any other.
    """
    if any(workload.simulated for workload in scenario.workloads):
        return False
    return scenario.objective == "cost" and any(_has_target(workload) for workload in scenario.workloads)


def other_percentile(scenario: Scenario, catalog: Catalog, plan: Plan, options: Options) -> OtherPercentile:
    """The bound of the LP relaxation with every target at p99, or at p50 where any is at a tail already.

    It is the relaxation in parts of replicas, which holds for whole ones.
    A closed-loop benchmark's p99 TTFT is inflated by its burst start and can flip the choice of hardware, so a plan
    says what the other reading of its targets would cost. Raises StoppedByClock where the clock ended that.
    """
    tails = [max(w.sla.ttft_percentile, w.sla.tpot_percentile) for w in scenario.workloads if _has_target(w)]
    percentile = MEDIAN if max(tails) > MEDIAN else TAIL
    changed = scenario.model_copy(update={"workloads": tuple(_at(w, percentile) for w in scenario.workloads)})
    problem = build_problem(changed, derive_points(changed, catalog), whole=False)
    able = {*problem.assignments.workload.tolist(), *problem.api.workload.tolist()}
    milp = build_model(problem).milp
    scale, lp = scale_of(milp, options)
    if lp.wall_clock_stop:
        raise no_plan(options.time_limit_s)
    bound = np.inf if lp.status == "infeasible" else -np.inf
    if lp.x is not None and lp.duals is not None:
        bound = prove(milp, lp.x, lp.duals / scale).bound
        if percentile == TAIL and plan.proof.best_bound_usd is not None:
            bound = max(bound, plan.proof.best_bound_usd)
    cost = plan.proof.objective_usd
    basis = scenario.finance.token_basis
    levelised = plan.kpis[f"levelised_usd_per_mtok_{basis}"]
    return OtherPercentile(
        percentile=percentile,
        cost_at_least_usd=float(bound),
        usd_per_mtok=levelised * bound / cost if levelised and cost and _all_served(scenario) else None,
        basis=basis,
        share=float(bound / cost - 1) if cost else 0.0,
        unmet=tuple(name for index, name in enumerate(problem.demand.names) if index not in able),
        valued=bool(np.any(problem.demand.unserved_usd)),
    )


def _all_served(scenario: Scenario) -> bool:
    return all(least_served(scenario, workload) >= 1 for workload in scenario.workloads)


def _has_target(workload: Workload) -> bool:
    return workload.sla.ttft_s is not None or workload.sla.tpot_ms is not None


def _at(workload: Workload, percentile: int) -> Workload:
    targets = {"ttft_percentile": percentile, "tpot_percentile": percentile}
    return workload.model_copy(update={"sla": workload.sla.model_copy(update=targets)})
