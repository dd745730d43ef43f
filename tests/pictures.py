"""A picture of every study from figures made up by hand, and what is wrong with a figure to the eye."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.catalog.models import ServingPoint
from planner.catalog.points import parse_shape
from planner.render.placing import box_of, texts_of
from planner.render.plots import Picture
from planner.studies.alternatives.plot import alternatives_picture
from planner.studies.alternatives.study import Alternatives
from planner.studies.breakeven.plot import breakeven_picture
from planner.studies.breakeven.screening import Screening
from planner.studies.breakeven.sourcing import SourcingOption
from planner.studies.breakeven.study import Breakeven
from planner.studies.catalog_frontier.plot import speed_picture
from planner.studies.catalog_frontier.study import Series, SpeedFrontier
from planner.studies.compare.plot import cost_picture
from planner.studies.frontier.axes import parse_axis
from planner.studies.frontier.plot import frontier_picture
from planner.studies.frontier.study import Frontier, Settings
from planner.studies.levers.plot import levers_picture
from planner.studies.levers.study import COLUMNS as LEVERS
from planner.studies.levers.study import Levers
from planner.studies.sensitivity.plot import sensitivity_picture
from planner.studies.sensitivity.study import COLUMNS as INPUTS
from planner.studies.sensitivity.study import ORDERS, Sensitivity
from planner.studies.simulate.plot import simulation_picture
from planner.studies.simulate.study import Simulation
from planner.studies.stands.plot import stands_picture
from planner.studies.stands.study import AMOUNTS, SWITCHES, Stands

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLAN_USD = 327.8e6
# The values along the axes, the cost in USD or None, and the mean GPUs by source.
Cell = tuple[tuple[float, ...], float | None, dict[str, float]]


def frontier_of(axes: list[str], cells: Sequence[Cell]) -> Frontier:
    made = [
        {"at": list(at), "status": "infeasible", "reason": "no room"}
        if usd is None
        else {
            "at": list(at), "status": "optimal", "bound_usd": usd * 0.998, "npv_usd": usd,
            "levelised_usd_per_mtok_output": usd / 8e8, "mean_gpus": gpus,
        }
        for at, usd, gpus in cells
    ]  # fmt: skip
    return Frontier("10mw", "", "", tuple(map(parse_axis, axes)), Settings(None, None), tuple(made))


def along_power() -> Frontier:
    cost = [None, None, None, None, 331.7e6, 328.3e6, *[PLAN_USD] * 7]
    gpus = {
        "own gb300-nvl72": 1658.0, "own hgx-b200": 299.0, "contract gb300-nvl72": 212.0, "contract hgx-b200": 141.0,
        "hourly hgx-b200": 70.0, "hourly hgx-h200": 40.0,
    }  # fmt: skip
    cells = [((float(mw),), usd, gpus if usd else {}) for mw, usd in zip(range(4, 17), cost, strict=True)]
    return frontier_of(["sites.dallas.power_mw=4:16:1"], cells)


def along_budget() -> Frontier:
    cells: list[Cell] = [
        ((usd,), 500e6 - 0.6 * usd, {"own gb300-nvl72": usd / 2e5}) for usd in (0.5e8, 1e8, 2e8, 2.5e8)
    ]
    return frontier_of(["budget.capex_usd=0.5e8,1e8,2e8,2.5e8"], cells)


def along_latency() -> Frontier:
    cells: list[Cell] = [((float(ms),), None, {}) for ms in (15, 20)]
    return frontier_of(["workloads.assistant.sla.tpot_ms=15,20"], cells)


def power_and_demand(rows: int, columns: int) -> Frontier:
    axes = [f"sites.dallas.power_mw=1:{rows}:1", f"demand=x1:{columns}:1"]
    at = itertools.product(range(1, rows + 1), range(1, columns + 1))
    cells: list[Cell] = [((float(mw), float(x)), None if x > 2 * mw else 1e8 * (3 + x + 10 / mw), {}) for mw, x in at]
    return frontier_of(axes, cells)


def ways(*, hourly: bool = True) -> Breakeven:
    months = np.arange(1, 61)
    own = 1.5 + 40 / months
    saw = 4.0 * (12 * -(-months // 12)) / months
    found = [SourcingOption("own", "own", own, 0.95, 0.2), SourcingOption("reserve 12 m", "reserve", saw, 0.95)]
    found.append(SourcingOption("reserve 36 m", "reserve", 2.4 * (36 * -(-months // 36)) / months, 0.95))
    if hourly:
        found.append(SourcingOption("on demand", "on_demand", np.full(60, 6.0), hourly=True))
        found.append(SourcingOption("token API", "api", np.full(60, 4.5), hourly=True))
    curves = Screening("hgx-b200", "rag", "point", 2.0, 36, 1.0, tuple(found))
    return Breakeven("10mw", "", "", curves, {})


def inputs() -> Sensitivity:
    rows = [
        ("demand", "low", "× 0.8", -0.025, "may change"), ("demand", "high", "× 1.2", None, "no plan"),
        ("energisation", "low", "3 months later", 0.008, "may change"),
        ("energisation", "high", "6 months later", None, "no plan"),
        ("hardware price", "low", "× 0.8", -0.116, "may change"),
        ("hardware price", "high", "× 1.2", 0.104, "must change"),
        ("delivery", "low", "3 months later", 0.016, "must change"),
        ("delivery", "high", "6 months later", 0.076, "must change"),
        ("finance.discount_rate", "low", "0.08", -0.0001, "same"),
        ("finance.discount_rate", "high", "0.12", 0.0, "same"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["input", "side", "value", "effect", "verdict"]).reindex(columns=INPUTS)
    table["effect"] = table["effect"].astype(float)
    return Sensitivity("10mw", "", (), 0.41, PLAN_USD, table, pd.DataFrame(columns=ORDERS))


def levers() -> Levers:
    rows = [
        ("as optimised", 1.0), ("without FP4", 1.21), ("without MTP", 1.06), ("without disaggregation", None),
        ("at half the utilisation", 1.8), ("rented at on-demand list price", 1.0), ("all of these together", 2.6),
    ]  # fmt: skip
    table = pd.DataFrame([(name, np.nan if times is None else PLAN_USD, times) for name, times in rows],
                         columns=["lever", "cost_usd", "times"])  # fmt: skip
    table["usd_per_mtok_output"] = 0.41 * table["times"]
    return Levers("10mw", "", (), table.reindex(columns=LEVERS), pd.DataFrame())


def near_optimal() -> Alternatives:
    rows = [
        ("sign hgx-b200 at nscale, 36 months", 11.0, 11.0, 45.0, "now"),
        ("buy gb300-nvl72 for dallas", 18.0, 6.0, 19.0, "now"),
        ("buy hgx-b200 for dallas", 37.0, 0.0, 50.0, "open"),
        ("sign hgx-b200 at coreweave, 12 months", 0.0, 0.0, 12.0, "open"),
    ]  # fmt: skip
    decided = pd.DataFrame(rows, columns=["decision", "best", "least", "most", "verdict"])
    plans = pd.DataFrame({"within": [0.01, 0.05]})
    return Alternatives("10mw", "", (), PLAN_USD, None, plans, decided)


def options() -> Picture:
    rows = [
        ("plan", 328.3e6, 0.0, 1.0, 1.0), ("buy", 302.4e6, -25.9e6, 2.6, 1.0), ("rent", 757.2e6, 428.9e6, 6.3, 1.2),
        ("reserve", 526.9e6, 198.6e6, 2.0, 1.0), ("api", np.nan, np.nan, np.nan, np.nan),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["name", "npv_usd", "npv_more_usd", "supply_factor", "budget_factor"])
    table["rents_until"] = ["", "the end", "", "2027-Q2", ""]
    table["npv_more_low_usd"] = table["npv_more_high_usd"] = table["npv_more_usd"]
    costs = [
        {"hardware bought": 240e6, "power, space, upkeep": 60e6, "contracts": 60e6, "by the hour": 20e6,
         "resale and credits": -51.7e6},
        {"hardware bought": 245e6, "power, space, upkeep": 70e6, "by the hour": 40e6, "resale and credits": -52.6e6},
        {"by the hour": 757.2e6}, {"contracts": 510e6, "by the hour": 16.9e6}, {},
    ]  # fmt: skip
    return cost_picture(table, costs)


def assumptions() -> Stands:
    rows = [
        ("hourly_supply", "hourly GPUs: up to 512 of a system at a provider", False, np.inf, "no plan below 104 GPUs"),
        ("prices", "prices: as they are", True, -110.7e6, "$110.7 M less on falling-2024"),
        ("prices", "prices: as they are", True, 35e6, "$35.0 M more on rising-2026"),
        ("headroom", "headroom: 0.1 to 0.15 of the throughput", True, -54.2e6, "$54.2 M less without"),
        ("resale", "resale: 0.65 of its curve", True, 47.3e6, "$47.3 M more without"),
        ("contract_tail", "contracts: 0.35 of what they owe after the end", True, 25.8e6,
         "$25.8 M more if all of it is charged"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["assumption", "name", "possible", "usd", "said"]).reindex(columns=AMOUNTS)
    day = pd.Timestamp("2027-03-01").date()
    return Stands("10mw", "", (), day, 327.6e6, table, pd.DataFrame(columns=SWITCHES))


def simulation(*, bursts: bool = True, targets: bool = True) -> Simulation:
    """Three workloads whose latencies are exponential about a median of the target's share, in an hour of bursts."""
    shares = np.array([0.01, *np.arange(0.05, 1.0, 0.05), 0.99, 0.999])
    minutes = np.arange(1.0, 61.0)
    workloads, latencies, queues = [], [], []
    for at, (name, median, percentile) in enumerate((("assistant", 0.5, 50), ("research", 0.45, 95), ("rag", 0.2, 50))):
        within = 1 - 0.5 ** (1 / median)
        workloads.append({
            "workload": name, "requests_per_s": 100.0, "within_share": within, "holds": within >= percentile / 100,
            "ttft_target_s": 2.0 if targets else np.inf, "ttft_percentile": percentile, "ttft_within_share": within,
            "tpot_target_ms": 25.0 if targets else np.inf, "tpot_percentile": 50, "tpot_within_share": 1.0,
        })  # fmt: skip
        ttft = -2.0 * median * np.log2(1 - shares)
        latencies.append(pd.DataFrame({"workload": name, "share": shares, "ttft_s": ttft, "tpot_ms": 14.0}))
        waits = 7.0 * (at == 1) * bursts * np.exp(-((minutes - 20) ** 2) / 8)
        queues.append(pd.DataFrame({"workload": name, "minute": minutes, "waiting_requests": waits}))
    return Simulation(
        "10mw", "", (), "Poisson arrivals", 1, pd.DataFrame(workloads), pd.DataFrame(), pd.concat(latencies),
        pd.concat(queues, ignore_index=True),
    )  # fmt: skip


