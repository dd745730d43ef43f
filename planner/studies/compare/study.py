"""Plans side by side: several scenarios, or one scenario under named alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner._moved import renamed
from planner._version import __version__
from planner.catalog import Catalog
from planner.errors import InfeasiblePlan, InputError
from planner.kinds.cash import RESIDUAL
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.plan.ledger import ledger_of
from planner.plan.plan import _plain
from planner.report.view import probabilities
from planner.scenario import Scenario, scenario_digest
from planner.studies.command import Progress
from planner.studies.compare.options import check_options, option
from planner.studies.compare.returns import Return, gain, return_of, undiscounted
from planner.studies.pool import each
from planner.studies.result import Result, limit_of

_Case = tuple[str, Scenario, Catalog, dict[str, Any], Plan | None]
COLUMNS = (
    "name", "scenario", "scenario_digest", "status", "npv_usd", "npv_unserved_usd", "npv_bound_usd", "gap",
    "levelised_usd_per_mtok_output", "levelised_usd_per_mtok_total", "capex_usd", "opex_usd",
    "peak_provisioned_utility_mw", "served_share", "systems_bought", "lots_signed", "residual_usd", "liability_usd",
    "npv_more_usd", "npv_more_low_usd", "npv_more_high_usd", "capex_more_usd", "irr", "payback_years", "stopped_by",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One plan of a comparison; where there is none, ``stopped_by`` are the limits that stand in the way.

    ``late`` where the clock ended the search for them.
    """

    name: str
    scenario: Scenario
    catalog: Catalog
    plan: Plan | None
    stopped_by: tuple[str, ...] = ()
    late: bool = False


@dataclass(frozen=True)
class Comparison(Result):
    """Plans side by side; the first is what the others are held against.

    ``table`` has a row per plan. Money is USD: capex and opex of the reported periods; ``residual_usd`` what hardware
    bought is worth at the end of the solved horizon, ``liability_usd`` what contracts still cost after the last
    reported period, both undiscounted. ``npv_unserved_usd`` is the value of what is not served: it counts in the bound
    and in ``npv_more_usd``, not in ``npv_usd``. ``npv_more_usd`` and ``capex_more_usd`` are against the first plan, and
    the former lies between its low and high for every pair of optimal plans. ``irr`` (per year) and ``payback_years``
    are of the plan with more capex against the other of the two. Missing figures are NaN or None.
    """

    entries: tuple[Entry, ...]
    table: pd.DataFrame
    sentences: tuple[str, ...]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The table, as ``compare``."""
        return {"compare": self.table}

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
            plans.append({**plain, "in_words": sentence})
        return {
            "version": 1,
            "planner": __version__,
            "scenario": self.entries[0].scenario.name,
            "scenario_digest": scenario_digest(self.entries[0].scenario),
            "catalog_digest": self.entries[0].catalog.digest,
            "reproducible": not self.stopped,
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

    ``jobs`` of them are solved at once, each in a process of its own (a script then needs the usual ``__main__``
    guard); ``known`` are plans by name that need no solving any more; ``progress`` hears how far it is. Raises
    InputError where there is nothing to compare, and what ``solve`` raises but for InfeasiblePlan: a scenario without a
    plan stays in the table, with what stops it.
    """
    named = _named(scenarios)
    if options:
        if len(named) != 1:
            raise InputError("options are alternatives of one scenario; name one scenario with them")
        options = check_options(options)
    elif len(named) < 2:
        raise InputError("one scenario alone has nothing beside it; name a second one, or options")
    cases: list[_Case] = []
    known = known or {}
    limits: dict[str, Any] = {"solver": solver, "gap": gap, "time_limit_s": time_limit_s}
    for name, scenario in named.items():
        catalog = catalog_of(scenario)
        if options:
            cases += [
                (choice, option(scenario, catalog, choice), catalog, limits, known.get(choice)) for choice in options
            ]
        else:
            cases.append((name, scenario, catalog, limits, known.get(name)))
    entries = each(_entry, cases, workers=jobs, progress=progress, done="plans")
    table = _table(entries)
    return Comparison(tuple(entries), table, tuple(_in_words(entries, table)))


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
    name, scenario, catalog, limits, plan = case
    limits = limits | {"time_limit_s": limit_of(scenario, limits["time_limit_s"])}
    try:
        return Entry(name, scenario, catalog, solve(scenario, catalog, **limits) if plan is None else plan)
    except InfeasiblePlan as error:
        return Entry(name, scenario, catalog, None, tuple(found.sentence for found in error.relaxations), error.stopped)


