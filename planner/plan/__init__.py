"""Plans: decisions in a planner's terms, with their proof."""

from planner.plan.plan import TABLES, Plan
from planner.plan.proof import Proof

__all__ = ["TABLES", "Plan", "Proof"]