def _point(speed: float, rate: float) -> ServingPoint:
    found: Any = ServingPoint.__new__(ServingPoint)
    found.__dict__.update(tpot_ms=1000 / speed, output_tok_s_per_gpu=rate)
    made: ServingPoint = found
    return made


def speeds() -> SpeedFrontier:
    names = ("hgx-h200", "hgx-b200", "gb200-nvl72", "gb300-nvl72", "hgx-b300", "mi355x-oam")
    best: dict[str, tuple[ServingPoint, ...]] = {}
    for rank, name in enumerate(names, start=1):
        points = ((22.0 + rank, 200.0 * rank), (80.0, 90.0 * rank), (200.0 + 20 * rank, 4.0 * rank))
        best[name] = tuple(_point(speed, rate) for speed, rate in points)
    series = tuple(Series(name, "sweep", points) for name, points in best.items())
    return SpeedFrontier("deepseek-r1", parse_shape("8192/1024"), series, best, dict.fromkeys(names, "maker"))


def pictures() -> dict[str, Picture]:
    """By the command that draws them, with what is particular about the figures behind it."""
    return {
        "frontier: flat from 10 MW on": frontier_picture(along_power()),
        "frontier: dollars": frontier_picture(along_budget()),
        "frontier: no plan": frontier_picture(along_latency()),
        "frontier: cells": frontier_picture(power_and_demand(4, 5)),
        "frontier: many cells": frontier_picture(power_and_demand(30, 20)),
        "breakeven: five ways": breakeven_picture(ways()),
        "breakeven: three ways": breakeven_picture(ways(hourly=False)),
        "sensitivity: ": sensitivity_picture(inputs()),
        "levers: ": levers_picture(levers()),
        "alternatives: ": alternatives_picture(near_optimal()),
        "compare: ": options(),
        "simulate: bursts": simulation_picture(simulation()),
        "simulate: no targets": simulation_picture(simulation(bursts=False, targets=False)),
        "stands: ": stands_picture(assumptions()),
        "catalog frontier: ": speed_picture(speeds()),
    }


