"""`demand: {csv: FILE}`: a forecast kept beside the scenario."""

from __future__ import annotations

import os
from pathlib import Path

from planner.document import Node, read_text
from planner.errors import Fault, InputError
from planner.records import amount, records
from planner.scenario.demand import UNITS
from planner.scenario.overlay import length_of, replaced
from planner.schedule import parse_date
from planner.validation import nearest


def with_forecasts(root: Node, folder: Path, faults: list[Fault]) -> Node:
    """The scenario with every demand's CSV file read into a schedule.

    What is wrong is added to ``faults``; the demand it is about is left as it was.
    """
    for index in range(length_of(root, "workloads")):
        path = ("workloads", index, "demand")
        demand, before = root.at(path), len(faults)
        read = _demand_of_file(demand, root.title((*path, "csv")), folder, faults) if demand is not None else None
        if read is not None and len(faults) == before:
            root = replaced(root, path, read)
    return root


def _demand_of_file(demand: Node, field: str, folder: Path, faults: list[Fault]) -> Node | None:
    """A demand with its file's unit and schedule instead of its file; None where it names none."""
    source = demand.part("csv") if isinstance(demand.value, dict) else None
    others = [key for key, node in demand.value.items() if node.value is not None] if source else []
    # What is no path, or has another forecast beside it, is left to validation.
    if source is None or not isinstance(source.value, str) or others != ["csv"]:
        return None
    shown = os.path.normpath(folder / source.value)
    try:
        text = read_text(folder / source.value, shown)
    except InputError as error:
        faults.append(Fault(source.file, source.line, field, f"{error.faults[0].message}: {source.value}"))
        return None
    lines = records(text, shown, faults)
    line, header = next(lines, (0, []))
    unit = next((column for column in header if column in UNITS), "")
    if len(header) != 2 or "date" not in header or not unit:
        message = f"expected two columns, date and one of {', '.join(UNITS)}"
        wrong = [column for column in header if column not in ("date", *UNITS)]
        hint = nearest(wrong[0], ("date", *UNITS)) if len(wrong) == 1 and len(header) == 2 else ""
        faults.append(Fault(shown, line, "", message + hint))
        return None
    at_date, at_unit = header.index("date"), header.index(unit)
    anchors: dict[str, Node] = {}
    before = len(faults)
    for line, cells in lines:
        day = _day(cells[at_date], shown, line, faults)
        value = amount(cells[at_unit], shown, line, unit, faults)
        if day in anchors:
            message = f"this date is given twice, first on line {anchors[day].line}"
            faults.append(Fault(shown, line, "date", message))
        anchors[day] = Node(value, shown, line)
    if not anchors and len(faults) == before:
        faults.append(Fault(shown, line, "", "this file holds no forecast, only a header"))
    return Node({unit: Node(anchors, source.file, source.line)}, demand.file, demand.line)


def _day(cell: str, file: str, line: int, faults: list[Fault]) -> str:
    try:
        return parse_date(cell).isoformat()
    except ValueError as error:
        faults.append(Fault(file, line, "date", str(error)))
        return cell
