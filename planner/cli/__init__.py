"""The command: parse, call the planner, print, exit. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from planner._version import __version__
from planner.cli import runs
from planner.cli.catalog.group import catalog
from planner.cli.exits import exits
from planner.cli.options import Csv, Gap, Json, Plot, Save, ScenarioPath, Set, Solver, Store, TimeLimit
from planner.streams import keep_stdout

COMMANDS = (
    "solve",
    "report",
    "verify",
    "compare",
    "breakeven",
    "explain",
    "frontier",
    "alternatives",
    "sensitivity",
    "levers",
    "economics",
    "export",
    "history",
    "show",
    "diff",
    "replan",
    "actuals",
    "catalog",
    "schema",
    "init",
)
_OWN_OPTIONS = ("--help", "--version")

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Plan AI inference capacity: what to buy, sign, rent and run, when, at the provably least cost.\n\n"
    "`plan SCENARIO` is `plan solve SCENARIO`.\n\n"
    "Exit codes: 0 optimal, 2 bad input, 3 infeasible (with what to relax), 4 stopped above the gap with a plan, "
    "5 no plan, 6 dearer than `plan diff --fail-above` allows.",
)

app.add_typer(catalog, name="catalog")
runs.add_to(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"token-factory-planner {__version__}")
        raise typer.Exit


@app.callback()
def plan(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the command itself."""


@app.command()
def solve(
    scenario: ScenarioPath,
    overrides: Set = None,
    solver: Solver = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Say which catalog rows and sources each figure comes from.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no report.")] = False,
    save: Save = False,
    store: Store = None,
) -> None:
    """The cheapest plan that keeps every limit, with its proof."""
    with exits():
        from planner.cli.solve import Asked, run

        asked = Asked(solver, gap, time_limit, json, csv, trace, quiet, save, store)
        run(scenario, tuple(overrides or ()), asked)


@app.command()
def report(
    scenario: ScenarioPath,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - for standard output.")
    ],
    overrides: Set = None,
    solver: Solver = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    options: Annotated[
        str, typer.Option("--options", metavar="NAMES", help="What to compare with, as in `plan compare`, or none.")
    ] = "buy,rent,hopper",
) -> None:
    """The plan as one page of HTML that needs no network: plots, tables, proof, comparison, sources."""
    with exits():
        from planner.cli.report import Wanted, run

        run(scenario, tuple(overrides or ()), Wanted(output, solver, gap, time_limit, options))


@app.command()
def verify(
    scenario: ScenarioPath,
    overrides: Set = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
) -> None:
    """A second opinion: the audit, and every installed engine on the same matrix."""
    with exits():
        from planner.studies.verify.command import run

        run(scenario, tuple(overrides or ()), gap, time_limit, json)


@app.command()
def compare(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Scenario files; one with --options.")],
    options: Annotated[
        str | None,
        typer.Option("--options", metavar="NAMES", help="mixed,buy,reserve,rent,api,hopper,blackwell; + joins some."),
    ] = None,
    overrides: Set = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
) -> None:
    """Plans side by side: scenarios, or one scenario under named alternatives."""
    with exits():
        from planner.studies.compare.command import run

        run(scenarios, options, tuple(overrides or ()), gap, time_limit, json, csv)


@app.command()
def breakeven(
    scenario: ScenarioPath,
    system: Annotated[str, typer.Option("--system", metavar="NAME", help="A system of the catalog, e.g. gb300-nvl72.")],
    workload: Annotated[str, typer.Option("--workload", metavar="NAME", help="A workload of the scenario.")],
    overrides: Set = None,
    site: Annotated[str | None, typer.Option("--site", help="Where it would be owned; default: the first.")] = None,
    months: Annotated[int, typer.Option("--months", help="Months held, for the curves over utilisation.")] = 36,
    utilisation: Annotated[
        float, typer.Option("--utilisation", help="Share in use, for the curves over months.")
    ] = 1.0,
    own: Annotated[float | None, typer.Option("--own", help="USD per GPU-hour of owning, all of it.")] = None,
    reserve: Annotated[float | None, typer.Option("--reserve", help="USD per GPU-hour for 36 months.")] = None,
    on_demand: Annotated[float | None, typer.Option("--on-demand", help="USD per GPU-hour on demand.")] = None,
    curves_only: Annotated[
        bool, typer.Option("--curves-only", help="Solve nothing: the screening curves alone.")
    ] = False,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
    plot: Plot = None,
) -> None:
    """Buy, reserve, rent or call an API: by utilisation, by months held, and at what price the plan changes."""
    with exits():
        from planner.studies.breakeven.command import Asked, run
        from planner.studies.breakeven.sourcing import Given

        given = Given(own, reserve, on_demand)
        asked = Asked(
            system, workload, site, months, utilisation, given, not curves_only, gap, time_limit, json, csv, plot
        )
        run(scenario, tuple(overrides or ()), asked)


