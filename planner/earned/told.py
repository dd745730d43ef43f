"""What the last verdict says, as the tables of a result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from planner.catalog import Catalog
from planner.earned.judged import Verdict
from planner.earned.margin import FOUND
from planner.errors import Relaxation
from planner.kinds.limits import SLA
from planner.render.figures import short
from planner.rules.latency import MEDIAN, Target, targets
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.simulation.pools import Row
from planner.table import Table
from planner.traffic.headroom import MOST
from planner.traffic.outcome import Outcome
from planner.units import ms_from_s

# What other requests of the same kind take more, and the margin that targets are held by: some percent.
ROOM = 1.06
HEADROOM_COLUMNS = ("workload", "system", "point", "headroom_share", "replicas")
VERDICT_COLUMNS = (
    "workload", "held_by", "future", "period", "block", "requests_per_s", "within_share", "ttft_within_share",
    "tpot_within_share",
)  # fmt: skip


def headroom_rows(
    scenario: Scenario, catalog: Catalog, headroom: Mapping[tuple[str, str], float], serving: Sequence[Row]
) -> Table:
    """workload, system, point, headroom_share and replicas: what each configuration was seen to need."""
    models = {workload.name: workload.model for workload in scenario.workloads}
    systems = {(point.model, point.name): point.system for point in catalog.serving.values()}
    used: dict[tuple[str, str], dict[tuple[str, str, str], float]] = {}
    for row in serving:
        at = (str(row["future"]), str(row["period"]), str(row["block"]))
        blocks = used.setdefault((row["workload"], row["point"]), {})
        blocks[at] = blocks.get(at, 0.0) + float(row["replicas"])
    rows = [
        (name, systems[models[name] or "", point], point, share, max(used.get((name, point), {"": 0.0}).values()))
        for (name, point), share in sorted(headroom.items())
    ]
    return Table.of_rows(HEADROOM_COLUMNS, rows)


def verdict_rows(scenario: Scenario, verdicts: Sequence[Verdict], serving: Sequence[Row]) -> Table:
    """A row for each workload with targets: its worst block and the share of its requests in time, if simulated."""
    converted = {row["workload"] for row in serving if row["by_tail_ratio"]}
    rows: list[dict[str, Any]] = []
    for workload in scenario.workloads:
        mine = [verdict for verdict in verdicts if verdict.block.workload == workload.name]
        if not mine:
            if workload.kind == "interactive" and any(targets(workload.sla)):
                rows.append({"workload": workload.name, "held_by": held_by(workload, workload.name in converted)})
            continue
        verdict, outcome = worst(mine)
        rows.append(
            {
                "workload": workload.name,
                "held_by": "simulation",
                "future": verdict.block.future,
                "period": verdict.block.period,
                "block": verdict.block.block,
                "requests_per_s": verdict.block.requests_per_s,
                "within_share": outcome.share_within,
                "ttft_within_share": outcome.share_within_ttft,
                "tpot_within_share": outcome.share_within_tpot,
            }
        )
    return Table.of_rows(VERDICT_COLUMNS, [[row.get(name) for name in VERDICT_COLUMNS] for row in rows])


def worst(verdicts: Sequence[Verdict]) -> tuple[Verdict, Outcome]:
    """The block in which the fewest requests are in time; of blocks alike the first."""
    verdict = min(verdicts, key=lambda one: one.share_within)
    return verdict, verdict.outcome


def held_by(workload: Workload, converted: bool) -> str:
    """What the targets of a workload that is not simulated rest on."""
    tails = all(target.percentile != MEDIAN for target in targets(workload.sla))
    return "measured tail" if tails and not converted else "assumption"


def to_relax(scenario: Scenario, verdicts: Sequence[Verdict]) -> list[Relaxation]:
    """What the targets of each workload that missed them would have to allow for its requests to be in time."""
    found = []
    for workload in scenario.workloads:
        missed = [one for one in verdicts if one.block.workload == workload.name and not one.holds(FOUND)]
        if missed:
            found.append(_relaxed(workload, missed))
    return found


def _relaxed(workload: Workload, missed: Sequence[Verdict]) -> Relaxation:
    """As much as the latest plan took, and the least that it could be: what its replicas take where they are idle."""
    asked = list(targets(workload.sla))
    outcomes = [verdict.outcome for verdict in missed]
    # What is missed by a hair is told with the others.
    planned = _over(asked, outcomes) or _reached(asked, outcomes)
    idle = _over(asked, [verdict.together(lambda one: one.at_least(MOST)) for verdict in missed])
    instead = " and ".join(f"{_shown(one, one.limit_ms)} at percentile {one.percentile}" for one in (idle or planned))
    enough = " and ".join(_shown(*pair) for pair in planned.items())
    if idle:
        least = " and ".join(_shown(*pair) for pair in idle.items())
        said = f"at least {least} instead of {instead}, as idle replicas of the last plan take that by simulation; "
        said += f"the last plan took {enough}"
    else:
        said = f"{enough} instead of {instead}: the headroom that keeps them by simulation is beyond the other limits"
    excess = max(ms / one.limit_ms - 1 for one, ms in (idle or planned).items())
    sentence = f"{workload.name}: its latency targets would have to allow {said}"
    return Relaxation(SLA.key, workload.name, "", excess, 0.0, SLA.unit, sentence)


def _over(asked: Sequence[Target], outcomes: Sequence[Outcome]) -> dict[Target, float]:
    """The targets that are missed in any of ``outcomes``, and the worst that is reached, in ms."""
    reached = _reached(asked, outcomes)
    return {one: ms for one, ms in reached.items() if ms > ROOM * one.limit_ms}


def _reached(asked: Sequence[Target], outcomes: Sequence[Outcome]) -> dict[Target, float]:
    return {one: max(_reached_ms(outcome, one.metric, one.percentile) for outcome in outcomes) for one in asked}


def _reached_ms(outcome: Outcome, metric: str, percentile: int) -> float:
    """The latency that as many requests as the percentile asks for are within, up to two digits with a little room."""
    reached = ROOM * ms_from_s((outcome.ttft if metric == "ttft" else outcome.tpot).percentile(percentile))
    if reached <= 0:
        return reached
    digit = 10.0 ** (math.floor(math.log10(reached)) - 1)
    return math.ceil(reached / digit) * digit


def _shown(target: Target, ms: float) -> str:
    return f"TTFT {short(ms / 1e3, 3)} s" if target.metric == "ttft" else f"TPOT {short(ms, 3)} ms"
