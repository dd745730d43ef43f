"""What a user writes: a planning question, validated and with the place of every field."""

from planner.scenario.load import load_scenario, scenario_digest
from planner.scenario.models import Scenario

__all__ = ["Scenario", "load_scenario", "scenario_digest"]
