"""Tokens: what is served, what token APIs charge for and what the workloads' customers pay."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.accounts.account import Account
from planner.accounts.inputs import Floats, Inputs
from planner.catalog.models import QuotedApi
from planner.kinds import cash
from planner.rules.tariffs import api_usd_per_request, revenue_usd_per_request
from planner.table import Table
from planner.units import SECONDS_PER_HOUR


def requests(account: Account, rates: Floats) -> Floats:
    """Requests of each period from requests/s by block on the last axis; gpu_hours workloads make none."""
    hours = account.inputs.timeline.block_hours
    return np.asarray((rates * hours).sum(axis=-1) * SECONDS_PER_HOUR)


def tokens_per_request(inputs: Inputs) -> tuple[Floats, Floats]:
    """Mean input and output tokens of one request, 0 for gpu_hours workloads, each (W,)."""
    per_request = [(w.tokens.input, w.tokens.output) if w.tokens else (0.0, 0.0) for w in inputs.workloads]
    both = np.array(per_request).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def tokens_served(account: Account) -> Table:
    """Served by GPUs and token APIs: future, workload, period, requests, input_tokens, output_tokens.

    gpu_hours workloads make no tokens and have no rows.
    """
    inputs = account.inputs
    made = requests(account, account.service.served)
    made *= np.array([workload.tokens is not None for workload in inputs.workloads])[None, :, None]
    future, workload, period = np.nonzero(made)
    count = made[future, workload, period]
    input_tokens, output_tokens = tokens_per_request(inputs)
    return Table(
        {
            "future": inputs.names["future"].take(future),
            "workload": inputs.names["workload"].take(workload),
            "period": period,
            "requests": count,
            "input_tokens": count * input_tokens[workload],
            "output_tokens": count * output_tokens[workload],
        }
    )


def traded(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): token APIs out, revenue in (negative)."""
    discount = account.inputs.timeline.discount_middle
    for category, usd in ((cash.TOKEN_API.key, _api_cost(account)), (cash.REVENUE.key, -_revenue(account))):
        yield category, usd, usd * discount


def _api_cost(account: Account) -> Floats:
    """USD paid to token APIs, (F, T)."""
    inputs = account.inputs
    sent = requests(account, account.service.to_api)
    prices = [[api_usd_per_request(w, api) if w.tokens else 0.0 for api in inputs.apis] for w in inputs.workloads]
    per_request = np.array(prices).reshape(sent.shape[1:3])
    path = inputs.path_factor("api", inputs.timeline.years)
    quoted = np.array([isinstance(api, QuotedApi) for api in inputs.apis], dtype=bool)
    return np.asarray(np.einsum("fwjt,wj,jt->ft", sent, per_request, np.where(quoted[:, None], 1.0, path)))


def _revenue(account: Account) -> Floats:
    """USD earned with tokens served, (F, T)."""
    inputs = account.inputs
    made = requests(account, account.service.served)
    earned = np.stack([revenue_usd_per_request(workload, inputs.timeline) for workload in inputs.workloads])
    return np.asarray((made * earned[None]).sum(axis=1))
