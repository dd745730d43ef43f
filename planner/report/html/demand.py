"""The sections on what is drawn and served: power, demand, the points that serve it and what they cost."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.figures import short
from planner.report.html import figures, heat, speed_tables, tables
from planner.report.html.cells import of_sheet
from planner.report.html.parts import Beside, Plot, Section, one_plot
from planner.report.serving import serving_sheet
from planner.report.speeds import Speeds
from planner.report.verdict import per_token
from planner.scenario import Scenario
from planner.timeline import Timeline
from planner.units import user_tok_per_s

EVERY_ROW = 10_000
ONE_FUTURE = " One future at a time: it is chosen at the top of the page."
MEANS = (
    "The tables show the rate in each load block, a darker shade for more of it; the pictures what serves it: plain "
    "bars are own systems, hatched ones rented, dotted ones spot."
)
SPEEDS = (
    "The operating points that may serve each workload, by the speed that a user sees and what their tokens cost; "
    "lines join the points of a system that no other of its points beats. A diamond is FP4, a disc FP8, a square 16 "
    "bits; $ per Mtok are $ {per}."
)
PRICED = (
    "A token's cost here is the cheapest hour of the system's GPU, bought, under contract or by the hour, over what "
    "one GPU makes in it: with the plan's trust in the evidence and its headroom, and never idle. The plan pays for "
    "idle hours and whole servers as well, so what it pays is more."
)


def power(plan: Plan, scenario: Scenario, timeline: Timeline) -> Section:
    """Power by period against the cap."""
    chosen = ONE_FUTURE if len(plan.futures) > 1 else ""
    return Section(
        "power",
        "Power against the cap",
        plots=one_plot(
            "power",
            "Power provisioned by system in each reported period, stacked, with the cap as a line; a panel for "
            f"each site.{chosen}",
            figures.power_figure(plan, scenario, timeline),
            tables.power(plan, scenario, timeline),
        ),
        words=() if scenario.sites else ("There is no site, so no power is provisioned.",),
    )


def served(plan: Plan, scenario: Scenario, timeline: Timeline) -> Section:
    """How much is served when, and by what."""
    several = len(plan.futures) > 1
    found = figures.served_figures(plan, scenario, timeline)
    plots: list[Plot] = []
    for index, workload in enumerate(scenario.workloads, start=1):
        about = f"What serves {workload.name} in each period, the mean of its hours."
        plots += one_plot(f"served-{index}", about, found.get(workload.name), half=True, paper=0.64)
    words = f"{MEANS}{ONE_FUTURE if several else ''}"
    return Section(
        "served",
        "Demand served, and by what",
        words=(words,) if plots else ("Nothing is asked for.",),
        tops=heat.served(plan, scenario, timeline),
        legend=figures.served_legend(plan, scenario, timeline),
        plots=tuple(plots),
        folded=(tables.served(plan, scenario, timeline),) if plots else (),
    )


def serving(plan: Plan, scenario: Scenario, timeline: Timeline, beside: Beside) -> Section:
    """What serves each workload, how fast, and what is to be had for what at other speeds."""
    speeds = beside.speeds or Speeds((), ())
    per = per_token(scenario.finance.token_basis)
    systems = sorted({point.system for point in speeds.points} | set(figures.systems_of(plan)))
    plots: list[Plot] = []
    for index, workload in enumerate(scenario.workloads, start=1):
        asked = float(user_tok_per_s(workload.sla.tpot_ms)) if workload.sla.tpot_ms else None
        points = speeds.of(workload.name)
        plots += one_plot(
            f"speed-{index}",
            f"What tokens cost at each speed for {workload.name}.",
            figures.speeds_figure(points, _asked(workload.name, asked), asked, per, systems),
            *([speed_tables.used(points, workload.name, per)] if any(point.share for point in points) else []),
            half=True,
            paper=0.6,
        )
    latency = one_plot(
        "latency",
        "Latency of the slowest serving point of each system and workload, beside the workload's target.",
        figures.latency_figure(plan, scenario, timeline),
        screen=True,
        broad=True,
    )
    return Section(
        "serving",
        "Cost against speed, and who serves",
        words=(SPEEDS.format(per=per), PRICED) if plots else (),
        legend=figures.legend(speeds.points, systems) if plots else (),
        plots=(*plots, *latency),
        folded=(
            of_sheet(serving_sheet(plan, scenario, timeline, EVERY_ROW)),
            *((speed_tables.gpu_hours(speeds),) if plots else ()),
        ),
    )


def _asked(workload: str, speed: float | None) -> str:
    return f"{workload}: {short(speed)} tokens/s or more" if speed else f"{workload}: any speed"
