"""``plan sweep``: a scenario under many overrides, a row of figures for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from planner.catalog import Catalog, load_catalog
from planner.errors import CatalogError, Fault, InputError, ScenarioError
from planner.frozen import dataclass
from planner.pipeline import Base, base_of
from planner.render.figures import bar
from planner.rules import apply_quotes, check_references
from planner.scenario import Scenario, scenario_digest
from planner.scenario.parts import in_parts as parts_of
from planner.solvers import Options
from planner.studies.command import Progress
from planner.studies.engines import Killed
from planner.studies.pool import as_done_with
from planner.studies.result import Study, limit_of, told
from planner.studies.sweep.cases import Cases, few, given_cases, of_row, read_cases, scenarios_of
from planner.studies.sweep.kept import keep, kept_row
from planner.studies.sweep.row import Common, Row, Task, solved, without_plan

CASE = "case"
# Of the cases that the clock stopped, so many are named.
MOST_TOLD = 5
TEXTS = ("status", "reason", "scenario_digest")


@dataclass(frozen=True)
class Sweep(Study):
    """``results`` has a row a case: its name, what it overrides by path, and the columns of ``Row``.

    Columns of overrides hold numbers where every case has one, else what was written. ``cases`` counts all that were
    given, also where only a part of them was asked for.
    """

    command = "sweep"

    cases: int
    gap_asked: float | None
    results: pd.DataFrame


@dataclass(frozen=True)
class _Settings:
    gap: float | None
    time_limit_s: float | None
    explained: bool
    base: str


def sweep(
    scenario: Scenario,
    cases: Cases | Iterable[Mapping[str, object]] | Path | str,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    explained: bool = False,
    in_parts: bool = False,
    part: tuple[int, int] = (1, 1),
    keep_in: Path | str | None = None,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> Sweep:
    """``scenario`` solved under each of ``cases``: mappings of paths to values, as ``--set`` has them, or a CSV file.

    ``in_parts`` of replicas and of hourly lots, where a case is in whole ones. What to relax where there is no plan is
    looked for where that is to be ``explained``; it takes longer than a plan. ``part`` (K, N): every N-th case, from
    the K-th on. ``workers`` cases are solved at once, each in a process of its own with one thread; ``keep_in`` is a
    folder in which the row of each is kept, and found again. Raises InputError with what is wrong with the cases.
    """
    given = _given(cases)
    first, step = part
    mine = range(first - 1, len(given.cases), step)
    progress(f"{scenario.name}: reading {len(given.cases):,} cases")
    whole = scenarios_of(scenario, given)
    scenarios = [parts_of(one) for one in whole] if in_parts else whole
    begun = parts_of(scenario) if in_parts else scenario
    parted = any(one is not other for one, other in zip(scenarios, whole, strict=True))
    catalogs, digests = _catalogs(scenarios, given)
    settings = _Settings(gap, time_limit_s, explained, scenario_digest(begun))
    tasks = [_task(scenarios[index], digests[index], settings) for index in mine]
    folder = None if keep_in is None else Path(keep_in)
    rows = _rows(tasks, begun, catalogs, folder, workers, lambda words: progress(f"{scenario.name}: {words}"))
    table = _table(given, mine, rows)
    late = tuple(f"case {name}" for name in table.loc[_stopped(table), CASE])
    return Sweep(
        scenario.name,
        scenario_digest(scenario),
        told([], _few_of(late), in_parts=parted),
        len(given.cases),
        gap,
        table,
        stopped=late,
        in_parts=parted,
    )


def _given(cases: Cases | Iterable[Mapping[str, object]] | Path | str) -> Cases:
    if isinstance(cases, Cases):
        return cases
    return read_cases(Path(cases)) if isinstance(cases, Path | str) else given_cases(cases)


def _stopped(table: pd.DataFrame) -> pd.Series[bool]:
    return ~table["reproducible"].astype(bool) & (table["status"] != "failed")


def _few_of(late: Sequence[str]) -> list[str]:
    """The first names of many."""
    return [*late[:MOST_TOLD], f"{len(late) - MOST_TOLD:,} more"] if len(late) > MOST_TOLD else list(late)


def _task(scenario: Scenario, catalog: str, settings: _Settings) -> Task:
    return Task(
        scenario,
        scenario_digest(scenario),
        catalog,
        settings.gap if settings.gap is not None else scenario.solve.gap,
        limit_of(scenario, settings.time_limit_s),
        scenario.solve.solver,
        settings.explained,
        settings.base,
    )


def _catalogs(scenarios: Sequence[Scenario], given: Cases) -> tuple[dict[str, Catalog], list[str]]:
    """Catalogs by digest, each read once, and that of each case. Raises InputError where one lacks what is named."""
    read: dict[tuple[object, ...], Catalog] = {}
    faults: list[Fault] = []
    digests = []
    for scenario, case in zip(scenarios, given.cases, strict=True):
        key = (scenario.catalogs, scenario.origin.folder)
        try:
            if key not in read:
                read[key] = load_catalog(scenario.catalogs, scenario.origin.folder)
            check_references(scenario, apply_quotes(scenario, read[key]))
        except (ScenarioError, CatalogError) as error:
            faults.extend(of_row(case, error))
            continue
        digests.append(read[key].digest)
    if faults:
        raise few(faults)
    return {catalog.digest: catalog for catalog in read.values()}, digests


def _base(scenario: Scenario, catalogs: Mapping[str, Catalog]) -> Base | None:
    """What all cases begin from; None where the scenario without their overrides is none."""
    options = Options(scenario.solve.gap, limit_of(scenario, None), scenario.solve.seed)
    try:
        known = load_catalog(scenario.catalogs, scenario.origin.folder)
        return base_of(scenario, catalogs.get(known.digest, known), options)
    except InputError:
        return None


def _rows(
    tasks: Sequence[Task],
    begun: Scenario,
    catalogs: Mapping[str, Catalog],
    keep_in: Path | None,
    workers: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    """The row of each task, in their order. Those that ask the same are solved once."""
    found: dict[str, dict[str, Any]] = {}
    asked: dict[str, Task] = {}
    for task in tasks:
        asked.setdefault(task.digest, task)
    if keep_in is not None:
        kept = {digest: kept_row(keep_in, task) for digest, task in asked.items()}
        found = {digest: row for digest, row in kept.items() if row is not None}
    missing = {digest: task for digest, task in asked.items() if digest not in found}

    def tell() -> None:
        progress(f"{bar(len(found) / len(asked))} {len(found):,} of {len(asked):,} cases")

    tell()
    order, waiting = list(missing), list(missing.values())
    common = Common(catalogs, _base(begun, catalogs) if waiting else None)
    for index, row in as_done_with(solved, common, waiting, workers):
        if isinstance(row, Killed):
            found[order[index]] = without_plan(waiting[index], "failed", str(row), reproducible=False)
        else:
            found[order[index]] = row
            if keep_in is not None:
                keep(keep_in, waiting[index], row)
        tell()
    return [found[task.digest] for task in tasks]


def _table(given: Cases, mine: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Names, overrides (numbers where no case has anything else), then the columns of ``Row``."""
    cases = [given.cases[index] for index in mine]
    columns: dict[str, Any] = {CASE: [case.name for case in cases]}
    numbers = []
    for path in given.paths:
        columns[path] = [case.overrides.get(path) for case in cases]
        # Of all cases, so that a part has the same types as the whole.
        if all(_is_number(case.overrides[path]) for case in given.cases if path in case.overrides):
            numbers.append(path)
    columns |= {name: [row[name] for row in rows] for name in Row.__annotations__}
    numbers += [name for name in Row.__annotations__ if name not in (*TEXTS, "reproducible")]
    texts = [name for name in columns if name not in (*numbers, "reproducible")]
    frame = pd.DataFrame(columns, dtype=object)
    return frame.astype(dict.fromkeys(numbers, float) | {"reproducible": bool} | dict.fromkeys(texts, object))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
