"""``plan solve``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planner.catalog import Catalog
from planner.cli.options import SolveOptions
from planner.errors import InfeasiblePlan, SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.milp import Model
from planner.pipeline import catalog_of, load, optimum
from planner.plan import Plan
from planner.plan.audited import tabled
from planner.render.hints import call_of, filled
from planner.render.sheet import Sheet
from planner.report.instead import bounded
from planner.report.origins import trace_sheet
from planner.report.terminal import sheets
from planner.report.verdict import Verdict, rests_on, to_sign
from planner.scenario import Scenario
from planner.solvers import Options
from planner.solvers.optimise import vertex_at
from planner.solvers.vertex import Vertex
from planner.studies.bounds import bounds
from planner.studies.command import FEASIBLE_EXIT, Outcome, Progress, exit_of
from planner.studies.percentile import OtherPercentile, other_percentile
from planner.studies.percentile import applies as has_targets
from planner.studies.stands.assumptions import applies as stands_on_some
from planner.studies.stands.carried import Carrying, carrying
from planner.studies.stands.relaxed import Relaxations, World
from planner.studies.stands.words import grounds
from planner.studies.stands.words import line as carrying_line
from planner.studies.stands.words import lines as carrying_lines

if TYPE_CHECKING:
    import pandas as pd

    from planner.history.run import Run
    from planner.studies.information import Information

NOT_HELD = "What renting or buying alone would cost was not looked into."


@dataclass(frozen=True)
class Solved:
    """A plan and its catalog; ``worth`` and ``other`` are None where they do not apply, ``unknown`` says why not.
    ``relaxations`` are what the rest beside the plan is reckoned with, ``in_parts`` is the matrix of today's and
    ``vertex`` its optimum, where the plan's own search made them.

    ``instead`` says what another way of getting GPUs costs, as far as that was looked for.
    ``late`` where the clock stopped what stands beside the plan.
    """

    catalog: Catalog
    plan: Plan
    in_parts: Model | None = None
    vertex: Vertex | None = None
    worth: Information | None = None
    other: OtherPercentile | None = None
    relaxations: Relaxations | None = None
    carrying: Carrying | None = None
    unknown: str = ""
    late: bool = False
    instead: str = NOT_HELD

    def without(self, what: str, error: SolverFailure) -> Solved:
        """The same, which says that ``what`` stands beside a plan is not known, and why."""
        said = f"{what} is not known: {error}."
        late = self.late or isinstance(error, StoppedByClock)
        return replace(self, unknown="\n".join(filter(None, (self.unknown, said))), late=late)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What stands beside the cost in the headline of a page."""
        return self._percentile + ([] if self.carrying is None else carrying_lines(self.carrying))

    @property
    def briefly(self) -> list[tuple[str, str]]:
        """The same beside the headline of a terminal."""
        return self._percentile + ([] if self.carrying is None else carrying_line(self.carrying))

    @property
    def _percentile(self) -> list[tuple[str, str]]:
        return [] if self.other is None else [self.other.line()]


def solved(options: SolveOptions, progress: Progress) -> Outcome:
    """Solve, with what is told beside the plan where anybody asked for that."""
    if options.save:
        from planner.history.store import prepare, store_path

        prepare(store_path(options.store), own=options.store is not None)
    overrides = tuple(options.overrides or ())
    scenario = load(options.scenario, overrides)
    progress(f"{scenario.name}: solving")
    try:
        found = find(scenario, options, progress)
        settled = found.plan.settled(scenario)
        found = with_stands(found, settled, options)
        if options.viewed:
            found = with_instead(found)
    except InfeasiblePlan as error:
        from planner.schema.result import infeasible, infeasible_sheet

        result, words = infeasible(scenario, error), str(error)
        saved = None
        if options.save:
            view = [infeasible_sheet(error)]
            saved = _run_of(scenario, catalog_of(scenario), None, result, view, overrides)
        # Why there is no plan is this scenario's report.
        text, message = (f"{words}\n", "") if options.report else ("", words)
        return Outcome(json=result, saved=saved, text=text, message=message, exit_code=error.exit_code)
    result = _result(found, options) if options.save or options.json is not None else {}
    view = _view(scenario, found, options)
    return Outcome(
        sheets=view if options.report else (),
        json=result or None,
        tables=_frames(found.plan, options),
        saved=_run_of(scenario, found.catalog, found.plan, result, view, overrides) if options.save else None,
        message=found.unknown if options.report else "",
        exit_code=FEASIBLE_EXIT if found.late else exit_of(found.plan),
    )


