"""Points of given shapes, what asks for other shapes, and what that is paid."""

from __future__ import annotations

from typing import Any

import planner
from planner.catalog.models import Catalog, DerivedPoint, ServingPoint
from planner.scenario import Scenario
from tests.strategies import catalog, offer, point, scenario, system

HOURS = 8760
USD_PER_GPU_HOUR = 2.4


def at(shape: tuple[float, float], seconds: float, **fields: Any) -> ServingPoint:
    """A point of requests of ``shape`` that take ``seconds`` of a GPU each."""
    lengths = {
        f"{side}_tokens_{what}": tokens
        for side, tokens in zip(("input", "output"), shape, strict=True)
        for what in ("nominal", "mean")
    }
    rates = {"input_tok_s_per_gpu": shape[0] / seconds, "output_tok_s_per_gpu": shape[1] / seconds}
    series = f"{shape[0]:g}-{shape[1]:g}"
    replica: dict[str, Any] = {"series": series, "gpus_per_replica": 1, "largest_worker_gpus": 1}
    return point(**(replica | lengths | rates | fields))


def renting(points: list[ServingPoint], **catalogs: Any) -> Catalog:
    return catalog([system("h-node"), system("b-node")], [offer(), offer(system="b-node")], points, **catalogs)


def asking(tokens: tuple[float, float], **workload: Any) -> Scenario:
    """20 requests/s of ``tokens`` all through 2027, on rented nodes."""
    chat = {
        "name": "chat",
        "model": "m1",
        "tokens": {"input": tokens[0], "output": tokens[1]},
        "demand": {"requests_per_s": 20.0},
        "headroom": 0.0,
    }
    return scenario(workloads=[chat | workload])


# 1k/1k takes 0.4 GPU-seconds: 0.1 for its input, 0.3 for its output.
CORNERS = [at((1000, 1000), 0.4), at((8000, 1000), 1.1), at((1000, 8000), 2.5)]


def only(rows: Catalog) -> DerivedPoint:
    (row,) = [row for row in rows.serving.values() if isinstance(row, DerivedPoint)]
    return row


def paid(asked: Scenario, rows: Catalog) -> float:
    plan = planner.solve(asked, rows)
    assert plan.audit.passed
    return float(plan.kpis["cash_usd"])
