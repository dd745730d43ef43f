"""The table of cost by workload: dollars that add up to the plan's NPV of cost."""

from __future__ import annotations

import numpy as np

from planner import bits
from planner.accounts.account import Account
from planner.accounts.tokens import requests, tokens_per_request
from planner.accounts.workload_cost import cost_by_workload, gpu_hours_by_workload
from planner.table import Table
from planner.units import mtok_from_tokens

COLUMNS = (
    "workload", "model", "mtok_output", "mtok_total", "gpu_hours", "npv_usd", "idle_npv_usd",
    "usd_per_mtok_output", "usd_per_mtok_total", "usd_per_gpu_hour",
    "incremental_npv_usd", "incremental_usd_per_mtok_output", "incremental_usd_per_mtok_total",
)  # fmt: skip


def workload_cost(account: Account) -> Table:
    """``COLUMNS``, a row per workload: quantities of the reported periods, NPV and ratios of the solved horizon.

    What each workload costs more than the plan without it is not known here: NaN until ``with_increments``.
    """
    inputs, timeline = account.inputs, account.inputs.timeline
    input_tokens, output_tokens = tokens_per_request(inputs)
    made = bits.dot(np.moveaxis(requests(account, account.service.served), 0, -1), inputs.probability)
    reported, present = made[:, : timeline.reported].sum(axis=1), bits.dot(made, timeline.discount_middle)
    usd, idle = cost_by_workload(account)
    used = gpu_hours_by_workload(account)
    only_gpus = np.array([workload.tokens is None for workload in inputs.workloads])
    return Table(
        {
            "workload": [workload.name for workload in inputs.workloads],
            "model": [workload.model or "" for workload in inputs.workloads],
            "mtok_output": mtok_from_tokens(reported * output_tokens),
            "mtok_total": mtok_from_tokens(reported * (input_tokens + output_tokens)),
            "gpu_hours": used[:, : timeline.reported].sum(axis=1),
            "npv_usd": usd,
            "idle_npv_usd": idle,
            "usd_per_mtok_output": ratio(usd, mtok_from_tokens(present * output_tokens)),
            "usd_per_mtok_total": ratio(usd, mtok_from_tokens(present * (input_tokens + output_tokens))),
            "usd_per_gpu_hour": ratio(np.where(only_gpus, usd, np.nan), bits.dot(used, timeline.discount_middle)),
            **dict.fromkeys(COLUMNS[-3:], np.nan),
        }
    )


def ratio(usd: np.ndarray[tuple[int, ...], np.dtype[np.float64]], of: object) -> object:
    """USD per unit, NaN where there are none."""
    units = np.asarray(of, dtype=float)
    return np.divide(usd, units, out=np.full(units.shape, np.nan), where=units > 0)