def find(scenario: Scenario, options: SolveOptions, progress: Progress) -> Solved:
    """The plan, with what is told beside it where anybody asked for that."""
    made = optimum(scenario, solver=options.solver, gap=options.gap, time_limit_s=options.time_limit)
    plan = tabled(made)
    # What simulations settled is told of the points that serve alone.
    found = Solved(made.catalog, plan, made.model.relaxation or made.model if plan.simulated is None else None)
    if not options.information:
        return found
    scenario, catalog = plan.settled(scenario), made.catalog
    limited = Options(plan.proof.gap_asked, _limit_s(scenario, options))
    if found.in_parts is not None and stands_on_some(scenario):
        found = replace(found, vertex=_vertex(found.in_parts, made.outcome.answer.vertex, limited))
    # Of one workload the report tells no cost of its own.
    if options.tabled or len(scenario.workloads) > 1:
        from planner.studies.increments import with_increments

        try:
            known = with_increments(plan, scenario, catalog, limited, found.in_parts, found.vertex)
            found = replace(found, plan=known)
        except SolverFailure as error:
            found = found.without("What each workload costs more", error)
    if has_targets(scenario):
        try:
            found = replace(found, other=other_percentile(scenario, catalog, found.plan, limited))
        except SolverFailure as error:
            found = found.without("The cost at the other percentile", error)
    # A plan of one future does without what is loaded for several.
    return _with_worth(found, scenario, options, progress) if scenario.futures else found


def _vertex(model: Model, known: Vertex | None, options: Options) -> Vertex | None:
    """Where the relaxation of ``model`` ended: ``known`` from the search, where that solved it as it is."""
    if known is not None and known.of is model.milp:
        return known
    try:
        return vertex_at(model.milp, options)
    except SolverFailure:
        # Whoever needs it says so.
        return None


def _with_worth(found: Solved, scenario: Scenario, options: SolveOptions, progress: Progress) -> Solved:
    """What it is worth to know the future, where that has an answer."""
    from planner.studies import information

    if not information.applies(scenario):
        return found
    try:
        worth = information.value_of_information(
            scenario,
            found.catalog,
            found.plan,
            gap=options.gap,
            time_limit_s=options.time_limit,
            progress=lambda words: progress(f"{scenario.name}: value of information, {words}"),
        )
    except SolverFailure as error:
        return found.without("The value of information", error)
    return replace(found, worth=worth, late=found.late or bool(worth.stopped))


def with_stands(solved: Solved, scenario: Scenario, options: SolveOptions) -> Solved:
    """What is told beside the plan, and the assumptions that it stands on."""
    if not (options.information and stands_on_some(scenario)):
        return solved
    asked = Options(solved.plan.proof.gap_asked, _limit_s(scenario, options))
    try:
        relaxations = Relaxations(World(scenario, solved.catalog), asked, solved.in_parts, solved.vertex)
        solved = replace(solved, relaxations=relaxations)
        return replace(solved, carrying=carrying(relaxations, solved.plan))
    except SolverFailure as error:
        return solved.without("What the plan stands on", error)


def with_instead(solved: Solved) -> Solved:
    """What other ways cost at the least; the sentence as it was where cost is no aim, or the clock ended that."""
    if solved.relaxations is None:
        return solved
    try:
        found = bounds(solved.relaxations, solved.plan)
    except SolverFailure:
        return solved
    return replace(solved, instead=bounded(found, solved.plan.proof.objective_usd))


def _limit_s(scenario: Scenario, options: SolveOptions) -> float:
    return options.time_limit if options.time_limit is not None else scenario.solve.time_limit_s


def _result(solved: Solved, options: SolveOptions) -> dict[str, Any]:
    result = solved.plan.to_dict()
    if solved.worth is not None:
        result["information"] = solved.worth.to_dict()
    if solved.other is not None:
        result["other_percentile"] = solved.other.to_dict()
    if solved.carrying is not None:
        result["stands"] = solved.carrying.to_dict()
    if options.trace:
        result["trace"] = solved.plan.table("origins").records()
    return result


def _frames(plan: Plan, options: SolveOptions) -> Mapping[str, pd.DataFrame]:
    """Where somebody wants them: pandas takes long to load."""
    if options.csv is None:
        return {}
    return plan.tables | ({"trace": plan.trace()} if options.trace else {})


def _view(scenario: Scenario, solved: Solved, options: SolveOptions) -> list[Sheet]:
    """The parts of the report, in order; none where nobody reads them."""
    if not options.viewed:
        return []
    told = None if solved.carrying is None else grounds(solved.carrying)
    verdict = Verdict(to_sign(solved.plan, scenario), solved.instead, rests_on(solved.plan, told))
    more = []
    if solved.worth is not None:
        from planner.studies.information import sheet

        more.append(sheet(solved.worth))
    view = list(sheets(solved.plan, scenario, solved.catalog, solved.briefly, more, verdict))
    if options.trace:
        view.append(trace_sheet(solved.plan))
    # A run that is kept is shown again where nobody knows which file it was read from.
    call = call_of(options.scenario, options.overrides)
    return [sheet.written(lambda words: filled(words, call)) for sheet in view]


def _run_of(
    scenario: Scenario,
    catalog: Catalog,
    plan: Plan | None,
    result: Mapping[str, Any],
    view: Sequence[Sheet],
    overrides: tuple[str, ...],
) -> Run:
    # Loaded by those who save: a plan alone needs no store.
    from planner.history.run import run_of

    return run_of(scenario, catalog, plan, result, view, overrides)
