"""Served demand as shaded tables: a load block a row, periods across, the figure in each cell."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.figures import digits
from planner.report.html import flows
from planner.report.html.cells import Cell, Grid, heading, rows_where, words
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.timeline import Timeline


def served(plan: Plan, scenario: Scenario, timeline: Timeline) -> tuple[Grid, ...]:
    """A table for each workload of which anything is asked."""
    frames = {future: flows.served(plan, scenario, timeline, future) for future in plan.futures}
    rates = {
        future: frame.groupby(["workload", "period", "block"])["rate"].sum().to_dict()
        for future, frame in frames.items()
    }
    grids = (_served(plan, workload, timeline, rates) for workload in scenario.workloads)
    return tuple(grid for grid in grids if grid is not None)


def _served(
    plan: Plan, workload: Workload, timeline: Timeline, rates: dict[str, dict[tuple[str, str, str], float]]
) -> Grid | None:
    name = workload.name
    periods = timeline.names[: timeline.reported]
    most = max((rate for of in rates.values() for (mine, *_), rate in of.items() if mine == name), default=0.0)
    if most <= 0:
        return None
    several = len(plan.futures) > 1
    rows = []
    for future, of in rates.items():
        where = {"workload": name} | ({"future": future} if several else {})
        for block in timeline.blocks:
            made = [float(of.get((name, period, block), 0.0)) for period in periods]
            cells = (
                Cell(
                    digits(rate, 3) if rate else "-",
                    rows_where("served", "serving", "requests_per_s", **where, period=period, block=block),
                    rate,
                    right=True,
                    heat=rate / most,
                )
                for period, rate in zip(periods, made, strict=True)
            )
            rows.append((*((words(future),) if several else ()), words(block), *cells))
    columns = (
        *((heading("future"),) if several else ()),
        heading("load block"),
        *(heading(period, right=True) for period in periods),
    )
    unit = "weighted GPUs" if workload.kind == "gpu_hours" else "requests/s"
    return Grid(f"{name}: {unit} served", columns, tuple(rows), heat=True)
