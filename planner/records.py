"""The records of a CSV text, each with the line it starts at."""

from __future__ import annotations

import csv
import io
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
