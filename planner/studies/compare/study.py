"""Plans side by side: several scenarios, or one scenario under named alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from planner._moved import renamed
from planner._version import __version__
from planner.catalog import Catalog
from planner.errors import InfeasiblePlan, InputError
from planner.frozen import dataclass
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.plan.plan import _plain
from planner.scenario import Scenario, scenario_digest
from planner.solvers import Options
from planner.studies.command import Progress
from planner.studies.compare.answer import buy_or_rent
from planner.studies.compare.closest import closest
from planner.studies.compare.defaults import as_compared, default_options
from planner.studies.compare.options import check_options, option
from planner.studies.compare.table import Entry, in_words, table_of, workloads_of
from planner.studies.pool import each
from planner.studies.result import IN_PARTS, Result, compared_in_parts, limit_of

# Of many plans side by side, as of those of other studies: differences of options are larger than half a percent.
GAP = 5e-3


@dataclass(frozen=True)
class _Case:
    """What one process plans: a scenario as it is, or an ``option`` of it, with what has to give."""

    name: str
    scenario: Scenario
    catalog: Catalog
    solver: str | None
    gap: float | None
    time_limit_s: float
    known: Plan | None = None
    option: bool = False


@dataclass(frozen=True)
class Comparison(Result):
    """Plans side by side; the first is what the others are held against.

    ``table`` has a row per plan. Money is USD: capex and opex of the reported periods; ``residual_usd`` what hardware
    bought is worth at the end of the solved horizon, ``liability_usd`` what contracts still cost after the last
    reported period, both undiscounted. ``npv_unserved_usd`` is the value of what is not served: it counts in the bound
    and in ``npv_more_usd``, not in ``npv_usd``. ``npv_more_usd`` and ``capex_more_usd`` are against the first plan, and
    the former lies between its low and high for every pair of optimal plans. ``irr`` (per year) and ``payback_years``
    are of the plan with more capex against the other of the two. Of options, ``supply_factor`` times the quotas and
    hourly depth and ``budget_factor`` times the budgets are what the plan needs, the least with a plan where
    ``factors_proven``; it rents by the hour until the period ``rents_until``, and ``site_factor`` times their power and
    cooling is what the sites would need at least for it to end with the first delivery. Shares are of the mean GPUs in
    service over the reported periods. Missing figures are NaN or None.

    ``workloads`` has a row per plan and workload: what each bears of the NPV. ``answer`` says what it comes to,
    ``remarks`` what stands in no column and why. ``in_parts`` where the plans are in parts of replicas and of hourly
    lots, though the scenario's own is in whole ones; ``digest`` is the scenario's own.
    """

    entries: tuple[Entry, ...]
    table: pd.DataFrame
    sentences: tuple[str, ...]
    workloads: pd.DataFrame
    answer: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    in_parts: bool = False
    digest: str = ""

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The table, as ``compare``, and cost by workload, as ``compare_workloads``."""
        return {"compare": self.table, "compare_workloads": self.workloads}

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The entries without a plan."""
        return tuple(entry.name for entry in self.entries if entry.plan is None)

    @property
    def stopped(self) -> tuple[str, ...]:
        """The entries that the clock stopped the search for."""
        return tuple(e.name for e in self.entries if e.late or (e.plan is not None and not e.plan.proof.reproducible))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, null for what is missing."""
        plans = []
        for row, sentence in zip(self.table.to_dict(orient="records"), self.sentences, strict=True):
            plain = _plain(row)
            assert isinstance(plain, dict)
            own = self.workloads[self.workloads["name"] == row["name"]].drop(columns="name")
            plans.append({**plain, "in_words": sentence, "workload_cost": _plain(own.to_dict(orient="records"))})
        return {
            "version": 1,
            "planner": __version__,
            "scenario": self.entries[0].scenario.name,
            "scenario_digest": self.digest,
            "catalog_digest": self.entries[0].catalog.digest,
            "reproducible": not self.stopped,
            **compared_in_parts(self.in_parts),
            **({"answer": list(self.answer)} if self.answer else {}),
            **({"remarks": list(self.remarks)} if self.remarks else {}),
            "plans": plans,
        }


