"""``plan serve``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.studies.command import DECISIONS, Outcome, Place, Progress
from planner.studies.options import Set, Store, command_options

PLACE = Place(
    DECISIONS,
    5,
    "`plan serve SCENARIO`",
    "the what-if in a browser, on this machine alone: move a value, see the bound at once and then the proven plan",
    "serve.md",
)


@command_options
class Options:
    """The options of one call."""

    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario file; what is saved stands beside it.")
    ]
    overrides: Set = None
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where it listens on this machine; 0 for any free port.")
    ] = 0
    open_it: Annotated[bool, typer.Option("--open", help="Open the address in the browser.")] = False
    store: Store = None


def run(options: Options, progress: Progress) -> Outcome:
    """The what-if in a browser: move a value, see the bound at once and then the proven plan beside the scenario."""
    from planner.errors import InputError

    try:
        from planner.serve.server import serve
    except ModuleNotFoundError as error:
        if error.name not in ("anyio", "starlette", "uvicorn"):
            raise
        message = f"plan serve: {error.name} is not installed; pip install 'token-factory-planner[serve]'"
        raise InputError(message) from None
    serve(options.scenario, tuple(options.overrides or ()), options.port, options.open_it, options.store, progress)
    return Outcome()
