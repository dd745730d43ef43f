"""The processor decides nothing: sums and powers have the same bits whatever kernels BLAS and NumPy find."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import bits

PACKAGE = Path(__file__).parents[1] / "planner"

# Digests of all that an engine is given, and of the fit of work to a few shapes.
DIGESTS = """
import hashlib
import planner
from planner.rules.work import fit_work
from planner.milp import build_model
from planner.pipeline import catalog_of
from planner.problem import build_problem

for name in ("tiny", "10mw", "existing-fleet", "three-futures"):
    scenario = planner.load(f"scenarios/{name}.yaml")
    milp = build_model(build_problem(scenario, catalog_of(scenario))).milp
    fields = ("cost", "lower", "upper", "row_lower", "row_upper", "indices", "data")
    print(name, *(hashlib.sha256(getattr(milp, field).tobytes()).hexdigest() for field in fields))
shapes = [(1024.0, 1024.0), (8192.0, 1024.0), (1024.0, 8192.0), (3000.0, 500.0), (700.0, 90.0)]
print(repr(fit_work(shapes, [0.41, 1.13, 2.57, 0.6, 0.11])))
"""

# Products of matrices that may stay, by file, and why.
PRODUCTS = {
    "milp/providers.py": "counts of GPUs of contracts, whole numbers: exact in any order",
    "rules/work.py": "sides of a hull, compared with room to spare",
    "plan/relaxation.py": "figures of a report",
    "plan/kpis.py": "figures of a report",
    "plan/ledger.py": "figures of an export",
    "export/focus.py": "figures of an export",
    "traffic/calibrate.py": "a fit to a log, which decides no plan by itself",
    "report/workbook/by_period.py": "figures of an export",
    "report/workbook/cash_flow.py": "figures of an export",
    "report/workbook/proof.py": "figures of an export",
    "finance.py": "where a rate is looked for; what is found is exact to 9 digits",
}
# Powers, exponentials and logarithms of arrays that may stay, by file, and why.
CURVES = {
    "bits.py": "the wide ones themselves",
    "render/figures.py": "digits of what is shown",
    "render/plots.py": "ticks of what is drawn",
    "traffic/tally.py": "bins of what a simulation counts, which decides no plan",
    "finance.py": "where a rate is looked for; what is found is exact to 9 digits",
    "studies/breakeven/sourcing.py": "curves of a report",
}


def printed(**surroundings: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        env=os.environ | surroundings,
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def vector_units() -> str:
    """What NumPy would use here beyond its baseline."""
    core: Any = import_module("numpy._core._multiarray_umath")
    return " ".join(name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name))


@pytest.mark.process
def test_an_engine_is_given_the_same_bits_whatever_the_processor_offers() -> None:
    plain = printed()
    assert plain.count("\n") == 5
    assert printed(OPENBLAS_CORETYPE="Nehalem") == plain
    assert printed(OPENBLAS_CORETYPE="Haswell") == plain
    assert printed(NPY_DISABLE_CPU_FEATURES=vector_units()) == plain


@given(st.floats(0.5, 2.0), st.lists(st.floats(-30, 30), min_size=1, max_size=20))
def test_wide_powers_are_powers(base: float, exponents: list[float]) -> None:
    assert bits.power(base, exponents) == pytest.approx(np.power(base, exponents), rel=1e-14)
    assert bits.exp(exponents) == pytest.approx(np.exp(exponents), rel=1e-14)
    assert bits.log(np.abs(exponents) + 1) == pytest.approx(np.log(np.abs(exponents) + 1), rel=1e-14)


def test_a_dot_is_over_the_last_axis() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    assert (bits.dot(values, np.array([1.0, 0.0, 2.0, 0.0])) == values[..., 0] + 2 * values[..., 2]).all()


def _uses(tree: ast.AST) -> tuple[bool, bool]:
    """Whether a module multiplies matrices, and whether it calls curves that NumPy computes by the processor."""
    curves = {"power", "exp", "expm1", "log", "log1p", "log10", "float_power"}
    product = any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) for node in ast.walk(tree))
    numpy = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np"
    }
    return product or bool(numpy & {"dot", "matmul", "linalg", "inner"}), bool(numpy & curves)


@pytest.mark.files
def test_products_and_curves_are_in_an_order_of_their_own_but_where_they_decide_nothing() -> None:
    found = {
        str(path.relative_to(PACKAGE)): _uses(ast.parse(path.read_text(encoding="utf-8")))
        for path in PACKAGE.rglob("*.py")
    }
    assert {name for name, (product, _) in found.items() if product} == set(PRODUCTS)
    assert {name for name, (_, curve) in found.items() if curve} == set(CURVES)
