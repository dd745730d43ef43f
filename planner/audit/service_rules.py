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
from planner.rules.hosting import hosts_whole
from planner.rules.survival import has_to_survive


def check_service(account: Account, findings: Findings) -> None:
    """What is served against what is asked for, and against the GPUs there are."""
    for check in (_demand, _floors, _replicas, _survival, _capacity, _domains):
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
    room = np.nan_to_num(rows.replicas) * np.array([use.replica_gpus for use in service.uses], dtype=float)[rows.use]
    findings.at_most("replicas", rows.gpus[chosen], room[chosen], told)
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


def _survival(account: Account, findings: Findings) -> None:
    """What is left with the largest one gone of what service has to survive still serves, in every block."""
    inputs, survive = account.inputs, account.scenario.service.survive
    chosen = np.array([has_to_survive(account.scenario, workload) for workload in inputs.workloads], dtype=bool)
    if not chosen.any():
        return
    service, flow = account.service, account.supply
    senders = np.array([api.provider for api in inputs.apis], dtype=object)
    providers = np.array([found[0].provider for found in flow.pool_sources], dtype=object)
    gone = sorted({*providers, *senders} - {""}) if survive == "provider" else [""]
    asked = service.demand * (chosen[None, :, None, None] & (inputs.timeline.block_share > 0))
    for who in gone:
        whole, largest = service.replica_rates(survive)
        there = service.by_workload(whole * (providers != who)[service.rows.pool] if who else whole)
        left = there + service.to_api[:, :, senders != who].sum(axis=2) + service.unserved
        # Where nothing has to survive, what would be gone may be more than there is.
        left = np.where(asked > 0, left - (0.0 if who else service.largest(largest)), 0.0)
        what = who or f"the largest {survive}"

        def told(future: int, workload: int, period: int, block: int, left: Floats = left, what: str = what) -> Told:
            name, at = inputs.workloads[workload].name, (future, workload, period, block)
            sentence = f"{name} in {inputs.when(future, period, block)} serves {figure(left[at])} requests/s without "
            sentence += f"{what}, {figure(service.demand[at])} are asked for"
            return Told(name, inputs.timeline.names[period], sentence)

        findings.at_least("survival", left, asked, told, terms=there + asked)


def _capacity(account: Account, findings: Findings) -> None:
    """GPUs taken of a pool are there in every block: those that may serve, or host where replicas are whole."""
    flow, service = account.supply, account.service
    if not hosts_whole(account.scenario):
        _within_pool(account, findings, "capacity", service.pool_occupied, flow.pool_usable, "GPUs")
        return
    _within_pool(account, findings, "capacity", service.pool_occupied, flow.pool_hosted, "GPUs")
    by_job = np.array([found[0].by_job for found in flow.pool_sources], dtype=bool)[None, :, None, None]
    hosted = np.where(by_job, flow.pool_hosted_at_once, 0.0)
    _within_pool(account, findings, "capacity", service.pool_at_once, hosted, "GPUs by the job at once")


def _domains(account: Account, findings: Findings) -> None:
    """NVLink domains that workers take ≤ domains of the pool: a domain has room for whole workers only."""
    flow = account.supply
    domain = np.array([found[0].hosting.domain_gpus for found in flow.pool_sources], dtype=np.intp)
    by_job = np.array([found[0].by_job for found in flow.pool_sources], dtype=np.intp)
    taken = account.service.pool_domains(domain, by_job)
    _within_pool(account, findings, "domains", taken, flow.pool_domains, "domains' worth of workers")


def _within_pool(account: Account, findings: Findings, family: str, used: Floats, limit: Floats, what: str) -> None:
    inputs, pools = account.inputs, account.supply.pools

    def told(future: int, pool: int, period: int, block: int) -> Told:
        there, when = limit[future, pool, period, block], inputs.when(future, period, block)
        sentence = f"pool {pools[pool]} runs {figure(used[future, pool, period, block])} {what} in {when}, "
        sentence += f"{figure(there)} are there"
        return Told(str(pools[pool]), inputs.timeline.names[period], sentence)

    findings.at_most(family, used, limit, told)
