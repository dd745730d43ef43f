"""A plan's key figures. Sums are over the reported periods; NPV and levelised cost over the solved horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.accounts import levelised
from planner.accounts.account import Account
from planner.accounts.capital import npv_of_existing_at_first, present_value_of_sales, sales_of_existing
from planner.accounts.cashflow import Totals, cash_flow_of
from planner.accounts.fleet import fleet
from planner.accounts.tokens import requests, tokens_per_request
from planner.kinds.cash import CAPACITY, CAPEX, OPEX, OWNING, RECORDS, RESALE, REVENUE
from planner.plan.hourly_peak import peak_gpus
from planner.problem import Problem
from planner.table import Table, isin, mapped, sums
from planner.units import KW_PER_MW, SECONDS_PER_HOUR, mtok_from_tokens

Floats = NDArray[np.float64]
# Categories at a vendor's price that no row's evidence speaks for.
_VENDOR = tuple(record.key for record in RECORDS if record.evidence == "vendor")


def kpis(problem: Problem, account: Account, totals: Totals, serving: Table) -> dict[str, Any]:
    """All key figures: the expectation, and one entry per future under ``futures`` where there are several."""
    per_future = [_of_future(problem, account, totals, name) for name in problem.futures]
    weights = problem.probability
    expected = _expected(problem, account, totals, per_future) | levelised.figures(account)
    expected["resale_share_of_npv"] = _ratio(expected["resale_npv_usd"], totals.cost_usd)
    expected["reported_cost_by_part_usd"] = levelised.parts_usd(account)
    expected["evidence_share"] = evidence_share(problem, account, serving)
    expected |= rounding(problem, serving, expected["usd_per_gpu_hour"])
    expected["peak_gpus"] = peak_gpus(account)
    if len(per_future) > 1:
        expected["futures"] = [
            {"name": name, "probability": float(weight), **figures}
            for name, weight, figures in zip(problem.futures, weights, per_future, strict=True)
        ]
    return expected


def expected_figures(problem: Problem, account: Account, totals: Totals) -> dict[str, Any]:
    """Key figures in expectation, without those that take longest: by workload, by evidence, of these periods alone."""
    return _expected(problem, account, totals, [_of_future(problem, account, totals, name) for name in problem.futures])


def _expected(problem: Problem, account: Account, totals: Totals, per_future: list[dict[str, Any]]) -> dict[str, Any]:
    found = {key: _mean([figures[key] for figures in per_future], problem.probability) for key in per_future[0]}
    # Ratios are E[cost] ÷ E[tokens], never the mean of ratios.
    return found | _levelised(totals.cost_usd, totals.output_tokens, totals.total_tokens)


def _levelised(cost_usd: float, output_tokens: float, total_tokens: float) -> dict[str, float | None]:
    return {
        "levelised_usd_per_mtok_output": _ratio(cost_usd, mtok_from_tokens(output_tokens)),
        "levelised_usd_per_mtok_total": _ratio(cost_usd, mtok_from_tokens(total_tokens)),
    }


def _ratio(numerator: float, denominator: float) -> float | None:
    return float(numerator / denominator) if denominator else None


def _of_future(problem: Problem, account: Account, totals: Totals, future: str) -> dict[str, Any]:
    timeline, f = problem.timeline, problem.futures.index(future)
    reported, hours = ~timeline.lookahead, timeline.hours
    made = totals.futures.records()[f]
    cash = cash_flow_of(account)
    cash = cash.take(cash["future"] == future)
    due = cash.take(reported[cash["period"]])
    in_cash = due.take(isin(due["category"], (*CAPEX, *OPEX)))
    by_period = np.zeros(timeline.periods)
    np.add.at(by_period, in_cash["period"], in_cash["usd"])
    served = requests(account, account.service.served)[f][:, reported].sum(axis=1)
    asked = requests(account, account.service.demand)[f][:, reported].sum(axis=1)
    input_tokens, output_tokens = tokens_per_request(account.inputs)
    weight = problem.token_weight
    systems = fleet(account)
    systems = systems.take((systems["future"] == future) & reported[systems["period"]])
    provisioned = sums(systems["provisioned_utility_mw"], systems["period"], timeline.periods)
    in_service = np.bincount(systems["period"], minlength=timeline.periods) > 0
    energy = float(systems["energy_mwh"].sum())
    output = float(served @ output_tokens)
    own_output = _own_output_tokens(account, f, reported)
    mw_hours = float((provisioned[in_service] * hours[in_service]).sum())
    usable, busy = account.supply.usable[f], account.busy_gpu_hours[f]
    in_use = account.service.pool_running[f].sum(axis=0)[reported].sum(axis=0)
    there = usable.sum(axis=0)[reported].sum(axis=0)
    gpu_hours = float((account.supply.gpus[f].sum(axis=0) * timeline.block_hours)[reported].sum())
    usable_hours = float((usable.sum(axis=0) * timeline.block_hours)[reported].sum())
    busy_hours = float(busy.sum(axis=0)[reported].sum())
    capacity_usd = _sum(in_cash, CAPACITY)
    capex, opex = _sum(in_cash, CAPEX), _sum(in_cash, OPEX)
    return {
        **_levelised(float(made["cost_usd"]), float(made["output_tokens"]), float(made["total_tokens"])),
        **levelised.figures(account, f),
        "npv_usd": float(made["cost_usd"]),
        "resale_npv_usd": -_sum(cash, RESALE, "npv_usd"),
        "npv_unserved_usd": float(made["unserved_usd"]),
        "npv_revenue_usd": float(made["revenue_usd"]),
        "npv_profit_usd": float(made["revenue_usd"] - made["cost_usd"]),
        "cash_usd": capex + opex,
        "capex_usd": capex,
        "opex_usd": opex,
        "revenue_usd": -_sum(due, (REVENUE.key,)),
        "peak_cumulative_cash_usd": float(by_period.cumsum().max(initial=0.0)),
        "tokens_output": output,
        "tokens_total": float(served @ (input_tokens + output_tokens)),
        "served_share": _ratio(float(served @ weight), float(asked @ weight)) if (asked @ weight) > 0 else 1.0,
        "peak_provisioned_utility_mw": float(provisioned.max(initial=0.0)),
        "energy_mwh": energy,
        "output_tokens_per_s_per_provisioned_mw": _ratio(own_output / SECONDS_PER_HOUR, mw_hours),
        "tokens_per_kwh_drawn": _ratio(own_output, energy * KW_PER_MW),
        "usd_per_gpu_hour": _ratio(capacity_usd, gpu_hours),
        "usd_per_gpu_hour_owned": _owned_usd_per_gpu_hour(account, cash, f),
        "utilisation_by_block": {
            block: _ratio(float(used), float(all_there))
            for block, used, all_there in zip(timeline.blocks, in_use, there, strict=True)
        },
        "idle_cost_usd": capacity_usd * (1 - busy_hours / usable_hours) if usable_hours else 0.0,
    }


def _sum(cash: Table, categories: Sequence[str], value: str = "usd") -> float:
    return float(cash[value][isin(cash["category"], categories)].sum())


def _own_output_tokens(account: Account, future: int, reported: NDArray[np.bool_]) -> float:
    """Output tokens made by GPUs at the sites, in proportion to the usable GPUs of each pool."""
    rows, flow = account.service.rows, account.supply
    owned = np.array([source.site >= 0 for source in flow.sources], dtype=bool)
    usable = flow.usable[future]
    own = np.zeros((len(flow.pools), *usable.shape[1:]))
    for pool, source in flow.member:
        own[pool] += usable[source] * owned[source]
    total = flow.pool_usable[future]
    share = np.divide(own, total, out=np.zeros_like(own), where=total > 0)
    mine = (rows.future == future) & reported[rows.period]
    rate = account.service.row_rates[mine]
    hours = account.inputs.timeline.block_hours[rows.period[mine], rows.block[mine]]
    _, output_tokens = tokens_per_request(account.inputs)
    made = rate * hours * SECONDS_PER_HOUR * output_tokens[rows.workload[mine]]
    return float((made * share[rows.pool[mine], rows.period[mine], rows.block[mine]]).sum())


def _owned_usd_per_gpu_hour(account: Account, cash: Table, future: int) -> float | None:
    """NPV of owning (capex, running, less resale) ÷ discounted GPU-hours owned, over the solved horizon.

    Existing systems come in at what they would bring on their first day, so that only what they lose counts.
    """
    owned = np.array([source.site >= 0 for source in account.supply.sources], dtype=bool)
    timeline = account.inputs.timeline
    gpus = account.supply.gpus[future][owned].sum(axis=0)
    hours = float(((gpus * timeline.block_hours).sum(axis=1) * timeline.discount_middle).sum())
    return _ratio(_sum(cash, OWNING, "npv_usd") + npv_of_existing_at_first(account.inputs), hours)


def evidence_share(problem: Problem, account: Account, serving: Table) -> dict[str, dict[str, float]]:
    """Shares by evidence class: of output tokens, by the serving point that makes them; of NPV cost, by its price.

    Costs that the scenario itself states (energy, colocation, staff, leases) count as ``scenario``.
    """
    output = dict(zip(problem.demand.names, problem.demand.output_tokens, strict=True))
    weight = dict(zip(problem.futures, problem.probability, strict=True)) | {"all": 1.0}
    rows = serving.take(~serving["lookahead"])
    made = rows["requests_per_s"] * _hours(problem, rows) * mapped(rows["workload"], output)
    made *= mapped(rows["future"], weight)
    tokens = rows.with_columns(made=made).sums(["evidence"], "made")
    by_evidence = dict(tokens.rows("evidence", "made"))
    return {"tokens": _shares(by_evidence), "cost": _shares(_cost_by_evidence(problem, account))}


def _hours(problem: Problem, rows: Table) -> Floats:
    """Hours of the period and block that each row is of, by their names."""
    periods = {name: index for index, name in enumerate(problem.timeline.names)}
    blocks = {name: index for index, name in enumerate(problem.timeline.blocks)}
    at = mapped(rows["period"], periods, int), mapped(rows["block"], blocks, int)
    return np.asarray(problem.timeline.block_hours[at])


def _cost_by_evidence(problem: Problem, account: Account) -> dict[str, float]:
    """Expected NPV cost by the evidence of the price it was computed with."""
    total: dict[str, float] = {}
    weight = dict(zip(problem.futures, problem.probability, strict=True))
    discount = problem.timeline.discount_middle

    def add(evidence: str, usd: float) -> None:
        total[evidence] = total.get(evidence, 0.0) + usd

    bought = {item.asset.supply: item for item in problem.supply.purchases}
    for row in account.decided.buys.rows():
        item = bought[f"own:{row.site}/{row.system}"]
        add(item.asset.system.evidence, weight[row.future] * row.count * float(item.npv_usd[row.period]))
    sales = present_value_of_sales(account.inputs, sales_of_existing(account))
    for index, group in enumerate(account.inputs.groups):
        system = account.catalog.systems[group.existing.system]
        add(system.evidence, -float(problem.probability @ sales[:, index]))
    signed = {item.offer.name: item for item in problem.supply.reservations}
    for row in account.decided.signs.rows():
        reservation = signed[row.offer]
        add(reservation.offer.evidence, weight[row.future] * row.lots * float(reservation.npv_usd[row.period]))
    hourly = {item.offer.name: item for item in problem.supply.hourly}
    futures = {name: position for position, name in enumerate(problem.futures)}
    blocks = {name: position for position, name in enumerate(problem.timeline.blocks)}
    for row in account.decided.rents.rows():
        rented = hourly[row.offer]
        hours = problem.timeline.block_hours[row.period, blocks[row.block]]
        usd = rented.usd_per_hour[futures[row.future], row.period] * hours * discount[row.period] * row.lots
        add(rented.offer.evidence, weight[row.future] * float(usd))
    cash = cash_flow_of(account)
    cash = cash.take(cash["category"] != REVENUE.key)
    per_future = cash["npv_usd"] * mapped(cash["future"], weight)
    add("vendor", float(per_future[isin(cash["category"], _VENDOR)].sum()))
    add("scenario", float(per_future.sum()) - sum(total.values()))
    return total


def _shares(amounts: Mapping[Any, float]) -> dict[str, float]:
    """The share of each class that anything is left of: one whose sales outweigh its cost is nobody's part."""
    whole = sum(amount for amount in amounts.values() if amount > 0)
    if not whole:
        return {}
    ranked = sorted(amounts.items(), key=lambda item: (-item[1], str(item[0])))
    return {str(name): float(amount / whole) for name, amount in ranked if amount > 1e-9 * whole}


