"""What a plan does not use has a sentence: of contracts, quotes and NVLink domains."""

from __future__ import annotations

from typing import Any

import pytest

from planner.plan.notes import RULES, notes_without_a_plan
from planner.plan.notes.contracts import contract_notes
from planner.plan.notes.domains import domain_notes
from planner.plan.notes.quotes import quote_notes, token_quote_notes
from planner.plan.notes.settings import setting_notes
from planner.problem import build_problem
from planner.rules import apply_quotes
from tests.notes import told
from tests.rule_cases import HALL, QUARTERS, YEARS, case, chat, node
from tests.strategies import offer, point, system

PAID = {"provider": "core", "system": "h-node", "gpus": 16, "usd_per_gpu_hour": 1.0}
SIGNED = PAID | {"start": "2027-01", "end": "2029-01"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"start": "2025-01", "end": "2026-01"}, "has no day in the horizon: 2025-01-01 to 2026-01-01."),
        ({"start": "2031-01", "end": "2032-01"}, "has no day in the horizon: 2031-01-01 to 2032-01-01."),
        (
            {"start": "2027-02", "end": "2027-06"},
            "covers no whole period, so its GPUs never count; $46 k are due",
        ),
        (
            {"domain_gpus": 1},
            "serves nothing for the $281 k that are due: its NVLink domains have 1 GPU, and",
        ),
    ],
)
def test_a_contract_that_serves_nothing_says_why(fields: dict[str, Any], words: str) -> None:
    wide = (point(gpus_per_replica=4, largest_worker_gpus=4),)
    asked = case(points=wide, contracts=[SIGNED | fields], horizon=YEARS)
    (note,) = told(contract_notes, asked)
    assert "The contract with core for 16 GPUs of h-node" in note.sentence
    assert words in note.sentence
    assert note.most_usd == float("inf")


def test_a_contract_counts_in_the_periods_that_it_covers_wholly() -> None:
    (note,) = told(contract_notes, case(contracts=[SIGNED | {"start": "2027-02"}], horizon=QUARTERS))
    assert note.sentence.endswith("in 2027-Q1 it is paid by the day and serves nothing.")
    assert told(contract_notes, case(contracts=[SIGNED])) == []


QUOTE = {"provider": "bolt", "system": "h-node", "term_months": 12, "usd_per_gpu_hour": 1.0, "lot_gpus": 4}
BOLT = "bolt/quoted/h-node/reserved-12m"


@pytest.mark.parametrize(
    ("fields", "procurement", "why"),
    [
        ({"expires": "2026-09-01"}, {}, "it expired on 2026-09-01, before the plan is decided on 2026-10-01"),
        ({}, {"providers": {"deny": ["bolt"]}}, "bolt is on the deny list, procurement.providers.deny"),
        ({}, {"providers": {"allow": ["acme"]}}, "bolt is not on the allow list, procurement.providers.allow"),
        ({}, {"systems": {"deny": ["h-node"]}}, "h-node is on the deny list, procurement.systems.deny"),
        ({}, {"rent": ["on_demand"]}, "procurement.rent does not allow reserved"),
        ({"system": "b-node"}, {}, "no serving point of any workload's model is known on b-node"),
        ({"lead_weeks": 200}, {}, "its dates and lead time leave no period for it (lead time 200 weeks)"),
        ({"domain_gpus": 1}, {}, "its NVLink domains have 1 GPU, and the smallest worker that fits takes 4 GPUs"),
    ],
)
def test_a_quote_that_cannot_be_signed_says_why(fields: dict[str, Any], procurement: Any, why: str) -> None:
    asked = case(
        points=(point(gpus_per_replica=4, largest_worker_gpus=4),),
        systems=(system("h-node"), system("b-node")),
        quotes=[QUOTE | fields],
        procurement=procurement,
    )
    (note,) = told(quote_notes, asked)
    assert note.sentence == f"The quote {BOLT.replace('h-node', fields.get('system', 'h-node'))} is not signed: {why}."
    assert note.most_usd == float("inf")


