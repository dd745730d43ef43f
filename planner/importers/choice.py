"""Which of several runs or prices of one key stands, whatever their order in the file."""

from __future__ import annotations

from typing import NamedTuple

from planner.catalog.models import Offer, ServingPoint
from planner.catalog.table import cells
from planner.importers.record import Record


class Measured(NamedTuple):
    """A serving point with the record that it comes from and how many requests it rests on."""

    record: Record
    point: ServingPoint
    completed: float


class Priced(NamedTuple):
    """An offer with the record that it comes from."""

    record: Record
    offer: Offer


def standing_run(runs: list[Measured]) -> list[Measured]:
    """Runs of one configuration and load, the one that stands first: the newest, then the longest, then the slowest.

    The best of several tries is what a server does at its luckiest.
    """

    def rank(run: Measured) -> tuple[object, ...]:
        point = run.point
        return -point.as_of.toordinal(), -run.completed, point.output_tok_s_per_gpu, cells(point), run.record.line

    return sorted(runs, key=rank) if len(runs) > 1 else runs


def standing_price(prices: list[Priced]) -> list[Priced]:
    """Prices of the same GPUs in a region, the one that stands first: of instances that differ in disk or CPU alone
    the cheapest stands for the GPUs."""
    if len(prices) == 1:
        return prices
    return sorted(prices, key=lambda price: (price.offer.usd_per_gpu_hour, cells(price.offer)))
