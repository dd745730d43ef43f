"""Screening curves by hand, and break-even prices against every plan there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import InputError
from planner.pipeline import catalog_of
from planner.rules.latency import api_excess
from planner.studies.breakeven.api_price import api_threshold, with_api_price, without_apis
from planner.studies.breakeven.defaults import largest_workload, systems_that_fit
from planner.studies.breakeven.screening import Screening, screen
from planner.studies.breakeven.sheet import _months
from planner.studies.breakeven.sourcing import PriceOverrides, held_by_terms
from planner.studies.breakeven.threshold import KINDS, Kind, Threshold, price_now, threshold, with_price, without_supply
from tests import strategies
from tests import tiny as small
from tests.strategies import Case, solved, tiny_cases

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests" / "compat" / "0.1.0" / "scenarios" / "tiny.yaml"


def plan(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "planner.cli", "breakeven", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        timeout=300,
    )


def tiny(**changes: Any) -> Screening:
    scenario = planner.load(TINY)
    return screen(scenario, catalog_of(scenario), "hgx-h200", "chat", **changes)


def price_by_hand(nodes: int, kind: Kind) -> tuple[float, float]:
    """Cost of tiny with at most so many nodes: what does not depend on the price, and its slope in the price."""
    scenario = planner.load(TINY, (f"sites.hall.power_mw={0.0141 * nodes}",))
    catalog = catalog_of(scenario)
    now = price_now(scenario, catalog, "hgx-h200", kind)
    assert now is not None
    costs = []
    for price in (1.0, 2.0):
        changed = with_price(scenario, catalog, "hgx-h200", kind, price * now)
        fixed = planner.solve(*changed)
        assert fixed.purchases["count"].sum() == nodes
        costs.append(fixed.kpis["npv_usd"])
    slope = costs[1] - costs[0]
    return costs[0] - slope, slope


@pytest.mark.no_cover
@pytest.mark.solve
def test_the_rent_that_tiny_stops_to_pay_is_the_one_of_every_plan_tried() -> None:
    """Owning four nodes needs no rent; each smaller fleet ties with it at one price, and the highest is the answer."""
    scenario = planner.load(TINY)
    found = threshold(scenario, catalog_of(scenario), "hgx-h200", "rent", gap=1e-6, precision=5e-3, most_solves=20)
    assert found is not None
    alone = planner.solve(planner.load(TINY, ("procurement.rent=[]",))).kpis["npv_usd"]
    ties = []
    for nodes in range(4):
        fixed, slope = price_by_hand(nodes, "rent")
        ties.append((alone - fixed) / slope * 5.99)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= max(ties) * (1 + 1e-6)
    assert found.high >= max(ties) * (1 - 1e-6)
    assert found.high - found.low <= 0.01 * found.high
    assert found.drawn_on


@pytest.mark.no_cover
@pytest.mark.solve
def test_the_price_at_which_tiny_stops_to_buy_is_where_all_rented_costs_the_same() -> None:
    scenario = planner.load(TINY)
    found = threshold(scenario, catalog_of(scenario), "hgx-h200", "buy", gap=1e-6, precision=5e-3, most_solves=20)
    rented = planner.solve(planner.load(TINY, ("procurement.buy=false",))).kpis["npv_usd"]
    ties = []
    for nodes in (1, 2, 3):
        scenario = planner.load(TINY, (f"sites.hall.power_mw={0.0141 * nodes}",))
        catalog = catalog_of(scenario)
        at = [planner.solve(*with_price(scenario, catalog, "hgx-h200", "buy", p)).kpis["npv_usd"] for p in (3e5, 4e5)]
        ties.append(3e5 + (rented - at[0]) / (at[1] - at[0]) * 1e5)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low * (1 - 1e-6) <= max(ties) <= found.high * (1 + 1e-6)


@pytest.mark.no_cover
@strategies.examples(0.25)
@given(st.data())
def test_below_the_interval_it_pays_and_above_it_hardly_does(data: st.DataObject) -> None:
    case: Case = data.draw(tiny_cases())
    kind = data.draw(st.sampled_from(KINDS))
    found = threshold(case.scenario, case.catalog, "h-node", kind, most_solves=8)
    if found is None:
        return
    without = solved(Case(*without_supply(case.scenario, case.catalog, "h-node", kind)))
    assert found.needed == (not np.isfinite(without.high))
    if found.needed:
        return
    assert found.worth_usd is not None
    for share, end in ((0.9, found.low), (1.1, found.high)):
        if end is None:
            continue
        at = solved(Case(*with_price(case.scenario, case.catalog, "h-node", kind, end * share)))
        assert without.may_reach(at)
        if end == found.low:
            assert at.low <= without.high + without.tolerance
        else:
            assert at.high >= without.low - found.worth_usd - without.tolerance


def test_the_curve_of_owning_is_the_planners_cost_of_a_node() -> None:
    """Held for the three years of tiny, an owned GPU-hour costs what docs/tiny-by-hand.md says, but for leap days."""
    scenario = planner.load(ROOT / "scenarios" / "tiny.yaml")
    own = screen(scenario, catalog_of(scenario), "hgx-h200", "chat", months=36).ways[0]
    hours = 8 * 8766 * sum(1.1 ** -(year + 0.5) for year in range(3))
    assert own.usd_per_gpu_hour[35] == pytest.approx(400_487 / hours, rel=0.005)


def test_given_prices_cross_where_their_ratio_says() -> None:
    found = tiny(given=PriceOverrides(own=2.0, reserve=3.0, on_demand=8.0)).crossovers.set_index(["way", "against"])
    assert found.loc[("own", "on demand"), "utilisation"] == pytest.approx(2 / 8)
    assert found.loc[("own", "reserve 36 m"), "utilisation"] == 0
    # 36 months at 3 are 13.5 months at 8; later payments count for less, which makes it 13.
    assert found.loc[("reserve 36 m", "on demand"), "from_month"] == 13


def test_whole_terms_are_paid_whenever_one_stops_needing_them() -> None:
    scenario = planner.load(TINY, ("finance.discount_rate=0",))
    held = held_by_terms(scenario, 3.0, 12, 0.25, 24)
    assert held[11] == pytest.approx(3.0)
    assert held[5] == pytest.approx(6.0)
    assert held[12] == pytest.approx(3.0 * 24 / 13)
    assert held[23] == pytest.approx(3.0)


def test_prices_that_cannot_be_asked() -> None:
    scenario = planner.load(TINY)
    catalog = catalog_of(scenario)
    assert threshold(scenario, catalog, "hgx-h200", "reserve") is None
    only = planner.load(TINY, ("procurement.buy=false",))
    needed = threshold(only, catalog, "hgx-h200", "rent")
    assert isinstance(needed, Threshold)
    assert (needed.needed, needed.low, needed.drawn_on) == (True, None, True)


def test_every_crossing_is_named_by_hand() -> None:
    """A contract of 12 months, paid whole: cheaper than 36 months of another for the first term alone."""
    made = tiny()
    crossed = {
        key: list(zip(rows["at"], rows["below"], strict=True))
        for key, rows in made.crossings.groupby(["way", "against", "over"])
    }
    assert crossed["reserve 12 m", "reserve 36 m", "months"] == [(13.0, "reserve 12 m")]
    # Each pair that the table of crossovers has crossing once crosses there.
    for row in made.crossovers.itertuples():
        if row.utilisation > 0:
            ((at, below),) = crossed[row.way, row.against, "utilisation"]
            assert (at, below) == (pytest.approx(row.utilisation), row.against)
    held = made.by_months.set_index("months")
    for row in made.crossings[made.crossings["over"] == "months"].itertuples():
        before, after = held.loc[row.at - 1], held.loc[row.at]
        assert (before[row.way] < before[row.against]) == (row.below == row.way)
        assert (after[row.way] < after[row.against]) == (row.above == row.way)


def test_months_that_come_and_go_are_all_told() -> None:
    def rows(*crossed: tuple[float, str, str]) -> pd.DataFrame:
        return pd.DataFrame(crossed, columns=["at", "below", "above"])

    assert _months(np.nan, rows((9.0, "own", "b"), (13.0, "b", "own")), "own") == "months 1 to 8, 13 on"
    assert _months(np.nan, rows((9.0, "own", "b"), (13.0, "b", "own")), "b") == "months 9 to 12"
    assert _months(12.0, rows((12.0, "b", "own")), "own") == "from month 12 on"
    assert (_months(1.0, rows(), "own"), _months(np.nan, rows(), "own")) == ("always", "never")


@pytest.mark.no_cover
@pytest.mark.solve
def test_the_price_at_which_tiny_calls_an_api_is_that_of_a_rented_gpus_tokens() -> None:
    """What is rented beside the nodes is what tokens have to undercut: 5.99 an hour for 95 % of what a GPU makes."""
    scenario = small.in_parts()
    found = api_threshold(
        scenario, catalog_of(scenario), scenario.workloads[0], gap=1e-6, precision=5e-3, most_solves=20
    )
    curves = screen(scenario, catalog_of(scenario), "hgx-h200", "chat")
    # As many tokens in as out, at one price for both.
    tie = 5.99 / 0.95 / (2 * curves.mtok_per_gpu_hour)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= tie <= found.high
    assert found.high - found.low <= 0.01 * found.high
    assert (found.unit, found.now, found.drawn_on) == ("USD per Mtok output", 0.88, False)


def test_a_token_api_at_a_price_just_meets_the_targets_and_is_the_only_one() -> None:
    scenario = planner.load(TINY, ("workloads.chat.sla.tpot_percentile=99",))
    catalog = catalog_of(scenario)
    priced, sold = with_api_price(scenario, catalog, scenario.workloads[0], 2.0)
    assert not sold.token_apis
    (quote,) = priced.token_quotes
    assert (quote.provider, quote.output_usd_per_mtok, quote.input_usd_per_mtok) == ("together", 2.0, 2.0)
    assert (quote.ttft_ms, quote.ttft_statistic, quote.tpot_ms, quote.tpot_statistic) == (2000.0, "p50", 25.0, "p99")
    (api,) = catalog_of(priced, sold).token_apis.values()
    assert api_excess(priced.workloads[0], api, priced.tail_ratio) == 0
    without, none = without_apis(priced, catalog_of(priced, sold), priced.workloads[0])
    assert not without.token_quotes
    assert not none.token_apis
    shut = scenario.workloads[0].model_copy(update={"token_api": False})
    assert api_threshold(scenario, catalog, shut) is None


def test_the_largest_workload_and_what_fits_it_are_taken_where_none_is_named() -> None:
    scenario = planner.load(ROOT / "scenarios" / "10mw.yaml")
    catalog = catalog_of(scenario)
    # At the end 900 billion tokens of output a day against 300 billion of the summaries.
    assert largest_workload(scenario, catalog) == "assistant"
    assert "gb300-nvl72" in systems_that_fit(scenario, catalog, "assistant")
    assert "hgx-h100" not in systems_that_fit(scenario, catalog, "assistant")
    only = planner.load(TINY, ("workloads.chat.sla.tpot_ms=0.001",))
    with pytest.raises(InputError, match="meets the latency targets of chat"):
        systems_that_fit(only, catalog_of(only), "chat")


@pytest.mark.process
def test_the_command_needs_no_options(tmp_path: Path) -> None:
    done = plan(TINY, "--set", "version=1", "--json", tmp_path / "b.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("For chat, on the systems of the plan that meet its targets: hgx-h200.")
    assert "At what price per Mtok of output the plan of tiny calls a token API for chat:" in done.stdout
    found = json.loads((tmp_path / "b.json").read_text())
    assert (found["system"], found["workload"]) == ("hgx-h200", "chat")
    assert found["token_api"]["low"] < found["token_api"]["high"] < found["token_api"]["now"]
    assert found["remarks"] == ["For chat, on the systems of the plan that meet its targets: hgx-h200."]


@pytest.mark.process
def test_the_command_prints_writes_and_repeats_itself(tmp_path: Path) -> None:
    asked = (TINY, "--system", "hgx-h200", "--workload", "chat")
    files = ("--json", tmp_path / "b.json", "--csv", tmp_path / "csv", "--plot", tmp_path / "b.svg")
    done = plan(*asked, *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "own below on demand                        above 33.3 %     from month 3 on" in done.stdout
    found = json.loads((tmp_path / "b.json").read_text())
    assert [row["kind"] for row in found["break_even"]] == ["buy", "rent"]
    assert all(row["low"] < row["high"] for row in found["break_even"])
    assert {path.name for path in (tmp_path / "csv").iterdir()} == {
        "by_utilisation.csv", "by_months.csv", "crossovers.csv"
    }  # fmt: skip
    picture = (tmp_path / "b.svg").read_text()
    assert "$ per GPU-hour in use" in picture
    again = plan(*asked, "--curves-only", "--json", "-", "--plot", tmp_path / "again.svg")
    assert json.loads(again.stdout) == found | {"break_even": [], "token_api": None}
    assert (tmp_path / "again.svg").read_text() == picture


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--system", "hgx-h20", "--workload", "chat"], "--system hgx-h20: there is no such system; nearest: hgx-h200"),
        (["--system", "hgx-h200", "--workload", "chta"], "the scenario has no such workload; nearest: chat"),
        (["--system", "hgx-h200", "--workload", "chat", "--site", "hal"], "--site hal: no such site; nearest: hall"),
        (["--system", "gb300-nvl72", "--workload", "chat", "--site", "hall"], "--site hall: it has no liquid cooling"),
        (["--system", "hgx-h200", "--workload", "chat", "--months", "0"], "--months 0: a hgx-h200 is held for 1 to 60"),
        (["--system", "hgx-h200", "--workload", "chat", "--utilisation", "2"], "--utilisation 2: must be more than 0"),
        (
            ["--system", "hgx-h200", "--workload", "chat", "--own", "-1"],
            "--own -1: must be a price in USD per GPU-hour",
        ),
    ],
)
def test_bad_input_is_2_with_one_sentence(arguments: list[str], sentence: str) -> None:
    scenario = planner.load(TINY)
    if "--own" not in arguments:
        words = dict(zip(arguments[::2], arguments[1::2], strict=True))
        kept: dict[str, Any] = {"site": words.get("--site")} if "--site" in words else {}
        kept |= {"months": int(words["--months"])} if "--months" in words else {}
        kept |= {"utilisation": float(words["--utilisation"])} if "--utilisation" in words else {}
        with pytest.raises(InputError) as refused:
            screen(scenario, catalog_of(scenario), words["--system"], words["--workload"], **kept)
        assert sentence in str(refused.value)
        return
    done = CliRunner().invoke(app, ["breakeven", str(TINY), *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.solve
def test_what_stands_there_is_not_repriced_with_the_new() -> None:
    standing = ("sites.hall.existing=[{system: hgx-h200, count: 2, in_service: 2026-01}]", "finance.residual_of=market")
    found = []
    for resold in ("true", "false"):
        scenario = planner.load(TINY, (*standing, f"finance.resell_existing={resold}"))
        found.append(threshold(scenario, catalog_of(scenario), "hgx-h200", "buy", most_solves=3))
    assert found[0] == found[1] is not None
