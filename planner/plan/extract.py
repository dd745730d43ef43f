"""From a tidy vector to the decision tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.decisions import COLUMNS, Decisions
from planner.milp import ABSENT, Model
from planner.milp.vector import values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def decisions(model: Model, x: Floats) -> Decisions:
    """The decision tables of a tidy vector."""
    problem, variables = model.problem, model.variables
    supply, timeline = problem.supply, problem.timeline
    purchases, reservations, hourly = supply.purchases, supply.reservations, supply.hourly
    sites = [site.name for site in problem.limits.sites]
    names, pools = problem.demand.names, problem.pools.pools

    buys = _table(model, x, variables.buy, "count")
    buys["site"] = _pick([sites[item.asset.site] for item in purchases], buys["item"])
    buys["system"] = _pick([item.asset.system.system for item in purchases], buys["item"])
    keeps = _table(model, x, variables.keep, "count")
    keeps["site"] = _pick([sites[group.asset.site] for group in supply.groups], keeps["item"])
    keeps["group"] = np.array([group.index for group in supply.groups], dtype=np.int64)[keeps["item"]]
    signs = _table(model, x, variables.sign, "lots")
    signs["offer"] = _pick([item.offer.name for item in reservations], signs["item"])
    rents = _table(model, x, variables.rent, "lots")
    rents["by_job"] = np.array([item.by_job for item in hourly], dtype=bool)[rents["item"]]
    running = values(x, variables.lots_at_once)
    rents["at_once"] = running[tuple(np.asarray(rents[axis]) for axis in ("item", "f", "period", "b"))]
    rents["offer"] = _pick([item.offer.name for item in hourly], rents["item"])
    conversions = _table(model, x, variables.convert, "count")
    conversions["site"] = _pick(sites, conversions["item"])
    api = _table(model, x, variables.api, "requests_per_s")
    api["workload"] = _pick([names[w] for w in problem.api.workload], api["item"])
    api["api"] = _pick([problem.api.names[a] for a in problem.api.api], api["item"])
    unserved = _table(model, x, variables.unserved, "requests_per_s")
    unserved["workload"] = _pick(list(names), unserved["item"])

    frames = {
        "pools": pd.DataFrame(
            [(pool.name, supply) for pool in pools for supply in pool.supplies], columns=list(COLUMNS["pools"])
        ),
        "buys": buys,
        "keeps": keeps,
        "signs": signs,
        "rents": rents,
        "conversions": conversions,
        "serving": _serving(model, x),
        "api": api,
        "unserved": unserved,
    }
    for frame in frames.values():
        if "f" in frame:
            frame["future"] = _pick(list(problem.futures), frame["f"])
        if "b" in frame:
            frame["block"] = _pick(list(timeline.blocks), frame["b"])
    return Decisions(**{name: frame[list(COLUMNS[name])] for name, frame in frames.items()})


def _serving(model: Model, x: Floats) -> pd.DataFrame:
    """What serves which workload where; with whole replicas a row stands wherever replicas do, even idle ones."""
    problem, variables = model.problem, model.variables
    assignments = problem.assignments
    whole = variables.replicas != ABSENT
    shown = np.where(whole, ABSENT, variables.gpus)
    serving = _table(model, x, shown, "gpus")
    standing = _table(model, x, np.where(whole, variables.replicas, ABSENT), "replicas")
    if len(standing):
        at = (standing["item"], standing["f"], standing["period"], standing["b"])
        standing["gpus"] = values(x, variables.gpus)[tuple(np.asarray(index) for index in at)]
        serving = pd.concat([serving, standing], ignore_index=True)
    serving["workload"] = _pick([problem.demand.names[c.workload] for c in assignments.candidates], serving["item"])
    serving["pool"] = _pick([problem.pools.pools[q].name for q in assignments.pool], serving["item"])
    serving["point"] = _pick([c.name for c in assignments.candidates], serving["item"])
    if "replicas" not in serving:
        serving["replicas"] = np.nan
    return serving


def _table(model: Model, x: Floats, ids: Ints, value: str) -> pd.DataFrame:
    """One row per nonzero entry: its position on each axis and its value."""
    amounts = values(x, ids)
    at = np.nonzero(amounts)
    columns = dict(zip(("item", "f", "period", "b"), at, strict=False))
    return pd.DataFrame({**columns, value: amounts[at]})


def _pick(names: Sequence[str], at: pd.Series[int]) -> NDArray[np.object_]:
    return np.array([*names, ""], dtype=object)[np.asarray(at, dtype=np.int64)]
