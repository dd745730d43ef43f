"""What a site can carry: power on the stated side of the meter, a lease, cooling and rack positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.milp.matrix import Builder, Ints
from planner.milp.variables import Variables
from planner.problem import Problem
from planner.units import KW_PER_MW

Floats = NDArray[np.float64]


def add_power(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ P·PUE_design·(own + keep) ≤ cap[s,t]·usable_share (kW): nameplate counts, not what is drawn."""
    limit = np.array([site.cap_kw for site in problem.limits.sites])
    _add(builder, problem, variables, "power", limit, "cap_kw", unit="MW", per_row_unit=1 / KW_PER_MW)


def add_lease(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ P·(own + keep) ≤ contracted IT kW[s,t]."""
    limit = np.array([site.lease_it_kw for site in problem.limits.sites])
    _add(builder, problem, variables, "lease", limit, "it_kw", unit="kW")


def add_cooling(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ P·(own + keep) ≤ liquid or air IT kW[s,t], over the systems cooled so."""
    for cooling in ("liquid", "air"):
        limit = np.array([getattr(site, f"{cooling}_it_kw") for site in problem.limits.sites])
        _add(builder, problem, variables, cooling, limit, "it_kw", unit="kW", cooling=cooling)


def add_positions(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ (own + keep) ÷ systems per position ≤ rack positions[s,t]."""
    limit = np.array([site.rack_positions for site in problem.limits.sites])
    _add(builder, problem, variables, "positions", limit, "positions", unit="rack positions")


def add_conversion(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ P·(own + keep) of converted cooling ≤ liquid kW·Σ_{t'≤t} convert[s,t'], and Σ_t convert[s,t] ≤ 1."""
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


def _add(
    builder: Builder,
    problem: Problem,
    variables: Variables,
    kind: str,
    limit: Floats,
    per_system: str,
    *,
    unit: str,
    per_row_unit: float = 1.0,
    cooling: str | None = None,
) -> None:
    """One row per site, future and period where ``limit`` (S, T) is finite."""
    sites = [site.name for site in problem.limits.sites]
    limit = limit.reshape(len(sites), problem.timeline.periods)[:, None, :]
    rows: Ints = builder.constraints(
        kind,
        (sites, problem.futures, problem.timeline.names),
        upper=limit,
        exists=np.isfinite(limit),
    )
    for family, ids in ((problem.supply.purchases, variables.own), (problem.supply.groups, variables.keep)):
        counts = [cooling in (None, item.asset.system.cooling) for item in family]
        each = np.array([getattr(item.asset, per_system) for item in family], dtype=float) * counts
        site = np.array([item.asset.site for item in family], dtype=np.int64)
        builder.add(rows[site], ids, each[:, None, None])
    builder.limit(kind, rows, sites, limit, unit=unit, per_row_unit=per_row_unit)
