"""The scenarios that 0.1.0 shipped, with its catalog: the same plans at the same costs."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

import planner
from planner.plan import Plan
from planner.scenario import digest, scenario_digest
from tests.limits import AMPLE_S
from tests.store import ROOT

FOLDER = ROOT / "tests" / "compat" / "0.1.0"
PLANS: dict[str, dict[str, Any]] = json.loads((FOLDER / "plans.json").read_text(encoding="utf-8"))
LARGE = ("existing-fleet", "rent-only", "three-futures", "10mw", "hopper-vs-blackwell")
# Proven to the last cent, so there is nothing between one plan of theirs and another.
EXACT = ("tiny", "hopper-vs-blackwell")
TABLES = ("purchases", "retirements", "contracts")


def _marked(name: str) -> ParameterSet:
    return pytest.param(name, marks=[pytest.mark.solve] if name in LARGE else [])


def path_of(name: str) -> Path:
    return FOLDER / "scenarios" / f"{name}.yaml"


@cache
def planned(name: str) -> Plan:
    """The plan of a scenario of 0.1.0, from the catalog of 0.1.0 in the place of the builtin one."""
    catalogs = planner.load(path_of(name)).catalogs
    frozen = ", ".join("../catalog" if catalog == "builtin" else catalog for catalog in catalogs)
    return planner.solve(planner.load(path_of(name), (f"catalogs=[{frozen}]",)), time_limit_s=AMPLE_S)


def test_every_frozen_scenario_has_its_plan() -> None:
    assert set(PLANS) == {path.stem for path in (FOLDER / "scenarios").glob("*.yaml")}


@pytest.mark.parametrize("name", PLANS)
def test_a_scenario_of_version_1_has_the_digest_it_had(name: str) -> None:
    scenario = planner.load(path_of(name))
    assert scenario.version == 1
    assert scenario_digest(scenario) == PLANS[name]["scenario_digest"]


def test_a_newer_field_counts_only_where_it_says_something(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if version 1 had known neither the seed nor the haircut, nor a section of how to solve."""

    def of(*overrides: str) -> str:
        return scenario_digest(planner.load(path_of("tiny"), overrides))

    before, fields = of(), digest._fields_of_version_1()
    older = {name: known - {"seed", "residual_haircut", "solve"} for name, known in fields.items()}
    older = {name: known for name, known in older.items() if name != "Solve"}
    monkeypatch.setattr(digest, "_fields_of_version_1", lambda: older)
    assert of() != before
    # What version 1 means by leaving them out, said or not.
    assert of("solve.seed=1") == of("finance.residual_haircut=1.0") == of("solve.gap=0.001") == of()
    told = ["solve.seed=2", "finance.residual_haircut=0.65", "solve.gap=0.01", "version=2"]
    assert len({of(), *map(of, told)}) == 5
    # Version 2 means something else by it.
    assert of("version=2") == of("version=2", "finance.residual_haircut=0.65") == of("version=2", "solve.gap=0.01")
    assert of("version=2") != of("version=2", "finance.residual_haircut=1.0")


@pytest.mark.parametrize("name", [_marked(name) for name in PLANS])
def test_a_scenario_of_version_1_costs_what_it_did(name: str) -> None:
    """Both plans are proven within a gap, so that neither costs less than the other's bound."""
    plan, before = planned(name), PLANS[name]["solver"]
    assert plan.status == PLANS[name]["status"] == "optimal"
    assert plan.proof.gap_asked == before["gap_asked"]
    assert plan.proof.best_bound_usd is not None
    cent = 1e-9 * before["objective_usd"]
    assert plan.proof.best_bound_usd <= before["objective_usd"] + cent
    assert plan.proof.objective_usd >= before["best_bound_usd"] - cent
    assert plan.kpis["npv_usd"] == pytest.approx(PLANS[name]["kpis"]["npv_usd"], rel=plan.proof.gap + before["gap"])


@pytest.mark.parametrize("name", [_marked(name) for name in EXACT])
def test_a_scenario_of_version_1_orders_what_it_did(name: str) -> None:
    result = planned(name).to_dict()
    for table in TABLES:
        before = PLANS[name][table]
        assert len(result[table]) == len(before)
        for row, known in zip(result[table], before, strict=True):
            assert {key: row[key] for key in known} == pytest.approx(known)
    for figure, known in PLANS[name]["kpis"].items():
        assert result["kpis"][figure] == pytest.approx(known, rel=1e-9), figure
