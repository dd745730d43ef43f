"""The model in a file: other solvers read it, and find the plan's optimum."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pulp
import pytest
from ortools.math_opt.io.python import mps_converter
from ortools.math_opt.python import mathopt

import planner
from planner.errors import InfeasiblePlan, InputError
from planner.export import mps
from planner.solvers import executable
from tests.exports import TINY, Solved, either_plan, rich_plan, solved_file, tiny_plan  # noqa: F401
from tests.tiny import in_parts, whole


def _cbc(path: Path) -> float:
    _, problem = pulp.LpProblem.fromMPS(str(path))
    problem.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=1e-4))
    return float(problem.objective.value())


def test_the_written_model_has_the_plans_optimum(solved: Solved, tmp_path: Path) -> None:
    plan, path = solved.plan, tmp_path / "model.mps"
    columns, _ = mps.write_model(solved.scenario, path)
    gap = plan.proof.gap_asked
    for value in (_cbc(path), _scip(path)):
        assert plan.proof.bound * (1 - gap) <= value <= plan.kpis["npv_usd"] * (1 + gap)
    names = re.findall(r"^ {4}(\S+) ", path.read_text().partition("COLUMNS")[2].partition("RHS")[0], flags=re.M)
    assert len(set(names) - {"MARK"}) == columns


def _scip(path: Path) -> float:
    model = mathopt.Model.from_model_proto(mps_converter.mps_to_model_proto(path.read_text()))
    return float(mathopt.solve(model, mathopt.SolverType.GSCIP).objective_value())


@pytest.mark.solve
def test_whole_replicas_are_whole_in_the_file_though_a_large_plan_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executable, "OUTRIGHT", 0)
    path = tmp_path / "model.mps"
    mps.write_model(whole(), path)
    assert "replicas(chat," in path.read_text()
    plan = planner.solve(whole())
    assert plan.proof.name == "packing"
    assert _scip(path) == pytest.approx(plan.kpis["npv_usd"], rel=1e-3)
    assert _scip(path) > planner.solve(in_parts()).kpis["npv_usd"] * 1.01


def test_the_lp_file_has_the_same_optimum(tiny: Solved, tmp_path: Path) -> None:
    path = tmp_path / "model.lp"
    mps.write_model(tiny.scenario, path)
    cbc = pulp.PULP_CBC_CMD().path
    told = subprocess.run([cbc, str(path), "solve", "quit"], capture_output=True, text=True, check=True).stdout
    value = re.search(r"Objective value: +([\d.]+)", told)
    assert value is not None
    assert float(value[1]) == pytest.approx(tiny.plan.kpis["npv_usd"], rel=1e-9)


def test_names_are_readable_distinct_and_plain(tiny: Solved, rich: Solved) -> None:
    text, _ = mps.model_text(tiny.scenario)
    assert "buy(hall,hgx_h200,2027)" in text
    assert "power(hall,2028)" in text
    text, _ = mps.model_text(rich.scenario)
    assert "buy(dallas,node,boom,2027_Q4)" in text
    # What is due whatever is decided, the lease and the signed contract, is a column of its own.
    assert re.search(rf"FX BND +{mps.DUE_ANYWAY} +1\.0", text)
    assert all(re.fullmatch(r"[\w.,()@+'*:$-]+", word) for word in text.split())


def test_names_that_solvers_would_confuse_are_kept_apart() -> None:
    from planner.milp.matrix import Builder

    builder = Builder()
    builder.variables("gpus", (["a b", "a_b", "a-b", "ü" * 300, "x" * 300, "x" * 299 + "y"],))
    names = mps.names(builder.build().column_blocks, ("base",))
    assert names[:3] == ["gpus(a_b)", "gpus(a_b).2", "gpus(a_b).3"]
    assert len(set(names)) == 6
    assert max(map(len, names)) <= mps.LONGEST


@pytest.mark.solve
@pytest.mark.parametrize("objective", ["profit", "tokens"])
def test_other_objectives_are_those_of_the_plan(tiny: Solved, tmp_path: Path, objective: str) -> None:
    more = ["workloads.chat.price_usd_per_mtok={input: 0.2, output: 0.7}", "workloads.chat.min_served=0.5"]
    solved = solved_file(TINY, f"objective={objective}", "sites.hall.power_mw=0.03", "procurement.rent=[]", *more)
    path = tmp_path / "model.mps"
    mps.write_model(solved.scenario, path)
    assert -_scip(path) == pytest.approx(solved.plan.proof.value, rel=2e-3)


def test_a_ratio_is_refused(tiny: Solved, tmp_path: Path) -> None:
    scenario = planner.load(TINY, ("objective=cost_per_token", "workloads.chat.min_served=0.5"))
    with pytest.raises(InputError, match="is a ratio, which no linear model states"):
        mps.write_model(scenario, tmp_path / "model.mps")
    assert not any(tmp_path.iterdir())


def test_an_infeasible_scenario_has_a_model(tmp_path: Path) -> None:
    scenario = planner.load(TINY, ("procurement.rent=[]", "sites.hall.power_mw=0.03"))
    with pytest.raises(InfeasiblePlan):
        planner.solve(scenario)
    mps.write_model(scenario, tmp_path / "model.mps")
    model = mathopt.Model.from_model_proto(mps_converter.mps_to_model_proto((tmp_path / "model.mps").read_text()))
    reason = mathopt.solve(model, mathopt.SolverType.GSCIP).termination.reason
    assert reason == mathopt.TerminationReason.INFEASIBLE
