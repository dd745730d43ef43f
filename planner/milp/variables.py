"""The decisions of model.md as blocks of columns; a column that cannot be is absent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.milp.matrix import Builder
from planner.problem import Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Variables:
    """Column ids by index; axes as in ``Supply``, ``Lanes`` (L), ``ApiLanes`` (J), workloads W and sites S.

    Decisions common to several futures have the same id in each.
    """

    buy: Ints
    own: Ints
    keep: Ints
    convert: Ints
    sign: Ints
    signed: Ints
    held: Ints
    rent: Ints
    gpus: Ints
    replicas: Ints
    api: Ints
    unserved: Ints


def own_node(problem: Problem, common_until: Ints) -> Bools:
    """Where a decision is one of its own, (N, F, T): the first future stands for all until they part."""
    futures, periods, _ = problem.shape
    parted = np.arange(periods) >= common_until[:, None]
    return np.asarray((np.arange(futures) == 0)[None, :, None] | parted[:, None, :])


def _shared(ids: Ints, node: Bools) -> Ints:
    return np.where(node, ids, ids[:, :1, :])


def stacked(rows: Sequence[NDArray[Any]], *shape: int) -> Floats:
    """An array of ``rows`` with ``shape`` behind the first axis, also where there are none."""
    return np.array(rows, dtype=float).reshape(len(rows), *shape)


def add_variables(builder: Builder, problem: Problem) -> Variables:
    """All columns, with bounds that hold in some optimal plan."""
    periods = problem.timeline.periods
    supply, timeline = problem.supply, problem.timeline
    future_axis, period_axis = problem.futures, timeline.names
    t_axes = (future_axis, period_axis)
    b_axes = (*t_axes, timeline.blocks)

    assets = [item.asset for item in supply.purchases]
    a_axis = [f"{problem.limits.sites[asset.site].name},{asset.system.system}" for asset in assets]
    a_node = own_node(problem, np.array([item.common_until for item in supply.purchases], dtype=np.int64))
    a_exists = stacked([item.exists for item in supply.purchases], periods).astype(bool)
    a_upper = _asset_bounds(problem)[:, None, :]
    buy = builder.variables("buy", (a_axis, *t_axes), a_upper, integer=True, exists=a_exists[:, None, :] & a_node)
    in_service = np.maximum.accumulate(a_exists, axis=1)[:, None, :]
    # A running total of whole numbers is whole by itself, but it has to be declared so: engines that find it out on
    # their own (implied integers, in SCIP 10 and in HiGHS) have cut off optima of such models.
    own = builder.variables("own", (a_axis, *t_axes), a_upper, integer=True, guided=True, exists=in_service & a_node)

    g_axis = [group.asset.supply for group in supply.groups]
    g_node = own_node(problem, np.full(len(g_axis), problem.revealed_period))
    g_exists = stacked([group.exists for group in supply.groups], periods).astype(bool)
    g_count = np.array([group.count for group in supply.groups], dtype=float)[:, None, None]
    keep = builder.variables(
        "keep", (g_axis, *t_axes), g_count, integer=True, guided=True, exists=g_exists[:, None, :] & g_node
    )

    sites = problem.limits.sites
    s_axis = [site.name for site in sites]
    s_node = own_node(problem, np.array([site.conversion_common_until for site in sites], dtype=np.int64))
    s_exists = stacked([site.conversion_exists for site in sites], periods).astype(bool)
    convert = builder.variables("convert", (s_axis, *t_axes), 1.0, integer=True, exists=s_exists[:, None, :] & s_node)

    offers = [item.offer for item in supply.reservations]
    r_axis = [offer.name for offer in offers]
    r_node = own_node(problem, np.array([item.common_until for item in supply.reservations], dtype=np.int64))
    r_exists = stacked([item.exists for item in supply.reservations], periods).astype(bool)
    most = np.array([_most_lots(problem, o.lot_gpus, o.max_lots, o.min_lots) for o in offers], dtype=float)
    r_upper = most[:, None, None]
    sign = builder.variables("sign", (r_axis, *t_axes), r_upper, integer=True, exists=r_exists[:, None, :] & r_node)
    held_exists = np.maximum.accumulate(r_exists, axis=1)[:, None, :]
    held = builder.variables("held", (r_axis, *t_axes), r_upper, integer=True, guided=True, exists=held_exists & r_node)
    least = np.array([(offer.min_lots or 1) > 1 for offer in offers], dtype=bool)[:, None, None]
    signed = builder.variables(
        "signed", (r_axis, *t_axes), 1.0, integer=True, exists=r_exists[:, None, :] & r_node & least
    )

    hourly = [item.offer for item in supply.hourly]
    o_axis = [offer.name for offer in hourly]
    o_exists = stacked([item.exists for item in supply.hourly], periods).astype(bool)[:, None, :, None]
    o_upper = np.array([_most_lots(problem, o.lot_gpus, o.max_lots, None) for o in hourly], dtype=float)
    rent = builder.variables(
        "rent",
        (o_axis, *b_axes),
        o_upper[:, None, None, None],
        integer=problem.whole_on_demand_lots,
        guided=problem.whole_on_demand_lots,
        exists=o_exists & (timeline.block_share > 0),
    )

    demand = problem.demand.requests_per_s
    most_served = _most_served(problem)
    lanes = problem.lanes
    l_axis = [
        f"{problem.demand.names[c.workload]},{problem.pools.pools[q].name},{c.name}"
        for c, q in zip(lanes.candidates, lanes.pool, strict=True)
    ]
    there = stacked([pool.available for pool in problem.pools.pools], periods).astype(bool)
    l_exists = there[lanes.pool][:, None, :, None] & (most_served[lanes.workload] > 0)
    rate = lanes.rate[:, None, :, None]
    whole = problem.demand.whole_replicas[lanes.workload][:, None, None, None]
    # With whole replicas capacity counts replicas, and what they could serve may exceed the demand.
    l_upper = most_served[lanes.workload] / rate
    gpus = builder.variables("gpus", (l_axis, *b_axes), l_upper, exists=l_exists)
    size = lanes.gpus_per_replica[:, None, None, None]
    least_replicas = problem.demand.min_replicas[lanes.workload][:, None, None, None]
    replicas = builder.variables(
        "replicas",
        (l_axis, *b_axes),
        np.ceil(l_upper / size) + least_replicas,
        integer=True,
        guided=True,
        exists=whole & there[lanes.pool][:, None, :, None] & (timeline.block_share > 0),
    )

    api_lanes = problem.api
    j_axis = [
        f"{problem.demand.names[w]},{api_lanes.names[a]}"
        for w, a in zip(api_lanes.workload, api_lanes.api, strict=True)
    ]
    j_upper = most_served[api_lanes.workload]
    api = builder.variables(
        "api", (j_axis, *b_axes), j_upper, exists=api_lanes.exists[:, None, :, None] & (j_upper > 0)
    )
    w_axis = problem.demand.names
    may_fail = (problem.demand.min_served < 1)[:, None, None, None] | problem.elastic
    unserved = builder.variables("unserved", (w_axis, *b_axes), demand, exists=may_fail & (demand > 0))
    return Variables(
        buy=_shared(buy, a_node),
        own=_shared(own, a_node),
        keep=_shared(keep, g_node),
        convert=_shared(convert, s_node),
        sign=_shared(sign, r_node),
        signed=_shared(signed, r_node),
        held=_shared(held, r_node),
        rent=rent,
        gpus=gpus,
        replicas=replicas,
        api=api,
        unserved=unserved,
    )


def _asset_bounds(problem: Problem) -> Floats:
    """Systems of each asset that its site can ever feed and that can ever be needed, (A, T)."""
    rows = []
    for item in problem.supply.purchases:
        asset = item.asset
        needed = np.ceil(problem.gpus_ever_needed / asset.system.gpus)
        bound = np.full(problem.timeline.periods, needed)
        if not problem.elastic:
            site = problem.limits.sites[asset.site]
            fed = np.minimum(site.cap_kw / asset.cap_kw, site.lease_it_kw / asset.it_kw)
            bound = np.minimum(bound, np.floor(fed * (1 + 1e-9) + 1e-9))
        rows.append(bound)
    return stacked(rows, problem.timeline.periods)


def _most_lots(problem: Problem, lot_gpus: int, max_lots: int | None, min_lots: int | None) -> float:
    most = float(np.ceil(problem.gpus_ever_needed / lot_gpus))
    most = max(most, float(min_lots or 1))
    return min(most, float(max_lots)) if max_lots is not None else most


def _most_served(problem: Problem) -> Floats:
    """Requests/s that a workload's block can be served at most, (W, F, T, B): fungible demand all in one block."""
    demand, share = problem.demand.requests_per_s, problem.timeline.block_share
    with np.errstate(divide="ignore", invalid="ignore"):
        all_in_one = np.where(share > 0, bits.dot(demand, share)[..., None] / share, 0.0)
    served = np.where(problem.demand.fungible[:, None, None, None], all_in_one, demand)
    return np.where(share > 0, served, 0.0)
