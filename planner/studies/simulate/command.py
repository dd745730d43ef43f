"""``plan simulate``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.errors import InputError
from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Gap, Json, Plot, Set, Store, TimeLimit, command_options

if TYPE_CHECKING:
    from planner.scenario import Scenario
    from planner.simulation.requests import Traffic
    from planner.traffic.simulate import Failures, Routing

PLACE = Place(
    DECISIONS,
    97,
    "`plan simulate SCENARIO`",
    "requests through the plan's replicas, from a trace or made: latency at its percentiles against the targets",
    "traffic.md",
)
# Longer ones are no numbers of saved runs.
_MOST_DIGITS = 9


@command_options
class Options:
    """The options of one call."""

    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO|RUN", help="A scenario file, the number of a saved run, or `last`.")
    ]
    overrides: Set = None
    workload: Annotated[str | None, typer.Option("--workload", metavar="NAME", help="Only this one.")] = None
    period: Annotated[
        str | None, typer.Option("--period", metavar="NAME", help="In this period; default: each one's busiest.")
    ] = None
    block: Annotated[
        str | None, typer.Option("--block", metavar="NAME", help="In this load block; default: each one's busiest.")
    ] = None
    trace: Annotated[
        Path | None,
        typer.Option("--trace", metavar="FILE", help="Requests of a trace (Azure, BurstGPT, Mooncake, vLLM, AIPerf)."),
    ] = None
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="NAME=FIELD,…",
            help="Fields of another trace: time=ts,input=prompt,output=reply,unit=ms.",
        ),
    ] = None
    superpose: Annotated[
        bool,
        typer.Option("--superpose", help="Lay copies of the trace over each other, instead of stretching its time."),
    ] = False
    own_lengths: Annotated[
        bool, typer.Option("--own-lengths", help="Leave the trace's lengths; default: scaled to the workload's means.")
    ] = False
    arrivals: Annotated[
        str | None,
        typer.Option("--arrivals", help="How requests are made: poisson or gamma; default: as the scenario's traffic."),
    ] = None
    sources: Annotated[
        int | None,
        typer.Option("--sources", help="Independent sources laid over each other; 1: bursts grow with the volume."),
    ] = None
    cv: Annotated[
        float | None, typer.Option("--cv", help="gamma: standard deviation of the time between two over its mean.")
    ] = None
    routing: Annotated[
        str,
        typer.Option(
            "--routing", help="shortest (to the replica with the fewest requests), turns, or session (to its last one)."
        ),
    ] = "shortest"
    session_hits: Annotated[
        bool,
        typer.Option(
            "--session-hits", help="What a replica read and wrote in a session of the trace is not read again."
        ),
    ] = False
    failures_per_year: Annotated[
        float, typer.Option("--failures-per-year", help="Failures of a replica a year; what was in it begins anew.")
    ] = 0.0
    repair_hours: Annotated[float, typer.Option("--repair-hours", help="Hours until a replica is back.")] = 4.0
    requests: Annotated[int, typer.Option("--requests", help="Requests to simulate of each workload, at least.")] = (
        20_000
    )
    fewest: Annotated[
        bool, typer.Option("--fewest/--no-fewest", help="Look for the fewest replicas that hold the targets.")
    ] = True
    headroom: Annotated[
        bool, typer.Option("--headroom", help="Look for the least headroom with which each pool holds the targets.")
    ] = False
    seed: Annotated[int | None, typer.Option("--seed", help="Another seed makes other requests; default: 1.")] = None
    gap: Gap = None
    time_limit: TimeLimit = None
    json: Json = None
    csv: Csv = None
    plot: Plot = None
    store: Store = None


def run(options: Options, progress: Progress) -> Outcome:
    """Requests through the plan's replicas: latency at its percentiles against the targets, and who is within them."""
    from planner.history.store import find, store_path
    from planner.paths import is_there
    from planner.pipeline import catalog_of, load, solve
    from planner.plan.simulated import as_earned
    from planner.studies.result import limit_of
    from planner.studies.simulate.planned import served
    from planner.studies.simulate.plot import simulation_picture
    from planner.studies.simulate.sheet import simulation_sheets
    from planner.studies.simulate.study import Ask, of_serving

    given, failures = _traffic(options), _failures(options)
    routing = _routing(options)
    wanted = options.scenario
    stopped: tuple[str, ...] = ()
    saved = wanted == "last" or (wanted.isdigit() and len(wanted) <= _MOST_DIGITS)
    if saved and not is_there(Path(wanted)):
        if options.overrides:
            raise InputError(f"--set: {wanted} is a saved run, and its plan is simulated as it is")
        kept = find(store_path(options.store), wanted)
        if not kept.planned:
            raise InputError(f"{kept.label} has no plan to simulate")
        scenario, serving = kept.question(), kept.result["serving"]
        if "simulated" in kept.result:
            scenario = as_earned(scenario, kept.result["simulated"]["headroom"])
        traffic = _for(scenario, options, given)
        catalog = catalog_of(scenario)
    else:
        scenario = load(wanted, tuple(options.overrides or ()))
        traffic = _for(scenario, options, given)
        catalog = catalog_of(scenario)
        progress(f"{scenario.name}: solving")
        plan = solve(scenario, catalog, gap=options.gap, time_limit_s=limit_of(scenario, options.time_limit))
        scenario, serving, stopped = served(scenario, plan)
    ask = Ask(
        options.workload,
        options.period,
        options.block,
        routing,
        failures,
        options.fewest,
        options.session_hits,
        options.headroom,
    )
    found = of_serving(scenario, catalog, serving, traffic, ask, stopped=stopped, progress=progress)
    return Outcome(
        simulation_sheets(found),
        found.to_dict(),
        found.tables,
        lambda: simulation_picture(found),
        exit_code=exit_of_stopped(found.stopped),
    )


