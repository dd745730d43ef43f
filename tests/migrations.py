"""Files to migrate, and what a migration says and leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from planner.scenario import Scenario
from tests.store import plan

HORIZON = "{decided_on: 2026-12-01, start: 2027-01, periods: 2, period: year}"
# What every plan of these needs, without any field that version 1 filled in.
REST = """\
sites:
  - {name: hall, region: here, power_mw: 1, cooling: [air], pue: {air: {design: 1.25, annual: 1.25}},
     colocation_usd_per_kw_month: 150}
"""
CHAT = "{name: chat, model: llama-3.3-70b, tokens: {input: 1, output: 1}, demand: {requests_per_s: 1}}"


def chat(name: str = "chat") -> str:
    return CHAT.replace("chat", name)


def wrote(name: str, text: str) -> Path:
    Path(name).write_bytes(text.encode())
    return Path(name)


def told(*words: str | Path) -> list[str]:
    """What a migration that succeeds says, a line for each file and each field."""
    done = plan("migrate", *words)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines()), default=0) <= 100
    return done.stdout.replace("\n    ", " ").splitlines()


def refused(*words: str | Path) -> str:
    done = plan("migrate", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    return done.stderr


def values(scenario: Scenario) -> dict[str, Any]:
    return scenario.model_dump(exclude={"version"})
