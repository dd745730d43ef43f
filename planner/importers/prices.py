"""Price lists: the tables of gpuhunt and of SkyPilot's catalogs, one row an instance; a price of 0 is a missing one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from planner.errors import InputError
from planner.frozen import dataclass
from planner.importers.hardware import Names, instance_card
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.importers.tally import Reason

# On-demand and spot prices of SkyPilot's tables.
_KINDS = (("on_demand", "Price"), ("spot", "SpotPrice"))
# Google sells GPUs and their host apart, and each kind of GPU comes with one host: GPUs, how many, instance.
_HOSTS = {
    ("A100", "1"): "a2-highgpu-1g", ("A100", "2"): "a2-highgpu-2g", ("A100", "4"): "a2-highgpu-4g",
    ("A100", "8"): "a2-highgpu-8g", ("A100", "16"): "a2-megagpu-16g",
    ("A100-80GB", "1"): "a2-ultragpu-1g", ("A100-80GB", "2"): "a2-ultragpu-2g", ("A100-80GB", "4"): "a2-ultragpu-4g",
    ("A100-80GB", "8"): "a2-ultragpu-8g",
    ("H100", "1"): "a3-highgpu-1g", ("H100", "2"): "a3-highgpu-2g", ("H100", "4"): "a3-highgpu-4g",
    ("H100", "8"): "a3-highgpu-8g",
    ("H100-MEGA", "8"): "a3-megagpu-8g", ("H200", "8"): "a3-ultragpu-8g", ("B200", "8"): "a4-highgpu-8g",
}  # fmt: skip
_NO_GPU = "no GPU"
_Place = tuple[str, str, str]


@dataclass(frozen=True)
class Price:
    """One price of an instance: ``gpu`` as its list names it, USD an hour for all ``gpus``."""

    record: Record
    provider: str
    region: str
    gpu: str
    kind: str
    gpus: int
    usd_per_hour: float
    instance: str

    def row(self, names: Names, source: str, as_of: dt.date, evidence: str) -> dict[str, Any] | Reason:
        """The fields of an offer, or why there is none."""
        system = names.system_of(self.gpu)
        if system is None:
            return Reason("no system of the catalog has the GPU", f"no system of the catalog has {self.gpu}")
        fields = {
            "provider": self.provider,
            "region": self.region,
            "system": system,
            "kind": self.kind,
            "usd_per_gpu_hour": self.usd_per_hour / self.gpus,
            "lot_gpus": self.gpus,
            "source": (source,),
            "as_of": as_of,
            "evidence": evidence,
            "note": f"instance {self.instance}",
        }
        known = names.systems.get(system)
        if known is None or self.gpus == known.gpus:
            return fields
        fields["product"] = f"{self.gpus}-gpu"
        if self.gpus < known.gpus:
            # Nothing in the list says that such machines are joined.
            fields |= {"domain_gpus": self.gpus, "interconnect": "none"}
        return fields


def is_skypilot(header: Iterable[str]) -> bool:
    """Whether a CSV has the columns of SkyPilot's catalogs."""
    return {"InstanceType", "AcceleratorName", "AcceleratorCount", "Price"} <= set(header)


def is_gpuhunt(header: Iterable[str]) -> bool:
    """Whether a CSV has gpuhunt's columns."""
    return {"instance_name", "gpu_name", "gpu_count", "price"} <= set(header)


def skypilot(records: Iterable[Record], given: ImportOptions) -> Iterator[tuple[Record, Price | Reason | InputError]]:
    """The prices of a table, USD an instance-hour. GPUs without an instance cost their host's price as well."""
    rows = list(records)
    # Of hosts that are listed twice the cheaper one, whichever comes first.
    dearest_first = sorted((row for row in rows if "AcceleratorName" not in row), key=_usd, reverse=True)
    hosts = {_place(row, row.text("InstanceType")): row for row in dearest_first}
    sold = {_place(row, host) for row in rows if (host := _host_of(row))}
    for row in rows:
        kinds = [(kind, column) for kind, column in _KINDS if column in row.values] or [_KINDS[0]]
        for kind, column in kinds:
            try:
                yield row, _skypilot_price(row, kind, column, hosts, sold, given.provider or "")
            except InputError as error:
                yield row, error


def _skypilot_price(
    row: Record, kind: str, column: str, hosts: dict[_Place, Record], sold: set[_Place], provider: str
) -> Price | Reason:
    gpu, instance = row.text("AcceleratorName"), row.text("InstanceType")
    usd = row.maybe(column)
    if not gpu and _place(row, instance) in sold:
        return Reason("a host, priced with its GPUs", f"{instance} is a host, and priced with its GPUs")
    if gpu and not instance:
        instance = _host_of(row)
        host = hosts.get(_place(row, instance)) if instance else None
        if host is None:
            alone = "InstanceType is empty: this is the price of GPUs without their host"
            return Reason(alone, f"{alone}, {instance}, which is not in the file" if instance else alone)
        with_host = host.maybe(column)
        usd = usd + with_host if usd and with_host else None
        instance = f"{instance} with its GPUs"
    region = row.text("Region")
    return _price(row, (provider, region, instance), kind, gpu, row.maybe("AcceleratorCount"), usd)


def _host_of(row: Record) -> str:
    """The host that GPUs without an instance come with, '' where a row is about an instance."""
    if "InstanceType" in row or "AcceleratorName" not in row:
        return ""
    return _HOSTS.get((row.text("AcceleratorName"), row.text("AcceleratorCount").removesuffix(".0")), "")


def _place(row: Record, instance: str) -> _Place:
    return instance, row.text("Region"), row.text("AvailabilityZone") or row.text("Zone")


def _usd(row: Record) -> float:
    """What a host costs, 0 where it is no number: for their order alone."""
    try:
        return row.maybe("Price") or 0.0
    except InputError:
        return 0.0


def gpuhunt(row: Record, given: ImportOptions) -> Price | Reason:
    """The price of a row, USD an instance-hour, on demand or spot."""
    kind = "spot" if row.text("spot").lower() == "true" else "on_demand"
    where = (row.text("provider") or given.provider or "", row.text("location"), row.text("instance_name"))
    gpu, memory = row.text("gpu_name"), row.maybe("gpu_memory")
    name = f"{gpu} {memory:.0f}GB" if gpu and memory else gpu
    return _price(row, where, kind, name, row.maybe("gpu_count"), row.maybe("price"))


def _price(
    record: Record, where: tuple[str, str, str], kind: str, gpu: str, count: float | None, usd: float | None
) -> Price | Reason:
    provider, region, instance = where
    if not gpu or not count:
        return Reason(_NO_GPU, _NO_GPU)
    if not usd or usd < 0:
        sentence = f"no {kind.replace('_', '-')} price: 0 is missing, not free"
        return Reason(sentence, sentence)
    if count != int(count) or count < 1:
        return Reason("a part of a GPU", f"{count:g} GPUs are a part of one")
    card = instance_card(instance, gpu)
    return Price(record, provider, region or "global", card, kind, int(count), usd, instance)
