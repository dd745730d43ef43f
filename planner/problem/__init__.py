"""From a scenario and a catalog to sets and numbers."""

from planner.problem.problem import Problem, build_problem
from planner.problem.reduce import Reductions

__all__ = ["Problem", "Reductions", "build_problem"]
