"""What a reader of a plan's figures should know beside them, a sentence each."""

from __future__ import annotations

from planner.problem import Problem
from planner.scenario import Scenario
from planner.units import MONTHS_PER_YEAR


def horizon_notes(scenario: Scenario, problem: Problem) -> tuple[str, ...]:
    """What the plan hangs on where it does not look beyond the periods that it reports, and might own or sign."""
    supply, timeline = problem.supply, problem.timeline
    if scenario.horizon.lookahead or not (supply.assets or supply.reservations):
        return ()
    resale, tail = 100 * scenario.finance.residual_haircut, 100 * scenario.finance.contract_tail_share
    year = int(MONTHS_PER_YEAR) // timeline.months_per_period
    return (
        f"Nothing after {timeline.names[-1]} is planned (horizon.lookahead is 0): what is bought or rented "
        f"towards the end hangs on the prices of its last day, hardware at {resale:.0f} % of its "
        f"resale curve and contracts at {tail:.0f} % of what they still cost. "
        f"With a lookahead of {year} the plan sees a year more.",
    )
