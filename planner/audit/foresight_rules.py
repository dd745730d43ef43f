"""Rules of foresight: what is decided before the future is known is the same in every future."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from planner.accounts.account import Account
from planner.accounts.inputs import Floats, Inputs
from planner.audit.findings import Findings, Told, figure


def check_foresight(account: Account, findings: Findings) -> None:
    """Purchases and contracts by their order day, keeping by the period's start, conversions by their order day."""
    inputs, holdings = account.inputs, account.holdings
    if len(inputs.futures) < 2:
        return
    for index, system in enumerate(inputs.systems):
        weeks = inputs.purchase_lead_weeks(system)
        for at, site in enumerate(inputs.sites):
            name = f"buying {system.system} for {site.name}"
            _same(inputs, findings, holdings.buy[:, at, index], weeks, name)
    for index, terms in enumerate(inputs.contract_terms):
        _same(inputs, findings, holdings.sign[:, index], terms.lead_weeks, f"signing {terms.name}")
    for index, group in enumerate(inputs.groups):
        name = f"keeping {group.existing.system} at {inputs.sites[group.site].name}"
        _same(inputs, findings, holdings.keep[:, index], 0.0, name)
    for index, site in enumerate(inputs.sites):
        weeks = site.conversion.lead_weeks if site.conversion else 0.0
        _same(inputs, findings, holdings.convert[:, index], weeks, f"converting {site.name}")


def _same(inputs: Inputs, findings: Findings, counts: Floats, lead_weeks: float, what: str) -> None:
    """Counts (F, T) are those of the first future wherever they are decided before ``revealed``."""
    if not counts.any():
        findings.checks += counts[1:].size
        return
    blind = np.array([day < inputs.revealed for day in inputs.order_days(lead_weeks)])
    limit = np.where(blind[None], counts[:1], np.inf)
    tell: Callable[[int, int], Told] = partial(_told, inputs, counts, what)
    findings.equal("non_anticipativity", counts[1:], limit, tell)


def _told(inputs: Inputs, counts: Floats, what: str, other: int, period: int) -> Told:
    first, second = inputs.futures[0].name, inputs.futures[other + 1].name
    at = inputs.timeline.names[period]
    numbers = f"{figure(counts[0, period])} in {first} and {figure(counts[other + 1, period])} in {second}"
    return Told(what, at, f"{what} for {at} is decided before {inputs.revealed} but is {numbers}")
