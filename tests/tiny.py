"""The smallest scenario of version 1, as 0.1.0 shipped it, in parts of replicas and in whole ones, all else equal."""

from __future__ import annotations

import json

import planner
from planner.scenario import Scenario
from planner.scenario.versions import VERSION_1

TINY = "tests/compat/0.1.0/scenarios/tiny.yaml"
_WHOLE = ("whole_replicas", "whole_on_demand_lots")
# What version 2 reads otherwise but for whole numbers is said as version 1 meant it.
_MEANT = tuple(
    f"{'.'.join(path).replace('*', 'chat')}={json.dumps(meant)}"
    for path, meant in VERSION_1.items()
    if path[-1] not in _WHOLE
)
VERSION_2 = ("version=2", *_MEANT)


def in_parts(*overrides: str) -> Scenario:
    return planner.load(TINY, ("version=1", *overrides))


def whole(*overrides: str) -> Scenario:
    return planner.load(TINY, (*VERSION_2, *overrides))
