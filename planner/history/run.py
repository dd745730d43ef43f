"""One saved run: the question as it was asked, what it was answered from, and the answer."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import platform
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from planner._version import __version__
from planner.accounts import Account
from planner.accounts.tokens import tokens_served
from planner.catalog import Catalog
from planner.decisions import COLUMNS, Decisions
from planner.frozen import dataclass
from planner.history.written import written
from planner.paths import real
from planner.plan import Plan
from planner.plan.plan import _plain
from planner.render.sheet import Column, Sheet
from planner.scenario import Scenario, load_scenario
from planner.schema.result import text_of
from planner.table import Table
from planner.units import mtok_from_tokens

# What a plan's figures can depend on beside the scenario and the catalog.
LIBRARIES = ("ortools", "pulp", "numpy", "scipy")
EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True)
class Run:
    """A plan and all that it takes to look at it again.

    ``id`` is 0 until it is saved, ``source`` the file it was read from where that is no store. ``scenario_text`` is the
    whole scenario, base files, forecasts and ``overrides`` put together; ``folder`` is what its paths are relative to.
    ``result_text`` is what ``--json`` wrote, to the byte; ``view`` the parts of the terminal view; ``decisions`` and
    ``served`` (future, workload, period, output_mtok) tables that the result does not hold, empty where there was no
    plan.
    """

    saved_at: str
    scenario: str
    scenario_digest: str
    scenario_text: str
    folder: str
    overrides: tuple[str, ...]
    catalog_digest: str
    versions: dict[str, str]
    result_text: str
    view: tuple[Sheet, ...]
    decisions: dict[str, list[dict[str, Any]]]
    served: list[dict[str, Any]]
    id: int = 0
    source: str = ""

    @cached_property
    def result(self) -> dict[str, Any]:
        """The result as plain values."""
        found: dict[str, Any] = json.loads(self.result_text)
        return found

    @property
    def label(self) -> str:
        """What it is called in sentences."""
        return self.source or f"run {self.id}"

    @property
    def planned(self) -> bool:
        """Whether there was a plan."""
        return bool(self.result["status"] != "infeasible")

    def question(self, overrides: Sequence[str] = ()) -> Scenario:
        """The scenario, with further ``path=value`` overrides. Raises ScenarioError where these are wrong."""
        text = io.StringIO(self.scenario_text)
        text.name = self.label
        return load_scenario(text, overrides, Path(self.folder))

    def decided(self) -> Decisions:
        """The decision tables of the plan; a run of 0.1.0 has no lots by the job, and all of its lots run at once."""
        tables = {
            name: Table.of_rows(
                columns, [[row.get(column) for column in columns] for row in self.decisions.get(name, ())]
            )
            for name, columns in COLUMNS.items()
        }
        rents = tables["rents"]
        by_job = [bool(said) and said == said for said in rents["by_job"]]
        at_once, lots = (rents[name].astype(float) for name in ("at_once", "lots"))
        at_once = np.where(np.isnan(at_once), lots, at_once)
        tables["rents"] = rents.with_columns(at_once=at_once, by_job=np.array(by_job, dtype=bool))
        return Decisions(**tables)


def run_of(
    scenario: Scenario,
    catalog: Catalog,
    plan: Plan | None,
    result: Mapping[str, Any],
    view: Sequence[Sheet],
    overrides: Sequence[str] = (),
) -> Run:
    """The run of a solved scenario; ``plan`` is None where there is none, ``result`` then says what stands in the way.

    ``SOURCE_DATE_EPOCH`` in the environment stands in for the clock, as in other tools that make files.
    """
    folder = scenario.origin.folder if scenario.origin.folder is not None else Path()
    return Run(
        saved_at=_now().isoformat(timespec="seconds"),
        scenario=scenario.name,
        scenario_digest=str(result["scenario_digest"]),
        scenario_text=written(scenario),
        folder=str(real(folder)),
        overrides=tuple(overrides),
        catalog_digest=catalog.digest,
        versions=_versions(),
        result_text=text_of(result),
        view=tuple(view),
        decisions={} if plan is None else _tables(plan.decisions),
        served=[] if plan is None else _served(scenario, catalog, plan),
    )


def sheets_to_plain(sheets: Sequence[Sheet]) -> list[dict[str, Any]]:
    """Parts of a view as plain values."""
    return [
        {
            "sentence": sheet.sentence,
            "columns": [{"header": column.header, "right": column.right} for column in sheet.columns],
            "rows": [list(row) for row in sheet.rows],
            "notes": list(sheet.notes),
        }
        for sheet in sheets
    ]


def sheets_of_plain(parts: Sequence[Mapping[str, Any]]) -> tuple[Sheet, ...]:
    """The inverse of ``sheets_to_plain``."""
    return tuple(
        Sheet(
            part["sentence"],
            tuple(Column(column["header"], column["right"]) for column in part["columns"]),
            tuple(tuple(row) for row in part["rows"]),
            tuple(part["notes"]),
        )
        for part in parts
    )


def _tables(decisions: Decisions) -> dict[str, list[dict[str, Any]]]:
    return {name: [_plain(row) for row in decisions.table(name).records()] for name in COLUMNS}


def _served(scenario: Scenario, catalog: Catalog, plan: Plan) -> list[dict[str, Any]]:
    """Output tokens by workload and period, Mtok, as the audit counts them."""
    served = tokens_served(Account(scenario, catalog, plan.decisions))
    return [
        {
            "future": str(row.future),
            "workload": str(row.workload),
            "period": plan.periods[int(row.period)],
            "output_mtok": mtok_from_tokens(float(row.output_tokens)),
        }
        for row in served.rows()
    ]


def _now() -> dt.datetime:
    given = os.environ.get(EPOCH, "")
    return dt.datetime.fromtimestamp(int(given), dt.UTC) if given.isdecimal() else dt.datetime.now(dt.UTC)


def _versions() -> dict[str, str]:
    found = {"planner": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
