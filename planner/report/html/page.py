"""The page: sections of figures and tables, and the one file they are rendered into."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pandas as pd
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from planner.catalog import Catalog
from planner.plan import Plan
from planner.render.figures import money_unit
from planner.render.sheet import plain
from planner.report.binding import binding_sheet
from planner.report.cash import cash_sheet
from planner.report.futures import futures_sheet, later_sheet
from planner.report.headline import headline
from planner.report.hourly import rented_sheet
from planner.report.html import assumptions, demand, figures, flows, tables
from planner.report.html.cells import of_sheet, worded
from planner.report.html.first import first_page
from planner.report.html.parts import NOTHING, Beside, Section, Simulated, View, one_plot
from planner.report.html.templates import PAGE, SCRIPT, in_script, read, render
from planner.report.limits import budget_sheet
from planner.report.orders import next_orders, orders
from planner.report.tags import tag_sheets
from planner.report.view import timeline_of
from planner.report.workloads import workload_sheets
from planner.scenario import Scenario
from planner.timeline import Timeline

# Lines of the headline that are not on the page: one depends on the clock, one tells the last bits of sums.
CLOCK, BITS = "solved in", "audit"
EVERY_ROW = 10_000


def html_report(plan: Plan, scenario: Scenario, catalog: Catalog, beside: Beside = NOTHING) -> str:
    """The page as text, the same for the same plan: nothing of it depends on the clock."""
    sections = list(_sections(plan, scenario, catalog, beside))
    plots = [plot for section in sections for plot in section.plots]
    plots += [plot for section in sections for view in section.views for plot in view.plots]
    drawn = {plot.name: figures.as_json(plot.figure) for plot in plots}
    plotly, script = Markup(f"\n{get_plotlyjs()}\n"), Markup(f"\n{read(SCRIPT)}")
    return render(
        PAGE,
        plan,
        scenario,
        first=first_page(
            plan, scenario, timeline_of(scenario, catalog), beside.options, beside.grounds, beside.simulated
        ),
        sections=sections,
        futures=[plain(name) for name in plan.futures] if len(plan.futures) > 1 else [],
        figures=in_script(drawn),
        plotly=plotly,
        script=script,
        hashes=[_hash(plotly), _hash(script)],
    )


def _sections(plan: Plan, scenario: Scenario, catalog: Catalog, beside: Beside) -> list[Section]:
    """In the order that a reader asks: what to do, against what, for how much, with what, on which grounds."""
    timeline = timeline_of(scenario, catalog)
    evidence, proof = _grounds(plan, scenario)
    return [
        steps(plan, scenario, timeline, beside),
        _comparison(beside),
        costs(plan, scenario, timeline),
        demand.power(plan, scenario, timeline),
        demand.served(plan, scenario, timeline),
        demand.serving(plan, scenario, timeline, beside),
        *([] if beside.simulated is None else [_simulated(beside.simulated)]),
        _given(plan, scenario, timeline),
        evidence,
        _headline(plan, scenario, timeline, beside),
        proof,
        _assumptions(plan, scenario, catalog),
    ]


def _headline(plan: Plan, scenario: Scenario, timeline: Timeline, beside: Beside) -> Section:
    """The key figures; notes that name fields of the scenario are among the assumptions."""
    top = headline(plan, scenario, timeline, beside.lines)
    rows = tuple(row for row in top.rows if row[0] not in (CLOCK, BITS))
    notes = tuple(note for note in top.notes if note not in plan.weighty_notes)
    sheet = worded(replace(top, rows=rows, notes=notes))
    return Section("headline", "All key figures", tiles=tuple(tables.tiles(plan, scenario)), folded=(of_sheet(sheet),))


def _given(plan: Plan, scenario: Scenario, timeline: Timeline) -> Section:
    """What the scenario gave the plan to work with."""
    grid = assumptions.given(plan, scenario, timeline)
    return Section("given", "What was given, and whether it is used", grids=(grid,))


def _simulated(found: Simulated) -> Section:
    """Requests through the plan's replicas, which nobody has to look at who did not ask."""
    first, *tables_of = found.sheets
    address = "data:image/svg+xml;base64," + base64.b64encode(found.picture).decode()
    return Section(
        "simulation",
        "Under simulated requests",
        words=tuple(plain(words) for words in (first.sentence, *first.notes)),
        grids=tuple(of_sheet(sheet) for sheet in tables_of),
        image=(address, found.about),
    )


