"""The clock decides nothing: it may break a search off, and then the answer says so and how to go on."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet
from typer.testing import CliRunner

import planner
from planner import solvers
from planner.cli import app
from planner.errors import InfeasiblePlan, StoppedByClock
from planner.milp import Milp, build_model
from planner.milp.matrix import Builder
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.solvers import Answer, Options, executable, run
from planner.solvers.clock import Clock
from planner.studies.alternatives.study import alternatives
from planner.studies.explain.study import explain
from planner.studies.frontier.study import frontier
from planner.studies.levers.study import levers
from planner.studies.sensitivity.study import sensitivity
from planner.studies.verify.study import verify
from tests.limits import AMPLE_S

TINY = "tests/compat/0.1.0/scenarios/tiny.yaml"
PACKAGE = Path(__file__).parents[1] / "planner"
BOTH = "procurement.systems.allow=[hgx-h200,hgx-b200]"
NO_PLAN = ("procurement.rent=[]", "sites.hall.power_mw=0.03", "budget.capex_usd={2027: 1e6}")
RATIO = ("objective=cost_per_token", "service.min_served=0.5")
MOST = ("objective=tokens", "service.min_served=0.5", "budget.total_usd=1e6")
LIMITS_S = (100.0, 5000.0)
SAID = "The clock stopped the search for "

# Where the time may be read, and what for.
READ = {
    "solvers/clock.py": "the seconds of a search, and when to break it off",
    "solvers/ortools.py": "the seconds of a solve",
    "solvers/pulp.py": "the seconds of a solve",
    "serve/desk.py": "when nobody waits for a page any more; no answer depends on it",
    "serve/tasks.py": "the seconds that a plan took, as they are told",
}
# Where the day may be read, and what for.
DATED = {
    "history/run.py": "when a run is saved, unless SOURCE_DATE_EPOCH says",
    "cli/catalog/import_.py": "the day that rows were brought in on",
    "cli/catalog/calibrate.py": "the day that a log was fitted on",
}


def large(*values: object) -> ParameterSet:
    """A case for the slow tests, where another stands for it in the quick ones."""
    return pytest.param(*values, marks=pytest.mark.solve)


def untimed(found: Any) -> Any:
    """Plain values without what was measured or asked of the clock."""
    if isinstance(found, dict):
        return {key: untimed(value) for key, value in found.items() if key not in ("seconds", "time_limit_s")}
    return [untimed(value) for value in found] if isinstance(found, list) else found


@pytest.mark.parametrize("overrides", [(), large((BOTH,)), large(RATIO), large(MOST)])
@pytest.mark.parametrize("solver", ["relay", large("scip")])
def test_another_time_limit_gives_the_same_plan(overrides: tuple[str, ...], solver: str) -> None:
    scenario = planner.load(TINY, overrides)
    one, other = (planner.solve(scenario, solver=solver, time_limit_s=limit).to_dict() for limit in LIMITS_S)
    assert untimed(one) == untimed(other)
    assert one["solver"]["reproducible"]


@pytest.mark.parametrize("overrides", [(), large(RATIO)])
@pytest.mark.slow
def test_a_clock_that_runs_fast_gives_the_same_plan(
    overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = planner.load(TINY, overrides)
    calm = planner.solve(scenario, time_limit_s=1e5).to_dict()
    now = time.perf_counter
    monkeypatch.setattr("planner.solvers.clock.time.perf_counter", lambda: 100 * now())
    assert untimed(planner.solve(scenario, time_limit_s=1e5).to_dict()) == untimed(calm)


@pytest.mark.solve
@pytest.mark.parametrize(
    "study",
    [
        lambda limit: alternatives(planner.load(TINY, (BOTH,)), within=(0.02, 0.2), time_limit_s=limit),
        lambda limit: explain(planner.load(TINY), time_limit_s=limit),
        lambda limit: explain(planner.load(TINY, NO_PLAN), time_limit_s=limit),
        lambda limit: explain(planner.load(TINY, (BOTH,)), rejected=["hgx-h200"], time_limit_s=limit),
        lambda limit: levers(planner.load(TINY), time_limit_s=limit),
    ],
    ids=["alternatives", "explain", "conflicts", "why-not", "levers"],
)
def test_another_time_limit_gives_the_same_study(study: Callable[[float], planner.studies.result.Study]) -> None:
    one, other = (study(limit).to_dict() for limit in LIMITS_S)
    assert untimed(one) == untimed(other)
    assert one["reproducible"]


class Striking:
    """Engines of which the clock breaks off the whole-number solve number ``at`` (from 1); counts those begun."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, *, empty: bool = False) -> None:
        self.at, self.empty, self.begun = at, empty, 0
        monkeypatch.setattr(solvers, "run", self)

    def __call__(self, milp: Milp, engine: str, options: Options, hint: Any = None) -> Answer:
        found = run(milp, engine, options, hint)
        if engine == "glop":
            return found
        self.begun += 1
        if self.begun != self.at:
            return found
        if self.empty:
            return replace(found, status="unknown", x=None, objective=np.inf, bound=-np.inf, wall_clock_stop=True)
        return replace(found, status="feasible", bound=-np.inf, wall_clock_stop=True)


