"""Files of records, CSV or an object of JSON a line: read row by row, refused with file and line."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

from planner.errors import Fault, InputError
from planner.frozen import dataclass
from planner.paths import is_file, is_there
from planner.traffic.layouts import PER_S
from planner.units import DAYS_PER_YEAR, SECONDS_PER_DAY

# No clock shows the year 5000: times that are read as seconds since 1970 are in smaller units.
LAST_YEAR = 5_000


@dataclass(frozen=True)
class File:
    """A file of records. Going through it reads it anew."""

    path: Path

    def fields(self) -> set[str]:
        """The fields of its first record, those of objects within with a dot."""
        with self._open() as file:
            try:
                if not _is_json(file):
                    return {field for field in csv.DictReader(file).fieldnames or () if field}
                _, record = next(self._read_records(file), (0, {}))
            except UnicodeDecodeError:
                self.fault(1, "this is no text in UTF-8")
            except csv.Error as error:
                self.fault(1, f"this is not CSV: {error}")
            return set(_paths(record))

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each record with its line. Raises InputError at what is none."""
        line = 0
        with self._open() as file:
            try:
                for line, record in self._read_records(file):
                    yield line, record
            except UnicodeDecodeError:
                self.fault(line + 1, "this is no text in UTF-8")
            except csv.Error as error:
                self.fault(line + 1, f"this is not CSV: {error}")

    def number(self, given: Any, field: str, line: int) -> float:
        """A field's number, which is finite."""
        if given is None:
            self.fault(line, f"{field}: this is missing")
        try:
            number = float(given) if not isinstance(given, bool) else math.nan
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.fault(line, f"{field}: {shown(given)} is no number")
        return number

    def time_s(self, given: Any, field: str, unit: str, line: int) -> float:
        """A time in seconds, from a number of ``unit`` or a date."""
        if unit != "day":
            time = self.number(given, field, line) / PER_S[unit]
            year = 1970 + time / (DAYS_PER_YEAR * SECONDS_PER_DAY)
            if year > LAST_YEAR:
                hint = "--columns with unit=ms (or us, ns) says what they are in"
                self.fault(line, f"{field}: {shown(given)} is in the year {int(year):,} if times are in {unit}; {hint}")
            return time
        try:
            day = dt.datetime.fromisoformat(given)
        except (TypeError, ValueError):
            self.fault(line, f"{field}: {shown(given)} is no date with a time such as 2023-11-16 18:17:03.98")
        return (day if day.tzinfo else day.replace(tzinfo=dt.UTC)).timestamp()

    def fault(self, line: int, message: str) -> NoReturn:
        """Raise what is wrong on a line of it, 0 for the file as a whole."""
        raise InputError([Fault(str(self.path), line, "", message)])

    def _read_records(self, file: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
        if _is_json(file):
            for line, text in enumerate(file, 1):
                if not text.strip():
                    continue
                try:
                    record = json.loads(text)
                except (ValueError, RecursionError):
                    self.fault(line, "this is not JSON; a trace has one object a line")
                if not isinstance(record, dict):
                    self.fault(line, f"an object is expected, not {type(record).__name__}")
                yield line, record
            return
        reader = csv.DictReader(file)
        for record in reader:
            yield reader.line_num, record

    def _open(self) -> TextIO:
        if is_there(self.path) and not is_file(self.path):
            raise InputError(f"{self.path}: this is no file; a trace is gone through more than once")
        try:
            return open(self.path, encoding="utf-8-sig", newline="")
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise InputError(f"{self.path}: cannot be read: {said}") from None


def at(record: dict[str, Any], field: str) -> Any:
    """What stands in a field, or in one of an object within; None where it is not there."""
    if field in record or "." not in field:
        return record.get(field)
    found: Any = record
    for key in field.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def shown(value: Any) -> str:
    """A value as a message quotes it."""
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _is_json(file: TextIO) -> bool:
    start = file.read(1)
    while start and start.isspace():
        start = file.read(1)
    file.seek(0)
    return start == "{"


def _paths(record: dict[str, Any], before: str = "", depth: int = 3) -> Iterator[str]:
    for key, value in record.items():
        yield f"{before}{key}"
        if isinstance(value, dict) and depth > 1:
            yield from _paths(value, f"{before}{key}.", depth - 1)
