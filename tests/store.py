"""Runs for the tests of what looks back: one of tiny, solved once, and ones that only look like runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from typer.testing import CliRunner, Result

from planner.cli import app
from planner.history.run import Run, run_of
from planner.pipeline import catalog_of, load, solve
from planner.report.terminal import sheets

ROOT = Path(__file__).parents[1]
TINY = ROOT / "scenarios" / "tiny.yaml"


@cache
def tiny_run(*overrides: str) -> Run:
    """The run of tiny, not saved yet."""
    scenario = load(TINY, overrides)
    catalog = catalog_of(scenario)
    plan = solve(scenario, catalog)
    return run_of(scenario, catalog, plan, plan.to_dict(), list(sheets(plan, scenario, catalog)), overrides)


def empty_run(name: str) -> Run:
    """What a store takes for a run; there is nothing in it."""
    return Run(
        saved_at="2026-12-01T00:00:00+00:00",
        scenario=name,
        scenario_digest="0" * 16,
        scenario_text=f"name: {name}\n",
        folder="/",
        overrides=(),
        catalog_digest="1" * 16,
        versions={"planner": "0.1.0"},
        result_text='{"status": "infeasible"}\n',
        view=(),
        decisions={},
        served=[],
    )


def plan(*words: str | Path, text: str | None = None) -> Result:
    """The command in this process, with pipes for a terminal."""
    return CliRunner().invoke(app, [str(word) for word in words], input=text)
