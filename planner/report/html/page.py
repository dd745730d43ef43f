"""The page: sections of figures and tables, and the one file they are rendered into."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from planner._version import __version__
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
from planner.report.html.cells import Grid, of_sheet
from planner.report.limits import budget_sheet
from planner.report.orders import next_orders, orders
from planner.report.serving import serving_sheet
from planner.report.tags import tag_sheets
from planner.report.view import timeline_of
from planner.report.workloads import workload_sheets
from planner.scenario import Scenario
from planner.timeline import Timeline

if TYPE_CHECKING:
    import plotly.graph_objects as go

TEMPLATE, STYLE, SCRIPT = "template.html.j2", "page.css", "page.js"
# The only line of the headline that depends on the clock.
CLOCK = "solved in"
EVERY_ROW = 10_000


@dataclass(frozen=True)
class Beside:
    """What is told beside a plan: lines of the headline, further sheets, the comparison's table and its sheets.

    ``meanings`` say what each option leaves, ``uncompared`` why there is no comparison where there is none.
    """

    lines: Sequence[tuple[str, str]] = ()
    sheets: Sequence[Sheet] = ()
    options: pd.DataFrame | None = None
    compared: Sequence[Sheet] = ()
    meanings: Sequence[tuple[str, str]] = ()
    uncompared: str = ""


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
    """A part of the page: tables that stand open, plots, and tables to be opened."""

    name: str
    title: str
    words: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    plots: tuple[Plot, ...] = ()
    views: tuple[View, ...] = ()
    folded: tuple[Grid, ...] = field(default=())


def html_report(plan: Plan, scenario: Scenario, catalog: Catalog, beside: Beside = Beside()) -> str:
    """The page as text, the same for the same plan: nothing of it depends on the clock."""
    sections = list(_sections(plan, scenario, catalog, beside))
    plots = [plot for section in sections for plot in section.plots]
    plots += [plot for section in sections for view in section.views for plot in view.plots]
    drawn = {plot.name: figures.as_json(plot.figure) for plot in plots}
    plotly, script = Markup(f"\n{get_plotlyjs()}\n"), Markup(f"\n{_read(SCRIPT)}")
    environment = Environment(
        loader=DictLoader({TEMPLATE: _read(TEMPLATE)}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    page = environment.get_template(TEMPLATE).render(
        title=plain(plan.scenario),
        description=plain(scenario.description),
        status=plan.status,
        decided_on=scenario.horizon.decided_on,
        scenario_digest=plan.scenario_digest,
        catalog_digest=plan.catalog_digest,
        version=__version__,
        tiles=tables.tiles(plan, scenario),
        sections=sections,
        futures=[plain(name) for name in plan.futures] if len(plan.futures) > 1 else [],
        figures=_in_script(drawn),
        plotly=plotly,
        script=script,
        style=Markup(_read(STYLE)),
        hashes=[_hash(plotly), _hash(script)],
    )
    # A name may hold half of a character, which no file can.
    return page.encode("utf-8", "replace").decode()


def _sections(plan: Plan, scenario: Scenario, catalog: Catalog, beside: Beside) -> list[Section]:
    timeline = timeline_of(scenario, catalog)
    top = headline(plan, scenario, timeline, beside.lines)
    top = Sheet(top.sentence, top.columns, tuple(row for row in top.rows if row[0] != CLOCK), top.notes)
    return [
        Section("headline", "Headline", grids=(of_sheet(top),)),
        _steps(plan, scenario, timeline, beside),
        *_use(plan, scenario, timeline),
        _costs(plan, scenario, timeline),
        *_grounds(plan, scenario, timeline),
        _comparison(beside),
        _assumptions(plan, scenario, catalog),
    ]


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
        grids=(tables.proof(plan), of_sheet(binding_sheet(plan, scenario, EVERY_ROW))),
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
    return Section(
        "assumptions",
        "Assumptions and sources",
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


def _in_script(value: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def _hash(script: str) -> str:
    """What the page's content security policy knows a script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
