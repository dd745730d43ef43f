"""The cases of a sweep: a table of overrides, a row a case, checked before anything is solved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches
from pathlib import Path

from planner.document import Node, read_text
from planner.errors import Fault, InputError, ScenarioError
from planner.frozen import dataclass
from planner.records import records
from planner.scenario import Scenario
from planner.scenario.factors import ALL_DEMAND, node_of, plain
from planner.scenario.load import scenario_of
from planner.scenario.overrides import everywhere, key_path

NAME = "name"
MOST_CASES = 100_000
# More faults than these are of one kind, and nobody reads them.
MOST_FAULTS = 20
OPTION = "--set "
EXAMPLE = "sites.dallas.power_mw"


@dataclass(frozen=True)
class Case:
    """A row of the table: its name (its number from 1 where it has none) and what it overrides, by path, as written.

    ``file`` and ``line`` are where it stands.
    """

    name: str
    overrides: Mapping[str, str]
    file: str = field(default="cases", compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Cases:
    """What a table of cases says: ``paths`` in its order, and the cases."""

    paths: tuple[str, ...]
    cases: tuple[Case, ...]


def read_cases(path: Path) -> Cases:
    """The cases of a CSV file. Raises InputError with its faults."""
    faults: list[Fault] = []
    file = str(path)
    rows = list(records(read_text(path, file), file, faults))
    if not rows and not faults:
        faults.append(Fault(file, 0, "", f"this file is empty; its first line names fields, such as {EXAMPLE}"))
    if len(rows) > MOST_CASES + 1:
        faults.append(Fault(file, 0, "", f"these are {len(rows) - 1:,} cases, at most {MOST_CASES:,}; split the file"))
    if faults:
        raise few(faults)
    (line, header), *others = rows
    faults.extend(_check_header(header, file, line))
    if not others:
        faults.append(Fault(file, line, "", "there is no case below the header"))
    if faults:
        raise few(faults)
    return Cases(
        tuple(path for path in header if path != NAME), tuple(_cases(header, others, file, faults)),
    )  # fmt: skip


def given_cases(rows: Iterable[Mapping[str, object]]) -> Cases:
    """Cases given as mappings of paths to values, ``name`` among them or not. Raises InputError where there is none."""
    listed = [{str(path): "" if value is None else str(value) for path, value in row.items()} for row in rows]
    if not listed:
        raise InputError("there is no case to solve")
    paths = tuple(dict.fromkeys(path for row in listed for path in row if path != NAME))
    return Cases(paths, tuple(_case(row, number, "cases", number) for number, row in enumerate(listed, start=1)))


def _check_header(header: Sequence[str], file: str, line: int) -> Iterable[Fault]:
    for index, path in enumerate(header):
        if not path:
            yield Fault(file, line, "", f"column {index + 1} has no name; write a field, or {NAME}")
        elif path in header[:index]:
            yield Fault(file, line, path, "this column is there twice; one of them has to go")
    if all(path in ("", NAME) for path in header):
        yield Fault(file, line, "", f"no column names a field of the scenario, such as {EXAMPLE}")


def _cases(
    header: Sequence[str], rows: Sequence[tuple[int, list[str]]], file: str, faults: list[Fault]
) -> Iterable[Case]:
    for number, (line, cells) in enumerate(rows, start=1):
        yield _case(dict(zip(header, cells, strict=True)), number, file, line)


def _case(row: Mapping[str, str], number: int, file: str, line: int) -> Case:
    """A case of a row; an empty cell leaves the field as the scenario has it."""
    overrides = {path: cell for path, cell in row.items() if path != NAME and cell != ""}
    return Case(row.get(NAME) or str(number), overrides, file, line)


def scenarios_of(scenario: Scenario, cases: Cases) -> list[Scenario]:
    """The scenario of each case. Raises InputError with every fault of the header, else with those of the cells."""
    # What the scenario says, whatever it was made of: a copy that was changed still remembers the file of the first.
    root, folder = node_of(plain(scenario), scenario.name), scenario.origin.folder or Path()
    faults = [fault for path in cases.paths for fault in _check_path(root, path, cases.cases[0])]
    if faults:
        raise few(faults)
    found = []
    for case in cases.cases:
        try:
            made = scenario_of(root, folder, [f"{path}={cell}" for path, cell in case.overrides.items()])
        except ScenarioError as error:
            faults.extend(_of_case(case, fault) for fault in error.faults)
            if len(faults) > MOST_FAULTS:
                break
            continue
        made._origin = scenario.origin
        found.append(made)
    if faults:
        raise few(faults)
    return found


def _check_path(root: Node, path: str, first: Case) -> Iterable[Fault]:
    """What is wrong with the path that a column is named by; ``first`` says where its table stands."""
    if path == ALL_DEMAND:
        return
    try:
        for one in everywhere(root, path):
            key_path(root, one)
    except ValueError as error:
        close = get_close_matches(path, [NAME, ALL_DEMAND], n=1, cutoff=0.75)
        message = str(error) if not close else f"no field of the scenario; nearest: {close[0]}"
        yield Fault(first.file, min(first.line, 1), path, message)


def _of_case(case: Case, fault: Fault) -> Fault:
    """A fault of an override as one of the cell that says it; any other as one of the row."""
    path = fault.file.removeprefix(OPTION)
    if fault.file.startswith(OPTION) and path in case.overrides:
        cell = case.overrides[path]
        message = fault.message if fault.message.startswith(f"'{cell}'") else f"'{cell}': {fault.message}"
        return Fault(case.file, case.line, path, message)
    return Fault(case.file, case.line, fault.field, fault.message)


def of_row(case: Case, error: InputError) -> list[Fault]:
    """What is wrong with the scenario of a case, as faults of its row."""
    return [Fault(case.file, case.line, fault.field, fault.message) for fault in error.faults]


def few(faults: Sequence[Fault]) -> InputError:
    """An error of the first faults, and that there are more."""
    first = sorted(set(faults))
    if len(first) <= MOST_FAULTS:
        return InputError(first)
    return InputError("\n".join([*map(str, first[:MOST_FAULTS]), "and more of them"]))
