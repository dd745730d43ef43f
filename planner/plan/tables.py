"""A plan's tables: decisions in a planner's terms, with dates, GPUs and money, one for each of the result.

``future`` is ``all`` where a row holds in every future. ``period`` is the period's name; ``lookahead`` marks rows of
periods after the reported horizon.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from planner.accounts.account import Account
from planner.accounts.cashflow import cash_flow_of
from planner.accounts.fleet import fleet
from planner.accounts.tokens import tokens_per_request
from planner.catalog.models import Offer
from planner.kinds.limits import BUDGET, CAPEX, LimitKind
from planner.milp import Model
from planner.problem import Problem
from planner.rules.dates import order_day
from planner.schedule import add_months
from planner.table import Table, mapped, sums
from planner.units import mtok_from_tokens, requests_from_rate

ALL = "all"


def purchases(problem: Problem, account: Account) -> Table:
    """site, system, order_by, in_service, period, count, gpus, cost_usd (capex, undiscounted)."""
    rows = account.decided.buys
    items = {item.asset.supply: item for item in problem.supply.purchases}
    chosen = [items[f"own:{site}/{system}"] for site, system in zip(rows["site"], rows["system"], strict=True)]
    starts = _starts(problem, rows)
    rows = rows.with_columns(
        order_by=[order_day(day, item.lead_weeks) for item, day in zip(chosen, starts, strict=True)],
        in_service=starts,
        gpus=rows["count"] * _array([item.asset.system.gpus for item in chosen]),
        cost_usd=rows["count"]
        * _array([item.capex_usd[t].sum() for item, t in zip(chosen, rows["period"], strict=True)]),
    )
    columns = ["site", "system", "order_by", "in_service", "period", "count", "gpus", "cost_usd"]
    return _finished(problem, rows, columns, ["period", "site", "system"])


def retirements(problem: Problem, account: Account) -> Table:
    """site, system, period, count, gpus: systems of an existing group gone from that period on."""
    found = []
    kept = account.decided.keeps
    for group in problem.supply.groups:
        if group.first >= problem.timeline.periods:
            # What is there in no period of the horizon is not there to be retired.
            continue
        site = problem.limits.sites[group.asset.site].name
        mine = kept.take((kept["site"] == site) & (kept["group"] == group.index))
        for future in problem.futures:
            count = np.zeros(problem.timeline.periods)
            rows = mine.take(mine["future"] == future)
            count[rows["period"].astype(int)] = rows["count"]
            first = int(np.argmax(group.exists)) if group.exists.any() else 0
            before = np.concatenate([[float(group.count)], count[:-1]])
            gone = np.where(np.arange(problem.timeline.periods) >= first, before - count, 0.0)
            gone[:first] = 0.0
            if first:
                gone[first] = group.count - count[first]
            system = group.asset.system
            found += [
                (future, site, system.system, int(period), gone[period], gone[period] * system.gpus)
                for period in np.flatnonzero(gone > 0.5)
            ]
    columns = ["site", "system", "period", "count", "gpus"]
    rows = Table.of_rows(["future", *columns], found)
    return _finished(problem, rows, columns, ["period", "site", "system"])


def contracts(problem: Problem, account: Account) -> Table:
    """provider … cost_usd (the whole contract, undiscounted), remaining_commitment_usd (due after the reported end)."""
    rows = account.decided.signs
    items = {item.offer.name: item for item in problem.supply.reservations}
    chosen = [items[name] for name in rows["offer"]]
    starts = _starts(problem, rows)
    months = problem.timeline.months_per_period
    ends = [add_months(day, item.term_periods * months) for item, day in zip(chosen, starts, strict=True)]
    value = _array([item.commitment_usd[t] for item, t in zip(chosen, rows["period"], strict=True)])
    reported = problem.timeline.reported
    paid = _array([item.opex_usd[t, :reported].sum() for item, t in zip(chosen, rows["period"], strict=True)])
    hours = _array([(end - start).days * 24.0 for end, start in zip(ends, starts, strict=True)])
    gpus = _array([item.offer.lot_gpus for item in chosen])
    rows = _with_offer(rows, [item.offer for item in chosen]).with_columns(
        start=starts,
        order_by=[order_day(day, item.lead_weeks) for item, day in zip(chosen, starts, strict=True)],
        end=ends,
        gpus=rows["lots"] * gpus,
        usd_per_gpu_hour=value / np.maximum(hours * gpus, 1e-300),
        cost_usd=rows["lots"] * value,
        remaining_commitment_usd=rows["lots"] * (value - paid),
    )
    columns = [
        "provider", "region", "system", "kind", "term_months", "order_by", "start", "end", "period",
        "lots", "gpus", "usd_per_gpu_hour", "cost_usd", "remaining_commitment_usd",
    ]  # fmt: skip
    return _finished(problem, rows, columns, ["period", "provider", "system", "term_months"])


def on_demand(problem: Problem, account: Account) -> Table:
    """provider, region, system, kind (on_demand or spot), period, block, lots, hours, gpus (block's mean), cost_usd.

    ``lots`` run at once, for so many ``hours`` of the block: all of them, but where they run by the job of batch work.
    """
    rows = account.decided.rents
    items = {item.offer.name: item for item in problem.supply.hourly}
    chosen = [items[name] for name in rows["offer"]]
    at, hours = _futures(problem, rows), _hours(problem, rows)
    rate = [item.usd_per_hour[f, t] for item, f, t in zip(chosen, at, rows["period"], strict=True)]
    rows = _with_offer(rows, [item.offer for item in chosen]).with_columns(
        gpus=rows["lots"] * _array([item.offer.lot_gpus for item in chosen]),
        cost_usd=rows["lots"] * _array(rate) * hours,
        hours=hours * rows["lots"] / np.maximum(rows["at_once"], 1e-300),
        lots=rows["at_once"],
    )
    columns = ["provider", "region", "system", "kind", "period", "block", "lots", "hours", "gpus", "cost_usd"]
    return _finished(problem, rows, columns, ["period", "block", "provider", "system", "kind"])


def token_api(problem: Problem, account: Account) -> Table:
    """provider, model, workload, period, block, mtok_input, mtok_output, cost_usd."""
    rows = account.decided.api
    names = problem.demand.names
    assignments = {
        (names[w], problem.api.names[a]): assignment
        for assignment, (w, a) in enumerate(zip(problem.api.workload, problem.api.api, strict=True))
    }
    at = [assignments[key] for key in zip(rows["workload"], rows["api"], strict=True)]
    requests = requests_from_rate(rows["requests_per_s"].astype(float), _hours(problem, rows))
    input_tokens, output_tokens = tokens_per_request(account.inputs)
    workload = np.array([names.index(name) for name in rows["workload"]], dtype=int)
    prices = [problem.api.usd_per_request[assignment, t] for assignment, t in zip(at, rows["period"], strict=True)]
    apis = [int(problem.api.api[assignment]) for assignment in at]
    rows = rows.with_columns(
        mtok_input=mtok_from_tokens(requests * input_tokens[workload]),
        mtok_output=mtok_from_tokens(requests * output_tokens[workload]),
        cost_usd=requests * _array(prices),
        provider=[problem.api.providers[api] for api in apis],
        model=[problem.api.models[api] for api in apis],
    )
    columns = ["provider", "model", "workload", "period", "block", "mtok_input", "mtok_output", "cost_usd"]
    return _finished(problem, rows, columns, ["period", "block", "workload", "provider"])


def serving(problem: Problem, account: Account) -> Table:
    """workload, system, pool, point, period, block, gpus, replicas (rounded up), rate, latencies, evidence."""
    rows = account.decided.serving
    assignments = {
        (problem.demand.names[candidate.workload], candidate.name): (assignment, candidate)
        for assignment, candidate in enumerate(problem.assignments.candidates)
    }
    chosen = [assignments[key] for key in zip(rows["workload"], rows["point"], strict=True)]
    size = _array([candidate.gpus_per_replica for _, candidate in chosen])
    whole = rows["replicas"].astype(float)
    rate = _array(
        [problem.assignments.rate[assignment, t] for (assignment, _), t in zip(chosen, rows["period"], strict=True)]
    )
    up = {pool.name: dict(zip(problem.timeline.blocks, pool.up, strict=True)) for pool in problem.pools.pools}
    share = _array([up[pool][block] for pool, block in zip(rows["pool"], rows["block"], strict=True)])
    told = ("engine", "engine_version", "ttft_ms", "tpot_ms", "by_tail_ratio", "evidence", "derived", "note")
    rows = rows.with_columns(
        system=[candidate.system for _, candidate in chosen],
        replicas=np.ceil(np.where(np.isnan(whole), rows["gpus"] / size - 1e-9, whole)),
        requests_per_s=rows["gpus"] * share * rate,
        gpus_per_replica=size,
        **{column: [getattr(candidate, column) for _, candidate in chosen] for column in told},
    )
    columns = [
        "workload", "system", "pool", "point", "engine", "engine_version", "period", "block", "gpus", "replicas",
        "gpus_per_replica", "requests_per_s", "ttft_ms", "tpot_ms", "by_tail_ratio", "evidence", "derived", "note",
    ]  # fmt: skip
    return _finished(problem, rows, columns, ["period", "block", "workload", "pool", "point"])


def unserved(problem: Problem, account: Account) -> Table:
    """workload, period, block, requests_per_s, value_usd (undiscounted, no cash)."""
    rows = account.decided.unserved
    workload = [problem.demand.names.index(name) for name in rows["workload"]]
    each = problem.demand.unserved_usd[np.array(workload, dtype=int), rows["period"].astype(int)]
    requests = requests_from_rate(rows["requests_per_s"].astype(float), _hours(problem, rows))
    rows = rows.with_columns(value_usd=requests * each)
    columns = ["workload", "period", "block", "requests_per_s", "value_usd"]
    return _finished(problem, rows, columns, ["period", "block", "workload"])


def fleet_table(problem: Problem, account: Account) -> Table:
    """site, system, period, count, provisioned_utility_mw, provisioned_it_mw, limit_mw, energy_mwh."""
    rows = fleet(account)
    columns = [
        "site", "system", "period", "count", "provisioned_utility_mw", "provisioned_it_mw", "limit_mw", "energy_mwh",
    ]  # fmt: skip
    return _finished(problem, rows, columns, ["period", "site", "system"])


def cashflow(problem: Problem, account: Account) -> Table:
    """period, category, usd (out positive, undiscounted), npv_usd; per future."""
    rows = cash_flow_of(account)
    return _finished(problem, rows, ["period", "category", "usd", "npv_usd"], ["period"], collapse=False)


def binding(model: Model, x: np.ndarray[tuple[int], np.dtype[np.float64]], duals: object) -> Table:
    """constraint, where, period, limit, slack, unit, marginal_usd_lp: limits whose slack no system could use.

    ``marginal_usd_lp`` is what one more unit is worth by the dual of the LP relaxation, USD NPV: a hint, not an
    answer, since racks are whole.
    """
    problem, milp = model.problem, model.milp
    activity = milp.activity(x)
    y = np.zeros(milp.rows) if duals is None else np.asarray(duals, dtype=float)[: milp.rows]
    found = []
    for block in milp.limits:
        kind, smallest = block.kind, _smallest(problem, block.kind)
        for row, subject, future, period, limit, unit in zip(
            block.rows, block.subject, block.future, block.period, block.limit, block.per_row_unit, strict=True
        ):
            slack = max(float(milp.row_upper[row] - activity[row]), 0.0) * unit
            worth = max(-float(y[row]), 0.0) / unit
            if slack < smallest.get(subject, 0.0) + 1e-6 * abs(limit):
                found.append((problem.futures[future], kind.key, subject, period, limit, slack, kind.unit, worth))
    columns = ["future", "constraint", "where", "period", "limit", "slack", "unit", "marginal_usd_lp"]
    rows = Table.of_rows(columns, found)
    # A block's worth is spread over the rows of one limit; a planner relaxes them together.
    numbers, first = rows.numbered(["future", "constraint", "where", "period", "limit", "unit"], as_met=True)
    if found:
        least = np.full(len(first), np.inf)
        np.minimum.at(least, numbers, rows["slack"])
        worth = sums(rows["marginal_usd_lp"], numbers, len(first))
        rows = rows.take(first).with_columns(slack=least, marginal_usd_lp=worth)
    rows = rows.with_columns(worth=rows["marginal_usd_lp"] * np.abs(rows["limit"].astype(float)))
    rows = rows.ordered(["worth", "constraint", "where", "period"], falling=["worth"])
    at = rows["period"].astype(int)
    rows = rows.with_columns(
        period=np.array([*problem.timeline.names, ""], dtype=object)[at],
        lookahead=np.append(problem.timeline.lookahead, False)[at],
    )
    return rows.only(["future", *columns[1:], "lookahead"])


def _smallest(problem: Problem, kind: LimitKind) -> dict[str, float]:
    """The least that one more system would take of a limit, by subject; none where it is in no system."""
    if kind is BUDGET:
        capex = [item.capex_usd.sum(axis=1).min() for item in problem.supply.purchases]
        return {limit.label: min(capex, default=0.0) for limit in problem.limits.spend if limit.kind == CAPEX}
    sites = [site.name for site in problem.limits.sites]
    found: dict[str, float] = {}
    for limit in problem.limits.on_sites:
        if limit.kind is not kind:
            continue
        for asset, each in zip(problem.supply.assets, limit.each, strict=True):
            if not each.any():
                continue
            for subject in limit.subjects([sites[asset.site]]):
                found[subject] = min(found.get(subject, np.inf), float(each.min()) * kind.per_row_unit)
    return found


def _with_offer(rows: Table, offers: Sequence[Offer]) -> Table:
    columns = ("provider", "region", "system", "kind", "term_months")
    return rows.with_columns(**{column: [getattr(offer, column) for offer in offers] for column in columns})


def _starts(problem: Problem, rows: Table) -> list[dt.date]:
    return [problem.timeline.starts[period] for period in rows["period"]]


def _futures(problem: Problem, rows: Table) -> list[int]:
    order = {name: index for index, name in enumerate(problem.futures)}
    return [order[name] for name in rows["future"]]


def _hours(problem: Problem, rows: Table) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    order = {name: index for index, name in enumerate(problem.timeline.blocks)}
    hours = problem.timeline.block_hours[rows["period"].astype(int), mapped(rows["block"], order, int)]
    return np.asarray(hours, dtype=float)


def _array(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(values, dtype=float)


def _finished(problem: Problem, rows: Table, columns: list[str], order: list[str], *, collapse: bool = True) -> Table:
    """Columns in order, periods by name, lookahead marked; rows that hold in every future stand once."""
    rows = rows.ordered([*order, "future"])
    at = rows["period"].astype(int)
    rows = rows.only(["future", *columns]).with_columns(
        period=np.array(problem.timeline.names, dtype=object)[at], lookahead=problem.timeline.lookahead[at]
    )
    return common(rows, problem.futures) if collapse else rows


def common(rows: Table, futures: Sequence[str]) -> Table:
    """Rows that stand for every one of several futures once, for ``ALL``."""
    if len(futures) < 2:
        return rows
    numbers, first = rows.numbered([name for name in rows.names if name != "future"])
    each = rows.with_columns(same=numbers).only(["same", "future"]).distinct()
    copies = np.bincount(each["same"], minlength=len(first))[numbers]
    return rows.with_columns(future=np.where(copies == len(futures), ALL, rows["future"])).distinct()
