"""Notes on the horizon: what the plan hangs on where it does not look beyond the periods that it reports."""

from __future__ import annotations

from collections.abc import Iterator

from planner.plan.notes.note import ANYTHING, Note, Solved
from planner.units import MONTHS_PER_YEAR


def horizon_notes(solved: Solved) -> Iterator[Note]:
    """That nothing after the last period is planned, where anything is bought, owned or signed."""
    scenario, supply, timeline = solved.scenario, solved.problem.supply, solved.problem.timeline
    if scenario.horizon.lookahead or not (supply.assets or supply.reservations):
        return
    resale, tail = 100 * scenario.finance.residual_haircut, 100 * scenario.finance.contract_tail_share
    year = int(MONTHS_PER_YEAR) // timeline.months_per_period
    yield Note(
        "horizon",
        f"Nothing after {timeline.names[-1]} is planned (horizon.lookahead is 0): what is bought or rented "
        f"towards the end hangs on the prices of its last day, hardware at {resale:.0f} % of its "
        f"resale curve and contracts at {tail:.0f} % of what they still cost. "
        f"With a lookahead of {year} the plan sees a year more.",
        ANYTHING,
    )
