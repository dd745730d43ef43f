"""Kinds of limit that a planner can relax: one record each, for matrix, audit, sentences, studies and pages alike.

A new kind is a record here, its numbers in ``planner.problem.limits`` and its recount in ``planner.audit``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from planner.units import KW_PER_MW

Sentence = Callable[[str, str, float, float], str]
Currency = Literal["MW", "USD", "ms", "tokens", "GPUs", "positions"]
CURRENCIES: tuple[Currency, ...] = get_args(Currency)
_SITE = "sites."


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


def _money(usd: float) -> str:
    return f"${usd / 1e6:,.1f} M"


def _served(who: str, when: str, needed: float, limit: float) -> str:
    amount = f"only {needed:.1%}" if needed >= 0.0005 else "nothing"
    return f"{who}: {amount} of its demand can be served in {when}, the floor is {limit:.0%}"


def _by_the_hour(who: str, when: str, needed: float, limit: float) -> str:
    provider, _, system = who.partition(" ")
    gpus = " ".join([f"{needed:,.0f}", *([system] if system else []), "GPUs"])
    return f"{provider} would have to have {gpus} by the hour in {when}, it is taken to have {limit:,.0f}"


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
        f"{who} would rent out {needed:.1%} of the GPUs in {when}, max_share is {limit:.0%}"
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
    sentence=lambda who, when, needed, limit: f"{who} needs {needed:,.0f} GPUs in {when}, the quota is {limit:,.0f}",
)
HOURLY_DEPTH = LimitKind(
    key="hourly_depth",
    field="procurement.hourly_depth_gpus",
    meaning="GPUs of a system rented by the hour at once of a provider, over offers without max_lots",
    unit="GPUs",
    currency="GPUs",
    families=("hourly_depth",),
    binding="hourly depth of {}",
    conflict="the hourly GPUs that a provider is taken to have, {}",
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
    sentence=lambda who, when, needed, limit: f"{who} needs {needed:.4g} MW in {when}, the cap is {limit:.4g}",
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
    sentence=lambda who, when, needed, limit: (
        f"{who} needs {needed:,.0f} kW of IT power leased in {when}, the lease has {limit:,.0f}"
    ),
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
    sentence=lambda who, when, needed, limit: (
        f"{who} needs {needed / KW_PER_MW:.4g} MW of liquid cooling in {when}, it has {limit / KW_PER_MW:.4g}"
    ),
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
    sentence=lambda who, when, needed, limit: (
        f"{who} needs {needed / KW_PER_MW:.4g} MW of air cooling in {when}, it has {limit / KW_PER_MW:.4g}"
    ),
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
    sentence=lambda who, when, needed, limit: f"{who} needs {_money(needed)}, the limit is {_money(limit)}",
    per_row_unit=1e6,
    over="span",
)

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
    if key not in LIMITS:
        raise KeyError(f"{key!r} is no kind of limit; planner.kinds.limits has {', '.join(LIMITS)}")
    return LIMITS[key]
