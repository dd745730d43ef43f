"""What a site can carry: power on the stated side of the meter, a lease, cooling, rack positions, and conversions."""

from __future__ import annotations

import numpy as np

from planner.milp.matrix import Builder, Ints
from planner.milp.variables import Variables
from planner.problem import Problem
from planner.problem.limits import SiteLimit


def add_site_limits(builder: Builder, problem: Problem, variables: Variables) -> None:
    """What systems in service, and their GPUs that serve, take of each limit of a site, in row units.

    Nameplate counts against a cap, not what is drawn; where the cap is at IT, without PUE.

    ::

        power      Σ P·PUE_design·(own + keep) ≤ cap·usable_share  every f,s,t
        lease      Σ P·(own + keep) ≤ contracted IT kW  every f,s,t
        cooling    Σ over systems so cooled of P·(own + keep) ≤ liquid or air IT kW  every f,s,t
        positions  Σ (own + keep) ÷ systems per position ≤ rack positions  every f,s,t
    """
    for limit in problem.limits.on_sites:
        _add(builder, problem, variables, limit)


def add_conversion(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A hall without liquid cooling has none before it is converted, and is converted once: kW.

    ::

        conversion      Σ over liquid systems of P·(own + keep) ≤ liquid IT kW·Σ_{t'≤t} convert[t']  every f,s,t
        converted once  Σ_t convert ≤ 1  every f,s
    """
    sites, timeline = problem.limits.sites, problem.timeline
    needs = np.zeros(len(sites), dtype=bool)
    supply = problem.supply
    for asset in [*(item.asset for item in supply.purchases), *(item.asset for item in supply.groups)]:
        needs[asset.site] |= asset.needs_conversion
    most = np.array([_most_liquid_kw(problem, index) for index in range(len(sites))])
    axes = ([site.name for site in sites], problem.futures, timeline.names)
    rows = builder.constraints("conversion", axes, upper=0.0, exists=needs[:, None, None])
    for family, ids in ((problem.supply.purchases, variables.own), (problem.supply.groups, variables.keep)):
        site = np.array([item.asset.site for item in family], dtype=np.int64)
        kw = np.array([item.asset.it_kw * item.asset.needs_conversion for item in family], dtype=float)
        builder.add(rows[site], ids, kw[:, None, None])
    earlier = np.tri(timeline.periods)
    builder.add(rows[..., None], variables.convert[:, :, None, :], -most[:, None, None, None] * earlier[None, None])
    once = builder.constraints(
        "convert_once", axes[:2], upper=1.0, exists=needs[:, None] & np.array([True] * len(problem.futures))
    )
    builder.add(once[..., None], variables.convert, 1.0)


def _most_liquid_kw(problem: Problem, site: int) -> float:
    """Liquid-cooled IT kW after conversion: the hall's own limit, or what can ever be needed there."""
    own_limit = problem.limits.sites[site].conversion_liquid_it_kw
    per_gpu = [
        item.asset.it_kw / item.asset.system.gpus
        for item in problem.supply.purchases
        if item.asset.site == site and item.asset.needs_conversion
    ]
    largest = [item.asset.it_kw for item in problem.supply.purchases if item.asset.site == site]
    there = [item.asset.it_kw * item.count for item in problem.supply.groups if item.asset.site == site]
    needed = problem.gpus_ever_needed * sum(per_gpu) + sum(largest) + sum(there)
    cap = float(np.max(problem.limits.sites[site].cap_kw, initial=0.0))
    return min(own_limit, needed if problem.elastic else min(needed, cap))


def _add(builder: Builder, problem: Problem, variables: Variables, limit: SiteLimit) -> None:
    """One row per site, future and span where ``limit`` has a most."""
    sites = [site.name for site in problem.limits.sites]
    most = limit.most[:, None, :]
    rows: Ints = builder.constraints(
        limit.kind.key, (sites, problem.futures, limit.spans), upper=most, exists=np.isfinite(most)
    )
    by_period = rows[:, :, limit.span_of]
    site = np.array([asset.site for asset in problem.supply.assets], dtype=np.int64)
    builder.add(by_period[site], np.concatenate([variables.own, variables.keep]), limit.each[:, None, :])
    if limit.busy.any():
        _add_serving(builder, problem, variables, limit, by_period)
    if limit.kind.over != "period":
        rows, most = rows.swapaxes(1, 2).reshape(-1, len(problem.futures)), limit.most.reshape(-1, 1)
    builder.limit(limit.kind, rows, limit.subjects(sites), most)


def _add_serving(builder: Builder, problem: Problem, variables: Variables, limit: SiteLimit, by_period: Ints) -> None:
    """What GPUs take for serving: the pools of such sites are theirs alone."""
    pools, assignments = problem.pools, problem.assignments
    busy = np.zeros((len(pools.pools), problem.timeline.periods))
    site = np.zeros(len(pools.pools), dtype=np.int64)
    busy[pools.assets] = limit.busy
    site[pools.assets] = [asset.site for asset in problem.supply.assets]
    taken = busy[assignments.pool][:, :, None] * assignments.up[:, None, :] * problem.timeline.block_hours
    builder.add(by_period[site[assignments.pool]][..., None], variables.gpus, taken[:, None])
