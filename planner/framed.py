"""Dataclasses whose tables are the core's own, and pandas frames for whoever asks.

A plan that is printed needs no frame, and pandas takes long to load.
"""

from __future__ import annotations

import inspect
from copy import copy
from typing import TYPE_CHECKING, Any, Self

from planner.table import Table

if TYPE_CHECKING:
    import pandas as pd


class Framed:
    """Base of dataclasses: a field annotated ``pd.DataFrame`` takes a table or a frame, and is read as a frame.

    The frame is made when first asked for. It may be changed from then on, so it stands in the table's place.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, annotation in inspect.get_annotations(cls).items():
            if annotation == "pd.DataFrame":
                setattr(cls, name, _Frame(name))

    def table(self, name: str) -> Table:
        """A field as a table."""
        held = vars(self)[name]
        return held if isinstance(held, Table) else Table.of_frame(held)

    def with_tables(self, **tables: Table) -> Self:
        """A copy with other tables; the rest stays as it is, frames or not."""
        other = copy(self)
        vars(other).update(tables)
        return other


class _Frame:
    """What stands in a class for a field that is read as a frame."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, holder: object | None, owner: type | None = None) -> pd.DataFrame:
        if holder is None:
            # So that a dataclass finds no default.
            raise AttributeError(self._name)
        held = vars(holder)[self._name]
        if isinstance(held, Table):
            held = vars(holder)[self._name] = held.frame()
        return held

    def __set__(self, holder: object, value: pd.DataFrame | Table) -> None:
        vars(holder)[self._name] = value
