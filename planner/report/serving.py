"""Who serves which workload: systems, their share of the requests, latency against the target, evidence."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from planner.plan import Plan
from planner.problem.serving import NO_CREDIT
from planner.render.figures import count, digits, percent, short
from planner.render.sheet import Sheet, left, right
from planner.report.view import probabilities, rows_of
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.timeline import Timeline
from planner.units import MS_PER_S, requests_from_rate, tokens_from_mtok

MOST_ROWS = 40
SMALL = 0.005
UNSERVED = "unserved"
# What names a point to a reader; engine, shape and the parallelism of each stage are in the full name.
_TELLING = re.compile(r"mxfp4|fp4|fp8|bf16|int4|agg|disagg|mtp|eagle\d*|specunknown|tp\d+\w*")


@dataclass
class Share:
    """What one server does for a workload: requests by point, evidence and engine, GPUs by future and block."""

    requests: float = 0.0
    gpus: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    evidence: Counter[str] = field(default_factory=Counter)
    engines: Counter[str] = field(default_factory=Counter)
    ttft_ms: float = 0.0
    tpot_ms: float = 0.0
    converted: str = ""

    def add(self, other: Share) -> None:
        """Take in what ``other`` does."""
        self.requests += other.requests
        self.gpus.update(other.gpus)
        self.points.update(other.points)
        self.evidence.update(other.evidence)
        self.engines.update(other.engines)
        self.ttft_ms = max(self.ttft_ms, other.ttft_ms)
        self.tpot_ms = max(self.tpot_ms, other.tpot_ms)
        self.converted += other.converted


def servers_of(plan: Plan, scenario: Scenario, timeline: Timeline) -> dict[str, dict[str, Share]]:
    """What each server (``gb300-nvl72 own``, ``token API zenith``) does for each workload over the reported horizon."""
    servers: dict[str, dict[str, Share]] = {}
    for workload, server, share in _shares(plan, scenario, timeline):
        servers.setdefault(workload, {}).setdefault(server, Share()).add(share)
    return servers


def serving_sheet(plan: Plan, scenario: Scenario, timeline: Timeline, most: int = MOST_ROWS) -> Sheet:
    """Workload × system × kind of pool over the reported horizon, token APIs and what is left unserved included."""
    servers = servers_of(plan, scenario, timeline)
    lines: list[tuple[str, ...]] = []
    for wanted in scenario.workloads:
        if wanted.name in servers:
            lines += [(wanted.name, "", "", *_targets(wanted), "", ""), *_lines(servers[wanted.name])]
    if not lines:
        return Sheet("Nothing is served.")
    notes = ["Latencies are the slowest point's; evidence, engine and point are those of the one that serves most."]
    rows = plan.table("serving")
    if any(rows["by_tail_ratio"]):
        notes.append("~ is a mean or median converted to the target's percentile by the scenario's tail_ratio.")
    if any(rows["derived"]):
        notes.append(
            "A fitted, interpolated or extrapolated point was not measured itself; what it rests on is in the table "
            "serving."
        )
    if NO_CREDIT in rows["note"]:
        notes.append(
            "Where nothing tells what input costs, prefix-cache hits count for nothing; the table serving says where."
        )
    if len(plan.futures) > 1:
        notes.append("Shares are expectations over the futures, peaks the highest of any.")
    if len(lines) > most:
        notes.append(f"{len(lines) - most} more lines are in --json and --csv, as serving.")
    columns = (
        left("workload, served by"),
        right("GPUs"),
        right("share"),
        right("TTFT, s"),
        right("TPOT, ms"),
        left("evidence"),
        left("serving point, engine"),
    )
    sentence = "Serving by workload over the reported horizon, GPUs at their peak:"
    return Sheet(sentence, columns, tuple(lines[:most]), tuple(notes))


def _shares(plan: Plan, scenario: Scenario, timeline: Timeline) -> Iterator[tuple[str, str, Share]]:
    """Workload, server and what it does, row by row of the reported horizon, weighted by the future's probability."""
    kinds = pool_kinds(plan)
    output = {workload.name: workload.tokens.output for workload in scenario.workloads if workload.tokens}
    hours = {
        (period, block): float(timeline.block_hours[t, b])
        for t, period in enumerate(timeline.names)
        for b, block in enumerate(timeline.blocks)
    }
    for future, probability in probabilities(plan).items():
        for row in rows_of(plan.table("serving"), future).rows():
            made = requests_from_rate(row.requests_per_s, hours[row.period, row.block]) * probability
            yield (
                row.workload,
                f"{row.system} {kinds[row.pool]}",
                Share(
                    made,
                    Counter({(future, row.period, row.block): row.gpus}),
                    Counter({row.point: made}),
                    Counter({f"{row.evidence}, {row.derived}" if row.derived else row.evidence: made}),
                    Counter({engine_of(row.engine, row.engine_version): made} if row.engine else {}),
                    _known(row.ttft_ms),
                    _known(row.tpot_ms),
                    row.by_tail_ratio,
                ),
            )
        for row in rows_of(plan.table("token_api"), future).rows():
            made = tokens_from_mtok(row.mtok_output) / output[row.workload] * probability
            yield row.workload, f"token API {row.provider}", Share(made, points=Counter({row.model: made}))
        for row in rows_of(plan.table("unserved"), future).rows():
            made = requests_from_rate(row.requests_per_s, hours[row.period, row.block]) * probability
            yield row.workload, UNSERVED, Share(made)


