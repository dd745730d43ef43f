"""Rules of tables: every name is known, every number finite and not negative, every period in the horizon."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.accounts.account import Account
from planner.accounts.holdings import group_codes
from planner.accounts.inputs import Bools, Floats, places_of
from planner.accounts.supply import source_places
from planner.audit.findings import TOLD_AT_MOST, Findings
from planner.decisions import COLUMNS
from planner.table import Table, isin

NUMBERS = ("count", "lots", "gpus", "requests_per_s", "replicas")


def check_tables(account: Account, findings: Findings) -> bool:
    """Whether the rest can be recomputed: faults of names, periods and numbers end the audit."""
    sound = len(findings.violations)
    for table in COLUMNS:
        rows: Table = getattr(account.decided, table)
        _numbers(account, findings, table, rows)
        _names(account, findings, table, rows)
    return len(findings.violations) == sound


def _numbers(account: Account, findings: Findings, table: str, rows: Table) -> None:
    """Finite and not negative. Replicas count, and so must be there, only where they are whole."""
    for column in (column for column in NUMBERS if column in rows.names):
        values = _floats(rows[column])
        good = np.isfinite(values) & (values >= 0)
        if column == "replicas":
            whole = [w.name for w in account.inputs.workloads if w.whole_replicas]
            good |= np.isnan(values) & ~isin(rows["workload"], whole)
        _rows(findings, "numbers", table, column, rows, good)
    if "period" in rows.names:
        period = _floats(rows["period"])
        known = (period >= 0) & (period < account.inputs.timeline.periods) & (period == np.floor(period))
        _rows(findings, "names", table, "period", rows, known)


def _floats(column: NDArray[Any]) -> Floats:
    """A column's numbers, NaN for what is none."""
    if column.dtype != object:
        return column.astype(float)
    return np.array([_number(value) for value in column], dtype=float)


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.nan


def _names(account: Account, findings: Findings, table: str, rows: Table) -> None:
    """Names that the scenario, the catalog or the table of pools has. Points are a matter of eligibility."""
    inputs = account.inputs
    for column in (column for column in inputs.names if column in rows.names):
        _rows(findings, "names", table, column, rows, inputs.codes(rows, column) >= 0)
    if table == "pools":
        known = inputs.codes(rows, "supply", source_places(inputs)) >= 0
        _rows(findings, "names", table, "supply", rows, known)
    if table == "keeps":
        _rows(findings, "names", table, "group", rows, group_codes(inputs, rows) >= 0)
    if table == "serving":
        pools = places_of(account.decided.pools["pool"].tolist())
        _rows(findings, "names", table, "pool", rows, inputs.codes(rows, "pool", pools) >= 0)


def _rows(findings: Findings, family: str, table: str, column: str, rows: Table, good: Bools) -> None:
    findings.checks += len(rows)
    for row in np.nonzero(~good)[0][:TOLD_AT_MOST]:
        value = rows[column][row]
        what = "no finite, non-negative number" if family == "numbers" else "not known"
        findings.fault(family, table, f"row {row} of {table} has {column} {value}, which is {what}")
