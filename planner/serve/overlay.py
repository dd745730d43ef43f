"""A question as a scenario file: an overlay that extends the one it was asked of, and says only what is changed."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from planner.document import written_out
from planner.errors import SolverFailure
from planner.paths import is_there
from planner.render.files import write_file
from planner.scenario import Scenario, load_scenario, scenario_digest
from planner.scenario.models import Demand
from planner.schedule import Schedule, written_date

# More files than these beside a scenario are somebody's mistake.
MOST_FILES = 999


class _Same:
    """What stands where two scenarios say the same."""


SAME = _Same()


def save(written: Scenario, wanted: Scenario, path: Path) -> Path:
    """Write ``wanted`` as an overlay beside ``path``, the file of ``written``, under a name that is free.

    Nothing is overwritten. Raises InputError where it cannot be written.
    """
    text = overlay_text(written, wanted, path.name, path.parent)
    for index in range(1, MOST_FILES):
        target = path.with_name(f"{path.stem}-what-if-{index}.yaml")
        if not is_there(target):
            write_file(target, text)
            return target
    raise SolverFailure(f"there are {MOST_FILES} what-ifs beside {path.name} already; move some away")


def overlay_text(written: Scenario, wanted: Scenario, base: str, folder: Path) -> str:
    """The overlay, which extends the file ``base`` of ``folder``. Raises SolverFailure where it is not ``wanted``."""
    changes = _difference(written, wanted)
    said = {"extends": base} | (changes if isinstance(changes, dict) else {})
    overlay = f"# {base}, and what was asked of it in `plan serve`.\n{written_out(said)}"
    if scenario_digest(load_scenario(io.StringIO(overlay), (), folder)) != scenario_digest(wanted):
        raise SolverFailure("this question cannot be said in a file that extends the scenario")
    return overlay


def _difference(a: Any, b: Any) -> Any:
    """What of ``b`` an overlay has to say on top of ``a``; ``SAME`` for nothing."""
    if a == b:
        return SAME
    if isinstance(b, BaseModel) and type(a) is type(b) and not isinstance(b, Schedule | Demand):
        parts = {name: _difference(getattr(a, name), getattr(b, name)) for name in type(b).model_fields}
        return {name: part for name, part in parts.items() if part is not SAME}
    if isinstance(b, tuple) and isinstance(a, tuple) and _named(a) and _named(b):
        before = {item.name: item for item in a}
        return [{"name": item.name} | _difference(before[item.name], item) for item in b if before[item.name] != item]
    return _plain(b)


def _named(items: tuple[Any, ...]) -> bool:
    return all(isinstance(item, BaseModel) and "name" in type(item).model_fields for item in items)


def _plain(value: Any) -> Any:
    """A value as people write it: schedules by date, days in short, what was never said left out."""
    if isinstance(value, Schedule):
        (first, number), *others = value.anchors
        if not others and first == dt.date.min:
            return _number(number)
        return {written_date(day): _number(part) for day, part in value.anchors}
    if isinstance(value, BaseModel):
        return {name: _plain(part) for name, part in value if name in value.model_fields_set and part is not None}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return written_date(value) if isinstance(value, dt.date) else _number(value)


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
