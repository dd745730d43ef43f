"""The headline: what a token costs, what it takes, how much of that is proven and on what evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.kinds.evidence import CLASSES
from planner.plan import Plan
from planner.render.figures import digits, gap_percent, money, percent, tokens, within
from planner.render.sheet import Sheet, left, marked
from planner.report.cost import cost_lines
from planner.report.earned import earned_lines
from planner.report.hourly_peak import hourly_line
from planner.report.limits import power_use
from planner.report.unserved import unserved_lines
from planner.scenario import Scenario
from planner.table import isin, sums
from planner.timeline import Timeline

CLOCK = "; the clock stopped the search, --time-limit gives it more time"


def headline(plan: Plan, scenario: Scenario, timeline: Timeline, beside: Sequence[tuple[str, str]] = ()) -> Sheet:
    """Key figures, one to a line, those ``beside`` the cost after it.

    The line that begins with `solved in` is the only one that depends on the clock.
    """
    figures = plan.kpis
    several = len(plan.futures) > 1
    first, last = plan.periods[0], plan.periods[scenario.horizon.periods - 1]
    lines = [
        *cost_lines(plan, scenario),
        *beside,
        (
            "cash",
            f"{money(figures['cash_usd'])}, {first} to {last}, undiscounted: capex {money(figures['capex_usd'])}, "
            f"opex {money(figures['opex_usd'])}",
        ),
    ]
    if figures["npv_revenue_usd"]:
        lines.append(
            (
                "revenue",
                f"{money(figures['revenue_usd'])}, {first} to {last}; NPV {money(figures['npv_revenue_usd'])}, "
                f"profit {money(figures['npv_profit_usd'])} NPV",
            )
        )
    lines += _power(plan, scenario, timeline)
    lines += hourly_line(plan)
    lines += [
        (
            "served",
            f"{percent(figures['served_share'], 1)} of the {scenario.finance.token_basis} tokens asked for: "
            f"{tokens(figures['tokens_output'])} output, {tokens(figures['tokens_total'])} total",
        ),
        *_approximated(plan, scenario),
        *unserved_lines(plan),
        *earned_lines(plan),
        ("status", _status(plan)),
        ("audit", f"passed: {plan.audit.checks:,} checks, worst deviation {plan.audit.worst_violation:.1g}"),
        ("evidence, tokens", _shares(figures["evidence_share"]["tokens"])),
        ("evidence, cost", _shares(figures["evidence_share"]["cost"])),
        ("engine", _engine(plan)),
        ("solved in", _solved(plan)),
    ]
    futures = f", the expectation of {len(plan.futures)} futures" if several else ""
    notes = marked((*_weak(figures["evidence_share"]), *_alone(plan, scenario), *plan.weighty_notes), "warning")
    return Sheet(f"The headline of {plan.scenario}{futures}:", (left(), left()), tuple(lines), notes)


def _weak(shares: dict[str, dict[str, float]]) -> tuple[str, ...]:
    """A sentence where more than half of the cost or of the tokens rests on what nobody has measured or published."""
    notes = []
    for of, what in (("cost", "the cost is priced by"), ("tokens", "the tokens are served by points that are")):
        weak = {kind: shares[of][kind.key] for kind in reversed(CLASSES) if kind.weak and shares[of].get(kind.key)}
        if sum(weak.values()) > 0.5:
            named = " and ".join(kind.weak_prices if of == "cost" else kind.weak_points for kind in weak)
            notes.append(f"More than half of {what} {named} ({_part(sum(weak.values()))}): get quotes or measure.")
    return tuple(notes)


def _alone(plan: Plan, scenario: Scenario) -> tuple[str, ...]:
    """A sentence where an interactive workload ever runs on a single replica, and nothing asks for more."""
    chosen = [item.name for item in scenario.workloads if item.kind == "interactive" and item.whole_replicas]
    if scenario.service.survive != "none" or not chosen:
        return ()
    rows = plan.table("serving")
    rows = rows.take(isin(rows["workload"], chosen) & ~rows["lookahead"].astype(bool))
    running = rows.sums(["future", "workload", "period", "block"], "replicas")
    once = set(running["workload"][running["replicas"] == 1])
    alone = [name for name in chosen if name in once]
    if not alone:
        return ()
    who = f"{' and '.join(alone)} {'run' if len(alone) > 1 else 'runs'} on a single replica at times"
    return (f"{who}: service.survive: replica keeps a spare one.",)


def _power(plan: Plan, scenario: Scenario, timeline: Timeline) -> list[tuple[str, str]]:
    use = power_use(plan, scenario, timeline)
    if not len(use):
        return []
    # Each site has a row for every reported period.
    count = len(use) // len(scenario.sites)
    numbers = np.tile(np.arange(count), len(scenario.sites))
    all_used, all_caps = (sums(use[name], numbers, count) for name in ("used_mw", "cap_mw"))
    at = int(all_used.argmax())
    peak, used, cap = use["period"][at], float(all_used[at]), float(all_caps[at])
    where = scenario.sites[0].name if len(scenario.sites) == 1 else f"{len(scenario.sites)} sites"
    sides = " and ".join(sorted({site.cap_at for site in scenario.sites}))
    if not used:
        return [("peak power", f"nothing provisioned at {where}")]
    return [("peak power", f"{used:,.2f} MW of {cap:,.2f} at {where} ({sides} side) in {peak}")]


def _approximated(plan: Plan, scenario: Scenario) -> list[tuple[str, str]]:
    """What of the plan nobody can run as it stands, by the scenario's own wish."""
    parts = [workload.name for workload in scenario.workloads if not workload.whole_replicas]
    words = []
    if len(parts) == len(scenario.workloads):
        words.append("in parts of replicas")
    elif parts:
        words.append(f"in parts of replicas for {', '.join(parts)}")
    if parts:
        words[0] += f", whole ones would add at most {money(plan.kpis['rounding_usd'])} undiscounted"
    if not scenario.procurement.whole_on_demand_lots and len(plan.table("on_demand")):
        words.append("hourly lots in parts")
    return [("approximated", "; ".join(words))] if words else []


