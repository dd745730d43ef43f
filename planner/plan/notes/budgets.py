"""Notes on budgets: years that a budget by year does not name, where its last one holds on."""

from __future__ import annotations

from collections.abc import Iterator

from planner.kinds.limits import BUDGET, SPENDING
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved
from planner.render.figures import money
from planner.rules.budgets import fiscal_year, year_name


def budget_notes(solved: Solved) -> Iterator[Note]:
    """Where a budget holds on after its last year, or holds in no year before its first."""
    timeline, month = solved.problem.timeline, solved.scenario.budget.fiscal_year_start
    every = [fiscal_year(first, month) for first in timeline.starts[:-1]]
    years, reported = sorted(set(every)), set(every[: timeline.reported])

    def names(some: list[int]) -> str:
        first, last = year_name(some[0], month), year_name(some[-1], month)
        return first if first == last else f"{first} to {last}"

    binding = solved.tables["binding"]
    for kind in SPENDING:
        limit = getattr(solved.scenario.budget, kind.field)
        if not isinstance(limit, dict):
            if limit is not None and timeline.lookahead.any():
                bound = binding["constraint"].eq(BUDGET.key) & binding["where"].str.startswith(f"{kind.key} ")
                sentence = "holds over the reported periods; nothing limits the lookahead"
                yield Note("budget", f"budget.{kind.field} {sentence}.", ANYTHING if bound.any() else NOTHING)
            continue
        early = [year for year in years if year < min(limit)]
        if early:
            yield Note(
                "budget",
                f"budget.{kind.field} begins in {names([min(limit)])}: nothing limits {names(early)}.",
                ANYTHING,
            )
        later = [year for year in years if year > max(limit)]
        if not later:
            continue
        labels = {f"{kind.key} in {year_name(year, month)}" for year in later}
        binds = (binding["constraint"].eq(BUDGET.key) & binding["where"].isin(labels)).any()
        ahead = "" if reported.intersection(later) else "the lookahead, "
        each = "" if len(later) == 1 else "each of "
        sentence = (
            f"budget.{kind.field} names {names([max(limit)])} last: its {money(limit[max(limit)])} a year hold on in "
            f"{ahead}{each}{names(later)}" + (", and bind there" if binds else "")
        )
        yield Note("budget", f"{sentence}.", ANYTHING if binds else NOTHING)
