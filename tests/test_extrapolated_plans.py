"""What plans on extrapolated points say of themselves: tables, notes, sources, why a point is not carried."""

from __future__ import annotations

from itertools import pairwise

import pytest

import planner
from planner.catalog import load_catalog
from planner.catalog.models import DerivedPoint
from planner.plan.exclusion import of_point
from planner.problem import build_problem
from planner.report.origins import trace_sheet
from planner.report.serving import serving_sheet
from planner.report.view import timeline_of
from planner.rules import derive_points
from planner.rules.families import gpu_seconds
from tests.lengths_cases import asking_long, sweep
from tests.strategies import Case

BUILTIN = load_catalog(["builtin"])


def planned(case: Case) -> planner.Plan:
    return planner.solve(case.scenario, case.catalog)


def test_a_plan_names_what_it_extrapolates() -> None:
    case = asking_long(sweep())
    plan = planned(case)
    row = plan.serving.iloc[0]
    assert (row["evidence"], row["derived"]) == ("independent", "extrapolated")
    assert row["note"].startswith("extrapolated to ")
    sheet = serving_sheet(plan, case.scenario, timeline_of(case.scenario, case.catalog))
    assert [line[5] for line in sheet.rows[1:]] == ["independent, extrapolated"]
    traced = plan.trace("serving")
    assert set(traced.loc[traced["gives"] == "extrapolated from", "row"]) == {
        point.name for point in sweep(loads=(32.0,))
    }
    assert {line[1] for line in trace_sheet(plan).rows if "c32x8" in line[0]} == {
        "independent, extrapolated",
        "independent",
    }


def test_the_headline_says_which_workload_rests_on_extrapolation() -> None:
    plan = planned(asking_long(sweep()))
    assert plan.weighty_notes[-1] == (
        "chat: 100 % of its requests run on points extrapolated to 20,000 input and 1,000 output tokens, which nobody "
        "measured: measure that first."
    )


def test_beyond_the_tested_lengths_the_headline_has_the_range() -> None:
    case = asking_long(sweep(), tokens={"input": 40_000, "output": 1000})
    plan = planned(case)
    (row,) = set(plan.serving["point"])
    rows = derive_points(case.scenario, case.catalog).serving.values()
    point = next(point for point in rows if point.name == row)
    assert isinstance(point, DerivedPoint)
    low, high = gpu_seconds(point) * point.least_share, gpu_seconds(point)
    assert any(
        note.endswith(
            "Beyond 32,768 input tokens how attention grows is untested: a request takes "
            f"{low:.1f} to {high:.1f} GPU-seconds, and the plan counts on {high:.1f}."
        )
        for note in plan.weighty_notes
    )


def test_credit_for_hits_that_nobody_measured_is_told() -> None:
    plan = planned(asking_long(sweep(), tokens={"input": 4000, "output": 500}, prefix_cache_hit_share=0.5))
    assert any(
        note.sentence == "chat: 100 % of its requests count on prefix-cache hits by the hardware's floors; nobody has "
        "measured such hits."
        for note in plan.notes
    )
    assert not any("has no effect" in note.sentence for note in plan.notes)


def test_points_that_were_not_carried_are_counted_with_their_reasons() -> None:
    racks = sweep(mode="disagg", requires=("disagg",))
    plan = planned(asking_long([*sweep(), *racks], tokens={"input": 80_000, "output": 1000}))
    assert [note.sentence for note in plan.notes if "not extrapolated" in note.sentence] == [
        "chat: not extrapolated to its lengths: 6 points, as nothing says how their GPUs are split into prefill and "
        "decode workers; 2 points, as weights and the caches of their requests in flight would not fit the memory."
    ]


