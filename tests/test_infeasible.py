"""An infeasible scenario is answered with what to relax, in the planner's words and numbers; and it is enough."""

from __future__ import annotations

import pytest

import planner

TINY = "scenarios/tiny.yaml"
# The 17 replicas of the day take five nodes, which need 11.22 kW each, 14.025 with PUE, and cost 373,750 USD.
ONLY_OWN = ("procurement.rent=[]", "sites.hall.power_mw=0.075")

CASES: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "power": (
        (*ONLY_OWN, "sites.hall.power_mw=0.03"),
        ["hall needs 0.07012 MW in 2027, the cap is 0.03"],
    ),
    "power on the IT side": (
        (*ONLY_OWN, "sites.hall.power_mw=0.03", "sites.hall.cap_at=it"),
        ["hall needs 0.0561 MW in 2027, the cap is 0.03"],
    ),
    "capex": (
        (*ONLY_OWN, "budget.capex_usd={2027: 1e6}"),
        ["capex in 2027 needs $1.9 M, the limit is $1.0 M"],
    ),
    "a budget for the horizon": (
        (*ONLY_OWN, "budget.capex_usd=1e6"),
        ["capex over the horizon needs $1.9 M, the limit is $1.0 M"],
    ),
    # Without latency targets 20 replicas of one GPU serve the day, in three lots or nodes.
    "quota": (
        ("workloads.chat.sla={}", "procurement.buy=false", "procurement.quotas=[{system: hgx-h200, gpus: 8}]"),
        ["together hgx-h200 needs 24 GPUs in 2027, the quota is 8"],
    ),
    "air cooling": (
        (*ONLY_OWN, "sites.hall.air_it_kw=25"),
        ["hall needs 0.0561 MW of air cooling in 2027, it has 0.025"],
    ),
    "rack positions": (
        (
            *ONLY_OWN,
            "workloads.chat.sla={}",
            "sites.hall.rack_positions=1",
            "sites.hall.kw_per_rack_position=12",
        ),
        ["hall needs 3 rack positions in 2027, it has 1"],
    ),
    "latency": (
        ("workloads.chat.sla.tpot_ms=3",),
        [],
    ),
    "nothing to serve with": (
        ("procurement.rent=[]", "procurement.buy=false"),
        ["chat: nothing of its demand can be served in 2027, the floor is 100%"],
    ),
}


def refusal(*overrides: str) -> planner.InfeasiblePlan:
    with pytest.raises(planner.InfeasiblePlan) as caught:
        planner.solve(planner.load(TINY, overrides))
    return caught.value


@pytest.mark.parametrize("case", CASES)
def test_the_limit_in_the_way_is_named_with_its_numbers(case: str) -> None:
    overrides, sentences = CASES[case]
    error = refusal(*overrides)
    assert error.proven
    if sentences:
        assert [relaxation.sentence for relaxation in error.relaxations] == sentences
    assert len(error.relaxations) == 1
    assert error.exit_code == 3


def test_a_latency_target_says_what_it_would_have_to_allow() -> None:
    (relaxation,) = refusal(*CASES["latency"][0]).relaxations
    assert relaxation.kind == "sla"
    assert relaxation.sentence.startswith("chat: its latency targets would have to allow TTFT ")
    assert relaxation.needed > 0


@pytest.mark.parametrize(
    ("case", "field", "per_unit"),
    [
        ("power", "sites.hall.power_mw", 1.0),
        pytest.param("capex", "budget.capex_usd", 1.0, marks=pytest.mark.solve),
        pytest.param("air cooling", "sites.hall.air_it_kw", 1.0, marks=pytest.mark.solve),
    ],
)
def test_relaxing_by_what_is_named_is_enough_and_less_is_not(case: str, field: str, per_unit: float) -> None:
    overrides, _ = CASES[case]
    (relaxation,) = refusal(*overrides).relaxations
    enough = relaxation.needed * per_unit * (1 + 1e-6)
    plan = planner.solve(planner.load(TINY, (*overrides, f"{field}={enough!r}")))
    assert plan.status == "optimal"
    refusal(*overrides, f"{field}={relaxation.needed * per_unit * 0.99!r}")


def test_two_limits_that_both_stand_in_the_way_are_both_named() -> None:
    error = refusal(*ONLY_OWN, "sites.hall.power_mw=0.03", "budget.capex_usd={2027: 1e6}")
    assert {relaxation.kind for relaxation in error.relaxations} == {"power", "budget"}


def test_leaving_demand_unserved_is_the_last_resort() -> None:
    error = refusal(*CASES["power"][0])
    assert all(relaxation.kind != "min_served" for relaxation in error.relaxations)
