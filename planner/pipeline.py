"""The one place where the stages meet: problem → matrix → solver → plan → audit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner._moved import renamed
from planner.catalog import Catalog, is_catalog, load_catalog
from planner.errors import InfeasiblePlan, ScenarioError, SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.kinds.limits import limit_kind
from planner.milp import Milp, Model, build_model
from planner.milp.elastic import Elastic, build_elastic, with_requirements
from planner.plan import Plan
from planner.plan.audited import Audited, audited, tabled
from planner.plan.notes import notes_without_a_plan
from planner.plan.relaxation import relaxations
from planner.problem import Problem, Reductions, build_problem
from planner.rules import apply_quotes, check_references, derive_points
from planner.rules.derive import derived_by
from planner.scenario import Scenario, load_scenario
from planner.solvers import Answer, Options, executable
from planner.solvers.clock import Clock, no_plan
from planner.solvers.objectives import minimise
from planner.solvers.optimise import vertex_at
from planner.solvers.relay import steady
from planner.solvers.sifted import LARGE
from planner.solvers.vertex import Vertex

# Of a limit, what an engine that has to choose what to relax may not see.
OVERLOOKED = 1e-5
# So much is all that is looked for then.
HAIR = 1e-3
# How far a relaxed limit may be exceeded, as a multiple of itself: the narrow one keeps the search exact, the
# wide one is for scenarios that are further off.
ELASTIC_EXCESS = (30.0, 1e4)
# Without a smallest set after so many nodes, the smallest found is told as not proven: shipped scenarios take three.
ELASTIC_NODES = 5000


class FixedDecisions(Protocol):
    """What is decided already, so that only the rest is planned."""

    def widened(self, problem: Problem) -> Problem:
        """The problem with room for it."""

    def fix(self, model: Model) -> Milp:
        """The model's matrix with it as bounds."""


@dataclass(frozen=True, eq=False)
class Base:
    """A scenario much like others that are planned: of what they have in common nothing is looked for again.

    ``catalog`` is the one it names, ``derived`` that with the points derived for its workloads. ``vertex`` is where its
    relaxation ended, in which that of another plan in parts of replicas begins; None where there is none.
    """

    scenario: Scenario
    catalog: Catalog
    derived: Catalog
    problem: Problem
    vertex: Vertex | None


def base_of(scenario: Scenario, catalog: Catalog, options: Options) -> Base:
    """``scenario`` as the base of others. Raises what ``catalog_of`` raises."""
    derived = catalog_of(scenario, catalog)
    problem = build_problem(scenario, derived)
    vertex = None
    # A plan in whole replicas begins in no vertex, and a large one in none that is worth while.
    if not problem.whole and (milp := build_model(problem).milp).columns < LARGE:
        with suppress(SolverFailure):
            vertex = vertex_at(milp, options)
    return Base(scenario, catalog, derived, problem, vertex)


def load(source: str | Path, overrides: tuple[str, ...] = ()) -> Scenario:
    """The scenario of a YAML file, with ``path=value`` overrides.

    Raises ScenarioError with every fault of the file.
    """
    return load_scenario(Path(source) if source != "-" else "-", overrides)


def catalog_of(scenario: Scenario, catalog: Catalog | None = None) -> Catalog:
    """The catalogs that a scenario names, checked against it, with the operating points derived for its workloads.

    ``catalog`` stands in the place of those. Raises CatalogError or ScenarioError with every fault.
    """
    return catalog_near(None, scenario, catalog)


def catalog_near(base: Base | None, scenario: Scenario, catalog: Catalog | None) -> Catalog:
    """``catalog_of``, without deriving again what is derived for ``base``."""
    if catalog is None:
        catalog = _named(scenario)
    catalog = apply_quotes(scenario, catalog)
    check_references(scenario, catalog)
    if base is not None and catalog is base.catalog and derived_by(scenario) == derived_by(base.scenario):
        return base.derived
    return derive_points(scenario, catalog)


def _named(scenario: Scenario) -> Catalog:
    origin = scenario.origin
    faults = [
        origin.fault(("catalogs", index), f"no such catalog folder: {name}; write builtin or the path of a folder")
        for index, name in enumerate(scenario.catalogs)
        if not is_catalog(name, origin.folder)
    ]
    if faults:
        raise ScenarioError(faults)
    return load_catalog(scenario.catalogs, origin.folder)


