"""`plan levers`: each line is the scenario without that lever, solved; plots are the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import planner
from planner.catalog.models import ServingPoint
from planner.catalog.optimisations import OPTIMISATIONS
from planner.pipeline import catalog_of
from planner.studies.levers.lever import all_levers, unmeasured
from planner.studies.levers.sheet import levers_sheets
from planner.studies.levers.study import TOGETHER, levers
from tests.command import plan
from tests.rule_cases import case, chat
from tests.strategies import point

TINY = "tests/compat/0.1.0/scenarios/tiny.yaml"


@pytest.mark.solve
def test_each_lever_is_a_solve_of_its_own() -> None:
    scenario = planner.load(TINY)
    table = levers(scenario, gap=1e-6)["levers"].set_index("lever")
    half = planner.solve(planner.load(TINY, ("workloads.chat.headroom=0.575",)), gap=1e-6)
    row = table.loc["at half the utilisation"]
    assert row.cost_usd == pytest.approx(half.proof.objective_usd, rel=1e-6)
    assert row.times == pytest.approx(half.proof.objective_usd / table.loc["as optimised", "cost_usd"], rel=1e-6)
    priced = table[table["known_by"] != "not measured"]
    assert (priced["rise_low_usd"] >= 0).all()
    assert (priced["rise_low_usd"] <= priced["rise_high_usd"]).all()


def test_what_is_taken_away_is_gone() -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    catalog = catalog_of(scenario)
    changed = {lever.name: lever.change(scenario, catalog) for lever in all_levers()}
    assert all(point.precision != "fp4" for point in changed["without FP4"][1].serving.values())
    drafting = {p.spec_decode for p in changed["without MTP"][1].serving.values()}
    assert drafting == {p.spec_decode for p in catalog.serving.values()} - {"mtp", "unknown"}
    assert all(point.mode == "agg" for point in changed["without disaggregation"][1].serving.values())
    listed = changed["rented at on-demand list price"][0]
    assert (listed.procurement.rent, listed.quotes) == (("on_demand",), ())
    denied = changed["Hopper only"][0].procurement.systems.deny
    kept = [key for key, system in catalog.systems.items() if key not in denied]
    assert {catalog.systems[key].generation for key in kept} == {"hopper"}


# What each optimisation of a point looks like.
HAVING: dict[str, dict[str, Any]] = {
    "FP4": {"precision": "fp4"},
    "MTP": {"spec_decode": "mtp", "requires": "mtp"},
    "other speculative decoding": {"spec_decode": "eagle", "requires": "mtp"},
    "disaggregation": {"mode": "disagg", "requires": "disagg"},
    "KV offload": {"kv_offload": "on", "requires": "kv_offload"},
    "KV-aware routing": {"kv_routing": "on", "requires": "kv_routing"},
}


def with_(name: str, **fields: Any) -> ServingPoint:
    given: dict[str, Any] = {"series": name, "rate": 2.0} | HAVING[name] | fields
    return point(**given)


@pytest.mark.parametrize("name", HAVING)
def test_a_lever_is_known_by_the_points_that_say_they_have_it(name: str) -> None:
    (lever,) = (lever for lever in all_levers() if lever.name == f"without {name}")
    predicted = with_(name, evidence="predicted")
    assert lever.known({"m1": [point()]}) == "not measured"
    assert lever.known({"m1": [point(), predicted]}) == "predicted"
    assert lever.known({"m1": [point()], "m2": [predicted, with_(name)]}) == "measured"
    others = [one.name for one in OPTIMISATIONS if one.has(with_(name))]
    assert others == [name]


def test_what_nobody_says_is_neither_with_nor_without() -> None:
    mute = point(spec_decode="unknown", requires="mtp")
    said = {one.name: one.has(mute) for one in OPTIMISATIONS}
    assert said == {
        "FP4": False, "MTP": None, "other speculative decoding": None, "disaggregation": False, "KV offload": None,
        "KV-aware routing": None,
    }  # fmt: skip
    # A row of 0.1.0 has no column for it, and says so by what it requires.
    assert {one.has(point(requires="kv_offload")) for one in OPTIMISATIONS if one.name == "KV offload"} == {True}
    assert {one.has(point(kv_offload="off")) for one in OPTIMISATIONS if one.name == "KV offload"} == {False}


def test_what_is_measured_for_one_model_alone_is_told() -> None:
    usable = {"m1": [point(), with_("MTP")], "m2": [point(model="m2")]}
    known = {lever.name: lever.known(usable) for lever in all_levers()}
    assert list(unmeasured(known, usable)) == [
        "Not measured, so not priced: FP4, other speculative decoding, disaggregation, KV offload, KV-aware routing. "
        "No serving point of m1 and m2 on a system that can be had says that it has any.",
        "without MTP: not measured for m2; what it costs is of the others alone.",
    ]


@pytest.mark.solve
def test_without_a_lever_that_doubles_the_rate_a_plan_costs_twice_as_much() -> None:
    """Each at 9 USD an hour, and nothing else to pay: 1 request/s of a GPU without, 2 with."""
    for name in HAVING:
        asked = case(points=(point(), with_(name)), workloads=[chat()])
        found = levers(asked.scenario, asked.catalog)
        table = found.levers.set_index("lever")
        assert table.loc[f"without {name}", "times"] == pytest.approx(2.0)
        assert table.loc[f"without {name}", "known_by"] == "measured"
        others = [f"without {other}" for other in HAVING if other != name]
        assert table.loc[others, "known_by"].eq("not measured").all()
        assert table.loc[others, ["cost_usd", "rise_low_usd", "rise_high_usd", "times"]].isna().all(axis=None)
        shown = {row[0]: row[1:5] for row in levers_sheets(found)[0].rows}
        assert all(shown[other] == ("not measured", "-", "-", "-") for other in others)


@pytest.mark.solve
def test_what_predictions_alone_say_is_marked_and_never_nothing() -> None:
    for rate, times in ((2.0, 2.0), (0.5, None)):
        predicted = with_("KV offload", evidence="predicted", rate=rate, ttft_ms=700.0, tpot_ms=19.0)
        asked = case(points=(point(), predicted), trust={"predicted": 1.0})
        found = levers(asked.scenario, asked.catalog)
        row = found.levers.set_index("lever").loc["without KV offload"]
        assert row["known_by"] == "predicted"
        assert row["times"] == pytest.approx(times) if times else pd.isna(row["times"])
        sheet = levers_sheets(found)[0]
        assert {line[0]: line[1] for line in sheet.rows}["without KV offload*"] != "no plan"
        assert any(note.startswith("*: by predicted points alone") for note in sheet.notes)


@pytest.mark.solve
def test_without_a_plan_it_says_what_stops_it() -> None:
    overrides = ("procurement.rent=[]", "sites.hall.power_mw=0.0562")
    table = levers(planner.load(TINY, overrides))["levers"].set_index("lever")
    assert "hall needs" in table.loc["at half the utilisation", "reason"]
    assert table.loc[TOGETHER, "reason"]


@pytest.mark.solve
def test_metrics_are_the_plans_own() -> None:
    scenario = planner.load(TINY, ("procurement.rent=[]",))
    (row,) = levers(scenario)["metrics"].itertuples()
    kpis = planner.solve(scenario).kpis
    # In the plan nodes are idle at night, so that a token costs more than one made by a node that is always busy.
    assert row.usd_per_mtok_output < kpis["levelised_usd_per_mtok_output"]
    assert row.output_tok_s_per_mw >= kpis["output_tokens_per_s_per_provisioned_mw"]
    system = catalog_of(scenario).systems["hgx-h200"]
    assert row.fp8_pflops_per_kusd == pytest.approx(8 * system.fp8_dense_pflops_per_gpu / (system.price_usd / 1e3))


@pytest.mark.solve
def test_the_command_writes_what_it_says(tmp_path: Path) -> None:
    files = ("--json", tmp_path / "out.json", "--csv", tmp_path / "tables", "--plot", tmp_path / "one.svg")
    done = plan("levers", TINY, *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 100
    result = json.loads((tmp_path / "out.json").read_text())
    assert [row["lever"] for row in result["levers"]][1:-1] == [lever.name for lever in all_levers()]
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {"levers.csv", "metrics.csv"}
    from planner.render.plots import write_plot
    from planner.studies.levers.plot import levers_picture

    for name in ("two.svg", "three.svg"):
        write_plot(tmp_path / name, levers_picture(levers(planner.load(TINY))))
    assert (tmp_path / "two.svg").read_bytes() == (tmp_path / "three.svg").read_bytes()
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "cost of a million output tokens, $" in (tmp_path / "one.svg").read_text()


@pytest.mark.process
def test_a_bad_plot_is_one_sentence_and_exit_2() -> None:
    done = plan("levers", TINY, "--plot", "a.gif")
    assert (done.returncode, done.stderr) == (
        2, "--plot a.gif: name a file that ends with .svg or .png\n"
    )  # fmt: skip
