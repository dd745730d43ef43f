"""The audit against a plan small enough to check by hand, and against copies of it with one thing wrong."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planner.accounts.account import Account
from planner.accounts.cashflow import totals
from planner.accounts.fleet import fleet
from planner.accounts.service import pool_use, served_rates
from planner.audit.audit import FAMILIES, audit
from planner.decisions import COLUMNS, Decisions
from tests.audit_catalog import (
    BIG,
    DAY,
    DENIED,
    ENDPOINT,
    FAST,
    FP4,
    HOURLY,
    HUGE,
    LONG,
    MTP,
    NIGHT,
    ODD_TERM,
    RACKS,
    RESERVED,
    SLOW,
    SPOT,
    UPCOMING,
    WIDE,
    catalog,
)
from tests.audit_plan import (
    Change,
    add,
    drop,
    edit,
    frame,
    hourly,
    plan,
    run,
    scenario,
    with_procurement,
    with_site,
    with_workload,
)


def test_the_correct_plan_passes() -> None:
    cost = totals(scenario(), catalog(), plan()).cost_usd
    found = audit(scenario(), catalog(), plan(), claimed_cost_usd=cost)
    assert [violation.sentence for violation in found.violations] == []
    assert found.passed
    assert found.worst_violation < 1e-9
    assert found.checks > 1000


def serving(workload: str, pool: str, point: str) -> Change:
    """A little of a workload served at a point on a pool."""
    return add("serving", "base", workload, pool, point, 0, NIGHT, 0.5, np.nan)


def same(decisions: Decisions) -> Decisions:
    return decisions


# (family, what is wrong, the scenario's change, a part of the sentence)
WRONG: list[tuple[str, Change, dict[str, Any], str]] = [
    ("numbers", edit("rents", "lots", -1.0, offer=SPOT, period=0), {}, "rents has lots -1.0"),
    ("numbers", edit("serving", "gpus", np.nan, workload="chat", period=0), {}, "gpus nan"),
    ("numbers", edit("serving", "gpus", np.inf, workload="chat", period=0), {}, "gpus inf"),
    ("numbers", edit("serving", "replicas", np.nan, workload="big", period=0), {}, "replicas nan"),
    ("names", edit("signs", "offer", "acme/nowhere", period=1), {}, "offer acme/nowhere"),
    ("names", edit("buys", "period", 5, system="rack"), {}, "period 5"),
    ("names", edit("keeps", "group", 3, period=0), {}, "group 3"),
    ("names", add("pools", "acme", "contract:7"), {}, "supply contract:7"),
    ("names", edit("serving", "pool", "nowhere", pool="spot"), {}, "pool nowhere"),
    ("demand", edit("serving", "gpus", lambda gpus: gpus * 0.99, workload="chat", period=1, block=DAY), {}, "chat"),
    ("demand", edit("serving", "gpus", lambda gpus: gpus * 1.01, workload="chat", period=1, block=NIGHT), {}, "chat"),
    ("demand", edit("api", "requests_per_s", 0.9, period=3), {}, "nightly in 2027-Q4"),
    ("demand", edit("serving", "gpus", lambda gpus: gpus * 1.1, workload="train"), {}, "weighted GPUs"),
    ("demand", same, {"trust": {"independent": 0.9}}, "chat in 2027-Q1 (day) in future base"),
    ("demand", same, with_procurement(software_gain_per_year={"node": 0.1}), "chat"),
    ("floors", same, with_workload("nightly", min_served=0.96), "serves 95.00% of demand, the floor is 96%"),
    ("unserved", same, with_workload("nightly", min_served=1), "unserved, which is not allowed"),
    ("unserved", add("unserved", "base", "chat", 0, DAY, 0.1), {}, "chat in 2027-Q1 (day)"),
    ("eligibility", serving("chat", "acme", SLOW), {}, "its TTFT at percentile 50 is 9000 ms, the target 2000 ms"),
    ("eligibility", serving("chat", "acme", FP4), {}, "fp4 is not among the precisions"),
    ("eligibility", same, with_workload("chat", engines=["f"]), "e is not among the engines accepted"),
    ("eligibility", serving("chat", "acme", LONG), {}, "its mean input of 1101 tokens"),
    ("eligibility", serving("chat", "acme", HUGE), {}, "its worker of 16 GPUs exceeds the domain of 8"),
    ("eligibility", serving("chat", "own-rack", BIG), {}, "it runs m2, not m"),
    ("eligibility", serving("chat", "acme", "node/none@c1x1"), {}, "no such point"),
    ("eligibility", serving("chat", "own-rack", FAST), {}, "of another system"),
    ("eligibility", serving("chat", "spot", FAST), {}, "is spot"),
    ("eligibility", serving("chat", "endpoint", WIDE), {}, "has no RDMA"),
    ("eligibility", serving("chat", "endpoint", MTP), {}, "does not enable mtp"),
    ("eligibility", serving("train", "own-rack", "rack"), {}, "gpu_hours_weight does not name rack"),
    ("pools", add("pools", "spot", "contract:0"), {}, "contract:0 feeds more than one pool"),
    ("pools", edit("pools", "pool", "spot", supply=f"offer:{HOURLY}"), {}, "spot False and True"),
    ("pools", edit("pools", "pool", "endpoint", supply=f"offer:{HOURLY}"), {}, "RDMA True and False"),
    ("pools", edit("pools", "pool", "endpoint", supply=f"offer:{HOURLY}"), {}, "capabilities any and none"),
    ("pools", edit("pools", "pool", "racks", supply=f"offer:{HOURLY}"), {}, "system node and rack"),
    ("pools", edit("pools", "pool", "dallas", supply="own:ashburn/node"), {}, "energy per GPU differs"),
    (
        "capacity",
        drop("signs", offer=RESERVED),
        {},
        "pool acme runs 11.5 GPUs in 2027-Q3 (day) in future boom, 0 are there",
    ),
    ("capacity", edit("rents", "lots", 2.4, offer=SPOT, period=2), {}, "pool spot"),
    ("capacity", edit("serving", "replicas", 3.0, workload="big", period=3), {}, "pool own-rack runs 99 GPUs"),
    (
        "domains",
        edit("serving", "replicas", 2.0, workload="big", period=0),
        {},
        "pool racks runs 2 domains' worth of workers",
    ),
    ("replicas", edit("serving", "replicas", 0.9, workload="big", period=0), {}, "0.9 replicas for 20 GPUs"),
    ("replicas", edit("serving", "replicas", 0.0, workload="big", period=0), {}, "0 replicas for 20 GPUs"),
    ("replicas", same, with_workload("big", min_replicas=2), "at least 2 must run"),
    ("survival", same, {"service": {"survive": "replica"}}, "big in 2027-Q1 (day) in future base serves 0 requests/s"),
    ("fleet", edit("buys", "count", 2.5, site="dallas", system="node"), {}, "2.5 systems in 2027-Q1"),
    ("fleet", add("buys", ..., "dallas", "next", 4, 1), {}, "next is announced and not switched on"),
    ("fleet", same, with_procurement(systems={"deny": ["rack"]}), "procurement.systems does not allow rack"),
    ("fleet", same, with_procurement(systems={"allow": ["rack"]}), "does not allow node"),
    ("fleet", same, with_procurement(buy=False), "procurement.buy is off"),
    ("lead_time", same, with_procurement(lead_weeks={"node": 27}), "ordered before 2026-07-01"),
    ("lead_time", add("buys", ..., "dallas", "next", 1, 1), {}, "available from 2027-07-01"),
    ("keep", edit("keeps", "count", 2.0, period=0), {}, "keeps 2 in 2027-Q1 in future base, 1 are there"),
    ("keep", edit("keeps", "count", 0.5, period=0), {}, "not whole"),
    ("keep", drop("keeps", period=0), {}, "grows to 1 in 2027-Q2"),
    ("keep", add("keeps", ..., "dallas", 0, 3, 1), {}, "keeps 1 in 2027-Q4 in future boom, 0 are there"),
    ("contracts", edit("signs", "lots", 2.5, period=1), {}, "lots are signed whole"),
    ("contracts", edit("signs", "lots", 1.0, period=1), {}, "takes at least 2 lots"),
    ("contracts", add("signs", ..., RESERVED, 2, 2), {}, "over 3 lots run at once"),
    ("contracts", add("signs", ..., RESERVED, 3, 2), {}, "it can be signed until 2027-06-01"),
    ("contracts", same, with_procurement(lead_weeks={"reserved_12m": 40}), "signed before 2026-07-01"),
    ("contracts", same, with_procurement(rent=["on_demand", "spot"]), "does not list reserved"),
    ("contracts", add("signs", ..., ODD_TERM, 1, 1), {}, "7 months are no whole number of periods"),
    ("contracts", add("signs", ..., HOURLY, 1, 1), {}, "not sold for a term"),
    ("rents", add("rents", *hourly("base", ENDPOINT, 1, DAY, 1.0)), {}, "it runs from"),
    ("rents", add("rents", *hourly("base", RACKS, 1, DAY, 2.0)), {}, "over 2 lots"),
    ("rents", same, with_procurement(whole_on_demand_lots=True), "lots are rented whole"),
    ("rents", same, with_procurement(rent=["spot", "reserved"]), "does not list on_demand"),
    ("rents", add("rents", *hourly("base", RESERVED, 1, DAY, 1.0)), {}, "not rented by the hour"),
    ("rents", add("rents", *hourly("base", UPCOMING, 1, DAY, 1.0)), {}, "next is announced"),
    ("providers", add("rents", *hourly("base", DENIED, 1, DAY, 1.0)), {}, "does not allow cold"),
    ("providers", same, with_procurement(providers={"allow": ["acme"]}), "does not allow bolt"),
    ("provider_share", same, with_procurement(providers={"max_share": 0.6}), "acme supplies 72 of 113.2 GPUs"),
    (
        "provider_share",
        same,
        with_procurement(providers={"max_share": 0.685, "max_share_of": "gpus_peak"}),
        "acme supplies 88 of 128 GPUs in 2027-Q2 (day)",
    ),
    (
        "hourly_depth",
        add("rents", *hourly("boom", HOURLY, 1, DAY, 25.0)),
        with_procurement(hourly_depth_gpus=24, quotas=[]),
        "acme/node has 25 GPUs by the hour in 2027-Q2 (day) in future boom, it is assumed to have 24",
    ),
    (
        "hourly_depth",
        same,
        with_procurement(hourly_depth_gpus={"bolt": 2.4}),
        "bolt/node has 2.5 GPUs by the hour in 2027-Q1 (night) in future base, it is assumed to have 2.4",
    ),
    (
        "quotas",
        add("rents", *hourly("boom", HOURLY, 1, DAY, 25.0)),
        {},
        "acme/node runs 41 GPUs in 2027-Q2 (day) in future boom, the quota is 40",
    ),
    (
        "power",
        add("buys", ..., "dallas", "node", 3, 1),
        {},
        "dallas provisions 0.204 MW in 2027-Q4 in future boom, the cap is 0.2",
    ),
    ("power", same, with_site(usable_share=0.9), "the cap is 0.18"),
    ("lease", add("buys", ..., "ashburn", "node", 3, 2), {}, "ashburn installs 36 IT kW under its lease in 2027-Q4"),
    ("cooling", drop("conversions", site="dallas"), {}, "dallas installs 120 IT kW cooled by liquid in 2027-Q3"),
    ("cooling", edit("conversions", "period", 3, period=1), {}, "the limit is 0"),
    ("cooling", same, with_site(liquid_it_kw=100), "cooled by liquid in 2027-Q3 in future base, the limit is 100"),
    ("cooling", same, with_site(air_it_kw=30), "cooled by air in 2027-Q1 in future base, the limit is 30"),
    ("conversion", add("conversions", ..., "dallas", 3), {}, "converted more than once"),
    ("conversion", add("conversions", ..., "ashburn", 3), {}, "ashburn cannot be converted"),
    (
        "conversion",
        same,
        with_site(conversion={"cost_usd": 1, "lead_weeks": 40}),
        "dallas cannot be converted in 2027-Q2",
    ),
    (
        "positions",
        same,
        with_site(rack_positions=1),
        "takes 1.2 rack positions in 2027-Q3 in future base, the limit is 1",
    ),
    ("positions", same, with_site(kw_per_rack_position=100), "needs more kW than a rack position feeds"),
    ("budget", same, {"budget": {"capex_usd": {2026: 1.4e6}}}, "capex of 2027"),
    ("budget", same, {"budget": {"fiscal_year_start": 4, "capex_usd": {2027: 1e5, 2028: 9e6}}}, "capex of FY2027"),
    ("budget", same, {"budget": {"fiscal_year_start": 4, "total_usd": {2027: 9e6, 2028: 1e6}}}, "cash of FY2028"),
    ("budget", same, {"budget": {"opex_usd": 1e6}}, "opex of the reported periods"),
    ("budget", same, {"budget": {"total_usd": {2027: 2e6}}}, "cash of 2027"),
    ("budget", same, {"budget": {"commitments_usd": 4e5}}, "contracts started"),
    ("token_api", add("api", "base", "chat", "bolt/m", 0, DAY, 1.0), {}, "TTFT at percentile 50 is unknown"),
    ("token_api", add("api", "base", "chat", "cold/m", 0, DAY, 1.0), {}, "does not allow cold"),
    ("token_api", add("api", "base", "big", "acme/m", 0, DAY, 1.0), {}, "it serves m, not m2"),
    ("token_api", add("api", "base", "train", "acme/m", 0, DAY, 1.0), {}, "may not be sent to token APIs"),
    ("token_api", add("api", "base", "chat", "gone/m", 0, DAY, 1.0), {}, "not there on all days"),
    (
        "token_api",
        edit("api", "requests_per_s", 1.2, period=0),
        {},
        "207.4 Mtok a day in 2027-Q1 (night) in future boom, it takes 200",
    ),
    ("token_api", same, with_procurement(token_api=False), "procurement.token_api is off"),
    ("token_api", same, with_workload("nightly", token_api=False), "nightly may not be sent"),
    ("non_anticipativity", drop("signs", future="boom"), {}, "signing acme/us/node/reserved-12m for 2027-Q2"),
    ("non_anticipativity", drop("buys", future="boom", site="ashburn"), {}, "buying node for ashburn"),
    ("non_anticipativity", drop("keeps", future="boom", period=1), {}, "keeping node at dallas for 2027-Q2"),
    ("non_anticipativity", edit("conversions", "period", 0, future="boom"), {}, "converting dallas for 2027-Q1"),
]


@pytest.mark.parametrize(("family", "change", "changes", "sentence"), WRONG)
def test_each_fault_is_named(family: str, change: Change, changes: dict[str, Any], sentence: str) -> None:
    found = run(change(plan()), **changes)
    assert not found.passed
    assert found.worst_violation > 1e-6
    told = [violation.sentence for violation in found.violations if violation.family == family]
    assert any(sentence in line for line in told), [str(violation) for violation in found.violations]


def test_every_family_is_broken_once() -> None:
    assert {family for family, *_ in WRONG} | {"totals"} == set(FAMILIES)


@pytest.mark.parametrize("factor", [1 - 2e-6, 1 + 2e-6, float("nan")])
def test_a_claimed_cost_must_be_the_recomputed_one(factor: float) -> None:
    cost = totals(scenario(), catalog(), plan()).cost_usd
    found = audit(scenario(), catalog(), plan(), claimed_cost_usd=cost * factor)
    assert [violation.family for violation in found.violations] == ["totals"]
    assert audit(scenario(), catalog(), plan(), claimed_cost_usd=cost * (1 + 1e-7)).passed


def test_a_share_of_every_block_is_not_one_of_the_hours() -> None:
    """In 2027-Q2 acme's 88 GPUs are 88 ÷ 128 by day and 88 ÷ 130.5 by night, 68.1 % over its hours."""
    assert run(plan(), **with_procurement(providers={"max_share": 0.685})).passed
    assert run(plan(), **with_procurement(providers={"max_share": 0.688, "max_share_of": "gpus_peak"})).passed


