"""``plan report``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli.options import ReportOptions, SolveOptions
from planner.cli.solve import Solved, find, with_stands
from planner.errors import SolverFailure
from planner.pipeline import load
from planner.render.figures import percent
from planner.render.files import check_file
from planner.render.sheet import plain
from planner.scenario import Scenario
from planner.studies import information
from planner.studies.command import FEASIBLE_EXIT, Outcome, Progress, exit_of
from planner.studies.compare.options import check_options, option_words
from planner.studies.compare.sheet import comparison_sheets
from planner.studies.compare.study import compare
from planner.studies.pool import cores
from planner.studies.speeds import cost_at_speed
from planner.studies.stands.words import grounds

if TYPE_CHECKING:
    from planner.report.html.parts import Beside, Simulated

STDOUT = "-"
PLAN = "mixed"
TITLE = "The plan (mixed) beside each option"
NOTHING = "none"


def reported(options: ReportOptions, progress: Progress) -> Outcome:
    """Solve, compare, make the page."""
    names = () if options.options == NOTHING else check_options(name for name in options.options.split(",") if name)
    if options.output != STDOUT:
        check_file(Path(options.output), "--output")
    scenario = load(options.scenario, tuple(options.overrides or ()))
    progress(f"{scenario.name}: solving")
    solved, page = _page(scenario, options, names, progress)
    written = f"{options.output}: the plan of {plain(scenario.name)}, {solved.plan.status}\n"
    return Outcome(
        files=[(options.output, page)],
        text=written if options.output != STDOUT else "",
        message=solved.unknown,
        exit_code=FEASIBLE_EXIT if solved.late else exit_of(solved.plan),
    )


def _page(scenario: Scenario, options: ReportOptions, names: tuple[str, ...], progress: Progress) -> tuple[Solved, str]:
    from planner.report.html.board import board_page
    from planner.report.html.page import html_report

    asked = SolveOptions(options.scenario, solver=options.solver, gap=options.gap, time_limit=options.time_limit)
    solved = find(scenario, asked, progress)
    solved = with_stands(solved, solved.plan.settled(scenario), asked)
    beside = _beside(scenario, solved, options, names, progress)
    if options.simulate:
        beside = replace(beside, simulated=_simulated(scenario, solved, progress))
    progress(f"{scenario.name}: drawing")
    made = board_page if options.board else html_report
    return solved, made(solved.plan, scenario, solved.catalog, beside)


def _simulated(scenario: Scenario, solved: Solved, progress: Progress) -> Simulated:
    """The plan under requests, as ``plan simulate`` makes them where nothing is asked."""
    from planner.render.plots import drawn
    from planner.report.html.parts import Simulated
    from planner.simulation.requests import traffic_of
    from planner.studies.simulate.plot import simulation_picture
    from planner.studies.simulate.sheet import simulation_sheets
    from planner.studies.simulate.study import Ask, of_serving

    serving = solved.plan.to_dict()["serving"]
    served = [one.name for one in scenario.workloads if one.tokens is not None]
    traffic = {name: traffic_of(scenario, name) for name in served}
    found = of_serving(solved.plan.settled(scenario), solved.catalog, serving, traffic, Ask(), progress=progress)
    picture = simulation_picture(found)
    sentence = f"By simulation {percent(found.within_share, 1)} of requests meet all targets."
    return Simulated(sentence, simulation_sheets(found), drawn(picture, "svg"), picture.title)


def _beside(
    scenario: Scenario, solved: Solved, options: ReportOptions, names: tuple[str, ...], progress: Progress
) -> Beside:
    """What stands beside the plan; a comparison that no engine could finish in time says so instead."""
    from planner.report.html.parts import Beside

    beside = Beside(
        lines=solved.lines,
        sheets=[information.sheet(solved.worth)] if solved.worth is not None else [],
        grounds=None if solved.carrying is None else grounds(solved.carrying),
        speeds=cost_at_speed(solved.plan, solved.plan.settled(scenario), solved.catalog),
    )
    others = tuple(name for name in names if name != PLAN)
    if not others:
        return replace(beside, uncompared="No options were asked for.")
    try:
        found = compare(
            scenario,
            (PLAN, *others),
            solver=options.solver,
            gap=options.gap,
            time_limit_s=options.time_limit,
            known={PLAN: solved.plan},
            jobs=cores(),
            progress=lambda words: progress(f"{scenario.name}: options, {words}"),
        )
    except SolverFailure as error:
        return replace(beside, uncompared=f"The comparison is not known: {error}.")
    meanings = [(name, option_words(name)) for name in others]
    compared = tuple(
        comparison_sheets(
            found.table, found.sentences, TITLE, float("inf"), workloads=found.workloads, remarks=found.remarks
        )
    )
    return replace(beside, options=found.table, compared=compared, meanings=meanings)
