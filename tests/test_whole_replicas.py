"""Plans in whole replicas and whole lots: what they cost by hand, and what the audit refuses of others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import planner
from planner.accounts import Account
from planner.audit import Audit, audit_of
from planner.catalog.models import Offer, ServingPoint
from planner.decisions import Decisions
from planner.plan import Plan
from tests.strategies import CHAT, SITE, Case, catalog, offer, point, scenario, system

# One year without discounting, so that costs are hours times prices.
YEAR = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year", "lookahead": 0}
HOURS = 365 * 24.0
NODE = point(gpus_per_replica=8, largest_worker_gpus=8)
SINGLE = point(gpus_per_replica=1, largest_worker_gpus=1)


def case(
    offers: list[Offer], workload: dict[str, Any], points: tuple[ServingPoint, ...] = (NODE,), **fields: Any
) -> Case:
    """A scenario of version 2: whole replicas and lots are what it leaves unsaid."""
    undiscounted = {"discount_rate": 0.0, "price_path": "flat"}
    asked = scenario(version=2, horizon=YEAR, workloads=[CHAT | workload], finance=undiscounted, **fields)
    return Case(asked, catalog([system("h-node", usable_share=0.95)], offers, points))


def solve(asked: Case) -> Plan:
    return planner.solve(asked.scenario, asked.catalog)


def audited(asked: Case, decisions: Decisions) -> Audit:
    return audit_of(Account(asked.scenario, asked.catalog, decisions))


def refused(asked: Case, decisions: Decisions, family: str, sentence: str) -> None:
    found = [str(v.sentence) for v in audited(asked, decisions).violations if v.family == family]
    assert any(sentence in told for told in found), audited(asked, decisions).violations


def edited(plan: Plan, table: str, **columns: Any) -> Decisions:
    """The plan's decisions with columns of a table set, or mapped by a function."""
    rows: pd.DataFrame = getattr(plan.decisions, table)
    assert len(rows)
    changes = {name: value(rows[name]) if callable(value) else value for name, value in columns.items()}
    return replace(plan.decisions, **{table: rows.assign(**changes)})


# --- 10 billion tokens a month ---

# 1,024 in and 1,024 out: 10 billion tokens a month are 1.9 requests/s. A replica of 36 GPUs at 0.9 requests/s a GPU
# could make 32.4: of its 36 GPUs 2.1 would do.
TOKENS = {"input": 1024.0, "output": 1024.0}
MONTHLY = 10e9
RACK = {"lot_gpus": 4, "domain_gpus": 72, "system": "next"}
WIDE: dict[str, Any] = {f"{side}_tokens_{what}": 1024.0 for side in ("input", "output") for what in ("nominal", "mean")}


def ten_billion_tokens(lots: dict[str, Any], replica_gpus: int) -> Case:
    rate = 0.9
    row = point(
        "next",
        gpus_per_replica=replica_gpus,
        largest_worker_gpus=replica_gpus,
        **WIDE,
    ).model_copy(update={"input_tok_s_per_gpu": rate * 1024, "output_tok_s_per_gpu": rate * 1024})
    per_s = MONTHLY / (365.25 / 12 * 86_400) / (2 * 1024)
    asked = scenario(
        version=2,
        horizon=YEAR,
        workloads=[CHAT | {"tokens": TOKENS, "demand": {"requests_per_s": per_s}}],
        finance={"discount_rate": 0.0, "price_path": "flat"},
        procurement={"systems": {"include": ["next"]}},
    )
    return Case(asked, catalog([system("next")], [offer(usd_per_gpu_hour=5.0, **lots)], [row]))


@pytest.mark.parametrize(
    ("lots", "count"),
    [pytest.param(RACK, 9, marks=pytest.mark.slow), (RACK | {"lot_gpus": 36, "domain_gpus": None}, 1)],
)
def test_ten_billion_tokens_pay_for_a_whole_replica(lots: dict[str, Any], count: int) -> None:
    """One replica of 36 GPUs: nine lots of four in one domain, or one of 36, at 5 USD a GPU-hour all year."""
    plan = solve(ten_billion_tokens(lots, 36))
    (rented,) = plan.on_demand.itertuples()
    assert (rented.lots, rented.hours, rented.gpus) == pytest.approx((count, HOURS, 36))
    assert plan.proof.objective_usd == pytest.approx(36 * 5.0 * HOURS)
    (served,) = plan.serving.itertuples()
    assert served.replicas == 1
    in_parts = ten_billion_tokens(lots, 36)
    asked = [w.model_copy(update={"whole_replicas": False}) for w in in_parts.scenario.workloads]
    rules = in_parts.scenario.procurement.model_copy(update={"whole_on_demand_lots": False})
    parts = solve(in_parts.with_scenario(workloads=tuple(asked), procurement=rules))
    assert parts.proof.objective_usd < plan.proof.objective_usd / 10


