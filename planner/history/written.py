"""A scenario as one text that says all of it: what it extends, its forecasts and its overrides put together."""

from __future__ import annotations

import io
import json

from planner.document import written_out
from planner.errors import InputError
from planner.scenario import Scenario, load_scenario, scenario_digest


def written(scenario: Scenario) -> str:
    """A YAML text that loads as ``scenario``: in its author's words, or, where it was built in Python, in full."""
    plain = scenario.origin.root.plain()
    if plain:
        text = written_out(plain)
        if _says(text, scenario):
            return text
    # JSON is YAML too, and there is no word in it that could be taken for another type.
    return json.dumps(scenario.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def _says(text: str, scenario: Scenario) -> bool:
    try:
        return scenario_digest(load_scenario(io.StringIO(text))) == scenario_digest(scenario)
    except InputError:
        return False
