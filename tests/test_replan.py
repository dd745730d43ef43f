"""Planning the rest: what is bought and signed by a day stays, and costs no less than deciding everything at once."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planner.catalog import load_catalog
from planner.errors import InfeasiblePlan, InputError
from planner.history.run import Run, run_of
from planner.history.store import find, save
from planner.pipeline import catalog_of, solve
from planner.scenario import load_scenario
from planner.schema.published import schema
from planner.studies.replan.study import Replanned, replan
from tests.command import FUTURES, SMALL
from tests.store import TINY, plan, tiny_run

# Contracts to sign and a group to keep, nothing to buy.
SIGNED = """
name: signed
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 4, period: quarter, lookahead: 1}
blocks: {peak: 0.25, rest: 0.75}
sites:
  - name: dallas
    region: us-south
    power_mw: 1.0
    pue: {air: {design: 1.25, annual: 1.25}, liquid: {design: 1.15, annual: 1.15}}
    existing: [{system: hgx-h100, count: 10, in_service: 2024-01}]
workloads:
  - name: assistant
    model: llama-3.3-70b
    tokens: {input: 1024, output: 1024}
    demand: {output_mtok_per_day: {2027-01: 4e3, 2027-12: 60e3}}
    load: steady
    sla: {ttft_s: 2.0, tpot_ms: 50}
load_shapes: {steady: {peak: 1.3, rest: 0.9}}
procurement:
  systems: {allow: [hgx-b200, gb300-nvl72]}
  providers: {allow: [nscale, nebius]}
  lead_weeks: {gb300-nvl72: 20, reserved_1y: 6, reserved_3y: 6}
  buy: false
  token_api: false
"""

# A hall to convert before anything can be bought for it.
CONVERTED = (
    SIGNED.replace("name: signed", "name: converted")
    .replace("    pue:", "    cooling: [air]\n    conversion: {cost_usd: 1000, lead_weeks: 8}\n    pue:")
    .replace("lead_weeks: {", "rent: [on_demand]\n  lead_weeks: {")
    .replace("buy: false", "buy: true")
    .replace("gb300-nvl72: 20", "gb200-nvl72: 8")
    .replace("[hgx-b200, gb300-nvl72]", "[gb200-nvl72]")
    .replace("llama-3.3-70b", "deepseek-r1")
    .replace("providers: {allow: [nscale, nebius]}", "providers: {allow: [coreweave]}")
)


@cache
def run_for(text: str, *overrides: str) -> Run:
    scenario = load_scenario(io.StringIO(text), overrides)
    catalog = catalog_of(scenario)
    found = solve(scenario, catalog)
    return run_of(scenario, catalog, found, found.to_dict(), [])


def proven(run: Run) -> tuple[float, float]:
    """Where the run's least cost lies."""
    solver = run.result["solver"]
    return solver["best_bound_usd"], solver["objective_usd"]


def orders(result: dict[str, Any], before: str) -> list[tuple[object, ...]]:
    """What is ordered and signed before a day, in a comparable form."""
    rows = [row for table in ("purchases", "contracts") for row in result[table] if row["order_by"] < before]
    return [tuple(value for name, value in row.items() if "usd" not in name) for row in rows]


@pytest.mark.solve
@pytest.mark.parametrize(
    ("text", "day"),
    [
        (SMALL, "2027-02-01"),
        (SMALL, "2027-04-15"),
        (SMALL, "2028-06-01"),
        (SMALL + FUTURES, "2027-04-15"),
        (SMALL + FUTURES, "2027-07-01"),
        (SIGNED, "2027-02-01"),
        (SIGNED, "2027-07-01"),
        (CONVERTED, "2027-07-01"),
    ],
)
def test_the_same_question_at_a_later_day_costs_the_same(text: str, day: str) -> None:
    run = run_for(text)
    found = replan(run, dt.date.fromisoformat(day))
    low, high = proven(run)
    cost, bound = found.plan.kpis["npv_usd"], found.plan.proof.best_bound_usd
    assert found.plan.audit.passed
    assert cost >= low * (1 - 1e-9), "cheaper than what was proven to be the least"
    assert bound is not None
    assert bound <= high * (1 + 1e-9), "the earlier plan was still there to be had"
    assert orders(found.to_dict(), day) == orders(run.result, day)
    begun = int((dt.date.fromisoformat(day) - dt.date(2027, 1, 1)).days / 91)
    now, then = found.plan.decisions, run.decided()
    for name in ("keeps", "conversions"):
        past, before = (table[table["period"] < begun] for table in (getattr(now, name), getattr(then, name)))
        assert past.to_dict(orient="records") == before.to_dict(orient="records")
    jsonschema.validate(json.loads(json.dumps(found.to_dict())), schema("result"))


@pytest.mark.solve
def test_the_cases_hold_every_kind_of_decision() -> None:
    kinds = {name for text in (SMALL, SIGNED, CONVERTED) for name, rows in run_for(text).decisions.items() if rows}
    assert {"buys", "signs", "keeps", "rents", "conversions"} <= kinds


