"""What a plan stands on in words: lines beside the headline, and the sentences of the study."""

from __future__ import annotations

from planner.render.figures import count, money
from planner.report.verdict import Ground
from planner.studies.stands.assumption import LESS, Assumption
from planner.studies.stands.carried import Amount, Carried, Carrying
from planner.studies.stands.switching import Switch

LABEL = "stands on"


def lines(found: Carrying) -> list[tuple[str, str]]:
    """What stands beside the headline, a line to an assumption; none where nothing carries."""
    if not found.carried:
        return []
    more = any(one.switches is None for one in found.carried)
    told = "; `plan stands SCENARIO` tells where each changes the orders due" if more else ""
    head = f"{_assumptions(len(found.carried))}, with the least cost without, by the LP relaxation{told}"
    return [(LABEL, head), *((f"- {one.assumption.label}", _line(one, found)) for one in found.carried)]


def line(found: Carrying) -> list[tuple[str, str]]:
    """The same in one line, for a reader who has the two largest in a verdict above; none where nothing carries."""
    told = "; ".join(
        f"{one.assumption.label} ({', '.join([*_amounts(one), *_switching(one)])})" for one in found.carried
    )
    return [(LABEL, f"{told}; least cost by the LP relaxation")] if told else []


def grounds(found: Carrying) -> tuple[Ground, ...]:
    """The same for a verdict: of each assumption the way that costs most."""
    told = []
    for one in found.carried:
        worst = max(one.amounts, key=lambda amount: amount.usd)
        own = one.assumption
        told.append(Ground(own.key, own.label, own.stated, one.rests.words, worst.usd, worst.way.away))
    return tuple(told)


def _assumptions(number: int) -> str:
    return f"{number} assumptions" if number > 1 else "an assumption"


def sentences(found: Carrying) -> list[str]:
    """How it is meant, and what stands behind the table."""
    if not found.carried:
        return ["No assumption carries a noticeable part of this plan."]
    return [
        "An amount is what the least cost would be more without the assumption, by the LP relaxation, which costs "
        f"{money(found.npv_usd)} with it. Orders due are those until {found.due_by}; they change where the "
        "relaxation costs more if it keeps them, give or take a system and a tenth of all GPUs due.",
    ]


def _line(one: Carried, found: Carrying) -> str:
    rests = f" ({one.rests.words})" if one.rests.words else ""
    words = f"{one.assumption.stated}{rests}: {', '.join(_amounts(one))}"
    return words if one.switches is None else f"{words}; {_orders(one, found)}"


def _amounts(one: Carried) -> list[str]:
    return [amount_words(one.assumption, amount) for amount in one.amounts]


def _switching(one: Carried) -> list[str]:
    """The values at which the orders due change; none where nobody looked, or where none does."""
    values = [one.assumption.said(switch.way, switch.value) for switch in one.switches or ()]
    return [f"switching value {' and '.join(values)}"] if values else []


def amount_words(one: Assumption, amount: Amount) -> str:
    """``$47.3 M more without``."""
    if not amount.possible:
        if amount.last is None:
            return f"no plan {amount.way.away}"
        return f"no plan {'below' if amount.way.name == LESS else 'beyond'} {one.said(amount.way, amount.last)}"
    return f"{money(abs(amount.usd))} {'more' if amount.usd >= 0 else 'less'} {amount.way.away}"


def _orders(one: Carried, found: Carrying) -> str:
    if not one.switches:
        return f"no other value changes the orders due by {found.due_by}"
    told = " and ".join(f"at {one.assumption.said(s.way, s.value)} ({change_words(s)})" for s in one.switches)
    return f"the orders due by {found.due_by} change {told}"


def change_words(switch: Switch) -> str:
    """``buy 3,528 → 2,808 GPUs of gb300-nvl72``, the largest change first."""
    if not switch.possible:
        return "no plan"
    ranked = sorted(switch.changes, key=lambda change: -abs(change.after_gpus - change.before_gpus))
    first = ranked[0]
    more = f" and {len(ranked) - 1} more" if len(ranked) > 1 else ""
    before, after = (count(round(gpus)) for gpus in (first.before_gpus, first.after_gpus))
    return f"{first.verb} {before} → {after} GPUs of {first.system}{more}"