@pytest.mark.parametrize(
    ("load", "why"),
    [
        (8.0, "; points of these lengths are extrapolated from it and its like"),
        (32.0, "; it is not extrapolated: weights and the caches of their requests in flight would not fit the memory"),
    ],
)
def test_why_not_says_what_becomes_of_a_measured_point(load: float, why: str) -> None:
    case = asking_long(sweep(), tokens={"input": 80_000, "output": 1000})
    rows = derive_points(case.scenario, case.catalog)
    problem = build_problem(case.scenario, rows)
    point = next(point for point in sweep() if point.concurrency == load)
    assert of_point(case.scenario, rows, problem, point) == {
        "chat": f"it was run with 1,000 input tokens, the workload has 80,000 (10 % is allowed){why}"
    }


def test_without_extrapolation_why_not_says_nothing_of_it() -> None:
    case = asking_long(sweep(), tokens={"input": 80_000, "output": 1000}, extrapolate="never")
    problem = build_problem(case.scenario, case.catalog)
    (why,) = of_point(case.scenario, case.catalog, problem, sweep()[0]).values()
    assert why.endswith("(10 % is allowed)")


# --- the shipped catalog ---


@pytest.mark.parametrize(
    ("model", "tokens", "least"),
    [
        ("deepseek-r1", (60_000, 800), 60),
        ("llama-3.3-70b", (3000, 400), 90),
        pytest.param("gpt-oss-120b", (60_000, 800), 20, marks=pytest.mark.slow),
    ],
)
def test_the_shipped_models_are_carried_to_lengths_of_chats_and_agents(
    model: str, tokens: tuple[int, int], least: int
) -> None:
    asked = [f"workloads.chat.model={model}", f"workloads.chat.tokens={{input: {tokens[0]}, output: {tokens[1]}}}"]
    found = planner.catalog_of(planner.load("scenarios/tiny.yaml", tuple(asked)), BUILTIN).serving.values()
    made = [row for row in found if isinstance(row, DerivedPoint)]
    assert len(made) >= least
    assert {row.derived for row in made} == {"extrapolated"}


@pytest.mark.slow
def test_hits_are_worth_two_to_three_times_at_sixty_thousand_tokens() -> None:
    """85 % of hits never make a request 6.7 times as cheap; the more there are, the less is left."""
    asked = ["workloads.chat.model=deepseek-r1", "workloads.chat.tokens={input: 60000, output: 800}"]
    work: list[dict[str, float]] = []
    for hits in (0.0, 0.5, 0.85, 0.95):
        more = (*asked, f"workloads.chat.prefix_cache_hit_share={hits}")
        rows = derive_points(planner.load("scenarios/tiny.yaml", more), BUILTIN).serving.values()
        work.append({row.name: gpu_seconds(row) for row in rows if row.derivation and row.system == "hgx-h200"})
    busy = [name for name in work[0] if "sglang-fp8-agg-tp8-nospec" in name and "@c16x" in name]
    assert len(busy) == 1
    # Without the derating 70.0, 52.1, 25.4 and 15.6 were found at 20 requests in flight.
    assert [each[busy[0]] / 1.3 for each in work] == pytest.approx([67.8, 50.7, 25.1, 15.7], abs=0.1)
    for name in work[0]:
        assert all(more[name] <= less[name] for less, more in pairwise(work))
        # Where the output has GPUs of its own and they are the slower, hits spare those that wait.
        assert "disagg" in name or all(more[name] < less[name] for less, more in pairwise(work))
        assert 1 < work[0][name] / work[2][name] < 4


@pytest.mark.slow
def test_agents_are_planned_with_their_range_and_cost_less_with_hits() -> None:
    costs = []
    for hits in (0.0, 0.5, 0.85):
        told = f"workloads.agents.prefix_cache_hit_share={hits}"
        plan = planner.solve(planner.load("scenarios/agents.yaml", (told,)))
        assert plan.audit.passed
        assert any("how attention grows is untested" in note for note in plan.weighty_notes)
        costs.append(plan.proof.value)
    assert costs[0] > 1.2 * costs[1] > 1.4 * costs[2]
