"""One of two things to compare: a run, a scenario, a result or a baseline, the files also as they stood in git."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from planner._version import __version__
from planner.catalog import Catalog
from planner.errors import InfeasiblePlan, InputError
from planner.frozen import dataclass
from planner.history.baseline import Baseline, baseline_of, is_baseline, json_of
from planner.history.revision import json_at, scenario_at
from planner.history.run import Run
from planner.history.store import LAST, find
from planner.paths import is_there
from planner.pipeline import catalog_of, load, solve
from planner.plan.plan import RESULT_VERSION
from planner.render.hints import SCENARIO, hint
from planner.scenario import Scenario
from planner.schema.result import infeasible
from planner.studies.command import Progress

NEEDED = ("status", "scenario", "scenario_digest", "planner")


@dataclass(frozen=True)
class Comparand:
    """``scenario`` is None for a result file, which holds no inputs; ``catalog_digest`` '' where it is not known."""

    label: str
    scenario: Scenario | None
    scenario_digest: str
    catalog_digest: str
    planner: str
    result: dict[str, Any]
    baseline: Baseline | None = None

    @property
    def planned(self) -> bool:
        """Whether it has a plan."""
        return bool(self.result["status"] != "infeasible")


@dataclass(frozen=True)
class Unsolved:
    """A scenario that is still to be solved."""

    label: str
    scenario: Scenario
    catalog: Catalog


def read(source: str, store: Path) -> Comparand | Unsolved:
    """What ``source`` names: a file that is there, ``REV:path`` in git (scenarios and JSON), else a run of ``store``.

    Raises InputError where it is none of them.
    """
    path = Path(source)
    if source == "-" or is_there(path):
        return _answer(json_of(source), source) if path.suffix == ".json" else _unsolved(source, load(source))
    if ":" in source and path.suffix == ".json":
        return _answer(json_at(source), source)
    if ":" in source:
        with scenario_at(source) as scenario:
            return _unsolved(source, scenario)
    if not (source.isdecimal() or source == LAST) and path.suffix in (".yaml", ".yml", ".json"):
        raise InputError(f"{source}: no such file")
    return _of_run(find(store, source))


def _of_run(run: Run, baseline: Baseline | None = None) -> Comparand:
    planner = run.versions.get("planner", "")
    return Comparand(run.label, run.question(), run.scenario_digest, run.catalog_digest, planner, run.result, baseline)


def answered(
    side: Comparand | Unsolved, *, gap: float | None, time_limit_s: float | None, progress: Progress
) -> Comparand:
    """The side with its result: as it stands, or solved now."""
    if isinstance(side, Comparand):
        return side
    progress(f"{side.label}: solving")
    try:
        plan = solve(side.scenario, side.catalog, gap=gap, time_limit_s=time_limit_s)
        result = plan.to_dict()
    except InfeasiblePlan as error:
        result = infeasible(side.scenario, error)
    return Comparand(side.label, side.scenario, result["scenario_digest"], side.catalog.digest, __version__, result)


def _unsolved(label: str, scenario: Scenario) -> Unsolved:
    return Unsolved(label, scenario, catalog_of(scenario))


def _answer(found: Any, shown: str) -> Comparand:
    """A baseline or a result, from JSON. Raises InputError where it is none that this version reads."""
    if is_baseline(found):
        baseline = baseline_of(found, shown)
        return _of_run(baseline.run, baseline)
    if not isinstance(found, dict) or any(name not in found for name in NEEDED):
        raise InputError(f"{shown}: this is not a result; {hint(SCENARIO, '--json', shown)} writes one")
    if found.get("version") not in range(1, RESULT_VERSION + 1):
        known = f"this planner reads versions 1 to {RESULT_VERSION}"
        raise InputError(f"{shown}: this is a result of version {found.get('version')}; {known}")
    digest = str(found.get("catalog", {}).get("digest", ""))
    return Comparand(shown, None, str(found["scenario_digest"]), digest, str(found["planner"]), found)
