"""Cash flow: what a plan costs by future, period and category, recomputed from its tables alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
import pandas as pd

from planner import bits
from planner.audit import contracts, tokens
from planner.audit.account import Account
from planner.audit.capital import capital
from planner.audit.contracts import rented
from planner.audit.premises import Floats
from planner.audit.running import running_cost
from planner.audit.tokens import tokens_per_request, traded
from planner.catalog.models import Catalog
from planner.decisions import Decisions
from planner.scenario.models import Scenario

CAPEX = ("hardware", "network", "installation", "conversion")
OPEX = (
    "support",
    "licence",
    "staff",
    "colocation",
    "lease",
    "energy",
    "reserved",
    "on_demand",
    "spot",
    "token_api",
)
REVENUE = "revenue"
END_OF_HORIZON = ("contract_tail", "prepayment_credit", "residual")
CATEGORIES = (*CAPEX, *OPEX, REVENUE, *END_OF_HORIZON)


@dataclass(frozen=True)
class Totals:
    """Net present values over the solved horizon, lookahead included.

    ``by_future`` has one row per future (index) with columns probability, cost_usd (revenue left out),
    revenue_usd, output_tokens and total_tokens, all discounted; the rest are expectations.
    """

    by_future: pd.DataFrame
    cost_usd: float
    revenue_usd: float
    output_tokens: float
    total_tokens: float


def cash_flow(scenario: Scenario, catalog: Catalog, decisions: Decisions) -> pd.DataFrame:
    """Columns future, period, category, usd, npv_usd: out positive, in negative; no rows at zero.

    What falls after the horizon (``END_OF_HORIZON``) stands in the last solved period.
    """
    return cash_flow_of(Account(scenario, catalog, decisions))


def commitments(scenario: Scenario, catalog: Catalog, decisions: Decisions) -> pd.DataFrame:
    """Whole value of the contracts that start in a calendar year: columns future, year, usd."""
    return contracts.commitments(Account(scenario, catalog, decisions))


def tokens_served(scenario: Scenario, catalog: Catalog, decisions: Decisions) -> pd.DataFrame:
    """Columns future, workload, period, requests, input_tokens, output_tokens, token APIs included."""
    return tokens.tokens_served(Account(scenario, catalog, decisions))


def totals(scenario: Scenario, catalog: Catalog, decisions: Decisions) -> Totals:
    """Discounted cost, revenue and tokens, by future and expected."""
    return totals_of(Account(scenario, catalog, decisions))


def cash_flow_of(account: Account) -> pd.DataFrame:
    """``cash_flow`` of a plan that is already being recomputed."""
    parts = []
    for category, usd, npv in entries(account):
        future, period = np.nonzero((usd != 0) | (npv != 0))
        names = account.premises.names["future"].take(future)
        values = {"usd": usd[future, period], "npv_usd": npv[future, period]}
        parts.append(pd.DataFrame({"future": names, "period": period, "category": category, **values}))
    rows = pd.concat(parts, ignore_index=True)
    order = {name: place for place, name in enumerate(CATEGORIES)}
    futures = {name: place for place, name in enumerate(account.premises.names["future"])}
    keys = {"future": futures, "category": order}
    return rows.sort_values(
        ["future", "period", "category"],
        key=lambda column: column.map(keys[column.name]) if column.name in keys else column,
        ignore_index=True,
    )


def totals_of(account: Account) -> Totals:
    """``totals`` of a plan that is already being recomputed."""
    premises = account.premises
    npv = {category: present.sum(axis=1) for category, _, present in entries(account)}
    made = tokens.requests(account, account.service.served)
    discounted = bits.dot(made, premises.timeline.discount_middle)
    input_tokens, output_tokens = tokens_per_request(premises)
    cost = sum((npv[category] for category in CATEGORIES if category != REVENUE), start=np.zeros(len(discounted)))
    by_future = pd.DataFrame(
        {
            "probability": premises.probability,
            "cost_usd": cost,
            "revenue_usd": -npv[REVENUE],
            "output_tokens": bits.dot(discounted, output_tokens),
            "total_tokens": bits.dot(discounted, input_tokens + output_tokens),
        },
        index=pd.Index(premises.names["future"], name="future"),
    )
    expected = by_future.drop(columns="probability").mul(by_future["probability"], axis=0).sum()
    return Totals(by_future, **{str(name): float(value) for name, value in expected.items()})


@lru_cache(maxsize=2)
def entries(account: Account) -> tuple[tuple[str, Floats, Floats], ...]:
    """(category, USD, USD discounted), each (F, T), for every category; the latest accounts' are kept."""
    return tuple(chain(capital(account), running_cost(account), rented(account), traded(account)))
