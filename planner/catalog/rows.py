"""The rows of one catalog file, each with the line it starts at."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from planner.catalog.row import PLACE, Row
from planner.document import KeyPath, Node
from planner.errors import Fault
from planner.records import records
from planner.validation import faults_of, nearest

AnyRow = TypeVar("AnyRow", bound=Row)


def csv_rows(text: str, file: str, model: type[AnyRow], faults: list[Fault]) -> list[AnyRow]:
    """The rows of a CSV text; a blank cell is an absent value. What is wrong is added to ``faults``."""
    lines = records(text, file, faults)
    line, header = next(lines, (0, []))
    if not _header_holds(header, line, file, model, faults):
        return []
    found, known = [], set(_fields(model))
    for line, cells in lines:
        given = {column: cell for column, cell in zip(header, cells, strict=True) if cell and column in known}
        row = _row(given, model, file, line, faults)
        if row is not None:
            found.append(row)
    return found


def yaml_rows(section: Node, model: type[AnyRow], faults: list[Fault]) -> list[AnyRow]:
    """The rows of a YAML list. What is wrong is added to ``faults``."""
    if not isinstance(section.value, list):
        faults.append(Fault(section.file, section.line, "", "expected a list (lines that begin with '- ')"))
        return []
    found = []
    for item in section.value:
        row = _row(item.plain(), model, item.file, item.line, faults, item)
        if row is not None:
            found.append(row)
    return found


def _row(
    given: Any, model: type[AnyRow], file: str, line: int, faults: list[Fault], node: Node | None = None
) -> AnyRow | None:
    def fault(path: KeyPath, message: str) -> Fault:
        if path and "usd" in str(path[-1]) and _is_zero(given.get(path[0])):
            message = "a price of 0; a missing price is missing, never zero"
        at = node.nearest(path).line if node else line
        return Fault(file, at, ".".join(map(str, path)), message)

    placed = {**given, "file": file, "line": line} if isinstance(given, dict) else given
    unknown = [key for key in PLACE if isinstance(given, dict) and key in given]
    faults.extend(fault((key,), f"unknown field{nearest(key, _fields(model))}") for key in unknown)
    try:
        return model.model_validate(placed)
    except ValidationError as error:
        faults.extend(faults_of(error, model, given, fault))
        return None


def _is_zero(value: Any) -> bool:
    try:
        return float(value) == 0
    except (TypeError, ValueError):
        return False


def _header_holds(header: list[str], line: int, file: str, model: type[Row], faults: list[Fault]) -> bool:
    """Whether rows can be read under the header: all required columns are there, none twice."""
    if not header:
        faults.append(Fault(file, line, "", "this file is empty; it needs a header with the columns' names"))
        return False
    known = _fields(model)
    faults.extend(
        Fault(file, line, column, f"unknown column{nearest(column, known)}") for column in header if column not in known
    )
    twice = sorted({column for column in header if header.count(column) > 1})
    missing = [name for name in known if model.model_fields[name].is_required() and name not in header]
    faults.extend(Fault(file, line, column, "this column is there twice") for column in twice)
    faults.extend(Fault(file, line, column, "this column is missing") for column in missing)
    return not twice and not missing


def _fields(model: type[Row]) -> list[str]:
    return [name for name in model.model_fields if name not in PLACE]
