"""The model itself, as an MPS or LP file that any solver reads, with names that people read.

A column is named after its decision: ``buy(dallas,gb300_nvl72,2027_Q2)`` is systems put in service,
``gpus(chat,dallas.gb300_nvl72,…,2027_Q2,day)`` GPUs that serve. Names keep to what the strictest LP readers take, and
are the same in both formats. What is due whatever is decided is the cost of ``due_anyway``, fixed at 1.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from planner.catalog import Catalog
from planner.milp import Model, build_model
from planner.milp.matrix import Block, Milp
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.render.files import write_file
from planner.render.target import check_ending
from planner.scenario import Scenario
from planner.solvers import load_pulp
from planner.solvers.objectives import matrix_of

ENDINGS = (".mps", ".lp")
DUE_ANYWAY = "due_anyway"
# Solvers refuse longer ones.
LONGEST = 200
# A bound this wide is none.
_WIDEST = 1e15


def write_model(scenario: Scenario, path: str | Path, catalog: Catalog | None = None) -> tuple[int, int]:
    """Write the model of ``scenario`` at ``path`` (.mps or .lp); returns its numbers of columns and rows.

    Nothing is solved, so an infeasible scenario has a file too. Raises InputError for another ending, for the objective
    `cost_per_token` and where the file cannot be written.
    """
    path = Path(path)
    text, size = model_text(scenario, catalog, check_ending(path, ENDINGS, "--mps"))
    write_file(path, text)
    return size


def model_text(scenario: Scenario, catalog: Catalog | None = None, ending: str = ".mps") -> tuple[str, tuple[int, int]]:
    """The text of such a file, and its numbers of columns and rows."""
    catalog = catalog_of(scenario) if catalog is None else catalog
    model = build_model(build_problem(scenario, catalog))
    problem, size = _problem(model, matrix_of(model, scenario.objective))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"model{ending}"
        if ending == ".mps":
            problem.writeMPS(str(file))
        else:
            problem.writeLP(str(file), max_length=LONGEST + 1)
        text = file.read_text(encoding="utf-8")
    return text, size


def names(blocks: Sequence[Block], futures: Sequence[str]) -> list[str]:
    """A name for each column or row of ``blocks``, all different; the future is left out where there is only one."""
    found: list[str] = []
    for block in blocks:
        axes = list(block.axes)
        positions = np.unravel_index(block.cells, [len(axis) for axis in axes]) if axes else ()
        told = [index for index, axis in enumerate(axes) if not (len(futures) == 1 and tuple(axis) == tuple(futures))]
        for cell in range(len(block.cells)):
            parts = [axes[index][int(positions[index][cell])] for index in told]
            found.append(f"{block.name}({','.join(parts)})" if parts else block.name)
    return _distinct([_plain(name) for name in found])


def _plain(name: str) -> str:
    """What every LP and MPS reader takes: no blanks, operators, colons, brackets or letters beyond ASCII."""
    name = re.sub(r"[/:]", ".", name)
    name = re.sub(r"[^A-Za-z0-9_.,()@]", "_", name)
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _distinct(found: list[str]) -> list[str]:
    """Names that became equal get a number behind, none that another has."""
    seen: set[str] = set()
    for index, name in enumerate(found):
        again, number = name, 1
        while again in seen:
            number += 1
            again = f"{name}.{number}"
        seen.add(again)
        found[index] = again
    return found


def _problem(model: Model, milp: Milp) -> tuple[Any, tuple[int, int]]:
    """The matrix as a PuLP problem, which writes both formats with 12 digits, and its numbers of columns and rows."""
    pulp = load_pulp()
    problem = pulp.LpProblem("plan", pulp.LpMinimize)
    futures = model.problem.futures
    columns = [
        pulp.LpVariable(
            name,
            float(low) if np.isfinite(low) else None,
            float(high) if high < _WIDEST else None,
            pulp.LpInteger if whole else pulp.LpContinuous,
        )
        for name, low, high, whole in zip(
            names(milp.column_blocks, futures), milp.lower, milp.upper, milp.integer, strict=True
        )
    ]
    terms = [(column, cost) for column, cost in zip(columns, milp.cost.tolist(), strict=True) if cost]
    if milp.constant:
        terms.append((pulp.LpVariable(DUE_ANYWAY, 1, 1), milp.constant))
    problem.addVariables(columns)
    rows = 0
    problem.setObjective(pulp.LpAffineExpression(terms, name="cost"))
    for row, name in enumerate(names(milp.row_blocks, futures)):
        at = slice(milp.indptr[row], milp.indptr[row + 1])
        left = [(columns[index], value) for index, value in zip(milp.indices[at], milp.data[at].tolist(), strict=True)]
        for suffix, sense, side in _sides(pulp, float(milp.row_lower[row]), float(milp.row_upper[row])):
            problem.addConstraint(pulp.LpConstraint(pulp.LpAffineExpression(left), sense, f"{name}{suffix}", side))
            rows += 1
    return problem, (len(columns) + bool(milp.constant), rows)


def _sides(pulp: Any, low: float, high: float) -> list[tuple[str, Any, float]]:
    """A row's sides; one with both becomes two rows."""
    if low == high:
        return [("", pulp.LpConstraintEQ, low)]
    if np.isfinite(low) and np.isfinite(high):
        return [(".least", pulp.LpConstraintGE, low), (".most", pulp.LpConstraintLE, high)]
    if np.isfinite(low):
        return [("", pulp.LpConstraintGE, low)]
    return [("", pulp.LpConstraintLE, high)] if np.isfinite(high) else []
