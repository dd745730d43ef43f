"""A hall of 10 MW whose demand asks for more: what is rented beside it falls as power rises. It solves in a moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# What a page or a process is waited for at most: it takes a few seconds, and what never comes is a failure.
PATIENCE_S = 120.0

HALL = """\
version: 2
name: hall
description: One model, one hall of 10 MW, one system to buy or to rent by the hour.
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 2, period: year}
finance: {discount_rate: 0.10}
blocks: {day: 0.5, night: 0.5}
sites:
  - name: hall
    region: us-south
    power_mw: 10
    pue: {air: {design: 1.25, annual: 1.25}}
    cooling: [air]
    colocation_usd_per_kw_month: 150
load_shapes:
  office: {day: 1.25, night: 0.75}
workloads:
  - name: chat
    model: llama-3.3-70b
    tokens: {input: 1024, output: 1024}
    demand: {output_mtok_per_day: 600e3}
    load: office
    sla: {ttft_s: 2.0, tpot_ms: 25}
procurement:
  rent: [on_demand]
  token_api: false
  systems: {allow: [hgx-h200]}
  providers: {allow: [together]}
  hourly_depth_gpus: null
  lead_weeks: {hgx-h200: 4}
"""


def hall_in(folder: Path) -> Path:
    """The scenario's file in ``folder``."""
    path = folder / "hall.yaml"
    path.write_text(HALL, encoding="utf-8")
    return path


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`plan serve` in a process of its own, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "planner.cli", "serve", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().split(": ", 1)[1].strip()
    finally:
        with suppress(OSError):
            process.kill()
        process.wait()
        process.stdout.close()
