"""What the charts are drawn from, a sheet each: cash by category, GPUs by system and source, power against the cap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.accounts.inputs import Floats
from planner.frozen import dataclass
from planner.kinds.cash import CAPEX, OPEX, RESERVED
from planner.plan.ledger import Ledger
from planner.render.figures import money, percent, short
from planner.render.sheet import plain
from planner.render.words import upper
from planner.report.limits import power_use
from planner.report.view import rows_of
from planner.report.workbook.cash_flow import CashFlow
from planner.report.workbook.names import CASH_BY_PERIOD, GPUS_BY_PERIOD, POWER_BY_PERIOD, UPFRONT, Named, category
from planner.report.workbook.sheet import WorkbookSheet, filtered, header, letter

# As many categories of cash as a reader can tell apart; the rest is shown together.
MOST_CATEGORIES = 6
REST = "everything else"
WAYS = ("owned", "under contract", "by the hour")
# Less than that is no GPU.
LEAST_GPUS = 0.5


@dataclass(frozen=True)
class Stack:
    """Rows of a sheet that a chart stacks: ``columns`` are names of the parts by their column, ``rows`` from 0.

    ``title`` is the sentence that the chart shows. ``at`` is the column of what goes across, ``cap`` that of a line.
    """

    sheet: str
    title: str
    rows: tuple[int, int]
    at: int
    columns: dict[int, str]
    largest: float
    cap: int | None = None


@dataclass(frozen=True)
class Power:
    """A site in its fullest period, and where that stands on its sheet, ``row`` from 0."""

    site: str
    future: str
    period: str
    used_mw: float
    cap_mw: float
    row: int
    stack: Stack


def cash_by_period(sheet: WorkbookSheet, found: Ledger, flow: CashFlow) -> Stack | None:
    """Expected cash of the reported periods by category: the largest alone, the rest together; formulas throughout."""
    values = flow.values
    shown = values["counts"] == "reported"
    parts = {key: (key, UPFRONT) if key == RESERVED.key else (key,) for key in (*CAPEX, *OPEX)}
    total = {key: float((values.loc[shown, list(own)].abs().sum(axis=1)).sum()) for key, own in parts.items()}
    there = [key for key in parts if total[key] > 0]
    large = sorted(there, key=lambda key: -total[key])[:MOST_CATEGORIES]
    groups: dict[str, tuple[str, ...]] = {category(key): parts[key] for key in there if key in large}
    rest = [key for key in there if key not in large]
    if rest:
        groups[REST] = tuple(column for key in rest for column in parts[key])
    periods = list(dict.fromkeys(values.loc[shown, "period"]))
    names = [upper(name) for name in groups]
    header(sheet, 0, ["Period", *(f"{name}, $" for name in names), "Cash, $"], range(1, len(names) + 2))
    sums, kept = [], np.zeros((len(periods), len(groups)))
    for row, period in enumerate(periods, start=1):
        sheet.put(row, 0, period)
        mine = shown & (values["period"] == period)
        weight = f'{flow.span("probability")}*({flow.span("period")}=$A{row + 1})*({flow.span("counts")}="reported")'
        for column, own in enumerate(groups.values(), start=1):
            usd = float(sum(values.loc[mine, "probability"] @ values.loc[mine, name] for name in own))
            kept[row - 1, column - 1] = usd
            cells = "+".join(flow.span(name) for name in own)
            sheet.compute(row, column, f"=SUMPRODUCT({weight}*({cells}))", usd, "dollars")
        last = letter(len(groups))
        sums.append(float(kept[row - 1].sum()))
        cells = f"B{row + 1}:{last}{row + 1}" if groups else ""
        sheet.compute(row, len(groups) + 1, f"=SUM({cells})" if groups else "=0", sums[-1], "dollars")
    filtered(sheet, len(periods), len(groups) + 2)
    sheet.finish()
    if not groups:
        return None
    most = int(np.argmax(sums))
    top = int(np.argmax(kept[most]))
    title = f"Cash is highest in {periods[most]}: {money(sums[most])}"
    if sums[most] > 0 and len(groups) > 1:
        title += f", of which {percent(kept[most, top] / sums[most])} is {list(groups)[top]}"
    columns = dict(enumerate(groups, start=1))
    return Stack(CASH_BY_PERIOD, title, (1, len(periods)), 0, columns, max(map(abs, sums)))


def gpus_by_period(sheet: WorkbookSheet, found: Ledger) -> Stack | None:
    """GPUs in service by system and source in the block of each period that has most; the likeliest future's are drawn.

    A row per future and period.
    """
    account = found.account
    timeline, futures = account.inputs.timeline, account.inputs.futures
    sources, there = _gpus_by_source(found)
    block = there.sum(axis=1).argmax(axis=2)
    shown = np.take_along_axis(there, block[:, None, :, None], axis=3)[..., 0][..., : timeline.reported]
    kept = [index for index in range(len(sources)) if shown[:, index].max(initial=0.0) >= LEAST_GPUS]
    names = [sources[index] for index in kept]
    header(sheet, 0, ["Future", "Period", "Load block", *names, "GPUs"], range(3, len(names) + 4))
    row = 0
    for f, future in enumerate(futures):
        for t in range(timeline.reported):
            row += 1
            sheet.put(row, 0, future.name)
            sheet.put(row, 1, timeline.names[t])
            sheet.put(row, 2, timeline.blocks[block[f, t]])
            for column, index in enumerate(kept, start=3):
                sheet.put(row, column, float(shown[f, index, t]), "whole")
            cells = f"D{row + 1}:{letter(2 + len(kept))}{row + 1}"
            total = float(shown[f, kept, t].sum())
            sheet.compute(row, 3 + len(kept), f"=SUM({cells})" if kept else "=0", total, "whole")
    filtered(sheet, row, len(kept) + 4)
    sheet.finish()
    if len(futures) == 1:
        sheet.sheet.set_column(0, 0, None, None, {"hidden": True})
    if not kept:
        return None
    likely = int(np.argmax([future.probability for future in futures]))
    sums = shown[likely][kept].sum(axis=0)
    most = int(np.argmax(sums))
    of = f" of {plain(futures[likely].name)}, the likeliest future" if len(futures) > 1 else ""
    title = f"At most {sums[most]:,.0f} GPUs are in service, in {timeline.names[most]}{of}"
    first = 1 + likely * timeline.reported
    columns = dict(enumerate(names, start=3))
    return Stack(GPUS_BY_PERIOD, title, (first, first + timeline.reported - 1), 1, columns, float(sums[most]))


def _gpus_by_source(found: Ledger) -> tuple[list[str], Floats]:
    """Names (``gb300-nvl72 owned``) and GPUs at once (F, names, T, B), by way and system."""
    account = found.account
    kinds = {f"offer:{terms.name}": terms.kind for terms in account.inputs.contract_terms}
    by: dict[tuple[int, str], Floats] = {}
    for index, source in enumerate(account.supply.sources):
        if not source.provider:
            way = 0
        elif source.key.startswith("contract:") or kinds.get(source.key) == RESERVED.key:
            way = 1
        else:
            way = 2
        key = (way, account.inputs.systems[source.system].system)
        by[key] = by.get(key, 0.0) + account.supply.at_once[:, index]
    keys = sorted(by)
    shape = account.supply.at_once.shape
    stacked = np.stack([by[key] for key in keys], axis=1) if keys else np.zeros((shape[0], 0, *shape[2:]))
    return [f"{system} {WAYS[way]}" for way, system in keys], stacked


def power_by_period(sheet: WorkbookSheet, found: Ledger) -> list[Power]:
    """MW provisioned by system on the cap's side of the meter, a row per future, site and period; each site's fullest.

    Of several futures the one that comes nearest to the site's cap is drawn.
    """
    plan, scenario, timeline = found.plan, found.account.scenario, found.account.inputs.timeline
    caps = power_use(plan, scenario, timeline).frame()
    periods = list(timeline.names[: timeline.reported])
    systems = sorted(map(str, set(plan.fleet["system"])))
    heads = ["Future", "Site", "Period", *systems, "Provisioned, MW", "Cap, MW", "Share of the cap"]
    header(sheet, 0, heads, range(3, len(heads)))
    used_at, cap_at = 3 + len(systems), 4 + len(systems)
    row = 0
    fullest: dict[str, tuple[float, Power]] = {}
    for future in plan.futures:
        fleet = rows_of(plan.table("fleet"), future).frame()
        for site in scenario.sites:
            mine = fleet[fleet["site"] == site.name]
            mw = mine.pivot_table(
                index="period", columns="system", values=f"provisioned_{site.cap_at}_mw", aggfunc="sum"
            ).reindex(index=periods, columns=systems, fill_value=0.0)
            cap = caps.loc[caps["site"] == site.name, "cap_mw"].to_numpy(dtype=float)
            cells = np.nan_to_num(mw.to_numpy(dtype=float))
            first = row + 1
            for t, period in enumerate(periods):
                row += 1
                for column, text in enumerate((future, site.name, period)):
                    sheet.put(row, column, text)
                for column, value in enumerate(cells[t], start=3):
                    sheet.put(row, column, float(value), "fine")
                _used(sheet, row, len(systems), float(cells[t].sum()), float(cap[t]))
            share = np.divide(cells.sum(axis=1), cap, out=np.zeros(len(periods)), where=cap > 0)
            # Where nothing is provisioned, the largest cap says most.
            at = int(np.argmax(share)) if share.any() else int(np.argmax(cap))
            told = _power(plan.futures, future, site.name, periods[at], float(cells[at].sum()), float(cap[at]))
            columns = {3 + index: name for index, name in enumerate(systems) if cells[:, index].any()}
            largest = float(max(cap.max(initial=0.0), cells.sum(axis=1).max(initial=0.0)))
            stack = Stack(POWER_BY_PERIOD, told, (first, row), 2, columns, largest, cap_at)
            power = Power(site.name, future, periods[at], float(cells[at].sum()), float(cap[at]), first + at, stack)
            known = fullest.get(site.name)
            if known is None or share[at] > known[0]:
                fullest[site.name] = (float(share[at]), power)
    filtered(sheet, row, used_at + 3)
    sheet.finish()
    if len(plan.futures) == 1:
        sheet.sheet.set_column(0, 0, None, None, {"hidden": True})
    return [power for _, power in fullest.values()]


def _used(sheet: WorkbookSheet, row: int, systems: int, used: float, cap: float) -> None:
    """The sum of a row, its cap and its share of that."""
    cells = f"D{row + 1}:{letter(2 + systems)}{row + 1}"
    sheet.compute(row, 3 + systems, f"=SUM({cells})" if systems else "=0", used, "fine")
    sheet.put(row, 4 + systems, cap, "fine")
    at, of = letter(3 + systems), letter(4 + systems)
    formula = f'=IF({of}{row + 1}=0,"",{at}{row + 1}/{of}{row + 1})'
    sheet.compute(row, 5 + systems, formula, used / cap if cap else None, "share")


def _power(futures: Sequence[str], future: str, site: str, period: str, used: float, cap: float) -> str:
    of = f" of {plain(future)}" if len(futures) > 1 else ""
    if not used or not cap:
        return f"No power is provisioned at {plain(site)}"
    return f"Power of {plain(site)} reaches {percent(used / cap, 1)} of its cap of {short(cap)} MW in {period}{of}"


def named_columns() -> list[Named]:
    """What the columns of the three sheets are."""
    expected = "undiscounted, expected over the futures, reported periods"
    gpus = "GPUs in service at once, in the load block of the period that has most"
    mw = "provisioned for a system, on the side of the meter that the site's cap is on"
    return [
        Named(CASH_BY_PERIOD, "a category of cash", "", "USD", f"{expected}; small ones are under {REST}"),
        Named(CASH_BY_PERIOD, "Cash, $", "", "USD", f"capex and opex, {expected}"),
        Named(GPUS_BY_PERIOD, "a system and how it is got", "", "GPUs", gpus),
        Named(GPUS_BY_PERIOD, "Load block", "", "", "the one that has most GPUs"),
        Named(GPUS_BY_PERIOD, "GPUs", "", "GPUs", "all of them"),
        Named(POWER_BY_PERIOD, "a system", "", "MW", mw),
        Named(POWER_BY_PERIOD, "Provisioned, MW", "", "MW", "all systems"),
        Named(POWER_BY_PERIOD, "Cap, MW", "", "MW", "the least of the site's usable cap in the period"),
        Named(POWER_BY_PERIOD, "Share of the cap", "", "share", "provisioned ÷ cap"),
    ]
