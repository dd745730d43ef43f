"""Room: by how much more a block could be served at given stocks, in parts of replicas.

Where that is next to nothing, whole replicas often find no room: what they leave unused, nothing makes up for. An LP a
block tells, so that such blocks are packed before all the others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.milp import Milp
from planner.milp.parts import Entries, entries_of, part, with_entries
from planner.solvers.answer import Options
from planner.solvers.clock import Clock
from planner.solvers.packer import Packer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Of the demand. Measured on variants of shipped scenarios: of blocks with a room of 0.3 % or less hardly any was
# packed, of those with 0.4 % or more every one was.
ENOUGH = 0.01


def tight(ready: Packer, stocks: Floats, options: Options, clock: Clock) -> Bools:
    """Demand (rows,) of blocks of which ``stocks`` (columns,) leave less room than ``ENOUGH``."""
    _, taken = ready.filled(stocks)
    nothing = np.zeros(ready.milp.columns)
    found = np.zeros(ready.milp.rows, dtype=bool)
    for group in range(ready.periods):
        for block in ready.blocks(ready.period(group)):
            demand = np.flatnonzero(ready.demand[block.rows])
            no_slack = np.full(len(block.rows), np.inf)
            alone = part(ready.milp, block.entries, block.columns, block.rows, nothing, taken, no_slack)
            if not np.any(alone.row_lower[demand] > 0):
                continue
            answer = solvers.run(_growing(alone, demand), "glop", clock.rest(options))
            found[block.rows[demand]] = answer.x is None or answer.x[-1] < ENOUGH * (1 - 1e-6)
    return found


def _growing(milp: Milp, demand: Ints) -> Milp:
    """The relaxation of ``milp`` with its ``demand`` rows times 1 + the last column, of which it finds the most."""
    every, last = entries_of(milp), np.full(len(demand), milp.columns)
    more = Entries(
        np.concatenate([every.row, demand]),
        np.concatenate([every.column, last]),
        np.concatenate([every.value, -np.maximum(milp.row_lower[demand], 0.0)]),
    )
    widened = replace(
        milp,
        cost=np.append(milp.cost, -1.0),
        lower=np.append(milp.lower, 0.0),
        upper=np.append(milp.upper, ENOUGH),
        integer=np.zeros(milp.columns + 1, dtype=bool),
        guided=np.zeros(milp.columns + 1, dtype=bool),
    )
    return with_entries(widened, more)
