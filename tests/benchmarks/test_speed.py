"""How long things take: run with ``pytest tests/benchmarks --benchmark-only``. Nothing here asserts a time."""

from __future__ import annotations

import subprocess
import sys

from pytest_benchmark.fixture import BenchmarkFixture

import planner
from planner.milp import build_model
from planner.pipeline import catalog_of
from planner.problem import build_problem
from tests.benchmarks.fleet import fleet

FLEET = (60, 6, 24, 8)


def test_build_10mw(benchmark: BenchmarkFixture) -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    problem = build_problem(scenario, catalog_of(scenario))
    model = benchmark(build_model, problem)
    benchmark.extra_info.update(columns=model.milp.columns, coefficients=len(model.milp.data))


def test_solve_10mw(benchmark: BenchmarkFixture) -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    catalog = catalog_of(scenario)
    plan = benchmark.pedantic(planner.solve, (scenario, catalog), rounds=3)
    benchmark.extra_info.update(gap=plan.proof.gap, status=plan.status)


def test_10mw_from_the_shell(benchmark: BenchmarkFixture) -> None:
    command = [sys.executable, "-m", "planner.cli", "scenarios/10mw.yaml"]
    benchmark.pedantic(subprocess.run, (command,), {"check": True, "capture_output": True}, rounds=3)


def test_help_from_the_shell(benchmark: BenchmarkFixture) -> None:
    command = [sys.executable, "-m", "planner.cli", "--help"]
    benchmark.pedantic(subprocess.run, (command,), {"check": True, "capture_output": True}, rounds=3)


def test_build_fleet_problem(benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(build_problem, fleet(*FLEET), rounds=3)


def test_build_fleet(benchmark: BenchmarkFixture) -> None:
    problem = build_problem(*fleet(*FLEET))
    model = benchmark.pedantic(build_model, (problem,), rounds=3)
    benchmark.extra_info.update(columns=model.milp.columns, coefficients=len(model.milp.data))


def test_solve_fleet(benchmark: BenchmarkFixture) -> None:
    scenario, catalog = fleet(*FLEET)
    plan = benchmark.pedantic(planner.solve, (scenario, catalog), {"time_limit_s": 300}, rounds=1)
    benchmark.extra_info.update(gap=plan.proof.gap, status=plan.status)
