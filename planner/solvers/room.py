"""Room: by how much more a block could be served at given stocks, in parts of replicas.

Where that is next to nothing, whole replicas often find no room: what they leave unused, nothing makes up for. An LP a
block tells, so that such blocks are packed before all the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.milp import Milp
from planner.milp.parts import part
from planner.milp.widened import with_added_entries, with_columns
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
            asked = demand[alone.row_lower[demand] > 0]
            if not len(asked):
                continue
            answer = solvers.run(_growing(alone, asked), "glop", clock.rest(options))
            found[block.rows[demand]] = answer.x is None or answer.x[-1] < ENOUGH * (1 - 1e-6)
    return found


def _growing(milp: Milp, demand: Ints) -> Milp:
    """The relaxation of ``milp`` with its ``demand`` rows times 1 + the last column, of which it finds the most."""
    widened = with_columns(milp.relaxed(), np.array([-1.0]), "growth", ENOUGH)
    last = np.full(len(demand), milp.columns)
    return with_added_entries(widened, demand, last, -milp.row_lower[demand])
