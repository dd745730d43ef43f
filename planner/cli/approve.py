"""``plan approve``: what it writes where, and what it says of it."""

from __future__ import annotations

from pathlib import Path

from planner.cli.options import ApproveOptions
from planner.errors import InputError
from planner.history.baseline import SHOWN_DIGITS, Baseline, approve
from planner.history.store import find, store_path
from planner.paths import is_there
from planner.render.figures import money, price
from planner.render.files import check_file
from planner.schedule import parse_date
from planner.studies.command import Outcome

DEFAULT = "baseline.json"


def approved(options: ApproveOptions) -> Outcome:
    """The file, and a sentence about it."""
    try:
        on = None if options.on is None else parse_date(options.on)
    except ValueError as error:
        raise InputError(f"--on: {error}") from None
    target = DEFAULT if options.output is None else options.output
    if options.output is None and is_there(Path(DEFAULT)):
        raise InputError(f"{DEFAULT} is there already; `-o {DEFAULT}` replaces it")
    if target != "-":
        check_file(Path(target), "--output")
    run = find(store_path(options.store), options.run)
    found = approve(run, (options.by or "").strip(), on)
    said = _sentence(found, target)
    if target == "-":
        return Outcome(files=[("-", found.to_json())], message=said)
    return Outcome(files=[(target, found.to_json().encode())], text=f"{said}\n")


def _sentence(found: Baseline, target: str) -> str:
    kpis = found.run.result["kpis"]
    usd = kpis.get("reported_levelised_usd_per_mtok_output")
    cost = f"{price(usd)} per Mtok output, " if usd is not None else ""
    where = "" if target == "-" else f"{target}: "
    return (
        f"{where}{found.run.label} ({found.run.scenario}) {found.approved}\n"
        f"{cost}{money(kpis['cash_usd'])} of cash, digest {found.digest[:SHOWN_DIGITS]}"
    )
