"""An infeasible scenario is answered with what to relax, in the planner's words and numbers; and it is enough."""

from __future__ import annotations

from typing import Any

import pytest

import planner
from planner import solvers
from planner.milp import Milp
from planner.solvers import Answer

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


@pytest.mark.solve
@pytest.mark.parametrize("it_kw", [1e6, 1e9])
def test_a_budget_that_is_nowhere_near_enough_says_what_would_be(it_kw: float) -> None:
    lease = f"{{it_kw: {it_kw:.0f}, usd_per_kw_month: 160}}"
    hall = "name: hall, region: us-south, power_mw: 0.06, cooling: [air], pue: {air: {design: 1.25, annual: 1.25}}"
    error = refusal(f"sites=[{{{hall}, lease: {lease}}}]", "budget.opex_usd=20000")
    (relaxation,) = error.relaxations
    assert relaxation.sentence.startswith("opex over the horizon needs $")
    # Two years of the lease, of 731 days, in months of 730.5 hours; power and rent are a few million.
    assert relaxation.needed == pytest.approx(it_kw * 160 * 731 * 24 / 730.5, abs=5e6)
    assert relaxation.limit == 20_000


@pytest.mark.solve
@pytest.mark.parametrize(("times", "gpus"), [(20, 400), (100, 1976)])
def test_a_quota_that_is_far_too_small_is_named_before_what_goes_unserved(times: int, gpus: int) -> None:
    overrides, _ = CASES["quota"]
    demand = f"workloads.chat.demand.output_mtok_per_day={2750 * times}"
    first, *others = refusal(*overrides, demand, "procurement.hourly_depth_gpus={together: 4000}").relaxations
    assert first.sentence == f"together hgx-h200 needs {gpus:,} GPUs in 2027, the quota is 8"
    # 20 replicas of one GPU serve 2,750 Mtok a day at its peak: of more, hardly any is rounded up.
    assert gpus == pytest.approx(times * 19.75, abs=8)
    assert not others


@pytest.mark.solve
@pytest.mark.parametrize("gpus", [1e-9, 1e-3])
def test_next_to_nothing_of_a_quota_says_what_it_would_have_to_be(gpus: float) -> None:
    quota = f"procurement.quotas=[{{system: hgx-h200, gpus: {gpus}}}]"
    (relaxation,) = refusal("workloads.chat.sla={}", "procurement.buy=false", quota).relaxations
    assert relaxation.sentence == "together hgx-h200 needs 24 GPUs in 2027, the quota is 0"


def test_an_engine_that_gives_up_on_what_to_relax_is_stood_in_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As HiGHS does where a share of 1e-9 stands beside the factor of 1e15 that it is off by."""
    engine, failed = solvers.run, []

    def failing(milp: Milp, name: str, *rest: Any, **named: Any) -> Answer:
        if name == "highs":
            failed.append(name)
            raise planner.SolverFailure("highs gave up")
        return engine(milp, name, *rest, **named)

    overrides, sentences = CASES["power"]
    monkeypatch.setattr(solvers, "run", failing)
    assert [relaxation.sentence for relaxation in refusal(*overrides).relaxations] == sentences
    assert failed


# Longer requests than any that were measured; only token APIs answer them, and those run no replicas.
LONG = (
    *("procurement.token_api=true", "workloads.chat.sla={}"),
    *("workloads.chat.tokens.input=200000", "workloads.chat.extrapolate=never"),
)


@pytest.mark.solve
@pytest.mark.parametrize(("least", "asked"), [(1, "a whole replica"), (3, "3 whole replicas")])
def test_replicas_that_nothing_can_run_are_no_limit_and_told(least: int, asked: str) -> None:
    planner.solve(planner.load(TINY, (*LONG, "workloads.chat.tokens.input=100000")))
    error = refusal(*LONG, f"workloads.chat.min_replicas={least}")
    assert error.proven
    (relaxation,) = [found for found in error.relaxations if found.kind == "min_replicas"]
    assert relaxation.sentence == f"chat: min_replicas asks for {asked} in every block, none can run in 2027"
    assert (relaxation.needed, relaxation.limit, relaxation.unit) == (0.0, float(least), "replicas")
    (note,) = [note for note in error.notes if note.startswith("chat: nothing that could be bought or rented runs it")]
    assert "input tokens, the workload has 200,000 (10 % is allowed); only a token API can serve it." in note


def test_leaving_demand_unserved_is_the_last_resort() -> None:
    error = refusal(*CASES["power"][0])
    assert all(relaxation.kind != "min_served" for relaxation in error.relaxations)
