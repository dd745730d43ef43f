"""Who serves which workload: systems, their share of the requests, latency against the target, evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.plan import Plan
from planner.report.figures import count, digits, percent, short
from planner.report.sheet import Sheet, left, right
from planner.report.view import probabilities, rows_of
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.timeline import Timeline
from planner.units import MS_PER_S, SECONDS_PER_HOUR, tokens_from_mtok

MOST_ROWS = 40
SMALL = 0.005
# What names a point to a reader; engine, shape and the parallelism of each stage are in the full name.
_TELLING = re.compile(r"fp4|fp8|bf16|int4|agg|disagg|mtp|eagle\d*|specunknown|tp\d+\w*")
_COLUMNS = ("workload", "server", "requests", "at", "gpus", "ttft_ms", "tpot_ms", "evidence", "point")


def serving_sheet(plan: Plan, scenario: Scenario, timeline: Timeline) -> Sheet:
    """Workload × system × kind of pool over the reported horizon, token APIs and what is left unserved included."""
    parts = [part for part in _parts(plan, scenario, timeline) if len(part)]
    if not parts:
        return Sheet("Nothing is served.")
    rows = pd.concat(parts, ignore_index=True)
    lines: list[tuple[str, ...]] = []
    for workload in scenario.workloads:
        mine = rows[rows["workload"] == workload.name]
        if len(mine):
            lines += [(workload.name, "", "", *_targets(workload), "", ""), *_lines(mine)]
    notes = ["Latencies are the slowest point's; evidence and point are those of the one that serves most."]
    if len(plan.futures) > 1:
        notes.append("Shares are expectations over the futures, peaks the highest of any.")
    if len(lines) > MOST_ROWS:
        notes.append(f"{len(lines) - MOST_ROWS} more lines are in the table serving of --json and --csv.")
    columns = (
        left("workload, served by"),
        right("GPUs"),
        right("share"),
        right("TTFT, s"),
        right("TPOT, ms"),
        left("evidence"),
        left("serving point"),
    )
    return Sheet(
        "Serving by workload over the reported horizon, GPUs at their peak:",
        columns,
        tuple(lines[:MOST_ROWS]),
        tuple(notes),
    )


def _parts(plan: Plan, scenario: Scenario, timeline: Timeline) -> Iterator[pd.DataFrame]:
    """Rows with the columns ``_COLUMNS``: who serves how many expected requests in the reported horizon.

    ``at`` names the future and block, so that GPUs can be added up before their peak is taken.
    """
    kinds = _pool_kinds(plan)
    output = {workload.name: workload.tokens.output for workload in scenario.workloads if workload.tokens}
    for future, probability in probabilities(plan).items():
        gpus = rows_of(plan.serving, future)
        yield gpus.assign(
            server=[f"{row.system} {kinds[str(row.pool)]}" for row in gpus.itertuples()],
            requests=_requests(gpus, timeline) * probability,
            at=[f"{future}/{row.period}/{row.block}" for row in gpus.itertuples()],
        )[list(_COLUMNS)]
        api = rows_of(plan.token_api, future)
        made = tokens_from_mtok(api["mtok_output"].to_numpy(dtype=float))
        yield api.assign(
            server=[f"token API {provider}" for provider in api["provider"]],
            requests=made / api["workload"].map(output).to_numpy(dtype=float) * probability,
            point=api["model"],
        ).reindex(columns=_COLUMNS)
        lost = rows_of(plan.unserved, future)
        yield lost.assign(server="unserved", requests=_requests(lost, timeline) * probability).reindex(columns=_COLUMNS)


def _requests(rows: pd.DataFrame, timeline: Timeline) -> NDArray[np.float64]:
    """Requests that each row's rate makes in its block."""
    periods = rows["period"].map({name: index for index, name in enumerate(timeline.names)}).to_numpy(dtype=int)
    blocks = rows["block"].map({name: index for index, name in enumerate(timeline.blocks)}).to_numpy(dtype=int)
    rates = rows["requests_per_s"].to_numpy(dtype=float)
    return np.asarray(rates * timeline.block_hours[periods, blocks] * SECONDS_PER_HOUR)


def _pool_kinds(plan: Plan) -> dict[str, str]:
    """``own``, ``rented`` or ``spot`` for each pool."""
    kinds = {}
    for pool, supplies in plan.decisions.pools.groupby("pool")["supply"]:
        owned = supplies.str.startswith(("own:", "existing:")).any()
        kinds[str(pool)] = "own" if owned else "spot" if str(pool).startswith("spot") else "rented"
    return kinds


def _targets(workload: Workload) -> tuple[str, str]:
    ttft, tpot = workload.sla.ttft_s, workload.sla.tpot_ms
    return (f"<= {short(ttft)}" if ttft else "", f"<= {short(tpot)}" if tpot else "")


def _lines(mine: pd.DataFrame) -> list[tuple[str, ...]]:
    """One line per server of a workload, the largest share first; those of next to nothing share one."""
    whole = float(mine["requests"].sum())
    shares = mine.groupby("server")["requests"].sum() / (whole or 1.0)
    small = set(shares.index[(shares < SMALL) & (shares.index != "unserved")])
    if len(small) > 1:
        others = f"{len(small)} others"
        mine = mine.assign(server=[others if server in small else server for server in mine["server"]])
    ranked = sorted(mine.groupby("server", sort=False), key=lambda item: (-float(item[1]["requests"].sum()), item[0]))
    return [_line(str(server), same, whole) for server, same in ranked]


def _line(server: str, same: pd.DataFrame, whole: float) -> tuple[str, ...]:
    share = float(same["requests"].sum()) / whole if whole else 0.0
    peak = float(same.groupby("at")["gpus"].sum().max()) if same["gpus"].notna().any() else 0.0
    evidence, _ = _most(same, "evidence")
    point, others = _most(same, "point")
    return (
        f"  {server}",
        count(peak) if peak else "",
        _share(share),
        _latency(same["ttft_ms"], MS_PER_S),
        _latency(same["tpot_ms"], 1.0),
        evidence,
        short_point(point) + (f" +{others}" if others else ""),
    )


def _most(same: pd.DataFrame, column: str) -> tuple[str, int]:
    """The value that serves most, '' where there is none, and how many others there are."""
    ranked = same.dropna(subset=[column]).groupby(column)["requests"].sum().sort_values(ascending=False, kind="stable")
    return (str(ranked.index[0]), len(ranked) - 1) if len(ranked) else ("", 0)


def _share(share: float) -> str:
    return "< 1 %" if 0 < share < SMALL else percent(share)


def _latency(values: pd.Series[float], scale: float) -> str:
    slowest = pd.to_numeric(values).max()
    return "" if pd.isna(slowest) else digits(float(slowest) / scale)


def short_point(name: str) -> str:
    """``fp4 disagg mtp c256x4`` of a serving point's name; the name itself where it has no such parts."""
    series, _, load = name.partition("@")
    parts = [part for part in series.rpartition("/")[2].split("-") if _TELLING.fullmatch(part)]
    return " ".join([*parts, load]).strip() if parts else name
