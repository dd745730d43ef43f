"""The answer to a solved question: which is dearer, beside each other, what to do, what changed and why."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from planner._version import __version__
from planner.catalog import Catalog
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.render.bar_table import OTHER_COLOUR, PLAN_COLOUR, Bar, Bars
from planner.render.figures import money, price
from planner.render.sheet import Sheet, plain
from planner.report.binding import binding_sheet
from planner.report.html import demand, figures
from planner.report.html.cells import of_sheet, worded
from planner.report.html.first import First, first_page
from planner.report.html.page import costs, steps
from planner.report.html.parts import Beside, Section
from planner.report.instead import Bound as Instead
from planner.report.instead import bounded
from planner.report.speeds import Speeds
from planner.report.verdict import per_token, proven
from planner.report.view import timeline_of
from planner.report.workloads import workload_sheets
from planner.scenario import Scenario
from planner.serve.figures import power_beside
from planner.serve.templates import render
from planner.serve.values import Question, Shown, Solved
from planner.studies.diff.comparand import Comparand
from planner.studies.diff.sheet import cost_sheet, decisions_sheet, diff_sheets, inputs_sheet, sentence
from planner.studies.diff.study import Diff, diff
from planner.studies.speeds import cost_at_speed

AS_IT_IS, AS_ASKED = "as it is", "as asked"
# What a comparison's columns are called here; the letters are those of `plan diff`.
HEADERS = {"A": f"{AS_IT_IS} (A)", "B": f"{AS_ASKED} (B)", "B less A": "B less A", "B / A - 1": "change"}
EVERY_ROW = 10_000
RENTING = {"buy": ("buy",), "rent": ("reserve", "rent")}


def answer(question: Question) -> Shown:
    """The page's part on a solved question, with the figures of its plots by name."""
    found = _diff(question) if question.changed else None
    if not question.solved.planned:
        return Shown(_impossible(question, found), {})
    plan, catalog = pickle.loads(question.solved.plan), catalog_of(question.scenario)
    speeds = cost_at_speed(plan, question.scenario, catalog)
    sections = list(_sections(question, plan, catalog, speeds, found))
    plots = [plot for one in sections for plot in (*one.plots, *(inner for view in one.views for inner in view.plots))]
    drawn = {plot.name: figures.as_json(plot.figure) for plot in plots}
    beside = power_beside(question, plan) if found is not None and found.a.planned else None
    if beside is not None:
        drawn["beside"] = figures.as_json(beside)
    html = render(
        "answer.html.j2",
        sentence=_sentence(plan, question.scenario, found),
        proven=proven(plan),
        seconds=question.solved.seconds,
        beside=beside is not None,
        pictures=_pictures(plan, question.scenario, found),
        compared=None if found is None else of_sheet(_renamed(cost_sheet(found))),
        first=_first(question, plan, catalog),
        sections=sections,
        systems=sorted({point.system for point in speeds.points}),
        precisions=sorted({point.precision for point in speeds.points}),
    )
    return Shown(html, drawn)


def filtered(question: Question, systems: Sequence[str], precisions: Sequence[str]) -> dict[str, Any]:
    """Cost against speed of some systems and precisions: the figures by name, none where nothing is left."""
    plan, catalog = pickle.loads(question.solved.plan), catalog_of(question.scenario)
    speeds = cost_at_speed(plan, question.scenario, catalog)
    kept = tuple(one for one in speeds.points if one.system in systems and one.precision in precisions)
    timeline = timeline_of(question.scenario, catalog)
    section = demand.serving(plan, question.scenario, timeline, Beside(speeds=replace(speeds, points=kept)))
    return {plot.name: figures.as_json(plot.figure) for plot in section.plots if plot.name.startswith("speed-")}


def _diff(question: Question) -> Diff:
    """The study behind ``plan diff``, so that every difference is the one that it tells."""
    return diff(
        _side(AS_IT_IS, question.base, question.before),
        _side(AS_ASKED, question.scenario, question.solved),
    )


def _side(label: str, scenario: Scenario, solved: Solved) -> Comparand:
    result = dict(solved.result)
    digest = str(result.get("catalog", {}).get("digest", ""))
    return Comparand(label, scenario, str(result["scenario_digest"]), digest, __version__, result)


def _sentence(plan: Plan, scenario: Scenario, found: Diff | None) -> str:
    """The answer in a sentence."""
    if found is not None and found.a.planned:
        return plain(sentence(found, "the scenario as it is", "What you ask for"))
    basis = scenario.finance.token_basis
    per = plan.kpis[f"reported_levelised_usd_per_mtok_{basis}"] or plan.kpis[f"levelised_usd_per_mtok_{basis}"]
    whole = f"{money(plan.kpis['npv_usd'])} in all, in today's money"
    if found is not None:
        whole += "; the scenario as it is has no plan"
    return f"{price(per)} {per_token(basis)}; {whole}." if per is not None else f"{whole}."


