"""Plans side by side, a column for each, and their differences in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from planner.render.figures import count, money, money_unit, percent, price
from planner.render.sheet import Sheet, left, right

WIDTH = 100
WIDEST_NAME = 24


def difference_in_words(row: Mapping[str, Any], base: Mapping[str, Any], last_year: str) -> str:
    """What a plan costs more or less than the first one, and what that avoids or ties up."""
    if row["status"] == "infeasible":
        return f"{row['name']} has no plan: {row['stopped_by']}"
    if row["name"] == base["name"]:
        return f"{row['name']} is what the others are held against"
    if base["status"] == "infeasible":
        return f"{row['name']} costs {money(row['npv_usd'])} NPV; {base['name']} has no plan to hold it against"
    words = [_cost(row, base)]
    capex = row["capex_more_usd"]
    if abs(capex) >= 1:
        words.append(
            f"it {'avoids' if capex < 0 else 'takes'} {money(abs(capex))} {'of' if capex < 0 else 'more'} capex"
        )
    liability = row["liability_usd"]
    if liability >= 1:
        words.append(f"it leaves {money(liability)} to pay on contracts after {last_year}")
    elif base["liability_usd"] >= 1:
        words.append(f"it leaves nothing to pay on contracts after {last_year}")
    if row["needs"] and not pd.isna(row["needs"]):
        words.append(row["needs"])
    return "; ".join(words)


def _cost(row: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    low, high, more = row["npv_more_low_usd"], row["npv_more_high_usd"], row["npv_more_usd"]
    if max(abs(low), abs(high)) < 1:
        return f"{row['name']} costs the same as {base['name']}"
    if low <= 0 <= high:
        between = f"{money(low)} to {money(high)} NPV"
        return f"{row['name']} costs the same as {base['name']} within what is proven ({between})"
    both = ", what is not served at its value" if row["npv_unserved_usd"] or base["npv_unserved_usd"] else ""
    return f"{row['name']} costs {money(abs(more))} {'more' if more > 0 else 'less'} NPV than {base['name']}{both}"


def comparison_sheets(
    table: pd.DataFrame,
    sentences: Sequence[str],
    title: str,
    width: float = WIDTH,
    *,
    workloads: pd.DataFrame | None = None,
    answer: Sequence[str] = (),
    remarks: Sequence[str] = (),
) -> Iterator[Sheet]:
    """Tables of as many plans as fit into ``width`` columns, then a sentence for each; all of it is a comparison's."""
    if answer:
        yield Sheet(answer[0], (left(),), tuple((sentence,) for sentence in answer[1:]))
    yield from _side_by_side(table, title, width, workloads)
    notes = (
        *remarks,
        "NPV and cost per Mtok are over the solved horizon; capex and opex are cash of the reported periods.",
        "Return and payback: of the plan with more capex, on the cash that it saves against the other.",
    )
    yield Sheet("In words:", (left(),), tuple((sentence,) for sentence in sentences), notes)


def _side_by_side(table: pd.DataFrame, title: str, width: float, workloads: pd.DataFrame | None) -> Iterator[Sheet]:
    rows = table.to_dict(orient="records")
    lines = list(_lines(rows))
    if workloads is not None:
        lines += _by_workload(rows, workloads)
    names = ("", *(_name(row["name"]) for row in rows))
    widths = [max(map(len, column)) + 2 for column in zip(names, *lines, strict=True)]
    first = 1
    while first < len(names):
        last = first + 1
        while last < len(names) and widths[0] + sum(widths[first : last + 1]) <= width:
            last += 1
        again = ", continued" if first > 1 else ""
        shown = tuple((line[0], *line[first:last]) for line in lines)
        yield Sheet(f"{title}{again}:", (left(), *(right(name) for name in names[first:last])), shown)
        first = last


def _name(name: str) -> str:
    return name if len(name) <= WIDEST_NAME else f"{name[: WIDEST_NAME - 1]}…"


def _lines(rows: list[Any]) -> Iterator[tuple[str, ...]]:
    unit = money_unit(row["npv_usd"] for row in rows if _there(row["npv_usd"]))

    def line(what: str, column: str, text: Callable[[float], str]) -> tuple[str, ...]:
        return (what, *(text(row[column]) if _there(row[column]) else "-" for row in rows))

    yield ("status", *("no plan" if row["status"] == "infeasible" else row["status"] for row in rows))
    yield line("cost, $ per Mtok output", "levelised_usd_per_mtok_output", price)
    yield line("cost, $ per Mtok total", "levelised_usd_per_mtok_total", price)
    yield line(f"NPV of all cost, {unit.name}", "npv_usd", unit.of)
    if any(_there(row["npv_unserved_usd"]) and row["npv_unserved_usd"] for row in rows):
        yield line(f"value of not served, {unit.name}", "npv_unserved_usd", unit.of)
        yield line(f"both proven above, {unit.name}", "npv_bound_usd", unit.of)
    else:
        yield line(f"proven above, {unit.name}", "npv_bound_usd", unit.of)
    yield line(f"capex, {unit.name}", "capex_usd", unit.of)
    yield line(f"opex, {unit.name}", "opex_usd", unit.of)
    yield line("peak power, MW", "peak_provisioned_utility_mw", lambda mw: f"{mw:,.2f}")
    yield line("served", "served_share", lambda share: percent(share, 1))
    if any(not _nothing(row["needs"]) for row in rows):
        yield line("needs, × quotas and depth", "supply_factor", factor)
        yield line("needs, × budgets", "budget_factor", factor)
        yield ("rents by the hour until", *(_text(row["rents_until"]) for row in rows))
    yield line("systems bought", "systems_bought", count)
    yield line("lots signed", "lots_signed", count)
    yield line(f"resale value, {unit.name}", "residual_usd", unit.of)
    yield line(f"contracts due later, {unit.name}", "liability_usd", unit.of)
    yield line("return on capex, a year", "irr", lambda rate: f"{rate * 100:,.0f} %")
    yield line("payback, years", "payback_years", lambda years: f"{years:.1f}")


def _by_workload(rows: Sequence[Any], workloads: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """What each workload bears of the NPV; nothing where one bears it all."""
    names = list(dict.fromkeys(workloads["workload"]))
    if len(names) < 2:
        return
    unit = money_unit(row["npv_usd"] for row in rows if _there(row["npv_usd"]))
    borne = workloads.set_index(["name", "workload"])["npv_usd"].to_dict()
    for name in names:
        usd = [borne.get((row["name"], name)) for row in rows]
        yield (f"{_name(name)} bears, {unit.name}", *("-" if amount is None else unit.of(amount) for amount in usd))


def factor(times: float) -> str:
    """``1.3 ×``; a dash for what needs no more."""
    return f"{times:g} ×" if times > 1 else "-"


def _text(value: Any) -> str:
    return "-" if _nothing(value) else str(value)


def _nothing(value: Any) -> bool:
    return value is None or value == "" or pd.isna(value)


def _there(value: Any) -> bool:
    return value is not None and not pd.isna(value) and value not in (float("inf"), -float("inf"))
