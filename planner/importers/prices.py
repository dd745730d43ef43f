"""Price lists: the tables of gpuhunt and of SkyPilot's catalogs, one row an instance; a price of 0 is a missing one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from planner.importers.hardware import system_of
from planner.importers.record import Record


@dataclass(frozen=True)
class Price:
    """One price of an instance, or why it is none."""

    record: Record
    provider: str
    region: str
    system: str
    kind: str
    gpus: int
    usd_per_hour: float
    reason: str = ""

    def row(self, source: str, as_of: dt.date, evidence: str) -> dict[str, Any]:
        """The fields of an offer."""
        return {
            "provider": self.provider,
            "region": self.region,
            "system": self.system,
            "kind": self.kind,
            "usd_per_gpu_hour": self.usd_per_hour / self.gpus,
            "lot_gpus": self.gpus,
            "source": (source,),
            "as_of": as_of,
            "evidence": evidence,
            "note": f"instance {self.record.text('InstanceType') or self.record.text('instance_name')}",
        }


def is_skypilot(header: Iterable[str]) -> bool:
    """Whether a CSV has the columns of SkyPilot's catalogs."""
    return {"InstanceType", "AcceleratorName", "AcceleratorCount", "Price"} <= set(header)


def is_gpuhunt(header: Iterable[str]) -> bool:
    """Whether a CSV has gpuhunt's columns."""
    return {"instance_name", "gpu_name", "gpu_count", "price"} <= set(header)


def skypilot(record: Record, provider: str) -> list[Price]:
    """The on-demand and the spot price of a row, USD an instance-hour."""
    name, count = record.text("AcceleratorName"), record.maybe("AcceleratorCount") or 0.0
    return [
        _price(record, provider, record.text("Region"), kind, name, count, record.maybe(column))
        for kind, column in (("on_demand", "Price"), ("spot", "SpotPrice"))
        if column in record.values
    ]


def gpuhunt(record: Record, provider: str) -> list[Price]:
    """The price of a row, USD an instance-hour, on demand or spot."""
    kind = "spot" if record.text("spot").lower() == "true" else "on_demand"
    name, count = record.text("gpu_name"), record.maybe("gpu_count") or 0.0
    provider = record.text("provider") or provider
    return [_price(record, provider, record.text("location"), kind, name, count, record.maybe("price"))]


def _price(record: Record, provider: str, region: str, kind: str, gpu: str, count: float, usd: float | None) -> Price:
    system = system_of(gpu) or ""
    reason = ""
    if not gpu or not count:
        reason = "no GPU"
    elif not system:
        reason = f"no system of the catalog has {gpu}"
    elif not usd or usd < 0:
        reason = f"no {kind.replace('_', '-')} price: 0 is missing, not free"
    elif count != int(count):
        reason = f"{count:g} GPUs are a part of one"
    return Price(record, provider, region or "global", system, kind, max(int(count), 1), usd or 0.0, reason)
