"""What the page draws and tabulates: power, served demand and cost by period, as labelled frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from planner.kinds.cash import CAPEX, COSTS, END_OF_HORIZON, OPEX
from planner.plan import Plan
from planner.report.serving import UNSERVED, pool_kinds
from planner.report.view import probabilities, rows_of
from planner.scenario import Scenario
from planner.timeline import Timeline
from planner.units import requests_from_rate, tokens_from_mtok


def power(plan: Plan, scenario: Scenario, future: str) -> pd.DataFrame:
    """Columns site, period, system, count, mw (on the cap's side of the meter) of the reported periods."""
    rows = rows_of(plan.table("fleet"), future).frame()
    side = {site.name: f"provisioned_{site.cap_at}_mw" for site in scenario.sites}
    mw = [float(row[side[row["site"]]]) for _, row in rows.iterrows()]
    return rows[["site", "period", "system", "count"]].assign(mw=mw)


def served(plan: Plan, scenario: Scenario, timeline: Timeline, future: str) -> pd.DataFrame:
    """Columns workload, period, block, supply, rate (requests/s; weighted GPUs for gpu_hours) of the reported periods.

    ``supply`` is ``gb300-nvl72 own``, ``token API zenith`` or ``unserved``.
    """
    kinds = pool_kinds(plan)
    found = [
        (row.workload, row.period, row.block, f"{row.system} {kinds[row.pool]}", row.requests_per_s)
        for row in rows_of(plan.table("serving"), future).rows()
    ]
    output = {workload.name: workload.tokens.output for workload in scenario.workloads if workload.tokens}
    periods = {name: index for index, name in enumerate(timeline.names)}
    blocks = {name: index for index, name in enumerate(timeline.blocks)}
    for row in rows_of(plan.table("token_api"), future).rows():
        hours = float(timeline.block_hours[periods[row.period], blocks[row.block]])
        rate = tokens_from_mtok(row.mtok_output) / output[row.workload] / requests_from_rate(1.0, hours)
        found.append((row.workload, row.period, row.block, f"token API {row.provider}", rate))
    found += [
        (row.workload, row.period, row.block, UNSERVED, row.requests_per_s)
        for row in rows_of(plan.table("unserved"), future).rows()
    ]
    frame = pd.DataFrame(found, columns=["workload", "period", "block", "supply", "rate"])
    return frame.groupby(["workload", "period", "block", "supply"], as_index=False, sort=False)["rate"].sum()


def served_on_average(plan: Plan, scenario: Scenario, timeline: Timeline, future: str) -> pd.DataFrame:
    """``served`` without block: the mean rate over the hours of each period."""
    frame = served(plan, scenario, timeline, future)
    hours = {
        (period, block): float(timeline.block_hours[t, b] / timeline.block_hours[t].sum())
        for t, period in enumerate(timeline.names)
        for b, block in enumerate(timeline.blocks)
    }
    share = [hours[place] for place in zip(frame["period"], frame["block"], strict=True)]
    mean = frame.assign(rate=frame["rate"] * np.array(share))
    return mean.groupby(["workload", "period", "supply"], as_index=False, sort=False)["rate"].sum()


def cash(plan: Plan) -> pd.DataFrame:
    """Expected undiscounted cost in USD of the reported periods: a row per period, a column per category."""
    rows = plan.cashflow[~plan.cashflow["lookahead"].astype(bool)]
    return _by_period(plan, rows[rows["category"].isin((*CAPEX, *OPEX))], "usd")


def levelised(plan: Plan, scenario: Scenario) -> pd.DataFrame | None:
    """Each category's and period's part of the levelised cost, USD per Mtok; None where no token is served.

    It adds up over the solved horizon, and its end, to its NPV per token.
    """
    cost = plan.kpis[basis(scenario)]
    if cost is None or not plan.kpis["npv_usd"]:
        return None
    rows = plan.cashflow[plan.cashflow["category"].isin(COSTS)]
    return _by_period(plan, rows, "npv_usd") * (cost / plan.kpis["npv_usd"])


def basis(scenario: Scenario) -> str:
    """The key figure that is the levelised cost on the scenario's token basis."""
    return f"levelised_usd_per_mtok_{scenario.finance.token_basis}"


def _by_period(plan: Plan, rows: pd.DataFrame, field: str) -> pd.DataFrame:
    usd = rows[field] * rows["future"].map(probabilities(plan))
    table = rows.assign(usd=usd).pivot_table(
        index="period", columns="category", values="usd", aggfunc="sum", fill_value=0.0
    )
    periods = [name for name in plan.periods if name in table.index]
    return table.reindex(index=periods, columns=[name for name in COSTS if name in table.columns])


def at_end(category: str) -> bool:
    """Whether a category of cost falls at the solved horizon's end."""
    return category in END_OF_HORIZON


def supplies(frames: Sequence[pd.DataFrame]) -> list[str]:
    """Every supply of served demand: own systems first, then rented and spot, token APIs, and what is unserved."""
    names = {str(name) for frame in frames for name in frame["supply"]}
    kinds = ("own", "rented", "spot")

    def rank(name: str) -> tuple[int, str]:
        if name == UNSERVED:
            return 9, name
        kind = name.rpartition(" ")[2]
        return (8 if name.startswith("token API") else kinds.index(kind)), name

    return sorted(names, key=rank)


def totals(frame: pd.DataFrame) -> list[float]:
    """Sums of the rows."""
    return [float(value) for value in np.asarray(frame.sum(axis=1), dtype=float)]
