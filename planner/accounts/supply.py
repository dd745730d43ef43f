"""Supply: where GPUs come from, what runs on them and how many serve in each pool."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from planner.accounts.energy import usd_per_gpu_hour
from planner.accounts.holdings import Holdings
from planner.accounts.inputs import Floats, Inputs, Names, places_of
from planner.accounts.terms import ContractTerms
from planner.decisions import Decided
from planner.frozen import dataclass
from planner.rules.hosting import Hosting, lot_hosting, system_hosting
from planner.rules.offers import stack, usable_share
from planner.table import coded


@dataclass(frozen=True)
class Source:
    """One supply: ``own:site/system``, ``existing:site/group``, ``offer:name``, ``job:name`` or ``contract:index``.

    ``system`` is the system's index; ``site`` the site's (-1 where rented); ``provider`` is '' where
    owned; ``capabilities`` is None where any stack may run; ``usable_share`` is that of each load block, (B,).
    ``hosting`` is that of ``unit_gpus``: one system, one lot, or a whole contract already signed. An ``owner`` is a
    site, or a provider in a region: one replica has one.
    """

    key: str
    system: int
    site: int
    provider: str
    capabilities: frozenset[str] | None
    rdma: bool
    preemptible: bool
    usable_share: tuple[float, ...]
    owner: str
    unit_gpus: float
    hosting: Hosting
    by_job: bool = False

    @property
    def up(self) -> tuple[float, ...]:
        """Share of the GPUs that replicas are put on that is up, by load block, (B,)."""
        return tuple(self.hosting.up(share * self.unit_gpus) for share in self.usable_share)

    def gpus_per_domain(self, whole: bool) -> tuple[float, ...]:
        """GPUs of each NVLink domain that host whole replicas, or that may serve parts of them, by block, (B,)."""
        gpus = (self.hosting.gpus if whole else share * self.unit_gpus for share in self.usable_share)
        return tuple(each / self.hosting.domains for each in gpus)


@dataclass(frozen=True)
class GpuSupply:
    """All supplies P and the pools Q that they feed.

    ``gpus`` and ``usable`` (F, P, T, B) are GPUs in service and those that may serve, ``at_once`` all that run at the
    same time; ``energy_usd`` (P, T) is what one GPU costs for an hour's serving over an hour's idling. ``member``
    (M, 2) are the (pool, supply) indices.
    """

    sources: tuple[Source, ...]
    pools: Names
    member: NDArray[np.intp]
    gpus: Floats
    usable: Floats
    at_once: Floats
    energy_usd: Floats

    def by_pool(self, values: Floats) -> Floats:
        """Values of supplies (F, P, T, B) summed by pool, (F, Q, T, B)."""
        total = np.zeros((values.shape[0], len(self.pools), *values.shape[2:]))
        for pool, source in self.member:
            total[:, pool] += values[:, source]
        return total

    @cached_property
    def pool_usable(self) -> Floats:
        """GPUs that may serve, (F, Q, T, B)."""
        return self.by_pool(self.usable)

    @cached_property
    def pool_gpus(self) -> Floats:
        """GPUs in service, spares included, (F, Q, T, B)."""
        return self.by_pool(self.gpus)

    @cached_property
    def pool_hosted(self) -> Floats:
        """GPUs that replicas can be put on, (F, Q, T, B)."""
        return self.by_pool(self.gpus * self._per_gpu("gpus"))

    @cached_property
    def pool_hosted_at_once(self) -> Floats:
        """The same of all lots that run at once, (F, Q, T, B)."""
        return self.by_pool(self.at_once * self._per_gpu("gpus"))

    @cached_property
    def pool_domains(self) -> Floats:
        """NVLink domains, (F, Q, T, B)."""
        return self.by_pool(self.gpus * self._per_gpu("domains"))

    @cached_property
    def pool_up(self) -> Floats:
        """Share of the GPUs that replicas are put on that is up, (Q, B): that of a pool's first supply."""
        up = [found[0].up for found in self.pool_sources]
        return np.array(up, dtype=float).reshape(len(up), self.gpus.shape[-1])

    def _per_gpu(self, what: str) -> Floats:
        each = [getattr(source.hosting, what) / source.unit_gpus for source in self.sources]
        return np.array(each, dtype=float).reshape(-1, 1, 1)

    @cached_property
    def pool_sources(self) -> list[list[Source]]:
        """The supplies of each pool (Q)."""
        found: list[list[Source]] = [[] for _ in self.pools]
        for pool, source in self.member:
            found[pool].append(self.sources[source])
        return found


def source_places(inputs: Inputs) -> dict[str, int]:
    """The keys that the table of pools may use, with their places among ``sources``."""
    return places_of(source.key for source in sources(inputs))


