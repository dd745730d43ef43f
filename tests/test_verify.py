"""The second opinion: who agrees, whose claim is refuted, and what contradicts what."""

from __future__ import annotations

import io

import pytest

import planner
from planner.errors import InfeasiblePlan, InputError, SolverFailure
from planner.milp import Model
from planner.pipeline import catalog_of
from planner.scenario import Scenario, load_scenario
from planner.solvers import Options, executable
from planner.solvers.objectives import Kind, Outcome, minimise
from planner.studies.verify import study as module
from planner.studies.verify.sheet import verify_sheet
from planner.studies.verify.study import EngineResult, State, against, engines, judge, verify
from tests.limits import AMPLE_S
from tests.tiny import in_parts, whole

HALL = """
name: hall
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 3, period: year}
blocks: {day: 0.5, night: 0.5}
sites:
  - {name: hall, region: us-south, power_mw: 0.5, cooling: [air], pue: {air: {design: 1.25, annual: 1.25}},
     colocation_usd_per_kw_month: 150}
load_shapes: {two-to-one: {day: 1.4, night: 0.6}}
workloads:
  - name: chat
    model: llama-3.3-70b
    tokens: {input: 1024, output: 1024}
    demand: {output_mtok_per_day: {2027-01: 2400, 2029-06: 9000}}
    load: two-to-one
    price_usd_per_mtok: {input: 0.1, output: 0.4}
procurement:
  token_api: false
  systems: {allow: [hgx-h200]}
  providers: {allow: [together, nebius]}
"""


def hall(*overrides: str) -> Scenario:
    return load_scenario(io.StringIO(HALL), overrides)


def voice(
    engine: str, state: State = "optimal", value: float | None = 100.0, bound: float | None = 99.95
) -> EngineResult:
    return EngineResult(engine, "1", state, value, bound, True, 1.0, 10 if value else 0, value is not None)


@pytest.mark.solve
@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("objective=cost_per_token", "service.min_served=0.5"),
        ("objective=tokens", "service.min_served=0.5", "budget.total_usd=3e6"),
        ("objective=profit", "service.min_served=0.5"),
    ],
)
def test_engines_agree_on_every_objective(overrides: tuple[str, ...]) -> None:
    scenario = hall(*overrides)
    heard: list[str] = []
    names = ("relay", "scip", "highs", "pulp:cbc")
    found = verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=names, progress=heard.append)
    assert found.passed, found.sentence
    assert found.refuted == ()
    assert heard == list(names)
    assert all(one.audited and one.checks > 100 for one in found.voices)
    assert [one.own_bound for one in found.voices] == [True, True, True, False]
    sign = -1 if scenario.objective in ("tokens", "profit") else 1
    for one in found.voices:
        assert one.value is not None
        assert one.bound is not None
        assert sign * one.bound <= sign * one.value + 1e-6 * abs(one.value)


def test_what_is_not_served_counts_in_plans_as_it_does_in_bounds() -> None:
    """At its value it is cheaper to leave some of the demand than to serve it."""
    scenario = hall("service.min_served=0.1", "workloads.chat.unserved_usd_per_mtok=0.2")
    found = verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("relay", "scip"))
    assert found.passed, found.sentence
    plan = planner.solve(scenario)
    assert plan.kpis["npv_unserved_usd"] > 0
    for one in found.voices:
        assert one.value == pytest.approx(plan.proof.objective_usd, rel=2e-3)


def test_every_installed_engine_is_asked() -> None:
    assert engines()[:4] == ("relay", "scip", "highs", "cpsat")
    assert "pulp:cbc" in engines()
    assert "pulp:highs" not in engines()


def test_whole_steps_prove_nothing() -> None:
    scenario = hall()
    found = verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("relay", "cpsat"))
    assert found.passed, found.sentence
    assert found.voices[1].bound is None


def test_an_undercut_optimum_is_refuted_and_named() -> None:
    judged, conflicts, refuted = judge(
        [voice("relay"), voice("pulp:cbc", value=130.0, bound=99.0)], 0.001, more_is_better=False
    )
    assert refuted == ("pulp:cbc",)
    assert conflicts == ()
    assert judged[1].remark == "refuted: relay's audited plan is 23 % better"


def test_an_optimum_undercut_within_the_gap_is_not_refuted() -> None:
    _, conflicts, refuted = judge([voice("relay"), voice("scip", value=100.09)], 0.001, more_is_better=False)
    assert (conflicts, refuted) == ((), ())


def test_a_stopped_engine_claims_nothing() -> None:
    _, conflicts, refuted = judge([voice("relay"), voice("cpsat", "stopped", 130.0)], 0.001, more_is_better=False)
    assert (conflicts, refuted) == ((), ())


def test_intervals_that_do_not_overlap_contradict_each_other() -> None:
    _, conflicts, _ = judge([voice("relay", value=100.0), voice("scip", value=102.0, bound=101.9)], 0.05,
                            more_is_better=False)  # fmt: skip
    assert conflicts == ("scip proves that nothing is better than 101.9, and relay has an audited plan at 100",)


def test_where_more_is_better_everything_is_the_other_way_round() -> None:
    voices = [voice("relay", value=100.0, bound=100.05), voice("scip", value=90.0, bound=90.02)]
    _, conflicts, refuted = judge(voices, 0.001, more_is_better=True)
    assert refuted == ("scip",)
    assert conflicts == ("scip proves that nothing is better than 90.02, and relay has an audited plan at 100",)


def test_no_plan_is_refuted_by_an_audited_one() -> None:
    judged, conflicts, refuted = judge(
        [voice("relay"), voice("cpsat", "infeasible", None, None)], 0.001, more_is_better=False
    )
    assert (conflicts, refuted) == ((), ("cpsat",))
    assert judged[1].remark == "refuted: relay has an audited plan"


