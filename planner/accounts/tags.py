"""Cost by tag: every dollar bears the tags of what is paid for, then those of the workloads that it serves.

What is paid for (a contract, a quote, a group of systems, a site) has the first word, since its tag is what stands on
an invoice; a workload's share of it is worked out. A dollar has one value of each tag, or none, so the values of a tag
add up to all cost, the part without one included.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import numpy as np

from planner import bits
from planner.accounts.account import Account
from planner.accounts.inputs import Floats
from planner.accounts.ledger import START, Line, Resource, ledger_lines
from planner.accounts.workload_cost import expected_shares
from planner.frozen import dataclass
from planner.kinds.cash import CAPEX, OPEX
from planner.rules.offers import quote_offer
from planner.scenario.models import Scenario
from planner.table import Table

COLUMNS = ("tag", "value", "period", "usd", "npv_usd", "lookahead")
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """The part of a line, 0 to 1, that bears ``tags``, and what of that part each workload bears, (W,)."""

    tags: Tags
    share: float
    workloads: Floats


def tags_text(tags: Tags) -> str:
    """Tags as JSON, in the order of their names; empty where there are none."""
    return json.dumps(dict(sorted(tags.items())), ensure_ascii=False, separators=(",", ":")) if tags else ""


def tag_keys(scenario: Scenario) -> tuple[str, ...]:
    """The tags that a scenario has, in its order."""
    return tuple(dict.fromkeys(key for tags in _all(scenario) for key in tags))


def _all(scenario: Scenario) -> Iterable[Tags]:
    for site in scenario.sites:
        yield site.tags
        yield from (group.tags for group in site.existing)
    for items in (scenario.workloads, scenario.contracts, scenario.quotes, scenario.token_quotes):
        yield from (item.tags for item in items)


class Tagged:
    """The tags of a scenario, and which part of a line bears which."""

    def __init__(self, scenario: Scenario) -> None:
        self._sites = {site.name: site for site in scenario.sites}
        self._workloads = [workload.tags for workload in scenario.workloads]
        self._by_workload = {workload.name: workload.tags for workload in scenario.workloads}
        self._contracts = [contract.tags for contract in scenario.contracts]
        day = scenario.horizon.decided_on
        self._quotes = {quote_offer(quote, day).name: quote.tags for quote in scenario.quotes}
        self._apis = {f"{quote.provider}/{quote.model}": quote.tags for quote in scenario.token_quotes}

    def of(self, resource: Resource) -> dict[str, str]:
        """The tags of what is paid for, whoever it serves; of tokens bought also those of the workload."""
        if resource.kind == "existing":
            site = self._sites[resource.who]
            return {**site.tags, **site.existing[int(resource.key.rpartition("/")[2])].tags}
        if resource.kind in ("own", "site"):
            return dict(self._sites[resource.who].tags)
        if resource.kind == "signed":
            return dict(self._contracts[int(resource.key.rpartition(":")[2])])
        if resource.kind == "reserved":
            return dict(self._quotes.get(resource.key.rpartition("/")[0], {}))
        if resource.kind == "api":
            own = self._apis.get(resource.key.removesuffix(f"/{resource.workload}"), {})
            return {**self._by_workload[resource.workload], **own}
        return {}

    def parts(self, line: Line, shares: Floats) -> list[Part]:
        """A line by the tags that its dollars bear; ``shares`` (W,) are the workloads'."""
        own = self.of(line.resource)
        found: dict[tuple[tuple[str, str], ...], Floats] = {}
        for workload, share in enumerate(shares):
            if share:
                bears = tuple(sorted({**self._workloads[workload], **own}.items()))
                found.setdefault(bears, np.zeros(len(shares)))[workload] = share
        if len(found) == 1:
            return [Part(dict(bears), 1.0, shares) for bears in found]
        return [Part(dict(bears), float(mine.sum()), mine / mine.sum()) for bears, mine in found.items()]


def cost_by_tag(account: Account) -> Table:
    """``COLUMNS``, expected over the futures: a row for each value of each tag and period, where there is any cost.

    ``value`` is empty for what does not bear the tag. ``usd`` is cash out, capex and opex, undiscounted; ``npv_usd``
    all cost, what falls due after the solved horizon in its last period. Empty where a scenario has no tags.
    """
    scenario, timeline = account.scenario, account.inputs.timeline
    keys = tag_keys(scenario)
    tagged = Tagged(scenario)
    sums: dict[tuple[str, str], Floats] = {}
    for line, shares in expected_shares(account, ledger_lines(account)) if keys else ():
        money, parts = np.stack(_money(account, line)), tagged.parts(line, shares)
        for key in keys:
            for value, share in _by_value(parts, key).items():
                sums[key, value] = sums.get((key, value), np.zeros_like(money)) + share * money
    order = sorted(sums, key=lambda at: (keys.index(at[0]), not at[1], at[1]))
    rows = [
        (*at, timeline.names[t], float(sums[at][0, t]), float(sums[at][1, t]), bool(timeline.lookahead[t]))
        for at in order
        for t in range(timeline.periods)
        if sums[at][:, t].any()
    ]
    return Table.of_rows(COLUMNS, rows)


def _by_value(parts: list[Part], key: str) -> dict[str, float]:
    """The share of a line that bears each value of a tag, exactly all of it where that is one value."""
    found: dict[str, float] = {}
    for part in parts:
        value = part.tags.get(key, "")
        found[value] = found.get(value, 0.0) + part.share
    return dict.fromkeys(found, 1.0) if len(found) == 1 else found


def _money(account: Account, line: Line) -> tuple[Floats, Floats]:
    """Expected cash out of a line and its NPV by period of the solved horizon, (T,) each."""
    timeline = account.inputs.timeline
    length = line.usd.shape[1]
    calendar = timeline.extended(max(length - timeline.periods, 1))
    factor = calendar.discount_start if line.timing == START else calendar.discount_middle
    usd = bits.dot(line.usd.T, account.inputs.probability)
    npv = usd * factor[:length]
    within = np.zeros((2, timeline.periods))
    solved = min(length, timeline.periods)
    within[0, :solved] = usd[:solved] if line.category in (*CAPEX, *OPEX) else 0.0
    within[1, :solved] = npv[:solved]
    within[1, -1] += npv[solved:].sum()
    return within[0], within[1]
