"""One object of a file, read key by key: what is missing or no number is a sentence with the file and the key."""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections.abc import Iterator
from typing import Any

from planner.errors import Fault, InputError
from planner.frozen import dataclass
from planner.validation import nearest


@dataclass(frozen=True)
class Record:
    """Keys and values of an object, and where it stands: its ``file``, first ``line`` and ``path`` inside the file."""

    values: dict[str, Any]
    file: str
    line: int = 0
    path: str = ""

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    @property
    def place(self) -> str:
        """The object as a reader finds it."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.path}" if self.path else where

    def refusal(self, key: str, message: str) -> InputError:
        """The error of a key."""
        field = f"{self.path}.{key}" if self.path and key else self.path or key
        return InputError([Fault(self.file, self.line, field, message)])

    def number(self, key: str) -> float:
        """A number above 0. Raises InputError for anything else."""
        value = self.maybe(key)
        if value is None:
            if key in self.values:
                raise self.refusal(key, "this is null; the run has no figure here")
            raise self.refusal(key, f"this key is missing{nearest(key, self.values)}")
        if value <= 0:
            raise self.refusal(key, f"{value:g} has to be more than 0")
        return value

    def maybe(self, key: str) -> float | None:
        """A number, None where there is none. Raises InputError for what is no finite number."""
        value: Any = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise self.refusal(key, f"'{value[:40]}' is not a number") from None
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refusal(key, f"expected a number, found {type(value).__name__}")
        elif abs(value) > sys.float_info.max:
            raise self.refusal(key, "this is not a finite number")
        if not math.isfinite(value):
            raise self.refusal(key, f"{value} is not a finite number")
        return float(value)

    def if_there(self, key: str) -> float | None:
        """A number above 0, None where there is none. Raises InputError for anything else."""
        return self.number(key) if key in self else None

    def first(self, *keys: str) -> float | None:
        """The number of the first of ``keys`` that is there."""
        for key in keys:
            if (value := self.maybe(key)) is not None:
                return value
        return None

    def text(self, key: str) -> str:
        """A text, '' where there is none."""
        value = self.values.get(key)
        return "" if value is None else str(value)

    def day(self, key: str) -> dt.date | None:
        """The date that a text begins with, as 2026-01-31 or 20260131; None where it begins with none."""
        text = self.text(key)
        for length in (10, 8):
            try:
                return dt.date.fromisoformat(text[:length])
            except ValueError:
                continue
        return None

    def part(self, *keys: str) -> Record:
        """An object inside this one. Raises InputError where it is none."""
        found: Any = self.values
        path = self.path
        for key in keys:
            path = f"{path}.{key}" if path else key
            found = found.get(key) if isinstance(found, dict) else None
            if not isinstance(found, dict):
                what = "this key is missing" if found is None else f"expected an object, found {type(found).__name__}"
                raise InputError([Fault(self.file, self.line, path, what)])
        return Record(found, self.file, self.line, path)

    def items(self, key: str) -> Iterator[Record]:
        """The objects of a list."""
        found = self.values.get(key)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self.refusal(key, "expected a list of objects")
        for index, item in enumerate(found):
            yield Record(item, self.file, self.line, f"{key}[{index}]")
