"""What a file of actuals says: figures by period, of everything, of one workload, or of what bears a tag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from planner.document import read_text
from planner.errors import Fault, InputError
from planner.frozen import dataclass
from planner.records import amount, records
from planner.validation import nearest

# What can be measured: column of the file, unit.
MEASURES = {"output_mtok": "Mtok", "cost_usd": "USD", "power_mw": "MW"}
KEYS = ("period", "workload")
ALL_WORKLOADS = "all"
# What a file writes for the part of the cost that does not bear a tag.
UNTAGGED = "(none)"
Cell = tuple[str, str]
TagCell = tuple[str, str, str]


@dataclass(frozen=True)
class Names:
    """What a plan, called ``label``, knows by name."""

    label: str
    periods: tuple[str, ...]
    workloads: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """Figures by measure of each period and workload (or all of them), USD of each period, tag and value."""

    measures: tuple[str, ...]
    tags: tuple[str, ...]
    cells: dict[Cell, dict[str, float]] = field(default_factory=dict)
    by_tag: dict[TagCell, float] = field(default_factory=dict)

    @property
    def by_workload(self) -> bool:
        """Whether it tells workloads apart."""
        return any(workload != ALL_WORKLOADS for _, workload in self.cells)

    @property
    def periods(self) -> set[str]:
        """The periods of which it says anything."""
        return {period for period, *_ in (*self.cells, *self.by_tag)}


def read_given(path: Path, names: Names) -> Given:
    """The file at ``path``. Raises InputError with every fault of it."""
    shown = str(path)
    faults: list[Fault] = []
    lines = records(read_text(path, shown), shown, faults)
    line, header = next(lines, (0, []))
    if faults:
        raise InputError(faults)
    found = _columns(header, names, shown, line, faults)
    for line, cells in lines:
        _row(found, dict(zip(header, cells, strict=True)), names, shown, line, faults)
    if not (found.cells or found.by_tag or faults):
        faults.append(Fault(shown, line, "", "this file holds no figures, only a header"))
    if faults:
        raise InputError(faults)
    return found


def _columns(header: list[str], names: Names, shown: str, line: int, faults: list[Fault]) -> Given:
    measures = tuple(name for name in MEASURES if name in header)
    if "period" not in header or not measures or len(set(header)) < len(header):
        listed = ", ".join(MEASURES)
        raise InputError([Fault(shown, line, "", f"expected columns period, workload and some of {listed}, each once")])
    known = (*KEYS, *MEASURES, *names.tags)
    faults += [
        Fault(shown, line, "", f"no column '{column}'{nearest(column, known)}")
        for column in header
        if column not in known
    ]
    return Given(measures, tuple(tag for tag in names.tags if tag in header))


def _row(found: Given, row: Mapping[str, str], names: Names, shown: str, line: int, faults: list[Fault]) -> None:
    """Put a row where it belongs; a row with a fault is left out."""
    before = len(faults)

    def fault(place: str, words: str) -> None:
        faults.append(Fault(shown, line, place, words))

    period, workload = row["period"], row.get("workload", "") or ALL_WORKLOADS
    borne = [(tag, row[tag]) for tag in found.tags if row[tag]]
    if period not in names.periods:
        fault("period", f"'{period}' is no period of {names.label}{nearest(period, names.periods)}")
    if workload not in (*names.workloads, ALL_WORKLOADS):
        fault("workload", f"'{workload}' is no workload of {names.label}{nearest(workload, names.workloads)}")
    amounts = {name: amount(row[name], shown, line, name, faults) for name in found.measures if row[name]}
    if not borne:
        if (period, workload) in found.cells:
            fault("", f"{period} {workload} is given twice")
        if len(faults) == before:
            found.cells[period, workload] = amounts
        return
    tag, value = borne[0]
    if len(borne) > 1 or workload != ALL_WORKLOADS:
        others = [name for name, _ in borne[1:]] or ["workload"]
        fault(tag, f"a row is of one tag alone; give {others[0]} a row of its own")
    for name in amounts:
        if name != "cost_usd":
            fault(name, f"a plan knows only cost_usd of what bears a tag; leave it empty where {tag} is given")
    if (period, tag, value) in found.by_tag:
        fault("", f"{period} {tag} {value} is given twice")
    if len(faults) == before and "cost_usd" in amounts:
        found.by_tag[period, tag, value] = amounts["cost_usd"]
