"""What a study found: frames and figures with names and types, as plain values, as JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from planner._version import __version__
from planner.frozen import dataclass
from planner.scenario import Scenario, scenario_digest
from planner.scenario.models import Solve
from planner.scenario.parts import in_parts
from planner.scenario.versions import OLDEST, VERSION_1

if TYPE_CHECKING:
    import pandas as pd

STUDY_VERSION = 1
VALUED = "Costs compared here hold what is not served at the workloads' values of it, which is no cash."
# Of every study that compares plans of a scenario of whole replicas.
IN_PARTS = (
    "Compared in parts of replicas and hourly lots, which cost at most what whole ones do; `plan SCENARIO` plans in "
    "whole ones."
)
# What is varied may be a rule of whole replicas alone.
COUNTS_FOR_NOTHING = (
    "plans are compared in parts of replicas and hourly lots, where this counts for nothing; `plan compare A B` "
    "compares whole plans"
)


class Result(ABC):
    """What every study's result is able to: tables by name, plain values, JSON. Its fields are the study's own.

    The same scenario and options give the same result.
    """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """As plain values: no NaN and no infinity, which JSON does not know."""

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Its pandas frames by name, units in the columns' names."""
        import pandas as pd

        return {name: value for name, value in vars(self).items() if isinstance(value, pd.DataFrame)}

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]


@dataclass(frozen=True)
class Study(Result):
    """The answer to a question put to many plans of a scenario; ``sentences`` say what the tables mean.

    A field that a study adds stands in the JSON under its own name, figures before frames. ``stopped`` names what the
    clock broke off the search for; a sentence says so, and another run may find better. ``in_parts`` where its plans
    are in parts of replicas and of hourly lots, though the scenario's own is in whole ones.
    """

    command: ClassVar[str]

    scenario: str
    scenario_digest: str
    sentences: tuple[str, ...]
    stopped: tuple[str, ...] = field(default=(), kw_only=True)
    in_parts: bool = field(default=False, kw_only=True)

    @property
    def facts(self) -> dict[str, Any]:
        """What it has beside its tables, by name."""
        own = {item.name for item in fields(self)} - {item.name for item in fields(Study)}
        return {name: value for name, value in vars(self).items() if name in own and name not in self.tables}

    def to_dict(self) -> dict[str, Any]:
        """As plain values: no NaN and no infinity, which JSON does not know."""
        return {
            "version": STUDY_VERSION,
            "planner": __version__,
            "command": self.command,
            "scenario": self.scenario,
            "scenario_digest": self.scenario_digest,
            "reproducible": not self.stopped,
            **compared_in_parts(self.in_parts),
            "sentences": list(self.sentences),
            **{name: plain(value) for name, value in self.facts.items()},
            **{name: records(frame) for name, frame in self.tables.items()},
        }


def limit_of(scenario: Scenario, time_limit_s: float | None) -> float:
    """Seconds after which the clock breaks off one of a study's solves: what was asked for, else the scenario's.

    The minute that version 1 gives a plan is too short for studies, whose solves nobody waits for one by one.
    """
    if time_limit_s is not None:
        return time_limit_s
    limit = scenario.solve.time_limit_s
    unsaid = scenario.version == OLDEST and limit == VERSION_1["solve", "time_limit_s"]
    return Solve().time_limit_s if unsaid else limit


def compared(scenario: Scenario) -> Scenario:
    """``scenario`` as studies compare its plans: in parts of replicas and hourly lots where it plans whole ones.

    One of version 1 has whole ones only where it says so, and is compared as it always was.
    """
    return scenario if scenario.version == OLDEST else in_parts(scenario)


def counts_for_nothing(scenarios: Sequence[Scenario]) -> bool:
    """Whether scenarios that differ are one and the same as their plans are compared."""
    return (
        len({scenario_digest(one) for one in scenarios})
        > 1
        == len({scenario_digest(compared(one)) for one in scenarios})
    )


def compared_in_parts(in_parts: bool) -> dict[str, bool]:
    """The mark in a study's JSON; nothing where its plans are what the scenario asks for."""
    return {"in_parts": True} if in_parts else {}


def clock_sentence(stopped: Sequence[str]) -> str:
    """What the clock stopped, and what to do; nothing where it stopped nothing."""
    if not stopped:
        return ""
    return (
        f"The clock stopped the search for {', '.join(stopped)}: another run may find better; --time-limit gives it "
        "more time."
    )


def told(
    sentences: Sequence[str], stopped: Sequence[str], scenario: Scenario | None = None, *, in_parts: bool = False
) -> tuple[str, ...]:
    """``sentences``, that plans are compared in parts, what the costs of ``scenario`` hold, what the clock stopped."""
    valued = scenario is not None and any(workload.unserved_value is not None for workload in scenario.workloads)
    behind = [IN_PARTS] * in_parts + [VALUED] * valued + [clock_sentence(stopped)] * bool(stopped)
    return (*sentences, *behind)


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows of a frame as plain values."""
    return [plain(row) for row in frame.to_dict(orient="records")]


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
