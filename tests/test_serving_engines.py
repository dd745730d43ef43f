"""Engines: which a workload may run on, and what a plan says of those that it runs on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

import planner
from planner.errors import ScenarioError
from planner.plan import exclusion
from planner.problem import build_problem
from planner.problem.serving import candidates
from planner.report.serving import engine_of, serving_sheet
from planner.report.view import timeline_of
from planner.rules.eligibility import unfit
from planner.rules.references import check_references
from planner.scenario.models import Workload
from tests.rule_cases import case, chat
from tests.strategies import CHAT, Case, point

FAST = point(series="quick", rate=2.0, engine="f", engine_version="vendor/f:v1.2")


def asking(*engines: str, **fields: Any) -> Case:
    """A workload beside a point of engine e, and one twice as fast of engine f."""
    wanted = {"engines": list(engines)} if engines else {}
    return case(points=(point(engine_version="0.9"), FAST), workloads=[chat(**wanted)], **fields)


def rates(asked: Case) -> dict[str, float]:
    """Requests/s of a GPU at each point that may serve, before headroom."""
    problem = build_problem(asked.scenario, asked.catalog)
    found = candidates(asked.scenario, asked.catalog, problem.timeline, {"h-node"})
    used = 1 - asked.scenario.workloads[0].stated_headroom
    return {one.engine: round(float(one.rate[0]) / used, 9) for one in found}


def test_a_workload_runs_on_the_engines_that_it_names() -> None:
    assert rates(asking()) == {"e": 1.0, "f": 2.0}
    assert rates(asking("e")) == {"e": 1.0}
    assert rates(asking("f", "e")) == {"e": 1.0, "f": 2.0}
    (misfit,) = unfit(FAST, asking("e").scenario.workloads[0], asking().catalog)
    assert misfit.rule == "engine"


@pytest.mark.parametrize("version", [1, 2])
def test_without_the_field_any_engine_will_do_in_either_version(version: int) -> None:
    assert rates(asking(version=version)) == {"e": 1.0, "f": 2.0}


def test_why_not_names_the_engine() -> None:
    asked = asking("e")
    problem = build_problem(asked.scenario, asked.catalog)
    assert exclusion.of_point(asked.scenario, asked.catalog, problem, FAST) == {
        "chat": "its engine f is not among e, workloads.engines"
    }


def test_an_engine_that_no_point_ran_on_is_a_fault() -> None:
    asked = asking("e", "vlm")
    with pytest.raises(ScenarioError, match=r"workloads\.0\.engines.1: unknown engine 'vlm'; known: e, f"):
        check_references(asked.scenario, asked.catalog)


def test_an_engine_that_nobody_knows_cannot_be_asked_for() -> None:
    asked = case(points=(point(), point(series="mute", engine="unknown")), workloads=[chat(engines=["unknown"])])
    with pytest.raises(ScenarioError, match="unknown engine 'unknown'; known: e"):
        check_references(asked.scenario, asked.catalog)


def test_gpu_hours_have_no_engine() -> None:
    given = {"name": "training", "kind": "gpu_hours", "demand": {"gpu_hours_per_day": 24}}
    with pytest.raises(ValidationError, match="engines: this does not belong to a gpu_hours workload"):
        Workload.model_validate(given | {"gpu_hours_weight": {"h-node": 1.0}, "engines": ["e"]})


@pytest.mark.slow
def test_a_plan_says_which_engine_in_which_version() -> None:
    asked = asking()
    plan = planner.solve(asked.scenario, asked.catalog)
    assert set(zip(plan.serving["engine"], plan.serving["engine_version"], strict=True)) == {("f", "vendor/f:v1.2")}
    sheet = serving_sheet(plan, asked.scenario, timeline_of(asked.scenario, asked.catalog))
    assert sheet.columns[-1].header == "serving point, engine"
    assert [row[-1].rpartition(", ")[2] for row in sheet.rows] == ["", "f v1.2"]
    (row, *_) = plan.to_dict()["serving"]
    assert (row["engine"], row["engine_version"]) == ("f", "vendor/f:v1.2")


def test_gpu_hours_run_on_no_engine() -> None:
    asked = case(workloads=[CHAT, {"name": "training", "kind": "gpu_hours", "demand": {"gpu_hours_per_day": 24}}
                            | {"gpu_hours_weight": {"h-node": 1.0}}])  # fmt: skip
    serving = planner.solve(asked.scenario, asked.catalog).serving
    assert set(serving.loc[serving["workload"] == "training", "engine"]) == {""}


@pytest.mark.parametrize(
    ("engine", "version", "told"),
    [
        ("vllm", "vllm/vllm-openai:v0.19.0-cu130", "vllm v0.19.0-cu130"),
        ("dynamo-sglang", "sglang:v0.5.8.post1", "dynamo-sglang v0.5.8.post1"),
        ("vllm", "vllm 0.18", "vllm 0.18"),
        ("tensorrt-llm", "1.3.0rc20", "tensorrt-llm 1.3.0rc20"),
        ("tensorrt-llm", "", "tensorrt-llm"),
        ("sglang", "sglang:v0.5.9; sglang:v0.5.12", "sglang v0.5.9 +1"),
        ("", "", ""),
    ],
)
def test_of_an_image_the_terminal_shows_the_tag(engine: str, version: str, told: str) -> None:
    assert engine_of(engine, version) == told
