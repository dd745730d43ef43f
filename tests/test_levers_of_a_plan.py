"""`plan levers`: each line is the scenario without that lever, solved; plots are the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import planner
from planner.pipeline import catalog_of
from planner.studies.levers.study import TOGETHER, all_levers, levers
from tests.command import plan

TINY = "tests/compat/0.1.0/scenarios/tiny.yaml"


@pytest.mark.solve
def test_each_lever_is_a_solve_of_its_own() -> None:
    scenario = planner.load(TINY)
    table = levers(scenario, gap=1e-6)["levers"].set_index("lever")
    half = planner.solve(planner.load(TINY, ("workloads.chat.headroom=0.575",)), gap=1e-6)
    row = table.loc["at half the utilisation"]
    assert row.cost_usd == pytest.approx(half.proof.objective_usd, rel=1e-6)
    assert row.times == pytest.approx(half.proof.objective_usd / table.loc["as optimised", "cost_usd"], rel=1e-6)
    assert (table["rise_low_usd"] >= 0).all()
    assert (table["rise_low_usd"] <= table["rise_high_usd"]).all()


def test_what_is_taken_away_is_gone() -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    catalog = catalog_of(scenario)
    changed = {lever.name: lever.change(scenario, catalog) for lever in all_levers()}
    assert all(point.precision != "fp4" for point in changed["without FP4"][1].serving.values())
    assert all(p.spec_decode == "none" for p in changed["without MTP or speculative decoding"][1].serving.values())
    assert all(point.mode == "agg" for point in changed["without disaggregation"][1].serving.values())
    listed = changed["rented at on-demand list price"][0]
    assert (listed.procurement.rent, listed.quotes) == (("on_demand",), ())
    denied = changed["Hopper only"][0].procurement.systems.deny
    kept = [key for key, system in catalog.systems.items() if key not in denied]
    assert {catalog.systems[key].generation for key in kept} == {"hopper"}


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
    from planner.studies.levers.sheet import plot_levers

    for name in ("two.svg", "three.svg"):
        plot_levers(tmp_path / name, levers(planner.load(TINY)))
    assert (tmp_path / "two.svg").read_bytes() == (tmp_path / "three.svg").read_bytes()
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "USD per Mtok output" in (tmp_path / "one.svg").read_text()


@pytest.mark.process
def test_a_bad_plot_is_one_sentence_and_exit_2() -> None:
    done = plan("levers", TINY, "--plot", "a.gif")
    assert (done.returncode, done.stderr) == (
        2, "--plot a.gif: name a file that ends with .svg or .png\n"
    )  # fmt: skip
