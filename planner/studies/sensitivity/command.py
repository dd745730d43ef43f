"""``plan sensitivity``."""

from __future__ import annotations

from pathlib import Path

from planner.cli.studies import Wanted, deliver, found
from planner.errors import InputError
from planner.pipeline import catalog_of, load
from planner.render.plots import check_plot
from planner.studies.pool import cores
from planner.studies.sensitivity.sheet import plot_sensitivity, sensitivity_sheets
from planner.studies.sensitivity.study import World, sensitivity


def run(source: str, overrides: tuple[str, ...], vary: tuple[str, ...], plot: Path | None, wanted: Wanted) -> None:
    """Solve with each input low and high, report, plot."""
    check_plot(plot)
    worlds = [world for text in vary for world in _worlds(source, overrides, text)]
    study = found(
        source,
        overrides,
        wanted,
        lambda scenario, tell: sensitivity(
            scenario, vary=worlds, gap=wanted.gap, time_limit_s=wanted.time_limit, workers=cores(), tell=tell
        ),
    )
    if plot is not None:
        plot_sensitivity(plot, study.scenario, study["inputs"])
    deliver(study, sensitivity_sheets(study["inputs"], study.sentences), wanted)


def _worlds(source: str, overrides: tuple[str, ...], text: str) -> list[World]:
    """The scenario with one field at its low and at its high value."""
    path, _, values = text.partition("=")
    low, comma, high = values.partition(",")
    if not (path and comma and low.strip() and high.strip()):
        raise InputError(f"--vary {text}: write path=low,high, such as --vary finance.discount_rate=0.08,0.12")
    if source == "-":
        raise InputError("--vary reads the scenario several times, so it cannot come from standard input; name a file")
    found = []
    for side, value in (("low", low.strip()), ("high", high.strip())):
        scenario = load(source, (*overrides, f"{path}={value}"))
        found.append(World(path, side, value, scenario, catalog_of(scenario)))
    return found
