"""Cash flow: what a plan costs by future, period and category, recomputed from its tables alone."""

from __future__ import annotations

from functools import cached_property, lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from planner import bits
from planner.accounts import contracts, tokens
from planner.accounts.account import Account
from planner.accounts.capital import capital
from planner.accounts.contracts import rented
from planner.accounts.inputs import Floats
from planner.accounts.running import running_cost
from planner.accounts.tokens import tokens_per_request, traded
from planner.accounts.unserved import unserved_npv_usd
from planner.catalog.models import Catalog
from planner.decisions import Decisions
from planner.frozen import dataclass
from planner.kinds.cash import CATEGORIES, COSTS, REVENUE
from planner.scenario.models import Scenario
from planner.table import Table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Totals:
    """Net present values over the solved horizon, lookahead included.

    ``futures`` has one row per future with columns future, probability, cost_usd (revenue left out), unserved_usd (the
    value of what is not served: no cash, in none of the others), revenue_usd, output_tokens and total_tokens, all
    discounted; the rest are expectations.
    """

    futures: Table
    cost_usd: float
    unserved_usd: float
    revenue_usd: float
    output_tokens: float
    total_tokens: float

    @cached_property
    def by_future(self) -> pd.DataFrame:
        """``futures`` as a pandas frame, with the future as its index."""
        return self.futures.frame().set_index("future")

    @property
    def objective_usd(self) -> float:
        """What is minimised: cost, and what is not served at its value."""
        return self.cost_usd + self.unserved_usd


def cash_flow(scenario: Scenario, catalog: Catalog, decisions: Decisions) -> pd.DataFrame:
    """Columns future, period, category, usd, npv_usd: out positive, in negative; no rows at zero.

    What falls after the horizon (``kinds.cash.END_OF_HORIZON``) stands in the last solved period.
    """
    return cash_flow_of(Account(scenario, catalog, decisions)).frame()


def commitments(scenario: Scenario, catalog: Catalog, decisions: Decisions) -> pd.DataFrame:
    """Whole value of the contracts that start in a fiscal year: columns future, year, usd."""
    return contracts.commitments(Account(scenario, catalog, decisions)).frame()


def tokens_served(scenario: Scenario, catalog: Catalog, decisions: Decisions) -> pd.DataFrame:
    """Columns future, workload, period, requests, input_tokens, output_tokens, token APIs included."""
    return tokens.tokens_served(Account(scenario, catalog, decisions)).frame()


def totals(scenario: Scenario, catalog: Catalog, decisions: Decisions) -> Totals:
    """Discounted cost, revenue and tokens, by future and expected."""
    return totals_of(Account(scenario, catalog, decisions))


@lru_cache(maxsize=2)
def cash_flow_of(account: Account) -> Table:
    """``cash_flow`` of a plan that is already being recomputed; the latest are kept."""
    found = {category: (usd, npv) for category, usd, npv in entries(account)}
    usd, npv = (np.stack([found[category][which] for category in CATEGORIES], axis=-1) for which in (0, 1))
    # Categories in the order of their records.
    at = future, period, category = np.nonzero((usd != 0) | (npv != 0))
    return Table(
        {
            "future": account.inputs.names["future"].take(future),
            "period": period,
            "category": np.array(CATEGORIES, dtype=object).take(category),
            "usd": usd[at],
            "npv_usd": npv[at],
        }
    )


def totals_of(account: Account) -> Totals:
    """``totals`` of a plan that is already being recomputed."""
    inputs = account.inputs
    npv = {category: present.sum(axis=1) for category, _, present in entries(account)}
    made = tokens.requests(account, account.service.served)
    discounted = bits.dot(made, inputs.timeline.discount_middle)
    input_tokens, output_tokens = tokens_per_request(inputs)
    cost = sum((npv[category] for category in COSTS), start=np.zeros(len(discounted)))
    futures = Table(
        {
            "future": inputs.names["future"],
            "probability": inputs.probability,
            "cost_usd": cost,
            "unserved_usd": unserved_npv_usd(account).sum(axis=1),
            "revenue_usd": -npv[REVENUE.key],
            "output_tokens": bits.dot(discounted, output_tokens),
            "total_tokens": bits.dot(discounted, input_tokens + output_tokens),
        }
    )
    expected = {name: float((futures[name] * inputs.probability).sum()) for name in futures.names[2:]}
    return Totals(futures, **expected)


@lru_cache(maxsize=2)
def entries(account: Account) -> tuple[tuple[str, Floats, Floats], ...]:
    """(category, USD, USD discounted), each (F, T), for every category; the latest accounts' are kept."""
    found = tuple(chain(capital(account), running_cost(account), rented(account), traded(account)))
    computed = [category for category, _, _ in found]
    if sorted(computed) != sorted(CATEGORIES):
        raise LookupError(f"the accounts compute {sorted(computed)}, the records of cash are {sorted(CATEGORIES)}")
    return found
