"""What a planner may want beside the least cost, as an objective over the same matrix; all are to be small.

Some are sums over columns that are there already; two count things of which any column is used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.kinds.evidence import WEAK
from planner.milp import ABSENT, Model
from planner.units import mtok_from_tokens, requests_from_rate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Less of a column than this is the dust of a solver.
USED = 1e-6

OBJECTIVES = {
    "least capex": "USD",
    "fewest vendors": "vendors",
    "fewest system types": "system types",
    "least power": "MW",
    "least on predictions": "Mtok",
    "most renting": "GPU-hours owned",
}


COUNTS = ("fewest vendors", "fewest system types")


def objective_vector(model: Model, objective: str) -> Floats:
    """An objective that is no count, over the model's columns."""
    vectors = {
        "least capex": _capex,
        "least power": _power,
        "least on predictions": _predicted,
        "most renting": _owned,
    }
    return vectors[objective](model)


def counted(model: Model, objective: str) -> dict[str, Ints]:
    """Columns by vendor or by system type, whichever ``objective`` counts."""
    return _vendors(model) if objective == "fewest vendors" else _types(model)


def value(model: Model, objective: str, x: Floats) -> float:
    """What a vector is worth under ``objective``, in its unit."""
    if objective in COUNTS:
        return float(sum(bool((x[columns] > USED).any()) for columns in counted(model, objective).values()))
    return float(bits.dot(objective_vector(model, objective), x))


def _weighted(model: Model, parts: list[tuple[Ints, Floats]]) -> Floats:
    """A vector over the columns from pairs of ids (N, F, …) and weights, each future by its probability."""
    total = np.zeros(model.milp.columns)
    probability = model.problem.probability
    for ids, weights in parts:
        shape = (1, len(probability), *([1] * (ids.ndim - 2)))
        weight = np.broadcast_to(weights * probability.reshape(shape), ids.shape)
        present = ids != ABSENT
        np.add.at(total, ids[present], weight[present])
    return total


def _capex(model: Model) -> Floats:
    supply, variables = model.problem.supply, model.variables
    parts = []
    if supply.purchases:
        usd = np.array([item.capex_usd.sum(axis=1) for item in supply.purchases])
        parts.append((variables.buy, usd[:, None, :]))
    sites = model.problem.limits.sites
    if sites:
        parts.append((variables.convert, np.array([site.conversion_usd for site in sites])[:, None, None]))
    return _weighted(model, parts)


def _power(model: Model) -> Floats:
    """Mean utility or IT power provisioned over the solved horizon, as the caps count it, MW."""
    supply, variables, hours = model.problem.supply, model.variables, model.problem.timeline.hours
    share = hours / hours.sum() / 1e3
    parts = []
    if supply.purchases:
        kw = np.array([item.asset.cap_kw for item in supply.purchases])
        parts.append((variables.own, kw[:, None, None] * share))
    if supply.groups:
        kw = np.array([group.asset.cap_kw for group in supply.groups])
        parts.append((variables.keep, kw[:, None, None] * share))
    return _weighted(model, parts)


def _predicted(model: Model) -> Floats:
    """Output tokens that rest on predicted or estimated points, Mtok over the solved horizon."""
    problem, variables = model.problem, model.variables
    assignments, timeline = problem.assignments, problem.timeline
    weak = np.array([c.evidence in WEAK for c in assignments.candidates], dtype=bool)
    if not len(weak):
        return np.zeros(model.milp.columns)
    tokens = problem.demand.output_tokens[assignments.workload] * weak
    requests = requests_from_rate(1.0, timeline.block_hours)
    weights = mtok_from_tokens(1.0) * tokens[:, None, None] * assignments.rate[:, :, None] * requests
    return _weighted(model, [(variables.gpus, weights[:, None])])


def _owned(model: Model) -> Floats:
    """GPU-hours of systems bought, over the solved horizon: the least of them is the most renting."""
    supply, variables, hours = model.problem.supply, model.variables, model.problem.timeline.hours
    if not supply.purchases:
        return np.zeros(model.milp.columns)
    gpus = np.array([item.asset.system.gpus for item in supply.purchases], dtype=float)
    return _weighted(model, [(variables.own, gpus[:, None, None] * hours)])


def _vendors(model: Model) -> dict[str, Ints]:
    """Columns by provider of contracts, hours and token APIs; what is signed already is there anyway."""
    supply, variables, api = model.problem.supply, model.variables, model.problem.api
    found: dict[str, list[Ints]] = {}
    for index, item in enumerate(supply.reservations):
        found.setdefault(item.offer.provider, []).append(variables.under_contract[index].ravel())
    for index, hourly in enumerate(supply.hourly):
        found.setdefault(hourly.offer.provider, []).append(variables.rent[index].ravel())
    for assignment, row in enumerate(api.api):
        found.setdefault(api.providers[row], []).append(variables.api[assignment].ravel())
    return _present(found)


def _types(model: Model) -> dict[str, Ints]:
    """Columns by system, whoever owns it."""
    supply, variables = model.problem.supply, model.variables
    found: dict[str, list[Ints]] = {}
    for index, item in enumerate(supply.purchases):
        found.setdefault(item.asset.system.system, []).append(variables.own[index].ravel())
    for index, group in enumerate(supply.groups):
        found.setdefault(group.asset.system.system, []).append(variables.keep[index].ravel())
    for index, offered in enumerate(supply.reservations):
        found.setdefault(offered.offer.system, []).append(variables.under_contract[index].ravel())
    for index, hourly in enumerate(supply.hourly):
        found.setdefault(hourly.offer.system, []).append(variables.rent[index].ravel())
    return _present(found)


def _present(found: dict[str, list[Ints]]) -> dict[str, Ints]:
    columns = {name: np.unique(np.concatenate(parts)) for name, parts in sorted(found.items())}
    return {name: ids[ids != ABSENT] for name, ids in columns.items() if (ids != ABSENT).any()}
