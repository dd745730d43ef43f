"""Demand is met exactly: by GPUs, by token APIs, or it is left unserved where the scenario allows that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.kinds import limits
from planner.milp.matrix import Builder, Ints
from planner.milp.variables import Variables
from planner.problem import Problem
from planner.problem.assignments import Assignments
from planner.units import SECONDS_PER_DAY

Floats = NDArray[np.float64]


def add_demand(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Interactive workloads are met in every block: requests/s, divided by λ.

    ::

        interactive  Σ κ·gpus + Σ api + unserved = λ  every f,w,t,b
    """
    demand = problem.demand.requests_per_s
    rows = builder.constraints(
        "demand",
        (problem.demand.names, problem.futures, problem.timeline.names, problem.timeline.blocks),
        lower=1.0,
        upper=1.0,
        exists=(demand > 0) & ~problem.demand.fungible[:, None, None, None] & (problem.timeline.block_share > 0),
    )
    scale = 1 / np.where(demand > 0, demand, 1.0)
    _add_served(builder, problem, variables, rows, scale)


def add_fungible_demand(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Batch and GPU-hours are met over each period: requests, divided by the right-hand side.

    ::

        batch, gpu_hours  Σ_b h·(Σ κ·gpus + Σ api + unserved) = Σ_b h·λ  every f,w,t
    """
    demand, share = problem.demand.requests_per_s, problem.timeline.block_share
    mean = bits.dot(demand, share)
    rows = builder.constraints(
        "demand_of_period",
        (problem.demand.names, problem.futures, problem.timeline.names),
        lower=1.0,
        upper=1.0,
        exists=(mean > 0) & problem.demand.fungible[:, None, None],
    )
    scale = share / np.where(mean > 0, mean, 1.0)[..., None]
    _add_served(builder, problem, variables, np.repeat(rows[..., None], len(share), axis=3), scale)


def served_by_gpu(assignments: Assignments) -> Floats:
    """Requests/s of one GPU of a replica, what is down of it left out, (L, T, B)."""
    return np.asarray(assignments.rate[:, :, None] * assignments.up[:, None, :])


def _add_served(
    builder: Builder,
    problem: Problem,
    variables: Variables,
    rows: Ints,
    scale: Floats,
) -> None:
    """Everything that answers requests, times ``scale`` (W, F, T, B), into ``rows`` of the same shape."""
    assignments = problem.assignments
    builder.add(
        rows[assignments.workload], variables.gpus, served_by_gpu(assignments)[:, None] * scale[assignments.workload]
    )
    add_otherwise(builder, problem, variables, rows, scale)


def add_otherwise(builder: Builder, problem: Problem, variables: Variables, rows: Ints, scale: Floats) -> None:
    """What no GPU answers, sent to token APIs or left unserved, times ``scale`` (W, F, T, B), into such ``rows``."""
    builder.add(rows[problem.api.workload], variables.api, scale[problem.api.workload])
    builder.add(rows, variables.unserved, scale)


def add_floors(builder: Builder, problem: Problem, variables: Variables) -> None:
    """What is served has a floor: requests of a period, divided by the demand.

    ::

        floor  Σ_b h·unserved ≤ (1 − min_served)·Σ_b h·λ  every f,w,t
    """
    demand, share = problem.demand.requests_per_s, problem.timeline.block_share
    mean = bits.dot(demand, share)
    floor = problem.demand.min_served[:, None, None]
    rows = builder.constraints(
        limits.MIN_SERVED.key,
        (problem.demand.names, problem.futures, problem.timeline.names),
        upper=1 - floor,
        exists=(mean > 0) & (((floor > 0) & (floor < 1)) | problem.elastic),
    )
    scale = share / np.where(mean > 0, mean, 1.0)[..., None]
    builder.add(rows[..., None], variables.unserved, scale)
    builder.limit(limits.MIN_SERVED, rows, problem.demand.names, floor)


def add_api_limits(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A token API takes so many tokens a day, in every block: Mtok a day, divided by ``max_mtok_per_day``.

    ::

        API limit  Σ_w api·(input + output tokens)·86,400 ≤ tokens a day  every f,j,t,b
    """
    api = problem.api
    limit = api.max_mtok_per_day
    rows = builder.constraints(
        "api_limit",
        (api.names, problem.futures, problem.timeline.names, problem.timeline.blocks),
        upper=1.0,
        exists=np.isfinite(limit)[:, None, None, None],
    )
    finite = np.where(np.isfinite(limit), limit, 1.0)
    per_request = api.mtok_per_request * SECONDS_PER_DAY / finite[api.api]
    builder.add(rows[api.api], variables.api, per_request[:, None, None, None])
