"""Reserved contracts: lots held follow from lots signed; small signings are refused where the offer says so."""

from __future__ import annotations

import numpy as np

from planner.milp.fleet import add_stock
from planner.milp.matrix import ABSENT, Builder
from planner.milp.variables import Variables, own_node
from planner.problem import Problem


def add_contracts(builder: Builder, problem: Problem, variables: Variables) -> None:
    """What was signed is held for its term: lots, at most ``max_lots`` by the bound of held.

    ::

        contracts  held[t] = held[t−1] + sign[t] − sign[t−term]  every f,o,t
    """
    reservations = problem.supply.reservations
    term = np.array([item.term_periods for item in reservations], dtype=np.int64)
    node = own_node(problem, np.array([item.here_and_now_until for item in reservations], dtype=np.int64))
    axis = [item.offer.name for item in reservations]
    add_stock(builder, problem, "contracts", axis, variables.under_contract, variables.sign, term, node)


def add_minimum_lots(builder: Builder, problem: Problem, variables: Variables) -> None:
    """None are signed, or at least the minimum: lots.

    ::

        minimum lots  min_lots·signed ≤ sign ≤ most·signed  every f,o,t
    """
    reservations = problem.supply.reservations
    axes = ([item.offer.name for item in reservations], problem.futures, problem.timeline.names)
    least = np.array([item.offer.min_lots or 1 for item in reservations], dtype=float)[:, None, None]
    most = np.array(
        [
            item.offer.max_lots
            or max(item.offer.min_lots or 1, np.ceil(problem.gpus_ever_needed / item.offer.lot_gpus))
            for item in reservations
        ],
        dtype=float,
    )[:, None, None]
    node = own_node(problem, np.array([item.here_and_now_until for item in reservations], dtype=np.int64))
    exists = (variables.signed != ABSENT) & node
    at_least = builder.constraints("min_lots", axes, lower=0.0, exists=exists)
    builder.add(at_least, variables.sign, 1.0)
    builder.add(at_least, variables.signed, -least)
    only_if = builder.constraints("signed_lots", axes, upper=0.0, exists=exists)
    builder.add(only_if, variables.sign, 1.0)
    builder.add(only_if, variables.signed, -most)
