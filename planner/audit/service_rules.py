"""Rules of service: demand met exactly, floors, what may go unserved, pools' capacity, replicas."""

from __future__ import annotations

from functools import partial

import numpy as np

from planner import bits
from planner.accounts.account import Account
from planner.accounts.inputs import Floats
from planner.accounts.service import Indices
from planner.audit.findings import Findings, Told, figure
from planner.kinds.limits import MIN_SERVED
from planner.rules.demand import least_served


def check_service(account: Account, findings: Findings) -> None:
    """What is served against what is asked for, and against the GPUs there are."""
    for check in (_demand, _floors, _replicas, _capacity, _large_workers):
        check(account, findings)


def _unit(account: Account, workload: int) -> str:
    kind = account.inputs.workloads[workload].kind
    return "weighted GPUs" if kind == "gpu_hours" else "requests/s"


def _demand(account: Account, findings: Findings) -> None:
    """Served + unserved = demand: in every block that has hours (interactive), else over the period."""
    inputs, service = account.inputs, account.service
    share = inputs.timeline.block_share
    met, asked = (rate * (share > 0) for rate in (service.served + service.unserved, service.demand))
    by_block = np.array([workload.kind == "interactive" for workload in inputs.workloads])
    interactive, others = np.nonzero(by_block)[0], np.nonzero(~by_block)[0]

    def told(chosen: Indices, met: Floats, asked: Floats, future: int, index: int, *when: int) -> Told:
        workload, at = int(chosen[index]), (future, index, *when)
        name, unit = inputs.workloads[workload].name, _unit(account, workload)
        sentence = f"{name} in {inputs.when(future, *when)} serves, or leaves, {figure(met[at])} {unit} "
        sentence += f"of {figure(asked[at])} asked for"
        return Told(name, inputs.timeline.names[when[0]], sentence)

    for chosen, one, other in (
        (interactive, met[:, interactive], asked[:, interactive]),
        (others, bits.dot(met[:, others], share), bits.dot(asked[:, others], share)),
    ):
        findings.equal("demand", one, other, partial(told, chosen, one, other))


def _floors(account: Account, findings: Findings) -> None:
    """Served requests of a period ≥ min_served × demand; with min_served = 1 nothing goes unserved."""
    inputs, service = account.inputs, account.service
    share = inputs.timeline.block_share
    floors = np.array([least_served(inputs.scenario, workload) for workload in inputs.workloads])
    asked, met = bits.dot(service.demand, share), bits.dot(service.served, share)

    def below(future: int, workload: int, period: int) -> Told:
        name, part = inputs.workloads[workload].name, met[future, workload, period] / asked[future, workload, period]
        sentence = f"{name} in {inputs.when(future, period)} serves {part:.2%} of demand, "
        sentence += f"the floor is {floors[workload]:.0%}"
        return Told(name, inputs.timeline.names[period], sentence)

    def left(future: int, workload: int, period: int, block: int) -> Told:
        name, unit = inputs.workloads[workload].name, _unit(account, workload)
        amount = figure(service.unserved[future, workload, period, block])
        sentence = f"{name} in {inputs.when(future, period, block)} leaves {amount} {unit} unserved, "
        return Told(name, inputs.timeline.names[period], sentence + "which is not allowed")

    findings.at_least(MIN_SERVED.family, met, floors[None, :, None] * asked, below, terms=asked)
    not_allowed = np.where(floors < 1, np.inf, 0.0)[None, :, None, None]
    findings.at_most("unserved", service.unserved, not_allowed, left, terms=service.unserved + service.demand)


def _replicas(account: Account, findings: Findings) -> None:
    """Where a workload asks for whole replicas: whole, enough for their GPUs, and no fewer than the minimum."""
    inputs, service = account.inputs, account.service
    rows = service.rows
    whole = np.array([workload.whole_replicas for workload in inputs.workloads])
    chosen = np.nonzero(whole[rows.workload])[0]

    def told(row: int) -> Told:
        index = int(chosen[row])
        name = inputs.workloads[rows.workload[index]].name
        when = inputs.when(int(rows.future[index]), int(rows.period[index]), int(rows.block[index]))
        counts = f"{figure(rows.replicas[index])} replicas for {figure(rows.gpus[index])} GPUs"
        sentence = f"{name} in {when} runs {counts} at {service.uses[rows.use[index]].name}"
        return Told(name, inputs.timeline.names[rows.period[index]], sentence)

    findings.whole("replicas", rows.replicas[chosen], told)
    findings.at_most("replicas", rows.gpus[chosen], service.occupied[chosen], told)
    least = np.array([workload.min_replicas for workload in inputs.workloads], dtype=float)
    demanding = np.nonzero(least)[0]

    def few(future: int, index: int, period: int, block: int) -> Told:
        workload = int(demanding[index])
        name, count = inputs.workloads[workload].name, figure(service.replicas[future, workload, period, block])
        sentence = f"{name} in {inputs.when(future, period, block)} runs {count} replicas, "
        return Told(name, inputs.timeline.names[period], sentence + f"at least {least[workload]:g} must run")

    running = service.replicas[:, demanding]
    there = inputs.timeline.block_share > 0
    findings.at_least("replicas", running, least[demanding][None, :, None, None] * there, few)


def _capacity(account: Account, findings: Findings) -> None:
    """GPUs taken of a pool ≤ its usable GPUs, in every block."""
    _within_pool(account, findings, "capacity", account.service.pool_occupied, account.supply.pool_usable, "GPUs")


def _large_workers(account: Account, findings: Findings) -> None:
    """Workers that fill a domain ≤ domains of the pool: its GPUs ÷ GPUs of the system."""
    per_domain = np.array(
        [account.inputs.systems[found[0].system].gpus if found else 1 for found in account.supply.pool_sources],
        dtype=float,
    )
    domains = account.supply.pool_gpus / per_domain[None, :, None, None]
    used = account.service.pool_large
    _within_pool(account, findings, "large_workers", used, domains, "workers that fill a domain")


def _within_pool(account: Account, findings: Findings, family: str, used: Floats, limit: Floats, what: str) -> None:
    inputs, pools = account.inputs, account.supply.pools

    def told(future: int, pool: int, period: int, block: int) -> Told:
        there, when = limit[future, pool, period, block], inputs.when(future, period, block)
        sentence = f"pool {pools[pool]} runs {figure(used[future, pool, period, block])} {what} in {when}, "
        sentence += f"{figure(there)} are there"
        return Told(str(pools[pool]), inputs.timeline.names[period], sentence)

    findings.at_most(family, used, limit, told)
