"""Several futures: each one's key figures, and what each decides for itself once it is known."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.figures import count, digits, money, money_unit, percent, price
from planner.render.sheet import Sheet, left, right
from planner.report.hourly import rented
from planner.report.orders import own_steps
from planner.scenario import Scenario

MOST_FUTURES = 6
MOST_ROWS = 8


def futures_sheet(plan: Plan) -> Sheet:
    """Key figures of each future."""
    futures = plan.kpis["futures"]
    unit = money_unit(item["npv_usd"] for item in futures)
    columns = (
        left("future"),
        right("probability"),
        right("$/Mtok output"),
        right("$/Mtok total"),
        right(f"NPV, {unit.name}"),
        right(f"capex, {unit.name}"),
        right(f"opex, {unit.name}"),
        right("peak MW"),
        right("served"),
    )
    lines = tuple(
        (
            item["name"],
            percent(item["probability"]),
            price(item["levelised_usd_per_mtok_output"]).removeprefix("$"),
            price(item["levelised_usd_per_mtok_total"]).removeprefix("$"),
            unit.of(item["npv_usd"]),
            unit.of(item["capex_usd"]),
            unit.of(item["opex_usd"]),
            digits(item["peak_provisioned_utility_mw"]),
            percent(item["served_share"], 1),
        )
        for item in futures
    )
    return Sheet("Each future's figures:", columns, lines)


def later_sheet(plan: Plan, scenario: Scenario) -> Sheet:
    """What each future buys, signs and rents beyond the steps common to all."""
    futures = sorted(plan.kpis["futures"], key=lambda item: -item["probability"])
    shown = [item["name"] for item in futures[:MOST_FUTURES]]
    lines: list[tuple[str, str, str, str]] = []
    for name in [future for future in plan.futures if future in shown]:
        steps = [
            (words, f"{count(gpus)} GPUs" if gpus else "", usd) for words, gpus, usd in own_steps(plan, scenario, name)
        ]
        steps += rented(plan, name)
        for words, amount, usd in steps[:MOST_ROWS]:
            lines.append((name, words, amount, money(usd) if usd else "-"))
        rest = steps[MOST_ROWS:]
        if rest:
            lines.append((name, f"{len(rest)} more", "", money(sum(usd for _, _, usd in rest))))
        if not steps:
            lines.append((name, "nothing more", "", "-"))
    notes = [f"{len(futures) - len(shown)} less likely futures are not shown."] if len(futures) > len(shown) else []
    known = f" (known from {scenario.revealed} on)" if scenario.revealed else ""
    columns = (left("future"), left("what"), right("how much"), right("cost"))
    return Sheet(f"What each future does beyond that{known}:", columns, tuple(lines), tuple(notes))
