"""What a user writes: a planning question, validated and with the place of every field."""

from planner import _moved
from planner.scenario.digest import scenario_digest
from planner.scenario.load import load_scenario
from planner.scenario.models import Scenario

__all__ = ["Scenario", "load_scenario", "scenario_digest"]

__getattr__ = _moved.attributes(__name__)