def _pictures(plan: Plan, scenario: Scenario, found: Diff | None) -> list[Bars]:
    """Cost per token, in all and by workload, beside the scenario as it is."""
    if found is None or not found.a.planned:
        return []
    basis = scenario.finance.token_basis
    rows = [("all workloads", found.headline.a, found.headline.b)]
    per = f"usd_per_mtok_{basis}"
    before = {row["workload"]: row.get(per) for row in found.a.result["workload_cost"]}
    after = sorted(found.b.result["workload_cost"], key=lambda row: -row["npv_usd"])
    rows += [(row["workload"], before.get(row["workload"]), row.get(per)) for row in after]
    known = [usd for _, a, b in rows for usd in (a, b) if usd is not None]
    most = max(known, default=0.0) or 1.0
    heads = ("workload", f"$ {per_token(basis)}")
    first, *others = [pair for name, a, b in rows for pair in [_pair(plain(name), a, b, most)]]
    whole = Bars(f"Cost of a token, {AS_IT_IS} and {AS_ASKED}", heads, tuple(first))
    note = (
        "These are NPV per token, which add up; the one for all workloads is of the reported periods, as in every plan."
    )
    each = Bars("By workload", heads, tuple(bar for pair in others for bar in pair), note)
    return [whole, each]


def _pair(name: str, a: float | None, b: float | None, most: float) -> list[Bar]:
    change = ""
    if a and b is not None:
        share = b / a - 1
        change = f", {'+' if share > 0 else '−'}{100 * abs(share):.1f} %" if abs(share) >= 0.0005 else ", the same"
    return [
        Bar(f"{name}, {AS_IT_IS}", price(a), max(a or 0.0, 0.0) / most, OTHER_COLOUR),
        Bar(f"{name}, {AS_ASKED}", price(b) + change, max(b or 0.0, 0.0) / most, PLAN_COLOUR),
    ]


def _first(question: Question, plan: Plan, catalog: Catalog) -> First:
    """Page one of the report; what the other ways cost at the least is told of bounds."""
    first = first_page(plan, question.scenario, timeline_of(question.scenario, catalog), None, None)
    bounds, mix = question.bounds, question.bounds.get("mix")
    others = [
        Instead(RENTING[name], bound.npv_usd, bound.npv_usd - mix.npv_usd)
        for name, bound in bounds.items()
        if name in RENTING and mix is not None and bound.npv_usd is not None and mix.npv_usd is not None
    ]
    asked = list(first.asked)
    if others:
        asked[2] = (asked[2][0], plain(bounded(others, plan.proof.objective_usd)))
    pictures = first.pictures
    if question.changed and question.before.planned:
        # By workload it is told beside the scenario as it is.
        pictures = tuple(one for one in pictures if one.heads[0] != "workload")
    return replace(first, asked=tuple(asked), pictures=pictures)


def _sections(
    question: Question, plan: Plan, catalog: Catalog, speeds: Speeds, found: Diff | None
) -> Iterator[Section]:
    scenario, timeline = question.scenario, timeline_of(question.scenario, catalog)
    if found is not None:
        yield _changes(question, plan, found)
    beside = Beside(speeds=speeds)
    yield steps(plan, scenario, timeline, beside)
    yield demand.power(plan, scenario, timeline)
    workloads = tuple(of_sheet(worded(sheet)) for sheet in workload_sheets(plan, scenario))
    yield replace(costs(plan, scenario, timeline), folded=workloads)
    yield demand.served(plan, scenario, timeline)
    yield demand.serving(plan, scenario, timeline, beside)


def _changes(question: Question, plan: Plan, found: Diff) -> Section:
    """What changed, and why: inputs, decisions, the limits that cost most before and now; all figures folded."""
    why = [("With what you ask for. ", binding_sheet(plan, question.scenario, EVERY_ROW))]
    if question.before.planned:
        before = pickle.loads(question.before.plan)
        why.insert(0, ("In the scenario as it is. ", binding_sheet(before, question.base, EVERY_ROW)))
    limits = [of_sheet(worded(replace(sheet, sentence=f"{words}{sheet.sentence}"))) for words, sheet in why]
    top = [inputs_sheet(found), decisions_sheet(found)]
    shown = {sheet.sentence for sheet in (*top, cost_sheet(found))}
    rest = [sheet for sheet in diff_sheets(found) if sheet.sentence not in shown and sheet.columns]
    return Section(
        "changes",
        "What changed, and why",
        grids=(*(of_sheet(_renamed(sheet)) for sheet in top), *limits),
        folded=tuple(of_sheet(_renamed(sheet)) for sheet in rest),
    )


def _renamed(sheet: Sheet) -> Sheet:
    columns = tuple(replace(column, header=HEADERS.get(column.header, column.header)) for column in sheet.columns)
    return replace(sheet, columns=columns)


def _impossible(question: Question, found: Diff | None) -> str:
    """There is no plan: what to relax."""
    smallest = bool(question.solved.result.get("smallest_proven"))
    return render(
        "message.html.j2",
        title="No plan keeps every limit",
        lead="The smallest set of limits to relax together:" if smallest else "Limits to relax together:",
        lines=[plain(str(row["sentence"])) for row in question.solved.result["relaxations"]],
        inputs=None if found is None else of_sheet(_renamed(inputs_sheet(found))),
    )
