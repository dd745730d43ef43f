"""From a problem to one labelled sparse matrix."""

from planner.milp.build import Model, build_model, demand_total, unserved_weights
from planner.milp.matrix import ABSENT, Milp

__all__ = ["ABSENT", "Milp", "Model", "build_model", "demand_total", "unserved_weights"]