def _status(plan: Plan) -> str:
    proof = plan.proof
    asked = gap_percent(proof.gap_asked)
    if plan.status == "optimal":
        words = f"optimal: proven within {within(proof.gap)} (asked for {asked})"
    else:
        words = f"feasible: within {within(proof.gap)} of the proven bound, {asked} was asked for"
    if proof.whole_gap:
        words += f", {gap_percent(proof.whole_gap)} of it what whole replicas and lots add"
    words += "" if proof.reproducible else CLOCK
    if proof.objective == "cost":
        # The bound stands beside the cost.
        return words
    side = "above" if proof.objective in ("tokens", "profit") else "below"
    value, bound = digits(proof.value, 5), digits(proof.bound, 5)
    return f"{words}; {proof.objective.replace('_', ' ')} is {value} {proof.unit}, no plan is {side} {bound}"


def _engine(plan: Plan) -> str:
    proof = plan.proof
    size = f"{proof.variables:,} variables ({proof.integers:,} whole), {proof.constraints:,} constraints"
    return f"{proof.name} ({proof.version}): {size}"


def _solved(plan: Plan) -> str:
    seconds: dict[str, float] = {}
    for leg in plan.proof.legs:
        seconds[leg.name] = seconds.get(leg.name, 0.0) + leg.seconds
    legs = ", ".join(f"{name} {spent:.1f}" for name, spent in seconds.items())
    return f"{plan.proof.seconds:.1f} s" + (f": {legs}" if legs else "")


def _shares(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {_part(share)}" for name, share in shares.items()) or "-"


def _part(share: float) -> str:
    return "< 1 %" if share < 0.005 else f"{100 * share:.0f} %"
