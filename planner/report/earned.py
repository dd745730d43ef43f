"""What simulated requests say of a plan whose headroom they earned, as lines of the headline."""

from __future__ import annotations

from planner.plan import Plan
from planner.plan.simulated import Simulated
from planner.render.figures import count, percent


def earned_lines(plan: Plan) -> list[tuple[str, str]]:
    """The share of requests that meets all targets, the headroom that takes, and what the other targets rest on."""
    found = plan.simulated
    if found is None:
        return []
    verdicts = found.table("verdicts")
    simulated = verdicts.take(verdicts["held_by"] == "simulation")
    several = len(plan.futures) > 1
    where = ", ".join(
        f"{row.workload} in {row.block} of {row.period}" + (f", {row.future}" if several else "")
        for row in simulated.rows()
    )
    lines = [
        (
            "by simulation",
            f"{percent(found.within_share, 1)} of requests meet all targets in the worst block: {where}; requests of a "
            f"fresh seed, {found.fresh_seed}, after {count(found.rounds)} rounds",
        ),
        ("headroom found", _headroom(found)),
    ]
    for held, words in (("measured tail", "by tails measured in closed loop"), ("assumption", "by assumed headroom")):
        names = verdicts["workload"][verdicts["held_by"] == held]
        if len(names):
            lines.append(("other targets", f"{' and '.join(names)} hold{'s' if len(names) == 1 else ''} {words}"))
    return lines


def earned_sentence(plan: Plan) -> str:
    """The share of requests that meets all targets, as a sentence; '' where none were simulated for the plan."""
    if plan.simulated is None:
        return ""
    return f"By simulation {percent(plan.simulated.within_share, 1)} of requests meet all targets in the worst block."


def _headroom(found: Simulated) -> str:
    """``assistant 1 to 5 % on 4 configurations, none holds on 2``."""
    said = []
    for (workload,), rows in found.table("headroom").groups(["workload"], as_met=True):
        used = rows["headroom_share"][rows["replicas"] > 0]
        never = int((rows["headroom_share"] >= 1).sum())
        least, most = percent(used.min()), percent(used.max())
        span = least if least == most else f"{least} to {most}"
        on = f"{count(len(used))} configuration{'s' if len(used) > 1 else ''}"
        said.append(f"{workload} {span} on {on}" + (f", none is enough on {count(never)} more" if never else ""))
    return "; ".join(said)
