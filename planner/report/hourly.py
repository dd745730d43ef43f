"""What is rented by the hour and sent to token APIs, by offer rather than by block."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.figures import count, digits, money_unit
from planner.render.sheet import Sheet, left, right
from planner.report.view import rows_of

MOST_ROWS = 8


def rented(plan: Plan, future: str) -> list[tuple[str, str, float]]:
    """(words, peak GPUs or Mtok a reader can judge, USD) by provider, system and kind, dearest first."""
    found = []
    hourly = rows_of(plan.table("on_demand"), future)
    for (provider, system, kind), same in hourly.groups(["provider", "system", "kind"]):
        peak = same.sums(["period", "block"], "gpus")["gpus"].max()
        words = f"rent {system} {kind.replace('_', ' ')} at {provider}"
        found.append((words, f"{count(float(peak))} GPUs", float(same["cost_usd"].sum())))
    api = rows_of(plan.table("token_api"), future)
    for (provider, model), same in api.groups(["provider", "model"]):
        mtok = float(same["mtok_output"].sum())
        found.append((f"call {model} at {provider}", f"{digits(mtok)} Mtok out", float(same["cost_usd"].sum())))
    return sorted(found, key=lambda item: (-item[2], item[0]))


def rented_sheet(plan: Plan, most: int = MOST_ROWS) -> Sheet:
    """The reported horizon's rentals and API calls of the only future."""
    found = rented(plan, plan.futures[0])
    if not found:
        return Sheet("Nothing is rented by the hour and no token API is called.")
    unit = money_unit(usd for _, _, usd in found)
    shown, rest = found[:most], found[most:]
    rows = [(words, amount, unit.of(usd)) for words, amount, usd in shown]
    if rest:
        rows.append((f"{len(rest)} more", "", unit.of(sum(usd for _, _, usd in rest))))
    columns = (left("by the hour"), right("at the peak"), right(f"cost, {unit.name}"))
    return Sheet("Rented by the hour and called over the reported horizon:", columns, tuple(rows))
