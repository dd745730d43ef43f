"""``plan verify``."""

from __future__ import annotations

import sys

import typer

from planner.analysis.verify import sheet, verify
from planner.cli.exits import FEASIBLE_EXIT, check_numbers
from planner.cli.output import check_json, write_json
from planner.cli.waiting import wait_for
from planner.errors import SolverFailure
from planner.pipeline import catalog_of, load
from planner.report.sheet import show
from planner.report.terminal import console_on


def run(source: str, overrides: tuple[str, ...], gap: float | None, time_limit: float | None, json: str | None) -> None:
    """Ask every engine, print the table; ends with 5 where proofs exclude each other, 4 where the clock stopped one."""
    check_numbers(gap, time_limit)
    check_json(json)
    scenario = load(source, overrides)
    found = wait_for(
        lambda tell: verify(
            scenario,
            catalog_of(scenario),
            gap if gap is not None else scenario.solve.gap,
            time_limit if time_limit is not None else scenario.solve.time_limit_s,
            tell=lambda engine: tell(f"{scenario.name}: {engine}"),
        ),
        f"{scenario.name}: verifying",
    )
    write_json(json, found.to_dict())
    if json != "-":
        show(sheet(found), console_on(sys.stdout))
    if not found.passed:
        raise SolverFailure(found.sentence)
    if found.stopped:
        raise typer.Exit(FEASIBLE_EXIT)
