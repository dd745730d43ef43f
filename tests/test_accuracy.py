"""Accuracy: the shipped scores, floors on them as a score or as points lost, and what is said of precisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog import Catalog, load_catalog
from planner.catalog.models import Accuracy, ModelSize
from planner.catalog.serving import ServingPoint
from planner.plan.exclusion import no_point
from planner.plan.notes.accuracy import accuracy_notes, floor_notes
from planner.plan.notes.note import ANYTHING, Note
from planner.rules.accuracy import loss_points, scored
from planner.rules.eligibility import unfit
from planner.scenario.models import Workload
from tests.notes import told
from tests.rule_cases import a_loss_of_accuracy, case, chat, losing, weights_as_published
from tests.strategies import META, Case, point


@pytest.fixture(scope="module")
def builtin() -> Catalog:
    return load_catalog(["builtin"])


# --- the shipped rows ---


def test_scores_are_those_of_the_cards(builtin: Catalog) -> None:
    assert len(builtin.accuracy) == 188
    assert len({row.model for row in builtin.accuracy.values()}) == 11
    fp4 = builtin.accuracy["llama-3.3-70b", "fp4", "nvidia/Llama-3.3-70B-Instruct-FP4", "MMLU"]
    assert (fp4.score_share, fp4.native_score_share, fp4.loss_points) == (0.811, 0.833, 2.2)
    assert (fp4.evidence, fp4.source) == ("vendor", ("nvidia-card-llama-3.3",))
    mx = builtin.accuracy["kimi-k2.6", "mxfp4", "haanjack/Kimi-K2.6-MXFP4", "MMLU 5-shot log-likelihood"]
    assert (mx.score_share, mx.native_score_share, mx.loss_points) == (0.8905, 0.8962, 0.57)
    # A gain is a loss below nothing.
    gain = builtin.accuracy["deepseek-r1", "fp4", "nvidia/DeepSeek-R1-0528-FP4", "AIME 2024"]
    assert gain.loss_points == -2.3


def test_the_score_of_the_weights_as_published_is_a_row_of_its_own(builtin: Catalog) -> None:
    """Law of the file: what a row lost is lost against a row of the same model, evaluation and source."""
    rows = list(builtin.accuracy.values())
    compared = 0
    for row in rows:
        if row.native_score_share is None:
            continue
        published = [
            other.score_share
            for other in rows
            if (other.model, other.evaluation, other.source) == (row.model, row.evaluation, row.source)
            and other.loss_points == 0
            and other.precision != row.precision
        ]
        if row.loss_points != 0:
            assert row.native_score_share in published, row.name
            compared += 1
    assert compared > 70
    # The precision of what loses nothing in every evaluation is what the model was published in.
    for model, size in builtin.models.items():
        of_native = [row for row in rows if (row.model, row.precision) == (model, size.native_precision)]
        assert all(row.loss_points == 0 for row in of_native), model


def test_every_served_model_has_a_precision_as_published(builtin: Catalog) -> None:
    assert {point.model for point in builtin.serving.values()} == set(builtin.models)
    assert all(size.native_precision for size in builtin.models.values())


# --- floors ---


def kept(catalog: Catalog, model: str, floor: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each precision in which a model is served keeps a floor."""
    asked = Workload.model_validate(
        {
            "name": "chat",
            "model": model,
            "tokens": {"input": 1024, "output": 1024},
            "demand": {"requests_per_s": 1.0},
            "accuracy": floor,
        }
    )
    return {
        row.precision: "accuracy" not in {misfit.rule for misfit in unfit(row, asked, catalog)}
        for row in catalog.serving.values()
        if row.model == model
    }


def test_one_point_of_mmlu_shuts_fp4_out_on_llama_and_not_on_deepseek(builtin: Catalog) -> None:
    one = {"evaluation": "MMLU", "max_loss_points": 1}
    assert kept(builtin, "llama-3.3-70b", one) == {"fp8": False, "fp4": False}
    assert kept(builtin, "deepseek-r1", one) == {"fp8": True, "fp4": True, "mxfp4": False}
    # 83.3 less 81.1 are 2.2 points; of FP8 nobody has told a score.
    assert loss_points(builtin, "llama-3.3-70b", "fp4", "MMLU") == 2.2
    assert loss_points(builtin, "llama-3.3-70b", "fp8", "MMLU") is None
    assert kept(builtin, "llama-3.3-70b", one | {"max_loss_points": 2.2}) == {"fp8": False, "fp4": True}
    assert kept(builtin, "llama-3.3-70b", one | {"max_loss_points": 2.19}) == {"fp8": False, "fp4": False}


def test_a_score_is_a_floor_too(builtin: Catalog) -> None:
    assert kept(builtin, "llama-3.3-70b", {"evaluation": "MMLU", "min_score_share": 0.811})["fp4"]
    assert not kept(builtin, "llama-3.3-70b", {"evaluation": "MMLU", "min_score_share": 0.812})["fp4"]


