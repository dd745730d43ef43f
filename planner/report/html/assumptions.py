"""What the plan assumes: the scenario's own terms, the catalog rows it rests on, and their sources."""

from __future__ import annotations

import re

from planner.catalog import Catalog
from planner.plan import Plan
from planner.render.figures import percent, short, span
from planner.render.sheet import plain
from planner.report.given import everything_given
from planner.report.html.cells import Cell, Grid, headings, words
from planner.report.html.words import in_words
from planner.scenario import Scenario
from planner.scenario.models import Finance
from planner.schedule import Schedule
from planner.timeline import Timeline

# A table of more rows is for the screen: on paper it would be most of the report.
LONG = 16
_WEB = re.compile(r"https?://[^\s<>\"']+")


def terms(plan: Plan, scenario: Scenario) -> Grid:
    """The scenario's terms, one to a line."""
    finance, horizon = scenario.finance, scenario.horizon
    reported = list(plan.periods[: horizon.periods])
    ahead = f", solved to {plan.periods[-1]}" if horizon.lookahead else ""
    trust = ", ".join(f"{name} {short(value)}" for name, value in scenario.trust)
    lines = [
        ("decided on", str(horizon.decided_on)),
        ("reported", f"{span(reported)} by {horizon.period}{ahead}"),
        ("discount rate", f"{percent(finance.discount_rate, 1)} a year"),
        ("prices follow", f"price path {finance.price_path}"),
        ("contracts after the end", f"{percent(finance.contract_tail_share)} of what is due is charged"),
        ("resale", _resale(finance)),
        ("factor on throughput by evidence", trust),
        ("served at least", percent(scenario.service.min_served)),
    ]
    for site in scenario.sites:
        pue = ", ".join(f"PUE {short(value.design)} on {kind} at worst" for kind, value in sorted(site.pue.items()))
        power = f"{_schedule(site.power_mw)} MW at the {site.cap_at} side"
        lines.append((f"site {site.name}", f"{power}; {pue}"))
    for workload in scenario.workloads:
        tokens = workload.tokens
        shape = f"{workload.model}, {short(tokens.input)} in, {short(tokens.output)} out" if tokens else "GPU-hours"
        sla = workload.sla
        targets = [
            f"TTFT p{sla.ttft_percentile} ≤ {short(sla.ttft_s)} s" if sla.ttft_s else "",
            f"TPOT p{sla.tpot_percentile} ≤ {short(sla.tpot_ms)} ms" if sla.tpot_ms else "",
        ]
        headroom = "simulated" if workload.simulated else percent(workload.stated_headroom)
        words_of = [shape, *filter(None, targets), f"{headroom} headroom", f"load {workload.load}"]
        lines.append((f"workload {workload.name} ({workload.kind})", "; ".join(words_of)))
    lines += [(f"future {future.name}", f"probability {percent(future.probability)}") for future in scenario.futures]
    rows = tuple((words(name), words(what)) for name, what in lines)
    return Grid("Terms of the scenario", headings("what", "assumed"), rows)


def _resale(finance: Finance) -> str:
    of = "a new one's price then" if finance.residual_of == "market" else "the price paid"
    existing = "existing systems are sold too" if finance.resell_existing else "existing systems are not sold"
    return f"{percent(finance.residual_haircut)} of the residual curve, of {of}; {existing}"


def _schedule(schedule: Schedule) -> str:
    """``10``, or ``1 from 2027-01-01, 4 from 2028-01-01``."""
    if len(schedule.anchors) == 1:
        return short(schedule.anchors[0][1])
    return ", ".join(f"{short(value)} from {day}" for day, value in schedule.anchors)


def given(plan: Plan, scenario: Scenario, timeline: Timeline) -> Grid:
    """Fleet, contracts, quotes and budgets: each used, or not and why."""
    found = everything_given(plan, scenario, timeline)
    if not found:
        return Grid("No fleet, signed contract, quote or budget was given.", (), ())
    rows = tuple((words(one.kind), words(one.what), words(one.used), words(in_words(one.why))) for one in found)
    return Grid("Fleet, contracts, quotes and budgets", headings("kind", "what", "used", "how, or why not"), rows)


def rows_used(plan: Plan, ids: dict[str, int]) -> Grid:
    """Each catalog row that the plan rests on, once, with its sources by number."""
    used = plan.trace()
    used = used[(used["row"] != "") & (used["table"] != "cashflow")]
    lines = []
    for (name, where), same in used.groupby(["row", "where"], sort=False):
        first = same.iloc[0]
        numbers = [ids[source] for source in str(first["source"]).split("; ") if source in ids]
        lines.append(
            (
                words(name),
                words(first["evidence"]),
                words(first["as_of"]),
                words(where),
                words(", ".join(dict.fromkeys(same["gives"]))),
                words(" ".join(f"[{at}]" for at in numbers)),
                words(first["note"]),
            )
        )
    columns = headings("catalog row", "evidence", "as of", "where", "gives", "sources", "note")
    stated = sorted(set(plan.trace().loc[plan.trace()["row"] == "", "gives"]))
    notes = (f"Stated by the scenario itself: {', '.join(stated)}.",) if stated else ()
    return Grid("Catalog rows that the plan rests on", columns, tuple(lines), notes, long=len(lines) > LONG)


def every_note(plan: Plan) -> Grid:
    """What the plan does not use, and why; what it rests on unasked: each note, those that may matter first."""
    ranked = sorted(plan.notes, key=lambda note: -note.most_usd)
    rows = tuple((words(note.about), words(note.sentence)) for note in ranked)
    rows += tuple((words("left out"), words(f"{why}.")) for why in plan.left_out)
    return Grid(
        "Read and not used, or used unasked, a sentence each", headings("about", "note"), rows, long=len(rows) > LONG
    )


def numbered(plan: Plan) -> dict[str, int]:
    """Source ids of the rows that the plan rests on, by their number on the page."""
    used = {source for cell in plan.trace()["source"] for source in str(cell).split("; ") if source}
    return {source: index for index, source in enumerate(sorted(used), start=1)}


def sources(catalog: Catalog, ids: dict[str, int]) -> Grid:
    """Where the rows' figures were read; an address on the web is a link."""
    rows = []
    for source, at in ids.items():
        known = catalog.sources.get(source)
        if known is None:
            rows.append((words(f"[{at}]"), words(source), words(""), words(""), words("")))
            continue
        address = known.address
        link = address if _WEB.fullmatch(address) else ""
        cell = Cell(plain(address), link=link)
        rows.append((words(f"[{at}]"), words(known.title), words(known.publisher), cell, words(known.read)))
    columns = headings("", "title", "publisher", "address", "read")
    return Grid("Sources", columns, tuple(rows), long=len(rows) > LONG)
