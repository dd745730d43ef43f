"""``plan diff``."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from planner.analysis.study import clock_sentence
from planner.cli.exits import FEASIBLE_EXIT, check_numbers
from planner.cli.output import check_json, write_json, write_text
from planner.cli.waiting import wait_for
from planner.errors import InfeasiblePlan, InputError
from planner.history.diff import diff
from planner.history.diff_sheets import diff_sheets, sentence, title
from planner.history.side import answered, read
from planner.history.store import store_path
from planner.report.files import check_file
from planner.report.markdown import markdown
from planner.report.sheet import show
from planner.report.terminal import console_on

# B costs more than --fail-above allows.
ABOVE_EXIT = 6


@dataclass(frozen=True)
class Asked:
    """The options of one call. ``json`` and ``markdown`` are a path or `-`."""

    fail_above: str | None
    gap: float | None
    time_limit: float | None
    store: Path | None
    json: str | None
    markdown: str | None

    @property
    def report(self) -> bool:
        """Whether standard output is for the tables."""
        return "-" not in (self.json, self.markdown)


def run(a: str, b: str, asked: Asked) -> None:
    """Compare and report; ends with 3 where B has no plan, with 6 where it costs more than is allowed."""
    check_numbers(asked.gap, asked.time_limit)
    check_json(asked.json)
    if asked.markdown is not None and asked.markdown != "-":
        check_file(Path(asked.markdown), "--markdown")
    if asked.json == asked.markdown == "-":
        raise InputError("--json - and --markdown - both want standard output; name a file for one of them")
    if a == b == "-":
        raise InputError("standard input is one scenario; name a file for the other")
    allowed = None if asked.fail_above is None else _share(asked.fail_above)
    store = store_path(asked.store)
    sides = [read(source, store) for source in (a, b)]
    one, other = wait_for(
        lambda tell: [answered(side, gap=asked.gap, time_limit_s=asked.time_limit, tell=tell) for side in sides],
        "comparing",
    )
    found = diff(one, other)
    too_much = allowed is not None and other.planned and found.above(allowed)
    sheets = list(diff_sheets(found))
    write_json(asked.json, found.to_dict())
    write_text(asked.markdown, markdown(title(found), sheets))
    if asked.report:
        console = console_on(sys.stdout)
        for sheet in sheets:
            show(sheet, console)
    if not other.planned:
        typer.echo(f"{other.label} has no plan", err=True)
        raise typer.Exit(InfeasiblePlan.exit_code)
    late = [side.label for side in (one, other) if side.planned and not side.result["solver"]["reproducible"]]
    if too_much:
        typer.echo(f"{sentence(found)} More than {asked.fail_above} is not allowed here.", err=True)
        raise typer.Exit(ABOVE_EXIT)
    if late:
        typer.echo(clock_sentence(late), err=True)
        raise typer.Exit(FEASIBLE_EXIT)


def _share(text: str) -> float:
    """``3%`` or ``2.5 %`` as a share."""
    number = text.strip().removesuffix("%").strip()
    try:
        share = float(number) / 100
    except ValueError:
        share = math.nan
    if not text.strip().endswith("%") or not (math.isfinite(share) and share >= 0):
        raise InputError(f"--fail-above {text}: write a percentage, such as 3%")
    return share
