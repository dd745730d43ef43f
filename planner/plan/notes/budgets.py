"""Notes on budgets: years that a budget by year does not name, where its last one holds on."""

from __future__ import annotations

from collections.abc import Iterator

from planner.kinds.limits import BUDGET, SPENDING
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved
from planner.render.figures import money


def budget_notes(solved: Solved) -> Iterator[Note]:
    """Where a budget holds on after its last year, or holds in no year before its first."""
    years = sorted({int(year) for year in solved.problem.timeline.years})
    reported = {int(year) for year in solved.problem.timeline.years[: solved.problem.timeline.reported]}
    binding = solved.tables["binding"]
    for kind in SPENDING:
        limit = getattr(solved.scenario.budget, kind.field)
        if not isinstance(limit, dict):
            if limit is not None and solved.problem.timeline.lookahead.any():
                bound = binding["constraint"].eq(BUDGET.key) & binding["where"].str.startswith(f"{kind.key} ")
                sentence = "holds over the reported periods; nothing limits the lookahead"
                yield Note("budget", f"budget.{kind.field} {sentence}.", ANYTHING if bound.any() else NOTHING)
            continue
        early = [year for year in years if year < min(limit)]
        if early:
            yield Note(
                "budget", f"budget.{kind.field} begins in {min(limit)}: nothing limits {_years(early)}.", ANYTHING
            )
        later = [year for year in years if year > max(limit)]
        if not later:
            continue
        labels = {f"{kind.key} in {year}" for year in later}
        binds = (binding["constraint"].eq(BUDGET.key) & binding["where"].isin(labels)).any()
        ahead = "" if reported.intersection(later) else "the lookahead, "
        each = "" if len(later) == 1 else "each of "
        sentence = (
            f"budget.{kind.field} names {max(limit)} last: its {money(limit[max(limit)])} a year hold on in {ahead}"
            f"{each}{_years(later)}" + (", and bind there" if binds else "")
        )
        yield Note("budget", f"{sentence}.", ANYTHING if binds else NOTHING)


def _years(years: list[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]} to {years[-1]}"
