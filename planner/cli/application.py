"""The Typer application, made of the options that each command says it has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperGroup

from planner._version import __version__
from planner.cli.commands import Command, all_commands
from planner.studies.command import CATALOG, EVIDENCE, GROUPS, Place

HELP = (
    "Plan AI inference capacity: what to buy, sign, rent and run, when, at the provably least cost.\n\n"
    "`plan SCENARIO` is `plan solve SCENARIO`.\n\n"
    "Exit codes: 0 optimal, 2 bad input, 3 infeasible (with what to relax), 4 stopped above the gap with a plan, "
    "5 no plan, 6 cost above --fail-above of plan diff."
)
CATALOG_PLACE = Place(
    EVIDENCE,
    0,
    "`plan catalog`",
    "import benchmarks and prices, check them, list, show and compare rows, levers and frontiers of points",
    "catalog-command.md",
)
CATALOG_HELP = "Look into catalogs: import, check, list and compare their rows, see what each point costs."


def application() -> typer.Typer:
    """The whole command."""
    return _application(all_commands(), all_commands(nested=True))


def listing() -> typer.Typer:
    """As much of it as `plan --help` tells: what each command is for, without its options."""
    return _application(all_commands(), [], make=_listed)


def application_of(name: str) -> typer.Typer:
    """As much of it as `plan NAME` needs."""
    return _application([], all_commands(nested=True)) if name == CATALOG else _application(all_commands(only=name))


def _application(
    commands: list[Command],
    nested: list[Command] | None = None,
    make: Callable[[Command], Callable[..., None]] | None = None,
) -> typer.Typer:
    app = _typer(HELP)
    app.callback()(plan)
    for command in commands:
        _add(app, command, (make or function)(command))
    if nested is not None:
        catalog = _typer(CATALOG_HELP, no_args_is_help=True)
        for command in nested:
            _add(catalog, command, function(command))
        app.add_typer(catalog, name=CATALOG, rich_help_panel=GROUPS[CATALOG_PLACE.group])
    return app


def _add(app: typer.Typer, command: Command, called: Callable[..., None]) -> None:
    app.command(command.name, help=command.help, rich_help_panel=GROUPS[command.place.group])(called)


class Grouped(TyperGroup):
    """Its help lists commands under the heading of their group, each with its whole first sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Overrides the one list of all."""
        widest = max((len(name) for name in self.commands), default=0)
        for heading in GROUPS.values():
            rows = [
                (name.ljust(widest), (command.help or "").partition("\n\n")[0])
                for name, command in self.commands.items()
                if getattr(command, "rich_help_panel", None) == heading
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


def _typer(words: str, *, no_args_is_help: bool = False) -> typer.Typer:
    return typer.Typer(
        cls=Grouped,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=no_args_is_help,
        help=words,
    )


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"token-factory-planner {__version__}")
        raise typer.Exit


def plan(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the command itself."""


def _listed(command: Command) -> Callable[..., None]:
    def call() -> None:
        """Stands in a list alone."""

    return call


def function(command: Command) -> Callable[..., None]:
    """What Typer calls: a parameter for each field of the command's options."""
    options = command.options
    hints = get_type_hints(options, include_extras=True)

    def call(**values: Any) -> None:
        from planner.cli.run import execute

        execute(command, options(**values))

    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(options)
    ]
    call.__name__, call.__annotations__ = command.name, hints
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return call
