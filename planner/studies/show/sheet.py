"""A saved run on a terminal."""

from __future__ import annotations

from planner.render.sheet import Sheet
from planner.studies.show.study import Shown


def show_sheets(found: Shown) -> tuple[Sheet, ...]:
    """What was printed when it was saved."""
    return found.run.view
