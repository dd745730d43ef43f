"""A second model of a plan's cost, written from the conventions alone, in plain loops and without one reduction.

It shares the scenario's and catalog's models with the planner and nothing else: it has its own calendar, its own
matrix (a row at a time) and other engines (SciPy's). ``Program.optimum`` solves it as it stands; ``Program.enumerated``
tries every combination of its whole numbers and solves the linear programme that is left of each.
"""

from tests.oracle.model import program
from tests.oracle.objectives import cost_with, least_cost, most_profit, most_tokens, priced_cost
from tests.oracle.programme import Program

__all__ = ["Program", "cost_with", "least_cost", "most_profit", "most_tokens", "priced_cost", "program"]
