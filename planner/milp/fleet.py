"""Systems in service: what was bought and has not reached its life, and existing groups not yet retired."""

from __future__ import annotations

import numpy as np

from planner.milp.matrix import ABSENT, Builder, Ints
from planner.milp.variables import Variables, own_node
from planner.problem import Problem


def add_fleet(builder: Builder, problem: Problem, variables: Variables) -> None:
    """What was bought is in service for its life: systems, in the inventory form, not the cumulative sum.

    ::

        bought  own[t] = own[t−1] + buy[t] − buy[t−life]  every f,a,t
    """
    purchases = problem.supply.purchases
    life = np.array([item.life_periods for item in purchases], dtype=np.int64)
    node = own_node(problem, np.array([item.common_until for item in purchases], dtype=np.int64))
    axis = [item.asset.supply for item in purchases]
    add_stock(builder, problem, "fleet", axis, variables.own, variables.buy, life, node)


def add_groups(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Retired systems do not come back.

    ::

        existing  keep[t] ≤ keep[t−1]  every f,g,t
    """
    groups = problem.supply.groups
    axis = [group.asset.supply for group in groups]
    node = own_node(problem, np.full(len(groups), problem.revealed_period))
    before = shifted(variables.keep)
    rows = builder.constraints(
        "retire",
        (axis, problem.futures, problem.timeline.names),
        upper=0.0,
        exists=(variables.keep != ABSENT) & (before != ABSENT) & node,
    )
    builder.add(rows, variables.keep, 1.0)
    builder.add(rows, before, -1.0)


def add_stock(
    builder: Builder,
    problem: Problem,
    name: str,
    axis: list[str],
    stock: Ints,
    inflow: Ints,
    life: Ints,
    node: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> None:
    """stock[t] = stock[t−1] + inflow[t] − inflow[t−life], for ``life`` (N,) periods."""
    rows = builder.constraints(
        name,
        (axis, problem.futures, problem.timeline.names),
        lower=0.0,
        upper=0.0,
        exists=(stock != ABSENT) & node,
    )
    builder.add(rows, stock, 1.0)
    builder.add(rows, shifted(stock), -1.0)
    builder.add(rows, inflow, -1.0)
    periods = np.arange(problem.timeline.periods)
    since = periods[None, :] - life[:, None]
    ended = np.take_along_axis(inflow, np.maximum(since, 0)[:, None, :].repeat(inflow.shape[1], axis=1), axis=2)
    builder.add(rows, np.where(since[:, None, :] >= 0, ended, ABSENT), 1.0)


def shifted(ids: Ints) -> Ints:
    """The ids one period earlier; absent in the first."""
    earlier = np.full_like(ids, ABSENT)
    earlier[..., 1:] = ids[..., :-1]
    return earlier
