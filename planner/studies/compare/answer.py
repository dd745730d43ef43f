"""Buy or rent? What plans side by side come to, and what each of them needs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from planner.render.figures import money, percent
from planner.render.words import upper
from planner.report.ways import ALONE, BESIDE, THROUGHOUT

if TYPE_CHECKING:
    from planner.studies.compare.closest import Needs

# Less than this share of the GPUs is not told.
NOTICEABLE = 0.005


def times(factor: float) -> str:
    """``1.3 ×``, ``12 ×``."""
    return f"{factor:g} ×"


def needs_in_words(needs: Needs) -> Iterator[str]:
    """What a plan needs beyond the limits, and until when it rents; nothing where it needs nothing."""
    least = "" if needs.proven else "at most "
    if needs.supply > 1:
        yield f"it needs {least}{times(needs.supply)} {needs.supply_of}"
    if needs.budget > 1:
        yield f"it needs {least}{times(needs.budget)} the budgets"
    if not needs.rents_until:
        return
    if not needs.prolonged:
        yield f"it rents by the hour until {needs.rents_until}, its first delivery"
        return
    until = "to the end" if needs.rents_until == THROUGHOUT else f"until {needs.rents_until}"
    site = "" if needs.site is None or needs.site <= 1 else f": its sites would need {needs.site:.1f} × their power"
    yield f"it rents by the hour beside it {until}{site}"


def buy_or_rent(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Whether to buy or to rent, then what each way alone costs and needs: a sentence each, from rows side by side."""
    plan, *others = rows
    if plan["status"] == "infeasible":
        return (f"Buy or rent? There is no plan to hold them against: {plan['stopped_by']}.",)
    costs = f"for {money(plan['npv_usd'])} NPV"
    if needs_more(plan):
        return (f"Buy or rent? {_verdict(plan)}, {costs}, and {plan['needs']}.", *map(_alone, others))
    return (f"Buy or rent? {_verdict(plan)}, {costs}.", *map(_alone, others))


def needs_more(row: Mapping[str, Any]) -> bool:
    """Whether a plan needs more than the limits allow."""
    return bool(row["supply_factor"] > 1 or row["budget_factor"] > 1)


def _verdict(plan: Mapping[str, Any]) -> str:
    shares = {
        "owns": plan["owned_share"],
        "has under contract": plan["contract_share"],
        "rents by the hour": plan["hourly_share"],
    }
    told = {words: share for words, share in shares.items() if share >= NOTICEABLE}
    if not told:
        return "Neither: the plan has no GPUs in service"
    if len(told) == 1:
        (words,) = told
        short = {"owns": "Buy", "has under contract": "Reserve", "rents by the hour": "Rent"}[words]
        return f"{short}: the plan {words} all of its GPUs"
    parts = [f"{words} {percent(share)}" for words, share in told.items()]
    return f"Some of each: of its GPUs the plan {', '.join(parts[:-1])} and {parts[-1]}"


def _alone(row: Mapping[str, Any]) -> str:
    """What one way alone costs against the plan, and what it needs."""
    if row["status"] == "infeasible":
        return f"{upper(ALONE[row['name']])} has no plan: {row['stopped_by']}."
    low, high, more = row["npv_more_low_usd"], row["npv_more_high_usd"], row["npv_more_usd"]
    base = row["npv_usd"] - more
    who = upper((BESIDE if row["rents_until"] == THROUGHOUT else ALONE)[row["name"]])
    if low <= 0 <= high:
        words = f"{who} costs the same within what is proven"
    else:
        share = f" ({percent(abs(more) / base)})" if base > 0 else ""
        words = f"{who} costs {money(abs(more))}{share} {'more' if more > 0 else 'less'}"
    return "; ".join([words, *([row["needs"]] if row["needs"] else [])]) + "."
