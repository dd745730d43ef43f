"""`plan explain`: what limits are worth, why something is left out, why there is no plan; each by solving again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import planner
from planner.pipeline import catalog_of
from planner.studies import changes
from planner.studies.explain.conflict import Limits, conflicts
from planner.studies.explain.study import explain
from tests.command import plan

TINY = "tests/compat/0.1.0/scenarios/tiny.yaml"
BOTH = "procurement.systems.allow=[hgx-h200,hgx-b200]"
OWN = "procurement.rent=[]"
NO_PLAN = (OWN, "sites.hall.power_mw=0.03", "budget.capex_usd={2027: 1e6}")


def cost(scenario: planner.Scenario, catalog: planner.Catalog | None = None) -> float:
    return planner.solve(scenario, catalog, gap=1e-6).proof.objective_usd


@pytest.mark.solve
def test_what_a_limit_is_worth_is_what_solving_again_says() -> None:
    scenario = planner.load(TINY, (OWN, "sites.hall.power_mw=0.0562"))
    limits = explain(scenario, gap=1e-6)["limits"].set_index(["limit", "change"])
    base = cost(scenario)
    for factor, change in ((1.01, 1.0), (0.99, -1.0)):
        row = limits.loc[("demand", change)]
        again = cost(changes.with_demand(scenario, factor)) - base
        assert row.cost_low_usd - 1 <= again <= row.cost_high_usd + 1
    power = limits.loc["power"]
    assert (power.loc[power.index > 0, "cost_high_usd"] <= 0).all()
    assert (power.loc[power.index < 0, "state"] == "no plan").all()


@pytest.mark.solve
def test_what_a_millisecond_is_worth_is_what_solving_again_says() -> None:
    scenario = planner.load(TINY, ("workloads.chat.sla.tpot_ms=9", "sites.hall.power_mw=0.2"))
    limits = explain(scenario, gap=1e-6)["limits"].set_index(["limit", "change"])
    for row in limits.loc["TPOT target"].itertuples():
        override = f"workloads.chat.sla.tpot_ms={9 + row.Index}"
        again = cost(planner.load(TINY, (override, "sites.hall.power_mw=0.2"))) - cost(scenario)
        assert row.cost_low_usd - 1 <= again <= row.cost_high_usd + 1
    assert (limits.loc["TPOT target", "cost_high_usd"] != 0).any()


@pytest.mark.solve
def test_a_system_enters_below_the_price_that_is_named_and_not_above() -> None:
    scenario = planner.load(TINY, (BOTH,))
    catalog = catalog_of(scenario)
    row = explain(scenario, rejected=["hgx-h200"], gap=1e-6)["why_not"].iloc[0]
    assert row.state == "priced out"
    assert row.enters_at <= row.not_above < row.price
    for price, inside in ((row.enters_at * 0.99, True), (row.not_above * 1.01, False)):
        cheaper = changes.with_hardware_price(catalog, price / row.price, "hgx-h200")
        bought = planner.solve(scenario, cheaper, gap=1e-6).purchases
        assert (bought["system"] == "hgx-h200").any() == inside
    assert f"${row.enters_at:,.0f}" in row.sentence


@pytest.mark.solve
def test_an_offer_enters_below_the_rate_that_is_named_and_not_above() -> None:
    name = "together/global/hgx-h200/on_demand"
    scenario = planner.load(TINY, (BOTH,))
    catalog = catalog_of(scenario)
    row = explain(scenario, rejected=[name], gap=1e-6)["why_not"].iloc[0]
    for rate, inside in ((row.enters_at * 0.99, True), (row.not_above * 1.01, False)):
        again, cheaper = changes.with_rates(scenario, catalog, rate / row.price, name=name)
        rented = planner.solve(again, cheaper, gap=1e-6).on_demand
        lots = rented.loc[rented["system"] == "hgx-h200", "gpus"].sum()
        assert (lots >= 1) == inside


@pytest.mark.parametrize(
    ("overrides", "name", "words"),
    [
        ((), "hgx-b200", "hgx-b200 is excluded: hgx-b200 is not on the allow list, procurement.systems.allow"),
        pytest.param(
            ("procurement.systems={deny: [hgx-h100]}",),
            "hgx-h100",
            "is on the deny list, procurement.systems.deny",
            marks=pytest.mark.slow,
        ),
        ((), "nebius/global/hgx-h200/on_demand", "nebius is not on the allow list, procurement.providers.allow"),
        ((BOTH,), "hgx-h200", "is not in the plan: at $325,000 a system the first one costs"),
        pytest.param((), "hgx-h200", "hgx-h200 is in the plan: bought", marks=pytest.mark.slow),
    ],
)
def test_the_rule_in_the_way_is_named(overrides: tuple[str, ...], name: str, words: str) -> None:
    (sentence, *_) = explain(planner.load(TINY, overrides), rejected=[name]).sentences
    assert words in sentence.replace(", to buy,", "")


@pytest.mark.solve
def test_a_point_is_too_slow_or_shut_out_by_its_latency() -> None:
    scenario = planner.load(TINY)
    used = set(planner.solve(scenario).serving["point"])
    points = [
        p
        for p in catalog_of(scenario).serving.values()
        if (p.model, p.system) == ("llama-3.3-70b", "hgx-h200") and p.name not in used
    ]
    chosen = [next(p for p in points if p.tpot_ms > 25), next(p for p in points if p.tpot_ms <= 25)]
    found = explain(scenario, rejected=[p.name for p in chosen])["why_not"]
    assert found["sentence"].str.contains("the target is 25 ms|tokens, the workload has|times its speed").all()


# Limits that a plan exceeds more than ten thousand times: by GPUs, and by what a lease of a GW costs.
NO_GPUS = ("procurement.buy=false", "procurement.quotas=[{system: hgx-h200, gpus: 1e-9}]", "workloads.chat.sla={}")
NO_MONEY = (
    "sites=[{name: hall, region: us-south, power_mw: 0.06, cooling: [air], pue: {air: {design: 1.25, annual: 1.25}}, "
    "lease: {it_kw: 1e6, usd_per_kw_month: 160}}]",
    "budget.opex_usd=20000",
)


@pytest.mark.parametrize(
    "overrides",
    [
        NO_PLAN,
        (OWN, "sites.hall.power_mw=0.03"),
        (OWN, "procurement.buy=false"),
        pytest.param(NO_GPUS, marks=pytest.mark.solve),
        pytest.param(NO_MONEY, marks=pytest.mark.solve),
    ],
)
def test_conflicts_are_minimal_and_all_of_them(overrides: tuple[str, ...]) -> None:
    scenario = planner.load(TINY, overrides)
    limits = Limits(scenario, catalog_of(scenario))
    found, complete = conflicts(limits)
    assert found
    assert complete
    for conflict in found:
        assert conflict.minimal
        assert not limits.keeps(conflict.groups)
        for group in conflict.groups:
            assert limits.keeps(other for other in conflict.groups if other != group)
    # With one member of each given up, there is a plan.
    given_up = {conflict.groups[0] for conflict in found}
    assert limits.keeps(group for group in limits.groups if group not in given_up)


@pytest.mark.solve
def test_the_way_out_in_one_currency_is_enough() -> None:
    overrides = (OWN, "sites.hall.power_mw=0.03")
    ways = explain(planner.load(TINY, overrides))["relaxations"].set_index("currency")
    needed = float(ways.loc["MW", "needed"])
    assert planner.solve(planner.load(TINY, (OWN, f"sites.hall.power_mw={needed * (1 + 1e-6)}"))).status == "optimal"
    assert not ways.loc["ms", "possible"]


@pytest.mark.process
def test_the_command_writes_what_it_says(tmp_path: Path) -> None:
    done = plan("explain", TINY, "--json", tmp_path / "out.json", "--csv", tmp_path / "tables")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 100
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["scenario_digest"] == json.loads(plan(TINY, "--json", "-").stdout)["scenario_digest"]
    assert (tmp_path / "tables" / "limits.csv").read_text().count("\n") == len(result["limits"]) + 1


@pytest.mark.process
def test_no_plan_is_exit_3_with_the_conflict() -> None:
    done = plan("explain", TINY, *(part for override in NO_PLAN for part in ("--set", override)))
    assert done.returncode == 3
    assert "Together impossible: the power cap of hall and that chat is served." in done.stdout


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--why-not", "hgx-h20"),
            "--why-not hgx-h20: no such system, offer, token API or serving point; nearest: hgx-h200",
        ),
        (("--set", "objective=tokens"), "plan explain compares plans by their cost"),
    ],
)
def test_a_bad_option_is_one_sentence_and_exit_2(arguments: tuple[str, ...], sentence: str) -> None:
    done = plan("explain", TINY, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
