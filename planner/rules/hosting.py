"""Hosting: how many GPUs replicas can be put on, which workers fit together, and what of them is up.

A system that is up hosts on every GPU of its domain. The usable share is the share of systems, or of hours paid for,
that are up: where replicas are whole it multiplies what they make, and never leaves 7.6 of 8 GPUs to host on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from planner.catalog.models import Offer, ServingPoint, System
from planner.scenario.models import Contract, Quote, Scenario

DUST = 1e-9


class Hosting(NamedTuple):
    """GPUs of one system or lot that host replicas, the GPUs of its NVLink domain, and how many domains it has.

    A lot that is a part of a domain has a part of one.
    """

    gpus: float
    domain_gpus: int
    domains: float

    def up(self, usable_gpus: float) -> float:
        """Share of what it hosts that is up, where so many GPUs of it may serve."""
        return usable_gpus / self.gpus


def hosts_whole(scenario: Scenario) -> bool:
    """Whether any workload of a scenario runs whole replicas, so that it matters what hosts them."""
    return any(workload.whole_replicas for workload in scenario.workloads)


def system_hosting(system: System) -> Hosting:
    """What one owned system hosts: its domains' GPUs, of which an NVL72 keeps two trays spare."""
    domain = min(system.nvlink_domain_usable_gpus, system.gpus)
    domains = system.gpus // domain
    return _at_least(domains * domain, system.usable_share * system.gpus, domain, domains)


def lot_hosting(row: Offer | Quote | Contract, system: System) -> Hosting:
    """What one lot hosts (all GPUs of a contract already signed): the row's ``domain_gpus``, else whole systems.

    A lot smaller than a system is a domain by itself.
    """
    lot = row.gpus if isinstance(row, Contract) else row.lot_gpus
    usable = (system.usable_share if row.usable_share is None else row.usable_share) * lot
    if row.domain_gpus is not None:
        domain = min(row.domain_gpus, system.gpus)
        return _at_least(lot if domain >= lot else lot // domain * domain, usable, domain, lot / domain)
    of_system = system_hosting(system)
    systems, rest = divmod(lot, system.gpus)
    if not systems:
        domain = min(lot, of_system.domain_gpus)
        return _at_least(domain, usable, domain, 1.0)
    whole = systems * of_system.domains * of_system.domain_gpus
    domains = systems * of_system.domains + rest / system.gpus
    return _at_least(whole + min(rest, of_system.domain_gpus), usable, of_system.domain_gpus, domains)


def _at_least(gpus: float, usable_gpus: float, domain_gpus: int, domains: float) -> Hosting:
    """A provider that promises more of a lot than its domain usually gives hosts on all of it."""
    return Hosting(max(float(gpus), float(math.floor(usable_gpus + DUST))), domain_gpus, domains)


def workers(point: ServingPoint) -> float:
    """Workers of a replica that may be as large as its largest: each has to find room in a domain.

    Replicas that share a GPU have a part of one each.
    """
    return point.gpus_per_replica // point.largest_worker_gpus / point.replicas_per_gpu


def domains_taken(count: float, worker_gpus: int, domain_gpus: int) -> float:
    """NVLink domains that ``count`` workers of so many GPUs take: a domain has room for whole ones only."""
    return count / (domain_gpus // worker_gpus) if worker_gpus <= domain_gpus else math.inf


def crowds(worker_gpus: int, domain_gpus: int) -> bool:
    """Whether whole workers leave GPUs of their domain over, so that counting GPUs is not enough."""
    return domain_gpus % worker_gpus > 0


def lots_taken(replica_gpus: float, count: float, worker_gpus: int, lot: Hosting) -> float:
    """Lots by the hour that a replica takes where it runs alone: whole ones, or a share of one that hosts several."""
    domains = domains_taken(count, worker_gpus, lot.domain_gpus)
    alongside = min(math.floor(lot.gpus / replica_gpus + DUST), math.floor(lot.domains / domains + DUST))
    if alongside:
        return 1 / alongside
    return float(math.ceil(max(replica_gpus / lot.gpus, domains / lot.domains) - DUST))
