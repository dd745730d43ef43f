"""The pools of a plan that a workload's requests go to in a block: replicas, their curve, their share of requests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, ServingPoint
from planner.errors import InputError
from planner.frozen import dataclass
from planner.rules.demand import block_levels
from planner.rules.latency import Metric
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.timeline import scenario_timeline
from planner.traffic.curve import Curve, Knot, curve_of, in_flight, limit_of, scaled
from planner.traffic.outcome import Targets
from planner.units import s_from_ms
from planner.validation import nearest

# Replicas that are simulated of a larger pool, with their share of its requests; fewer where in a mean answer's time
# these take more requests than so many.
SAMPLE = 64
MOST_SAMPLED = 4_000

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ServedPool:
    """Replicas of one configuration in one pool of the plan, as they serve a workload in a block.

    ``share`` of the workload's requests goes to them, ``requests_per_s`` of them; ``headroom`` is what the plan leaves
    free. ``sample`` of the ``replicas`` are simulated. ``knots`` is how many measured concurrencies the curve rests on;
    ``ttft_known`` is False where reading takes no time because nobody measured it.
    """

    system: str
    pool: str
    point: str
    replicas: int
    sample: int
    share: float
    headroom: float
    requests_per_s: float
    saturated_requests_per_s: float
    curve: Curve
    knots: int
    ttft_known: bool
    output_tokens: float

    @property
    def whole_s(self) -> float:
        """Seconds that a request of the mean lengths takes in a full replica."""
        limit = self.curve.limit
        return limit / self.curve.requests_per_s(self.output_tokens, limit)


@dataclass(frozen=True)
class Block:
    """A workload in a period and block of a future, and the pools that serve it.

    ``hours`` are those that belong to it, from one share of all to another when the busiest comes first.
    """

    workload: str
    future: str
    period: str
    block: str
    requests_per_s: float
    targets: Targets
    pools: tuple[ServedPool, ...]
    hours: tuple[float, float] = (0.0, 1.0)


def blocks_of(
    scenario: Scenario,
    catalog: Catalog,
    serving: Sequence[Row],
    *,
    workload: str | None = None,
    period: str | None = None,
    block: str | None = None,
) -> list[Block]:
    """What to simulate: of each workload asked for the busiest block, of those asked for. Raises InputError."""
    known = {one.name: one for one in scenario.workloads}
    if workload is not None and workload not in known:
        raise InputError(f"--workload {workload}: there is no such workload{nearest(workload, known)}")
    rows = [row for row in serving if not row.get("lookahead") and known[row["workload"]].tokens is not None]
    for option, given, key in (("period", period, "period"), ("block", block, "block")):
        names = {str(row[key]): None for row in rows}
        if given is not None and given not in names:
            raise InputError(f"--{option} {given}: nothing is served in it{nearest(given, names)}")
    asked = {"workload": workload, "period": period, "block": block}
    rows = [row for row in rows if all(value in (None, row[key]) for key, value in asked.items())]
    found = []
    for one in scenario.workloads:
        groups = _groups(one, rows) if one.kind == "interactive" or workload == one.name else {}
        if groups:
            # Of blocks alike the first.
            busiest = max(groups, key=lambda key: sum(float(row["requests_per_s"]) for row in groups[key]))
            found.append(_block(scenario, catalog, one, busiest, groups[busiest]))
    return found


def all_blocks(scenario: Scenario, catalog: Catalog, workload: Workload, serving: Sequence[Row]) -> list[Block]:
    """Every block in which own or rented replicas serve ``workload``, those of the lookahead included."""
    return [_block(scenario, catalog, workload, at, rows) for at, rows in _groups(workload, serving).items()]


def _groups(workload: Workload, rows: Sequence[Row]) -> dict[tuple[str, str, str], list[Row]]:
    """The rows of a workload by future, period and block."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row["workload"] == workload.name:
            found.setdefault((str(row.get("future", "all")), str(row["period"]), str(row["block"])), []).append(row)
    return found


