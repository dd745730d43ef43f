"""What is not served, at the value that the workloads state for it: no cash, so it stands apart from it."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.figures import money, percent
from planner.report.view import probabilities, rows_of


def unserved_lines(plan: Plan) -> list[tuple[str, str]]:
    """A line of the headline: who is left short, and what that is worth; none where it is worth nothing."""
    value = plan.kpis["npv_unserved_usd"]
    if not value:
        return []
    by_workload: dict[str, float] = {}
    for future, probability in probabilities(plan).items():
        for row in rows_of(plan.table("unserved"), future).rows():
            by_workload[row.workload] = by_workload.get(row.workload, 0.0) + probability * float(row.value_usd)
    ranked = sorted(((name, usd) for name, usd in by_workload.items() if usd), key=lambda item: (-item[1], item[0]))
    whole = sum(usd for _, usd in ranked)
    named = ", ".join(name if len(ranked) == 1 else f"{name} {percent(usd / whole)}" for name, usd in ranked)
    reported = f": {named}" if named else " after the reported periods"
    return [("not served", f"valued at {money(value)} NPV (no cash, in no other figure){reported}")]
