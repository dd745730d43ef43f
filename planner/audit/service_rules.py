"""Rules of service: demand met exactly, floors, what may go unserved, pools' capacity, replicas."""

from __future__ import annotations

from functools import partial

import numpy as np

from planner import bits
from planner.audit.account import Account
from planner.audit.findings import Findings, Told, figure
from planner.audit.premises import Floats
from planner.audit.service import Places


def check_service(account: Account, findings: Findings) -> None:
    """What is served against what is asked for, and against the GPUs there are."""
    for check in (_demand, _floors, _replicas, _capacity, _large_workers):
        check(account, findings)


def _unit(account: Account, workload: int) -> str:
    kind = account.premises.workloads[workload].kind
    return "weighted GPUs" if kind == "gpu_hours" else "requests/s"


def _demand(account: Account, findings: Findings) -> None:
    """Served + unserved = demand: in every block that has hours (interactive), else over the period."""
    premises, service = account.premises, account.service
    share = premises.timeline.block_share
    met, asked = (rate * (share > 0) for rate in (service.served + service.unserved, service.demand))
    by_block = np.array([workload.kind == "interactive" for workload in premises.workloads])
    interactive, others = np.nonzero(by_block)[0], np.nonzero(~by_block)[0]

    def told(chosen: Places, met: Floats, asked: Floats, future: int, place: int, *when: int) -> Told:
        workload, at = int(chosen[place]), (future, place, *when)
        name, unit = premises.workloads[workload].name, _unit(account, workload)
        sentence = f"{name} in {premises.when(future, *when)} serves, or leaves, {figure(met[at])} {unit} "
        sentence += f"of {figure(asked[at])} asked for"
        return Told(name, premises.timeline.names[when[0]], sentence)

    for chosen, one, other in (
        (interactive, met[:, interactive], asked[:, interactive]),
        (others, bits.dot(met[:, others], share), bits.dot(asked[:, others], share)),
    ):
        findings.equal("demand", one, other, partial(told, chosen, one, other))


def _floors(account: Account, findings: Findings) -> None:
    """Served requests of a period ≥ min_served × demand; with min_served = 1 nothing goes unserved."""
    premises, service = account.premises, account.service
    share = premises.timeline.block_share
    least = [workload.min_served for workload in premises.workloads]
    floors = np.array([premises.scenario.service.min_served if own is None else own for own in least])
    asked, met = bits.dot(service.demand, share), bits.dot(service.served, share)

    def below(future: int, workload: int, period: int) -> Told:
        name, part = premises.workloads[workload].name, met[future, workload, period] / asked[future, workload, period]
        sentence = f"{name} in {premises.when(future, period)} serves {part:.2%} of demand, "
        sentence += f"the floor is {floors[workload]:.0%}"
        return Told(name, premises.timeline.names[period], sentence)

    def left(future: int, workload: int, period: int, block: int) -> Told:
        name, unit = premises.workloads[workload].name, _unit(account, workload)
        amount = figure(service.unserved[future, workload, period, block])
        sentence = f"{name} in {premises.when(future, period, block)} leaves {amount} {unit} unserved, "
        return Told(name, premises.timeline.names[period], sentence + "which is not allowed")

    findings.at_least("floors", met, floors[None, :, None] * asked, below, terms=asked)
    not_allowed = np.where(floors < 1, np.inf, 0.0)[None, :, None, None]
    findings.at_most("unserved", service.unserved, not_allowed, left, terms=service.unserved + service.demand)


def _replicas(account: Account, findings: Findings) -> None:
    """Where a workload asks for whole replicas: whole, enough for their GPUs, and no fewer than the minimum."""
    premises, service = account.premises, account.service
    rows = service.rows
    whole = np.array([workload.whole_replicas for workload in premises.workloads])
    chosen = np.nonzero(whole[rows.workload])[0]

    def told(row: int) -> Told:
        place = int(chosen[row])
        name = premises.workloads[rows.workload[place]].name
        when = premises.when(int(rows.future[place]), int(rows.period[place]), int(rows.block[place]))
        counts = f"{figure(rows.replicas[place])} replicas for {figure(rows.gpus[place])} GPUs"
        sentence = f"{name} in {when} runs {counts} at {service.uses[rows.use[place]].name}"
        return Told(name, premises.timeline.names[rows.period[place]], sentence)

    findings.whole("replicas", rows.replicas[chosen], told)
    findings.at_most("replicas", rows.gpus[chosen], service.occupied[chosen], told)
    least = np.array([workload.min_replicas for workload in premises.workloads], dtype=float)
    demanding = np.nonzero(least)[0]

    def few(future: int, place: int, period: int, block: int) -> Told:
        workload = int(demanding[place])
        name, count = premises.workloads[workload].name, figure(service.replicas[future, workload, period, block])
        sentence = f"{name} in {premises.when(future, period, block)} runs {count} replicas, "
        return Told(name, premises.timeline.names[period], sentence + f"at least {least[workload]:g} must run")

    running = service.replicas[:, demanding]
    there = premises.timeline.block_share > 0
    findings.at_least("replicas", running, least[demanding][None, :, None, None] * there, few)


def _capacity(account: Account, findings: Findings) -> None:
    """GPUs taken of a pool ≤ its usable GPUs, in every block."""
    _within_pool(account, findings, "capacity", account.service.pool_occupied, account.supply.pool_usable, "GPUs")


def _large_workers(account: Account, findings: Findings) -> None:
    """Workers that fill a domain ≤ domains of the pool: its GPUs ÷ GPUs of the system."""
    per_domain = np.array(
        [account.premises.systems[found[0].system].gpus if found else 1 for found in account.supply.pool_sources],
        dtype=float,
    )
    domains = account.supply.pool_gpus / per_domain[None, :, None, None]
    used = account.service.pool_large
    _within_pool(account, findings, "large_workers", used, domains, "workers that fill a domain")


def _within_pool(account: Account, findings: Findings, family: str, used: Floats, limit: Floats, what: str) -> None:
    premises, pools = account.premises, account.supply.pools

    def told(future: int, pool: int, period: int, block: int) -> Told:
        there, when = limit[future, pool, period, block], premises.when(future, period, block)
        sentence = f"pool {pools[pool]} runs {figure(used[future, pool, period, block])} {what} in {when}, "
        sentence += f"{figure(there)} are there"
        return Told(str(pools[pool]), premises.timeline.names[period], sentence)

    findings.at_most(family, used, limit, told)