def _table(entries: list[Entry]) -> pd.DataFrame:
    rows = [_row(entry, entries[0]) for entry in entries]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(entry: Entry, base: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": entry.name,
        "scenario": entry.scenario.name,
        "scenario_digest": scenario_digest(entry.scenario),
        "status": "infeasible",
        "stopped_by": "; ".join(entry.stopped_by),
    }
    plan = entry.plan
    if plan is None:
        return row
    kept = [column for column in COLUMNS if column in plan.kpis]
    row |= {column: plan.kpis[column] for column in kept}
    weight = probabilities(plan) | {"all": 1.0}
    bought, signed = (table[~table["lookahead"].astype(bool)] for table in (plan.purchases, plan.contracts))
    low, high = _proven(plan)
    row |= {
        "status": plan.status,
        "npv_bound_usd": low,
        "gap": plan.proof.gap,
        "systems_bought": float((bought["count"] * bought["future"].map(weight)).sum()),
        "lots_signed": float((signed["lots"] * signed["future"].map(weight)).sum()),
        "residual_usd": -undiscounted(plan, RESIDUAL.key),
        "liability_usd": float((signed["remaining_commitment_usd"] * signed["future"].map(weight)).sum()),
    }
    if base.plan is None or base is entry:
        return row
    base_low, base_high = _proven(base.plan)
    found = _return(entry, base)
    return row | {
        "npv_more_usd": high - base_high,
        "npv_more_low_usd": low - base_high,
        "npv_more_high_usd": high - base_low,
        "capex_more_usd": row["capex_usd"] - base.plan.kpis["capex_usd"],
        "irr": found.irr,
        "payback_years": found.payback_years,
    }


def _proven(plan: Plan) -> tuple[float, float]:
    """Where the least cost lies, unserved at its value: proven bound (minus infinity without one) and audited cost."""
    bound, cost = plan.proof.best_bound_usd, plan.proof.objective_usd
    return (min(bound, cost) if bound is not None else -float("inf")), cost


def _return(entry: Entry, base: Entry) -> Return:
    """Of the plan with more capex against the other; flows start where each plan's own calendar does."""
    assert entry.plan is not None
    assert base.plan is not None
    if entry.scenario.horizon != base.scenario.horizon:
        return Return(None, None)
    if abs(entry.plan.kpis["capex_usd"] - base.plan.kpis["capex_usd"]) < 1.0:
        return Return(None, None)
    first = ledger_of(entry.plan, entry.scenario, entry.catalog).dated
    second = ledger_of(base.plan, base.scenario, base.catalog).dated
    if entry.plan.kpis["capex_usd"] < base.plan.kpis["capex_usd"]:
        first, second = second, first
    return return_of(gain(first, second))


def _in_words(entries: list[Entry], table: pd.DataFrame) -> list[str]:
    """A sentence for each plan: what it costs more or less than the first, and what that brings."""
    from planner.studies.compare.sheet import difference_in_words

    return [
        difference_in_words(row, table.iloc[0].to_dict(), _last_year(entry))
        for entry, row in zip(entries, table.to_dict(orient="records"), strict=True)
    ]


def _last_year(entry: Entry) -> str:
    """The last calendar year reported."""
    if entry.plan is None:
        return ""
    return entry.plan.periods[entry.scenario.horizon.periods - 1][:4]
