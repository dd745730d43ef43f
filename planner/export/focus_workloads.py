"""Whose a FOCUS row is: shares of the workloads in it, so that a bill can be passed on by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from planner import bits
from planner.accounts.ledger import Line
from planner.accounts.workload_cost import line_shares
from planner.plan.ledger import Ledger

COLUMN = "x_WorkloadShares"


class WorkloadShares:
    """The shares of each line of a ledger: dollars while rows are summed, then text."""

    def __init__(self, found: Ledger) -> None:
        self._names = [workload.name for workload in found.account.inputs.workloads]
        chance = found.account.inputs.probability
        self.columns = tuple(f"{COLUMN}/{name}" for name in self._names)
        self._of: dict[int, list[float]] = {}
        for shared in line_shares(found.account, found.lines):
            usd = bits.dot(shared.usd.T, chance)
            whole = float(usd.sum())
            self._of[id(shared.line)] = [float(part) / whole if whole else 1 / len(usd) for part in usd]

    def parts(self, line: Line, row: Mapping[str, Any]) -> dict[str, float]:
        """A row's cost, billed or else effective, by workload."""
        usd = float(row["BilledCost"] or row["EffectiveCost"])
        return {column: share * usd for column, share in zip(self.columns, self._of[id(line)], strict=True)}

    def told(self, rows: pd.DataFrame) -> list[str]:
        """``{"chat":0.75,"batch":0.25}`` for each row, adding up to 1; workloads without a share are left out."""
        parts = rows[list(self.columns)].to_numpy(dtype=float)
        whole = parts.sum(axis=1)
        return [
            json.dumps(
                {name: float(part / all_of_it) for name, part in zip(self._names, row, strict=True) if part},
                ensure_ascii=False,
                separators=(",", ":"),
            )
            for row, all_of_it in zip(parts, whole, strict=True)
        ]
