"""Tokens: what is served, what token APIs charge for and what the workloads' customers pay."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner.accounts.account import Account
from planner.accounts.inputs import Floats, Premises
from planner.catalog.models import QuotedApi
from planner.kinds import cash
from planner.scenario.models import Workload
from planner.units import SECONDS_PER_HOUR, TOKENS_PER_MTOK


def requests(account: Account, rates: Floats) -> Floats:
    """Requests of each period from requests/s by block on the last axis; gpu_hours workloads make none."""
    hours = account.premises.timeline.block_hours
    return np.asarray((rates * hours).sum(axis=-1) * SECONDS_PER_HOUR)


def tokens_per_request(premises: Premises) -> tuple[Floats, Floats]:
    """Mean input and output tokens of one request, 0 for gpu_hours workloads, each (W,)."""
    per_request = [(w.tokens.input, w.tokens.output) if w.tokens else (0.0, 0.0) for w in premises.workloads]
    both = np.array(per_request).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def tokens_served(account: Account) -> pd.DataFrame:
    """Served by GPUs and token APIs: future, workload, period, requests, input_tokens, output_tokens.

    gpu_hours workloads make no tokens and have no rows.
    """
    premises = account.premises
    made = requests(account, account.service.served)
    made *= np.array([workload.tokens is not None for workload in premises.workloads])[None, :, None]
    future, workload, period = np.nonzero(made)
    count = made[future, workload, period]
    input_tokens, output_tokens = tokens_per_request(premises)
    return pd.DataFrame(
        {
            "future": premises.names["future"].take(future),
            "workload": premises.names["workload"].take(workload),
            "period": period,
            "requests": count,
            "input_tokens": count * input_tokens[workload],
            "output_tokens": count * output_tokens[workload],
        }
    )


def traded(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): token APIs out, revenue in (negative)."""
    discount = account.premises.timeline.discount_middle
    for category, usd in ((cash.TOKEN_API.key, _api_cost(account)), (cash.REVENUE.key, -_revenue(account))):
        yield category, usd, usd * discount


def _api_cost(account: Account) -> Floats:
    """USD paid to token APIs, (F, T)."""
    premises = account.premises
    sent = requests(account, account.service.to_api)
    prices = np.array(
        [[_api_price(w, index, premises) for index in range(len(premises.apis))] for w in premises.workloads]
    ).reshape(sent.shape[1:3])
    path = premises.path_factor("api", premises.timeline.years)
    quoted = np.array([isinstance(api, QuotedApi) for api in premises.apis], dtype=bool)
    return np.asarray(np.einsum("fwjt,wj,jt->ft", sent, prices, np.where(quoted[:, None], 1.0, path)))


def _api_price(workload: Workload, api: int, premises: Premises) -> float:
    """USD per request of a workload at a token API, before the price path."""
    if workload.tokens is None:
        return 0.0
    offer = premises.apis[api]
    fresh = offer.input_usd_per_mtok
    cached = fresh if offer.cached_input_usd_per_mtok is None else offer.cached_input_usd_per_mtok
    share = workload.cached_share
    input_usd = workload.tokens.input * ((1 - share) * fresh + share * cached)
    return (input_usd + workload.tokens.output * offer.output_usd_per_mtok) / TOKENS_PER_MTOK


def _revenue(account: Account) -> Floats:
    """USD earned with tokens served, (F, T)."""
    premises = account.premises
    made = requests(account, account.service.served)
    total = np.zeros((len(premises.futures), premises.timeline.periods))
    for index, workload in enumerate(premises.workloads):
        price, tokens = workload.price_usd_per_mtok, workload.tokens
        if price is None or tokens is None:
            continue
        per_request = tokens.input * premises.price(price.input) + tokens.output * premises.price(price.output)
        total += made[:, index] * per_request / TOKENS_PER_MTOK
    return total
