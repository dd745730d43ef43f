"""A diff as a reader sees it: inputs, decisions, cost, and a sentence that says which is dearer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from planner.plan.tables import ALL
from planner.render.figures import Unit, count, digits, money_unit, percent, price, within
from planner.render.sheet import Sheet, left, right
from planner.studies.diff.comparand import Comparand
from planner.studies.diff.inputs import said
from planner.studies.diff.study import REPORTED, Diff, Figure

# A value longer than this is shown by its beginning; the JSON has all of it.
LONGEST = 60
NAMES = {
    f"{REPORTED}_output": "cost of the reported periods, $ per Mtok output",
    f"{REPORTED}_total": "cost of the reported periods, $ per Mtok total",
    "levelised_usd_per_mtok_output": "cost, $ per Mtok output",
    "levelised_usd_per_mtok_total": "cost, $ per Mtok total",
    "npv_usd": "NPV of all cost",
    "cash_usd": "cash",
    "capex_usd": "capex",
    "opex_usd": "opex",
    "revenue_usd": "revenue",
    "peak_provisioned_utility_mw": "peak power, MW",
    "served_share": "served",
}


def diff_sheets(found: Diff) -> Iterator[Sheet]:
    """The parts of the view, inputs first."""
    yield _inputs(found)
    yield from _without_plan(found)
    if found.a.planned or found.b.planned:
        yield _decisions(found)
        yield _cost(found)
        yield _categories(found)
    if found.a.planned and found.b.planned:
        yield Sheet(sentence(found))


def title(found: Diff) -> str:
    """What is compared."""
    return f"{found.a.label} (A) and {found.b.label} (B)"


def sentence(found: Diff) -> str:
    """Which of two plans costs more, as far as that is proven, and by which figure, where that is not the usual one."""
    side = found.without_reported
    if side is None or found.headline.share is None:
        return _dearer(found)
    return f"{_dearer(found)} That is over the solved horizon: {side.label} has no cost of the reported periods."


def _dearer(found: Diff) -> str:
    figure = found.headline
    basis = found.basis
    if figure.share is None or figure.a is None or figure.b is None:
        return f"There is no cost per Mtok of {basis} to compare."
    prices = f"{price(figure.b)} per Mtok {basis}, {price(figure.a)} before"
    one, other = _proven(found.a), _proven(found.b)
    if figure.a == figure.b:
        return f"B costs what A costs: {price(figure.b)} per Mtok {basis}."
    if one is not None and other is not None and one[0] <= other[1] and other[0] <= one[1] and abs(figure.share) < 0.01:
        return f"B costs what A costs, within what is proven: {prices}."
    more = "more" if figure.share > 0 else "less"
    return f"B costs {_share(abs(figure.share))} {more} than A: {prices}."


def _proven(side: Comparand) -> tuple[float, float] | None:
    """Where the least NPV lies; None where nothing is proven of it."""
    solver = side.result["solver"]
    bound = solver["best_bound_usd"]
    return None if bound is None else (min(bound, solver["objective_usd"]), solver["objective_usd"])


def _inputs(found: Diff) -> Sheet:
    notes: tuple[str, ...] = ()
    if not found.inputs_known:
        notes = ("A result file holds no inputs; name a run or a scenario to see the fields.",)
    if not found.inputs:
        return Sheet(f"Nothing changed in the inputs, {title(found)}.", notes=notes)
    rows = tuple((change.path, _short(said(change.a)), _short(said(change.b))) for change in found.inputs)
    return Sheet(f"What changed in the inputs, {title(found)}:", (left("field"), left("A"), left("B")), rows, notes)


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _without_plan(found: Diff) -> Iterator[Sheet]:
    for name, side in (("A", found.a), ("B", found.b)):
        if not side.planned:
            rows = tuple((item["sentence"],) for item in side.result["relaxations"])
            yield Sheet(f"{name} has no plan; to relax:", (left(),), rows)


def _decisions(found: Diff) -> Sheet:
    if not found.steps:
        return Sheet("Nothing changed in what is bought, signed and retired.")
    several = any(step.future != ALL for step in found.steps)
    unit = money_unit(step.b.usd - step.a.usd for step in found.steps)
    columns = [left("period"), left("step"), right("A"), right("B"), right("GPUs"), right(f"cost, {unit.name}")]
    rows = []
    for step in found.steps:
        row = [
            step.period, step.words, count(step.a.number), count(step.b.number),
            _signed(step.b.gpus - step.a.gpus, count), _signed(step.b.usd - step.a.usd, unit.of),
        ]  # fmt: skip
        if several:
            row.insert(1, "" if step.future == ALL else step.future)
        rows.append(tuple(row))
    if several:
        columns.insert(1, left("future"))
    notes = ("GPUs and cost are B less A; cost is undiscounted, of contracts over their whole term.",)
    return Sheet("What changed in the decisions:", tuple(columns), tuple(rows), notes)


def _cost(found: Diff) -> Sheet:
    money = money_unit(value for figure in found.figures if figure.unit == "USD" for value in _known(figure))
    rows: list[tuple[str, ...]] = []
    for figure in found.figures:
        if figure.name == "revenue_usd" and not any(_known(figure)):
            continue
        name, text = NAMES[figure.name], _text(figure, money)
        label = f"{name}, {money.name}" if figure.unit == "USD" else name
        rows.append((label, *_cells(figure, text)))
    gaps = [
        within(side.result["solver"]["gap"]) if side.planned and side.result["solver"]["gap"] is not None else "-"
        for side in (found.a, found.b)
    ]
    rows.append(("proven within", *gaps, "", ""))
    columns = (left("figure"), right("A"), right("B"), right("B less A"), right("B / A - 1"))
    return Sheet("What changed in the cost:", columns, tuple(rows))


def _text(figure: Figure, money: Unit) -> Callable[[float], str]:
    if figure.unit == "USD":
        return money.of
    if figure.unit == "share":
        return lambda value: percent(value, 1)
    return price if figure.unit == "USD/Mtok" else (lambda value: digits(value))


def _categories(found: Diff) -> Sheet:
    unit = money_unit(value for figure in found.categories for value in _known(figure))
    rows = [(figure.name.replace("_", " "), *_cells(figure, unit.of)) for figure in found.categories]
    columns = (left("category"), right("A"), right("B"), right("B less A"), right("B / A - 1"))
    notes = ("Out is positive, in is negative; of several futures the expectation.",)
    return Sheet(f"NPV by category, {unit.name}:", columns, tuple(rows), notes)


def _cells(figure: Figure, text: Callable[[float], str]) -> tuple[str, str, str, str]:
    a, b = ("-" if value is None else text(value) for value in (figure.a, figure.b))
    more = "-" if figure.more is None else _signed(figure.more, text)
    share = "-" if not figure.share else ("+" if figure.share > 0 else "-") + _share(abs(figure.share))
    return a, b, more, share


def _known(figure: Figure) -> list[float]:
    return [value for value in (figure.a, figure.b) if value is not None]


def _signed(value: float, text: Callable[[float], str]) -> str:
    words = text(abs(value))
    if not words.strip("-0.,%$ "):
        return "-"
    return f"{'+' if value > 0 else '-'}{words}"


def _share(share: float) -> str:
    return f"{100 * share:,.1f} %" if share >= 0.0005 else "under 0.1 %"