def faults(figure: Figure) -> Iterator[str]:
    """What is wrong with a figure to the eye: texts that cover each other or leave it, raw names, bare axes."""
    texts = texts_of(figure)
    boxes = [box_of(text) for text in texts]
    words = [text.get_text() for text in texts]
    whole = figure.bbox
    for word, box in zip(words, boxes, strict=True):
        if box.x0 < whole.x0 or box.y0 < whole.y0 or box.x1 > whole.x1 or box.y1 > whole.y1:
            yield f"outside: {word!r}"
        if re.search(r"[a-z]_[a-z]", word):
            yield f"a field's name: {word!r}"
        if re.search(r"\de[+-]?\d|10\^|\\times|⁶", word):
            yield f"powers of ten: {word!r}"
    for (word, box), (other, beside) in itertools.combinations(zip(words, boxes, strict=True), 2):
        if box.x0 < beside.x1 and beside.x0 < box.x1 and box.y0 < beside.y1 and beside.y0 < box.y1:
            yield f"over each other: {word!r}, {other!r}"
    for axes in figure.axes:
        yield from _bare(axes)


def _bare(axes: Any) -> Iterator[str]:
    """Axes without a label, but for rows that are named, and panels over one that has it; too few ticks."""
    if not axes.axison or axes.get_label() == "<colorbar>":
        return
    for axis in (axes.xaxis, axes.yaxis):
        shown = [tick.label1.get_text() for tick in axis.get_major_ticks() if tick.label1.get_visible()]
        named = any(re.search(r"[a-z]{2}", text) for text in shown)
        below = axis is axes.xaxis and not shown
        if not axis.label.get_text() and not named and not below:
            yield f"no label: {axis}"
        if axis.get_major_ticks() and shown and not named and not below and len([text for text in shown if text]) < 2:
            yield f"hardly a tick: {axis}"
        if axis.get_offset_text().get_text():
            yield f"an offset: {axis.get_offset_text().get_text()}"
