"""At what price a plan starts to buy or rent a system: bisection on the optimum itself, each step a solve."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from planner.catalog import Catalog
from planner.errors import InfeasiblePlan, StoppedByClock
from planner.frozen import dataclass
from planner.pipeline import solve
from planner.scenario import Scenario
from planner.studies.command import Progress
from planner.studies.result import limit_of
from planner.timeline import scenario_timeline

Kind = Literal["buy", "reserve", "rent", "api"]
# Ways of getting a system's GPUs; a token API is of no system.
KINDS: tuple[Kind, ...] = ("buy", "reserve", "rent")
UNITS: dict[Kind, str] = {
    "buy": "USD per system",
    "reserve": "USD per GPU-hour",
    "rent": "USD per GPU-hour",
    "api": "USD per Mtok output",
}
Case = tuple[Scenario, Catalog]
# A bracket is widened by this factor until it holds the break-even, up to a price nobody asks.
WIDER, MOST_WIDENINGS = 2.0, 8
# So late that nothing is delivered within any horizon.
NEVER_WEEKS = 5000.0
# Costs of two solves are told apart only above this share.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Threshold:
    """Between what prices a plan stops to pay for a supply (``kind`` of one system).

    At ``low`` and below every optimal plan draws on it: that is proven. At ``high`` and above, doing without costs at
    most ``worth_usd`` (NPV) more, which is what two solves' gaps leave open. None: no such price was found, down to a
    256th or up to 256 times today's. ``now`` is today's cheapest price, in the same unit, None where nobody lists one.
    ``stopped`` where the clock ended the search: the interval is what was known then.
    """

    kind: Kind
    unit: str
    now: float | None
    low: float | None
    high: float | None
    worth_usd: float | None
    solves: int
    needed: bool = False
    stopped: bool = False

    @property
    def drawn_on(self) -> bool | None:
        """Whether plans draw on it at today's price; None where that is within the interval."""
        if self.needed:
            return True
        if self.now is None:
            return None
        if self.low is not None and self.now <= self.low:
            return True
        return False if self.high is not None and self.now >= self.high else None


def threshold(
    scenario: Scenario,
    catalog: Catalog,
    system: str,
    kind: Kind,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    precision: float = 0.05,
    most_solves: int = 8,
    progress: Progress = lambda words: None,
) -> Threshold | None:
    """The break-even price of ``system`` bought, reserved or on demand; None where the scenario has no such offer.

    All offers of that kind and system get the same price; everything else stays as it is. The search ends when the
    interval is narrower than ``precision`` of its middle, when no price between can be decided, or after
    ``most_solves`` solves. Raises what ``solve`` raises but for InfeasiblePlan of the scenario without that supply.
    """
    now = price_now(scenario, catalog, system, kind)
    if now is None:
        return None
    if kind == "buy":
        scenario = _keeping_what_stands(scenario)
    return bracketed(
        kind,
        now,
        without_supply(scenario, catalog, system, kind),
        lambda price: with_price(scenario, catalog, system, kind, price),
        gap=gap,
        time_limit_s=limit_of(scenario, time_limit_s),
        precision=precision,
        most_solves=most_solves,
        progress=progress,
    )


def bracketed(
    kind: Kind,
    now: float | None,
    absent: Case,
    priced: Callable[[float], Case],
    *,
    gap: float | None,
    time_limit_s: float,
    precision: float,
    most_solves: int,
    progress: Progress,
) -> Threshold:
    """The interval between what is ``priced`` so low that it is used and so high that the plan without is as good.

    It begins at the price ``now``; without one at what the plan ``absent`` costs per Mtok of output.
    """
    asked: dict[str, Any] = {"gap": gap, "time_limit_s": time_limit_s}
    solves = 1
    progress(f"{kind}: without it")
    try:
        without = solve(*absent, **asked)
    except InfeasiblePlan:
        return Threshold(kind, UNITS[kind], now, None, None, None, solves, needed=True)
    except StoppedByClock:
        return Threshold(kind, UNITS[kind], now, None, None, None, solves, stopped=True)
    stopped = not without.proof.reproducible
    cost = without.proof.objective_usd
    bound = without.proof.best_bound_usd
    floor = bound if bound is not None else -math.inf
    worth = 2 * without.proof.gap_asked * abs(cost) + TOLERANCE * abs(cost)

    def answer(price: float) -> Literal["used", "idle", "open"]:
        nonlocal solves, stopped
        if stopped:
            return "open"
        solves += 1
        progress(f"{kind}: at {price:,.6g} {UNITS[kind]}")
        try:
            plan = solve(*priced(price), **asked)
        except StoppedByClock:
            stopped = True
            return "open"
        stopped = not plan.proof.reproducible
        if plan.proof.objective_usd < floor - TOLERANCE * abs(cost):
            return "used"
        least = plan.proof.best_bound_usd
        return "idle" if least is not None and cost - least <= worth else "open"

    start = float(without.kpis["levelised_usd_per_mtok_output"] or 1.0) if now is None else now
    low, high = _search(answer, start, precision, most_solves - 1)
    return Threshold(kind, UNITS[kind], now, low, high, worth, solves, stopped=stopped)


