"""Kinds of limit that a planner can relax: one record each, for matrix, audit, sentences, studies and pages alike.

A new kind is a record here, its numbers in ``planner.problem.limits`` and its recount in ``planner.audit``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

from planner.frozen import dataclass
from planner.units import KW_PER_MW

Sentence = Callable[[str, str, float, float], str]
Currency = Literal["MW", "USD", "ms", "tokens", "GPUs", "positions"]
CURRENCIES: tuple[Currency, ...] = get_args(Currency)
_SITE = "sites."
MOST_DIGITS = 10


@dataclass(frozen=True)
class Spending:
    """What a budget can be set for: ``capex``, ``opex`` or both, or the whole value of ``contracts`` that start."""

    key: str
    words: str
    capex: bool = False
    opex: bool = False
    contracts: bool = False

    @property
    def field(self) -> str:
        """The field of the scenario's budget that states it."""
        return f"{self.key}_usd"


CAPEX = Spending("capex", "capex", capex=True)
SPENDING = (
    CAPEX,
    Spending("opex", "opex", opex=True),
    Spending("total", "cash", capex=True, opex=True),
    Spending("commitments", "value of contracts started", contracts=True),
)


@dataclass(frozen=True, eq=False)
class LimitKind:
    """A kind of limit. Figures are in ``unit``, of which ``per_row_unit`` make one unit of its rows in the matrix.

    ``field`` of the scenario states it, ``meaning`` says what is counted, over a ``period`` or a calendar ``year`` (of
    sites), or over its own ``span``. ``binding`` and ``conflict`` name one by its subject. ``sentence`` says what it
    would have to be, from subject, period, what is needed and what the limit is; ``currency`` is what that costs.
    ``families`` are the audit's rules that hold it. ``plan explain`` moves a site's by ``step``, not where that is 0.
    A ``floor`` is a least, not a most. The ``last_resort`` is relaxed only where nothing else helps. ``of_fleet`` is a
    share of all GPUs in service, whose rows count GPUs. ``gated`` has no rows: relaxing it lets in what it shut out.
    """

    key: str
    field: str
    meaning: str
    unit: str
    currency: Currency
    families: tuple[str, ...]
    binding: str
    conflict: str
    sentence: Sentence
    per_row_unit: float = 1.0
    over: Literal["period", "year", "span"] = "period"
    step: float = 0.0
    floor: bool = False
    last_resort: bool = False
    of_fleet: bool = False
    gated: bool = False

    @property
    def family(self) -> str:
        """The audit's rule for it."""
        return self.families[0]

    @property
    def site_field(self) -> str:
        """The field of a site that states it, '' where none does."""
        return self.field.removeprefix(_SITE) if self.field.startswith(_SITE) else ""

    def __reduce__(self) -> tuple[Callable[[str], LimitKind], tuple[str]]:
        # A record is itself in every process; its sentence need not travel.
        return limit_kind, (self.key,)


def apart(needed: float, limit: float, words: Callable[[float, int], str]) -> tuple[str, str]:
    """Both figures in ``words`` of a value and a number of further digits: as many as it takes to tell them apart.

    Not by chance: 1.4951 and 1.4949 are no 1.50 and 1.49, as once more the difference would show.
    """
    for more in range(MOST_DIGITS):
        pair = words(needed, more), words(limit, more)
        if pair[0] != pair[1] and words(2 * needed - limit, more) != pair[0]:
            break
    return pair


def _money(usd: float, more: int) -> str:
    """``$70.0 M``, ``$120``: in the unit that fits its size, and in dollars where three digits more do not tell."""
    size = abs(usd)
    if more > 2 or size < 999.5:
        places = max(more - 3, 0) if size >= 1 or not size else 3 + more
        return f"${usd:,.{places}f}"
    return f"${usd / 1e6:,.{1 + more}f} M" if size >= 999_500 else f"${usd / 1e3:,.{more}f} k"


