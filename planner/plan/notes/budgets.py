"""Notes on budgets: years that a budget by year does not name, where its last one holds on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.kinds.limits import BUDGET, SPENDING
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved
from planner.render.figures import money
from planner.rules.budgets import BudgetSpan, budget_spans, year_name


def budget_notes(solved: Solved) -> Iterator[Note]:
    """Where a budget holds on after its last year, or holds in no year before its first."""
    timeline, month = solved.problem.timeline, solved.scenario.budget.fiscal_year_start
    binding = solved.tables["binding"]
    of_money = binding["constraint"] == BUDGET.key
    for kind in SPENDING:
        limit = getattr(solved.scenario.budget, kind.field)
        if not isinstance(limit, dict):
            if limit is not None and timeline.lookahead.any():
                bound = any(where.startswith(f"{kind.key} ") for where in binding["where"][of_money])
                sentence = "holds over the reported periods; nothing limits the lookahead"
                yield Note("budget", f"budget.{kind.field} {sentence}.", ANYTHING if bound else NOTHING)
            continue
        spans = budget_spans(limit, timeline, month)
        early = [span for span in spans if math.isinf(span.usd)]
        if early:
            sentence = f"begins in {year_name(min(limit), month)}: nothing limits {_years(early)}"
            yield Note("budget", f"budget.{kind.field} {sentence}.", ANYTHING)
        later = [span for span in spans if span.held_from]
        if not later:
            continue
        labels = {f"{kind.key} in {span.year}" for span in later}
        binds = not labels.isdisjoint(binding["where"][of_money])
        ahead = "" if any((span.periods & ~timeline.lookahead).any() for span in later) else "the lookahead, "
        each = "" if len(later) == 1 else "each of "
        sentence = (
            f"budget.{kind.field} names {later[0].held_from} last: its {money(later[0].usd)} a year hold on in "
            f"{ahead}{each}{_years(later)}" + (", and bind there" if binds else "")
        )
        yield Note("budget", f"{sentence}.", ANYTHING if binds else NOTHING)


def _years(spans: list[BudgetSpan]) -> str:
    first, last = spans[0].year, spans[-1].year
    return f"{first}" if first == last else f"{first} to {last}"