def _for(scenario: Scenario, options: Options, given: Traffic | None) -> Traffic | dict[str, Traffic]:
    """How all requests come that are ``given``, else those of each workload as the scenario says."""
    from planner.simulation.requests import traffic_of_all

    traffic = traffic_of_all(scenario, options.requests, options.seed) if given is None else given
    _check_sessions(options, traffic)
    return traffic


def _traffic(options: Options) -> Traffic | None:
    """How all requests come where options say it, None where that is the scenario's. Raises InputError."""
    from planner.scenario.traffic import MOST_SEED, MOST_SOURCES
    from planner.simulation.requests import Traffic
    from planner.studies.simulate.planned import LEAST_REQUESTS, MOST_REQUESTS
    from planner.traffic.layouts import mapped
    from planner.traffic.trace import Trace

    if options.arrivals not in (None, "poisson", "gamma"):
        raise InputError(f"--arrivals {options.arrivals}: must be poisson or gamma")
    made = options.arrivals == "gamma" or options.cv is not None
    if options.trace is not None and (made or options.arrivals is not None):
        raise InputError("--arrivals and --cv make requests, and --trace has them; give one of the two")
    if options.trace is None and (options.columns or options.superpose or options.own_lengths):
        raise InputError("--columns, --superpose and --own-lengths belong to --trace FILE")
    if options.cv is not None and options.arrivals != "gamma":
        raise InputError("--cv belongs to --arrivals gamma")
    cv = 1.0 if options.cv is None else options.cv
    if not 0 <= cv <= 100:
        raise InputError(f"--cv {cv:g}: must be a number from 0 to 100; 1 is Poisson, above it come bursts")
    if not LEAST_REQUESTS <= options.requests <= MOST_REQUESTS:
        raise InputError(f"--requests {options.requests}: must be a number from {LEAST_REQUESTS} to {MOST_REQUESTS:,}")
    if options.seed is not None and not 0 <= options.seed <= MOST_SEED:
        raise InputError(f"--seed {options.seed}: must be a number from 0 to {MOST_SEED:,}")
    if options.sources is not None and not 1 <= options.sources <= MOST_SOURCES:
        raise InputError(f"--sources {options.sources}: must be a number from 1 to {MOST_SOURCES:,}")
    if options.sources is not None and options.superpose:
        raise InputError("--superpose lays as many copies over each other as the rate calls for; leave --sources out")
    if options.arrivals is None and options.trace is None and options.sources is None:
        return None
    trace = None
    if options.trace is not None:
        trace = Trace(options.trace, mapped(options.columns) if options.columns else None)
    return Traffic(
        trace,
        options.superpose,
        options.own_lengths,
        cv,
        requests=options.requests,
        seed=1 if options.seed is None else options.seed,
        sources=options.sources or 1,
    )


def _routing(options: Options) -> Routing:
    from planner.traffic.simulate import ROUTINGS

    found = next((routing for routing in ROUTINGS if routing == options.routing), None)
    if found is None:
        raise InputError(f"--routing {options.routing}: must be one of {', '.join(ROUTINGS)}")
    return found


def _check_sessions(options: Options, traffic: Traffic | Mapping[str, Traffic]) -> None:
    """Raises InputError where sessions are asked for that no request has."""
    if options.routing != "session" and not options.session_hits:
        return
    if all(one.trace is None for one in (traffic.values() if isinstance(traffic, Mapping) else [traffic])):
        raise InputError(
            "--routing session and --session-hits belong to a trace, by --trace FILE or the scenario's traffic: "
            "requests that are made have none"
        )


def _failures(options: Options) -> Failures | None:
    from planner.traffic.simulate import Failures
    from planner.units import HOURS_PER_YEAR, SECONDS_PER_HOUR

    if not 0 <= options.failures_per_year <= 1e4:
        raise InputError(f"--failures-per-year {options.failures_per_year:g}: must be a number from 0 to 10,000")
    if not 0 <= options.repair_hours <= HOURS_PER_YEAR:
        raise InputError(f"--repair-hours {options.repair_hours:g}: must be a number of hours, such as 4")
    if not options.failures_per_year:
        return None
    mean_s = HOURS_PER_YEAR * SECONDS_PER_HOUR / options.failures_per_year
    return Failures(mean_s, options.repair_hours * SECONDS_PER_HOUR)
