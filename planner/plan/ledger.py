"""The ledger of a plan: every payment with its day, adding up to the plan's cash flow."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

import numpy as np
import pandas as pd

from planner.accounts import Account
from planner.accounts.ledger import MIDDLE, START, TOLERANCE, Line, ledger_lines
from planner.accounts.tags import Tagged, tags_text
from planner.catalog import Catalog
from planner.errors import AuditFailure, InputError
from planner.frozen import dataclass
from planner.kinds.cash import CATEGORIES
from planner.plan.plan import Plan
from planner.rules.budgets import year_of_period
from planner.scenario import Scenario, scenario_digest
from planner.timeline import Timeline
from planner.units import years_from_days


@dataclass(frozen=True)
class Ledger:
    """All lines of a plan, and the calendar they stand in: the solved horizon and what is due after it."""

    account: Account
    plan: Plan
    lines: tuple[Line, ...]

    @cached_property
    def timeline(self) -> Timeline:
        """The solved horizon, followed by the periods that payments after it fall in (at least one)."""
        own = self.account.inputs.timeline
        longest = max([int(np.nonzero(line.usd.any(axis=0))[0][-1]) + 1 for line in self.lines], default=own.periods)
        return own.extended(max(longest - own.periods, 1))

    @property
    def solved(self) -> int:
        """Number of periods of the solved horizon."""
        return self.account.inputs.timeline.periods

    @cached_property
    def table(self) -> pd.DataFrame:
        """future, period, counts, category, timing, kind, resource, provider, region, system, day, usd, npv_usd, …

        and fiscal_year and tags (of what is paid for, as JSON, empty where it has none). One row per payment, out
        positive, in negative, undiscounted and discounted. ``counts`` is reported, lookahead or after (what falls after
        the solved horizon, which the plan's own cash flow shows in its last period).
        """
        return _table(self)

    @property
    def dated(self) -> pd.DataFrame:
        """Expected cash by date, what falls after the horizon included: years from its start, and usd, out positive."""
        timeline, chance = self.timeline, self.account.inputs.probability
        paid = {START: np.zeros(timeline.periods), MIDDLE: np.zeros(timeline.periods)}
        for line in self.lines:
            usd = (chance @ line.usd)[: timeline.periods]
            paid[line.timing][: len(usd)] += usd
        days = np.array([(day - timeline.starts[0]).days for day in timeline.starts[:-1]], dtype=float)
        years = np.concatenate([years_from_days(days), timeline.years_to_middle])
        found = pd.DataFrame({"years": years, "usd": np.concatenate([paid[START], paid[MIDDLE]])})
        return found[found["usd"] != 0].sort_values("years", ignore_index=True)


def ledger_of(plan: Plan, scenario: Scenario, catalog: Catalog) -> Ledger:
    """The ledger of ``plan``, which ``scenario`` and ``catalog`` have to be those of.

    Raises InputError where they are others, AuditFailure where its rows do not add up to the plan's cash flow.
    """
    if scenario_digest(scenario) != plan.scenario_digest or catalog.digest != plan.catalog_digest:
        raise InputError(f"the plan of {plan.scenario} was not made from this scenario and this catalog")
    account = Account(scenario, catalog, plan.decisions)
    found = Ledger(account, plan, tuple(ledger_lines(account)))
    _reconcile(found)
    return found


def _table(found: Ledger) -> pd.DataFrame:
    timeline, solved = found.timeline, found.solved
    own = found.account.inputs.timeline
    order = {category: index for index, category in enumerate(CATEGORIES)}
    factor = {START: timeline.discount_start, MIDDLE: timeline.discount_middle}
    names = [future.name for future in found.account.inputs.futures]
    tagged, first_month = Tagged(found.account.scenario), found.account.scenario.budget.fiscal_year_start
    rows = []
    for line in found.lines:
        resource = line.resource
        for future, period in zip(*np.nonzero(line.usd), strict=True):
            first, after = timeline.spans[period]
            usd = float(line.usd[future, period])
            rows.append(
                {
                    "future": names[future],
                    "period": timeline.names[period],
                    "counts": "after" if period >= solved else "lookahead" if own.lookahead[period] else "reported",
                    "category": line.category,
                    "timing": line.timing,
                    "kind": resource.kind,
                    "resource": resource.key,
                    "provider": resource.who,
                    "region": resource.region,
                    "system": resource.system,
                    "day": first if line.timing == START else _middle(first, after),
                    "usd": usd,
                    "npv_usd": usd * float(factor[line.timing][period]),
                    "fiscal_year": year_of_period(timeline.names[period], first_month),
                    "tags": tags_text(tagged.of(resource)),
                    "_order": (int(future), int(period), order[line.category], line.timing != START, resource.key),
                }
            )
    rows.sort(key=lambda row: row["_order"])
    columns = [
        "future", "period", "counts", "category", "timing", "kind", "resource", "provider", "region", "system", "day",
        "usd", "npv_usd", "fiscal_year", "tags",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _middle(first: dt.date, after: dt.date) -> dt.date:
    return first + (after - first) / 2


def _reconcile(found: Ledger) -> None:
    """Raises AuditFailure where the ledger does not add up to the plan's cash flow, cell by cell."""
    plan, rows = found.plan, found.table
    last = plan.periods[-1]
    mine = rows.assign(period=rows["period"].where(rows["counts"] != "after", last))
    keys = ["future", "period", "category"]
    both = pd.concat([mine, plan.cashflow.assign(**{name: -plan.cashflow[name] for name in ("usd", "npv_usd")})])
    left = both.groupby(keys)[["usd", "npv_usd"]].sum().abs().max(axis=1)
    if len(left) and left.max() > TOLERANCE * max(1.0, float(plan.cashflow["usd"].abs().max())):
        where = ", ".join(map(str, left.idxmax()))
        raise AuditFailure(f"the ledger does not add up to the plan's cash flow by {left.max():,.2f} USD ({where})")