@renamed(near="warm_start", held="fixed")
def solve(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    solver: str | None = None,
    gap: float | None = None,
    time_limit_s: float | None = None,
    reductions: Reductions | None = None,
    fixed: FixedDecisions | None = None,
    warm_start: Plan | None = None,
) -> Plan:
    """The provably cheapest plan of ``scenario`` (or the best for its objective), audited.

    ``solver``, ``gap`` and ``time_limit_s`` stand over the scenario's own. ``fixed`` is what is decided already; the
    rest is planned around it. ``warm_start`` is a plan of a scenario much like this one, for the search to start from;
    it changes how long that takes and which of the plans within the gap is found. Raises ScenarioError where the
    catalog lacks what the scenario names, InfeasiblePlan with what to relax, SolverFailure where no plan was found.
    """
    return tabled(
        optimum(
            scenario,
            catalog,
            solver=solver,
            gap=gap,
            time_limit_s=time_limit_s,
            reductions=reductions,
            fixed=fixed,
            warm_start=warm_start,
        )
    )


def optimum(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    solver: str | None = None,
    gap: float | None = None,
    time_limit_s: float | None = None,
    reductions: Reductions | None = None,
    fixed: FixedDecisions | None = None,
    warm_start: Plan | None = None,
    explained: bool = True,
    base: Base | None = None,
) -> Audited:
    """``solve`` up to the audit, without the tables of the plan: of many plans, most are wanted for a few figures.

    What to relax where there is no plan is looked for only if that is to be ``explained``: it takes longer than a plan.
    Where headroom is simulated, these are the rounds of ``planner.earned``. ``base`` is what many plans begin from: it
    changes how long a plan takes, and which of those in parts of replicas within the gap is found.
    """
    catalog = catalog_near(base, scenario, catalog)

    def solve_once(settled: Scenario, near: Plan | None = None) -> Audited:
        return _optimum(settled, catalog, solver, gap, time_limit_s, reductions, fixed, near, base, explained=explained)

    if any(workload.to_simulate for workload in scenario.workloads):
        from planner.earned.rounds import earned

        return earned(scenario, catalog, solve_once)
    return solve_once(scenario, warm_start)


def _optimum(
    scenario: Scenario,
    catalog: Catalog,
    solver: str | None,
    gap: float | None,
    time_limit_s: float | None,
    reductions: Reductions | None,
    fixed: FixedDecisions | None,
    warm_start: Plan | None,
    base: Base | None,
    *,
    explained: bool,
) -> Audited:
    """``optimum`` of a scenario with all of its headroom settled."""
    wanted = scenario.solve
    name = solver or wanted.solver
    solvers.check_name(name)
    options = Options(
        gap=gap if gap is not None else wanted.gap,
        time_limit_s=time_limit_s if time_limit_s is not None else wanted.time_limit_s,
        seed=wanted.seed,
    )
    clock = Clock(options.time_limit_s)
    model = model_of(scenario, catalog, reductions, fixed, None if base is None else base.problem)
    start = None if warm_start is None else warm_start.solution
    near = None if base is None or model.problem.whole else base.vertex
    outcome = minimise(model, scenario.objective, name, options, start, near)
    if outcome.x is None:
        if outcome.answer.status == "infeasible":
            if not explained:
                raise InfeasiblePlan((), proven=False)
            raise explain(scenario, catalog, options, reductions, fixed)
        raise no_plan(options.time_limit_s) if outcome.stopped else SolverFailure(f"{name} found no plan")
    return audited(scenario, catalog, model, outcome, name, options, clock.seconds)


def model_of(
    scenario: Scenario,
    catalog: Catalog,
    reductions: Reductions | None = None,
    fixed: FixedDecisions | None = None,
    like: Problem | None = None,
) -> Model:
    """The matrix of a scenario, what is decided already in it, and its relaxation where replicas are whole.

    ``like`` is the problem of a scenario much like it.
    """
    model = _model(build_problem(scenario, catalog, reductions, like=like), fixed)
    if not model.problem.whole:
        return model
    in_parts = build_problem(scenario, catalog, reductions, whole=False, like=model.problem)
    return replace(model, relaxation=_model(in_parts, fixed))


def _model(problem: Problem, fixed: FixedDecisions | None) -> Model:
    """The matrix of a problem, what is decided already in it."""
    if fixed is None:
        return build_model(problem)
    model = build_model(fixed.widened(problem))
    return replace(model, milp=fixed.fix(model))