def rounding(problem: Problem, serving: Table, usd_per_gpu_hour: float | None) -> dict[str, float]:
    """What whole replicas would take beyond the continuous plan: GPU-hours, and USD at the plan's mean rate.

    An upper figure: replicas of one pool may share what is left over of others.
    """
    whole = [name for name, mark in zip(problem.demand.names, problem.demand.whole_replicas, strict=True) if mark]
    rows = serving.take(~serving["lookahead"] & ~isin(serving["workload"], whole))
    weight = dict(zip(problem.futures, problem.probability, strict=True)) | {"all": 1.0}
    extra = np.maximum(rows["replicas"] * rows["gpus_per_replica"] - rows["gpus"], 0.0)
    gpu_hours = float((extra * _hours(problem, rows) * mapped(rows["future"], weight)).sum())
    return {"rounding_gpu_hours": gpu_hours, "rounding_usd": gpu_hours * (usd_per_gpu_hour or 0.0)}


def _mean(figures: list[Any], weights: Floats) -> Any:
    if isinstance(figures[0], dict):
        return {key: _mean([figure[key] for figure in figures], weights) for key in figures[0]}
    known = [(figure, weight) for figure, weight in zip(figures, weights, strict=True) if figure is not None]
    total = sum(weight for _, weight in known)
    return float(sum(figure * weight for figure, weight in known) / total) if known else None
