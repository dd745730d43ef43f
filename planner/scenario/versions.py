"""Versions of the scenario format: what a file of an older one says in today's fields.

A file keeps its meaning. What version 1 left unsaid meant something else than it does today, so it is filled in with
what it meant then, and everything behind the scenario knows one format alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

OLDEST: Final = 1
NEWEST: Final = 2
# What a field that version 1 leaves out meant, by its path; ``*`` stands for every item of a list.
VERSION_1: dict[tuple[str, ...], Any] = {
    ("horizon", "lookahead"): 0,
    ("finance", "residual_haircut"): 1.0,
    ("finance", "residual_of"): "price_paid",
    ("finance", "resell_existing"): False,
    ("workloads", "*", "whole_replicas"): False,
    ("procurement", "whole_on_demand_lots"): False,
    ("procurement", "hourly_depth_gpus"): None,
    ("procurement", "providers", "max_share_of"): "gpu_hours",
    ("solve", "gap"): 0.001,
}

# Where these are missing that is a fault of the file, which nothing filled in may hide.
_REQUIRED = ("horizon", "workloads")


def in_todays_fields(scenario: Any) -> Any:
    """The fields of a scenario with what its version left unsaid; as it is where it is of the newest, or no mapping."""
    if not isinstance(scenario, Mapping) or scenario.get("version", OLDEST) != OLDEST:
        return scenario
    filled: Any = dict(scenario)
    for path, meant in VERSION_1.items():
        filled = _with(filled, path, meant)
    return filled


def _with(part: Any, path: tuple[str, ...], meant: Any) -> Any:
    """``part`` with ``meant`` at ``path`` where nothing is said there; what has another shape is left to be refused."""
    key, rest = path[0], path[1:]
    if key == "*":
        return [_with(item, rest, meant) for item in part] if isinstance(part, list | tuple) else part
    if isinstance(part, BaseModel):
        if key not in type(part).model_fields or (not rest and key in part.model_fields_set):
            return part
        return part.model_copy(update={key: _with(getattr(part, key), rest, meant) if rest else meant})
    if not isinstance(part, Mapping) or (key in _REQUIRED and key not in part):
        return part
    if not rest:
        return {key: meant, **part}
    return {**part, key: _with(part.get(key, {}), rest, meant)}