def targets_of(workload: Workload) -> Targets:
    """The targets of a workload in seconds."""
    sla = workload.sla
    ttft = math.inf if sla.ttft_s is None else sla.ttft_s
    tpot = math.inf if sla.tpot_ms is None else s_from_ms(sla.tpot_ms)
    return Targets(ttft, sla.ttft_percentile, tpot, sla.tpot_percentile)


def _block(
    scenario: Scenario, catalog: Catalog, workload: Workload, at: tuple[str, str, str], rows: Sequence[Row]
) -> Block:
    total = sum(float(row["requests_per_s"]) for row in rows)
    pools = tuple(_pool(scenario, catalog, workload, row, total) for row in rows)
    future, period, block = at
    hours = _hours(scenario, catalog, workload, block)
    return Block(workload.name, future, period, block, total, targets_of(workload), pools, hours)


def _hours(scenario: Scenario, catalog: Catalog, workload: Workload, block: str) -> tuple[float, float]:
    """Where a block's share of the hours begins and ends when blocks of a higher level come before it.

    Blocks of the same level share their hours: of a flat load each has all.
    """
    timeline = scenario_timeline(scenario, catalog)
    levels = block_levels(scenario, catalog, workload, timeline)
    level = levels[timeline.blocks.index(block)]
    shares = timeline.block_share
    return float(shares[levels > level].sum()), min(float(shares[levels >= level].sum()), 1.0)


def _pool(scenario: Scenario, catalog: Catalog, workload: Workload, row: Row, total: float) -> ServedPool:
    assert workload.tokens is not None
    point = _point(catalog, workload, str(row["point"]))
    mine = float(row["requests_per_s"])
    # What the plan counts on at saturation: its rate is that less the headroom.
    per_replica = mine / float(row["gpus"]) * float(row["gpus_per_replica"])
    headroom = workload.headroom_at(point.name)
    saturated = per_replica / (1 - headroom)
    own = _knot(scenario, point)
    requests = in_flight(saturated, own, workload.tokens.output)
    knots = scaled([_knot(scenario, other) for other in _series(catalog, point)], own, requests)
    curve = curve_of(knots, limit_of(requests), workload.tokens.input)
    replicas = max(1, round(float(row["replicas"])))
    return ServedPool(
        system=str(row["system"]),
        pool=str(row["pool"]),
        point=point.name,
        replicas=replicas,
        sample=min(replicas, SAMPLE, max(1, MOST_SAMPLED // curve.limit)),
        share=mine / total,
        headroom=headroom,
        requests_per_s=mine,
        saturated_requests_per_s=saturated,
        curve=curve,
        knots=len(knots),
        ttft_known=point.ttft_ms is not None,
        output_tokens=workload.tokens.output,
    )


def _point(catalog: Catalog, workload: Workload, name: str) -> ServingPoint:
    for point in catalog.serving.values():
        if point.name == name and point.model == workload.model and point.serves(workload.name):
            return point
    raise InputError(f"{workload.name} is served by {name}, which the catalogs of the scenario do not have any more")


def _series(catalog: Catalog, point: ServingPoint) -> list[ServingPoint]:
    """The points of the same sweep at the same lengths, where it is a measured one."""
    if point.derivation:
        return []

    def sweep(one: ServingPoint) -> tuple[object, ...]:
        lengths = one.input_tokens_nominal, one.output_tokens_nominal
        return one.model, one.system, one.series, one.replica_gpus, lengths, one.ttft_ms is None

    return [one for one in catalog.serving.values() if not one.derivation and sweep(one) == sweep(point)]


def _knot(scenario: Scenario, point: ServingPoint) -> Knot:
    ttft_ms = 0.0 if point.ttft_ms is None else _central_ms(scenario, point, "ttft", point.ttft_ms)
    return Knot(point.concurrency, s_from_ms(ttft_ms), s_from_ms(_central_ms(scenario, point, "tpot", point.tpot_ms)))


def _central_ms(scenario: Scenario, point: ServingPoint, metric: Metric, stated_ms: float) -> float:
    """A latency without the tail that a ratio of the scenario gave it: tails are what the simulation is asked for."""
    converted = isinstance(point, DerivedPoint) and metric in point.converted
    ratio = scenario.tail_ratio.of(metric) if converted else None
    return stated_ms / ratio if ratio else stated_ms