def steps(plan: Plan, scenario: Scenario, timeline: Timeline, beside: Beside) -> Section:
    """What is bought, signed and rented, in time."""
    lists = [grid for grid in (tables.purchases(plan), tables.contracts(plan), tables.retirements(plan)) if grid.rows]
    most = ""
    if len(orders(plan, scenario)) > figures.MOST_STEPS:
        most = f" The {figures.MOST_STEPS} dearest are drawn, all are in the tables."
    later = [rented_sheet(plan, EVERY_ROW)]
    if len(plan.futures) > 1:
        later = [later_sheet(plan, scenario), futures_sheet(plan), *beside.sheets]
    return Section(
        "steps",
        "What to do when",
        grids=(of_sheet(next_orders(plan, scenario)),),
        plots=one_plot(
            "timeline",
            "Each purchase and contract in time: from the day it is ordered to the day it is in service, contracts "
            f"to their end.{most}",
            figures.timeline_figure(plan, scenario, timeline),
            broad=True,
            paper=0.72,
        ),
        folded=(*lists, *map(of_sheet, later)),
    )


def _grounds(plan: Plan, scenario: Scenario) -> tuple[Section, Section]:
    """What the plan rests on: evidence, proof."""
    evidence = Section(
        "evidence",
        "Evidence",
        words=("Where throughputs and prices come from: measured or published by others, or predicted.",),
        plots=one_plot(
            "evidence",
            "Shares of output tokens and of NPV cost by evidence class.",
            figures.evidence_figure(plan),
            screen=True,
        ),
        grids=(tables.evidence(plan),),
    )
    proof = Section(
        "proof",
        "Proof",
        words=(
            "The plan was recomputed from scenario, catalog and tables alone by an audit that never saw the model.",
        ),
        grids=(of_sheet(worded(binding_sheet(plan, scenario, EVERY_ROW))),),
        folded=(tables.proof(plan),),
    )
    return evidence, proof


def costs(plan: Plan, scenario: Scenario, timeline: Timeline) -> Section:
    """Where the money goes."""
    cash, levelised = flows.cash(plan), flows.levelised(plan, scenario)
    unit = money_unit(flows.totals(cash))
    expected = "Expected cost" if len(plan.futures) > 1 else "Cost"
    views = [
        View(
            "cash",
            "Cash",
            one_plot(
                "cash",
                f"{expected} by category in each reported period, undiscounted cash, stacked.",
                figures.cost_figure(cash, f"cash out, {unit.name}", unit.usd, f"%{{y:,.3~f}} {unit.name}"),
                tables.cost(cash, f"{expected} by period and category, undiscounted, {unit.name}", unit, "sum", "usd"),
            ),
        )
    ]
    if levelised is not None:
        per = f"$ per Mtok {scenario.finance.token_basis}"
        views.append(
            View(
                "levelised",
                "NPV per token",
                one_plot(
                    "levelised",
                    f"{expected} by category in each solved period as its part of the NPV per token, stacked; resale "
                    "and what falls due after the horizon stand in the last period.",
                    figures.cost_figure(levelised, per, 1.0, f"%{{y:.4~g}} {per}"),
                    tables.cost(
                        levelised,
                        f"Parts of the NPV per token, {per}",
                        tables.fine(plan.kpis[flows.basis(scenario)], per),
                        "levelised",
                        "npv_usd",
                    ),
                ),
            )
        )
    money = (cash_sheet(plan, scenario), *tag_sheets(plan, scenario), budget_sheet(plan, scenario, timeline))
    sheets = (*money, *workload_sheets(plan, scenario))
    grids = tuple(map(of_sheet, sheets))
    return Section("cost", "Cost by category and period", views=tuple(views), grids=grids)


def _comparison(beside: Beside) -> Section:
    title = "Beside other options"
    if beside.options is None:
        return Section("comparison", title, words=(beside.uncompared or "Nothing was compared.",))
    unit = money_unit(usd for usd in beside.options["npv_usd"] if not pd.isna(usd))
    return Section(
        "comparison",
        title,
        words=(f"mixed: this plan; {'; '.join(f'{name}: {what}' for name, what in beside.meanings)}.",)
        if beside.meanings
        else (),
        grids=tuple(of_sheet(worded(sheet)) for sheet in beside.compared),
        plots=one_plot(
            "options",
            "NPV of all cost of this plan and of each option; an option without a plan says so.",
            figures.comparison_figure(beside.options, unit.name, unit.usd),
            screen=True,
        ),
    )


def _assumptions(plan: Plan, scenario: Scenario, catalog: Catalog) -> Section:
    ids = assumptions.numbered(plan)
    notes = (assumptions.every_note(plan),) if plan.notes or plan.left_out else ()
    weighty = tuple(plain(f"May change the cost: {note}") for note in plan.weighty_notes)
    return Section(
        "assumptions",
        "Assumptions and sources",
        words=weighty,
        grids=(assumptions.terms(plan, scenario),),
        folded=(
            *notes,
            assumptions.rows_used(plan, ids),
            assumptions.sources(catalog, ids),
        ),
    )


def _hash(script: str) -> str:
    """What the page's content security policy knows a script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