@pytest.mark.parametrize(("overrides", "at"), [((), 1), large(RATIO, 1), (RATIO, 2), large(MOST, 1), large(MOST, 2)])
def test_the_leg_that_the_clock_breaks_off_is_the_last(
    overrides: tuple[str, ...], at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = planner.load(TINY, overrides)
    engine = Striking(monkeypatch, at)
    plan = planner.solve(scenario, gap=1e-6)
    assert engine.begun == at
    assert plan.audit.passed
    assert not plan.proof.reproducible


def test_no_plan_when_the_clock_strikes_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    Striking(monkeypatch, 1, empty=True)
    with pytest.raises(StoppedByClock, match=r"no plan found within 60 s, when the clock stopped.*--time-limit"):
        planner.solve(planner.load(TINY))


def names(count: int) -> list[str]:
    return [str(index) for index in range(count)]


def split() -> Milp:
    """Thirty things to be split in halves by three weights at once, as nearly as can be: many nodes for any engine."""
    builder, generator = Builder(), np.random.default_rng(1)
    things = builder.variables("thing", (names(30),), 1.0, integer=True)
    missed = builder.variables("missed", (names(3), names(2)), 1e4)
    weights = generator.integers(1, 100, (3, 30)).astype(float)
    rows = builder.constraints("half", (names(3),), weights.sum(axis=1) // 2, weights.sum(axis=1) // 2)
    builder.add(rows[:, None], things[None], weights)
    builder.add(rows[:, None], missed, np.array([1.0, -1.0]))
    builder.add_cost(missed, 1.0)
    return builder.build()


@pytest.mark.parametrize("engine", ["scip", "highs"])
def test_a_node_limit_is_an_end_like_any_other(engine: str) -> None:
    ends = [run(split(), engine, Options(1e-9, limit, nodes=20)) for limit in LIMITS_S]
    for found in ends:
        assert found.status == "feasible"
        assert not found.wall_clock_stop
    assert ends[0].x is not None
    assert ends[1].x is not None
    assert np.array_equal(ends[0].x, ends[1].x)
    assert ends[0].bound == ends[1].bound


@pytest.mark.solve
@pytest.mark.parametrize("engine", ["scip", "highs", "glop"])
def test_an_engine_tells_that_it_was_the_clock(engine: str) -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    milp = build_model(build_problem(scenario, catalog_of(scenario))).milp
    milp = milp.relaxed() if engine == "glop" else milp
    found = run(milp, engine, Options(1e-9, 0.01))
    assert found.status in ("feasible", "unknown")
    assert found.wall_clock_stop


def command(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100", "NO_COLOR": "1"})
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.slow
def test_plan_says_that_the_clock_stopped_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Striking(monkeypatch, 1)
    code, said = command("solve", TINY, "--json", str(tmp_path / "plan.json"))
    assert code == 4, said
    assert "; the clock stopped the search, --time-limit gives it more time" in said
    assert not json.loads((tmp_path / "plan.json").read_text())["solver"]["reproducible"]


@pytest.mark.parametrize(
    ("arguments", "at"),
    [
        (("economics", TINY, "--set", "workloads.chat.price_usd_per_mtok={input: 0.5, output: 2}"), 1),
        pytest.param(("verify", TINY, "--time-limit", f"{AMPLE_S}"), 1, marks=pytest.mark.slow),
    ],
)
def test_commands_of_one_process_say_so_and_end_with_4(
    arguments: tuple[str, ...], at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    Striking(monkeypatch, at)
    code, said = command(*arguments)
    assert code == 4, said
    assert "clock stopped" in said


@pytest.mark.solve
@pytest.mark.parametrize(
    "study",
    [
        lambda scenario: alternatives(scenario, within=(0.05,)),
        explain,
        sensitivity,
        levers,
        lambda scenario: explain(scenario, rejected=["hgx-h200"]),
    ],
    ids=["alternatives", "explain", "sensitivity", "levers", "why-not"],
)
@pytest.mark.parametrize("at", [1, 2])
def test_a_study_says_what_the_clock_stopped(study: Any, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Striking(monkeypatch, at)
    found = study(planner.load(TINY, (BOTH,) if at == 2 else ()))
    assert found.stopped
    assert not found.to_dict()["reproducible"]
    assert found.sentences[-1].startswith(SAID)


@pytest.mark.solve
def test_a_study_that_the_clock_stopped_ends_with_4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("planner.studies.pool"), "cores", lambda: 1)
    Striking(monkeypatch, 1)
    code, said = command("sensitivity", TINY)
    assert code == 4, said
    assert SAID + "the plan itself" in said


@pytest.mark.solve
def test_conflicts_that_the_clock_stopped_are_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = planner.load(TINY, NO_PLAN)
    whole = explain(scenario)
    # The plan itself takes two, what to relax of it, and then the limits that conflict begin.
    Striking(monkeypatch, 4, empty=True)
    found = explain(scenario)
    assert found.stopped
    assert not found.facts["complete"]
    assert found.sentences[-1].startswith(SAID)
    assert len(found["conflicts"]) <= len(whole["conflicts"])


@pytest.mark.parametrize("at", [1, 2])
def test_what_to_relax_says_that_the_clock_stopped_it(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    Striking(monkeypatch, at)
    with pytest.raises(InfeasiblePlan, match="The clock stopped the search for less to relax") as raised:
        planner.solve(planner.load(TINY, NO_PLAN))
    assert raised.value.stopped


@pytest.mark.slow
def test_a_cell_and_a_voice_that_the_clock_stopped_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = planner.load(TINY)
    Striking(monkeypatch, 1)
    assert frontier(scenario, "demand=x0.9:1.1:0.1").stopped == ("demand × 0.9",)
    Striking(monkeypatch, 1)
    assert verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("relay", "scip")).stopped == ("relay",)


def _reads(tree: ast.AST) -> tuple[bool, bool, bool]:
    """Whether a module imports the time, asks what day it is, and calculates with a time limit."""
    nodes = list(ast.walk(tree))
    timed = any(isinstance(node, ast.Import) and any(name.name == "time" for name in node.names) for node in nodes)
    timed |= any(isinstance(node, ast.ImportFrom) and node.module == "time" for node in nodes)
    called = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
    dated = any(name.startswith("dt.") and name.endswith((".now", ".today", ".utcnow")) for name in called)
    parts = [part for node in nodes if isinstance(node, ast.BinOp) for part in ast.walk(node)]
    split = any(getattr(part, "attr", getattr(part, "id", "")) in ("time_limit_s", "limit_s") for part in parts)
    return timed, dated, split


@pytest.mark.files
def test_only_these_modules_read_the_clock_and_none_divides_a_time_limit() -> None:
    found = {
        str(path.relative_to(PACKAGE)): _reads(ast.parse(path.read_text(encoding="utf-8")))
        for path in PACKAGE.rglob("*.py")
    }
    assert {name for name, (timed, _, _) in found.items() if timed} == set(READ)
    assert {name for name, (_, dated, _) in found.items() if dated} == set(DATED)
    # There what is left of it for the next leg, which is broken off with the whole search.
    assert {name for name, (_, _, split) in found.items() if split} == {"solvers/clock.py"}


@pytest.mark.solve
def test_a_packing_that_the_clock_struck_in_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is up once parts of replicas are planned: what is packed by then stands, and is not called reproducible."""

    class Struck(Clock):
        seconds = property(lambda self: self.limit_s)

        def rest(self, options: Options) -> Options:
            return options

    monkeypatch.setattr(executable, "OUTRIGHT", -1)
    scenario = planner.load(TINY, ("version=2",))
    assert planner.solve(scenario).proof.reproducible
    monkeypatch.setattr(executable, "Clock", Struck)
    assert not planner.solve(scenario).proof.reproducible
