"""Survival: how much of what serves a workload is gone with its largest replica or system."""

from __future__ import annotations

from typing import Literal

from planner.catalog.models import System
from planner.rules.hosting import DUST, system_hosting
from planner.scenario.models import Scenario, Workload

Survive = Literal["none", "replica", "system", "provider"]


def has_to_survive(scenario: Scenario, workload: Workload) -> bool:
    """Whether a workload's targets have to hold with one of what serves it gone: batch work can wait."""
    return scenario.service.survive != "none" and workload.kind == "interactive" and workload.whole_replicas


def replicas_lost(survive: Survive, replica_gpus: float, system: System) -> int:
    """Replicas of one kind that are gone with one replica, or with one system: all that it hosts.

    A replica over several systems is gone with each of them; where its edges share a system with another, so is that.
    """
    if survive == "replica":
        return 1
    hosted = system_hosting(system).gpus
    if replica_gpus <= hosted:
        return int(hosted / replica_gpus + DUST)
    systems = replica_gpus / hosted
    return 1 if abs(systems - round(systems)) < DUST else 2
