"""Plans side by side: every figure is the plan's own, and an option is a plan for less of the market."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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
from planner.studies.compare.options import GENERATIONS, WAYS, check_options, option, option_words
from planner.studies.compare.returns import gain, return_of
from planner.studies.compare.study import Comparison, compare
from tests import strategies
from tests.strategies import Case, solved, tiny_cases

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests" / "compat" / "0.1.0" / "scenarios" / "tiny.yaml"


def plan(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "planner.cli", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        timeout=300,
    )


@pytest.fixture(scope="module")
def tiny() -> Comparison:
    return compare(planner.load(TINY), ["mixed", "buy", "rent", "api"])


@pytest.mark.solve
def test_every_figure_is_the_plans_own(tiny: Comparison) -> None:
    for entry, row in zip(tiny.entries[:3], tiny.table.to_dict(orient="records"), strict=False):
        alone = planner.solve(entry.scenario)
        assert row["npv_usd"] == alone.kpis["npv_usd"]
        assert row["capex_usd"] == alone.kpis["capex_usd"]
        assert row["npv_bound_usd"] == alone.proof.best_bound_usd
        assert row["residual_usd"] == -alone.cashflow.query("category == 'residual'")["usd"].sum()
        assert row["scenario_digest"] == alone.scenario_digest


def test_an_option_without_a_plan_says_what_stops_it(tiny: Comparison) -> None:
    row = tiny.table.set_index("name").loc["api"]
    assert row["status"] == "infeasible"
    assert row["stopped_by"].startswith("chat: nothing of its demand can be served in 2027")
    assert np.isnan(row["npv_usd"])
    assert tiny.sentences[3].startswith("api has no plan: chat")


def test_the_difference_is_said_in_words(tiny: Comparison) -> None:
    assert tiny.sentences == (
        "mixed is what the others are held against",
        "buy costs $37 k more NPV than mixed; it takes $374 k more capex",
        "rent costs $980 k more NPV than mixed; it avoids $1.12 M of capex",
        "api has no plan: chat: nothing of its demand can be served in 2027, the floor is 100%",
    )


def test_the_rate_of_return_makes_both_plans_cost_the_same(tiny: Comparison) -> None:
    """At the rate of return of buying against renting as discount rate, both have the same net present value."""
    rate = tiny.table.set_index("name").loc["rent", "irr"]
    scenario = planner.load(TINY)
    finance = scenario.finance.model_copy(update={"discount_rate": rate})
    mixed, rent = tiny.entries[0], tiny.entries[2]
    npv = []
    for entry in (mixed, rent):
        assert entry.plan is not None
        from planner.accounts import cash_flow

        changed = entry.scenario.model_copy(update={"finance": finance})
        npv.append(cash_flow(changed, entry.catalog, entry.plan.decisions)["npv_usd"].sum())
    assert npv[0] == pytest.approx(npv[1], rel=1e-6)


@pytest.mark.parametrize(
    ("usd", "rate", "years"),
    [
        ([-100, 110], 0.10, None),
        ([-100, 60, 60], 0.1306623862918075, 2.0),
        ([100, 110], None, None),
        ([-100, 10], -0.9, None),
        ([-100, 230, -132], None, None),
    ],
)
def test_rates_of_return_known_by_hand(usd: list[float], rate: float | None, years: float | None) -> None:
    flows = pd.DataFrame({"years": range(len(usd)), "usd": usd})
    found = return_of(flows).irr
    assert (found is None) == (rate is None)
    if rate is not None:
        assert found == pytest.approx(rate, abs=1e-9)
    if years is not None:
        assert return_of(flows).payback_years == years


@given(st.lists(st.floats(1, 100), min_size=1, max_size=6), st.floats(0.01, 2))
def test_a_rate_of_return_brings_the_flows_to_nothing(returns: list[float], rate: float) -> None:
    price = sum(usd / (1 + rate) ** year for year, usd in enumerate(returns, start=1))
    spent = pd.DataFrame({"years": [0.0], "usd": [price]})
    other = pd.DataFrame({"years": np.arange(1.0, len(returns) + 1), "usd": returns})
    assert return_of(gain(spent, other)).irr == pytest.approx(rate, rel=1e-6)


@strategies.examples(0.5)
@given(st.data())
def test_no_option_is_cheaper_than_everything(data: st.DataObject) -> None:
    case: Case = data.draw(tiny_cases())
    mixed = solved(case)
    for name in ("buy", "rent+reserve", "hopper", "buy+api"):
        less = Case(option(case.scenario, case.catalog, name), case.catalog)
        assert solved(less).may_reach(mixed), name


def test_options_leave_what_they_say() -> None:
    scenario = planner.load(ROOT / "scenarios" / "10mw.yaml")
    catalog = catalog_of(scenario)
    left = option(scenario, catalog, "buy+rent+blackwell").procurement
    assert (left.buy, left.rent, left.token_api) == (True, ("on_demand", "spot"), False)
    assert left.systems.allow is not None
    assert {catalog.systems[name].generation for name in left.systems.allow} == {"blackwell", "blackwell-ultra"}
    assert option(scenario, catalog, "mixed") == scenario
    assert option_words("buy+rent+hopper") == (
        "only systems bought or on demand and spot, by the hour; only Hopper systems, bought or rented"
    )
    assert option_words("mixed") == "everything the scenario allows"
    assert check_options([*WAYS, *GENERATIONS]) == (*WAYS, *GENERATIONS)


def test_what_cannot_be_compared_is_refused() -> None:
    scenario = planner.load(TINY)
    for sources, options, sentence in (
        ([], [], "there is nothing to compare"),
        ([scenario, scenario], ["buy"], "options are alternatives of one scenario"),
        (scenario, ["buy", "buy"], "given twice"),
    ):
        with pytest.raises(InputError, match=sentence):
            compare(sources, options)


@pytest.mark.process
def test_the_command_prints_writes_and_repeats_itself(tmp_path: Path) -> None:
    rented = tmp_path / "rented.yaml"
    rented.write_text(TINY.read_text().replace("name: tiny", "name: rented").replace("rent:", "buy: false\n  rent:"))
    files = ("--json", tmp_path / "c.json", "--csv", tmp_path / "csv")
    first, again = plan("compare", TINY, rented, *files), plan("compare", TINY, rented, "--json", "-")
    assert (first.returncode, first.stderr) == (0, "")
    assert max(map(len, first.stdout.splitlines())) <= 100
    assert not [line for line in first.stdout.splitlines() if line != line.rstrip()]
    assert (tmp_path / "c.json").read_text() == again.stdout
    found = json.loads(again.stdout)
    assert [row["name"] for row in found["plans"]] == ["tiny", "rented"]
    assert found["scenario_digest"] == found["plans"][0]["scenario_digest"]
    assert (tmp_path / "csv" / "compare.csv").read_text().count("\n") == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--options", "byu"], "--options byu: there is no option 'byu'; did you mean buy?"),
        (["--options", "buy+nothing"], "there is no option 'nothing'"),
        (["--options", ","], "--options: this is empty"),
        ([str(TINY), "--options", "buy"], "--options are alternatives of one scenario"),
        (["--options", "buy", "--json", "/nowhere/c.json"], "there is no folder /nowhere"),
    ],
)
def test_bad_input_is_2_with_one_sentence(arguments: list[str], sentence: str) -> None:
    done = CliRunner().invoke(app, ["compare", str(TINY), *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
