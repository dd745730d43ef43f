"""Plausible wrong versions of ``planner.rules.survival``, each with a case in which it matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.rules import survival
from tests.rule_cases import DEAR, case, chat, owning
from tests.rule_mutants import Mutant, constant
from tests.strategies import Case, offer, point, system

WHOLE: dict[str, Any] = {"whole_replicas": True}


def _survive(what: str) -> dict[str, Any]:
    return {"service": {"survive": what}}


def a_spare_replica() -> Case:
    """Twenty requests/s are five replicas of four GPUs; with a spare one 24 GPUs."""
    return case(workloads=[chat(**WHOLE)], **_survive("replica"))


def a_spare_system() -> Case:
    """A node hosts two replicas of four GPUs: with two to spare 28 GPUs."""
    return case(workloads=[chat(**WHOLE)], **_survive("system"))


def replicas_over_two_nodes() -> Case:
    """Two replicas of twelve GPUs share a node, and are gone with it: four of them are 48 GPUs."""
    wide = point(gpus_per_replica=12, largest_worker_gpus=4)
    return case(points=(wide,), workloads=[chat(**WHOLE)], **_survive("system"))


def replicas_of_two_nodes() -> Case:
    """A replica of sixteen GPUs fills two nodes and shares none: two of them and one to spare are 48 GPUs."""
    wide = point(gpus_per_replica=16, largest_worker_gpus=8)
    return case(points=(wide,), workloads=[chat(**WHOLE)], **_survive("system"))


def two_providers() -> Case:
    """Twenty GPUs at each of two, one of them at 10 USD."""
    return case(
        (DEAR, offer(provider="bolt", usd_per_gpu_hour=10.0)), workloads=[chat(**WHOLE)], **_survive("provider")
    )


def batch_that_waits() -> Case:
    """Batch work needs no spare replica: three nodes, five replicas."""
    node = system("h-node", usable_share=1.0)
    return owning(rented=(), systems=(node,), workloads=[chat(kind="batch", **WHOLE)], **_survive("system"))


def work_in_parts() -> Case:
    """Parts of replicas have none that could be gone: twenty GPUs."""
    return case(workloads=[chat(), chat(name="whole", **WHOLE)], **_survive("replica"))


def of_batch_too(_: Any) -> Callable[..., bool]:
    return lambda asked, workload: asked.service.survive != "none" and workload.whole_replicas


def of_parts_too(_: Any) -> Callable[..., bool]:
    return lambda asked, workload: asked.service.survive != "none" and workload.kind == "interactive"


def one_system_as_one_replica(right: Any) -> Callable[..., int]:
    return lambda survive, gpus, row: right("replica", gpus, row)


def always_a_system(right: Any) -> Callable[..., int]:
    return lambda survive, gpus, row: right("system", gpus, row)


SURVIVED = [
    Mutant(survival, "has_to_survive", constant(False), a_spare_replica),
    Mutant(survival, "has_to_survive", constant(False), two_providers),
    Mutant(survival, "has_to_survive", of_batch_too, batch_that_waits),
    Mutant(survival, "has_to_survive", of_parts_too, work_in_parts),
    Mutant(survival, "replicas_lost", one_system_as_one_replica, a_spare_system),
    Mutant(survival, "replicas_lost", one_system_as_one_replica, replicas_over_two_nodes),
    Mutant(survival, "replicas_lost", always_a_system, a_spare_replica),
    Mutant(survival, "replicas_lost", constant(2), replicas_of_two_nodes),
]
