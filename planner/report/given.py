"""All that a scenario gave a plan to work with: fleet, contracts, quotes, budgets; each used, or not and why."""

from __future__ import annotations

from collections.abc import Iterator

from planner.frozen import dataclass
from planner.plan import Plan
from planner.render.figures import count, money, percent, price, short, times
from planner.report.limits import budget_use
from planner.report.verdict import day
from planner.rules.offers import quote_offer
from planner.scenario import Scenario
from planner.scenario.models import Existing, Site
from planner.scenario.procurement import Contract, Quote, TokenQuote
from planner.timeline import Timeline

# From this share of a budget on all of it is used.
FULL = 0.995


@dataclass(frozen=True)
class Given:
    """One thing that was given: its kind, what it is, whether the plan uses it, and how or why not."""

    kind: str
    what: str
    used: str
    why: str


def everything_given(plan: Plan, scenario: Scenario, timeline: Timeline) -> list[Given]:
    """Every existing group, signed contract, quote and budget, in the scenario's order."""
    found = [_existing(plan, site, group) for site in scenario.sites for group in site.existing]
    found += [_contract(plan, contract) for contract in scenario.contracts]
    found += [_quote(plan, scenario, quote) for quote in scenario.quotes]
    found += [_token_quote(plan, quote) for quote in scenario.token_quotes]
    return [*found, *_budgets(plan, scenario, timeline)]


def _existing(plan: Plan, site: Site, group: Existing) -> Given:
    what = f"{times(group.count, group.system)} at {site.name}, in service from {day(group.in_service)}"
    rows = plan.retirements[(plan.retirements["site"] == site.name) & (plan.retirements["system"] == group.system)]
    noted = _notes(plan, "fleet", f"{group.system}", site.name)
    if rows.empty:
        there = (plan.fleet["site"] == site.name) & (plan.fleet["system"] == group.system)
        if not there.any():
            return Given("existing systems", what, "no", noted or "It is in service in no period of the plan.")
        return Given("existing systems", what, "yes", noted or "All of them are kept in service.")
    return Given("existing systems", what, "in part", noted or f"Retired from {rows['period'].iloc[0]} on.")


def _contract(plan: Plan, contract: Contract) -> Given:
    what = (
        f"{count(contract.gpus)} GPUs of {contract.system} at {contract.provider}, {day(contract.start)} to "
        f"{day(contract.end)}, {price(contract.usd_per_gpu_hour)} per GPU-hour"
    )
    noted = _notes(plan, "contract", f"The contract with {contract.provider} for", contract.system)
    if not noted:
        return Given("signed contract", what, "yes", "Its GPUs count in every period that it covers, and are paid for.")
    return Given("signed contract", what, "in part" if "paid by the day" in noted else "no", noted)


def _quote(plan: Plan, scenario: Scenario, quote: Quote) -> Given:
    offer = quote_offer(quote, scenario.horizon.decided_on)
    what = (
        f"{quote.system} at {quote.provider} for {quote.term_months} months, {price(quote.usd_per_gpu_hour)} per "
        f"GPU-hour, {count(quote.lot_gpus)} GPUs a lot"
    )
    rows = plan.contracts
    mine = rows[
        (rows["provider"] == quote.provider)
        & (rows["region"] == quote.region)
        & (rows["system"] == quote.system)
        & (rows["term_months"] == quote.term_months)
    ]
    if mine.empty:
        return Given("quote", what, "no", _notes(plan, "quote", f"The quote {offer.name} ") or "It is not signed.")
    first = mine.sort_values("order_by").iloc[0]
    gpus = float(mine.loc[mine["future"] == first["future"], "gpus"].sum())
    times_signed = "" if len(mine) == 1 else ", the first of them"
    return Given("quote", what, "yes", f"Signed for {count(gpus)} GPUs{times_signed} by {day(first['order_by'])}.")


def _token_quote(plan: Plan, quote: TokenQuote) -> Given:
    what = (
        f"{quote.model} by {quote.provider}, {price(quote.input_usd_per_mtok)} per million input and "
        f"{price(quote.output_usd_per_mtok)} per million output tokens"
    )
    rows = plan.token_api[(plan.token_api["provider"] == quote.provider) & (plan.token_api["model"] == quote.model)]
    if rows.empty:
        noted = _notes(plan, "quote", "The token quote ", quote.provider, quote.model)
        return Given("quote for tokens", what, "no", noted or "It is not called.")
    made = float(rows["mtok_output"].sum())
    return Given("quote for tokens", what, "yes", f"It makes {short(made)} million output tokens.")


def _budgets(plan: Plan, scenario: Scenario, timeline: Timeline) -> Iterator[Given]:
    for label, used, limit in budget_use(plan, scenario, timeline):
        share = used / limit if limit else 0.0
        why = f"{money(used)} of it is used, {percent(share)}" if used else "Nothing of it is used"
        reached = "all" if share >= FULL else "yes" if used else "no"
        yield Given("budget", f"{label}: {money(limit)}", reached, f"{why}.")


def _notes(plan: Plan, about: str, *named: str) -> str:
    """What the plan's notes say of a thing that all of ``named`` name."""
    mine = [
        note.sentence for note in plan.notes if note.about == about and all(name in note.sentence for name in named)
    ]
    return " ".join(dict.fromkeys(mine))
