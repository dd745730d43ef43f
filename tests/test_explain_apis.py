"""`plan explain` on token APIs, quotes, workers that fit no domain, and what a tenth of a second of TTFT is worth."""

from __future__ import annotations

from typing import Any

import pytest

import planner
from planner.errors import InputError
from planner.rules import apply_quotes
from planner.studies import changes
from planner.studies.explain.study import explain
from tests.rule_cases import case, chat
from tests.strategies import Case, offer, point, system, token_api

QUOTE = {"provider": "zenith", "model": "m1", "input_usd_per_mtok": 2.0, "output_usd_per_mtok": 4.0}
CHEAP = {"input_usd_per_mtok": 0.1, "output_usd_per_mtok": 0.1}
ZENITH = "zenith/m1"


def asked(scenario: planner.Scenario, catalog: planner.Catalog, *names: str) -> Any:
    rows = apply_quotes(scenario, catalog)
    return explain(scenario, rows, rejected=names, gap=1e-6)["why_not"].iloc[0]


def enters_as_told(one: Case, row: Any) -> None:
    """Just below the price that is named the API is called, just above it is not."""
    rows = apply_quotes(one.scenario, one.catalog)
    for price, called in ((row.enters_at * 0.99, True), (row.not_above * 1.01, False)):
        cheaper = changes.with_api_price(one.scenario, rows, price / row.price, row["name"])
        assert bool(len(planner.solve(*cheaper, gap=1e-6).token_api)) == called


@pytest.mark.solve
@pytest.mark.parametrize("quoted", [True, False])
def test_an_api_enters_below_the_price_that_is_named_and_not_above(quoted: bool) -> None:
    # A GPU of one request/s at 9 USD an hour answers for 0.0025 USD. At 4 USD per Mtok of output and 2 of input the API
    # asks 0.004 USD for 500 and 1,000 tokens, so it enters at 2.5 ÷ 4 of its price.
    fields: dict[str, Any] = {"token_quotes": [QUOTE]} if quoted else {"tables": {"apis": [token_api(**QUOTE)]}}
    one = case(workloads=[chat(whole_replicas=False)], procurement={"whole_on_demand_lots": False}, **fields)
    row = asked(one.scenario, one.catalog, ZENITH)
    assert (row.kind, row.state, row.price, row.unit) == ("api", "priced out", 4.0, "USD per Mtok of output")
    assert row.enters_at == pytest.approx(2.5, rel=0.01)
    assert "at $4.00 per Mtok of output the first 1 % of its workload's requests costs" in row.sentence
    enters_as_told(one, row)


@pytest.mark.parametrize(
    ("fields", "state", "words"),
    [
        ({"token_quotes": [QUOTE | CHEAP]}, "in the plan", "for chat"),
        ({"token_quotes": [QUOTE], "workloads": [chat(sla={"ttft_s": 1.0})]}, "excluded", "it states no TTFT"),
        ({"token_quotes": [QUOTE], "procurement": {"token_api": False}}, "excluded", "procurement.token_api is false"),
        pytest.param(
            {"token_quotes": [QUOTE], "workloads": [chat(token_api=False)]},
            "excluded",
            "token_api is false for chat",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_api_that_is_in_the_plan_or_shut_out_says_so(fields: dict[str, Any], state: str, words: str) -> None:
    one = case(**fields)
    row = asked(one.scenario, one.catalog, ZENITH)
    assert row.state == state
    assert words in row.sentence


@pytest.mark.parametrize("name", ["h-node", "vm/us/h-node/on_demand", "the point"])
def test_workers_that_fit_no_domain_are_told_of_system_offer_and_point(name: str) -> None:
    wide = point(gpus_per_replica=4, largest_worker_gpus=4)
    small = offer(provider="vm", region="us", lot_gpus=1, domain_gpus=1, usd_per_gpu_hour=1.0)
    points = (wide, point("b-node"))
    one = case((small, offer(system="b-node")), points, systems=(system("h-node"), system("b-node")))
    row = asked(one.scenario, one.catalog, wide.name if name == "the point" else name)
    assert row.state == "excluded"
    told = "its workers take 4 GPUs, domains of h-node on offer have 1"
    if name != "the point":
        told = "its NVLink domains have 1 GPU, and the smallest worker that fits takes 4 GPUs"
    assert told in row.sentence


def test_a_part_of_a_name_is_answered_with_names_that_it_is_in() -> None:
    one = case(token_quotes=[QUOTE])
    with pytest.raises(InputError, match=r"no such system, offer, token API or serving point; .*zenith/m1"):
        asked(one.scenario, one.catalog, "zenith")


def test_a_replica_beyond_a_domain_needs_rdma() -> None:
    wide = point(gpus_per_replica=8, largest_worker_gpus=4)
    plain = offer(provider="vm", region="us", lot_gpus=4, domain_gpus=4, interconnect="none", usd_per_gpu_hour=1.0)
    points = (wide, point("b-node"))
    one = case((plain, offer(system="b-node")), points, systems=(system("h-node"), system("b-node")))
    row = asked(one.scenario, one.catalog, "vm/us/h-node/on_demand")
    assert "it has no RDMA, and the smallest replica that fits takes 8 GPUs, more than a domain" in row.sentence


@pytest.mark.solve
@pytest.mark.parametrize(("name", "field", "ms", "limit", "step"), [
    ("TTFT target", "ttft_s", 1000.0, 1.0, 0.1), ("TPOT target", "tpot_ms", 1.0, 20.0, 1.0),
])  # fmt: skip
def test_a_step_of_latency_is_worth_what_solving_again_says(
    name: str, field: str, ms: float, limit: float, step: float
) -> None:
    # A point just beyond the target makes twice as much: a step lets it in, and halves the cost.
    latency = f"{field[:4]}_ms"
    fast: Any = {latency: 0.9 * limit * ms}
    slow: Any = {latency: (limit + step / 2) * ms, "series": "slow", "rate": 2.0}
    one = case(
        points=(point(**fast), point(**slow)),
        workloads=[chat(sla={field: limit}, whole_replicas=False)],
        procurement={"whole_on_demand_lots": False, "token_api": False},
    )
    limits = explain(one.scenario, one.catalog, gap=1e-6)["limits"].set_index(["limit", "change"])
    cost = planner.solve(one.scenario, one.catalog, gap=1e-6).proof.objective_usd
    looser = limits.loc[(name, step)]
    assert looser.cost_low_usd - 1 <= -cost / 2 <= looser.cost_high_usd + 1
    assert limits.loc[(name, -step), "state"] in ("unchanged", "no effect")
