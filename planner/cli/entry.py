"""What the command was called with: the subcommand that is meant, and its end."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path

import typer

from planner.cli.application import application_of, listing
from planner.cli.commands import names
from planner.cli.exits import exits as told
from planner.paths import is_there
from planner.streams import keep_open, keep_stdout, plain_stderr

_OWN_OPTIONS = ("--help", "--version")


def enter() -> None:
    """Carry out what stands behind ``plan``."""
    keep_open()
    keep_stdout()
    plain_stderr()
    commands = names()
    arguments = sys.argv[1:] or ["--help"]
    if arguments[0] not in (*commands, *_OWN_OPTIONS):
        meant = get_close_matches(arguments[0], commands, n=1)
        if meant and not is_there(Path(arguments[0])):
            typer.echo(f"{arguments[0]}: no such command or file; did you mean `plan {meant[0]}`?", err=True)
            sys.exit(2)
        arguments = ["solve", *arguments]
    app = application_of(arguments[0]) if arguments[0] in commands else listing()
    try:
        # What no command does itself, such as the help, is printed inside the application.
        with told():
            app(args=arguments, prog_name="plan")
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
