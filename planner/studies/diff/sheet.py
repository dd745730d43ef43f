"""A diff as a reader sees it: inputs, decisions, cost, and a sentence that says which is dearer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from planner.history.baseline import SHOWN_DIGITS
from planner.kinds.cash import in_words
from planner.plan.tables import ALL
from planner.render.figures import Unit, count, digits, money_unit, percent, price, within
from planner.render.markdown import markdown
from planner.render.sheet import Sheet, left, right
from planner.rules.budgets import year_of_period
from planner.studies.diff.cash import summed
from planner.studies.diff.comparand import Comparand
from planner.studies.diff.figure import Figure
from planner.studies.diff.inputs import said
from planner.studies.diff.study import REPORTED, Diff

# A value longer than this is shown by its beginning; the JSON has all of it.
LONGEST = 60
# Of more periods than these the cash is told by fiscal year.
MOST_PERIODS = 12
NONE = "(none)"
# Beside the figure that a plan is judged by.
AT_A_GLANCE = ("npv_usd", "cash_usd", "capex_usd", "opex_usd")
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
    """The parts of the view, inputs first, which of the two is dearer last."""
    yield inputs_sheet(found)
    yield from _without_plan(found)
    if found.a.planned or found.b.planned:
        yield decisions_sheet(found)
        yield cost_sheet(found)
        yield _categories(found)
        yield from cash_sheets(found)
    if found.a.planned and found.b.planned:
        yield Sheet(sentence(found))


def diff_markdown(found: Diff, verdict: str) -> str:
    """The same for a pull request: which is dearer first, then what changes at a glance, the rest folded."""
    shown = [Sheet(f"{title(found)}.", notes=tuple(approvals(found))), *_without_plan(found)]
    inputs = replace(inputs_sheet(found), notes=_unknown(found))
    folded = [(f"Inputs that changed: {len(found.inputs) or 'none'}", [inputs])]
    if found.a.planned or found.b.planned:
        shown += [cost_sheet(found, AT_A_GLANCE), decisions_sheet(found)]
        folded += [("Cash by period and tag", list(cash_sheets(found)))]
        folded += [("All figures of the cost", [cost_sheet(found), _categories(found)])]
    return markdown(verdict, shown, folded)


def title(found: Diff) -> str:
    """What is compared."""
    return f"{found.a.label} (A) and {found.b.label} (B)"


def sentence(found: Diff, a: str = "A", b: str = "B") -> str:
    """Which of two plans costs more, as far as that is proven, and by which figure, where that is not the usual one.

    ``a`` and ``b`` are what they are called.
    """
    side = found.without_reported
    if side is None or found.headline.share is None:
        return _dearer(found, a, b)
    return f"{_dearer(found, a, b)} That is over the solved horizon: {side.label} has no cost of the reported periods."


def _dearer(found: Diff, a: str, b: str) -> str:
    figure = found.headline
    basis = found.basis
    if figure.share is None or figure.a is None or figure.b is None:
        return f"There is no cost per Mtok of {basis} to compare."
    prices = f"{price(figure.b)} per Mtok {basis}, {price(figure.a)} before"
    one, other = _proven(found.a), _proven(found.b)
    if figure.a == figure.b:
        return f"{b} costs what {a} costs: {price(figure.b)} per Mtok {basis}."
    if one is not None and other is not None and one[0] <= other[1] and other[0] <= one[1] and abs(figure.share) < 0.01:
        return f"{b} costs what {a} costs, within what is proven: {prices}."
    more = "more" if figure.share > 0 else "less"
    return f"{b} costs {_share(abs(figure.share))} {more} than {a}: {prices}."


def _proven(side: Comparand) -> tuple[float, float] | None:
    """Where the least NPV lies; None where nothing is proven of it."""
    solver = side.result["solver"]
    bound = solver["best_bound_usd"]
    return None if bound is None else (min(bound, solver["objective_usd"]), solver["objective_usd"])


def inputs_sheet(found: Diff) -> Sheet:
    """The fields that differ."""
    notes = (*approvals(found), *_unknown(found))
    if not found.inputs:
        return Sheet(f"Nothing changed in the inputs, {title(found)}.", notes=notes)
    rows = tuple((change.path, _short(said(change.a)), _short(said(change.b))) for change in found.inputs)
    return Sheet(f"What changed in the inputs, {title(found)}:", (left("field"), left("A"), left("B")), rows, notes)


def _unknown(found: Diff) -> tuple[str, ...]:
    unknown = "A result file holds no inputs; name a run or a scenario to see the fields."
    return () if found.inputs_known else (unknown,)


def approvals(found: Diff) -> Iterator[str]:
    """Who approved what is compared, and the digest that says it is that."""
    for name, side in (("A", found.a), ("B", found.b)):
        if side.baseline is not None:
            digest = side.baseline.digest[:SHOWN_DIGITS]
            yield f"{name} is the plan of {side.baseline.run.scenario} {side.baseline.approved}, digest {digest}."


def cash_sheets(found: Diff) -> Iterator[Sheet]:
    """Cash out of the reported periods by period, or by year where they are many, and by tag."""
    scenario = found.b.scenario or found.a.scenario
    month = scenario.budget.fiscal_year_start if scenario is not None else 1
    by_year = len(found.periods) > MOST_PERIODS
    by = "year" if by_year else "period"
    periods = summed(found.periods, lambda cash: (year_of_period(cash.period, month) if by_year else cash.period,))
    tags = summed(found.tags, lambda cash: (cash.tag, cash.value or NONE))
    unit = money_unit(value for _, figure in (*periods, *tags) for value in _known(figure))
    columns = (right("A"), right("B"), right("B less A"), right("B / A - 1"))
    for what, heads, lines in ((by, (left(by),), periods), ("tag", (left("tag"), left("value")), tags)):
        rows = tuple((*key, *_cells(figure, unit.of)) for key, figure in lines)
        if rows:
            yield Sheet(f"Cash out by {what}, {unit.name}:", (*heads, *columns), rows)


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _without_plan(found: Diff) -> Iterator[Sheet]:
    for name, side in (("A", found.a), ("B", found.b)):
        if not side.planned:
            rows = tuple((item["sentence"],) for item in side.result["relaxations"])
            yield Sheet(f"{name} has no plan; to relax:", (left(),), rows)


def decisions_sheet(found: Diff) -> Sheet:
    """What is bought, signed and retired otherwise."""
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


def cost_sheet(found: Diff, only: Sequence[str] = ()) -> Sheet:
    """The key figures of both, or ``only`` some beside the one that a plan is judged by."""
    money = money_unit(value for figure in found.figures if figure.unit == "USD" for value in _known(figure))
    rows: list[tuple[str, ...]] = []
    for figure in found.figures:
        if figure.name == "revenue_usd" and not any(_known(figure)):
            continue
        if only and figure.name not in (*only, found.headline.name):
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
    rows = [(in_words(figure.name), *_cells(figure, unit.of)) for figure in found.categories]
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
