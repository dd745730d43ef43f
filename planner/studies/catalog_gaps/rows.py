"""The serving rows that a plan runs on, or nearly, and that nobody measured: what each counts on, and may turn out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from planner.catalog import Catalog
from planner.catalog.models import ServingPoint
from planner.frozen import dataclass
from planner.milp import Model
from planner.milp.vector import values
from planner.problem.serving import Candidate, candidates
from planner.rules.families import family
from planner.rules.latency import SLACK
from planner.rules.rates import software_gain, trusted_rate
from planner.rules.uncertainty import Uncertainty, unmeasured
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.solvers.answer import Floats

# Of the GPUs of a relaxation, less than this is dust.
DUST_GPUS = 1e-6
# More rows than this are not tried: each takes two solves.
MOST_TRIED = 40

Key = tuple[str, str]
# A workload on a system.
Place = tuple[int, str]


@dataclass(frozen=True)
class Row:
    """A row with the workload that it serves most of.

    ``trusted``, ``counted``, ``low`` and ``high`` are requests/s of a GPU before headroom: its claim times trust, what
    the plan counts on after caps, and the ends of its interval, for which ``why`` stands. ``gpus`` are the most that
    the relaxation runs it on, 0 where it does not. ``credited`` where it is a measured row but for hits in the cache.
    """

    point: ServingPoint
    workload: Workload
    trusted: float
    counted: float
    low: float
    high: float
    why: str
    gpus: float
    credited: bool

    @property
    def key(self) -> Key:
        """Model and name: a name alone is that of several models."""
        return self.point.model, self.point.name

    def tokens(self, requests: float) -> float:
        """Requests/s as output tokens/s."""
        assert self.workload.tokens is not None
        return requests * self.workload.tokens.output


def rows_of(scenario: Scenario, catalog: Catalog, model: Model, x: Floats) -> tuple[list[Row], int]:
    """The rows to try, and how many more there are: those in use first, by their GPUs, then those near to it.

    Near is the row of a workload on a system that at its high makes most of all there, more than any row is counted on.
    What is measured together with a row in use is not asked for again.
    """
    problem = model.problem
    gpus = _gpus(model, x)
    known = {(row.model, row.name): row for row in catalog.serving.values()}
    errors = Uncertainty(catalog, (w.model for w in scenario.workloads if w.model), scenario.trust)
    found = [
        one
        for one in candidates(scenario, catalog, problem.timeline, problem.supply.systems)
        if one.sla_excess <= SLACK and scenario.workloads[one.workload].tokens is not None
    ]
    used: dict[Key, Row] = {}
    rest: list[tuple[Place, Row]] = []
    counted: dict[Place, float] = {}
    for one in found:
        workload, place = scenario.workloads[one.workload], (one.workload, one.system)
        point = known[str(workload.model), one.name]
        gain = float(software_gain(scenario, problem.timeline, point)[0])
        rate = float(one.rate[0]) / (1 - workload.headroom_at(one.name)) / gain
        counted[place] = max(counted.get(place, 0.0), rate)
        if not unmeasured(point):
            continue
        row = _row(scenario, workload, point, rate, gpus.get((one.workload, one.name), 0.0), errors)
        if row is None:
            continue
        if row.gpus > DUST_GPUS:
            if row.key not in used or used[row.key].gpus < row.gpus:
                used[row.key] = row
        else:
            rest.append((place, row))
    entering = _entering(rest, used, counted)
    ranked = sorted(used.values(), key=lambda row: (-row.gpus, row.key))
    ranked += sorted(entering.values(), key=lambda row: (row.workload.name, row.key))
    return ranked[:MOST_TRIED], max(len(ranked) - MOST_TRIED, 0)


def _entering(
    rest: Iterable[tuple[Place, Row]], used: Mapping[Key, Row], counted: Mapping[Place, float]
) -> dict[Key, Row]:
    """Of each workload and system the row not in use, nor measured with one, with the greatest high above all."""
    together = {_together(row) for row in used.values()}
    best: dict[Place, Row] = {}
    for place, row in rest:
        if (
            row.high > max(counted[place], best[place].high if place in best else 0.0)
            and _together(row) not in together
        ):
            best[place] = row
    return {row.key: row for row in best.values()}


def _together(row: Row) -> tuple[object, ...]:
    """What a benchmark of a row settles: a series at all loads; of what is derived, its whole configuration.

    Where lengths are measured of a configuration, none of its points is derived for them any more.
    """
    point = row.point
    return family(point) if point.derivation else (point.model, point.system, point.series, point.gpus_per_replica)


def _gpus(model: Model, x: Floats) -> dict[tuple[int, str], float]:
    """The most GPUs that each workload runs on each of its points, in any future, period and block."""
    assignments: Sequence[Candidate] = model.problem.assignments.candidates
    sums: dict[tuple[int, str], Floats] = {}
    for one, gpus in zip(assignments, values(x, model.variables.gpus), strict=True):
        key = one.workload, one.name
        sums[key] = sums[key] + gpus if key in sums else gpus
    return {key: float(np.max(gpus, initial=0.0)) for key, gpus in sums.items()}


def _row(
    scenario: Scenario, workload: Workload, point: ServingPoint, counted: float, gpus: float, errors: Uncertainty
) -> Row | None:
    interval = errors.interval(point)
    if interval is None:
        return None
    trusted = trusted_rate(scenario, workload, point)
    claim = trusted / scenario.trust.of(point.evidence)
    ends = claim * interval.low, claim * interval.high
    return Row(point, workload, trusted, counted, *ends, interval.why, gpus, errors.credited(point))
