"""Rules of choice: which points, pools and token APIs may serve which workload."""

from __future__ import annotations

import numpy as np

from planner.accounts.account import Account
from planner.accounts.service import Use
from planner.accounts.supply import Source
from planner.audit.findings import Findings, Told, figure
from planner.audit.reasons import api_fault, point_fault
from planner.rules.dates import on_all_days
from planner.rules.eligibility import pool_ruled_out
from planner.rules.hosting import hosts_whole
from planner.units import SECONDS_PER_DAY, TOKENS_PER_MTOK


def check_choices(account: Account, findings: Findings) -> None:
    """Everything that rules out a serving row or a token API row, whatever its size."""
    _pools(account, findings)
    _points(account, findings)
    _apis(account, findings)
    _api_limits(account, findings)


def _pools(account: Account, findings: Findings) -> None:
    """Each supply feeds one pool, and serving cannot tell the supplies of a pool apart."""
    supply = account.supply
    member = supply.member[:, 1]
    findings.checks += len(member)
    for index in np.nonzero(np.bincount(member, minlength=len(supply.sources)) > 1)[0]:
        key = supply.sources[index].key
        findings.fault("pools", key, f"{key} feeds more than one pool")
    for pool, found in enumerate(supply.pool_sources):
        name = str(supply.pools[pool])
        first = found[0]
        for source in found[1:]:
            findings.checks += 1
            other = _traits(account, source)
            for what, trait in _traits(account, first).items():
                if trait != other[what]:
                    sentence = f"pool {name} mixes {first.key} and {source.key}: {what} {trait} and {other[what]}"
                    findings.fault("pools", name, sentence)
        indices = supply.member[supply.member[:, 0] == pool, 1]
        usd = supply.energy_usd[indices]

        def costs(source: int, period: int, name: str = name) -> Told:
            at = account.inputs.timeline.names[period]
            return Told(name, at, f"pool {name} mixes supplies whose energy per GPU differs in {at}")

        findings.equal("pools", usd[1:], usd[:1], costs, terms=usd[1:])


def _traits(account: Account, source: Source) -> dict[str, str]:
    """Whatever serving can tell two supplies apart by, energy cost left out."""
    whole = hosts_whole(account.scenario)
    room = ", ".join(f"{gpus:.9f}" for gpus in source.gpus_per_domain(whole))
    hosting = {"domain": f"{source.hosting.domain_gpus} GPUs", "by the job": str(source.by_job)}
    hosting |= {"GPUs in each domain that may serve": room}
    if whole:
        hosting |= {"owner": source.owner, "share up": ", ".join(f"{share:.9f}" for share in source.up)}
    enabled = "any" if source.capabilities is None else ", ".join(sorted(source.capabilities)) or "none"
    return {
        "system": account.inputs.systems[source.system].system,
        "capabilities": enabled,
        "RDMA": str(source.rdma),
        "spot": str(source.preemptible),
        **hosting,
    }


def _points(account: Account, findings: Findings) -> None:
    """Each serving row's point suits its workload, and its pool suits the point."""
    rows, uses, pools = account.service.rows, account.service.uses, account.supply.pool_sources
    findings.checks += len(rows.gpus)
    pairs, first = np.unique(rows.use * len(pools) + rows.pool, return_index=True)
    suited = [_use_fault(account, use) for use in uses]
    for pair, row in zip(pairs, first, strict=True):
        use, pool = divmod(int(pair), len(pools))
        fault = suited[use] or _pool_fault(account, uses[use], pools[pool])
        if fault:
            workload = account.inputs.workloads[uses[use].workload].name
            name = account.supply.pools[pool]
            at = account.inputs.timeline.names[rows.period[row]]
            sentence = f"{workload} may not run at {uses[use].name} on pool {name} (first in {at}): {fault}"
            findings.fault("eligibility", workload, sentence, at, float(rows.gpus[row]))


