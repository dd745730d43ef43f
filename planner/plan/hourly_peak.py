"""GPUs at the peak of what is rented by the hour: whose they are, and who promised those that nobody holds.

A plan can be carried out only as far as its hourly GPUs are there when it asks for them. What stands behind them is a
quota of the scenario, the offer's own ``max_lots``, or nothing but the depth that a provider is taken to have.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from planner.accounts.account import Account
from planner.accounts.inputs import Floats
from planner.accounts.terms import ContractTerms
from planner.kinds import limits
from planner.rules.offers import hourly_depth

PROMISED = (limits.QUOTA.key, "max_lots", "assumed depth", "nobody")
QUOTA, MAX_LOTS, ASSUMED, NOBODY = PROMISED
UNPROMISED = (ASSUMED, NOBODY)
# Less of a GPU than that is rounding of a solver.
DUST = 1e-6


class Promise(NamedTuple):
    """Who stands behind GPUs by the hour, and for how many at most; inf where there is no limit."""

    by: str
    gpus: float


def peak_gpus(account: Account) -> dict[str, Any]:
    """The load block of the reported periods with most GPUs by the hour, of any future, and whose GPUs are there then.

    Where none are by the hour, the one with most in service. ``by_hour`` lists provider, system, gpus, ``promised_by``
    and the limit of that; ``unpromised`` are those of ``by_hour`` that nobody promised.
    """
    inputs, gpus = account.inputs, account.supply.at_once
    timeline = inputs.timeline
    there = ~timeline.lookahead[:, None] & (timeline.block_share > 0)
    owned = np.array([source.provider == "" for source in account.supply.sources], dtype=bool)
    hourly = account.holdings.rent_at_once * _lot_gpus(account)[:, None, None]
    future, period, block = _first_largest(hourly.sum(axis=1), gpus.sum(axis=1), there)
    now = gpus[future, :, period, block]
    by_hour = _by_hour(account, hourly[future, :, period, block])
    rented = float(hourly[future, :, period, block].sum())
    return {
        "future": inputs.futures[future].name,
        "period": timeline.names[period],
        "block": timeline.blocks[block],
        "in_service": float(now.sum()),
        "owned": float(now[owned].sum()),
        "signed": float(now[~owned].sum()) - rented,
        "hourly": rented,
        "unpromised": sum(row["gpus"] for row in by_hour if row["promised_by"] in UNPROMISED),
        "by_hour": by_hour,
    }


def _lot_gpus(account: Account) -> Floats:
    return np.array([terms.lot_gpus for terms in account.inputs.contract_terms], dtype=float)


def _first_largest(hourly: Floats, gpus: Floats, there: Any) -> tuple[int, int, int]:
    """Where most GPUs are by the hour, of equals where most are in service, of equals the first; (F, T, B)."""
    counted = [np.where(there, np.round(amount / DUST) * DUST, -1.0) for amount in (hourly, gpus)]
    best = (counted[0] == counted[0].max()) & there
    future, period, block = np.unravel_index(int(np.argmax(np.where(best, counted[1], -1.0))), hourly.shape)
    return int(future), int(period), int(block)


def _by_hour(account: Account, gpus: Floats) -> list[dict[str, Any]]:
    """GPUs of each offer (O,) by provider, system and who promised them, most first."""
    found: dict[tuple[str, str, Promise], float] = {}
    for terms, amount in zip(account.inputs.contract_terms, gpus, strict=True):
        if amount > DUST:
            key = (terms.provider, terms.system, _promise(account, terms))
            found[key] = found.get(key, 0.0) + float(amount)
    ranked = sorted(found.items(), key=lambda item: (-round(item[1], 6), item[0]))
    return [
        {
            "provider": provider,
            "system": system,
            "gpus": amount,
            "promised_by": promise.by,
            "limit_gpus": promise.gpus if np.isfinite(promise.gpus) else None,
        }
        for (provider, system, promise), amount in ranked
    ]


def _promise(account: Account, terms: ContractTerms) -> Promise:
    """The tightest of what limits the GPUs of an hourly offer; of equals the one that somebody gave."""
    rules = account.inputs.scenario.procurement
    quotas = [
        quota.gpus
        for quota in rules.quotas
        if quota.system == terms.system and quota.provider in (None, terms.provider)
    ]
    quota = Promise(QUOTA, min(quotas, default=np.inf))
    if np.isfinite(terms.max_lots):
        own = Promise(MAX_LOTS, _stated_gpus(account, terms))
    else:
        own = Promise(ASSUMED, hourly_depth(rules, terms.provider, None))
    tightest = quota if quota.gpus <= own.gpus else own
    return tightest if np.isfinite(tightest.gpus) else Promise(NOBODY, np.inf)


def _stated_gpus(account: Account, terms: ContractTerms) -> float:
    """GPUs of the ``max_lots`` of a provider's hourly offers of a system together."""
    return sum(
        other.max_lots * other.lot_gpus
        for other in account.inputs.contract_terms
        if (other.provider, other.system) == (terms.provider, terms.system)
        and not other.reserved
        and np.isfinite(other.max_lots)
    )
