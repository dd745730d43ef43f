"""What a command found: tables, what they mean in sentences, and which scenario they are about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from planner._version import __version__
from planner.scenario import Scenario, scenario_digest

STUDY_VERSION = 1
# Nobody waits for a study's solves one by one, so each is broken off later than a plan that is asked for alone.
PATIENCE_S = 600.0


@dataclass(frozen=True)
class Study:
    """The answer to a question put to many plans.

    ``tables`` are pandas frames by name, units in the columns' names; ``sentences`` say what they mean; ``facts`` are
    single figures. The same scenario and options give the same study, but for what the clock stopped: ``stopped`` names
    it, and a sentence says so.
    """

    command: str
    scenario: str
    scenario_digest: str
    tables: dict[str, pd.DataFrame]
    sentences: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def to_dict(self) -> dict[str, Any]:
        """As plain values: no NaN and no infinity, which JSON does not know."""
        return {
            "version": STUDY_VERSION,
            "planner": __version__,
            "command": self.command,
            "scenario": self.scenario,
            "scenario_digest": self.scenario_digest,
            "reproducible": not self.stopped,
            "sentences": list(self.sentences),
            **{name: plain(value) for name, value in self.facts.items()},
            **{name: [plain(row) for row in frame.to_dict(orient="records")] for name, frame in self.tables.items()},
        }

    def to_json(self) -> str:
        """The study as JSON text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def study(
    command: str,
    scenario: Scenario,
    tables: dict[str, pd.DataFrame],
    sentences: tuple[str, ...] = (),
    *,
    stopped: Sequence[str] = (),
    **facts: Any,
) -> Study:
    """What ``command`` found about ``scenario``; ``stopped`` are the searches that the clock ended."""
    if stopped:
        sentences = (*sentences, clock_sentence(stopped))
    return Study(command, scenario.name, scenario_digest(scenario), tables, sentences, facts, tuple(stopped))


def limit_of(scenario: Scenario, time_limit_s: float | None) -> float:
    """Seconds after which the clock breaks off one of a study's solves: what was asked for, or written, or plenty."""
    if time_limit_s is not None:
        return time_limit_s
    return scenario.solve.time_limit_s if "time_limit_s" in scenario.solve.model_fields_set else PATIENCE_S


def clock_sentence(stopped: Sequence[str]) -> str:
    """What the clock stopped, and what to do."""
    return (
        f"The clock stopped the search for {', '.join(stopped)}: another run may find better; --time-limit gives it "
        "more time."
    )


def plain(value: Any) -> Any:
    """A value that JSON knows; null for what is not a finite number."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
