"""Commands that a sentence tells a reader to run: in backticks, quoted for a shell, with the scenario of this call."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

# What a sentence says where it does not know which scenario was read; the command fills it in as it prints.
SCENARIO = "SCENARIO"
_COMMAND = re.compile(r"`plan [^`]+`")
_PLACEHOLDER = re.compile(rf"(?<=\s){SCENARIO}(?=[\s`])")


def hint(*arguments: str) -> str:
    """A command that a reader can paste.

    >>> hint("explain", SCENARIO, "--why-not", "acme/{2 years}")
    "`plan explain SCENARIO --why-not 'acme/{2 years}'`"
    """
    return f"`{shlex.join(('plan', *arguments))}`"


def call_of(scenario: str, changes: Iterable[str] | None) -> tuple[str, ...]:
    """The scenario that a command reads, and what ``--set`` changes of it, as the next command takes them."""
    return (scenario, *(word for change in changes or () for word in ("--set", change)))


def filled(words: str, call: tuple[str, ...]) -> str:
    """``words`` with ``call``, the scenario's file and what was changed of it, in the place of each ``SCENARIO``.

    >>> filled("`plan stands SCENARIO` tells more", ("my plan.yaml", "--set", "demand=x2"))
    "`plan stands 'my plan.yaml' --set demand=x2` tells more"
    """
    if not call or SCENARIO not in words:
        return words
    given = shlex.join(call)
    return _COMMAND.sub(lambda found: _PLACEHOLDER.sub(lambda _: given, found[0]), words)
