"""The digest of a scenario: of all that it says, the same in every version of the planner that reads it alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from planner.scenario.models import Scenario
from planner.scenario.section import Section
from planner.scenario.versions import OLDEST, VERSION_1


def scenario_digest(scenario: Scenario) -> str:
    """Sixteen hexadecimal digits of all that a scenario says, wherever it was written.

    A field that version 1 of the format did not have yet counts only where it says something else than its absence
    would. So a field that is added later changes no digest, and a run that was kept before has the one of its scenario.
    """
    meant = VERSION_1 if scenario.version == OLDEST else {}
    said = _said(scenario, scenario.model_dump(mode="json"), (), meant)
    if scenario.blocks and any(workload.own_levels for workload in scenario.workloads):
        # Of a trace's hours the busiest belong to the first block.
        said["blocks"] = list(scenario.blocks.items())
    text = json.dumps(said, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _said(part: Any, plain: Any, path: tuple[str, ...], meant: Mapping[tuple[str, ...], Any]) -> Any:
    """``plain``, the values of ``part`` at ``path``, without newer fields that say what leaving them out would.

    ``meant`` has what that is, by path, where it is not the field's default.
    """
    if isinstance(part, tuple):
        return [_said(item, inner, (*path, "*"), meant) for item, inner in zip(part, plain, strict=True)]
    if isinstance(part, Mapping):
        return {str(key): _said(item, plain[str(key)], (*path, "*"), meant) for key, item in part.items()}
    if not isinstance(part, Section):
        return plain
    known = _fields_of_version_1().get(type(part).__name__, frozenset())
    said: dict[str, Any] = {}
    for name, field in type(part).model_fields.items():
        value, at = getattr(part, name), (*path, name)
        inner = _said(value, plain[name], at, meant)
        absent = meant[at] if at in meant else field.get_default(call_default_factory=True)
        # A section that is always there says nothing where no field in it does: its default is that of today alone.
        nothing = not inner if isinstance(absent, Section) else value == absent
        if name in known or not nothing:
            said[name] = inner
    return said


@cache
def _fields_of_version_1() -> dict[str, frozenset[str]]:
    """The fields of each section, as the schema of version 1 has them."""
    schema = json.loads(Path(__file__).with_name("scenario-1.json").read_text(encoding="utf-8"))
    sections = schema["$defs"] | {schema["title"]: schema}
    return {name: frozenset(section.get("properties", ())) for name, section in sections.items()}
