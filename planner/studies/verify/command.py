"""``plan verify``."""

from __future__ import annotations

import sys

from planner.cli.exits import check_numbers
from planner.cli.output import check_json, write_json
from planner.cli.waiting import wait_for
from planner.errors import SolverFailure
from planner.pipeline import catalog_of, load
from planner.render.console import console_on
from planner.render.sheet import show
from planner.studies.verify.study import sheet, verify


def run(source: str, overrides: tuple[str, ...], gap: float | None, time_limit: float | None, json: str | None) -> None:
    """Ask every engine and print the table; ends the process with 5 where proofs exclude each other."""
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