def test_a_quote_that_may_be_signed_says_what_is_better_or_how_to_ask() -> None:
    assert told(quote_notes, case(quotes=[QUOTE]), contracts=[("bolt", "quoted", "h-node", 12)]) == []
    (note,) = told(quote_notes, case(quotes=[QUOTE]))
    assert note.sentence.endswith(f"`plan explain SCENARIO --why-not {BOLT}` says at which price it would be taken.")
    (note, _) = told(quote_notes, case(quotes=[QUOTE | {"usd_per_gpu_hour": 2.0}, QUOTE | {"region": "other"}]))
    assert note.sentence == f"The quote {BOLT} is not signed: bolt/other/h-node/reserved-12m is never dearer."
    assert note.most_usd == 0


TOKENS = {"provider": "zenith", "model": "m1", "input_usd_per_mtok": 0.1, "output_usd_per_mtok": 0.2}
SLOW = {"ttft_ms": 3000, "ttft_statistic": "p50", "tpot_ms": 20, "tpot_statistic": "p50"}
TARGETS = {"sla": {"ttft_s": 2.0, "tpot_ms": 50}}


@pytest.mark.parametrize(
    ("fields", "workload", "procurement", "why"),
    [
        (
            {},
            TARGETS,
            {},
            "for chat, it states no TTFT and TPOT, so it meets no target; give ttft_ms with",
        ),
        ({}, {"sla": {"tpot_ms": 50}}, {}, "for chat, it states no TPOT, so it meets no target; give tpot_ms with"),
        (SLOW, TARGETS, {}, "for chat, its TTFT at percentile 50 is 3,000 ms, the target is 2,000 ms"),
        ({}, {}, {"token_api": False}, "procurement.token_api is false"),
        ({}, {"token_api": False}, {}, "token_api is false for chat"),
        ({"model": "m2"}, {}, {}, "no workload is for its model, m2"),
        ({}, {}, {"providers": {"deny": ["zenith"]}}, "zenith is on the deny list, procurement.providers.deny"),
        (
            {"available_until": "2026-12"},
            {},
            {},
            "it serves until 2026-12-01, which covers no whole",
        ),
    ],
)
def test_a_token_quote_that_answers_nothing_says_why(
    fields: dict[str, Any], workload: dict[str, Any], procurement: dict[str, Any], why: str
) -> None:
    asked = case(token_quotes=[TOKENS | fields], workloads=[chat(**workload)], procurement=procurement)
    (note,) = told(token_quote_notes, asked)
    assert note.sentence.startswith(f"The token quote zenith/{(TOKENS | fields)['model']} is not called: {why}")
    assert note.most_usd == float("inf")


def test_a_token_quote_that_is_called_or_dearer_is_told_as_such() -> None:
    asked = case(token_quotes=[TOKENS])
    assert told(token_quote_notes, asked, token_api=[("zenith", "m1")]) == []
    (note,) = told(token_quote_notes, asked)
    assert note.sentence.endswith("`plan explain SCENARIO --why-not zenith/m1` says at which price it would be taken.")
    assert note.most_usd == 0


# --- NVLink domains ---


def test_domains_that_shut_points_out_are_named() -> None:
    narrow = point(gpus_per_replica=1, largest_worker_gpus=1)
    points = (narrow, point(series="wide", gpus_per_replica=4, largest_worker_gpus=4))
    small = offer(provider="vm", lot_gpus=1, domain_gpus=1)
    (note,) = told(domain_notes, case((small,), points))
    assert note.sentence.startswith("chat: 1 of 2 points that fit on h-node have workers of 4 GPUs or more")
    assert note.sentence.endswith(": 1 GPU (lot_gpus, domain_gpus).")
    assert note.most_usd == 0
    (note,) = told(domain_notes, case((small,), points[1:]))
    assert note.sentence.startswith("chat: all of 1 points that fit on h-node")
    assert note.most_usd == float("inf")
    assert told(domain_notes, case((offer(),), points)) == []


