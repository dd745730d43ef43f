"""A scenario with its catalog, and how one is made into another."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from planner.catalog.models import (
    Catalog,
)
from planner.scenario.models import Scenario

Section = TypeVar("Section", bound=BaseModel)
META: dict[str, Any] = {"source": ("test",), "as_of": "2026-01", "evidence": "independent"}


@dataclass(frozen=True)
class Case:
    """A scenario and its catalog."""

    scenario: Scenario
    catalog: Catalog

    def __repr__(self) -> str:
        """What differs from the defaults, as text that can be read and made a case of again."""
        said: dict[str, Any] = {"scenario": self.scenario.model_dump(mode="json", exclude_defaults=True)}
        for name in ("systems", "offers", "serving", "token_apis"):
            rows = getattr(self.catalog, name).values()
            said[name] = [row.model_dump(mode="json", exclude_defaults=True, exclude=set(META)) for row in rows]
        return f"Case({json.dumps(said)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same for Hypothesis, which would spell out every field."""
        printer.text(repr(self))

    def with_scenario(self, **changes: Any) -> Case:
        """The same case with other sections in its scenario."""
        return replace(self, scenario=self.scenario.model_copy(update=changes))

    def with_catalog(self, **changes: Any) -> Case:
        """The same case with other tables in its catalog."""
        return replace(self, catalog=replace(self.catalog, **changes))


def with_part(part: Section, **changes: Any) -> Section:
    """The same section or row with other fields."""
    return part.model_copy(update=changes)


def rekeyed(rows: Iterable[Any]) -> dict[Any, Any]:
    """Rows of offers, token APIs or serving points by key."""
    return {row.key: row for row in rows}
