"""What a token costs, in two figures that are never mixed: of the reported periods, and of the solved horizon."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.figures import gap_percent, money, price
from planner.scenario import Scenario


def cost_lines(plan: Plan, scenario: Scenario) -> list[tuple[str, str]]:
    """The levelised cost of the reported periods, then the NPV of the solved horizon with its bound and its gap."""
    figures, proof = plan.kpis, plan.proof
    first, last, end = plan.periods[0], plan.periods[scenario.horizon.periods - 1], plan.periods[-1]
    ahead = ", lookahead included" if scenario.horizon.lookahead else ""
    proven = ""
    if proof.best_bound_usd is not None:
        proven = f"; no plan is below {money(proof.best_bound_usd)}, a gap of {gap_percent(proof.gap)}"
    return [
        ("levelised cost", f"{_per_token(plan, 'reported_levelised')}, of {first} to {last}"),
        ("NPV of all cost", f"{money(figures['npv_usd'])}, {first} to {end}{ahead}{proven}"),
        ("NPV per token", f"{_per_token(plan, 'levelised')}, {first} to {end}{ahead}"),
    ]


def _per_token(plan: Plan, kind: str) -> str:
    output, total = (plan.kpis[f"{kind}_usd_per_mtok_{basis}"] for basis in ("output", "total"))
    return f"{price(output)} per Mtok output, {price(total)} per Mtok total (input + output)"