@lru_cache(maxsize=2)
def sources(inputs: Inputs) -> tuple[Source, ...]:
    """Every supply there can be: bought, existing, offered, signed; (P). Those of the latest inputs are kept."""
    found = [
        _owned(inputs, f"own:{site.name}/{system.system}", index, kind)
        for index, site in enumerate(inputs.sites)
        for kind, system in enumerate(inputs.systems)
    ]
    for group in inputs.groups:
        kind = inputs.system_index[group.existing.system]
        key = f"existing:{inputs.sites[group.site].name}/{group.index}"
        found.append(_owned(inputs, key, group.site, kind))
    found += [_offered(inputs, terms, by_job=False) for terms in inputs.contract_terms]
    found += [_offered(inputs, terms, by_job=True) for terms in inputs.contract_terms if not terms.reserved]
    for index, contract in enumerate(inputs.contracts):
        kind = inputs.system_index[contract.system]
        share = usable_share(contract, inputs.systems[kind])
        found.append(
            Source(
                key=f"contract:{index}",
                system=kind,
                site=-1,
                provider=contract.provider,
                capabilities=stack(contract),
                rdma=contract.interconnect == "rdma",
                preemptible=False,
                usable_share=(share,) * len(inputs.timeline.blocks),
                owner=f"{contract.provider}/{contract.region}",
                unit_gpus=contract.gpus,
                hosting=lot_hosting(contract, inputs.systems[kind]),
            )
        )
    return tuple(found)


def _offered(inputs: Inputs, terms: ContractTerms, *, by_job: bool) -> Source:
    return Source(
        key=f"{'job' if by_job else 'offer'}:{terms.name}",
        system=inputs.system_index[terms.system],
        site=-1,
        provider=terms.provider,
        capabilities=terms.capabilities,
        rdma=terms.rdma,
        preemptible=terms.kind == "spot",
        usable_share=terms.usable_share,
        owner=f"{terms.provider}/{terms.region}",
        unit_gpus=terms.lot_gpus,
        hosting=terms.hosting,
        by_job=by_job,
    )


def _owned(inputs: Inputs, key: str, site: int, kind: int) -> Source:
    system = inputs.systems[kind]
    share = (system.usable_share,) * len(inputs.timeline.blocks)
    owner = inputs.sites[site].name
    return Source(key, kind, site, "", None, True, False, share, owner, system.gpus, system_hosting(system))


def supply(inputs: Inputs, decided: Decided, holdings: Holdings) -> GpuSupply:
    """The supply that the holdings make; every pool member must be known."""
    found = sources(inputs)
    codes, pools = coded(decided.pools["pool"].tolist())
    member = np.stack([codes, inputs.codes(decided.pools, "supply", source_places(inputs))], axis=1)
    gpus = _gpus(inputs, holdings, holdings.jobs)
    at_once = _gpus(inputs, holdings, holdings.jobs_at_once)
    shares = np.array([source.usable_share for source in found]).reshape(len(found), len(inputs.timeline.blocks))
    usable = gpus * shares[None, :, None, :]
    rate = usd_per_gpu_hour(inputs)
    energy = np.zeros((len(found), inputs.timeline.periods))
    for index, source in enumerate(found):
        if source.site >= 0:
            energy[index] = rate[source.site, source.system]
    return GpuSupply(found, np.array(pools, dtype=object), member, gpus, usable, at_once, energy)


def _gpus(inputs: Inputs, holdings: Holdings, jobs: Floats) -> Floats:
    """GPUs in service of each supply, (F, P, T, B), in the order of ``sources``; ``jobs`` are lots by the job."""
    futures, blocks = len(inputs.futures), len(inputs.timeline.blocks)
    time = inputs.timeline.periods
    per_system = np.array([system.gpus for system in inputs.systems], dtype=float)
    per_group = np.array([per_system[inputs.system_index[g.existing.system]] for g in inputs.groups])
    per_lot = np.array([terms.lot_gpus for terms in inputs.contract_terms], dtype=float)

    def flat(counts: Floats) -> Floats:
        """Over all load blocks alike."""
        return np.repeat(counts.reshape(futures, -1, time)[..., None], blocks, axis=3)

    own = flat(holdings.own * per_system[None, None, :, None])
    existing = flat(holdings.keep * per_group[None, :, None])
    rented = (holdings.under_contract[..., None] + holdings.standing) * per_lot[None, :, None, None]
    hourly = np.array([not terms.reserved for terms in inputs.contract_terms], dtype=bool)
    by_job = (jobs * per_lot[None, :, None, None])[:, hourly]
    return np.concatenate([own, existing, rented, by_job, flat(signed_gpus(inputs))], axis=1)


def signed_gpus(inputs: Inputs) -> Floats:
    """GPUs of contracts already signed, in the periods they cover wholly, (F, C, T)."""
    shape = (len(inputs.futures), len(inputs.contracts), inputs.timeline.periods)
    gpus = np.zeros(shape)
    for index, contract in enumerate(inputs.contracts):
        gpus[:, index] = contract.gpus * inputs.covered(contract.start, contract.end)
    return gpus
