"""What a user writes: a planning question, validated and with the place of every field."""

from planner.scenario.derive import derived
from planner.scenario.load import load_scenario, scenario_digest
from planner.scenario.models import Scenario
from planner.scenario.quoted import quoted
from planner.scenario.references import check_references

__all__ = ["Scenario", "check_references", "derived", "load_scenario", "quoted", "scenario_digest"]
