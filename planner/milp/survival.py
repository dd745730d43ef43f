"""What survives: an interactive workload is still served with the largest one of what serves it gone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.milp.demand import served_by_gpu
from planner.milp.matrix import ABSENT, Builder
from planner.milp.variables import Variables, most_replicas
from planner.problem import Problem

Floats = NDArray[np.float64]


def add_survival(builder: Builder, problem: Problem, variables: Variables) -> None:
    """With one replica or system gone, or all of one provider, what is left still serves: requests/s, divided by λ.

    ::

        used        replicas ≤ most·used                                     every f,w,c,q,t,b
        lost        lost ≥ κ·G·(replicas gone with one)·used                 every f,w,c,q,t,b
        left        Σ κ·G·replicas − lost + Σ api + unserved ≥ λ             every f,w,t,b
        others      Σ of other providers' κ·G·replicas and api + unserved ≥ λ  every f,w,t,b, provider
    """
    if problem.demand.survive == "provider":
        _add_providers(builder, problem, variables)
    elif problem.demand.survive != "none":
        _add_largest(builder, problem, variables)


def _add_largest(builder: Builder, problem: Problem, variables: Variables) -> None:
    demand, assignments, timeline = problem.demand, problem.assignments, problem.timeline
    axes = (problem.futures, timeline.names, timeline.blocks)
    mine = demand.has_to_survive[assignments.workload][:, None, None, None] & (variables.replicas != ABSENT)
    kinds = [f"{demand.names[c.workload]},{index}" for index, c in enumerate(assignments.candidates)]
    used = builder.variables("used", (kinds, *axes), 1.0, integer=True, exists=mine)
    asked = _asked(problem)
    only = builder.constraints("used_replicas", (kinds, *axes), upper=0.0, exists=mine)
    builder.add(only, variables.replicas, 1.0)
    builder.add(only, used, -most_replicas(problem))
    gone = served_by_gpu(assignments) * (assignments.gpus_per_replica * assignments.replicas_lost)[:, None, None]
    lost = builder.variables("lost", (demand.names, *axes), float(gone.max(initial=0.0)), exists=asked)
    largest = builder.constraints("largest", (kinds, *axes), lower=0.0, exists=mine)
    builder.add(largest, lost[assignments.workload], 1.0)
    builder.add(largest, used, -gone[:, None])
    scale = 1 / np.where(demand.requests_per_s > 0, demand.requests_per_s, 1.0)
    rows = builder.constraints("left", (demand.names, *axes), lower=1.0, exists=asked)
    _add_served(builder, problem, variables, rows, scale, np.ones(len(assignments)), np.ones(len(problem.api)))
    builder.add(rows, lost, -scale)


def _add_providers(builder: Builder, problem: Problem, variables: Variables) -> None:
    demand, assignments, api = problem.demand, problem.assignments, problem.api
    axes = (problem.futures, problem.timeline.names, problem.timeline.blocks)
    owners = [problem.pools.pools[pool].provider for pool in assignments.pool]
    senders = [api.providers[index] for index in api.api]
    scale = 1 / np.where(demand.requests_per_s > 0, demand.requests_per_s, 1.0)
    for provider in sorted({*owners, *senders} - {""}):
        rows = builder.constraints(f"without {provider}", (demand.names, *axes), lower=1.0, exists=_asked(problem))
        others = np.array([owner != provider for owner in owners], dtype=float)
        elsewhere = np.array([sender != provider for sender in senders], dtype=float)
        _add_served(builder, problem, variables, rows, scale, others, elsewhere)


def _asked(problem: Problem) -> NDArray[np.bool_]:
    demand = problem.demand
    there = (demand.requests_per_s > 0) & (problem.timeline.block_share > 0)
    return np.asarray(there & demand.has_to_survive[:, None, None, None])


def _add_served(
    builder: Builder, problem: Problem, variables: Variables, rows: NDArray[np.int64], scale: Floats,
    counted: Floats, api_counted: Floats,
) -> None:  # fmt: skip
    """All that could serve: whole replicas at full rate, APIs, and what is left unserved."""
    assignments, api = problem.assignments, problem.api
    rate = served_by_gpu(assignments) * (assignments.gpus_per_replica * counted)[:, None, None]
    builder.add(rows[assignments.workload], variables.replicas, rate[:, None] * scale[assignments.workload])
    builder.add(rows[api.workload], variables.api, scale[api.workload] * api_counted[:, None, None, None])
    builder.add(rows, variables.unserved, scale)
