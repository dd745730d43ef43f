"""``plan catalog checklist``: the five questions by name, for GPUs and for tokens, and all there is to ask."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planner.catalog import Catalog, load_catalog
from planner.catalog.models import Accuracy, Offer, ServingPoint, TokenApi
from planner.cli.catalog.asked import FIVE, Question
from planner.cli.catalog.checklist_sheet import every, page, questions, row_named
from planner.cli.catalog.of_apis import APIS
from planner.cli.catalog.of_offers import OFFERS
from planner.errors import InputError
from planner.scenario.workload import Workload
from tests.strategies import META, catalog, offer, point, system, token_api
from tests.test_catalog_commands import plan

NAMES = (
    "FP4 and its accuracy",
    "Speculative decoding or MTP",
    "Disaggregation, KV-aware routing, KV offload",
    "Agentic workloads",
    "Training to inference on one fleet",
)


@pytest.fixture(scope="module")
def builtin() -> Catalog:
    return load_catalog(["builtin"])


def five(row: Offer | TokenApi, rows: Catalog) -> dict[str, Question]:
    """The five questions of a row, by their names."""
    return {one.question.partition(":")[0]: one for one in questions(row, rows)[-5:]}


def test_every_offer_and_token_api_is_asked_the_five_by_name(builtin: Catalog) -> None:
    assert FIVE == NAMES
    rows: list[Offer | TokenApi] = [*builtin.offers.values(), *builtin.token_apis.values()]
    for row in rows:
        found = five(row, builtin)
        assert tuple(found) == NAMES
        assert all(one.question.endswith("?") and one.until for one in found.values())


def until(*points: Any, row: Offer | None = None, **tables: Any) -> list[str]:
    """What is known of an H node's five, in their order."""
    rows = catalog([system("h-node", **tables.pop("node", {}))], points=points)
    rows.accuracy.update({one.key: one for one in tables.get("accuracy", ())})
    return [one.until for one in five(row or offer(), rows).values()]


def test_what_is_known_of_the_five_is_counted_from_the_points_of_the_system() -> None:
    score = {"model": "m1", "precision": "fp4", "checkpoint": "own", "evaluation": "sums", "score_share": 0.8}
    points = (
        point(),
        point(series="four", precision="fp4", input_tokens_mean=8000.0),
        point(series="other-four", precision="fp4", model="m2"),
        point(series="mtp", spec_decode="mtp", requires="mtp"),
        point(series="eagle", spec_decode="eagle", requires="mtp"),
        point(series="apart", mode="disagg", requires="disagg"),
        point(series="offload", kv_offload="on", requires="kv_offload"),
    )
    known = [Accuracy.model_validate(META | score)]
    assert until(*points, accuracy=known, node={"fp4_dense_pflops_per_gpu": 9.0}) == [
        "points of 2 models in FP4, scores of 1",
        "1 point with MTP, 1 point with other drafting",
        "1 point with disaggregation, KV-aware routing not measured, 1 point with KV offload",
        "points of up to 8,000 input tokens; hits as the scenario has them",
        "both on any GPU, changed over at once",
    ]


def test_what_nobody_measured_is_called_so() -> None:
    assert until()[:4] == [
        "none: h-node computes no FP4",
        "MTP not measured, other drafting not measured",
        "disaggregation not measured, KV-aware routing not measured, KV offload not measured",
        "no points of this system; hits as the scenario has them",
    ]
    assert until(point(), node={"fp4_dense_pflops_per_gpu": 9.0})[0] == "FP4 not measured"


def test_an_endpoint_says_what_it_does_not_enable() -> None:
    endpoint = offer(service="endpoint", capabilities="disagg")
    mtp = point(series="mtp", spec_decode="mtp", requires="mtp")
    assert until(mtp, row=endpoint)[1:3] == [
        "not enabled; 1 point with MTP, other drafting not measured",
        "disaggregation not measured, KV-aware routing not measured (not enabled), KV offload not measured (not "
        "enabled)",
    ]


def test_a_token_api_is_asked_for_what_its_row_leaves_open() -> None:
    bare = token_api(ttft_ms=None, ttft_statistic=None, tpot_ms=None, tpot_statistic=None)
    answered = token_api(
        cached_input_usd_per_mtok=0.1, ttft_ms=500, ttft_statistic="p50", tpot_ms=20, tpot_statistic="p50",
        max_mtok_per_day=100, available_until="2029-01-01",
    )  # fmt: skip
    rows = catalog([system("h-node")], apis=[bare])
    fields = [one.field for one in questions(bare, rows)[:-5]]
    assert fields == [
        "input_usd_per_mtok", "cached_input_usd_per_mtok", "max_mtok_per_day", "ttft_ms", "tpot_ms", "available_until",
    ]  # fmt: skip
    assert [one.field for one in questions(answered, rows)[:-5]] == ["input_usd_per_mtok"]
    assert questions(bare, rows)[1].until == "that of other input"
    assert row_named(rows, "acme/m1") is bare
    with pytest.raises(InputError, match="acme/m2: no such offer or token API; nearest: acme/m1"):
        row_named(rows, "acme/m2")


def test_the_page_has_every_question_once_with_room_for_its_answer() -> None:
    text = page()
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    asked = [row for row in rows if row[-1] != "answer |"]
    assert len(asked) == len(OFFERS) + len(APIS)
    assert all(row[-1] == " |" for row in asked)
    for name in NAMES:
        assert text.count(f"| {name}: ") == 2
    assert text.startswith("### Request for proposals")


def test_every_answer_has_a_field_or_a_file_to_go_to() -> None:
    files = {"serving/*.csv", "energy.csv", "accuracy.csv"}
    of_points, of_workloads = set(ServingPoint.model_fields), set(Workload.model_fields)
    assert {one.field for one in OFFERS} <= set(Offer.model_fields) | files | of_points | of_workloads
    assert {one.field for one in APIS} <= set(TokenApi.model_fields) | files | of_workloads


def test_how_many_rows_leave_each_question_open(builtin: Catalog) -> None:
    counted = every(builtin)
    lots = next(one for one in counted["offers"] if one["field"] == "max_lots")
    open_ = sum(row.max_lots is None for row in builtin.offers.values())
    assert (lots["left_open_by"], lots["rows"]) == (open_, len(builtin.offers))
    cached = next(one for one in counted["token_apis"] if one["field"] == "cached_input_usd_per_mtok")
    assert cached["left_open_by"] == sum(row.cached_input_usd_per_mtok is None for row in builtin.token_apis.values())


def test_the_command_takes_a_row_or_all() -> None:
    api = json.loads(plan("checklist", "together/deepseek-r1", "--json", "-"))
    assert api["token_api"] == "together/deepseek-r1"
    assert set(json.loads(plan("checklist", "--all", "--json", "-"))) == {"offers", "token_apis"}
    assert plan("checklist", code=2) == "nothing to ask about: name an offer or a token API, or say --all\n"
    assert plan("checklist", "together/deepseek-r1", "--all", code=2) == (
        "together/deepseek-r1 and --all: name an offer or a token API, or say --all\n"
    )
