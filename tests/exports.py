"""Plans to export: one of tiny, one with every kind of payment, and ones whose names would like to be formulas."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import arro3.io
import pandas as pd
import pytest

import planner
from planner.export import Ledger, ledger
from planner.plan import Plan
from planner.scenario import Scenario
from tests import small

CENT = 0.01
TINY = Path(__file__).parents[1] / "scenarios" / "tiny.yaml"
SCRIPT = "<script>alert(1)</script>"
LINK = '=HYPERLINK("http://example.com","read me")'
# Two futures, a deposit, a lease, a signed contract, prepaid and hourly ones beyond the horizon, and revenue.
RICH = """\
name: rich
horizon: {decided_on: 2026-06-01, start: 2027-01, periods: 6, lookahead: 2}
catalogs: [cat]
finance: {discount_rate: 0.12, contract_tail_share: 0.5}
blocks: {day: 0.5, night: 0.5}
sites:
  - name: dallas
    region: us
    power_mw: {2027-01: 0.03, 2027-07: 0.05}
    cooling: [air]
    pue: {air: {design: 1.2, annual: 1.2}}
    lease: {it_kw: {2027-01: 60}, usd_per_kw_month: 100, escalator_per_year: 0.03}
    staff_usd_per_mw_year: 100000
    existing: [{system: node, count: 1, in_service: 2025-01}]
contracts:
  - {provider: acme, system: node, region: us, gpus: 8, usd_per_gpu_hour: 2.0, start: 2026-10, end: 2027-09}
quotes:
  - {provider: acme, region: us, system: node, term_months: 36, usd_per_gpu_hour: 1.9, lot_gpus: 8, max_lots: 2,
     upfront_share: 0.25}
load_shapes:
  office: {day: 1.5, night: 0.5}
workloads:
  - name: chat
    model: tiny
    tokens: {input: 100, output: 100}
    demand: {output_mtok_per_day: {2027-01: 1.2e3, 2028-06: 3.4e3}}
    load: office
    price_usd_per_mtok: {input: 0.1, output: 0.9}
futures:
  - {name: base, probability: 0.7}
  - {name: boom, probability: 0.3, demand: 1.5, rent_price: 1.2}
revealed: 2027-07
"""


@dataclass(frozen=True)
class Solved:
    """A plan with what it was made from."""

    scenario: Scenario
    plan: Plan

    @property
    def ledger(self) -> Ledger:
        return ledger(self.plan, self.scenario)


def _settle(folder: Path, name: str = "rich") -> None:
    """The rich scenario and its catalog in ``folder``: deposits, licences, and APIs too dear to call."""
    systems = small.edited(
        "    lead_weeks: 12\n",
        "    lead_weeks: 12\n    deposit_share: 0.2\n    licence_usd_per_gpu_year: 100\n",
        small.CATALOG["systems.yaml"],
    )
    apis = small.edited("0.2,0.8", "0.8,3.2", small.CATALOG["token_apis.csv"])
    catalog = small.CATALOG | {"systems.yaml": systems, "token_apis.csv": apis}
    before = Path.cwd()
    os.chdir(folder)
    small.write({"s.yaml": RICH.replace("name: rich", f"name: {json.dumps(name)}")})
    small.write({f"cat/{file}": text for file, text in catalog.items()})
    os.chdir(before)


def solved_file(path: Path, *overrides: str) -> Solved:
    scenario = planner.load(path, overrides)
    return Solved(scenario, planner.solve(scenario))


@pytest.fixture(scope="module", name="tiny")
def tiny_plan() -> Solved:
    return solved_file(TINY)


@pytest.fixture(scope="module", name="rich")
def rich_plan(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    folder = tmp_path_factory.mktemp("rich")
    _settle(folder)
    return solved_file(folder / "s.yaml")


@pytest.fixture(scope="module", params=[SCRIPT, LINK], ids=["script", "formula"], name="hostile")
def hostile_plans(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Solved:
    """The scenario's name is a script or a formula, its site's name a formula, its workload's a command."""
    folder = tmp_path_factory.mktemp("hostile")
    text = TINY.read_text(encoding="utf-8")
    text = small.edited("name: tiny", f"name: '{request.param}'", text)
    text = small.edited("  - name: hall", f"  - name: '{LINK}'", text)
    text = small.edited("  - name: chat", "  - name: '@SUM(1+9)*cmd|calc'", text)
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return solved_file(folder / "s.yaml")


# What tiny pays is paid in the rich one too.
@pytest.fixture(params=[pytest.param("tiny", marks=pytest.mark.slow), "rich"], name="solved")
def either_plan(request: pytest.FixtureRequest) -> Solved:
    found: Solved = request.getfixturevalue(request.param)
    return found


def probability(solved: Solved) -> list[float]:
    return [future.probability for future in solved.scenario.futures] or [1.0]


def read_parquet(content: bytes) -> pd.DataFrame:
    table = arro3.io.read_parquet(io.BytesIO(content)).read_all()
    return pd.DataFrame({name: table[name].to_pylist() for name in table.column_names})