def _keeping_what_stands(scenario: Scenario) -> Scenario:
    """The same with nothing resold of what stands there: a price asked about is that of a new system, not of a used."""
    finance = scenario.finance.model_copy(update={"resell_existing": False})
    return scenario.model_copy(update={"finance": finance})


def _search(
    answer: Callable[[float], str], start: float, precision: float, most: int
) -> tuple[float | None, float | None]:
    """The highest price found ``used`` and the lowest found ``idle``; ``open`` prices lie between them."""
    found = {start: answer(start)}
    low, high = (start if found[start] == name else None for name in ("used", "idle"))
    below = above = start
    while high is None and len(found) < min(most, MOST_WIDENINGS + 1):
        above *= WIDER
        found[above] = answer(above)
        high = above if found[above] == "idle" else None
        low = above if found[above] == "used" else low
    while low is None and len(found) < min(most, 2 * MOST_WIDENINGS + 1):
        below /= WIDER
        found[below] = answer(below)
        low = below if found[below] == "used" else None
        high = below if found[below] == "idle" else high
    while low is not None and high is not None and high - low > precision * (low + high) / 2 and len(found) < most:
        # Where prices between are open, the ends are moved towards them in turn.
        between = sorted(price for price, name in found.items() if name == "open" and low < price < high)
        sides = [(between[0] - low, low, between[0]), (high - between[-1], between[-1], high)] if between else []
        width, one, other = max(sides, default=(high - low, low, high))
        if width <= precision * (low + high) / 4:
            break
        price = (one + other) / 2
        found[price] = answer(price)
        low = price if found[price] == "used" else low
        high = price if found[price] == "idle" else high
    return low, high


def price_now(scenario: Scenario, catalog: Catalog, system: str, kind: Kind) -> float | None:
    """Today's price: of the system, or the cheapest offer of it open to the scenario; None where there is none."""
    from planner.problem.problem import build_supply

    supply = build_supply(scenario, catalog, scenario_timeline(scenario, catalog), whole=False)
    if kind == "buy":
        bought = [item.asset.system.price_usd for item in supply.purchases if item.asset.system.system == system]
        return min(bought, default=None)
    wanted = "reserved" if kind == "reserve" else "on_demand"
    prices = [offer.usd_per_gpu_hour for offer in supply.offers if offer.system == system and offer.kind == wanted]
    return min(prices, default=None)


def with_price(scenario: Scenario, catalog: Catalog, system: str, kind: Kind, price: float) -> tuple[Scenario, Catalog]:
    """Scenario and catalog with every such offer of the system at ``price``."""
    if kind == "buy":
        row = catalog.systems[system]
        # What was bought before keeps its price: support is a share of it.
        sites = tuple(
            site.model_copy(
                update={
                    "existing": tuple(
                        group.model_copy(update={"price_usd": group.price_usd or row.price_usd})
                        if group.system == system
                        else group
                        for group in site.existing
                    )
                }
            )
            for site in scenario.sites
        )
        priced = row.model_copy(update={"price_usd": price})
        return scenario.model_copy(update={"sites": sites}), replace(
            catalog, systems={**catalog.systems, system: priced}
        )
    wanted = "reserved" if kind == "reserve" else "on_demand"
    change = {"usd_per_gpu_hour": price}
    offers = {
        key: offer.model_copy(update=change) if offer.system == system and offer.kind == wanted else offer
        for key, offer in catalog.offers.items()
    }
    quotes = tuple(
        quote.model_copy(update=change) if quote.system == system and kind == "reserve" else quote
        for quote in scenario.quotes
    )
    return scenario.model_copy(update={"quotes": quotes}), replace(catalog, offers=offers)


def without_supply(scenario: Scenario, catalog: Catalog, system: str, kind: Kind) -> tuple[Scenario, Catalog]:
    """Scenario and catalog in which the system cannot be had in that way."""
    if kind == "buy":
        lead = {**scenario.procurement.lead_weeks, system: NEVER_WEEKS}
        procurement = scenario.procurement.model_copy(update={"lead_weeks": lead})
        return scenario.model_copy(update={"procurement": procurement}), catalog
    wanted = "reserved" if kind == "reserve" else "on_demand"
    offers = {key: offer for key, offer in catalog.offers.items() if offer.system != system or offer.kind != wanted}
    quotes = tuple(quote for quote in scenario.quotes if quote.system != system or kind != "reserve")
    return scenario.model_copy(update={"quotes": quotes}), replace(catalog, offers=offers)
