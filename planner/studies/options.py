"""The options that many commands have, with what `--help` says of them.

The command checks and carries out those of these names: ``gap``, ``time_limit``, ``solver``, ``executor``, ``json``,
``csv``, ``plot``, ``save`` and ``store``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar, dataclass_transform

import typer

AnyClass = TypeVar("AnyClass")


@dataclass_transform(frozen_default=True)
def command_options(options: type[AnyClass]) -> type[AnyClass]:
    """The dataclass of a command's options, frozen to who checks types.

    Nothing but its ``__init__`` is generated, since each ``--help`` makes those of all commands.
    """
    return dataclass(eq=False, repr=False)(options)


ScenarioPath = Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file, or - for standard input.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Override one field, e.g. sites.dallas.power_mw=12, or multiply it: demand=x1.3; repeatable.",
    ),
]
Gap = Annotated[
    float | None, typer.Option("--gap", help="Relative gap to prove, such as 0.001, in place of the scenario's.")
]
Solver = Annotated[
    str | None, typer.Option("--solver", help="auto, relay, scip, highs, cpsat, or pulp:NAME for any PuLP solver.")
]
TimeLimit = Annotated[float | None, typer.Option("--time-limit", metavar="SECONDS", help="Stop a solve after this.")]
Executor = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="WHERE",
        help="Solve on local processes, one per core (the default), dask://HOST:PORT or ray.",
    ),
]
Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - for standard output.")
]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Write every table as a CSV file into DIR.")]
Plot = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw it: FILE.svg or FILE.png.")]
Save = Annotated[bool, typer.Option("--save", help="Keep the run in the store: `plan history` lists it.")]
Catalogs = Annotated[
    list[str] | None,
    typer.Option(
        "--catalog", metavar="NAME|FOLDER", help="builtin (the default) or a folder; repeatable, later over earlier."
    ),
]
TableJson = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the table as JSON; - for standard output.")
]
Shape = Annotated[str, typer.Option("--shape", metavar="IN/OUT", help="Nominal input and output tokens.")]
Systems = Annotated[list[str] | None, typer.Option("--system", help="Only this system; repeatable.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The number of a saved run, or `last`.")]
Store = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="FILE", envvar="PLAN_STORE", help="The store of runs; default: in the user's data folder."
    ),
]