def _figure(value: float, more: int) -> str:
    return f"{value:.{4 + more}g}"


def _whole(value: float, more: int) -> str:
    return f"{value:,.{more}f}"


def _told(words: Callable[[float, int], str], sentence: str, each: float = 1.0) -> Sentence:
    """A sentence with {who}, {when}, {needed} and {limit}, both figures over ``each`` in ``words``."""

    def told(who: str, when: str, needed: float, limit: float) -> str:
        much, most = apart(needed / each, limit / each, words)
        return sentence.format(who=who, when=when, needed=much, limit=most)

    return told


def _served(who: str, when: str, needed: float, limit: float) -> str:
    much, least = apart(needed, limit, lambda share, more: f"{share:.{1 + more}%}")
    amount = f"only {much}" if needed >= 0.0005 else "nothing"
    floor = f"{limit:.0%}" if round(limit, 2) == limit else least
    return f"{who}: {amount} of its demand can be served in {when}, the floor is {floor}"


def _standing(who: str, when: str, needed: float, limit: float) -> str:
    asked = "a whole replica" if round(limit) == 1 else f"{limit:,.0f} whole replicas"
    there = f"only {needed:,.0f}" if needed >= 0.5 else "none"
    return f"{who}: min_replicas asks for {asked} in every block, {there} can run in {when}"


def _by_the_hour(who: str, when: str, needed: float, limit: float) -> str:
    provider, _, system = who.partition(" ")
    much, most = apart(needed, limit, _whole)
    gpus = " ".join([much, *([system] if system else []), "GPUs"])
    return f"{provider} would have to have {gpus} by the hour in {when}, it is assumed to have {most}"


