"""The elastic matrix: which limits to relax so that a plan exists, fewest groups first, then least violation.

Every limit belongs to a named group (a site's cap, a year's budget, a workload's latency target, a quota, a floor). A
group is relaxed or not; a relaxed row may be exceeded by a share of its limit. Points and APIs that miss a latency
target come back, gated by relaxing that target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.kinds.limits import BUDGET, MIN_REPLICAS, SLA, LimitKind
from planner.milp.build import Model
from planner.milp.matrix import ABSENT, LimitRows, Milp
from planner.milp.widened import with_added_entries, with_columns, with_rows
from planner.rules.latency import SLACK

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Of limits that are exceeded without end, the fewest may have to be exceeded so many times as far.
ROOM = 3.0


@dataclass(frozen=True)
class LimitGroup:
    """A limit that a planner can relax as one: its kind and what it belongs to."""

    kind: LimitKind
    subject: str


@dataclass(frozen=True)
class Elastic:
    """An elastic matrix and where its own columns stand.

    ``relaxed`` (groups,) binary columns; ``excess`` the columns that measure violation ÷ limit; ``row_excess`` maps the
    rows of the model that can be exceeded to their column, ``scale`` to what an excess of 1 is in them, and
    ``last_resorts`` are those of a kind that is one.
    """

    milp: Milp
    groups: tuple[LimitGroup, ...]
    relaxed: Ints
    excess: Ints
    row_excess: dict[int, int]
    scale: dict[int, float]
    last_resorts: tuple[int, ...]

    def fewest(self) -> Milp:
        """Objective: the number of groups relaxed; leaving demand unserved counts more than all others together."""
        cost = np.zeros(self.milp.columns)
        last_resort = float(len(self.groups) + 1)
        cost[self.relaxed] = [last_resort if group.kind.last_resort else 1.0 for group in self.groups]
        return replace(self.milp, cost=cost, constant=0.0)

    def fewest_with_parts(self) -> Milp:
        """``fewest`` with parts of systems and contracts: solved sooner, and no set is smaller than its."""
        first = min([*self.excess, *self.relaxed], default=self.milp.columns)
        whole = self.milp.integer & (np.arange(self.milp.columns) >= first)
        return replace(self.fewest(), integer=whole)

    def without_end(self, *, unserved: bool) -> Milp:
        """Objective: the sum of violations where every group (but last resorts, without ``unserved``) is relaxed.

        Each row is, by as much as it takes.
        """
        cost, upper = np.zeros(self.milp.columns), self.milp.upper.copy()
        cost[self.excess] = 1.0
        upper[self.excess] = np.inf
        if not unserved:
            upper[[self.row_excess[row] for row in self.last_resorts]] = 0.0
        # The first rows of the elastic block hold each excess to what its group allows.
        row_upper = self.milp.row_upper.copy()
        row_upper[self.milp.row_blocks[-1].first :][: len(self.row_excess)] = np.inf
        return replace(self.milp, upper=upper, row_upper=row_upper, cost=cost, constant=0.0).relaxed()

    def exceeded(self, x: Floats) -> dict[int, float]:
        """By how much of its own unit a solution exceeds each row that it exceeds."""
        return {row: float(x[column]) * self.scale[row] for row, column in self.row_excess.items() if x[column] > 0}

    def least(self, relaxed: Floats) -> Milp:
        """Objective: the sum of violations of the groups ``relaxed`` (groups,) alone."""
        cost = np.zeros(self.milp.columns)
        cost[self.excess] = 1.0
        upper = self.milp.upper.copy()
        upper[self.relaxed] = np.minimum(upper[self.relaxed], relaxed)
        return replace(self.milp, upper=upper, cost=cost, constant=0.0)


def build_elastic(
    model: Model, most_excess: float, within: float = 0.0, far: Mapping[int, float] | None = None
) -> Elastic:
    """The elastic matrix of ``model`` (of an elastic problem); no limit is exceeded more than ``most_excess`` times.

    Every limit is drawn in by ``within`` of it: what an engine overlooks, a dollar of two million, is to be seen.
    Where even that is not enough, ``far`` says by how much of its own unit each row is exceeded at least.
    """
    milp = model.milp
    groups: dict[LimitGroup, int] = {}
    rows, scales, group_of = _limited_rows(model, most_excess, groups)
    gates = _gates(model)
    missed_most = max([most_excess, *(missed for _, _, missed in gates)]) if far else most_excess
    if far:
        scales = _within_reach(rows, scales, group_of, {row: ROOM * value / most_excess for row, value in far.items()})
    for workload in dict.fromkeys(workload for workload, _, _ in gates):
        groups.setdefault(LimitGroup(SLA, workload), len(groups))
    groups_of = tuple(groups)
    first = milp.columns
    excess = first + np.arange(len(rows) + len(gates))
    relaxed = first + len(excess) + np.arange(len(groups))
    opened = relaxed[-1] + 1 + np.arange(len(gates)) if len(relaxed) else np.zeros(0, dtype=np.int64)
    extra = len(excess) + len(relaxed) + len(opened)
    binary = np.arange(extra) >= len(excess)
    most = np.where(binary, 1.0, most_excess)
    most[len(rows) : len(excess)] = missed_most
    without = replace(milp, cost=np.zeros(first), row_upper=milp.row_upper.copy())
    widened = with_columns(without, np.zeros(extra), "elastic", most, binary)
    # No plan serves more than is asked for.
    drawn_in = [0.0 if groups_of[group].kind.floor else within for group in group_of]
    widened.row_upper[rows] -= np.array(drawn_in) * np.array(scales)
    widened = with_added_entries(widened, np.array(rows, dtype=np.int64), excess[: len(rows)], -np.array(scales))
    added = [
        (np.array([excess[i], relaxed[group]]), np.array([1.0, -most_excess]), -np.inf, 0.0)
        for i, group in enumerate(group_of)
    ]
    for i, (workload, columns, missed) in enumerate(gates):
        column, group = excess[len(rows) + i], relaxed[groups[LimitGroup(SLA, workload)]]
        share = 1 / np.maximum(milp.upper[columns], 1e-12) / len(columns)
        added += [
            (np.append(columns, opened[i]), np.append(share, -1.0), -np.inf, 0.0),
            (np.array([opened[i], group]), np.array([1.0, -1.0]), -np.inf, 0.0),
            (np.array([column, opened[i]]), np.array([1.0, -missed]), 0.0, np.inf),
        ]
    return Elastic(
        milp=with_rows(widened, added, "elastic"),
        groups=groups_of,
        relaxed=relaxed,
        excess=excess,
        row_excess={row: int(excess[i]) for i, row in enumerate(rows)},
        scale=dict(zip(rows, scales, strict=True)),
        last_resorts=tuple(row for row, at in zip(rows, group_of, strict=True) if groups_of[at].kind.last_resort),
    )


def with_requirements(model: Model) -> Model:
    """The model with its fewest replicas among the limits, as rows of a most: no set of limits may be enough."""
    milp = model.milp
    limits, data = list(milp.limits), milp.data.copy()
    row_lower, row_upper = milp.row_lower.copy(), milp.row_upper.copy()
    for block in milp.row_blocks:
        if block.name != MIN_REPLICAS.key or not len(block.cells):
            continue
        rows = np.arange(milp.rows)[block.span]
        workload, future, period, _ = np.unravel_index(block.cells, [len(axis) for axis in block.axes])
        least, names = milp.row_lower[rows], model.problem.demand.names
        subjects = tuple(names[index] for index in workload)
        limits.append(LimitRows(MIN_REPLICAS, rows, subjects, future, period, least, np.ones(len(rows))))
        data[milp.indptr[rows[0]] : milp.indptr[rows[-1] + 1]] *= -1
        row_lower[rows], row_upper[rows] = -np.inf, -least
    milp = replace(milp, data=data, row_lower=row_lower, row_upper=row_upper, limits=tuple(limits))
    return replace(model, milp=milp)


def _limited_rows(
    model: Model, most_excess: float, groups: dict[LimitGroup, int]
) -> tuple[list[int], list[float], list[int]]:
    """Every row of a limit, what an excess of 1 is in it, and its place in ``groups``, to which it is added."""
    milp = model.milp
    rows: list[int] = []
    scales: list[float] = []
    group_of: list[int] = []
    for block in milp.limits:
        per_group: dict[str, float] = {}
        for subject, limit in zip(block.subject, block.limit, strict=True):
            per_group[subject] = max(per_group.get(subject, 0.0), abs(float(limit)))
        for row, subject, limit, unit in zip(block.rows, block.subject, block.limit, block.per_row_unit, strict=True):
            # A cap of zero is measured against the group's largest, a share against the whole fleet.
            size = abs(float(limit)) or per_group[subject] or 1.0
            if block.kind is BUDGET:
                # The least that is bought may be many times a small budget, and any number of times one of nothing.
                size = max(size, float(unit) * _largest(milp, int(row)))
            scale = size / unit
            if block.kind.of_fleet:
                scale = model.problem.gpus_ever_needed / most_excess
            rows.append(int(row))
            scales.append(scale)
            group_of.append(groups.setdefault(LimitGroup(block.kind, subject), len(groups)))
    return rows, scales, group_of


def _within_reach(rows: list[int], scales: list[float], group_of: list[int], least: dict[int, float]) -> list[float]:
    """The scales of the rows, those of a group larger by one factor, so that none is below its ``least``."""
    factors: dict[int, float] = {}
    for row, scale, group in zip(rows, scales, group_of, strict=True):
        factors[group] = max(factors.get(group, 1.0), least.get(row, 0.0) / scale)
    return [scale * factors[group] for scale, group in zip(scales, group_of, strict=True)]


def _largest(milp: Milp, row: int) -> float:
    """The largest coefficient of a row; 0 where it has none."""
    return float(np.abs(milp.data[milp.indptr[row] : milp.indptr[row + 1]]).max(initial=0.0))


def _gates(model: Model) -> list[tuple[str, Ints, float]]:
    """Workload, columns and relative miss of every point and API that a latency target shuts out."""
    problem, variables = model.problem, model.variables
    names, found = problem.demand.names, []
    assignments, api = problem.assignments, problem.api
    keys: dict[tuple[str, str], list[int]] = {}
    for assignment, candidate in enumerate(assignments.candidates):
        if candidate.sla_excess > SLACK:
            keys.setdefault((names[candidate.workload], candidate.name), []).append(assignment)
    for (workload, _), chosen in keys.items():
        ids = variables.gpus[chosen].ravel()
        found.append((workload, np.unique(ids[ids != ABSENT]), float(assignments.sla_excess[chosen[0]])))
    for call in np.flatnonzero(api.sla_excess > SLACK):
        ids = variables.api[call].ravel()
        found.append((names[api.workload[call]], np.unique(ids[ids != ABSENT]), float(api.sla_excess[call])))
    return [gate for gate in found if len(gate[1])]