@app.command()
def frontier(
    scenario: ScenarioPath,
    over: Annotated[
        list[str],
        typer.Option("--over", metavar="PATH=FROM:TO:STEP", help="A field's values, or PATH=1,2,4; once or twice."),
    ],
    overrides: Set = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    jobs: Annotated[int | None, typer.Option("--jobs", help="Plans solved at once; default: one per core.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the cells that --json FILE has already.")
    ] = False,
    json: Json = None,
    csv: Csv = None,
    plot: Plot = None,
) -> None:
    """The optimum along one field or two: cost and fleet against power, budget, latency, demand."""
    with exits():
        from planner.studies.frontier.command import Asked, run

        run(
            scenario,
            tuple(overrides or ()),
            Asked(tuple(over), gap, time_limit, jobs, resume, json, csv, plot),
        )


@app.command()
def explain(
    scenario: ScenarioPath,
    why_not: Annotated[
        list[str] | None,
        typer.Option("--why-not", metavar="NAME", help="A system, offer or serving point left out; repeatable."),
    ] = None,
    overrides: Set = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
) -> None:
    """What each limit costs, why something is not in the plan, or why there is none."""
    with exits():
        from planner.cli.studies import Wanted
        from planner.studies.explain.command import run

        run(scenario, tuple(overrides or ()), tuple(why_not or ()), Wanted(gap, time_limit, json, csv))


@app.command()
def alternatives(
    scenario: ScenarioPath,
    within: Annotated[
        str, typer.Option("--within", metavar="PERCENTS", help="How far above the best plan's cost, such as 1,2,5.")
    ] = "1,2,5",
    overrides: Set = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
) -> None:
    """Plans that cost little more than the best and differ most, and what all of them share."""
    with exits():
        from planner.cli.studies import Wanted
        from planner.studies.alternatives.command import run

        run(scenario, tuple(overrides or ()), within, Wanted(gap, time_limit, json, csv))


@app.command()
def sensitivity(
    scenario: ScenarioPath,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="PATH=LOW,HIGH", help="A field's low and high, over the usual; repeatable."),
    ] = None,
    overrides: Set = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
    plot: Plot = None,
) -> None:
    """What each input does to the cost of a token and to today's orders, and what they would regret."""
    with exits():
        from planner.cli.studies import Wanted
        from planner.studies.sensitivity.command import run

        run(scenario, tuple(overrides or ()), tuple(vary or ()), plot, Wanted(gap, time_limit, json, csv))


@app.command()
def levers(
    scenario: ScenarioPath,
    overrides: Set = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
    plot: Plot = None,
) -> None:
    """What the plan would cost without FP4, MTP, disaggregation and the like: each alone and all together."""
    with exits():
        from planner.cli.studies import Wanted
        from planner.studies.levers.command import run

        run(scenario, tuple(overrides or ()), plot, Wanted(gap, time_limit, json, csv))


@app.command()
def economics(
    scenario: ScenarioPath,
    overrides: Set = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
) -> None:
    """The plan as an investment: margin, payback, rate of return, the token price at which it breaks even."""
    with exits():
        from planner.cli.studies import Wanted
        from planner.studies.economics.command import run

        run(scenario, tuple(overrides or ()), Wanted(gap, time_limit, json, csv))


@app.command()
def export(
    scenario: ScenarioPath,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="An Excel workbook with live sums: FILE.xlsx.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="DIR", help="Every table as a Parquet file into DIR.")
    ] = None,
    focus: Annotated[
        Path | None,
        typer.Option("--focus", metavar="FILE", help="Cost rows in FinOps FOCUS columns: FILE.csv or FILE.parquet."),
    ] = None,
    mps: Annotated[
        Path | None, typer.Option("--mps", metavar="FILE", help="The model itself, not solved: FILE.mps or FILE.lp.")
    ] = None,
    overrides: Set = None,
    solver: Solver = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
) -> None:
    """The plan for others to work with: workbook, Parquet, FinOps cost rows, and the model itself."""
    with exits():
        from planner.cli.export import Asked, run

        run(scenario, tuple(overrides or ()), Asked(xlsx, parquet, focus, mps, solver, gap, time_limit))


@app.command()
def schema(
    which: Annotated[str, typer.Argument(metavar="scenario|catalog|result", help="What to describe.")],
) -> None:
    """The JSON Schema of a scenario, a catalog or a result, on standard output."""
    with exits():
        from planner.cli.documents import print_schema

        print_schema(which)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; must not exist yet.")],
) -> None:
    """A commented scenario that solves, to start from."""
    with exits():
        from planner.cli.documents import write_template

        write_template(file)


def main() -> None:
    """The entry point: ``plan SCENARIO`` stands for ``plan solve SCENARIO``."""
    keep_stdout()
    arguments = sys.argv[1:] or ["--help"]
    if arguments[0] not in (*COMMANDS, *_OWN_OPTIONS):
        meant = get_close_matches(arguments[0], COMMANDS, n=1)
        if meant and not Path(arguments[0]).exists():
            typer.echo(f"{arguments[0]}: no such command or file; did you mean `plan {meant[0]}`?", err=True)
            sys.exit(2)
        arguments = ["solve", *arguments]
    app(args=arguments, prog_name="plan")
