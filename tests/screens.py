"""What the terminal shows of a plan for one hall: solved once, and read back."""

from __future__ import annotations

import io
import re
from functools import cache

from planner.catalog import Catalog
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.render.console import console_on
from planner.render.sheet import Sheet
from planner.report import terminal
from planner.scenario import Scenario, load_scenario

FLEET = """
name: fleet
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 6, period: quarter, lookahead: 2}
blocks: {peak: 0.25, rest: 0.75}
sites:
  - name: dallas
    region: us-south
    power_mw: {2027-01: 0.2, 2027-07: 0.5}
    pue: {air: {design: 1.25, annual: 1.25}, liquid: {design: 1.15, annual: 1.15}}
    electricity_usd_per_mwh: 72.5
    colocation_usd_per_kw_month: 150
    existing: [{system: hgx-h100, count: 6, in_service: 2024-06, until: 2027-12}]
load_shapes: {day: {peak: 1.9, rest: 0.7}}
workloads:
  - name: assistant
    model: deepseek-r1
    tokens: {input: 1024, output: 1024}
    demand: {output_mtok_per_day: {2027-01: 4e3, 2028-06: 60e3}}
    load: day
    sla: {ttft_s: 2.0, tpot_ms: 50}
    price_usd_per_mtok: {input: 0.55, output: 2.19}
  - name: rag
    model: llama-3.3-70b
    tokens: {input: 8192, output: 1024}
    demand: {output_mtok_per_day: 600}
    load: day
    sla: {ttft_s: 2.0, tpot_ms: 40}
procurement:
  systems: {allow: [hgx-h100, hgx-h200, hgx-b200]}
  providers: {allow: [coreweave, nebius, nscale]}
  quotas: [{system: hgx-b200, gpus: 64}]
  lead_weeks: {hgx-b200: 16, hgx-h200: 6, reserved_1y: 13, reserved_3y: 26}
budget: {capex_usd: {2027: 3e6}, commitments_usd: 50e6}
"""

FUTURES = """
futures:
  - {name: base, probability: 0.6}
  - {name: boom, probability: 0.4, demand: 1.8, rent_price: 1.2}
revealed: 2027-06
"""


@cache
def solved(text: str, *overrides: str) -> tuple[Plan, Scenario, Catalog]:
    scenario = load_scenario(io.StringIO(text), overrides)
    catalog = catalog_of(scenario)
    return solve(scenario, catalog), scenario, catalog


def shown(plan: Plan, scenario: Scenario, catalog: Catalog | None = None) -> str:
    file = io.StringIO()
    terminal.render(plan, scenario, console_on(file), catalog=catalog)
    return file.getvalue()


def rows_of(part: Sheet) -> dict[str, tuple[str, ...]]:
    return {row[0].strip(): row[1:] for row in part.rows}


def number(text: str) -> float:
    return 0.0 if text == "-" else float(re.sub(r"[^0-9.-]", "", text))
