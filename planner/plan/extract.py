"""From a tidy vector to the decision tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.decisions import COLUMNS, Decisions
from planner.milp import ABSENT, Model
from planner.milp.vector import values
from planner.table import Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def decisions(model: Model, x: Floats) -> Decisions:
    """The decision tables of a tidy vector."""
    problem, variables = model.problem, model.variables
    supply, timeline = problem.supply, problem.timeline
    purchases, reservations, hourly = supply.purchases, supply.reservations, supply.hourly
    sites = [site.name for site in problem.limits.sites]
    names, pools = problem.demand.names, problem.pools.pools

    def named(rows: Table, **columns: Any) -> Table:
        """The rows with further columns, and the names of their futures and blocks."""
        axes = {"future": ("f", problem.futures), "block": ("b", timeline.blocks)}
        known = {name: _pick(names, rows[axis]) for name, (axis, names) in axes.items() if axis in rows.names}
        return rows.with_columns(**known, **columns)

    buys = _table(model, x, variables.buy, "count")
    keeps = _table(model, x, variables.keep, "count")
    signs = _table(model, x, variables.sign, "lots")
    rents = _table(model, x, variables.rent, "lots")
    running = values(x, variables.lots_at_once)
    conversions = _table(model, x, variables.convert, "count")
    api = _table(model, x, variables.api, "requests_per_s")
    unserved = _table(model, x, variables.unserved, "requests_per_s")
    tables = {
        "pools": Table.of_rows(COLUMNS["pools"], [(pool.name, supply) for pool in pools for supply in pool.supplies]),
        "buys": named(
            buys,
            site=_pick([sites[item.asset.site] for item in purchases], buys["item"]),
            system=_pick([item.asset.system.system for item in purchases], buys["item"]),
        ),
        "keeps": named(
            keeps,
            site=_pick([sites[group.asset.site] for group in supply.groups], keeps["item"]),
            group=np.array([group.index for group in supply.groups], dtype=np.int64)[keeps["item"]],
        ),
        "signs": named(signs, offer=_pick([item.offer.name for item in reservations], signs["item"])),
        "rents": named(
            rents,
            offer=_pick([item.offer.name for item in hourly], rents["item"]),
            by_job=np.array([item.by_job for item in hourly], dtype=bool)[rents["item"]],
            at_once=running[tuple(rents[axis] for axis in ("item", "f", "period", "b"))],
        ),
        "conversions": named(conversions, site=_pick(sites, conversions["item"])),
        "serving": named(_serving(model, x)),
        "api": named(
            api,
            workload=_pick([names[w] for w in problem.api.workload], api["item"]),
            api=_pick([problem.api.names[a] for a in problem.api.api], api["item"]),
        ),
        "unserved": named(unserved, workload=_pick(names, unserved["item"])),
    }
    return Decisions(**{name: tables[name].only(columns) for name, columns in COLUMNS.items()})


def _serving(model: Model, x: Floats) -> Table:
    """What serves which workload where; with whole replicas a row stands wherever replicas do, even idle ones."""
    problem, variables = model.problem, model.variables
    assignments = problem.assignments
    whole = variables.replicas != ABSENT
    shown = np.where(whole, ABSENT, variables.gpus)
    serving = _table(model, x, shown, "gpus").with_columns(replicas=np.nan)
    standing = _table(model, x, np.where(whole, variables.replicas, ABSENT), "replicas")
    if len(standing):
        at = tuple(standing[axis] for axis in ("item", "f", "period", "b"))
        standing = standing.with_columns(gpus=values(x, variables.gpus)[at])
        serving = Table.joined([serving, standing.only(serving.names)])
    return serving.with_columns(
        workload=_pick([problem.demand.names[c.workload] for c in assignments.candidates], serving["item"]),
        pool=_pick([problem.pools.pools[q].name for q in assignments.pool], serving["item"]),
        point=_pick([c.name for c in assignments.candidates], serving["item"]),
    )


def _table(model: Model, x: Floats, ids: Ints, value: str) -> Table:
    """One row per nonzero entry: its position on each axis and its value."""
    amounts = values(x, ids)
    at = np.nonzero(amounts)
    columns = dict(zip(("item", "f", "period", "b"), at, strict=False))
    return Table({**columns, value: amounts[at]})


def _pick(names: Sequence[str], at: NDArray[Any]) -> NDArray[np.object_]:
    return np.array([*names, ""], dtype=object)[at.astype(np.int64)]
