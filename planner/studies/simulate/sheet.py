"""``plan simulate`` on a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from planner.render.figures import count, digits
from planner.render.figures import percent as percent_of
from planner.render.sheet import Sheet, left, right
from planner.studies.simulate.study import Simulation
from planner.traffic.tally import PERCENTILES

# Prefix of the columns, what they are called, and the unit.
LATENCIES = (("ttft", "first token", "s"), ("tpot", "each token", "ms"), ("end_to_end", "whole answer", "s"))


def simulation_sheets(found: Simulation) -> list[Sheet]:
    """How each workload fares, the pools that serve it, and what that means."""
    first, *rest = found.sentences
    return [
        Sheet(first, notes=tuple(rest)),
        _workloads(found.workloads),
        _pools(found.pools),
    ]


def _workloads(table: pd.DataFrame) -> Sheet:
    columns = (
        left("workload"),
        left("busiest"),
        left("latency"),
        *(right(f"p{percent}") for percent in PERCENTILES),
        right("target"),
        right("in time"),
    )
    return Sheet("Latency by percentile of the requests:", columns, tuple(_latencies(table)))


def _latencies(table: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    for row in table.to_dict(orient="records"):
        for name, words, unit in LATENCIES:
            target = row.get(f"{name}_target_{unit}", math.inf)
            limited = math.isfinite(target)
            first = name == LATENCIES[0][0]
            yield (
                str(row["workload"]) if first else "",
                f"{row['block']} {row['period']}" if first else "",
                f"{words}, {unit}",
                *(digits(row[f"{name}_p{percent}_{unit}"]) for percent in PERCENTILES),
                f"{digits(target)} at p{row[f'{name}_percentile']}" if limited else "-",
                percent_of(row[f"{name}_within_share"], 1) if limited else "-",
            )


def _pools(table: pd.DataFrame) -> Sheet:
    columns = (
        left("workload"),
        left("pool"),
        right("replicas"),
        right("fewest"),
        right("places"),
        right("taken"),
        right("in time"),
        right("queue"),
    )
    rows = tuple(
        (
            row.workload,
            row.pool,
            _replicas(row.simulated_replicas, row.replicas),
            "-" if math.isnan(row.fewest_replicas) else count(row.fewest_replicas),
            count(row.places),
            percent_of(row.utilisation_share),
            percent_of(row.within_share, 1),
            count(row.longest_queue),
        )
        for row in table.itertuples()
    )
    return Sheet("The pools that serve them; places are those of a replica, the queue is the longest:", columns, rows)


def _replicas(simulated: float, replicas: float) -> str:
    """How many there are, and of how many of them a sample is simulated."""
    return count(replicas) if simulated == replicas else f"{count(simulated)} of {count(replicas)}"