@given(losses=st.lists(st.floats(0, 100, allow_subnormal=False), min_size=2, max_size=2))
def test_a_looser_floor_lets_in_no_less(losses: list[float]) -> None:
    strict, loose = sorted(losses)
    asked = a_loss_of_accuracy()

    def let_in(most: float) -> set[str]:
        (workload,) = case(
            workloads=[chat(accuracy={"evaluation": "sums", "max_loss_points": most})]
        ).scenario.workloads
        return {row.precision for row in asked.catalog.serving.values() if not any(unfit(row, workload, asked.catalog))}

    assert let_in(strict) <= let_in(loose)
    # FP8 loses one point and FP4 three.
    assert let_in(loose) == {name for name, loss in (("fp8", 1.0), ("fp4", 3.0)) if loss <= loose}


def test_the_best_checkpoint_of_a_precision_counts() -> None:
    asked = losing(("fp4", "rough", 0.7), ("fp4", "careful", 0.895))
    assert loss_points(asked.catalog, "m1", "fp4", "sums") == 0.5
    assert loss_points(asked.catalog, "m1", "fp4", "words") is None
    unknown = Accuracy.model_validate(
        META | {"model": "m1", "precision": "fp8", "checkpoint": "c", "evaluation": "sums", "score_share": 0.9}
    )
    rows = replace(asked.catalog, accuracy=asked.catalog.accuracy | {unknown.key: unknown})
    assert unknown.loss_points is None
    assert loss_points(rows, "m1", "fp8", "sums") is None


def test_weights_as_published_lose_nothing() -> None:
    rows = weights_as_published().catalog
    assert loss_points(rows, "m1", "bf16", "sums") == 0.0
    assert scored(rows, "m1", "bf16")
    assert not scored(rows, "m1", "fp4")


# --- what is said ---


def served(asked: Case) -> list[Note]:
    """The notes on a plan that serves at every point of the case."""
    rows = [("chat", row.name) for row in asked.catalog.serving.values()]
    return [*told_of(asked, rows), *told(floor_notes, asked)]


def told_of(asked: Case, rows: list[tuple[str, str]]) -> list[Note]:
    from planner.plan.notes.note import Solved
    from planner.problem import build_problem
    from planner.table import Table

    tables = {"serving": Table.of_rows(["workload", "point"], rows)}
    problem = build_problem(asked.scenario, asked.catalog)
    return list(accuracy_notes(Solved(asked.scenario, asked.catalog, problem, tables, 1.0)))


def test_a_plan_says_which_precisions_nobody_has_scored() -> None:
    four = point(series="four", precision="fp4")
    (note,) = served(case(points=(point(), four)))
    assert note.sentence.startswith("chat runs m1 in fp8 and fp4, of which no score is known: ")
    # It is told with the plan: a floor would rule them out.
    assert note.most_usd == ANYTHING
    # A score in any evaluation is one, and so is to be as published.
    known = losing(("fp4", "own", 0.5)).catalog.accuracy
    size = ModelSize.model_validate(
        META | {"name": "m1", "total_params_billion": 7, "active_params_billion": 7, "native_precision": "fp8"}
    )
    assert served(case(points=(point(), four)).with_catalog(accuracy=known, models={"m1": size})) == []


def test_a_floor_says_what_it_shuts_out_and_why() -> None:
    asked = losing(("fp4", "own", 0.87))
    (note,) = served(asked)
    assert note == Note(
        "accuracy",
        "chat: at most 1 point lost in sums shuts out fp8 (no score known) and fp4 (3 points).",
        ANYTHING,
    )
    share = chat(accuracy={"evaluation": "sums", "min_score_share": 0.875})
    by_score = case(points=tuple(asked.catalog.serving.values()), workloads=[share])
    (note,) = served(by_score.with_catalog(accuracy=asked.catalog.accuracy))
    assert note.sentence == "chat: at least 87.5 % in sums shuts out fp8 (no score known) and fp4 (87 %)."


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ([("fp8", "own", 0.8), ("fp4", "own", 0.8)], "fp8 loses 10 points in sums, at most 1 may be lost"),
        ([("int4", "own", 0.9)], "fp8 has no known score in sums, at most 1 may be lost"),
    ],
)
def test_why_nothing_runs_is_said_in_points(scores: list[tuple[str, str, float]], why: str) -> None:
    asked = losing(*scores)
    alone: dict[tuple[str, ...], ServingPoint] = {
        key: row for key, row in asked.catalog.serving.items() if row.precision == "fp8"
    }
    rows = replace(asked.catalog, serving=alone)
    assert no_point(asked.scenario, rows, "h-node").endswith(f": {why}")
