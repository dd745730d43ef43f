"""Exact reductions before any solver: the optimum is the same without them, and a test says so.

Ties keep the lowest key; what is left out is counted and named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import Offer
from planner.frozen import dataclass
from planner.problem.demand import ApiAssignments
from planner.problem.limits import Limits
from planner.problem.pools import PoolIndex
from planner.problem.supply import Hourly, Reservation, Supply

Bools = NDArray[np.bool_]
Item = TypeVar("Item", Reservation, Hourly)


@dataclass(frozen=True)
class Reductions:
    """Which reductions run; all of them, but in tests. ``offers`` are contracts, hourly offers and token APIs."""

    points: bool = True
    pools: bool = True
    offers: bool = True
    bounds: bool = True


def prune_offers(
    supply: Supply, alike: PoolIndex, limits: Limits, whole_lots: bool, whole: bool
) -> tuple[Bools, Bools, list[str]]:
    """Which reservations (R,) and hourly offers (O,) to keep, and a line for each one left out.

    ``alike`` are the pools of what serves alike, whoever owns it. Where replicas are ``whole``, an offer takes the
    place of another of its provider only: all that stands on the one can stand on the other, but not on two providers.
    """
    quotas = {(quota.provider, quota.system) for quota in limits.quotas}
    depths = {name: index for index, depth in enumerate(limits.depths) for name in depth.offers}
    budgets = bool(limits.spend)

    def same_limits(winner: Offer, loser: Offer) -> bool:
        # A quota counts a provider's GPUs of a system, so that within it one offer takes just the other's place.
        elsewhere = not whole and limits.max_share is None and (winner.provider, winner.system) not in quotas
        return winner.provider == loser.provider or elsewhere

    def reservation(winner: Reservation, loser: Reservation) -> bool:
        return same_limits(winner.offer, loser.offer) and _contract_replaces(winner, loser, budgets)

    def same_depth(winner: Offer, loser: Offer) -> bool:
        # In the place of an offer that does not count towards the winner's depth, the winner would.
        return winner.name not in depths or depths[winner.name] == depths.get(loser.name)

    def hourly(winner: Hourly, loser: Hourly) -> bool:
        limited_alike = same_limits(winner.offer, loser.offer) and same_depth(winner.offer, loser.offer)
        return limited_alike and _hourly_replaces(winner, loser, whole_lots)

    reserved, left_out = _undominated(supply.reservations, alike.reservations, reservation)
    by_hour, also = _undominated(supply.hourly, alike.hourly, hourly)
    return reserved, by_hour, left_out + also


def _contract_replaces(winner: Reservation, loser: Reservation, budgets: bool) -> bool:
    """Whether a contract does all that another does and is never dearer per GPU."""
    per_gpu, other = winner.npv_usd / winner.usable_gpus, loser.npv_usd / loser.usable_gpus
    return (
        winner.term_periods == loser.term_periods
        and loser.offer.lot_gpus % winner.offer.lot_gpus == 0
        and winner.offer.lot_gpus * loser.usable_gpus == loser.offer.lot_gpus * winner.usable_gpus
        and _hosts_as_much(winner, loser)
        and (not budgets or winner.offer.upfront_share == loser.offer.upfront_share)
        and winner.here_and_now_until <= loser.here_and_now_until
        and _covers(winner.exists, loser.exists)
        and bool(np.all((per_gpu <= other)[loser.exists]))
    )


def _hourly_replaces(winner: Hourly, loser: Hourly, whole_lots: bool) -> bool:
    """Whether an hourly offer does all that another does and is never dearer per GPU."""
    per_gpu, other = winner.usd_per_hour / winner.offer.lot_gpus, loser.usd_per_hour / loser.offer.lot_gpus
    usable, other_usable = winner.usable_gpus * loser.offer.lot_gpus, loser.usable_gpus * winner.offer.lot_gpus
    return (
        (not whole_lots or loser.offer.lot_gpus % winner.offer.lot_gpus == 0)
        and bool(np.array_equal(usable, other_usable))
        and _hosts_as_much(winner, loser)
        and _covers(winner.exists, loser.exists)
        and bool(np.all((per_gpu <= other)[:, loser.exists]))
    )


def _hosts_as_much(winner: Item, loser: Item) -> bool:
    """Whether lots of one host, GPU for GPU, what lots of the other do."""
    same_gpus = winner.offer.lot_gpus * loser.hosting.gpus == loser.offer.lot_gpus * winner.hosting.gpus
    return same_gpus and winner.offer.lot_gpus * loser.hosting.domains == loser.offer.lot_gpus * winner.hosting.domains


def _undominated(
    items: Sequence[Item], pool: NDArray[np.int64], replaces: Callable[[Item, Item], bool]
) -> tuple[Bools, list[str]]:
    """Which of ``items`` no other of their pool replaces, and a line for each of the rest."""
    kept, left_out = np.ones(len(items), dtype=bool), []
    # Cheapest first, ties by name: a winner is looked at before what it may replace, so one pass is enough.
    order = sorted(range(len(items)), key=lambda index: (_mean_price(items[index]), items[index].offer.name))
    winners: list[int] = []
    for candidate in order:
        offer = items[candidate].offer
        rivals = (winner for winner in winners if pool[winner] == pool[candidate])
        better = next((winner for winner in rivals if replaces(items[winner], items[candidate])), None)
        if better is not None:
            kept[candidate] = False
            left_out.append(f"{offer.name}: {items[better].offer.name} is never dearer")
        elif not (offer.max_lots or offer.min_lots):
            winners.append(candidate)
    return kept, left_out


def _mean_price(item: Reservation | Hourly) -> float:
    usd = item.npv_usd if isinstance(item, Reservation) else item.usd_per_hour
    return float(usd.mean()) / item.offer.lot_gpus


def prune_apis(api: ApiAssignments) -> tuple[Bools, list[str]]:
    """Which APIs of a workload (J,) to keep: the cheapest that is always there and has no limit is enough."""
    kept = np.ones(len(api), dtype=bool)
    left_out: list[str] = []
    unlimited = np.isinf(api.max_mtok_per_day)[api.api]
    names = [api.names[index] for index in api.api]
    order = sorted(
        range(len(api)), key=lambda assignment: (float(api.usd_per_request[assignment].mean()), names[assignment])
    )
    winners: list[int] = []
    for assignment in order:
        better = [
            winner
            for winner in winners
            if api.workload[winner] == api.workload[assignment]
            and api.sla_excess[winner] <= api.sla_excess[assignment]
            and _covers(api.exists[winner], api.exists[assignment])
            and np.all((api.usd_per_request[winner] <= api.usd_per_request[assignment])[api.exists[assignment]])
        ]
        if better:
            kept[assignment] = False
            left_out.append(f"{names[assignment]}: {names[better[0]]} is never dearer")
        elif unlimited[assignment]:
            winners.append(assignment)
    return kept, list(dict.fromkeys(left_out))


def _covers(winner: Bools, loser: Bools) -> bool:
    return bool(np.all(winner | ~loser))
