"""Versions of the scenario format: what a file of an older one says in today's fields.

A file keeps its meaning. What version 1 left unsaid meant something else than it does today, so it is filled in with
what it meant then, and everything behind the scenario knows one format alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from planner.document import KeyPath, parse

OLDEST: Final = 1
NEWEST: Final = 2
VERSIONS: Final = (OLDEST, NEWEST)
# What a field that version 1 leaves out meant, by its path; ``*`` stands for every item of a list.
VERSION_1: dict[tuple[str, ...], Any] = {
    ("horizon", "lookahead"): 0,
    ("finance", "residual_haircut"): 1.0,
    ("finance", "residual_of"): "price_paid",
    ("finance", "resell_existing"): False,
    ("workloads", "*", "whole_replicas"): False,
    ("workloads", "*", "precisions"): ("fp8", "fp4", "bf16"),
    ("workloads", "*", "extrapolate"): "never",
    ("procurement", "whole_on_demand_lots"): False,
    ("procurement", "hourly_depth_gpus"): None,
    ("procurement", "providers", "max_share_of"): "gpu_hours",
    ("solve", "gap"): 0.001,
    ("solve", "time_limit_s"): 60,
}
# Why version 2 reads each of them differently, as its pages and `plan migrate` say it.
WHY: dict[tuple[str, ...], str] = {
    ("horizon", "lookahead"): "a year beyond the reported periods is planned too, so that nothing is bought, or left "
    "unbought, for the horizon's end alone",
    ("finance", "residual_haircut"): "a sale by auction within a month brings about that share of the residual curve; "
    "credited in full, resale decides what is bought",
    ("finance", "residual_of"): "a used system sells by what a new one costs then, not by what was paid",
    ("finance", "resell_existing"): "what stands has a resale value too, so keeping it has a cost",
    ("workloads", "*", "whole_replicas"): "a replica runs whole or not at all, so a plan in parts of replicas is one "
    "that nobody can run",
    ("workloads", "*", "precisions"): "what a format costs in quality is for `accuracy` to say, and a note names "
    "what has no score; the old list kept out makers whose four-bit format is another",
    ("workloads", "*", "extrapolate"): "requests are as long as they are; where nobody measured their lengths, the "
    "hardware's floors carry measured points there, derated by what they are off and marked",
    ("procurement", "whole_on_demand_lots"): "GPUs are rented by the hour in the lots that an offer is sold in",
    ("procurement", "hourly_depth_gpus"): "no provider has promised any number of GPUs by the hour",
    ("procurement", "providers", "max_share_of"): "a provider's failure counts most in the hour that most rests on it",
    ("solve", "gap"): "to prove whole replicas and lots to 0.1 % takes long, and no price and no rate is known so well",
    ("solve", "time_limit_s"): "whole replicas take longer to find, on a busy machine many times as long; until it "
    "strikes, the clock decides nothing",
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


def unsaid(scenario: Any) -> dict[KeyPath, tuple[str, ...]]:
    """What version 1 fills into the plain fields of a scenario: each place, and its path in ``VERSION_1``."""
    return {place: path for path in VERSION_1 for place in _unsaid(scenario, path, ())}


def _unsaid(part: Any, path: tuple[str, ...], at: KeyPath) -> Iterator[KeyPath]:
    key, rest = path[0], path[1:]
    if key == "*":
        for index, item in enumerate(part if isinstance(part, list) else ()):
            yield from _unsaid(item, rest, (*at, index))
    elif isinstance(part, Mapping) and not (key in _REQUIRED and key not in part):
        if rest:
            yield from _unsaid(part.get(key, {}), rest, (*at, key))
        elif key not in part:
            yield (*at, key)


def shown(value: Any) -> str:
    """A plain value as a scenario writes it."""
    return value if isinstance(value, str) else json.dumps(value)


def in_words(value: Any) -> str:
    """A plain value as a sentence says it: a limit that is not there is ``unlimited``, 512.0 is 512."""
    if value is None:
        return "unlimited"
    return f"{value:.15g}" if isinstance(value, float) else shown(value)


def version_of(text: str) -> int:
    """The version of a scenario's text, which extends no other."""
    root, _ = parse(text, "")
    stated = root.part("version") if root is not None else None
    return OLDEST if stated is None else int(stated.value)
