"""``plan verify``."""

from __future__ import annotations

from planner.errors import SolverFailure
from planner.studies.command import PLANS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Gap, Json, ScenarioPath, Set, TimeLimit, command_options

PLACE = Place(
    PLANS,
    30,
    "`plan verify SCENARIO`",
    "a second opinion: the audit, and every installed engine on the same matrix",
)


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    json: Json = None


def run(options: Options, progress: Progress) -> Outcome:
    """A second opinion: the audit, and every installed engine on the same matrix."""
    from planner.pipeline import catalog_of, load
    from planner.studies.verify import study
    from planner.studies.verify.sheet import verify_sheet

    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = study.verify(
        scenario,
        catalog_of(scenario),
        options.gap if options.gap is not None else scenario.solve.gap,
        options.time_limit if options.time_limit is not None else scenario.solve.time_limit_s,
        progress=lambda engine: progress(f"{scenario.name}: {engine}"),
    )
    # Proofs that exclude each other are a failure, whatever else was found.
    return Outcome(
        [verify_sheet(found)],
        found.to_dict(),
        message="" if found.passed else found.sentence,
        exit_code=exit_of_stopped(found.stopped) if found.passed else SolverFailure.exit_code,
    )
