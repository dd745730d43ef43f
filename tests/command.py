"""The command in a process of its own, and a scenario that it solves in a fraction of a second."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# One hall, one system to buy or rent; solves in a fraction of a second.
SMALL = """
name: small
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 4, period: quarter, lookahead: 1}
blocks: {peak: 0.25, rest: 0.75}
sites:
  - name: dallas
    region: us-south
    power_mw: {2027-01: 0.2, 2027-07: 0.6}
    pue: {air: {design: 1.25, annual: 1.25}, liquid: {design: 1.15, annual: 1.15}}
    electricity_usd_per_mwh: 72.5
    colocation_usd_per_kw_month: 150
load_shapes: {day: {peak: 1.9, rest: 0.7}}
workloads:
  - name: assistant
    model: deepseek-r1
    tokens: {input: 1024, output: 1024}
    demand: {output_mtok_per_day: {2027-01: 4e3, 2027-12: 30e3}}
    load: day
    sla: {ttft_s: 2.0, tpot_ms: 50}
    price_usd_per_mtok: {input: 0.55, output: 2.19}
procurement:
  systems: {allow: [hgx-h200, hgx-b200]}
  providers: {allow: [coreweave, nebius]}
  lead_weeks: {hgx-b200: 16, hgx-h200: 6}
budget: {capex_usd: {2027: 9e6}}
"""

FUTURES = """
futures:
  - {name: base, probability: 0.6}
  - {name: boom, probability: 0.4, demand: 1.6, rent_price: 1.2}
revealed: 2027-06
"""


def plan(*arguments: str | Path, text: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with pipes for a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "planner.cli", *map(str, arguments)],
        input=text,
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        timeout=300,
    )


@pytest.fixture(scope="module", name="small")
def small_scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "small.yaml"
    path.write_text(SMALL)
    return path


def many_periods() -> str:
    return (
        SMALL.replace("periods: 4, period: quarter, lookahead: 1", "periods: 36, period: month")
        .replace("allow: [hgx-h200, hgx-b200]", "deny: [vr-nvl72]")
        .replace("providers: {allow: [coreweave, nebius]}", "whole_on_demand_lots: true")
    )
