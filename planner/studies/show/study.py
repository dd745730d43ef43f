"""A saved run as it was: its view, its result, its scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from planner.frozen import dataclass
from planner.history.run import Run
from planner.history.store import find
from planner.studies.result import Result


@dataclass(frozen=True)
class Shown(Result):
    """A run of the store."""

    run: Run

    def to_dict(self) -> dict[str, Any]:
        """The result as it was."""
        return self.run.result

    def to_json(self) -> str:
        """The result as it was written, to the byte."""
        return self.run.result_text


def shown(store: Path, wanted: str) -> Shown:
    """The run ``wanted``, by its number or as ``last``. Raises InputError where there is none."""
    return Shown(find(store, wanted))
