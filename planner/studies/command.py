"""What the command line needs of a study: where it stands in the help, and what its ``run`` hands back.

A study's ``command.py`` has three things: ``PLACE``; ``Options``, made by ``command_options``, with a field for each
argument and option; and ``run(options, progress)``, whose docstring is the command's help. The command line finds them
by the folder: ``planner/studies/levers`` is ``plan levers``, ``planner/studies/catalog_levers`` is
``plan catalog levers``. Loaded for every ``--help``, so it imports nothing heavy before it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from planner.frozen import dataclass

if TYPE_CHECKING:
    import pandas as pd

    from planner.history.run import Run
    from planner.plan import Plan
    from planner.render.plots import Picture
    from planner.render.sheet import Sheet

Progress = Callable[[str], None]

# Groups of commands, in their order, with their headings in the help.
PLANS, DECISIONS, EVIDENCE, RESULTS = "plan", "decide", "evidence", "results"
GROUPS = {
    PLANS: "Plan",
    DECISIONS: "Decide",
    EVIDENCE: "Evidence",
    RESULTS: "Results",
}
# The command whose name stands before those of its own.
CATALOG = "catalog"

# There is a plan, and the search for it ended above the gap or with the clock.
FEASIBLE_EXIT = 4


def exit_of(plan: Plan) -> int:
    """The exit code of a plan: 4 where the search for it ended above the gap, or with the clock."""
    return FEASIBLE_EXIT if plan.status == "feasible" or not plan.proof.reproducible else 0


def exit_of_stopped(stopped: Sequence[str]) -> int:
    """The exit code of a study: 4 where the clock stopped one of its searches."""
    return FEASIBLE_EXIT if stopped else 0


@dataclass(frozen=True)
class Place:
    """Where a command stands: its group, and its rank in it. ``usage`` and ``summary`` are its row in tables of docs.

    Both are Markdown; ``page`` is the one of docs/ about it, else its section of the page of commands. Without a
    ``usage`` it has no row of its own, because another one speaks for it.
    """

    group: str
    rank: int
    usage: str = ""
    summary: str = ""
    page: str = ""

    @property
    def order(self) -> tuple[int, int]:
        """Where it comes in lists of commands."""
        return list(GROUPS).index(self.group), self.rank


@dataclass(frozen=True)
class Outcome:
    """What a command found, to be written and printed in this order.

    ``tables`` go to ``--csv``, the picture that ``plot`` draws to ``--plot``, ``json`` (a text as it is) to ``--json``;
    ``files`` are further targets with their content, a folder's by file name; ``saved`` is a run to keep in the store.
    ``sheets`` are the report, printed ``width`` wide, unless JSON goes to standard output; ``text`` is printed in their
    place as it is. ``message`` goes to standard error. The command ends with ``exit_code``.
    """

    sheets: Sequence[Sheet] = ()
    json: Mapping[str, Any] | str | None = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    plot: Callable[[], Picture] | None = None
    files: Sequence[tuple[str, str | bytes | Mapping[str, bytes]]] = ()
    saved: Run | None = None
    text: str = ""
    message: str = ""
    exit_code: int = 0
    width: int | None = None
