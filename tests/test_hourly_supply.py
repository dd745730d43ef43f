"""What providers have by the hour: the depth that is taken for granted, offers' own limits, shares at the peak."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.catalog.models import Offer
from planner.problem import Reductions, build_problem
from planner.studies.changes import with_hourly_depth
from planner.studies.explain.marginal import steps
from tests.laws import never_cheaper, same
from tests.oracle import least_cost
from tests.strategies import (
    CHAT,
    Case,
    Interval,
    cases,
    catalog,
    examples,
    offer,
    point,
    scenario,
    solved,
    system,
    with_part,
)

HOURS = 8760.0
MIDDLE = 1.1 ** -(182.5 / 365.25)
YEAR = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year"}
BLOCKS = {"peak": 0.25, "rest": 0.75}
BURST = {"burst": {"peak": 2.0, "rest": 2 / 3}}
ACME = offer(usd_per_gpu_hour=2.0)
BOLT = offer(provider="bolt", usd_per_gpu_hour=3.0)
CORE = offer(provider="core", usd_per_gpu_hour=5.0)


def rented(*offers: Offer, contracts: tuple[dict[str, Any], ...] = (), **rules: Any) -> Case:
    """A year on GPUs of one request/s: 40 requests/s for a quarter of its hours, 13 1/3 for the rest."""
    asked = scenario(
        horizon=YEAR,
        blocks=BLOCKS,
        load_shapes=BURST,
        workloads=[CHAT | {"load": "burst"}],
        procurement=rules,
        contracts=contracts,
    )
    return Case(asked, catalog([system("h-node")], offers, [point()], blocks=BLOCKS))


def gpu_hours(usd: float, peak: float, rest: float) -> float:
    """NPV of so many GPUs in each block of the year at ``usd`` an hour."""
    return usd * HOURS * MIDDLE * (0.25 * peak + 0.75 * rest)


def costs(case: Case, usd: float) -> None:
    """Planner and second model both find the optimum worked out by hand."""
    found = solved(case)
    assert (found.low, found.high) == pytest.approx((usd, usd), rel=1e-6)
    assert least_cost(case.scenario, case.catalog) == pytest.approx((usd, usd), rel=1e-6)


def test_a_depth_holds_in_every_block() -> None:
    """30 of the peak's 40 at acme, 10 at bolt; the rest of the hours all at acme."""
    costs(rented(ACME, BOLT, hourly_depth_gpus=30), gpu_hours(2, 30, 40 / 3) + gpu_hours(3, 10, 0))


def test_on_demand_and_spot_count_together() -> None:
    spot = offer(kind="spot", usd_per_gpu_hour=1.0, availability=0.5)
    case = rented(ACME, spot, BOLT, hourly_depth_gpus=30)
    chat = with_part(case.scenario.workloads[0], spot_allowed=True)
    # Half of a spot GPU serves, and 2 USD an hour of it are no cheaper than acme's own: the depth is for on demand.
    costs(case.with_scenario(workloads=(chat,)), gpu_hours(2, 30, 40 / 3) + gpu_hours(3, 10, 0))


def test_a_depth_by_provider_leaves_the_others_at_theirs() -> None:
    case = rented(ACME, BOLT, CORE, hourly_depth_gpus={"acme": 16, "bolt": 8})
    costs(case, gpu_hours(2, 16, 40 / 3) + gpu_hours(3, 8, 0) + gpu_hours(5, 16, 0))


def test_an_offers_own_limit_stands_in_place_of_the_depth() -> None:
    """12 lots that acme promises in the north, 8 that it is taken to have in the south."""
    south = offer(region="south", usd_per_gpu_hour=2.5)
    case = rented(offer(usd_per_gpu_hour=2.0, max_lots=12), south, CORE, hourly_depth_gpus={"acme": 8})
    costs(case, gpu_hours(2, 12, 12) + gpu_hours(2.5, 8, 4 / 3) + gpu_hours(5, 20, 0))


def test_quota_and_depth_both_bind() -> None:
    """Six GPUs signed count towards the quota of 24 alone: 18 of it are left, 20 are taken to be there."""
    signed = {"provider": "acme", "system": "h-node", "gpus": 6, "domain_gpus": 8, "usd_per_gpu_hour": 0.0}
    signed |= {"start": "2027-01-01", "end": "2028-01-01"}
    quota = {"system": "h-node", "gpus": 24}
    by_quota = gpu_hours(2, 18, 40 / 3 - 6) + gpu_hours(3, 16, 0)
    costs(rented(ACME, BOLT, contracts=(signed,), hourly_depth_gpus=20, quotas=[quota]), by_quota)
    by_depth = gpu_hours(2, 15, 40 / 3 - 6) + gpu_hours(3, 15, 0) + gpu_hours(5, 4, 0)
    costs(rented(ACME, BOLT, CORE, contracts=(signed,), hourly_depth_gpus=15, quotas=[quota]), by_depth)


