"""A row for each plan side by side, and one for each of its workloads; what differs in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.kinds.cash import RESIDUAL
from planner.plan import Plan
from planner.plan.ledger import ledger_of
from planner.report.view import probabilities
from planner.scenario import Scenario, scenario_digest
from planner.studies.compare.answer import needs_in_words
from planner.studies.compare.closest import Needs
from planner.studies.compare.returns import Return, gain, return_of, undiscounted
from planner.studies.compare.sheet import difference_in_words
from planner.studies.mix import mix

# Of cost by workload, what holds of any plan: increments are not solved for here.
BORNE = (
    "workload", "model", "mtok_output", "mtok_total", "gpu_hours", "npv_usd", "idle_npv_usd",
    "usd_per_mtok_output", "usd_per_mtok_total", "usd_per_gpu_hour",
)  # fmt: skip
COLUMNS = (
    "name", "scenario", "scenario_digest", "status", "npv_usd", "npv_unserved_usd", "npv_bound_usd", "gap",
    "levelised_usd_per_mtok_output", "levelised_usd_per_mtok_total", "capex_usd", "opex_usd",
    "peak_provisioned_utility_mw", "served_share", "systems_bought", "lots_signed", "residual_usd", "liability_usd",
    "npv_more_usd", "npv_more_low_usd", "npv_more_high_usd", "capex_more_usd", "irr", "payback_years", "stopped_by",
    "needs", "supply_factor", "budget_factor", "factors_proven", "rents_until", "site_factor",
    "owned_share", "contract_share", "hourly_share",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One plan of a comparison; where there is none, ``stopped_by`` are the limits that stand in the way.

    ``late`` where the clock ended the search for them. An option ``needs`` what its plan takes beyond the limits.
    """

    name: str
    scenario: Scenario
    catalog: Catalog
    plan: Plan | None
    stopped_by: tuple[str, ...] = ()
    late: bool = False
    needs: Needs | None = None


def workloads_of(entries: list[Entry]) -> pd.DataFrame:
    """What each workload bears of each plan's NPV."""
    frames = [
        entry.plan.workload_cost[list(BORNE)].assign(name=entry.name)[["name", *BORNE]]
        for entry in entries
        if entry.plan is not None
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["name", *BORNE])


def table_of(entries: list[Entry]) -> pd.DataFrame:
    """A row of ``COLUMNS`` for each entry, held against the first."""
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
    row |= _sources(entry) | _needs(entry.needs)
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


def _sources(entry: Entry) -> dict[str, float]:
    """Shares of the mean GPUs in service: owned, under contract, by the hour; nothing where there are none."""
    assert entry.plan is not None
    gpus = mix(entry.plan, entry.scenario, entry.catalog)
    whole = sum(gpus.values())
    kinds = {"own": "owned_share", "contract": "contract_share", "hourly": "hourly_share"}
    return {
        column: sum(mean for source, mean in gpus.items() if source.startswith(f"{kind} ")) / whole
        for kind, column in kinds.items()
        if whole
    }


def _needs(needs: Needs | None) -> dict[str, Any]:
    if needs is None:
        return {}
    return {
        "needs": "; ".join(needs_in_words(needs)),
        "supply_factor": needs.supply,
        "budget_factor": needs.budget,
        "factors_proven": needs.proven,
        "rents_until": needs.rents_until,
        "site_factor": needs.site,
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


def in_words(entries: list[Entry], table: pd.DataFrame) -> list[str]:
    """A sentence for each plan: what it costs more or less than the first, and what that brings."""
    return [
        difference_in_words(row, table.iloc[0].to_dict(), _last_year(entry))
        for entry, row in zip(entries, table.to_dict(orient="records"), strict=True)
    ]


def _last_year(entry: Entry) -> str:
    """The last calendar year reported."""
    if entry.plan is None:
        return ""
    return entry.plan.periods[entry.scenario.horizon.periods - 1][:4]
