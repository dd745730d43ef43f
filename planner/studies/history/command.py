"""``plan history``."""

from __future__ import annotations

from planner.studies.command import RESULTS, Outcome, Place, Progress
from planner.studies.options import Json, Store, command_options

PLACE = Place(
    RESULTS,
    10,
    "`plan SCENARIO --save`, `plan history`, `plan show RUN`",
    "runs kept in a store, listed, shown again",
    "history.md",
)


@command_options
class Options:
    """The options of one call."""

    store: Store = None
    json: Json = None


def run(options: Options, progress: Progress) -> Outcome:
    """The runs that were saved with --save."""
    from planner.history.store import store_path
    from planner.studies.history.sheet import history_sheet
    from planner.studies.history.study import history

    found = history(store_path(options.store))
    return Outcome([history_sheet(found)], found.to_dict())