def pool_kinds(plan: Plan) -> dict[str, str]:
    """``own``, ``rented`` or ``spot`` for each pool."""
    kinds: dict[str, str] = {}
    for pool, supply in plan.decisions.table("pools").rows():
        if supply.startswith(("own:", "existing:")):
            kinds[pool] = "own"
        else:
            kinds.setdefault(pool, "spot" if pool.startswith("spot") else "rented")
    return kinds


def _known(latency_ms: float | None) -> float:
    return 0.0 if latency_ms is None or math.isnan(latency_ms) else latency_ms


def _targets(workload: Workload) -> tuple[str, str]:
    sla = workload.sla
    return _target(sla.ttft_s, sla.ttft_percentile), _target(sla.tpot_ms, sla.tpot_percentile)


def _target(limit: float | None, percentile: int) -> str:
    """``<= 2``, and ``p99 <= 2`` where it is no median that counts."""
    if limit is None:
        return ""
    return f"<= {short(limit)}" if percentile == 50 else f"p{percentile} <= {short(limit)}"


def _lines(servers: dict[str, Share]) -> list[tuple[str, ...]]:
    """One line per server of a workload, the largest share first; those of next to nothing share one."""
    whole = sum(share.requests for share in servers.values()) or 1.0
    small = [name for name, share in servers.items() if share.requests < SMALL * whole and name != UNSERVED]
    if len(small) > 1:
        others = Share()
        for name in small:
            others.add(servers.pop(name))
        servers[f"{len(small)} others"] = others
    ranked = sorted(servers.items(), key=lambda item: (-item[1].requests, item[0]))
    return [_line(name, share, share.requests / whole) for name, share in ranked]


def _line(name: str, share: Share, part: float) -> tuple[str, ...]:
    evidence, _ = _most(share.evidence)
    engine, _ = _most(share.engines)
    point, others = _most(share.points)
    return (
        f"  {name}",
        count(max(share.gpus.values())) if share.gpus else "",
        "< 1 %" if 0 < part < SMALL else percent(part),
        _latency(share.ttft_ms / MS_PER_S, "ttft" in share.converted),
        _latency(share.tpot_ms, "tpot" in share.converted),
        evidence,
        # In one column: a column of its own would leave none of them the width for a name.
        short_point(point) + (f" +{others}" if others else "") + (f", {engine}" if engine else ""),
    )


def _latency(value: float, converted: bool) -> str:
    return f"{'~' if converted else ''}{digits(value)}" if value else ""


def _most(weights: Counter[str]) -> tuple[str, int]:
    """The name with the largest weight, '' where there is none, and how many others there are."""
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return (ranked[0][0], len(ranked) - 1) if ranked else ("", 0)


def engine_of(engine: str, version: str) -> str:
    """``sglang v0.5.5.post2``: of an image its tag alone, of the versions that a derived point rests on the first."""
    first, *others = version.split("; ")
    tag = first.rpartition("/")[2].rpartition(":")[2].removeprefix(f"{engine} ")
    return " ".join(part for part in (engine, tag, f"+{len(others)}" if others else "") if part)


def short_point(name: str) -> str:
    """``fp4 disagg mtp c256x4`` of a serving point's name; the name itself where it has no such parts."""
    series, _, load = name.partition("@")
    parts = [part for part in series.rpartition("/")[2].split("-") if _TELLING.fullmatch(part)]
    return " ".join([*parts, load]).strip() if parts else name
