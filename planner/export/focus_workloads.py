"""Whose a FOCUS row is: shares of the workloads in it, so that a bill can be passed on by them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from planner.accounts.inputs import Floats

COLUMN = "x_WorkloadShares"


class WorkloadShares:
    """Shares of the rows of a ledger: dollars while rows are summed, then text."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self.columns = tuple(f"{COLUMN}/{name}" for name in names)

    def parts(self, row: Mapping[str, Any], shares: Floats) -> dict[str, float]:
        """A row's cost, billed or else effective, by workload; ``shares`` (W,) add up to 1."""
        usd = float(row["BilledCost"] or row["EffectiveCost"])
        return {column: float(share) * usd for column, share in zip(self.columns, shares, strict=True)}

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
