"""What the last verdict says, as the tables of a result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from planner.catalog import Catalog
from planner.earned.judged import Verdict
from planner.errors import Relaxation
from planner.kinds.limits import SLA
from planner.render.figures import short
from planner.rules.latency import MEDIAN, targets
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.simulation.pools import Row
from planner.traffic.outcome import Outcome
from planner.units import ms_from_s

HEADROOM_COLUMNS = ("workload", "system", "point", "headroom_share", "replicas")
VERDICT_COLUMNS = (
    "workload", "held_by", "future", "period", "block", "requests_per_s", "within_share", "ttft_within_share",
    "tpot_within_share",
)  # fmt: skip


def headroom_rows(
    scenario: Scenario, catalog: Catalog, headroom: Mapping[tuple[str, str], float], serving: Sequence[Row]
) -> pd.DataFrame:
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
    return pd.DataFrame(rows, columns=list(HEADROOM_COLUMNS))


def verdict_rows(scenario: Scenario, verdicts: Sequence[Verdict], serving: Sequence[Row]) -> pd.DataFrame:
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
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))


def worst(verdicts: Sequence[Verdict]) -> tuple[Verdict, Outcome]:
    """The block in which the fewest requests are in time; of blocks alike the first."""
    return min(((verdict, verdict.outcome) for verdict in verdicts), key=lambda pair: pair[1].share_within)


def held_by(workload: Workload, converted: bool) -> str:
    """What the targets of a workload that is not simulated rest on."""
    tails = all(target.percentile != MEDIAN for target in targets(workload.sla))
    return "measured tail" if tails and not converted else "assumption"


def to_relax(scenario: Scenario, verdicts: Sequence[Verdict]) -> list[Relaxation]:
    """What the targets of each workload that missed them would have to allow for its requests to be in time."""
    found = []
    for workload in scenario.workloads:
        mine = [verdict for verdict in verdicts if verdict.block.workload == workload.name]
        missed = [verdict for verdict in mine if not verdict.outcome.holds]
        if not missed:
            continue
        needed = {
            target.metric: max(_reached_ms(verdict.outcome, target.metric, target.percentile) for verdict in missed)
            for target in targets(workload.sla)
        }
        asked = {target.metric: target for target in targets(workload.sla)}
        over = {metric: ms for metric, ms in needed.items() if ms > asked[metric].limit_ms}
        excess = max(ms / asked[metric].limit_ms - 1 for metric, ms in over.items())
        said = " and ".join(
            f"{metric.upper()} {_shown(metric, ms)} at percentile {asked[metric].percentile} instead of "
            f"{_shown(metric, asked[metric].limit_ms)}"
            for metric, ms in over.items()
        )
        sentence = (
            f"{workload.name}: its latency targets would have to allow {said}: by simulation no plan within the other "
            "limits keeps them, whatever the headroom of its configurations"
        )
        found.append(Relaxation(SLA.key, workload.name, "", excess, 0.0, SLA.unit, sentence))
    return found


def _reached_ms(outcome: Outcome, metric: str, percentile: int) -> float:
    """The latency that as many requests as the percentile asks for are within, up to three digits."""
    reached = ms_from_s((outcome.ttft if metric == "ttft" else outcome.tpot).percentile(percentile))
    if reached <= 0:
        return reached
    digit = 10.0 ** (math.floor(math.log10(reached)) - 2)
    return math.ceil(reached / digit) * digit


def _shown(metric: str, ms: float) -> str:
    return f"{short(ms / 1e3, 3)} s" if metric == "ttft" else f"{short(ms, 3)} ms"