def test_what_has_a_limit_of_its_own_is_no_part_of_the_hourly_depth() -> None:
    """Acme's racks have max_lots 2: 72 of them by the hour are held to that, though it is taken to have 10."""
    assert run(plan(), **with_procurement(hourly_depth_gpus={"acme": 10})).passed


def test_recourse_after_the_future_is_known_may_differ() -> None:
    # Ordered 13 weeks before 2027-Q4 is 2027-07-02, a day after the future is known.
    only_in_boom = add("buys", "boom", "ashburn", "node", 3, 1)
    assert run(only_in_boom(plan())).passed
    earlier = add("buys", "boom", "ashburn", "node", 2, 1)
    assert {v.family for v in run(earlier(plan())).violations} == {"non_anticipativity"}


def test_rounding_within_the_tolerance_passes() -> None:
    nearly = edit("serving", "gpus", lambda gpus: gpus * (1 + 4e-7), workload="chat", period=0)
    found = run(nearly(plan()))
    assert found.passed
    assert 1e-7 < found.worst_violation < 1e-6


def test_without_futures_any_name_of_the_only_one_will_do() -> None:
    alone: dict[str, Any] = {"futures": [], "revealed": None}
    base = plan()
    tables = {name: getattr(base, name) for name in COLUMNS}
    kept = {
        name: rows[rows["future"] == "base"].replace({"future": {"base": "only"}}) if "future" in rows else rows
        for name, rows in tables.items()
    }
    assert run(Decisions(**kept), **alone).passed
    # What is signed stays: bolt's 8 GPUs are then all there are.
    empty = Decisions(**{name: frame(name, []) for name in COLUMNS})
    assert {v.family for v in run(empty, **alone).violations} == {"demand", "floors", "provider_share", "replicas"}


