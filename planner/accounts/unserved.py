"""What is not served, at the value that its workload states: weighed against cost, never paid."""

from __future__ import annotations

import numpy as np

from planner import bits
from planner.accounts.account import Account
from planner.accounts.inputs import Floats
from planner.rules.tariffs import unserved_usd_per_request
from planner.units import SECONDS_PER_HOUR


def unserved_usd(account: Account) -> Floats:
    """Undiscounted value of what is left unserved, (F, W, T, B); 0 where the workload states none."""
    inputs = account.inputs
    each = np.stack([unserved_usd_per_request(workload, inputs.timeline) for workload in inputs.workloads])
    left = account.service.unserved * inputs.timeline.block_hours * SECONDS_PER_HOUR
    return np.asarray(left * each[None, :, :, None])


def unserved_npv_usd(account: Account) -> Floats:
    """The same discounted, as all that falls in a period's middle, over the solved horizon, (F, W)."""
    return np.asarray(bits.dot(unserved_usd(account).sum(axis=3), account.inputs.timeline.discount_middle))
