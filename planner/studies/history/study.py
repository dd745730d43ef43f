"""The runs of a store, as a list."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from planner._version import __version__
from planner.frozen import dataclass
from planner.history.store import Listed, listed
from planner.studies.result import Result

HISTORY_VERSION = 1


@dataclass(frozen=True)
class History(Result):
    """Every run that is saved, the oldest first."""

    runs: tuple[Listed, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"version": HISTORY_VERSION, "planner": __version__, "runs": [asdict(run) for run in self.runs]}


def history(store: Path) -> History:
    """The runs of the store at ``store``; none where there is no such file."""
    return History(tuple(listed(store)))