@renamed(tell="progress")
def compare(
    scenarios: Scenario | Sequence[Scenario] | Mapping[str, Scenario],
    options: Sequence[str] = (),
    *,
    solver: str | None = None,
    gap: float | None = None,
    time_limit_s: float | None = None,
    known: Mapping[str, Plan] | None = None,
    jobs: int = 1,
    progress: Progress = lambda words: None,
) -> Comparison:
    """The plans of ``scenarios`` side by side, or of one scenario under named ``options``, as in ``plan compare``.

    One scenario without options is its plan beside what it takes to buy, rent or reserve everything, or to call APIs.
    ``jobs`` of them are solved at once, each in a process of its own; ``known`` are plans by name that need no solving
    any more; ``progress`` hears how far it is. Raises InputError where there is nothing to compare, and what ``solve``
    raises but for InfeasiblePlan: a scenario without a plan stays in the table, with what stops it.
    """
    named = _named(scenarios)
    known = known or {}
    if not options and len(named) != 1:
        if not named:
            raise InputError("there is nothing to compare; name a scenario")
        cases = [
            _Case(name, scenario, catalog_of(scenario), solver, gap, limit_of(scenario, time_limit_s), known.get(name))
            for name, scenario in named.items()
        ]
        entries = each(_entry, cases, workers=jobs, progress=progress, done="plans")
        return _comparison(entries, entries[0].scenario)
    if len(named) != 1:
        raise InputError("options are alternatives of one scenario; name one scenario with them")
    (original,) = named.values()
    return _of_options(original, options, solver, gap, time_limit_s, known, jobs, progress)


def _of_options(
    original: Scenario,
    options: Sequence[str],
    solver: str | None,
    gap: float | None,
    time_limit_s: float | None,
    known: Mapping[str, Plan],
    jobs: int,
    progress: Progress,
) -> Comparison:
    """One scenario under named options, or without any under those that answer whether to buy or to rent."""
    catalog = catalog_of(original)
    scenario = as_compared(original, catalog)
    in_parts = scenario is not original
    remarks: tuple[str, ...] = ()
    asked = check_options(options) if options else ()
    if not asked:
        asked, remarks = default_options(scenario, catalog)
    if gap is None and (in_parts or not options):
        gap = GAP
    limit = limit_of(scenario, time_limit_s)
    cases = [
        _Case(name, scenario, catalog, solver, gap, limit, None if in_parts else known.get(name), option=True)
        for name in asked
    ]
    entries = each(_entry, cases, workers=jobs, progress=progress, done="plans")
    if in_parts:
        remarks = (*remarks, IN_PARTS)
    return _comparison(entries, original, remarks, in_parts=in_parts, answered=not options)


def _comparison(
    entries: list[Entry],
    original: Scenario,
    remarks: tuple[str, ...] = (),
    *,
    in_parts: bool = False,
    answered: bool = False,
) -> Comparison:
    table = table_of(entries)
    rows = table.to_dict(orient="records")
    return Comparison(
        tuple(entries),
        table,
        tuple(in_words(entries, table)),
        workloads_of(entries),
        answer=buy_or_rent(rows) if answered else (),
        remarks=remarks,
        in_parts=in_parts,
        digest=scenario_digest(original),
    )


def _named(scenarios: Scenario | Sequence[Scenario] | Mapping[str, Scenario]) -> dict[str, Scenario]:
    """Scenarios by name; one that comes again gets a number."""
    if isinstance(scenarios, Mapping):
        return dict(scenarios)
    found: dict[str, Scenario] = {}
    for scenario in [scenarios] if isinstance(scenarios, Scenario) else scenarios:
        name, again = scenario.name, 1
        while name in found:
            again += 1
            name = f"{scenario.name} ({again})"
        found[name] = scenario
    return found


def _entry(case: _Case) -> Entry:
    scenario, catalog, needs = case.scenario, case.catalog, None
    if case.option and case.known is None:
        options = Options(time_limit_s=case.time_limit_s, seed=scenario.solve.seed)
        found = closest(scenario, catalog, case.name, options)
        if found is not None:
            scenario, catalog, needs = found.scenario, found.catalog, found.needs
        else:
            scenario = option(scenario, catalog, case.name)
    elif case.option:
        scenario = option(scenario, catalog, case.name)
    try:
        plan = case.known
        if plan is None:
            plan = solve(scenario, catalog, solver=case.solver, gap=case.gap, time_limit_s=case.time_limit_s)
        return Entry(case.name, scenario, catalog, plan, needs=needs)
    except InfeasiblePlan as error:
        reasons = tuple(found.sentence for found in error.relaxations)
        return Entry(case.name, scenario, catalog, None, reasons, error.stopped)