def test_version_2_takes_512_for_granted_and_version_1_any_number() -> None:
    crowd = [CHAT | {"demand": {"requests_per_s": 600.0}}]
    new = scenario(
        version=2, horizon=YEAR | {"lookahead": 0}, workloads=crowd, procurement={"whole_on_demand_lots": False}
    )
    chat = with_part(new.workloads[0], whole_replicas=False)
    case = Case(new.model_copy(update={"workloads": (chat,)}), catalog([system("h-node")], [ACME, BOLT], [point()]))
    assert new.procurement.hourly_depth_gpus == 512
    assert new.procurement.providers.max_share_of == "gpus_peak"
    costs(case, gpu_hours(2, 512, 512) + gpu_hours(3, 88, 88))
    old = scenario(horizon=YEAR, workloads=crowd)
    assert old.procurement.hourly_depth_gpus is None
    assert old.procurement.providers.max_share_of == "gpu_hours"
    costs(Case(old, case.catalog), gpu_hours(2, 600, 600))


def test_a_share_at_the_peak_is_one_of_the_gpus_there() -> None:
    """At most 60 % at one provider: in every block 24 of 40 and 8 of 13 1/3 at acme, the rest at bolt."""
    rules = {"max_share": 0.6, "max_share_of": "gpus_peak"}
    costs(rented(ACME, BOLT, providers=rules), gpu_hours(2, 24, 8) + gpu_hours(3, 16, 40 / 3 - 8))


def test_of_what_runs_by_the_job_only_ones_own_is_there_for_certain() -> None:
    """A node at acme, all year, and a quarter of one for batch work: half at most may rest on one provider.

    Batch work by the job at bolt does not stand beside acme's node when it is not running: a second node has to be
    there all year at bolt, and batch work runs on that.
    """
    batch = CHAT | {"name": "later", "kind": "batch", "demand": {"requests_per_s": 1.9}, "headroom": 0.0}
    asked = scenario(
        version=2,
        horizon=YEAR | {"lookahead": 0},
        workloads=[CHAT | {"demand": {"requests_per_s": 7.6}, "headroom": 0.0}, batch],
        procurement={"providers": {"max_share": 0.5}},
    )
    nodes = [offer(provider=name, lot_gpus=8, usd_per_gpu_hour=2.0) for name in ("acme", "bolt")]
    whole = point(gpus_per_replica=8, largest_worker_gpus=8)
    case = Case(asked, catalog([system("h-node", usable_share=0.95)], nodes, [whole]))
    costs(case, 16 * 2.0 * HOURS * MIDDLE)
    free = with_part(asked.procurement, providers=with_part(asked.procurement.providers, max_share=None))
    costs(case.with_scenario(procurement=free), (8 + 8 / 4) * 2.0 * HOURS * MIDDLE)


def test_a_share_of_the_hours_may_all_be_at_the_peak() -> None:
    """The same cost while prices are flat, though acme may have the whole peak: 12 of 20 GPUs on average."""
    rules = {"max_share": 0.6, "max_share_of": "gpu_hours"}
    costs(rented(ACME, BOLT, providers=rules), (0.6 * 2 + 0.4 * 3) * HOURS * MIDDLE * 20)


def test_signed_gpus_carry_a_share_at_the_peak_only_as_far_as_they_are_of_it() -> None:
    """24 of 40 at acme, 10 signed at bolt, six at core; off the peak bolt's 10 take 16 2/3 in service, not 13 1/3.

    Over the hours, 30 at the peak and 3 1/3 else are 10 of 20 GPUs, and bolt's 10 are the other half.
    """
    signed = {"provider": "bolt", "system": "h-node", "gpus": 10, "usd_per_gpu_hour": 0.0}
    signed |= {"start": "2027-01-01", "end": "2028-01-01"}
    at_peak = {"max_share": 0.6, "max_share_of": "gpus_peak"}
    case = rented(ACME, CORE, contracts=(signed,), providers=at_peak)
    costs(case, gpu_hours(2, 24, 20 / 3) + gpu_hours(5, 6, 0))
    by_hours = rented(ACME, CORE, contracts=(signed,), providers={"max_share": 0.6, "max_share_of": "gpu_hours"})
    costs(by_hours, gpu_hours(2, 30, 10 / 3))


# --- what no plan reaches ---


def sentences(*overrides: str) -> list[str]:
    with pytest.raises(planner.InfeasiblePlan) as refused:
        planner.solve(planner.load("scenarios/tiny.yaml", overrides))
    return [relaxation.sentence for relaxation in refused.value.relaxations]


RENT_ONLY = ("procurement.buy=false", "procurement.token_api=false", "procurement.rent=[on_demand]")


def test_a_provider_that_would_have_to_have_more_is_named() -> None:
    # Without latency targets 20 replicas of one GPU serve the day: three lots.
    (found,) = sentences(*RENT_ONLY, "workloads.chat.sla={}", "procurement.hourly_depth_gpus=8")
    assert found == "together would have to have 24 hgx-h200 GPUs by the hour in 2027, it is assumed to have 8"


