"""A second opinion on a plan: every installed engine on the same matrix, each answer audited.

A small plan of whole replicas is asked of the engines as it is. They do not prove a large one in a sensible time: the
plan is then the planner's own, packed and audited, and the engines are asked what it costs in parts of replicas and of
hourly lots, which no plan of whole ones undercuts.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace
from importlib import import_module
from typing import Any, Literal

import numpy as np

from planner._version import __version__
from planner.accounts import Account, totals_of
from planner.audit import audit_of
from planner.catalog import Catalog
from planner.errors import InputError, PlannerError, StoppedByClock
from planner.frozen import dataclass
from planner.milp import Model, build_model
from planner.pipeline import explain, model_of
from planner.plan.extract import decisions
from planner.problem import build_problem
from planner.render.figures import gap_percent
from planner.rules import derive_points
from planner.scenario import Scenario, scenario_digest
from planner.scenario.parts import in_parts
from planner.solvers import Options, executable, pulp
from planner.solvers.answer import relative_gap
from planner.solvers.clock import Clock
from planner.solvers.objectives import minimise
from planner.studies.command import Progress
from planner.studies.result import Result

ENGINES = ("relay", "scip", "highs", "cpsat")
# CP-SAT takes every column in whole steps: its plans are plans, its bounds and its "infeasible" prove nothing here.
_WHOLE_STEPS = ("cpsat",)
# Nor do they come to an end by a proof: so much of an effort is a dozen seconds.
WHOLE_STEP_NODES = 3000
# What the planner's own plan of whole replicas is called beside the engines.
PLAN = "plan"
# PuLP's names of engines that OR-Tools already runs.
_SAME_ENGINE = ("scip", "highs")
# Engines keep their own feasibility tolerances, so bounds and values are told apart only above this.
TOLERANCE = 1e-6

State = Literal["optimal", "stopped", "infeasible", "no plan"]


@dataclass(frozen=True)
class EngineResult:
    """One engine's answer. ``value`` is its audited plan's objective, ``bound`` what it proves no plan can beat.

    ``state`` is what the engine claims: ``stopped`` is the end of its effort without a proof; ``late`` where that was
    the clock. ``own_bound`` is False where the engine gives none and the LP relaxation's stands in. ``remark`` says
    what is wrong with the claim.
    """

    engine: str
    version: str
    state: State
    value: float | None
    bound: float | None
    own_bound: bool
    seconds: float
    checks: int
    audited: bool
    remark: str = ""
    late: bool = False


@dataclass(frozen=True)
class Verification(Result):
    """All engines on one matrix. ``conflicts`` are sentences: proofs that exclude each other, audits that failed.

    ``refuted`` are engines whose optimum another engine's audited plan undercuts by more than the gap, or who
    found no plan where there is one. ``in_parts`` is None where no replica of the scenario is whole, False where the
    engines had the matrix of whole ones, True where they had the one in parts and ``plan`` is the one in whole ones.
    """

    scenario: str
    scenario_digest: str
    objective: str
    unit: str
    gap: float
    voices: tuple[EngineResult, ...]
    conflicts: tuple[str, ...]
    refuted: tuple[str, ...]
    in_parts: bool | None = None
    plan: EngineResult | None = None

    @property
    def passed(self) -> bool:
        """Whether all proven intervals overlap and every plan passed its audit."""
        return not self.conflicts

    @property
    def stopped(self) -> tuple[str, ...]:
        """The engines that the clock stopped."""
        asked = self.voices if self.plan is None else (self.plan, *self.voices)
        return tuple(voice.engine for voice in asked if voice.late)

    @property
    def sentence(self) -> str:
        """The verdict."""
        if not self.passed:
            return "; ".join(self.conflicts)
        plans = [voice for voice in self.voices if voice.value is not None]
        said = f"{len(plans)} engines have a plan: every proven interval overlaps and every plan passed its audit"
        if self.plan is None:
            return said
        if self.plan.value is None:
            return f"in parts of replicas {said}; in whole ones no plan was found"
        return f"in parts of replicas {said}, as did the plan in whole ones, which no bound of theirs rules out"

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        own = {"in_parts": self.in_parts, "plan": self.plan}
        fields = {name: value for name, value in asdict(self).items() if name not in own or own[name] is not None}
        return {"version": 1, "planner": __version__, "passed": self.passed, **fields}


def engines() -> tuple[str, ...]:
    """Every engine that can run here: the relay, OR-Tools' own, and PuLP's beyond them."""
    # OR-Tools first: where highspy is installed PuLP loads it, and then OR-Tools could not be loaded any more.
    with suppress(ImportError):
        import_module("planner.solvers.ortools")
    names = [name for name in pulp.ALIASES if name not in _SAME_ENGINE and pulp.available(name)]
    return (*ENGINES, *(f"pulp:{name}" for name in names))


def verify(
    scenario: Scenario,
    catalog: Catalog,
    gap: float,
    time_limit_s: float,
    *,
    names: tuple[str, ...] | None = None,
    progress: Progress = lambda engine: None,
) -> Verification:
    """Every engine's answer to ``scenario`` to ``gap``, each with ``time_limit_s``; ``progress`` hears which one runs.

    Raises InfeasiblePlan where all that come to an end find no plan.
    """
    catalog = derive_points(scenario, catalog)
    options = Options(gap=gap, time_limit_s=time_limit_s, seed=scenario.solve.seed)
    model, asked, plan = model_of(scenario, catalog), scenario, None
    whole = model.problem.whole
    if whole and not executable.outright(model.milp):
        progress(PLAN)
        plan = replace(_ask(scenario, catalog, model, "relay", options), engine=PLAN)
        asked = in_parts(scenario)
        model = build_model(build_problem(asked, catalog))
    voices = []
    for engine in names if names is not None else engines():
        progress(engine)
        voices.append(_ask(asked, catalog, model, engine, options))
    if not any(voice.value is not None for voice in voices) and any(v.state == "infeasible" for v in voices):
        raise explain(scenario, catalog, options)
    more_is_better = scenario.objective in ("tokens", "profit")
    judged, conflicts, refuted = judge(voices, gap, more_is_better=more_is_better)
    if plan is not None:
        conflicts += against(plan, voices, more_is_better=more_is_better)
    unit = {"tokens": "Mtok", "cost_per_token": "USD/Mtok"}.get(scenario.objective, "USD NPV")
    return Verification(
        scenario.name, scenario_digest(scenario), scenario.objective, unit, gap, judged, conflicts, refuted,
        in_parts=plan is not None if whole else None, plan=plan,
    )  # fmt: skip


def _ask(scenario: Scenario, catalog: Catalog, model: Model, engine: str, options: Options) -> EngineResult:
    clock = Clock(options.time_limit_s)
    if engine in _WHOLE_STEPS:
        options = replace(options, nodes=WHOLE_STEP_NODES)
    try:
        outcome = minimise(model, scenario.objective, engine, options)
    except InputError:
        raise
    except PlannerError as error:
        late = isinstance(error, StoppedByClock)
        ended: State = "stopped" if late else "no plan"
        said = str(error).partition(";")[0]
        return EngineResult(engine, "", ended, None, None, False, clock.seconds, 0, False, said, late)
    answer = outcome.answer
    if outcome.x is None:
        state: State = "infeasible" if answer.status == "infeasible" else "no plan"
        return EngineResult(engine, answer.version, state, None, None, False, outcome.seconds, 0, False)
    account = Account(scenario, catalog, decisions(model, outcome.x))
    found = audit_of(account, model.milp.objective(outcome.x))
    value = outcome.value if scenario.objective != "cost" else totals_of(account).objective_usd
    remark = "" if found.passed else f"audit: {found.violations[0].sentence}"
    return EngineResult(
        engine=engine,
        version=answer.version,
        state="optimal" if answer.status == "optimal" else "stopped",
        value=value,
        bound=outcome.bound if np.isfinite(outcome.bound) and engine not in _WHOLE_STEPS else None,
        own_bound=not engine.startswith("pulp:") and engine not in _WHOLE_STEPS,
        seconds=outcome.seconds,
        checks=found.checks,
        audited=found.passed,
        remark=remark,
        late=outcome.stopped,
    )


def judge(
    voices: list[EngineResult], gap: float, *, more_is_better: bool
) -> tuple[tuple[EngineResult, ...], tuple[str, ...], tuple[str, ...]]:
    """The results with remarks, the conflicts between them, and the engines whose optimum is refuted."""
    sign = -1.0 if more_is_better else 1.0
    plans = [voice for voice in voices if voice.value is not None and voice.audited]
    best = min(plans, key=lambda voice: sign * _known(voice.value), default=None)
    judged, refuted = [], []
    failed = [voice for voice in voices if voice.value is not None and not voice.audited]
    conflicts = [f"{voice.engine}'s plan fails its audit ({voice.remark})" for voice in failed]
    for voice in voices:
        remark = voice.remark
        if best is not None and voice.engine != best.engine:
            target = sign * _known(best.value)
            if voice.state == "infeasible":
                remark = f"refuted: {best.engine} has an audited plan"
                refuted.append(voice.engine)
            elif voice.state == "optimal" and voice.value is not None and voice.audited:
                short = relative_gap(sign * voice.value, target)
                if short > gap + TOLERANCE:
                    remark = f"refuted: {best.engine}'s audited plan is {gap_percent(short)} better"
                    refuted.append(voice.engine)
            if voice.bound is not None and relative_gap(sign * voice.bound, target) > TOLERANCE:
                conflicts.append(
                    f"{voice.engine} proves that nothing is better than {voice.bound:.9g}, "
                    f"and {best.engine} has an audited plan at {best.value:.9g}"
                )
        judged.append(EngineResult(**{**vars(voice), "remark": remark}))
    return tuple(judged), tuple(conflicts), tuple(refuted)


def against(plan: EngineResult, voices: list[EngineResult], *, more_is_better: bool) -> tuple[str, ...]:
    """What contradicts a plan of whole replicas: its audit, and proofs that not even parts of them could be so good."""
    if plan.value is None:
        able = [voice.engine for voice in voices if voice.value is not None and voice.audited]
        refuted = plan.state == "infeasible" and able
        return (
            (f"the planner finds nothing to plan with, and {able[0]} has an audited plan in parts",) if refuted else ()
        )
    if not plan.audited:
        return (f"the plan of whole replicas fails its audit ({plan.remark})",)
    sign = -1.0 if more_is_better else 1.0
    return tuple(
        f"{voice.engine} proves that nothing in parts of replicas is better than {voice.bound:.9g}, and there is an "
        f"audited plan of whole ones at {plan.value:.9g}"
        for voice in voices
        if voice.bound is not None and relative_gap(sign * voice.bound, sign * plan.value) > TOLERANCE
    )


def _known(value: float | None) -> float:
    assert value is not None
    return value
