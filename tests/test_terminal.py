"""The terminal view: what it says, in which order, and that its figures are the plan's."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from planner.render import sheet
from planner.render.console import WIDTH, console_on
from planner.render.figures import (
    bar,
    count,
    digits,
    gap_percent,
    money,
    money_range,
    money_unit,
    percent,
    price,
    short,
    step,
    tokens,
    within,
)  # fmt: skip
from planner.render.sheet import Sheet, left, right
from planner.report import cash, futures, headline, hourly, orders, serving, terminal
from planner.report.view import timeline_of
from tests.screens import FLEET, FUTURES, number, rows_of, shown, solved

ORDER = (
    "To order or sign next",
    "The headline of",
    "Purchases and contracts",
    "Rented by the hour",
    "Serving by",
    "Power",
    "Budgets",
    "Cash by",
    "The limits that",
)


def test_parts_stand_in_order_within_100_columns() -> None:
    text = shown(*solved(FLEET))
    places = [text.index(f"\n{start}" if place else start) for place, start in enumerate(ORDER)]
    assert places == sorted(places)
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text


def test_every_part_begins_with_a_sentence() -> None:
    plan, scenario, catalog = solved(FLEET)
    for part in terminal.sheets(plan, scenario, catalog):
        assert part.sentence[-1] in ":."
        assert all(len(row) == len(part.columns) for row in part.rows)


def test_next_orders_are_the_first_by_day() -> None:
    plan, scenario, _ = solved(FLEET)
    part = orders.next_orders(plan, scenario)
    days = [dt.date.fromisoformat(row[0].removeprefix("by ")) for row in part.rows]
    assert days == sorted(days)
    assert 0 < len(days) <= orders.NEXT_ORDERS
    everything = [*plan.purchases["order_by"], *plan.contracts["order_by"]]
    assert days[0] == min(everything)


def test_without_an_order_in_the_first_year_the_first_one_after_it_stands() -> None:
    plan, scenario, _ = solved(FLEET)
    later = replace(plan, contracts=plan.contracts.iloc[:0], purchases=plan.purchases.tail(1))
    early = scenario.model_copy(
        update={"horizon": scenario.horizon.model_copy(update={"decided_on": dt.date(2020, 1, 1)})}
    )
    part = orders.next_orders(later, early)
    assert len(part.rows) == 1
    assert part.notes[0] == "Nothing is due in the first year; this is the first order after it."


def test_nothing_to_order_is_said() -> None:
    plan, scenario, _ = solved(FLEET)
    idle = replace(plan, purchases=plan.purchases.iloc[:0], contracts=plan.contracts.iloc[:0])
    assert orders.next_orders(idle, scenario).sentence == "Nothing is to be ordered or signed."
    idle = replace(idle, retirements=plan.retirements.iloc[:0])
    part = orders.purchases_and_contracts(idle, scenario, "quarter")
    assert part.sentence == "Nothing is bought, signed or retired."


def test_purchases_and_contracts_add_up_and_leave_out_the_lookahead_in_words() -> None:
    plan, scenario, _ = solved(FLEET)
    part = orders.purchases_and_contracts(plan, scenario, "quarter")
    unit = 1e6 if part.columns[-1].header.endswith("$ M") else 1e3
    reported = [frame[~frame["lookahead"]] for frame in (plan.purchases, plan.contracts)]
    total = sum(float(frame["cost_usd"].sum()) for frame in reported)
    assert sum(number(row[-1]) for row in part.rows) * unit == pytest.approx(total, abs=unit * len(part.rows))
    left_out = sum(int(frame["lookahead"].sum()) for frame in (plan.purchases, plan.contracts, plan.retirements))
    assert bool(left_out) == any("lookahead" in note for note in part.notes)


def test_many_purchases_are_told_by_year_and_never_all() -> None:
    plan, scenario, _ = solved(FLEET)
    one = plan.purchases.head(1)
    sites = [f"hall-{index}" for index in range(40)]
    many = pd.concat([one.assign(site=site, cost_usd=1e6 + at) for at, site in enumerate(sites)], ignore_index=True)
    part = orders.purchases_and_contracts(replace(plan, purchases=many), scenario, "quarter")
    assert len(part.rows) == orders.MOST_ROWS
    assert part.sentence == "Purchases and contracts by year:"
    assert any("smaller ones" in note for note in part.notes)


def test_a_hall_conversion_is_an_order_with_its_day() -> None:
    plan, scenario, _ = solved(FLEET)
    site = scenario.sites[0].model_dump() | {
        "cooling": ("air",),
        "conversion": {"cost_usd": 750_000, "lead_weeks": 26},
    }
    converted = scenario.model_copy(update={"sites": (type(scenario.sites[0]).model_validate(site),)})
    rows = pd.DataFrame({"future": ["base"], "site": ["dallas"], "period": [3]})
    decided = replace(plan, decisions=replace(plan.decisions, conversions=rows))
    found = [order for order in orders.orders(decided, converted) if order.verb == "convert"]
    assert [(order.by, order.period, order.usd) for order in found] == [(dt.date(2027, 4, 2), "2027-Q4", 750_000)]
    assert found[0].words == "convert 1 × hall to liquid cooling at dallas"


def test_headline_has_both_bases_power_proof_audit_and_evidence() -> None:
    plan, scenario, catalog = solved(FLEET)
    lines = rows_of(headline.headline(plan, scenario, timeline_of(scenario, catalog)))
    assert " per Mtok output, " in lines["NPV per token"][0]
    assert " per Mtok total (input + output)" in lines["NPV per token"][0]
    assert lines["levelised cost"][0].endswith(" per Mtok input + output, 2027-Q1 to 2028-Q2")
    assert "2027-Q1 to 2028-Q4 with lookahead; at least $" in lines["NPV of all cost"][0]
    assert lines["NPV of all cost"][0].endswith(f", gap {gap_percent(plan.proof.gap)}")
    assert lines["NPV per token"][0].endswith(", with lookahead")
    reported, whole = (plan.kpis[f"{kind}_usd_per_mtok_output"] for kind in ("reported_levelised", "levelised"))
    assert lines["levelised cost"][0].startswith(price(reported))
    assert lines["NPV per token"][0].startswith(price(whole))
    assert re.fullmatch(r"\d\.\d\d MW of \d\.\d\d at dallas \(utility side\) in 2\d{3}-Q\d", lines["peak power"][0])
    assert lines["served"][0].startswith("100.0 % of the output tokens")
    assert lines["status"][0].startswith("optimal: proven within ")
    assert f"{plan.audit.checks:,} checks" in lines["audit"][0]
    assert "%" in lines["evidence, tokens"][0]


@pytest.mark.solve
def test_headline_of_another_objective_has_its_value_and_bound() -> None:
    plan, scenario, catalog = solved(FLEET, "objective=cost_per_token", "service.min_served=0.4")
    lines = rows_of(headline.headline(plan, scenario, timeline_of(scenario, catalog)))
    assert "cost per token is " in lines["status"][0]
    assert "USD/Mtok, no plan is below " in lines["status"][0]
    stopped = replace(plan, status="feasible")
    lines = rows_of(headline.headline(stopped, scenario, timeline_of(scenario, catalog)))
    assert lines["status"][0].startswith("feasible: within ")


@pytest.mark.slow
def test_serving_shares_of_a_workload_make_the_whole() -> None:
    plan, scenario, catalog = solved(FLEET, "objective=cost_per_token", "service.min_served=0.4")
    part = serving.serving_sheet(plan, scenario, timeline_of(scenario, catalog))
    shares: dict[str, float] = {}
    name = ""
    for row in part.rows:
        if not row[0].startswith("  "):
            name = row[0]
            assert row[3:5] == ("<= 2", "<= 50" if name == "assistant" else "<= 40")
        elif not row[2].startswith("<"):
            shares[name] = shares.get(name, 0.0) + number(row[2])
    assert set(shares) == {"assistant", "rag"}
    assert all(93 <= share <= 101 for share in shares.values())
    assert any(row[0].strip() == "unserved" for row in part.rows)


def test_servers_of_next_to_nothing_share_a_line() -> None:
    plan, scenario, catalog = solved(FLEET)
    main = plan.serving[~plan.serving["lookahead"] & (plan.serving["workload"] == "rag")].head(1)
    dust = [main.assign(system=name, gpus=0.5, requests_per_s=1e-9, ttft_ms=float("nan")) for name in ("a", "b")]
    part = serving.serving_sheet(
        replace(plan, serving=pd.concat([main, *dust])), scenario, timeline_of(scenario, catalog)
    )
    assert [row[0] for row in part.rows] == [
        "rag",
        f"  {main['system'].iloc[0]} {part.rows[1][0].split()[-1]}",
        "  2 others",
    ]
    assert part.rows[-1][1:4] == ("1", "< 1 %", "")
    nothing = replace(plan, serving=plan.serving.iloc[:0])
    assert serving.serving_sheet(nothing, scenario, timeline_of(scenario, catalog)).sentence == "Nothing is served."


def test_point_names_keep_what_tells_them_apart() -> None:
    name = "hgx-b200/inferencex-dynamo-tensorrt-llm-fp4-disagg-p10x2ep2-d1x8ep8-dpattn-mtp-8k1k@c2198x28"
    assert serving.short_point(name) == "fp4 disagg mtp c2198x28"
    assert serving.short_point("hgx-h100/vllm-fp8-agg-tp4-nospec-8k1k@c32x4") == "fp8 agg tp4 c32x4"
    assert serving.short_point("h100") == "h100"


def test_cash_adds_up_to_the_headline() -> None:
    plan, scenario, _ = solved(FLEET)
    part = cash.cash_sheet(plan, scenario)
    unit = {"$ M": 1e6, "$ k": 1e3}[part.sentence[-4:-1]]
    lines = rows_of(part)
    assert [column.header for column in part.columns] == ["category", "2027", "2028", "sum", "NPV"]
    assert number(lines["cost"][-2]) * unit == pytest.approx(plan.kpis["cash_usd"], abs=unit)
    assert number(lines["cost"][-1]) * unit == pytest.approx(plan.kpis["npv_usd"], abs=unit)
    assert number(lines["revenue"][-1]) * unit == pytest.approx(plan.kpis["npv_revenue_usd"], abs=unit)
    parts = [number(row[-1]) for name, row in lines.items() if name not in ("cost", "revenue")]
    assert sum(parts) == pytest.approx(number(lines["cost"][-1]), abs=0.1 * len(parts))


def test_rentals_add_up() -> None:
    plan, _, _ = solved(FLEET)
    found = hourly.rented(plan, "base")
    usd = plan.on_demand.loc[~plan.on_demand["lookahead"], "cost_usd"].sum()
    assert sum(cost for _, _, cost in found) == pytest.approx(float(usd))
    nothing = replace(plan, on_demand=plan.on_demand.iloc[:0])
    assert hourly.rented_sheet(nothing).sentence.startswith("Nothing is rented")


def test_token_apis_stand_with_their_tokens() -> None:
    plan, scenario, catalog = solved(FLEET)
    calls = pd.DataFrame(
        [{
            "future": "base", "provider": "together", "model": "llama-3.3-70b", "workload": "rag", "period": "2027-Q1",
            "block": "peak", "mtok_input": 8e3, "mtok_output": 1e3, "cost_usd": 9e3, "lookahead": False,
        }]
    )  # fmt: skip
    called = replace(plan, token_api=calls)
    assert ("call llama-3.3-70b at together", "1,000 Mtok out", 9e3) in hourly.rented(called, "base")
    part = serving.serving_sheet(called, scenario, timeline_of(scenario, catalog))
    assert any(row[0] == "  token API together" and row[-1] == "llama-3.3-70b" for row in part.rows)


def test_several_futures_say_first_what_is_done_whatever_comes() -> None:
    plan, scenario, catalog = solved(FLEET + FUTURES)
    text = shown(plan, scenario, catalog)
    assert text.startswith("To order or sign next, whatever comes (decided on 2026-12-01):")
    assert text.index("common to all futures:") < text.index("What each future does beyond that")
    assert "(known from 2027-06-01 on)" in text
    assert text.index("What each future does") < text.index("Each future's figures:")
    assert max(map(len, text.splitlines())) <= 100
    later = futures.later_sheet(plan, scenario)
    assert {row[0] for row in later.rows} == {"base", "boom"}
    figures = rows_of(futures.futures_sheet(plan))
    assert figures["boom"][0] == "40 %"
    cost = [item["npv_usd"] for item in plan.kpis["futures"]]
    assert np.dot([0.6, 0.4], cost) == pytest.approx(plan.kpis["npv_usd"])


def test_a_future_without_steps_of_its_own_says_so() -> None:
    plan, scenario, _ = solved(FLEET + FUTURES)
    empty = {name: getattr(plan, name).iloc[:0] for name in ("purchases", "contracts", "retirements", "on_demand")}
    later = futures.later_sheet(replace(plan, **empty), scenario)
    assert [row[1] for row in later.rows] == ["nothing more", "nothing more"]


def test_without_sites_nothing_is_provisioned() -> None:
    text = FLEET[: FLEET.index("sites:")] + FLEET[FLEET.index("load_shapes:") :]
    plan, scenario, catalog = solved(text, "budget.capex_usd=1e6")
    assert "No site, so no power is provisioned." in shown(plan, scenario, catalog)


@pytest.mark.solve
def test_load_blocks_of_the_catalog_are_read_where_they_are_not_given() -> None:
    text = FLEET.replace("blocks: {peak: 0.25, rest: 0.75}\n", "").replace("load: day", "load: flat")
    plan, scenario, catalog = solved(text.replace("load_shapes: {day: {peak: 1.9, rest: 0.7}}\n", ""))
    assert shown(plan, scenario) == shown(plan, scenario, catalog)


@pytest.mark.slow
def test_long_names_fold_instead_of_running_over() -> None:
    plan, scenario, catalog = solved(FLEET.replace("name: dallas", "name: " + "a-very-long-hall-name-" * 3))
    assert max(map(len, shown(plan, scenario, catalog).splitlines())) <= 100


def test_a_terminal_gets_bold_sentences_and_its_own_width() -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    console = console_on(Screen())
    assert console.width <= WIDTH
    file = io.StringIO()
    part = Sheet("A table:", (left("name"), right("MW")), (("hall", "1.0"),), ("A note.",))
    sheet.show(part, Console(file=file, force_terminal=True, width=40, color_system="standard"))
    assert "\x1b[1mA table:" in file.getvalue()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (money(21_160_000), "$21.2 M"),
        (money(3_400_000), "$3.40 M"),
        (money(-593_400), "-$593 k"),
        (money(12), "$12"),
        (money(-0.2), "$0"),
        (money_range(1.73e6, 1.76e6), "$1.73 M to $1.76 M"),
        (money_range(123_700_000, 123_740_000), "$123.70 M to $123.74 M"),
        (money_range(-123_740_000, -123_700_000), "-$123.74 M to -$123.70 M"),
        (money_range(5e6, 5e6 + 0.2), "$5.00 M"),
        (money_range(0, 12), "$0 to $12"),
        (step(1e6, "USD"), "+$1.00 M"),
        (step(-8, "GPUs"), "−8 GPUs"),
        (tokens(565e12), "565 trillion"),
        (tokens(80.4e6), "80.4 million"),
        (tokens(999.9e9), "1,000 billion"),
        (tokens(1200), "1,200"),
        (digits(2178.384, 7), "2,178.384"),
        (money(999_900), "$1.00 M"),
        (money_unit([5e7]).of(21_160_000), "21.2"),
        (money_unit([5e6]).of(21_160_000), "21,160"),
        (money_unit([5e4]).of(-3), "-3"),
        (money_unit([5e7]).of(100), "-"),
        (digits(0.50121), "0.501"),
        (digits(12.34), "12.3"),
        (digits(1234.5), "1,234"),
        (digits(0), "0"),
        (digits(None), "-"),
        (short(2.5), "2.5"),
        (short(10), "10"),
        (price(None), "-"),
        (price(4.3519), "$4.35"),
        (percent(0.9997, 1), "99.9 %"),
        (percent(1.0, 1), "100.0 %"),
        (percent(0.4), "40 %"),
        (gap_percent(0.00071), "0.071 %"),
        (gap_percent(0.0), "0 %"),
        (gap_percent(1e-9), "under 0.0001 %"),
        (gap_percent(float("inf")), "unknown"),
        (within(1e-9), "0.0001 %"),
        (within(0.00071), "0.071 %"),
        (count(5.24), "5.2"),
        (count(1234.4), "1,234"),
        (bar(0.999, 10), "#########."),
        (bar(1.2, 4), "####"),
    ],
)
def test_figures(told: str, expected: str) -> None:
    assert told == expected
