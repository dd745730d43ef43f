"""Plausible wrong versions of ``planner.rules.hosting``, each with a case in which it matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.rules import hosting
from tests.rule_cases import DEAR, case, chat, owning, workers_of_five_gpus
from tests.rule_mutants import Mutant, constant
from tests.strategies import Case, offer, point, system

WHOLE: dict[str, Any] = {"whole_replicas": True}
LOTS = {"whole_on_demand_lots": True}


def whole_replicas_on_spares() -> Case:
    """7.6 of 8 GPUs are up, and all 8 host: a replica of 8 GPUs that makes 7.6 requests/s."""
    node = offer(usd_per_gpu_hour=9.0, lot_gpus=8, usable_share=0.95)
    wide = point(gpus_per_replica=8, largest_worker_gpus=8)
    return case((node,), (wide,), workloads=[chat(**WHOLE)])


def whole_replicas_of_ones_own() -> Case:
    wide = point(gpus_per_replica=8, largest_worker_gpus=8)
    return owning(systems=(system("h-node", usable_share=0.95),), points=(wide,), workloads=[chat(**WHOLE)])


def a_lot_smaller_than_a_system() -> Case:
    """Eight virtual machines of one GPU, at a third of a node's price, host no worker of four."""
    alone = offer(provider="bolt", usd_per_gpu_hour=3.0, domain_gpus=None)
    return case((DEAR, alone))


def a_night_in_batch() -> Case:
    """Replicas of three GPUs, two to a lot of eight, that run for a part of the year."""
    work = {"kind": "batch", "demand": {"requests_per_s": 4.0}} | WHOLE
    node = offer(usd_per_gpu_hour=9.0, lot_gpus=8)
    small = point(gpus_per_replica=3, largest_worker_gpus=3)
    return case((node,), (small,), workloads=[chat(**work)], procurement=LOTS)


def replicas_of_nine_gpus() -> Case:
    """One worker of five, and the rest of the replica beside it."""
    return case(points=(point(gpus_per_replica=9, largest_worker_gpus=5),))


def hosts_usable(right: Any) -> Callable[..., Any]:
    """Only what is usable hosts, 7.6 of 8 GPUs."""
    return lambda row, system: right(row, system)._replace(
        gpus=row.lot_gpus * (system.usable_share if row.usable_share is None else row.usable_share)
    )


def of_its_system(right: Any) -> Callable[..., Any]:
    """A lot is in the domain of its system, however small it is."""
    return lambda row, system: right(row, system)._replace(domain_gpus=system.nvlink_domain_usable_gpus)


HOSTING = [
    Mutant(hosting, "hosts_whole", constant(False), whole_replicas_on_spares),
    Mutant(
        hosting,
        "system_hosting",
        lambda right: lambda system: right(system)._replace(gpus=system.gpus * system.usable_share),
        whole_replicas_of_ones_own,
    ),
    Mutant(hosting, "lot_hosting", hosts_usable, whole_replicas_on_spares),
    Mutant(hosting, "lot_hosting", of_its_system, a_lot_smaller_than_a_system),
    Mutant(
        hosting,
        "workers",
        lambda _: lambda row: row.gpus_per_replica / row.largest_worker_gpus,
        replicas_of_nine_gpus,
    ),
    Mutant(
        hosting,
        "domains_taken",
        lambda _: lambda count, worker, domain: count * worker / domain,
        workers_of_five_gpus,
    ),
    Mutant(hosting, "crowds", constant(False), workers_of_five_gpus),
    Mutant(hosting, "lots_taken", lambda _: lambda gpus, count, worker, lot: gpus / lot.gpus, a_night_in_batch),
]
