"""What GPUs can come from: racks to buy, groups already owned, contracts, hourly offers; and what they cost.

Arrays have the axes A (site × system to buy), G (existing groups), R (reserved offers), S (contracts already signed),
O (hourly offers), F (futures), T (periods), B (load blocks). Money is USD.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import Offer, System
from planner.frozen import dataclass
from planner.rules.hosting import Hosting, system_hosting
from planner.scenario.models import Contract

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Asset:
    """A system at a site: bought in some period, or an existing group. One unit is one system.

    ``running_usd`` (T,) is what one system costs in service over a period: staff, licence, colocation, idle
    energy, and for existing groups support. ``busy_usd_per_gpu_hour`` (T,) is the energy of a GPU that serves.
    ``idle_mwh`` (T,) and ``busy_mwh_per_gpu_hour`` are the same energy as it is drawn from the utility.
    """

    site: int
    system: System
    supply: str
    running_usd: Floats
    busy_usd_per_gpu_hour: Floats
    idle_mwh: Floats
    busy_mwh_per_gpu_hour: float
    cap_kw: float
    it_kw: float
    positions: float
    needs_conversion: bool

    @property
    def usable_gpus(self) -> float:
        """GPUs of one system that may serve, on the mean."""
        return self.system.gpus * self.system.usable_share

    @property
    def hosting(self) -> Hosting:
        """What one system hosts of whole replicas."""
        return system_hosting(self.system)


@dataclass(frozen=True)
class Purchase:
    """A system that can be bought for a site.

    ``exists`` (T,) marks the periods it can enter service in; ``capex_usd`` and ``upkeep_usd`` (T, T) are cash by
    period bought × period paid; ``npv_usd`` (T,) both less residual, discounted; ``here_and_now_until`` is
    the first period whose purchase is ordered after the future is known.
    """

    asset: Asset
    exists: Bools
    life_periods: int
    capex_usd: Floats
    upkeep_usd: Floats
    npv_usd: Floats
    lead_weeks: float
    here_and_now_until: int


@dataclass(frozen=True)
class Group:
    """Systems already owned: in service in ``exists`` (T,) unless retired.

    They are there from period ``first`` on (T where they are in none), and one that is not kept is sold for
    ``credit_usd`` (T + 1,) on the first day of a period, or at the horizon's end.
    """

    asset: Asset
    index: int
    count: int
    exists: Bools
    first: int
    credit_usd: Floats


@dataclass(frozen=True)
class Reservation:
    """A reserved offer; one unit is one lot.

    ``opex_usd`` (T, T) is cash by period signed × period paid inside the horizon; ``npv_usd`` (T,) all of it
    and the tail; ``commitment_usd`` (T,) the whole contract's value.
    """

    offer: Offer
    quoted: bool
    usable_gpus: float
    hosting: Hosting
    term_periods: int
    exists: Bools
    opex_usd: Floats
    npv_usd: Floats
    commitment_usd: Floats
    lead_weeks: float
    here_and_now_until: int


@dataclass(frozen=True)
class Signed:
    """A contract already signed; ``gpus`` and ``usable_gpus`` (T,) there, ``opex_usd`` (T,) due."""

    contract: Contract
    gpus: Floats
    usable_gpus: Floats
    hosting: Hosting
    opex_usd: Floats


@dataclass(frozen=True)
class Hourly:
    """An on-demand or spot offer; one unit is one lot running through a block.

    ``usable_gpus`` (B,) per lot; ``exists`` (T,); ``usd_per_hour`` (F, T) per lot. Lots ``by_job`` run no longer than
    the batch work on them: their unit is the mean of a block.
    """

    offer: Offer
    usable_gpus: Floats
    hosting: Hosting
    exists: Bools
    usd_per_hour: Floats
    by_job: bool = False

    @property
    def supply(self) -> str:
        """Its key among the supplies of pools."""
        return f"{'job' if self.by_job else 'offer'}:{self.offer.name}"


@dataclass(frozen=True)
class Supply:
    """Everything GPUs can come from, and the offers left out with the reason."""

    purchases: tuple[Purchase, ...]
    groups: tuple[Group, ...]
    reservations: tuple[Reservation, ...]
    signed: tuple[Signed, ...]
    hourly: tuple[Hourly, ...]
    left_out: tuple[str, ...]

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Systems at sites, those to buy before those already owned."""
        bought = tuple(item.asset for item in self.purchases)
        return bought + tuple(group.asset for group in self.groups)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Offers that may be signed or rented, reserved before hourly."""
        reserved = tuple(item.offer for item in self.reservations)
        return reserved + tuple(item.offer for item in self.hourly)

    @property
    def systems(self) -> set[str]:
        """Keys of the systems that any supply brings."""
        owned = {asset.system.system for asset in self.assets}
        rented = {offer.system for offer in self.offers}
        return owned | rented | {item.contract.system for item in self.signed}