def test_before_the_first_decision_nothing_is_fixed() -> None:
    found = replan(tiny_run(), dt.date(2026, 12, 1))
    assert found.plan.kpis["npv_usd"] == pytest.approx(tiny_run().result["kpis"]["npv_usd"], rel=1e-9)
    assert (found.sunk.systems, found.sunk.lots, found.sunk.paid_usd) == (0, 0, 0)


@pytest.mark.solve
def test_what_was_bought_stays_even_where_it_is_not_needed_any_more() -> None:
    less = tiny_run().question(["workloads.chat.demand.output_mtok_per_day=600"])
    found = replan(tiny_run(), dt.date(2027, 6, 1), less)
    assert found.plan.purchases["count"].tolist() == [4]
    fresh = solve(less)
    assert fresh.purchases["count"].sum() < 4
    assert found.plan.kpis["npv_usd"] > fresh.kpis["npv_usd"]
    assert found.plan.audit.passed


@pytest.mark.solve
def test_what_was_not_ordered_in_time_is_out_of_reach() -> None:
    """Room for a fifth node is known too late to have it in 2028, and for a year alone it does not pay."""
    more = tiny_run().question(["sites.hall.power_mw=0.075"])
    found = replan(tiny_run(), dt.date(2027, 12, 31), more)
    assert found.plan.purchases["count"].tolist() == [4]
    assert solve(more).purchases["count"].tolist() == [5]


@pytest.mark.solve
def test_what_is_ordered_later_follows_what_is_known_by_then() -> None:
    run = run_for(SMALL)
    more = run.question(["workloads.assistant.demand.output_mtok_per_day={2027-01: 4e3, 2027-12: 50e3}"])
    found = replan(run, dt.date(2027, 2, 1), more)
    assert orders(found.to_dict(), "2027-02-01") == orders(run.result, "2027-02-01")
    assert found.plan.purchases["count"].sum() > sum(row["count"] for row in run.result["purchases"])


def test_sunk_money_is_the_plans_own() -> None:
    run = run_for(SMALL)
    found = replan(run, dt.date(2027, 7, 1))
    cash = found.plan.cashflow
    capex = cash["category"].isin(["hardware", "network", "installation", "conversion"])
    other = ~capex & ~cash["category"].isin(["revenue", "residual", "contract_tail", "prepayment_credit"])
    past = cash["period"].isin(["2027-Q1", "2027-Q2"])
    assert found.sunk.paid_usd == pytest.approx(cash[past & (capex | other)]["usd"].sum())
    assert found.sunk.paid_npv_usd + found.sunk.rest_npv_usd == pytest.approx(found.plan.kpis["npv_usd"])
    bought = [row["cost_usd"] for row in run.result["purchases"] if row["order_by"] < "2027-07-01"]
    assert found.sunk.bought_usd == pytest.approx(sum(bought))


@pytest.mark.solve
def test_of_several_futures_one_comes_true() -> None:
    run = run_for(SMALL + FUTURES)
    found = replan(run, dt.date(2027, 7, 1), future="boom")
    assert [future.name for future in found.scenario.futures] == ["boom"]
    assert found.plan.audit.passed
    before = [row for row in run.result["purchases"] if row["future"] in ("all", "boom")]
    counts = {(row["period"], row["system"]): row["count"] for row in before if row["order_by"] < "2027-07-01"}
    now = found.plan.purchases
    ordered = now[[day < dt.date(2027, 7, 1) for day in now["order_by"]]]
    assert {(row.period, row.system): row.count for row in ordered.itertuples(index=False)} == counts
    with pytest.raises(InputError, match="--future bust: run 0 knows base, boom"):
        replan(run, dt.date(2027, 7, 1), future="bust")
    single = run.question(["futures=[]", "revealed=null"])
    with pytest.raises(InputError, match="say with --future which one came true"):
        replan(run, dt.date(2027, 7, 1), single)


@pytest.mark.solve
def test_a_limit_below_what_stands_there_is_what_to_relax() -> None:
    with pytest.raises(InfeasiblePlan, match=r"hall needs 0\.0561 MW in 2027, the cap is 0\.03"):
        replan(tiny_run(), dt.date(2027, 6, 1), tiny_run().question(["sites.hall.power_mw=0.03"]))