def test_a_share_at_the_peak_that_no_plan_keeps_is_named_by_the_largest() -> None:
    """A single provider rents out all there is."""
    rules = ("procurement.providers.max_share=0.5", "procurement.providers.max_share_of=gpus_peak")
    allowed = ("procurement.providers.allow=[together]", *rules)
    (found,) = sentences(*RENT_ONLY, "workloads.chat.sla={}", *allowed)
    assert found == "together would rent out 100.0% of the GPUs in 2027, max_share is 50%"


# --- dominance ---

UNLIMITED, LIMITED = offer(usd_per_gpu_hour=2.0), offer(region="south", usd_per_gpu_hour=2.5, max_lots=12)


@pytest.mark.parametrize(
    ("offers", "depth", "kept"),
    [
        ((UNLIMITED, LIMITED), None, 1),
        ((UNLIMITED, LIMITED), 8, 2),
        ((UNLIMITED, BOLT), None, 1),
        ((UNLIMITED, BOLT), 8, 2),
        ((UNLIMITED, BOLT), {"bolt": 8, "acme": 600}, 2),
        ((UNLIMITED, offer(region="south", usd_per_gpu_hour=2.5)), 8, 1),
        ((offer(usd_per_gpu_hour=2.0, max_lots=3), offer(region="south", usd_per_gpu_hour=2.5)), 8, 2),
    ],
)
def test_an_offer_replaces_only_what_counts_against_the_same_limit(
    offers: tuple[Offer, ...], depth: Any, kept: int
) -> None:
    case = rented(*offers, CORE, hourly_depth_gpus=depth)
    problem = build_problem(case.scenario, case.catalog)
    assert sum(item.offer.provider != "core" for item in problem.supply.hourly) == kept
    assert solved(case).meets(solved(case, reductions=Reductions(offers=False)))


# --- laws ---


def with_depth(case: Case, gpus: Any) -> Case:
    return case.with_scenario(procurement=with_part(case.scenario.procurement, hourly_depth_gpus=gpus))


@pytest.mark.property
@examples(1)
@given(case=cases(), gpus=st.sampled_from([8.0, 24.0, 60.0, 150.0]), more=st.sampled_from([1.0, 1.5, 4.0]))
def test_a_greater_depth_is_never_dearer(case: Case, gpus: float, more: float) -> None:
    never_cheaper(with_depth(case, more * gpus), with_depth(case, gpus))


@pytest.mark.property
@examples(1)
@given(case=cases())
def test_a_depth_beyond_all_need_is_none(case: Case) -> None:
    same(with_depth(case, 1e6), with_depth(case, None))


@pytest.mark.solve
@pytest.mark.property
@examples(1)
@given(case=cases(), share=st.sampled_from([0.55, 0.75]))
def test_a_share_of_every_block_is_never_cheaper_than_one_of_the_hours(case: Case, share: float) -> None:
    """What holds in every block holds on average."""
    rules = case.scenario.procurement

    def held(of: str) -> Case:
        providers = with_part(rules.providers, max_share=share, max_share_of=of)
        return case.with_scenario(procurement=with_part(rules, providers=providers))

    never_cheaper(held("gpu_hours"), held("gpus_peak"))


@pytest.mark.property
@examples(1)
@given(case=cases(), gpus=st.sampled_from([8.0, 24.0, 60.0]), of=st.sampled_from(["gpus_peak", "gpu_hours"]))
def test_the_second_model_has_the_same_depth_and_share(case: Case, gpus: float, of: str) -> None:
    rules = with_part(case.scenario.procurement, hourly_depth_gpus=gpus)
    rules = with_part(rules, providers=with_part(rules.providers, max_share=0.75, max_share_of=of))
    asked = case.with_scenario(procurement=rules)
    low, high = least_cost(asked.scenario, asked.catalog)
    found = solved(asked)
    assert math.isinf(found.high) == math.isinf(high)
    assert found.meets(Interval(low, high)), (found, low, high)


def test_what_eight_more_at_every_provider_are_worth() -> None:
    """`plan explain` moves a depth that binds, as a number or by name."""
    case = rented(ACME, BOLT, hourly_depth_gpus=30)
    plan = planner.solve(case.scenario, case.catalog)
    bound = plan.binding[plan.binding["constraint"] == "hourly_depth"]
    assert set(bound["where"]) == {"acme h-node"}
    assert set(bound["limit"]) == {30.0}
    found = {step.change: step.scenario for step in steps(case.scenario, plan) if step.limit == "hourly_depth"}
    depths = {change: moved.procurement.hourly_depth_gpus for change, moved in found.items()}
    assert depths == {8.0: 38.0, -8.0: 22.0}
    named = with_hourly_depth(with_depth(case, {"acme": 30.0, "bolt": 4.0}).scenario, -8.0)
    assert named.procurement.hourly_depth_gpus == {"acme": 22.0, "bolt": 0.0}