def test_without_a_plan_what_may_not_have_been_meant_is_told() -> None:
    hall = HALL | {"cooling": ["liquid"], "existing": [node()]}
    said: dict[str, Any] = {"sites": [hall], "token_quotes": [TOKENS], "workloads": [chat(**TARGETS)]}
    asked = case((), systems=(system("h-node", cooling="air"),), **said)
    rows = apply_quotes(asked.scenario, asked.catalog)
    fleet, quote = notes_without_a_plan(asked.scenario, rows, build_problem(asked.scenario, rows, elastic=True))
    assert "never run" in fleet
    assert "zenith/m1 is not called" in quote


def test_every_rule_is_in_the_table_once() -> None:
    assert len(set(RULES)) == len(RULES)


# --- settings ---


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"procurement": {"quotas": [{"system": "b-node", "gpus": 8}]}},
            "procurement.quotas.0 has no effect: no offer or contract for b-node can be taken.",
        ),
        (
            {"procurement": {"quotas": [{"system": "h-node", "gpus": 8, "provider": "bolt"}]}},
            "procurement.quotas.0 has no effect: no offer or contract of bolt for h-node can be taken.",
        ),
        (
            {"procurement": {"lead_weeks": {"h-node": 8}}},
            "procurement.lead_weeks.h-node has no effect: no h-node can be bought.",
        ),
        (
            {"procurement": {"lead_weeks": {"reserved_3y": 8}}},
            "procurement.lead_weeks.reserved_3y has no effect: no contract of 36 months can be signed.",
        ),
        (
            {"procurement": {"hourly_depth_gpus": {"bolt": 8}}},
            "procurement.hourly_depth_gpus.bolt has no effect: no hourly offer of bolt without max_lots can be taken.",
        ),
        (
            {"procurement": {"spot_availability": {"all": 0.5}}},
            "procurement.spot_availability has no effect: no spot offer can be taken.",
        ),
        (
            {"procurement": {"software_gain_per_year": {"b-node": 0.5}}},
            "procurement.software_gain_per_year.b-node has no effect: "
            "no b-node can be bought or rented, and none stands.",
        ),
        (
            {"procurement": {"systems": {"include": ["h-node"]}}},
            "procurement.systems.include has no effect: h-node ships already, so nothing has to switch it on.",
        ),
        ({"load_shapes": {"office": {"all": 1.0}}}, "load_shapes.office has no effect: no workload has that load."),
        (
            {"tail_ratio": {"ttft": 3.0}},
            "tail_ratio has no effect: no workload has a latency target at a percentile above the median.",
        ),
        ({"revealed": "2027-06"}, "revealed has no effect: the scenario names no futures."),
    ],
)
def test_a_setting_without_effect_is_named(fields: dict[str, Any], sentence: str) -> None:
    systems = (system("h-node"), system("b-node"))
    (note,) = told(setting_notes, case(systems=systems, **fields))
    assert note.sentence == sentence
    assert note.most_usd == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"procurement": {"quotas": [{"system": "h-node", "gpus": 80}]}},
        {"procurement": {"lead_weeks": {"h-node": 8}}, "sites": [HALL]},
        {"procurement": {"lead_weeks": {"reserved_1y": 8}}, "quotes": [QUOTE]},
        {"procurement": {"hourly_depth_gpus": {"acme": 80}}},
        {"procurement": {"software_gain_per_year": {"h-node": 0.5}}},
        {"load_shapes": {"office": {"all": 1.0}}, "workloads": [chat(load="office")]},
        {"tail_ratio": {"ttft": 3.0}, "workloads": [chat(sla={"ttft_s": 9.0, "ttft_percentile": 99})]},
    ],
)
def test_a_setting_with_an_effect_needs_no_note(fields: dict[str, Any]) -> None:
    assert told(setting_notes, case(**fields)) == []