@pytest.mark.solve
def test_offers_outdone_since_are_still_held() -> None:
    run = run_for(SIGNED)
    signed = {(row["provider"], row["system"]) for row in run.result["contracts"] if row["order_by"] < "2027-06-01"}
    assert signed, "the case has to sign something"
    provider, system = sorted(signed)[0]
    (row,) = [
        offer
        for offer in load_catalog(("builtin",)).offers.values()
        if (offer.provider, offer.system, offer.kind) == (provider, system, "reserved")
        and offer.term_months in {int(item["term_months"]) for item in run.result["contracts"]}
    ][:1]
    cheaper = (
        f"quotes=[{{provider: {provider}, system: {system}, region: other, term_months: {row.term_months}, "
        f"usd_per_gpu_hour: 0.5, lot_gpus: {row.lot_gpus}, upfront_share: {row.upfront_share}}}]"
    )
    found = replan(run, dt.date(2027, 6, 1), run.question([cheaper]))
    assert orders(found.to_dict(), "2027-06-01") == orders(run.result, "2027-06-01")


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["procurement.systems.deny=[hgx-h200]", "procurement.systems.allow=null"], "bought 4 × hall/hgx-h200"),
        (["horizon.period=quarter", "horizon.periods=8"], "periods have to be the same ones"),
        (["horizon.start=2028-01"], "run 0 is planned by year from 2027-01 on, the scenario by year from 2028-01"),
    ],
)
def test_what_does_not_fit_is_one_sentence(overrides: list[str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        replan(tiny_run(), dt.date(2027, 6, 1), tiny_run().question(overrides))
    assert "\n" not in str(refused.value)


@pytest.mark.solve
def test_the_command_saves_and_goes_on_from_there(tmp_path: Path) -> None:
    store = tmp_path / "runs.sqlite"
    save(store, tiny_run())
    done = plan("replan", "1", "--as-of", "2027-06", "--save", "--store", store, "--json", tmp_path / "r.json")
    assert done.exit_code == 0, done.output
    assert done.stderr == "run 2 saved; `plan show 2` shows it\n"
    assert done.stdout.startswith(
        "Nothing is to be ordered or signed from 2027-06-01 on.\n\nFixed by 2027-06-01, as run 1"
    )
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert plan("show", "2", "--store", store).stdout == done.stdout
    assert find(store, "2").result["replan"]["run"] == 1
    again = plan("replan", "2", "--as-of", "2028", "--store", store, "--scenario", TINY)
    assert again.exit_code == 0, again.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["1", "--as-of", "soon"], "--as-of: 'soon' is no date; write 2027-01-31, 2027-01 or 2027"),
        (["2", "--as-of", "2028"], "run 2 has no plan, so nothing was decided by it"),
        (["1", "--as-of", "2028", "--gap", "2"], "--gap 2: must be more than 0 and less than 1, such as 0.001"),
        (["1", "--as-of", "2028", "--set", "sites.hall.powr=1"], "no field 'powr'"),
    ],
)
def test_bad_input(tmp_path: Path, words: list[str], sentence: str) -> None:
    store = tmp_path / "runs.sqlite"
    save(store, tiny_run())
    scenario = tiny_run().question()
    nothing = {"status": "infeasible", "scenario_digest": "0", "relaxations": []}
    save(store, run_of(scenario, catalog_of(scenario), None, nothing, []))
    done = plan("replan", *words, "--store", store)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_replanned_is_what_the_type_says() -> None:
    assert isinstance(replan(tiny_run(), dt.date(2029, 1, 1)), Replanned)


@pytest.mark.solve
@pytest.mark.parametrize(("day", "systems"), [(dt.date(2026, 12, 4), 0), (dt.date(2026, 12, 5), 4)])
def test_what_is_to_be_ordered_on_the_day_itself_is_still_open(day: dt.date, systems: int) -> None:
    (bought,) = tiny_run().result["purchases"]
    assert bought["order_by"] == "2026-12-04"
    found = replan(tiny_run(), day, tiny_run().question(["procurement.providers.allow=null", "procurement.buy=true"]))
    assert found.sunk.systems == systems


CHEAP = (
    "quotes=[{provider: nebius, system: hgx-b200, region: here, term_months: 12, usd_per_gpu_hour: 0.2, "
    "lot_gpus: 8, min_lots: 2, lead_weeks: 4, expires: 2027-06-15}]"
)


@pytest.mark.solve
def test_lots_signed_with_a_minimum_stay_where_hardly_any_would_be_needed() -> None:
    run = run_for(SIGNED, CHEAP, "workloads.assistant.demand.output_mtok_per_day=1e6")
    signed = [row for row in run.result["contracts"] if row["order_by"] < "2027-12-01"]
    assert sum(row["lots"] for row in signed) > 200
    less = run.question(["workloads.assistant.demand.output_mtok_per_day=100"])
    found = replan(run, dt.date(2027, 12, 1), less)
    assert orders(found.to_dict(), "2027-12-01") == orders(run.result, "2027-12-01")


@pytest.mark.solve
def test_what_was_retired_and_kept_is_so_in_the_past() -> None:
    run = run_for(SIGNED, CHEAP)
    first, second = run.result["retirements"]
    assert (first["period"], second["period"]) == ("2027-Q1", "2027-Q2")
    more = run.question(["workloads.assistant.demand.output_mtok_per_day={2027-01: 4e3, 2027-12: 2e5}"])
    both = {name: first[name] + second[name] for name in ("count", "gpus")}
    assert solve(more).to_dict()["retirements"] == [first | both]
    found = replan(run, dt.date(2027, 7, 1), more)
    assert found.to_dict()["retirements"] == [first, second]


@pytest.mark.slow
def test_another_catalog_is_said() -> None:
    found = replan(replace(tiny_run(), catalog_digest="0"), dt.date(2027, 6, 1))
    assert found.notes == ("The catalog is not the one of run 0: what was fixed is priced as it says now.",)
