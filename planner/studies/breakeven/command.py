"""``plan breakeven``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.errors import InputError
from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Executor, Gap, Json, Plot, ScenarioPath, Set, TimeLimit, command_options

PLACE = Place(
    DECISIONS,
    50,
    "`plan breakeven SCENARIO`",
    "buy, reserve, rent or call an API: by utilisation, by months held, and at what price the plan changes",
    "buy-or-rent.md",
)


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    system: Annotated[
        str | None, typer.Option("--system", metavar="NAME", help="A system, e.g. gb300-nvl72; default: the plan's.")
    ] = None
    workload: Annotated[
        str | None, typer.Option("--workload", metavar="NAME", help="A workload; default: the one with most tokens.")
    ] = None
    overrides: Set = None
    site: Annotated[str | None, typer.Option("--site", help="Where it would be owned; default: the first.")] = None
    months: Annotated[int, typer.Option("--months", help="Months held, for the curves over utilisation.")] = 36
    utilisation: Annotated[float, typer.Option("--utilisation", help="Share in use, for the curves over months.")] = 1.0
    own: Annotated[float | None, typer.Option("--own", help="USD per GPU-hour of owning, all of it.")] = None
    reserve: Annotated[float | None, typer.Option("--reserve", help="USD per GPU-hour for 36 months.")] = None
    on_demand: Annotated[float | None, typer.Option("--on-demand", help="USD per GPU-hour on demand.")] = None
    curves_only: Annotated[bool, typer.Option("--curves-only", help="Solve nothing: the screening curves alone.")] = (
        False
    )
    gap: Gap = None
    time_limit: TimeLimit = None
    executor: Executor = None
    json: Json = None
    csv: Csv = None
    plot: Plot = None


def run(options: Options, progress: Progress) -> Outcome:
    """Buy, reserve, rent or call an API: by utilisation, by months held, and at what price the plan changes."""
    from planner.pipeline import load
    from planner.studies.breakeven.plot import breakeven_picture
    from planner.studies.breakeven.sheet import breakeven_sheets
    from planner.studies.breakeven.sourcing import PriceOverrides
    from planner.studies.breakeven.study import breakeven
    from planner.studies.pool import cores
    from planner.studies.result import clock_sentence

    prices = PriceOverrides(options.own, options.reserve, options.on_demand)
    for option, usd in vars(prices).items():
        if usd is not None and not 0 < usd < 1e6:
            raise InputError(f"--{option.replace('_', '-')} {usd:g}: must be a price in USD per GPU-hour above 0")
    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = breakeven(
        scenario,
        options.system,
        options.workload,
        site=options.site,
        months=options.months,
        utilisation=options.utilisation,
        prices=prices,
        solve=not options.curves_only,
        gap=options.gap,
        time_limit_s=options.time_limit,
        workers=cores(),
        progress=lambda words: progress(f"{scenario.name}: {words}"),
    )
    return Outcome(
        breakeven_sheets(found),
        found.to_dict(),
        found.tables,
        lambda: breakeven_picture(found),
        message=clock_sentence(found.stopped),
        exit_code=exit_of_stopped(found.stopped),
    )
