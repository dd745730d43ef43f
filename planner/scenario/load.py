"""A scenario from YAML: overlays, overrides and forecasts put together, then validated."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from planner.document import Node, read_text
from planner.errors import Fault, InputError, ScenarioError
from planner.paths import MOST_BYTES, real
from planner.scenario.factors import ALL_DEMAND, ONLY_SCALED, factor_of, multiplied
from planner.scenario.forecast import with_forecasts
from planner.scenario.models import Scenario
from planner.scenario.origin import Origin
from planner.scenario.overlay import nearest_file, read_scenario
from planner.scenario.overrides import overridden
from planner.scenario.traces import with_traced_demand, with_traces
from planner.validation import faults_of


def load_scenario(source: Path | str | TextIO, overrides: Sequence[str] = (), folder: Path | None = None) -> Scenario:
    """The scenario of a file (`-` is standard input) or an open text, with ``path=value`` overrides.

    ``folder`` is what the paths of a text are relative to, the working folder if None; those of a file start from its
    own. Raises ScenarioError with all faults of the file, the files it draws on and the overrides.
    """
    text, shown, path = source_text(source)
    folder = path.parent if path else folder or Path()
    root = read_scenario(text, shown, folder, (real(path),) if path else ())
    return scenario_of(root, folder, overrides)


def scenario_of(root: Node, folder: Path, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario whose files are put together in ``root``. Raises ScenarioError with all its faults."""
    faults: list[Fault] = []
    values, factors = _told_apart(root, overrides, faults)
    root = overridden(root, values, faults)
    root = with_forecasts(root, folder, faults)
    root = with_traced_demand(root, folder, faults)
    root = with_traces(root, folder, faults)
    scenario = _validated(root, folder, faults)
    # What is multiplied has to be known: forecasts are read by now, and defaults filled in.
    for path, factor in factors:
        try:
            root = multiplied(root, scenario, path, factor)
        except ValueError as error:
            message = f"{error}; a factor such as x{factor:g} multiplies numbers and schedules"
            raise ScenarioError([Fault(f"--set {path}", 0, "", message)]) from None
        scenario = _validated(root, folder, faults)
    return scenario


def _told_apart(root: Node, overrides: Sequence[str], faults: list[Fault]) -> tuple[list[str], list[tuple[str, float]]]:
    """The overrides that give a value, as they are, and those that multiply one: path and factor."""
    values, factors = [], []
    for override in overrides:
        path, _, text = override.partition("=")
        path = path.strip()
        factor = factor_of(path, text, root)
        if factor is not None:
            factors.append((path, factor))
        elif path == ALL_DEMAND:
            faults.append(Fault(f"--set {path}", 0, "", ONLY_SCALED))
        else:
            values.append(override)
    return values, factors


def _validated(root: Node, folder: Path, faults: list[Fault]) -> Scenario:
    """The scenario that ``root`` says. Raises ScenarioError with its faults, and those found before."""
    origin = Origin(folder, root)
    data = root.plain()
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        faults.extend(faults_of(error, Scenario, data, origin.fault))
        raise ScenarioError(faults) from None
    if faults:
        raise ScenarioError(faults)
    scenario._origin = origin
    return scenario


def source_text(source: Path | str | TextIO) -> tuple[str, str, Path | None]:
    """The text of a scenario, how faults name it, and its path if it has one.

    Raises ScenarioError, with the nearest file's name, where it cannot be read.
    """
    if source == "-":
        if sys.stdin is None:
            raise ScenarioError([Fault("<stdin>", 0, "", "standard input is closed; name a file")])
        source = sys.stdin
    if not isinstance(source, Path | str):
        shown = str(getattr(source, "name", "<text>"))
        try:
            text = source.read(MOST_BYTES + 1)
        except (UnicodeDecodeError, OSError):
            raise ScenarioError([Fault(shown, 0, "", "this is not a text file (UTF-8)")]) from None
        if len(text) > MOST_BYTES:
            raise ScenarioError([Fault(shown, 0, "", f"this holds more than {MOST_BYTES:,} bytes")])
        return text, shown, None
    path = Path(source)
    try:
        return read_text(path, str(path)), str(path), path
    except InputError as error:
        raise ScenarioError([Fault(str(path), 0, "", error.faults[0].message + nearest_file(path))]) from None
