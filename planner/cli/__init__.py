"""The command: parse, call the planner, print, exit. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from planner.cli.application import application, application_of, listing
from planner.cli.commands import names
from planner.cli.exits import exits as told
from planner.paths import is_there
from planner.streams import keep_open, keep_stdout, plain_stderr

COMMANDS = names()
_OWN_OPTIONS = ("--help", "--version")
# Python's own is 700 objects.
GARBAGE_AT = 50_000


def main() -> None:
    """The entry point: ``plan SCENARIO`` stands for ``plan solve SCENARIO``."""
    _go_easy()
    keep_open()
    keep_stdout()
    plain_stderr()
    arguments = sys.argv[1:] or ["--help"]
    if arguments[0] not in (*COMMANDS, *_OWN_OPTIONS):
        meant = get_close_matches(arguments[0], COMMANDS, n=1)
        if meant and not is_there(Path(arguments[0])):
            typer.echo(f"{arguments[0]}: no such command or file; did you mean `plan {meant[0]}`?", err=True)
            sys.exit(2)
        arguments = ["solve", *arguments]
    app = application_of(arguments[0]) if arguments[0] in COMMANDS else listing()
    try:
        # What no command does itself, such as the help, is printed inside the application.
        with told():
            app(args=arguments, prog_name="plan")
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


def _go_easy() -> None:
    """Spare a short command what only a long one would gain by."""
    # NumPy starts a thread per core to multiply matrices; what decides plans is summed without them (``planner.bits``).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # pydantic looks through all that is installed for plugins of its own, which check nothing here.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # What is loaded stays to the end; to look through it for garbage again and again took a tenth of a small plan.
    gc.set_threshold(GARBAGE_AT)
    # Another tenth went into a last look at the very end, where memory goes back as a whole.
    atexit.register(gc.freeze)


def __getattr__(name: str) -> Any:
    # All commands in one: for those who document and test them; the entry point loads the one that is called.
    if name != "app":
        raise AttributeError(f"module 'planner.cli' has no attribute '{name}'")
    value = globals()[name] = application()
    return value