def test_bought_systems_leave_service_at_the_end_of_their_life() -> None:
    short = catalog()
    short.systems["node"] = short.systems["node"].model_copy(update={"life_years": 0.5})
    found = audit(scenario(), short, plan())
    assert any(
        v.family == "capacity"
        and v.sentence == "pool dallas runs 13.33 GPUs in 2027-Q3 (day) in future base, 0 are there"
        for v in found.violations
    )


def test_the_fleet_by_hand() -> None:
    rows = fleet(Account(scenario(), catalog(), plan())).frame().set_index(["future", "site", "period", "system"])
    rack = rows.loc[("base", "dallas", 2, "rack")]
    assert rack["provisioned_it_mw"] == pytest.approx(0.12)  # 100 kW × 1.2
    assert rack["provisioned_utility_mw"] == pytest.approx(0.15)  # × design PUE 1.25
    assert rack["limit_mw"] == 0.2
    # 92 days × 24 h × annual PUE 1.1 × 1.2 × (4 kW idle + 4 kW × 20 of 72 GPUs busy)
    assert rack["energy_mwh"] == pytest.approx(2208 * 1.1 * 1.2 * (4 + 4 * 20 / 72) / 1000)
    nodes = rows.loc[("boom", "dallas", 0, "node")]
    # Two bought and one kept; busy by day 15 GPUs, by night 6.25 for chat and 2.8 for nightly.
    assert nodes["count"] == 3
    busy = (15 + 6.25 + 2.8) / 2 / 8
    assert nodes["energy_mwh"] == pytest.approx(2160 * 1.25 * 1.2 * (3 * 4 + 4 * busy) / 1000)
    assert rows.loc[("base", "dallas", 3, "node"), "count"] == 2


