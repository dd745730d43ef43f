"""Studies of a scenario of whole replicas: compared in parts of them, the figures of a scenario in parts, and said."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import InfeasiblePlan, InputError, SolverFailure
from planner.pipeline import catalog_of
from planner.render.hints import filled
from planner.scenario import Scenario, scenario_digest
from planner.solvers import executable
from planner.solvers.packer import Packer
from planner.solvers.packing import NOTICEABLE, Packing
from planner.solvers.packing import pack as packed
from planner.studies.alternatives.study import alternatives
from planner.studies.breakeven.study import breakeven
from planner.studies.explain.study import explain
from planner.studies.frontier.study import frontier
from planner.studies.information import value_of_information
from planner.studies.levers.study import levers
from planner.studies.percentile import other_percentile
from planner.studies.result import IN_PARTS
from planner.studies.sensitivity.study import sensitivity
from planner.studies.sensitivity.worlds import World
from planner.studies.solves import Question, answer
from tests.tiny import TINY, VERSION_2, in_parts, whole

TWO = (
    "futures=[{name: boom, probability: 0.5, demand: 1.5}, {name: bust, probability: 0.5, demand: 0.5}]",
    "sites.hall.power_mw=0.2",
)
RENTED = ("procurement.buy=false", "workloads.chat.sla={}")
# Parts of two systems serve the day; of the third a whole replica takes more than is left.
TOO_FEW = (*RENTED, "procurement.quotas=[{system: hgx-h200, gpus: 20}]")


def figures(found: Any) -> Any:
    """Plain values without digests, and without what says that they are in parts."""
    if isinstance(found, dict):
        kept = {name: figures(value) for name, value in found.items() if "digest" not in name and name != "in_parts"}
        sentences = [one for one in kept.pop("sentences", []) if one != IN_PARTS]
        return kept | ({"sentences": sentences} if sentences else {})
    return [figures(value) for value in found] if isinstance(found, list) else found


STUDIES: dict[str, Callable[[Scenario], Any]] = {
    "alternatives": lambda scenario: alternatives(scenario, within=[0.05]),
    "breakeven": lambda scenario: breakeven(scenario, "hgx-h200", "chat", gap=1e-3),
    "explain": explain,
    "frontier": lambda scenario: frontier(scenario, "sites.hall.power_mw=0.04,0.06"),
    "levers": levers,
    "sensitivity": sensitivity,
    "why not": lambda scenario: explain(scenario, rejected=["together/global/hgx-h200/on_demand"]),
}


@pytest.mark.solve
@pytest.mark.parametrize("study", STUDIES)
def test_a_study_compares_in_parts_of_whole_replicas_and_says_so(study: str) -> None:
    asked, before = STUDIES[study](whole()), STUDIES[study](in_parts())
    assert figures(asked.to_dict()) == figures(before.to_dict())
    assert asked.to_dict()["in_parts"] is True
    assert asked.to_dict()["sentences"].count(IN_PARTS) == 1
    assert asked.to_dict()["scenario_digest"] == scenario_digest(whole())
    assert "in_parts" not in before.to_dict()
    assert IN_PARTS not in before.to_json()


@pytest.mark.solve
@pytest.mark.parametrize(
    "arguments",
    [
        ("frontier", "--over", "sites.hall.power_mw=0.06", "--jobs", "1"),
        pytest.param(("breakeven", "--system", "hgx-h200", "--workload", "chat"), marks=pytest.mark.solve),
        pytest.param(("sensitivity", "--vary", "procurement.buy=false,true"), marks=pytest.mark.process),
        ("explain", "--why-not", "together/global/hgx-h200/on_demand"),
    ],
)
def test_the_sentence_stands_once_in_the_report(arguments: tuple[str, ...]) -> None:
    command, *options = arguments
    said = CliRunner().invoke(app, [command, TINY, *options, "--set", "version=2"])
    assert said.exit_code == 0, said.output
    told = filled(IN_PARTS, (TINY, "--set", "version=2"))
    assert " ".join(said.output.split()).count(told) == 1
    before = CliRunner().invoke(app, [command, TINY, *options, "--set", "version=1"])
    assert "in parts" not in before.output


def test_curves_alone_compare_no_plans() -> None:
    found = breakeven(whole(), "hgx-h200", "chat", solve=False)
    assert not found.in_parts
    assert "sentences" not in found.to_dict()


def test_no_plan_in_parts_is_none_in_whole_ones() -> None:
    power = ("procurement.rent=[]", "sites.hall.power_mw=0.03")
    asked, before = explain(whole(*power)), explain(in_parts(*power))
    assert not asked.feasible
    assert figures(asked.to_dict()) == figures(before.to_dict())
    assert asked.sentences[-1] == IN_PARTS


@pytest.mark.solve
def test_what_counts_only_for_whole_replicas_is_not_varied() -> None:
    with pytest.raises(InputError, match="min_replicas: plans are compared in parts"):
        frontier(whole(), "workloads.chat.min_replicas=1,2")
    scenario = whole()
    for field, values in {
        "procurement.whole_on_demand_lots": ("false", "true"),
        "service.survive": ("none", "system"),
    }.items():
        sides = [
            World(field, side, value, whole(f"{field}={value}"), catalog_of(scenario))
            for side, value in zip(("low", "high"), values, strict=True)
        ]
        with pytest.raises(InputError, match=f"--vary {field}: plans are compared in parts"):
            sensitivity(scenario, vary=sides)


@pytest.mark.solve
def test_what_version_1_asks_for_whole_is_compared_whole() -> None:
    small, whole_lots = "sites.hall.power_mw=0.04", "procurement.whole_on_demand_lots=true"
    for asked in (whole_lots, "workloads.chat.whole_replicas=true"):
        found = frontier(in_parts(asked), "sites.hall.power_mw=0.04")
        assert not found.in_parts
        plan = planner.solve(in_parts(asked, small))
        assert found.table["npv_usd"].item() == pytest.approx(plan.proof.objective_usd, rel=1e-9)
    of_lots = frontier(whole("workloads.chat.whole_replicas=false"), "sites.hall.power_mw=0.04")
    assert of_lots.in_parts
    assert of_lots.table["npv_usd"].item() == pytest.approx(planner.solve(in_parts(small)).kpis["npv_usd"], rel=1e-9)


@pytest.mark.solve
def test_information_compares_like_with_like() -> None:
    scenarios = (whole(*TWO), in_parts(*TWO))
    found, before = (
        value_of_information(scenario, catalog_of(scenario), planner.solve(scenario)) for scenario in scenarios
    )
    assert found.in_parts
    assert found.to_dict()["in_parts"] is True
    assert "in_parts" not in before.to_dict()
    for name in ("here_and_now", "wait_and_see", "mean_plan"):
        assert getattr(found, name) == pytest.approx(getattr(before, name), rel=2e-3)


@pytest.mark.slow
def test_a_failed_search_beside_the_plan_leaves_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise SolverFailure("no plan found")

    monkeypatch.setattr("planner.studies.information.optimise", failing)
    monkeypatch.setattr("planner.studies.percentile.scale_of", failing)
    asked = [f"--set={override}" for override in (*VERSION_2, *TWO)]
    done = CliRunner().invoke(app, ["solve", TINY, *asked, "--json", "-"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["status"] == "optimal"
    assert not {"information", "other_percentile"} & set(result)


@pytest.mark.solve
def test_the_other_percentile_is_bounded_in_parts() -> None:
    found = []
    for scenario in (whole(), in_parts()):
        catalog = catalog_of(scenario)
        options = planner.solvers.Options()
        found.append(other_percentile(scenario, catalog, planner.solve(scenario), options).cost_at_least_usd)
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_a_question_is_hopeless_only_where_parts_of_replicas_have_no_plan() -> None:
    scenario = whole(*TOO_FEW)
    reply = answer(Question("few", scenario, catalog_of(scenario), 1e-3, 60.0, explained=False))
    assert reply.plan is None
    assert "hgx-h200 needs 24 GPUs" in reply.reason


@pytest.mark.solve
@pytest.mark.parametrize("gpus", [8, 16, 20])
def test_whole_replicas_without_a_plan_say_what_whole_ones_need(gpus: int) -> None:
    # The day asks for 17 GPUs of the node's eight, which are three of them.
    quota = f"procurement.quotas=[{{system: hgx-h200, gpus: {gpus}}}]"
    assert planner.solve(in_parts(*TOO_FEW)).status == "optimal"
    with pytest.raises(InfeasiblePlan) as caught:
        planner.solve(whole(*RENTED, quota))
    assert caught.value.proven
    (relaxation,) = caught.value.relaxations
    assert relaxation.sentence == f"together hgx-h200 needs 24 GPUs in 2027, the quota is {gpus}"
    enough = "procurement.quotas=[{system: hgx-h200, gpus: 24}]"
    assert planner.solve(whole(*RENTED, enough)).status == "optimal"


@pytest.mark.solve
def test_a_large_scenario_is_asked_in_parts_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executable, "OUTRIGHT", 0)
    with pytest.raises(InfeasiblePlan, match="hgx-h200 needs 17 GPUs in 2027, the quota is 8"):
        planner.solve(whole(*RENTED, "procurement.quotas=[{system: hgx-h200, gpus: 8}]"))
    with pytest.raises(InfeasiblePlan, match="hgx-h200 needs 24 GPUs in 2027, the quota is 20"):
        planner.solve(whole(*TOO_FEW))


@pytest.mark.solve
def test_where_only_parts_are_known_to_have_a_plan_it_says_how_to_have_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executable, "OUTRIGHT", 0)
    # As if the whole matrix were too large to be searched to its end.
    monkeypatch.setattr(executable, "_last_leg", lambda *_: False)
    with pytest.raises(SolverFailure, match="in parts of replicas, and none in whole ones") as caught:
        planner.solve(whole(*TOO_FEW))
    said, _, ways = str(caught.value).partition(", or plan in parts with --set ")
    # The quota leaves two nodes of eight GPUs for a day that asks for a little more than 17.
    assert "for up to 8 % of the demand of chat in 2027 day there was no room" in said
    assert said.endswith("let it go unserved with --set service.min_served=0.92")
    assert planner.solve(whole(*TOO_FEW, "service.min_served=0.92")).audit.passed
    advice = ways.split(" --set ")
    assert advice == ["procurement.whole_on_demand_lots=false", "workloads.chat.whole_replicas=false"]
    assert planner.solve(whole(*TOO_FEW, *advice)).status == "optimal"


@pytest.mark.solve
def test_a_shortage_that_nobody_notices_is_one_where_it_leaves_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first packing runs nothing and says that it is short of next to nothing; the second one is as it is."""
    monkeypatch.setattr(executable, "OUTRIGHT", 0)
    monkeypatch.setattr(executable, "_last_leg", lambda *_: False)
    rounds: list[Packing] = []

    def pack(ready: Packer, *asked: Any, **how: Any) -> Packing:
        rounds.append(packed(ready, *asked, **how))
        if len(rounds) > 1:
            return rounds[-1]
        return Packing(np.zeros_like(rounds[0].x), np.where(ready.demand, NOTICEABLE / 2, 0.0))

    monkeypatch.setattr(executable, "pack", pack)
    assert planner.solve(whole(*RENTED)).audit.passed
    assert len(rounds) > 1
