"""Page one alone, for a board: one sheet of paper, without scripts."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.plan import Plan
from planner.report.html.first import first_page
from planner.report.html.parts import Beside
from planner.report.html.templates import BOARD, render
from planner.report.view import timeline_of
from planner.scenario import Scenario


def board_page(plan: Plan, scenario: Scenario, catalog: Catalog, beside: Beside) -> str:
    """The page as text, the same for the same plan."""
    first = first_page(plan, scenario, timeline_of(scenario, catalog), beside.options, beside.grounds, beside.simulated)
    return render(BOARD, plan, scenario, first=first)
