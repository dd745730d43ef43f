"""Plan and reality as a table for each measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from planner.history.baseline import SHOWN_DIGITS
from planner.render.figures import digits, money_unit, price
from planner.render.sheet import Sheet, left, right
from planner.studies.actuals.given import ALL_WORKLOADS
from planner.studies.actuals.study import Actuals, Pair, sum_of

NAMES = {"output_mtok": "Output, Mtok", "power_mw": "Mean power drawn, MW"}


def actuals_sheets(found: Actuals) -> Iterator[Sheet]:
    """A table for each measure, a line for each period (and workload); cells are empty where nothing is known."""
    head = f", {found.run.label} ({found.run.scenario}) as planned and as it came:"
    told = found.baseline
    if told is not None:
        yield Sheet(f"The plan of {found.run.scenario} {told.approved}, digest {told.digest[:SHOWN_DIGITS]}.")
    for name in found.measures:
        pairs = [(line.period, line.workload, line.pairs[name]) for line in found.lines]
        # Of a workload's cost and power a plan says nothing, and often the file neither.
        pairs = [row for row in pairs if row[1] == ALL_WORKLOADS or (row[2].plan, row[2].actual) != (None, None)]
        text, label = _text(name, [pair for *_, pair in pairs])
        rows: list[tuple[str, ...]] = [(period, workload, *_cells(pair, text)) for period, workload, pair in pairs]
        total = found.sums.get(name)
        notes: tuple[str, ...] = ()
        if total is not None and total.more is not None and len({period for period, *_ in pairs}) > 1:
            rows.append(("sum", "", *_cells(total, text)))
            notes = ("The sum is of the periods in which both are known.",)
        columns = [left("period"), left("workload"), right("plan"), right("actual"), right("off by"), right("")]
        if not found.by_workload:
            columns, rows = [columns[0], *columns[2:]], [(row[0], *row[2:]) for row in rows]
        yield Sheet(label + head, tuple(columns), tuple(rows), notes)
    yield from _tag_sheets(found)
    cost = found.usd_per_mtok
    if cost.share is not None:
        sides = f"{price(cost.plan)} planned, {price(cost.actual)} came, {_share(cost.share)}"
        yield Sheet(f"Cash per Mtok output, where both are known: {sides}.")


def _tag_sheets(found: Actuals) -> Iterator[Sheet]:
    """A table for each tag of the file: every period of each value, and their sum."""
    text, label = _text("cost_usd", [line.pair for line in found.tags])
    for tag in dict.fromkeys(line.tag for line in found.tags):
        mine = [line for line in found.tags if line.tag == tag and (line.pair.plan or line.pair.actual is not None)]
        rows: list[tuple[str, ...]] = []
        for value in dict.fromkeys(line.value for line in mine):
            lines = [line for line in mine if line.value == value]
            rows += [(value, line.period, *_cells(line.pair, text)) for line in lines]
            total = sum_of([line.pair for line in lines])
            if total.more is not None and len(lines) > 1:
                rows.append((value, "sum", *_cells(total, text)))
        heads = (left(tag), left("period"), right("plan"), right("actual"), right("off by"), right(""))
        yield Sheet(f"{label} by {tag}:", heads, tuple(rows))


def _text(name: str, pairs: list[Pair]) -> tuple[Callable[[float], str], str]:
    """How a measure's amounts are written, and what it is called."""
    if name != "cost_usd":
        return lambda value: digits(value, 4), NAMES[name]
    unit = money_unit(amount for pair in pairs for amount in (pair.plan, pair.actual) if amount is not None)
    return unit.of, f"Cash out, {unit.name}"


def _cells(pair: Pair, text: Callable[[float], str]) -> tuple[str, str, str, str]:
    plan, actual = ("" if value is None else text(value) for value in (pair.plan, pair.actual))
    if pair.more is None:
        return plan, actual, "", ""
    more = text(abs(pair.more))
    sign = "" if not more.strip("-0.,") else "+" if pair.more > 0 else "-"
    return plan, actual, sign + more, "" if pair.share is None else _share(pair.share)


def _share(share: float) -> str:
    return f"{100 * share:+.1f} %"