# --- what of it is in use ---


@pytest.mark.parametrize(
    ("row", "rate", "in_use"),
    [(NODE, 7.0, 1.0), (SINGLE, 2.8, 3 / 8)],
    ids=["a node taken as a whole", "three of its GPUs"],
)
def test_utilisation_is_of_what_is_up(row: ServingPoint, rate: float, in_use: float) -> None:
    """Of a node's 8 GPUs 7.6 are up, and of those in use as many in proportion."""
    plan = solve(case([offer(lot_gpus=8)], {"demand": {"requests_per_s": rate}}, (row,)))
    assert plan.kpis["utilisation_by_block"] == pytest.approx({"all": in_use})


# --- a worker fits the domain of its supply ---


def test_lots_of_one_gpu_host_no_worker_of_eight() -> None:
    alone = case([offer(domain_gpus=None)], {})
    with pytest.raises(planner.InfeasiblePlan):
        solve(alone)
    together = solve(case([offer(domain_gpus=8)], {}))
    # 20 requests/s on replicas that make 8 × 0.95: three of them, on 24 lots of one GPU.
    assert together.on_demand["lots"].tolist() == [24]
    assert together.proof.objective_usd == pytest.approx(24 * 2.4 * HOURS)
    refused(alone, together.decisions, "eligibility", "has domains of 1 GPUs, its workers take 8")


def test_lots_of_one_gpu_host_workers_of_one() -> None:
    plan = solve(case([offer(domain_gpus=None)], {}, (SINGLE,)))
    # A GPU is up 0.95 of the time: 20 ÷ 0.95 are 21.05.
    assert plan.on_demand["lots"].tolist() == [22]


# --- batch runs by the job ---

BATCH: dict[str, Any] = {"kind": "batch", "demand": {"requests_per_s": 1.9}}
GPU_HOURS: dict[str, Any] = {
    "name": "train",
    "kind": "gpu_hours",
    "model": None,
    "tokens": None,
    "demand": {"gpu_hours_per_day": 45.6},
    "gpu_hours_weight": {"h-node": 1.0},
}


@pytest.mark.parametrize(
    ("workload", "points", "gpus"),
    [(BATCH, (NODE,), 8.0), pytest.param(GPU_HOURS, (), 1.0, marks=pytest.mark.slow)],
    ids=["batch", "gpu_hours"],
)
def test_work_by_the_job_pays_for_the_hours_it_runs(
    workload: dict[str, Any], points: tuple[ServingPoint, ...], gpus: float
) -> None:
    """A quarter of a node: 1.9 of 7.6 requests/s, or 45.6 GPU-hours a day of GPUs that are up 0.95 of the time.

    A replica of 8 GPUs runs for a quarter of the hours; work of single GPUs may share a node or run on all of it.
    """
    asked = case([offer(lot_gpus=8, domain_gpus=None)], workload, points)
    plan = solve(asked)
    hours = float((plan.on_demand["lots"] * plan.on_demand["hours"]).sum())
    assert hours == pytest.approx(HOURS / 4)
    assert plan.proof.objective_usd == pytest.approx(HOURS / 4 * 8 * 2.4)
    assert set(plan.on_demand["lots"]) == {1}
    assert set(plan.decisions.rents["by_job"]) == {True}
    assert plan.decisions.serving["replicas"].tolist() == [
        pytest.approx(round(float(x))) for x in plan.decisions.serving["replicas"]
    ]
    assert float((plan.decisions.serving["replicas"] * gpus).max()) <= 8

    refused(asked, edited(plan, "rents", at_once=0.5), "rents", "lots are rented whole")
    refused(asked, edited(plan, "rents", lots=lambda lots: lots / 2), "capacity", "pool")
    refused(asked, edited(plan, "rents", at_once=0.0), "rents", "more lots run than run at once")
    refused(asked, edited(plan, "serving", replicas=0.5), "replicas", "0.5 replicas")
    too_many = edited(plan, "serving", replicas=lambda counts: counts + 8 / gpus)
    refused(asked, too_many, "capacity", "GPUs by the job at once")


def test_interactive_work_pays_for_whole_blocks() -> None:
    asked = case([offer(lot_gpus=8, domain_gpus=None)], {"demand": {"requests_per_s": 1.9}})
    plan = solve(asked)
    assert plan.proof.objective_usd == pytest.approx(HOURS * 8 * 2.4)
    jobs = edited(plan, "rents", by_job=True)
    jobs = replace(jobs, pools=jobs.pools.assign(supply=jobs.pools["supply"].str.replace("offer:", "job:")))
    refused(asked, jobs, "eligibility", "runs by the job, for whole replicas of batch work")


