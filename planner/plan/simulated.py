"""What simulated requests earned a plan: the headroom of its configurations, and how many requests are in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True, eq=False)
class Simulated:
    """The rounds that a plan with ``headroom: simulated`` took, and the last verdict on it.

    ``seed`` is that of the requests that the headroom was found with, ``fresh_seed`` of those that it was judged by in
    the end. ``within_share`` of their requests met all targets in the worst block of each workload. ``digest`` is that
    of the scenario as it was asked. ``headroom`` has a row for each workload and configuration in use, ``verdicts`` one
    for each workload.
    """

    rounds: int
    seed: int
    fresh_seed: int
    requests: str
    within_share: float
    digest: str
    headroom: pd.DataFrame
    verdicts: pd.DataFrame

    def to_dict(self, several_futures: bool) -> dict[str, Any]:
        """As plain values of a result."""
        verdicts = self.verdicts if several_futures else self.verdicts.drop(columns="future")
        values = verdicts.astype(object).where(verdicts.notna(), None)
        return {
            "rounds": self.rounds,
            "seed": self.seed,
            "fresh_seed": self.fresh_seed,
            "requests": self.requests,
            "within_share": self.within_share,
            "headroom": self.headroom.to_dict(orient="records"),
            "workloads": values.to_dict(orient="records"),
        }
