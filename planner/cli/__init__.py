"""The command: parse, call the planner, print, exit. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import atexit
import gc
import os
from typing import Any

# Python's own is 700 objects; a plan of a scenario like the shipped ones adds some 130,000.
GARBAGE_AT = 150_000


def main() -> None:
    """The entry point: ``plan SCENARIO`` stands for ``plan solve SCENARIO``."""
    _go_easy()
    from planner.cli.entry import enter

    enter()


def _go_easy() -> None:
    """Spare a short command what only a long one would gain by, before anything is loaded."""
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
    if name == "app":
        from planner.cli.application import application

        globals()[name] = application()
    elif name == "COMMANDS":
        from planner.cli.commands import names

        globals()[name] = names()
    else:
        raise AttributeError(f"module 'planner.cli' has no attribute '{name}'")
    return globals()[name]
