"""`plan economics`: margin, payback, IRR and break-even price agree with the plan recomputed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import planner
from planner.accounts import Account, totals_of
from planner.finance import payback, root
from planner.pipeline import catalog_of
from planner.studies.economics.study import economics
from tests.command import plan

TINY = "scenarios/tiny.yaml"
PRICE = "workloads.chat.price_usd_per_mtok={input: 0.2, output: 0.7}"


def figures(*overrides: str) -> dict[str, float]:
    table = economics(planner.load(TINY, (PRICE, *overrides)))["figures"]
    return dict(zip(table["figure"], table["value"], strict=True))


@pytest.mark.slow
def test_figures_are_the_plans() -> None:
    kpis = planner.solve(planner.load(TINY, (PRICE,))).kpis
    found = figures()
    assert found["NPV of profit"] == pytest.approx(kpis["npv_profit_usd"])
    assert found["profit per MW"] == pytest.approx(kpis["npv_profit_usd"] / kpis["peak_provisioned_utility_mw"])
    per_mtok = kpis["npv_revenue_usd"] * kpis["levelised_usd_per_mtok_output"] / kpis["npv_usd"]
    assert found["margin"] == pytest.approx(per_mtok - kpis["levelised_usd_per_mtok_output"])


@pytest.mark.solve
def test_at_the_break_even_price_there_is_no_profit() -> None:
    found = figures()
    price = f"{{input: {found['break-even input price of chat']}, output: {found['break-even output price of chat']}}}"
    kpis = planner.solve(planner.load(TINY, (f"workloads.chat.price_usd_per_mtok={price}",))).kpis
    assert abs(kpis["npv_profit_usd"]) < 1e-6 * kpis["npv_usd"]


@pytest.mark.solve
def test_at_the_irr_the_audit_finds_no_profit() -> None:
    rate = figures()["IRR"]
    scenario = planner.load(TINY, (PRICE,))
    catalog = catalog_of(scenario)
    decided = planner.solve(scenario, catalog).decisions
    again = planner.load(TINY, (PRICE, f"finance.discount_rate={rate}"))
    totals = totals_of(Account(again, catalog, decided))
    assert totals.revenue_usd == pytest.approx(totals.cost_usd, rel=1e-6)


@pytest.mark.parametrize(
    ("held", "years"),
    [([-1.0, 1.0], 1.5), ([1.0, 2.0], 0.0), ([-2.0, -1.0], None), ([-1.0, 1.0, -1.0, 3.0], 3.25)],
)
def test_payback_is_when_cash_stays_positive(held: list[float], years: float | None) -> None:
    assert payback(np.arange(1, len(held) + 1, dtype=float), np.array(held), evenly=True) == years


def test_a_rate_of_return_is_given_only_where_there_is_one() -> None:
    assert root(lambda rate: -100 + 121 / (1 + rate) ** 2) == pytest.approx(0.1)
    assert root(lambda rate: 1.0 + rate**2) is None
    assert root(lambda rate: -1 + 4 / (1 + rate) - 3.5 / (1 + rate) ** 2) is None


@pytest.mark.process
def test_the_command_writes_what_it_says(tmp_path: Path) -> None:
    done = plan("economics", TINY, "--set", PRICE, "--json", tmp_path / "out.json", "--csv", tmp_path / "tables")
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert json.loads((tmp_path / "out.json").read_text())["figures"][0]["figure"] == "NPV of profit"
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {"figures.csv", "cash.csv"}


@pytest.mark.process
def test_without_a_price_it_says_what_to_add() -> None:
    done = plan("economics", TINY)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--set 'workloads.chat.price_usd_per_mtok={input: 0.5, output: 2}'`" in done.stderr