def test_both_kinds_of_lots_share_what_a_provider_has() -> None:
    """Interactive and batch work on two lots of a provider that has two; a third one is not there."""
    lots = [offer(lot_gpus=8, domain_gpus=None, max_lots=2), offer(provider="dear", lot_gpus=8, usd_per_gpu_hour=9.0)]
    nightly = BATCH | {"name": "nightly"}
    asked = case(lots, {"demand": {"requests_per_s": 7.6}})
    both = asked.scenario.model_copy(
        update={"workloads": (*asked.scenario.workloads, *case(lots, nightly).scenario.workloads)}
    )
    asked = Case(both, asked.catalog)
    plan = solve(asked)
    assert plan.proof.objective_usd == pytest.approx(HOURS * 1.25 * 8 * 2.4)
    more = edited(plan, "rents", at_once=lambda lots: lots * 2, lots=lambda lots: lots * 2)
    refused(asked, more, "rents", "over 2 lots run at once")


# --- a replica has one owner ---


def owners(first: dict[str, Any], second: dict[str, Any]) -> Case:
    """Replicas of 16 GPUs in two nodes, and one node from each of two owners, beside a dear one that has both."""
    wide = point(gpus_per_replica=16, largest_worker_gpus=8)
    lots = [offer(lot_gpus=8, max_lots=1, **first), offer(lot_gpus=8, max_lots=1, **second)]
    dear = offer(provider="dear", lot_gpus=8, usd_per_gpu_hour=9.0)
    return case([*lots, dear], {"demand": {"requests_per_s": 10.0}}, (wide,))


@pytest.mark.parametrize(
    "second", [{"provider": "bolt"}, {"region": "south"}], ids=["two providers", "two regions of a provider"]
)
def test_a_replica_is_not_split_over_two_owners(second: dict[str, Any]) -> None:
    asked = owners({}, second)
    plan = solve(asked)
    assert plan.proof.objective_usd == pytest.approx(16 * 9.0 * HOURS)
    # The tables that rent a lot of each and call them one pool.
    (first, other, _) = sorted(asked.catalog.offers.values(), key=lambda row: row.usd_per_gpu_hour)
    rents = pd.DataFrame(
        [("base", row.name, 0, "all", 1.0, 1.0, False) for row in (first, other)],
        columns=list(plan.decisions.rents.columns),
    ).assign(future=plan.decisions.rents["future"].iloc[0])
    pool = plan.decisions.serving["pool"].iloc[0]
    pools = pd.DataFrame([(pool, f"offer:{row.name}") for row in (first, other)], columns=["pool", "supply"])
    refused(asked, replace(plan.decisions, rents=rents, pools=pools), "pools", "owner")


def test_a_replica_is_not_split_over_two_sites() -> None:
    """A hall feeds one node: two halls have room for two, and no replica of two nodes."""
    wide = point(gpus_per_replica=16, largest_worker_gpus=8)
    dear = offer(provider="dear", lot_gpus=8, usd_per_gpu_hour=90.0)
    halls = [SITE | {"name": name, "power_mw": power} for name, power in (("dallas", 0.0125), ("ashburn", 0.0125))]
    work = {"demand": {"requests_per_s": 10.0}}
    split = solve(case([dear], work, (wide,), sites=halls))
    assert split.purchases.empty
    one = solve(case([dear], work, (wide,), sites=[halls[0] | {"power_mw": 0.025}]))
    assert one.purchases["count"].tolist() == [2]


def test_every_table_of_lots_says_how_many_run() -> None:
    """Lots that run through a block run all at once: other figures in the tables are refused."""
    asked = case([offer(lot_gpus=8, domain_gpus=None)], {})
    plan = solve(asked)
    refused(asked, edited(plan, "rents", at_once=5.0), "rents", "run through a block")


@pytest.mark.parametrize(("requests_per_s", "lots"), [(128.0, 1), (128.0005, 2)])
def test_a_share_rounded_up_makes_no_more_than_all_that_is_hosted(requests_per_s: float, lots: int) -> None:
    """0.8889 of 72 GPUs are a little over the 64 that host: two replicas of 32 GPUs make 64 × 2 requests/s, no more."""
    rack = offer(system="rack", lot_gpus=72, domain_gpus=None, usd_per_gpu_hour=2.0)
    row = point("rack", 2.0, gpus_per_replica=32, largest_worker_gpus=32)
    asked = case([rack], {"demand": {"requests_per_s": requests_per_s}}, (row,))
    plan = solve(replace(asked, catalog=catalog([system("rack", usable_share=0.8889)], [rack], [row])))
    assert plan.on_demand["lots"].tolist() == [lots]
