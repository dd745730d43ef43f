"""The table of what the versions of the scenario format read differently."""

from __future__ import annotations

from planner.render.markdown import table
from planner.scenario import Scenario
from planner.scenario.versions import NEWEST, OLDEST, VERSION_1, WHY, shown
from planner.schema.words import default_of
from planner.validation import field_type

# A default that depends on another field of the scenario.
IN_WORDS: dict[tuple[str, ...], str] = {("horizon", "lookahead"): "a year"}


def versions_table() -> str:
    """A row for each field that means something else where it is left out."""
    rows = []
    for path, old in VERSION_1.items():
        section = field_type(Scenario, tuple(0 if key == "*" else key for key in path[:-1]))
        new = IN_WORDS.get(path) or default_of(section.model_fields[path[-1]])
        field = ".".join(path).replace(".*", "[]")
        rows.append([f"`{field}`", f"`{shown(old)}`", new, WHY.get(path, "")])
    return table(("field left out", f"version {OLDEST}", f"version {NEWEST}", "why"), rows)
