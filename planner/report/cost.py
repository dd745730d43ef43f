"""What a token costs, in two figures that are never mixed: of the reported periods, and of the solved horizon."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.figures import gap_percent, money, price
from planner.scenario import Scenario


def cost_lines(plan: Plan, scenario: Scenario) -> list[tuple[str, str]]:
    """The levelised cost of the reported periods, then the NPV of the solved horizon with its bound and its gap."""
    figures, proof = plan.kpis, plan.proof
    first, last, end = plan.periods[0], plan.periods[scenario.horizon.periods - 1], plan.periods[-1]
    output, both = (price(figures[f"reported_levelised_usd_per_mtok_{basis}"]) for basis in ("output", "total"))
    whole = [price(figures[f"levelised_usd_per_mtok_{basis}"]) for basis in ("output", "total")]
    ahead = bool(scenario.horizon.lookahead)
    proven = ""
    if proof.best_bound_usd is not None:
        both_of = " with what is not served" if figures["npv_unserved_usd"] else ""
        proven = f";{both_of} at least {money(proof.best_bound_usd)}, gap {gap_percent(proof.gap)}"
    return [
        ("levelised cost", f"{output} per Mtok output, {both} per Mtok input + output, {first} to {last}"),
        (
            "NPV of all cost",
            f"{money(figures['npv_usd'])}, {first} to {end}{' with lookahead' if ahead else ''}{proven}",
        ),
        (
            "NPV per token",
            f"{whole[0]} per Mtok output, {whole[1]} per Mtok total (input + output)"
            f"{', with lookahead' if ahead else ''}",
        ),
    ]
