"""`path=x1.3`: what a scenario says at a path, times a factor; with `demand` every forecast, with `*` every item."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from planner.document import Key, KeyPath, Node
from planner.scenario.demand import UNITS, Demand
from planner.scenario.models import Scenario
from planner.scenario.overrides import EVERY, everywhere, key_path
from planner.schedule import Schedule
from planner.validation import field_type, is_section, part_type

# Not a field: every workload's forecast together, which can only be multiplied.
ALL_DEMAND = "demand"
TIMES = ("x", "×")
ONLY_SCALED = "all forecasts together can only be scaled, such as demand=x1.3"
_FACTOR = re.compile(rf"[{''.join(TIMES)}]\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")


def factor_of(path: str, text: str, root: Node) -> float | None:
    """The factor that ``text`` stands for at ``path`` of the scenario ``root``; None where it is a value.

    In a field of text ``x2`` is text.
    """
    match = _FACTOR.fullmatch(text.strip())
    if match is None:
        return None
    try:
        kind = field_type(Scenario, key_path(root, path))
    except ValueError:
        kind = None
    return None if kind is str else float(match.group(1))


def multiplied(root: Node, scenario: Scenario, path: str, factor: float) -> Node:
    """``root``, which says ``scenario``, with what stands at ``path`` multiplied: a schedule or a limit as a whole.

    What the scenario leaves to a default is written where it belongs. Raises ValueError with a sentence.
    """
    data = plain(scenario)
    if not math.isfinite(factor):
        raise ValueError(f"{factor:g} is not a finite number")
    for at in fields(scenario, data, path):
        new = scaled(value_at(data, at), factor)
        while not is_section(field_type(Scenario, at[:-1])):
            # Of what is a mapping by date or by name, the whole is written: its keys may be spelt in other ways.
            whole = dict(value_at(data, at[:-1]))
            whole[at[-1]] = new
            at, new = at[:-1], whole
        root = _placed(root, at, node_of(new, f"--set {path}"))
    return root


def fields(scenario: Scenario, data: Any, path: str) -> list[KeyPath]:
    """Where the numbers stand in the plain ``data`` of ``scenario`` that ``path`` names.

    ``demand`` names every forecast, ``*`` every item of a list, and a workload's demand the unit that it is given in.
    Raises ValueError with a sentence where that is nothing, or no number.
    """
    if path == ALL_DEMAND:
        return list(_forecasts(scenario))
    root = node_of(data)
    found = []
    for one in everywhere(root, path):
        at = key_path(root, one)
        if field_type(Scenario, at) is Demand:
            at = next((given for given in _forecasts(scenario) if given[: len(at)] == at), at)
        if not _numeric(field_type(Scenario, at)) and field_type(Scenario, at[:-1]) is not Schedule:
            raise ValueError("this field holds no number")
        found.append(at)
    if not found:
        raise ValueError(f"the scenario lists nothing that {EVERY} could stand for")
    return found


def scaled(now: Any, factor: float) -> Any:
    """A plain number, or a mapping of numbers, times ``factor``. Raises ValueError with a sentence."""
    if now is None:
        raise ValueError("the scenario gives it no value that could be scaled")
    if isinstance(now, dict):
        return {key: part * factor for key, part in now.items()}
    product = now * factor
    if isinstance(now, int):
        if not math.isclose(product, round(product), abs_tol=1e-9):
            raise ValueError(f"{now} × {factor:g} is not a whole number")
        return round(product)
    return product


def plain(value: Any) -> Any:
    """A scenario as the plain values that a file would hold, schedules as numbers or by date."""
    if isinstance(value, Schedule):
        (first, number), *others = value.anchors
        if not others and first == dt.date.min:
            return number
        return {day.isoformat(): number for day, number in value.anchors}
    if isinstance(value, Demand) and value.users is not None:
        # The rate follows from them, and would stand against users that somebody changes.
        return {"users": plain(value.users)}
    if isinstance(value, Demand) and value.trace is not None:
        read = ("trace", "columns", "factor", "trace_sha256", "seen")
        return {name: plain(getattr(value, name)) for name in read}
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def value_at(data: Any, path: Sequence[Key]) -> Any:
    """The plain value at ``path``; None where there is none."""
    for key in path:
        if data is None:
            return None
        data = data.get(key) if isinstance(data, dict) else data[key]
    return data


def is_whole_number(kind: Any) -> bool:
    """Whether a field of that type holds whole numbers only."""
    return kind is int or get_origin(kind) is Literal


def _numeric(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return all(isinstance(option, int) for option in get_args(kind))
    # Of a limit by calendar year, or by provider, all numbers are meant, or the one for all of them.
    return kind in (int, float, Schedule) or (get_origin(kind) is dict and part_type(kind, "") in (int, float))


def _forecasts(scenario: Scenario) -> Iterator[KeyPath]:
    """Where the forecasts stand that are given."""
    for index, workload in enumerate(scenario.workloads):
        users = workload.demand.users
        if users is not None:
            yield ("workloads", index, "demand", "users", users.stated)
            continue
        if workload.demand.trace is not None:
            yield ("workloads", index, "demand", "factor")
            continue
        for unit in UNITS:
            if getattr(workload.demand, unit) is not None:
                yield ("workloads", index, "demand", unit)


def node_of(value: Any, file: str = "") -> Node:
    """Plain values as if they had been read from ``file``, on no line of it."""
    if isinstance(value, dict):
        return Node({key: node_of(part, file) for key, part in value.items()}, file, 0)
    return Node([node_of(part, file) for part in value] if isinstance(value, list) else value, file, 0)


def _placed(node: Node, path: KeyPath, new: Node) -> Node:
    """A copy of ``node`` with ``new`` at ``path``, in mappings of its own where nothing is said there."""
    if not path:
        return new
    part = node.part(path[0])
    inner = _placed(part if part is not None and part.value is not None else Node({}, new.file, 0), path[1:], new)
    value: Any = list(node.value) if isinstance(node.value, list) else dict(node.value)
    value[path[0]] = inner
    return Node(value, node.file, node.line)
