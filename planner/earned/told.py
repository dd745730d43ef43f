"""What the last verdict says, as the tables of a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from planner.earned.judged import Verdict
from planner.rules.latency import MEDIAN, targets
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.simulation.pools import Row

HEADROOM_COLUMNS = ("workload", "system", "point", "headroom_share")
VERDICT_COLUMNS = (
    "workload", "held_by", "future", "period", "block", "requests_per_s", "within_share", "ttft_within_share",
    "tpot_within_share",
)  # fmt: skip


def headroom_rows(scenario: Scenario, verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """workload, system, point, headroom_share: of each configuration in use, what it was seen to need."""
    found: dict[tuple[int, str], str] = {}
    for verdict in verdicts:
        for one in verdict.served:
            found[verdict.workload, one.pool.point] = one.pool.system
    rows = [
        (scenario.workloads[at].name, system, point, scenario.workloads[at].headroom_at(point))
        for (at, point), system in sorted(found.items())
    ]
    return pd.DataFrame(rows, columns=list(HEADROOM_COLUMNS))


def verdict_rows(scenario: Scenario, verdicts: Sequence[Verdict], serving: Sequence[Row]) -> pd.DataFrame:
    """A row for each workload with targets: its worst block and the share of its requests in time, if simulated."""
    converted = {row["workload"] for row in serving if row["by_tail_ratio"]}
    rows: list[dict[str, Any]] = []
    for at, workload in enumerate(scenario.workloads):
        mine = [(verdict, verdict.outcome) for verdict in verdicts if verdict.workload == at]
        if not mine:
            if workload.kind == "interactive" and any(targets(workload.sla)):
                rows.append({"workload": workload.name, "held_by": held_by(workload, workload.name in converted)})
            continue
        verdict, outcome = min(mine, key=lambda pair: pair[1].share_within)
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
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))


def held_by(workload: Workload, converted: bool) -> str:
    """What the targets of a workload that is not simulated rest on."""
    tails = all(target.percentile != MEDIAN for target in targets(workload.sla))
    return "measured tail" if tails and not converted else "assumption"