def _use_fault(account: Account, use: Use) -> str:
    """Why a point may not serve the workload anywhere."""
    workload = account.inputs.workloads[use.workload]
    if workload.kind == "gpu_hours":
        return "" if use.name in workload.gpu_hours_weight else f"gpu_hours_weight does not name {use.name}"
    if use.point is None:
        return "the catalog has no such point"
    return point_fault(account.inputs, workload, use.point)


def _pool_fault(account: Account, use: Use, found: list[Source]) -> str:
    """Why a point may not run on a pool: system, RDMA, capabilities or spot of any of its supplies."""
    inputs = account.inputs
    workload = inputs.workloads[use.workload]
    system = use.name if use.point is None else use.point.system
    requires = () if use.point is None else use.point.requires
    for source in found:
        if inputs.systems[source.system].system != system:
            return f"{source.key} is of another system"
        if source.by_job and (workload.kind == "interactive" or not workload.whole_replicas):
            return f"{source.key} runs by the job, for whole replicas of batch work"
        rule = pool_ruled_out(
            requires,
            use.replica_gpus,
            use.worker_gpus,
            workload.spot_allowed,
            stack=source.capabilities,
            rdma=source.rdma,
            preemptible=source.preemptible,
            domain_gpus=source.hosting.domain_gpus,
        )
        if rule == "spot":
            return f"{source.key} is spot"
        if rule == "domain":
            return f"{source.key} has domains of {source.hosting.domain_gpus} GPUs, its workers take {use.worker_gpus}"
        if rule == "rdma":
            return f"{source.key} has no RDMA, which a replica of {use.replica_gpus:g} GPUs needs"
        if rule == "capabilities":
            lacking = set(requires) - (source.capabilities or set())
            return f"{source.key} does not enable {', '.join(sorted(lacking))}"
    return ""


def _apis(account: Account, findings: Findings) -> None:
    """Each token API row: switched on, of the workload's model, allowed, fast enough and there on all days."""
    inputs, sent = account.inputs, account.service.to_api
    used = sent.any(axis=(0, 3, 4))
    for workload, api in zip(*np.nonzero(used), strict=True):
        stream, offer = inputs.workloads[workload], inputs.apis[api]
        fault = api_fault(inputs, stream, offer)
        rates = sent[:, workload, api]
        gone = ~on_all_days(inputs.timeline, None, offer.available_until)

        def told(
            future: int, period: int, block: int, where: str = f"{stream.name} at {offer.name}", why: str = fault
        ) -> Told:
            when = inputs.when(future, period, block)
            sentence = f"{where} in {when}: {why or 'it is not there on all days'}"
            return Told(where, inputs.timeline.names[period], sentence)

        findings.forbidden("token_api", rates, bool(fault) | gone[None, :, None], told)


def _api_limits(account: Account, findings: Findings) -> None:
    """Σ rate × (input + output tokens) × 86,400 ≤ max_mtok_per_day, in every block."""
    inputs = account.inputs
    per_request = [w.tokens.input + w.tokens.output if w.tokens else 0.0 for w in inputs.workloads]
    mtok_per_request = np.array(per_request) * SECONDS_PER_DAY / TOKENS_PER_MTOK
    mtok = np.einsum("fwjtb,w->fjtb", account.service.to_api, mtok_per_request)
    limits = [np.inf if api.max_mtok_per_day is None else api.max_mtok_per_day for api in inputs.apis]

    def told(future: int, api: int, period: int, block: int) -> Told:
        name, when = inputs.apis[api].name, inputs.when(future, period, block)
        amount, limit = figure(mtok[future, api, period, block]), figure(limits[api])
        sentence = f"{name} is sent {amount} Mtok a day in {when}, it takes {limit}"
        return Told(name, inputs.timeline.names[period], sentence)

    findings.at_most("token_api", mtok, np.array(limits)[None, :, None, None], told)