def test_served_rates_and_pools_by_hand() -> None:
    account = Account(scenario(), catalog(), plan())
    served = served_rates(account.service).frame().set_index(["future", "workload", "period", "block"])
    night = served.loc[("boom", "nightly", 4, NIGHT)]
    assert night["by_gpus"] == pytest.approx(3.8)
    assert night["by_api"] == 1
    assert night["unserved"] == 0.2
    assert served.loc[("boom", "nightly", 4, DAY), "demand"] == pytest.approx(2.5)
    assert served.loc[("base", "chat", 0, DAY), "by_gpus"] == pytest.approx(12)
    use = pool_use(account.service, account.supply).frame().set_index(["future", "pool", "period", "block"])
    acme = use.loc[("boom", "acme", 2, DAY)]
    assert acme["gpus_used"] == pytest.approx((8.75 - 3) / 0.5)
    assert acme["gpus_usable"] == pytest.approx(2 * 8 * 0.5)
    assert acme["gpus_in_service"] == 16
    assert use.loc[("base", "spot", 0, NIGHT), "gpus_usable"] == pytest.approx(1)


@pytest.mark.parametrize(("copies", "seconds"), [(25, 0.5), (550, 3.0)])
def test_large_plans_are_audited_quickly(copies: int, seconds: float) -> None:
    base = plan()
    small = base.serving.assign(gpus=base.serving["gpus"] / copies)
    small.loc[small["workload"] == "big", "replicas"] = 0.0
    large = replace(base, serving=pd.concat([small] * copies, ignore_index=True))
    begin = time.perf_counter()
    found = run(large)
    assert time.perf_counter() - begin < seconds
    assert {violation.family for violation in found.violations} == {"replicas"}
