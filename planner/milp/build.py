"""All families of constraints put together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.milp.budget import add_budgets
from planner.milp.capacity import add_capacity, add_domains, add_jobs, add_replicas
from planner.milp.cash import add_cost
from planner.milp.contracts import add_contracts, add_minimum_lots
from planner.milp.demand import add_api_limits, add_demand, add_floors, add_fungible_demand
from planner.milp.fleet import add_fleet, add_groups
from planner.milp.matrix import ABSENT, Builder, Milp
from planner.milp.providers import add_hourly_depth, add_provider_share, add_quotas
from planner.milp.sites import add_conversion, add_site_limits
from planner.milp.survival import add_survival
from planner.milp.variables import Variables, add_variables
from planner.problem import Problem
from planner.units import requests_from_rate

FAMILIES = (
    add_fleet,
    add_groups,
    add_contracts,
    add_minimum_lots,
    add_demand,
    add_fungible_demand,
    add_floors,
    add_api_limits,
    add_replicas,
    add_capacity,
    add_domains,
    add_jobs,
    add_survival,
    add_site_limits,
    add_conversion,
    add_budgets,
    add_provider_share,
    add_quotas,
    add_hourly_depth,
)


@dataclass(frozen=True)
class Model:
    """The matrix, and where the decisions stand in it.

    ``relaxation`` is the same question in parts of replicas and lots, where this one is in whole ones.
    """

    problem: Problem
    variables: Variables
    milp: Milp
    relaxation: Model | None = None


def build_model(problem: Problem) -> Model:
    """The matrix of ``problem`` with the objective `cost`: expected NPV in USD."""
    builder = Builder()
    variables = add_variables(builder, problem)
    for add_family in FAMILIES:
        add_family(builder, problem, variables)
    add_cost(builder, problem, variables)
    return Model(problem, variables, builder.build())


def unserved_weights(model: Model, per_request: NDArray[np.float64], *, discounted: bool) -> NDArray[np.float64]:
    """Expected sum over unserved requests of ``per_request`` (W, T), as a vector over the columns, (columns,)."""
    problem, ids = model.problem, model.variables.unserved
    timeline = problem.timeline
    requests = requests_from_rate(1.0, timeline.block_hours)
    factor = timeline.discount_middle if discounted else np.ones(timeline.periods)
    weight = (per_request * factor)[:, None, :, None] * requests * problem.probability[:, None, None]
    weight = np.broadcast_to(weight, ids.shape)
    present = ids != ABSENT
    sums = np.bincount(ids[present], weights=weight[present], minlength=model.milp.columns)
    return np.asarray(sums, dtype=float)


def demand_total(problem: Problem, per_request: NDArray[np.float64], *, discounted: bool) -> float:
    """Expected sum over all requests asked for of ``per_request`` (W, T)."""
    timeline = problem.timeline
    requests = requests_from_rate(problem.demand.requests_per_s, timeline.block_hours)
    factor = timeline.discount_middle if discounted else np.ones(timeline.periods)
    return float(np.einsum("wftb,wt,t,f->", requests, per_request, factor, problem.probability))
