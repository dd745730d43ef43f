"""Rules of tables: every name is known, every number finite and not negative, every period in the horizon."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd

from planner.accounts.account import Account
from planner.accounts.holdings import group_codes
from planner.accounts.inputs import Bools
from planner.accounts.supply import source_keys
from planner.audit.findings import TOLD_AT_MOST, Findings

NUMBERS = ("count", "lots", "gpus", "requests_per_s", "replicas")


def check_tables(account: Account, findings: Findings) -> bool:
    """Whether the rest can be recomputed: faults of names, periods and numbers end the audit."""
    sound = len(findings.violations)
    for field in fields(account.decisions):
        frame: pd.DataFrame = getattr(account.decisions, field.name)
        _numbers(account, findings, field.name, frame)
        _names(account, findings, field.name, frame)
    return len(findings.violations) == sound


def _numbers(account: Account, findings: Findings, table: str, frame: pd.DataFrame) -> None:
    """Finite and not negative. Replicas count, and so must be there, only where they are whole."""
    for column in (column for column in NUMBERS if column in frame.columns):
        values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
        good = np.isfinite(values) & (values >= 0)
        if column == "replicas":
            whole = [w.name for w in account.inputs.workloads if w.whole_replicas]
            good |= np.isnan(values) & ~frame["workload"].isin(whole).to_numpy()
        _rows(findings, "numbers", table, column, frame, good)
    if "period" in frame.columns:
        period = pd.to_numeric(frame["period"], errors="coerce").to_numpy(dtype=float)
        known = (period >= 0) & (period < account.inputs.timeline.periods) & (period == np.floor(period))
        _rows(findings, "names", table, "period", frame, known)


def _names(account: Account, findings: Findings, table: str, frame: pd.DataFrame) -> None:
    """Names that the scenario, the catalog or the table of pools has. Points are a matter of eligibility."""
    inputs = account.inputs
    for column in (column for column in inputs.names if column in frame.columns):
        _rows(findings, "names", table, column, frame, inputs.codes(frame, column) >= 0)
    if table == "pools":
        known = inputs.codes(frame, "supply", source_keys(inputs)) >= 0
        _rows(findings, "names", table, "supply", frame, known)
    if table == "keeps":
        _rows(findings, "names", table, "group", frame, group_codes(inputs, frame) >= 0)
    if table == "serving":
        pools = pd.Index(account.decisions.pools["pool"].unique(), dtype=object)
        _rows(findings, "names", table, "pool", frame, inputs.codes(frame, "pool", pools) >= 0)


def _rows(findings: Findings, family: str, table: str, column: str, frame: pd.DataFrame, good: Bools) -> None:
    findings.checks += len(frame)
    for row in np.nonzero(~good)[0][:TOLD_AT_MOST]:
        value = frame[column].iloc[int(row)]
        what = "no finite, non-negative number" if family == "numbers" else "not known"
        findings.fault(family, table, f"row {row} of {table} has {column} {value}, which is {what}")
