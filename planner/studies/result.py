"""What a study found: frames and figures with names and types, as plain values, as JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from planner._version import __version__

STUDY_VERSION = 1


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
        return {name: value for name, value in vars(self).items() if isinstance(value, pd.DataFrame)}

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]


@dataclass(frozen=True)
class Study(Result):
    """The answer to a question put to many plans of a scenario; ``sentences`` say what the tables mean.

    A field that a study adds stands in the JSON under its own name, figures before frames.
    """

    command: ClassVar[str]

    scenario: str
    scenario_digest: str
    sentences: tuple[str, ...]

    @property
    def facts(self) -> dict[str, Any]:
        """What it has beside its tables, by name."""
        own = {field.name for field in fields(self)} - {field.name for field in fields(Study)}
        return {name: value for name, value in vars(self).items() if name in own and name not in self.tables}

    def to_dict(self) -> dict[str, Any]:
        """As plain values: no NaN and no infinity, which JSON does not know."""
        return {
            "version": STUDY_VERSION,
            "planner": __version__,
            "command": self.command,
            "scenario": self.scenario,
            "scenario_digest": self.scenario_digest,
            "sentences": list(self.sentences),
            **{name: plain(value) for name, value in self.facts.items()},
            **{name: records(frame) for name, frame in self.tables.items()},
        }


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
