"""A plan for the rest on a terminal: what is to be ordered next, what is fixed, and the plan itself."""

from __future__ import annotations

from collections.abc import Sequence

from planner.render.figures import count, money
from planner.render.sheet import Sheet, left, right
from planner.report.orders import next_orders
from planner.report.terminal import sheets
from planner.studies.replan.study import Replanned


def replan_sheets(found: Replanned, beside: Sequence[tuple[str, str]] = ()) -> list[Sheet]:
    """The view of the plan, beginning with what is to be ordered from that day on and what is fixed."""
    _, *rest = sheets(found.plan, found.scenario, found.catalog, beside)
    return [next_orders(found.plan, found.scenario, found.as_of), _sunk_sheet(found), *rest]


def _sunk_sheet(found: Replanned) -> Sheet:
    behind = found.sunk
    rows = (
        (f"{count(behind.systems)} systems ordered before", money(behind.bought_usd), "whole price"),
        (f"{count(behind.lots)} lots signed before", money(behind.signed_usd), "whole contracts"),
        (
            "paid by then",
            money(behind.paid_usd),
            f"capex so far and cash of past periods; NPV {money(behind.paid_npv_usd)}",
        ),
        ("NPV of the rest", money(behind.rest_npv_usd), "what is still due or to be planned, less resale values"),
        (f"NPV of all cost, run {found.run.id}", money(found.before_usd), "as it was planned then"),
    )
    return Sheet(
        f"Fixed by {found.as_of}, as run {found.run.id} decided it:", (left(), right(""), left()), rows, found.notes
    )
