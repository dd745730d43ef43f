"""``plan breakeven``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from planner._version import __version__
from planner.analysis.breakeven import KINDS, Kind, Threshold, threshold
from planner.analysis.parallel import answers, cores
from planner.analysis.screening import Screening, screen
from planner.analysis.study import clock_sentence
from planner.analysis.ways import Given
from planner.catalog import Catalog
from planner.cli.exits import FEASIBLE_EXIT, check_numbers
from planner.cli.output import check_json, write_json
from planner.cli.waiting import wait_for
from planner.errors import InputError
from planner.pipeline import catalog_of, load
from planner.plan.plan import _plain
from planner.report.csv_files import csv_text
from planner.report.files import check_folder, write_folder
from planner.report.plots import check_plot, write_plot
from planner.report.screening import screening_plot, screening_sheets, threshold_sheet
from planner.report.sheet import show
from planner.report.terminal import console_on
from planner.scenario import Scenario, scenario_digest

# Every step of a bisection is a solve: a wider gap than a plan's own saves most of their time and widens the interval.
GAP = 0.003


@dataclass(frozen=True)
class Asked:
    """The options of one call. ``json`` is a path or `-`; ``solve`` whether the plan's own break-even is wanted."""

    system: str
    workload: str
    site: str | None
    months: int
    utilisation: float
    given: Given
    solve: bool
    gap: float | None
    time_limit: float | None
    json: str | None
    csv: Path | None
    plot: Path | None


_Work = tuple[Scenario, Catalog, Asked, Kind]


def run(source: str, overrides: tuple[str, ...], asked: Asked) -> None:
    """Draw the screening curves, find the break-even prices of the plan, print both."""
    _check(asked)
    scenario = load(source, overrides)
    catalog = catalog_of(scenario)
    curves = screen(
        scenario,
        catalog,
        asked.system,
        asked.workload,
        site=asked.site,
        months=asked.months,
        utilisation=asked.utilisation,
        given=asked.given,
    )
    found: dict[Kind, Threshold | None] = {}
    if asked.solve:

        def work(tell: Callable[[str], None]) -> dict[Kind, Threshold | None]:
            tasks = [(scenario, catalog, asked, kind) for kind in KINDS]
            done = {}
            for index, answer in answers(_threshold, tasks, cores()):
                done[KINDS[index]] = answer
                tell(f"{scenario.name}: {len(done)} of {len(KINDS)} break-even prices")
            return {kind: done[kind] for kind in KINDS}

        found = wait_for(work, f"{scenario.name}: break-even prices by re-solving")
    _deliver(scenario, catalog, asked, curves, found)
    late = [f"the break-even price to {kind}" for kind, item in found.items() if item is not None and item.stopped]
    if late:
        typer.echo(clock_sentence(late), err=True)
        raise typer.Exit(FEASIBLE_EXIT)


def _threshold(work: _Work) -> Threshold | None:
    scenario, catalog, asked, kind = work
    gap = asked.gap if asked.gap is not None else max(scenario.solve.gap, GAP)
    return threshold(scenario, catalog, asked.system, kind, gap=gap, time_limit_s=asked.time_limit)


def _check(asked: Asked) -> None:
    check_numbers(asked.gap, asked.time_limit)
    check_json(asked.json)
    check_plot(asked.plot)
    if asked.csv is not None:
        check_folder(asked.csv, "--csv")
    for option, usd in vars(asked.given).items():
        if usd is not None and not 0 < usd < 1e6:
            raise InputError(f"--{option.replace('_', '-')} {usd:g}: must be a price in USD per GPU-hour above 0")


def _deliver(
    scenario: Scenario, catalog: Catalog, asked: Asked, curves: Screening, found: dict[Kind, Threshold | None]
) -> None:
    said = {
        "system": curves.system,
        "workload": curves.workload,
        "months": curves.months,
        "utilisation": curves.utilisation,
        "point": curves.point,
        "mtok_per_gpu_hour": curves.mtok_per_gpu_hour,
        "ways": {way.name: way.note for way in curves.ways},
    }
    tables = (curves.by_utilisation, curves.by_months, curves.crossovers)
    rows = [asdict(item) | {"drawn_on": item.drawn_on} for item in found.values() if item is not None]
    missing = [kind for kind, item in found.items() if item is None]
    if asked.csv is not None:
        names = ("by_utilisation", "by_months", "crossovers")
        write_folder(asked.csv, {f"{name}.csv": csv_text(table) for name, table in zip(names, tables, strict=True)})
    if asked.plot is not None:
        write_plot(asked.plot, screening_plot(*tables, said))
    write_json(asked.json, _result(scenario, catalog, curves, said, rows))
    if asked.json == "-":
        return
    console = console_on(sys.stdout)
    for sheet in screening_sheets(*tables, said):
        show(sheet, console)
    if found:
        show(threshold_sheet(rows, missing, asked.system, scenario.name), console)


def _result(
    scenario: Scenario, catalog: Catalog, curves: Screening, said: dict[str, Any], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    made = _plain(
        {
            "version": 1,
            "planner": __version__,
            "scenario": scenario.name,
            "scenario_digest": scenario_digest(scenario),
            "catalog_digest": catalog.digest,
            **said,
            "by_utilisation": curves.by_utilisation.to_dict(orient="records"),
            "by_months": curves.by_months.to_dict(orient="records"),
            "crossovers": curves.crossovers.to_dict(orient="records"),
            "break_even": rows,
        }
    )
    assert isinstance(made, dict)
    return made