def explain(
    scenario: Scenario,
    catalog: Catalog,
    options: Options,
    reductions: Reductions | None = None,
    fixed: FixedDecisions | None = None,
) -> InfeasiblePlan:
    """Why ``scenario`` has no plan: a smallest set of limits to relax, and by how much, by the elastic model.

    ``fixed`` is what is decided already, as in ``solve``. In whole replicas the search of a large scenario takes too
    long: it is asked in parts of them first, and in whole ones where those have a plan. Raises SolverFailure where
    there is no answer. The clock may strike in any of these searches, and is told.
    """
    whole = _model(build_problem(scenario, catalog, reductions, elastic=True), fixed)
    if whole.problem.whole and not executable.outright(whole.milp):
        in_parts = _model(build_problem(scenario, catalog, reductions, elastic=True, whole=False), fixed)
        found = _to_relax(scenario, catalog, in_parts, options)
        if found is not None:
            return found
    found = _to_relax(scenario, catalog, whole, options)
    if found is None:
        found = _to_relax(scenario, catalog, with_requirements(whole), options)
    if found is None:
        raise SolverFailure("the scenario has no plan, and no set of limits was found whose relaxation gives one")
    return found


def _to_relax(scenario: Scenario, catalog: Catalog, model: Model, options: Options) -> InfeasiblePlan | None:
    """A smallest set of limits of an elastic model to relax; None where none is found.

    What goes unserved is told where nothing else helps, however far it is relaxed.
    """
    resort: InfeasiblePlan | None = None
    for elastic in _elastics(model, options):
        found = _smallest(elastic, scenario, catalog, model, options)
        if found is None:
            continue
        if not any(limit_kind(relaxed.kind).last_resort for relaxed in found.relaxations):
            return found
        if resort is None and not _far(model, options, unserved=False):
            return found
        resort = resort or found
    return resort


def _smallest(
    elastic: Elastic, scenario: Scenario, catalog: Catalog, model: Model, options: Options
) -> InfeasiblePlan | None:
    """A smallest set of groups of an elastic matrix to relax; None where none is found.

    A set that is smallest with parts of systems allowed is a smallest one wherever whole systems do with it too; only
    where they do not is it looked for anew.
    """
    for matrix, engine in ((elastic.fewest_with_parts(), "highs"), (elastic.fewest(), "scip")):
        fewest = steady(solvers.run)(matrix, engine, replace(options, gap=1e-6, nodes=ELASTIC_NODES), None)
        if fewest.x is None:
            _check_clock(fewest, options)
            return None
        least = _least(elastic, fewest.x, options)
        stopped = fewest.wall_clock_stop or least.wall_clock_stop
        found = relaxations(model, elastic, least.x) if least.x is not None else ()
        if found:
            notes = notes_without_a_plan(scenario, catalog, model.problem)
            return InfeasiblePlan(found, proven=fewest.status == "optimal", stopped=stopped, notes=notes)
        _check_clock(fewest, options)
        _check_clock(least, options)
    return None


def _elastics(model: Model, options: Options) -> Iterator[Elastic]:
    """The elastic matrices to search, the exact ones first; the last, for limits that are far off, if there is one."""
    yield from (build_elastic(model, most) for most in ELASTIC_EXCESS)
    yield build_elastic(model, HAIR, OVERLOOKED)
    far = far_off(model, options)
    if far:
        yield build_elastic(model, min(ELASTIC_EXCESS), far=far)


def far_off(model: Model, options: Options) -> dict[int, float]:
    """By how much each row of an elastic model has to be exceeded for a plan; nothing where that gives none."""
    return _far(model, options, unserved=False) or _far(model, options)


def _far(model: Model, options: Options, *, unserved: bool = True) -> dict[int, float]:
    """``far_off``, where any row may be exceeded without end; without ``unserved`` all but those of last resorts."""
    elastic = build_elastic(model, min(ELASTIC_EXCESS))
    answer = solvers.run(elastic.without_end(unserved=unserved), "glop", options)
    _check_clock(answer, options)
    return {} if answer.x is None else elastic.exceeded(answer.x)


def _least(elastic: Elastic, x: NDArray[np.float64], options: Options) -> Answer:
    """The least violations of the groups that ``x`` relaxes."""
    matrix = elastic.least(np.round(x[elastic.relaxed]))
    return solvers.run(matrix, "scip", replace(options, gap=0.01, nodes=ELASTIC_NODES))


def _check_clock(answer: Answer, options: Options) -> None:
    """Raises StoppedByClock where the search for what to relax was broken off."""
    if answer.wall_clock_stop:
        raise StoppedByClock(
            f"the scenario has no plan; the clock stopped the search for what to relax ({options.time_limit_s:g} s); "
            "--time-limit gives it more"
        )
