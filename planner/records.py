"""The records of a CSV text, each with the line it starts at, and the amounts in their cells."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from planner.errors import Fault


def records(text: str, file: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each record that is not blank, header first; cells without the blanks around them.

    Records with fewer or more cells than the header, and what is not CSV, are added to ``faults``.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    before, width = 0, 0
    try:
        for record in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in record):
                continue
            width = width or len(record)
            if len(record) == width:
                yield line, [cell.strip() for cell in record]
            else:
                faults.append(Fault(file, line, "", f"this row has {len(record)} cells, the header has {width}"))
    except csv.Error as error:
        faults.append(Fault(file, before + 1, "", f"this is not valid CSV: {error}"))


def amount(cell: str, file: str, line: int, field: str, faults: list[Fault]) -> float:
    """The number that a cell states; what is no finite number, or below 0, is added to ``faults``."""
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        faults.append(Fault(file, line, field, f"'{cell}' is not a finite number"))
    elif value < 0:
        faults.append(Fault(file, line, field, f"{cell} is negative"))
    return value