def test_a_plan_that_fails_its_audit_is_a_conflict_and_refutes_nobody() -> None:
    bad = EngineResult("pulp:cbc", "1", "optimal", 50.0, 49.0, False, 1.0, 10, False, "audit: dallas draws 12 MW")
    _, conflicts, refuted = judge([voice("relay"), bad], 0.001, more_is_better=False)
    assert conflicts == ("pulp:cbc's plan fails its audit (audit: dallas draws 12 MW)",)
    assert refuted == ()


def test_an_engine_that_fails_is_a_line_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(model: Model, kind: Kind, engine: str, options: Options) -> Outcome:
        if engine == "scip":
            raise SolverFailure("scip refused the model: too odd; try another")
        return minimise(model, kind, engine, options)

    monkeypatch.setattr(module, "minimise", failing)
    scenario = hall()
    found = verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("relay", "scip"))
    assert found.passed
    assert (found.voices[1].state, found.voices[1].remark) == ("no plan", "scip refused the model: too odd")
    line = verify_sheet(found).rows[1]
    assert line[:4] == ("scip", "no plan", "-", "-")


def test_cpsat_is_a_line_of_the_table_where_whole_replicas_leave_it_no_whole_steps() -> None:
    scenario = whole()
    found = verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("relay", "cpsat"))
    assert found.passed, found.sentence
    said = "cpsat refused the model: it counts in whole steps, and rounded to them a row is left that nothing meets"
    assert verify_sheet(found).rows[1] == ("cpsat", "no plan", "-", "-", *verify_sheet(found).rows[1][4:6], said)


def test_an_unknown_engine_is_bad_input() -> None:
    scenario = hall()
    with pytest.raises(InputError, match="pulp:abacus"):
        verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("pulp:abacus",))


def test_an_infeasible_scenario_says_what_to_relax() -> None:
    scenario = hall("procurement.rent=[]", "procurement.lead_weeks={hgx-h200: 4}", "sites.hall.power_mw=0.01")
    with pytest.raises(InfeasiblePlan, match="hall needs"):
        verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("relay", "scip"))


def test_the_table_has_a_line_per_engine_and_the_verdict() -> None:
    scenario = hall()
    found = verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("relay", "pulp:cbc"))
    part = verify_sheet(found)
    assert part.sentence == "hall (cost) to a gap of 0.1 %, each engine on the same matrix:"
    assert [row[0] for row in part.rows] == ["relay", "pulp:cbc"]
    assert part.rows[1][3].endswith("(LP)")
    assert part.notes == (
        "hall: 2 engines have a plan: every proven interval overlaps and every plan passed its audit.",
    )
    assert found.to_dict()["passed"] is True


def test_the_engines_have_a_small_matrix_of_whole_replicas_as_it_is() -> None:
    scenario = whole()
    found = verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=("relay", "scip"))
    assert found.passed, found.sentence
    assert (found.in_parts, found.plan) == (False, None)
    assert verify_sheet(found).sentence.endswith("each engine on the same matrix, in whole replicas and lots:")
    assert found.to_dict()["in_parts"] is False
    assert not {"in_parts", "plan"} & set(verify(hall(), catalog_of(hall()), 1e-3, AMPLE_S, names=("scip",)).to_dict())


@pytest.mark.solve
def test_beside_a_large_plan_of_whole_replicas_the_engines_solve_it_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executable, "OUTRIGHT", 0)
    scenario = whole()
    heard: list[str] = []
    names = ("relay", "scip", "pulp:cbc")
    found = verify(scenario, catalog_of(scenario), 1e-3, AMPLE_S, names=names, progress=heard.append)
    assert found.passed, found.sentence
    assert heard == ["plan", "relay", "scip", "pulp:cbc"]
    alone = verify(in_parts(), catalog_of(in_parts()), 1e-3, AMPLE_S, names=("scip",)).voices[0]
    assert found.voices[1].value == pytest.approx(alone.value, rel=1e-9)
    assert found.plan is not None
    assert found.plan.value is not None
    assert found.plan.audited
    for one in found.voices:
        assert one.audited
        assert one.bound is not None
        assert one.bound <= found.plan.value
    sheet = verify_sheet(found)
    assert [row[0] for row in sheet.rows] == ["plan", "relay", "scip", "pulp:cbc"]
    assert "in parts of replicas and hourly lots, and the plan in whole ones" in sheet.sentence
    assert found.to_dict()["plan"]["value"] == found.plan.value


def test_a_bound_in_parts_above_the_plan_in_whole_ones_is_a_conflict() -> None:
    plan = voice("plan", value=100.0)
    assert against(plan, [voice("relay", bound=100.0)], more_is_better=False) == ()
    assert against(plan, [voice("relay", value=103.0, bound=102.0)], more_is_better=False) == (
        "relay proves that nothing in parts of replicas is better than 102, and there is an audited plan of whole ones "
        "at 100",
    )
    assert against(plan, [voice("relay", value=98.0, bound=98.0)], more_is_better=True) != ()
    refused = EngineResult("plan", "1", "optimal", 100.0, 99.0, True, 1.0, 10, False, "audit: dallas draws 12 MW")
    assert against(refused, [voice("relay")], more_is_better=False) == (
        "the plan of whole replicas fails its audit (audit: dallas draws 12 MW)",
    )


def test_no_plan_in_whole_replicas_is_said_and_only_its_proof_a_conflict() -> None:
    assert against(voice("plan", "no plan", None, None), [voice("relay")], more_is_better=False) == ()
    assert against(voice("plan", "infeasible", None, None), [voice("relay")], more_is_better=False) == (
        "the planner finds nothing to plan with, and relay has an audited plan in parts",
    )