SLA = LimitKind(
    key="sla",
    field="workloads.sla",
    meaning="TTFT and TPOT of what serves a workload",
    unit="share of target",
    currency="ms",
    families=("eligibility",),
    binding="latency targets of {}",
    conflict="the latency targets of {}",
    sentence=lambda who, when, needed, limit: (
        f"{who}: its latency targets would have to be {needed:.0%} looser, to call a token API"
    ),
    over="span",
    gated=True,
)
MIN_SERVED = LimitKind(
    key="min_served",
    field="service.min_served",
    meaning="requests served of those asked for, of one workload",
    unit="share of demand",
    currency="tokens",
    families=("floors",),
    binding="served floor of {}",
    conflict="that {} is served",
    sentence=_served,
    floor=True,
    last_resort=True,
)
PROVIDER_SHARE = LimitKind(
    key="provider_share",
    field="procurement.providers.max_share",
    meaning="GPUs rented of one provider, of all GPUs in service, in every block or weighted by hours",
    unit="share of GPUs",
    currency="GPUs",
    families=("provider_share",),
    binding="share of {}",
    conflict="the share of {}",
    sentence=lambda who, when, needed, limit: (
        f"{who} would rent out {apart(needed, limit, lambda share, more: f'{share:.{1 + more}%}')[0]} of the GPUs in "
        f"{when}, max_share is {limit:.0%}"
    ),
    of_fleet=True,
)
QUOTA = LimitKind(
    key="quota",
    field="procurement.quotas",
    meaning="GPUs of a system running at once at a provider",
    unit="GPUs",
    currency="GPUs",
    families=("quotas",),
    binding="quota of {}",
    conflict="the quota, {}",
    sentence=_told(_whole, "{who} needs {needed} GPUs in {when}, the quota is {limit}"),
)
HOURLY_DEPTH = LimitKind(
    key="hourly_depth",
    field="procurement.hourly_depth_gpus",
    meaning="GPUs of a system rented by the hour at once of a provider, over offers without max_lots",
    unit="GPUs",
    currency="GPUs",
    families=("hourly_depth",),
    binding="hourly depth of {}",
    conflict="the hourly GPUs that a provider is assumed to have, {}",
    sentence=_by_the_hour,
)
POWER = LimitKind(
    key="power",
    field="sites.power_mw",
    meaning="nameplate power of a site's systems, on the side of the meter that `cap_at` names",
    unit="MW",
    currency="MW",
    families=("power",),
    binding="power of {}",
    conflict="the power cap of {}",
    sentence=_told(_figure, "{who} needs {needed} MW in {when}, the cap is {limit}"),
    per_row_unit=1 / KW_PER_MW,
    step=1.0,
)
LEASE = LimitKind(
    key="lease",
    field="sites.lease.it_kw",
    meaning="IT power of a site's systems under its lease",
    unit="kW",
    currency="MW",
    families=("lease",),
    binding="leased power of {}",
    conflict="the leased power of {}",
    sentence=_told(_whole, "{who} needs {needed} kW of IT power leased in {when}, the lease has {limit}"),
)
LIQUID = LimitKind(
    key="liquid",
    field="sites.liquid_it_kw",
    meaning="IT power of a site's liquid-cooled systems",
    unit="kW",
    currency="MW",
    families=("cooling", "conversion"),
    binding="liquid cooling of {}",
    conflict="the liquid cooling of {}",
    sentence=_told(_figure, "{who} needs {needed} MW of liquid cooling in {when}, it has {limit}", KW_PER_MW),
)
AIR = LimitKind(
    key="air",
    field="sites.air_it_kw",
    meaning="IT power of a site's air-cooled systems",
    unit="kW",
    currency="MW",
    families=("cooling",),
    binding="air cooling of {}",
    conflict="the air cooling of {}",
    sentence=_told(_figure, "{who} needs {needed} MW of air cooling in {when}, it has {limit}", KW_PER_MW),
)
POSITIONS = LimitKind(
    key="positions",
    field="sites.rack_positions",
    meaning="rack positions that a site's systems take",
    unit="rack positions",
    currency="positions",
    families=("positions",),
    binding="rack positions of {}",
    conflict="the rack positions of {}",
    sentence=lambda who, when, needed, limit: (
        f"{who} needs {math.ceil(needed - 1e-6):,.0f} rack positions in {when}, it has {limit:,.0f}"
    ),
)
BUDGET = LimitKind(
    key="budget",
    field="budget",
    meaning="undiscounted cash of a fiscal year or of the reported horizon",
    unit="USD",
    currency="USD",
    families=("budget",),
    binding="{}",
    conflict="the budget, {}",
    sentence=_told(_money, "{who} needs {needed}, the limit is {limit}"),
    over="span",
)

MIN_REPLICAS = LimitKind(
    key="min_replicas",
    field="workloads.min_replicas",
    meaning="whole replicas of a workload that run in every block",
    unit="replicas",
    currency="GPUs",
    families=("replicas",),
    binding="fewest replicas of {}",
    conflict="the fewest replicas of {}",
    sentence=_standing,
    floor=True,
    last_resort=True,
)

# What a plan has to have, and no planner's limit: told only where no set of limits gives a plan.
REQUIREMENTS = (MIN_REPLICAS,)
# Every kind by its key, in the order in which the audit lists what it found.
LIMITS: dict[str, LimitKind] = {
    kind.key: kind
    for kind in (
        SLA, MIN_SERVED, PROVIDER_SHARE, QUOTA, HOURLY_DEPTH, POWER, LEASE, LIQUID, AIR, POSITIONS, BUDGET,
    )
}  # fmt: skip
SITE_LIMITS: tuple[LimitKind, ...] = tuple(kind for kind in LIMITS.values() if kind.site_field)


def limit_kind(key: str) -> LimitKind:
    """The record of a kind. Raises KeyError for one that has none."""
    known = LIMITS | {kind.key: kind for kind in REQUIREMENTS}
    if key not in known:
        raise KeyError(f"{key!r} is no kind of limit; planner.kinds.limits has {', '.join(known)}")
    return known[key]
