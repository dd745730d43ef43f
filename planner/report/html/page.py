"""The page: sections of figures and tables, and the one file they are rendered into."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from planner.catalog import Catalog
from planner.plan import Plan
from planner.render.figures import money_unit
from planner.render.sheet import Sheet, plain
from planner.report.binding import binding_sheet
from planner.report.cash import cash_sheet
from planner.report.futures import futures_sheet, later_sheet
from planner.report.headline import headline
from planner.report.hourly import rented_sheet
from planner.report.html import assumptions, figures, flows, tables
from planner.report.html.cells import Cell, Grid, of_sheet, worded
from planner.report.html.first import first_page
from planner.report.html.templates import PAGE, SCRIPT, in_script, read, render
from planner.report.limits import budget_sheet
from planner.report.orders import next_orders, orders
from planner.report.serving import serving_sheet
from planner.report.tags import tag_sheets
from planner.report.verdict import Ground
from planner.report.view import timeline_of
from planner.report.workloads import workload_sheets
from planner.scenario import Scenario
from planner.timeline import Timeline

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Lines of the headline that are not on the page: one depends on the clock, one tells the last bits of sums.
CLOCK, BITS = "solved in", "audit"
EVERY_ROW = 10_000


@dataclass(frozen=True)
class Beside:
    """What is told beside a plan: lines of the headline, further sheets, the comparison's table and its sheets.

    ``meanings`` say what each option leaves, ``uncompared`` why there is no comparison where there is none.
    ``grounds`` are the assumptions that the plan stands on, None where nobody looked.
    """

    lines: Sequence[tuple[str, str]] = ()
    sheets: Sequence[Sheet] = ()
    options: pd.DataFrame | None = None
    compared: Sequence[Sheet] = ()
    meanings: Sequence[tuple[str, str]] = ()
    uncompared: str = ""
    grounds: Sequence[Ground] | None = None


@dataclass(frozen=True)
class Plot:
    """A plot with its place on the page, what it shows in a sentence, and the table of the same figures."""

    name: str
    about: str
    figure: go.Figure
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class View:
    """One of several ways to see a section's plots, chosen by a button."""

    name: str
    label: str
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class Section:
    """A part of the page, itself to be opened: tiles, tables, plots, and tables to be opened in it."""

    name: str
    title: str
    words: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    plots: tuple[Plot, ...] = ()
    views: tuple[View, ...] = ()
    folded: tuple[Grid, ...] = field(default=())
    tiles: tuple[tuple[str, Cell, tuple[Cell, ...]], ...] = ()


def html_report(plan: Plan, scenario: Scenario, catalog: Catalog, beside: Beside = Beside()) -> str:
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
        first=first_page(plan, scenario, timeline_of(scenario, catalog), beside.options, beside.grounds),
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
    power, served = _use(plan, scenario, timeline)
    serving, evidence, proof = _grounds(plan, scenario, timeline)
    return [
        _steps(plan, scenario, timeline, beside),
        _comparison(beside),
        _costs(plan, scenario, timeline),
        power,
        served,
        serving,
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
    return Section("headline", "All key figures", grids=(of_sheet(sheet),), tiles=tuple(tables.tiles(plan, scenario)))


def _given(plan: Plan, scenario: Scenario, timeline: Timeline) -> Section:
    """What the scenario gave the plan to work with."""
    grid = assumptions.given(plan, scenario, timeline)
    return Section("given", "What was given, and whether it is used", grids=(grid,))


def _steps(plan: Plan, scenario: Scenario, timeline: Timeline, beside: Beside) -> Section:
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
        plots=_plot(
            "timeline",
            "Each purchase and contract in time: from the day it is ordered to the day it is in service, contracts "
            f"to their end.{most}",
            figures.timeline_figure(plan, scenario, timeline),
        ),
        folded=(*lists, *map(of_sheet, later)),
    )


def _use(plan: Plan, scenario: Scenario, timeline: Timeline) -> tuple[Section, Section]:
    """What is drawn and served, period by period."""
    chosen = " One future at a time: it is chosen at the top of the page." if len(plan.futures) > 1 else ""
    power = Section(
        "power",
        "Power against the cap",
        plots=_plot(
            "power",
            "Power provisioned by system in each reported period, stacked, with the cap as a line; a panel for "
            f"each site.{chosen}",
            figures.power_figure(plan, scenario, timeline),
            tables.power(plan, scenario, timeline),
        ),
        words=() if scenario.sites else ("There is no site, so no power is provisioned.",),
    )
    served = Section(
        "served",
        "Served demand by load block",
        plots=_plot(
            "served",
            "Demand served in each load block of each reported period, stacked by what serves it; a panel for each "
            f"workload.{chosen}",
            figures.served_figure(plan, scenario, timeline),
            tables.served(plan, scenario, timeline),
        ),
    )
    return power, served


def _grounds(plan: Plan, scenario: Scenario, timeline: Timeline) -> tuple[Section, Section, Section]:
    """What the plan rests on: serving configurations, evidence, proof."""
    serving = Section(
        "serving",
        "Serving configurations",
        plots=_plot(
            "latency",
            "Latency of the slowest serving point of each system and workload, beside the workload's target.",
            figures.latency_figure(plan, scenario, timeline),
        ),
        grids=(of_sheet(serving_sheet(plan, scenario, timeline, EVERY_ROW)),),
    )
    evidence = Section(
        "evidence",
        "Evidence",
        words=("Where throughputs and prices come from: measured or published by others, or predicted.",),
        plots=_plot(
            "evidence",
            "Shares of output tokens and of NPV cost by evidence class.",
            figures.evidence_figure(plan),
            tables.evidence(plan),
        ),
    )
    proof = Section(
        "proof",
        "Proof",
        words=(
            "The plan was recomputed from scenario, catalog and tables alone by an audit that never saw the model.",
        ),
        grids=(tables.proof(plan), of_sheet(worded(binding_sheet(plan, scenario, EVERY_ROW)))),
    )
    return serving, evidence, proof


def _costs(plan: Plan, scenario: Scenario, timeline: Timeline) -> Section:
    cash, levelised = flows.cash(plan), flows.levelised(plan, scenario)
    unit = money_unit(flows.totals(cash))
    expected = "Expected cost" if len(plan.futures) > 1 else "Cost"
    views = [
        View(
            "cash",
            "Cash",
            _plot(
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
                _plot(
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
        words=tuple(f"{name}: {what}." for name, what in beside.meanings),
        grids=tuple(of_sheet(sheet) for sheet in beside.compared),
        plots=_plot(
            "options",
            "NPV of all cost of this plan and of each option; an option without a plan says so.",
            figures.comparison_figure(beside.options, unit.name, unit.usd),
        ),
    )


def _assumptions(plan: Plan, scenario: Scenario, catalog: Catalog) -> Section:
    ids = assumptions.numbered(plan)
    notes = (assumptions.every_note(plan),) if plan.notes else ()
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


def _plot(name: str, about: str, figure: go.Figure | None, *grids: Grid) -> tuple[Plot, ...]:
    """One plot, or none where there is nothing to draw."""
    return () if figure is None else (Plot(name, about, figure, grids),)


def _hash(script: str) -> str:
    """What the page's content security policy knows a script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
