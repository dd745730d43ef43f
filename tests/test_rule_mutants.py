"""Every definition of ``planner.rules`` against a plausible wrong one: the second model tells them apart.

Model, accounts and audit share their definitions, so a wrong one may pass the audit. Each case here is small, and made
so that one definition matters: as it stands, the planner and the second model (``oracle``, which imports none of it)
agree; with the definition changed, the planner's optimum leaves the second model's interval, or there is no plan.
"""

from __future__ import annotations

import ast
import inspect
import math
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from planner.milp import build_model
from planner.problem import build_problem
from planner.rules import (
    apply_quotes,
    attention,
    budgets,
    dates,
    demand,
    derive_points,
    eligibility,
    extrapolated,
    families,
    halls,
    hosting,
    latency,
    memory,
    offers,
    quotes,
    rates,
    residual,
    roofline,
    running,
    stages,
    survival,
    tariffs,
    work,
)
from planner.solvers import Options
from planner.solvers.objectives import minimise
from tests.hosting_mutants import HOSTING
from tests.lengths_mutants import LENGTHS
from tests.oracle import most_profit, program
from tests.oracle.points import fitted, interpolated
from tests.owning_mutants import OWNED
from tests.residual_mutants import RESOLD
from tests.rule_mutants import MUTANTS, Mutant
from tests.serving_mutants import SERVING
from tests.strategies import Case, Interval, solved
from tests.supply_mutants import SUPPLIED
from tests.survival_mutants import SURVIVED
from tests.unserved_mutants import UNSERVED

# Together they take seconds, which the quick tests do not have.
pytestmark = pytest.mark.slow

ALL_MUTANTS = [*MUTANTS, *HOSTING, *LENGTHS, *OWNED, *RESOLD, *SERVING, *SUPPLIED, *SURVIVED, *UNSERVED]
ORACLE = Path(__file__).parent / "oracle"

# Said by what is tried: misfits are unfit and latency, a family's shape and work are in every fit.
# What foremost and corners leave out decides nothing, which tests/test_thinned.py holds by enumeration.
# Energy is counted apart from what it costs, and years are named by their number.
UNTRIED = {
    "misfits", "family", "shape_of", "gpu_seconds", "fit_of", "least_squares", "reachable", "in_words", "apart",
    "foremost", "corners",
    "utility_per_it", "check_complete",
    "year_name", "year_of_period",
}  # fmt: skip
RULES = (
    attention, budgets, dates, demand, eligibility, extrapolated, families, halls, hosting, latency, memory, offers,
    quotes, rates, residual, roofline, running, stages, survival, tariffs, work,
)  # fmt: skip


@cache
def second_opinion(made: Callable[[], Case]) -> Interval:
    """The second model's interval of a case."""
    asked = made()
    credited = fitted(asked.scenario, asked.catalog)
    between = interpolated(asked.scenario, asked.catalog, credited)
    second = program(asked.scenario, asked.catalog, credited, between)
    if asked.scenario.objective == "profit":
        least, most = most_profit(second)
        return Interval(-most, -least)
    return Interval(*second.optimum())


def as_planned(asked: Case) -> Case:
    """The case with the rows that the planner adds to its catalog."""
    return Case(asked.scenario, derive_points(asked.scenario, apply_quotes(asked.scenario, asked.catalog)))


def agrees(found: Interval, opinion: Interval) -> bool:
    """Whether both see a plan, or none, and their intervals overlap."""
    return math.isinf(found.high) == math.isinf(opinion.high) and found.meets(opinion)


def in_place_of(monkeypatch: pytest.MonkeyPatch, module: Any, rule: str, wrong: Callable[..., Any]) -> None:
    """Put the wrong rule wherever a module of the planner has the right one."""
    right = vars(module)[rule]
    changed = wrong(right)
    if isinstance(module, type):
        monkeypatch.setattr(module, rule, changed)
    for name, other in list(sys.modules.items()):
        if name.startswith("planner.") or name == __name__:
            for attribute, value in list(vars(other).items()):
                if value is right:
                    monkeypatch.setattr(other, attribute, changed)


@pytest.mark.parametrize(
    "made", list(dict.fromkeys(mutant.case for mutant in ALL_MUTANTS)), ids=lambda made: made.__name__
)
def test_both_models_agree(made: Callable[[], Case]) -> None:
    assert agrees(solved(as_planned(made())), second_opinion(made))


def planned(asked: Case) -> Interval:
    """The interval of the planner's matrix alone: the audit would find some wrong rules by itself."""
    model = build_model(build_problem(asked.scenario, asked.catalog))
    wanted = asked.scenario.solve
    found = minimise(
        model, asked.scenario.objective, "auto", Options(wanted.gap, wanted.time_limit_s, wanted.seed), None
    )
    if found.x is None:
        return Interval(math.inf, math.inf)
    sign = -1.0 if found.objective == "profit" else 1.0
    return Interval(sign * found.bound, sign * found.value)


@pytest.mark.parametrize("mutant", ALL_MUTANTS, ids=str)
def test_the_second_model_tells_a_wrong_rule(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    opinion = second_opinion(mutant.case)
    in_place_of(monkeypatch, mutant.module, mutant.rule, mutant.wrong)
    assert not agrees(planned(as_planned(mutant.case())), opinion)


@pytest.mark.parametrize("name", sorted(path.name for path in ORACLE.glob("*.py")))
def test_the_second_model_imports_nothing_that_it_judges(name: str) -> None:
    """Only what a scenario and a catalog are made of: no rule, no matrix, no account, no audit."""
    tree = ast.parse((ORACLE / name).read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    others = {module for module in imported if not module.startswith("tests.oracle.")}
    ours = {module for module in others if module.split(".")[0] in ("planner", "tests")}
    assert ours <= {"planner.catalog.models", "planner.scenario.models", "planner.schedule"}


def test_every_rule_has_a_mutant() -> None:
    """Every public function of ``planner.rules`` that says a definition; lists and checks of names are none."""
    tried = {mutant.rule for mutant in ALL_MUTANTS}
    for module in RULES:
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                assert name in tried | UNTRIED, name
