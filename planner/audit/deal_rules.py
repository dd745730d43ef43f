"""Rules of deals: contracts, hourly lots, token APIs, providers' shares and quotas."""

from __future__ import annotations

from functools import partial

import numpy as np

from planner import bits
from planner.audit.account import Account
from planner.audit.deals import Deal, order_day
from planner.audit.findings import Findings, Told, figure
from planner.audit.premises import Bools, Floats, Premises

Reasons = list[tuple[str, Bools]]


def check_deals(account: Account, findings: Findings) -> None:
    """Everything that limits what is signed and rented."""
    for place, deal in enumerate(account.premises.deals):
        _signed(account, findings, place, deal)
        _rented(account, findings, place, deal)
    _provider_share(account, findings)
    _quotas(account, findings)


def _deal_faults(premises: Premises, deal: Deal) -> list[tuple[str, str]]:
    """(family, why) a deal is ruled out at any time."""
    kinds = premises.scenario.procurement.rent
    faults = []
    if deal.kind not in kinds:
        family = "contracts" if deal.reserved else "rents"
        faults.append((family, f"procurement.rent does not list {deal.kind}"))
    if fault := premises.system_faults(deal.system):
        faults.append(("contracts" if deal.reserved else "rents", fault))
    if fault := premises.provider_faults(deal.provider):
        faults.append(("providers", fault))
    return faults


def _told(premises: Premises, where: str, sentence: str, *place: int) -> Told:
    """A sentence about a deal in the period that stands second in the place, after the future."""
    return Told(where, premises.timeline.names[place[1]], f"{where} in {premises.when(*place)}: {sentence}")


def _signed(account: Account, findings: Findings, place: int, deal: Deal) -> None:
    """Whole lots, allowed, signed in time, within the offer's dates, minimum and maximum."""
    premises = account.premises
    lots, held = account.holdings.sign[:, place], account.holdings.held[:, place]
    if not lots.any():
        findings.checks += lots.size
        return
    tell = partial(_told, premises, deal.name)
    if not deal.reserved:
        findings.forbidden("contracts", lots, True, partial(tell, "it is not sold for a term"))
        return
    for family, fault in _deal_faults(premises, deal):
        findings.forbidden(family, lots, True, partial(tell, fault))
    findings.whole("contracts", lots, partial(tell, "lots are signed whole"))
    for reason, ruled_out in _signing_days(premises, deal):
        findings.forbidden("contracts", lots, ruled_out[None], partial(tell, reason))
    least = np.where(lots > 0, float(deal.min_lots), 0.0)
    findings.at_least("contracts", lots, least, partial(tell, f"a signing takes at least {deal.min_lots} lots"))
    findings.at_most("contracts", held, deal.max_lots, partial(tell, f"over {deal.max_lots:g} lots run at once"))


def _signing_days(premises: Premises, deal: Deal) -> Reasons:
    """(why, periods in which a contract may not start), (T,) each."""
    decided = premises.scenario.horizon.decided_on
    starts = [first for first, _ in premises.timeline.spans]
    signing = [order_day(first, deal.lead_weeks) for first in starts]
    whole = deal.term_months % premises.timeline.months_per_period == 0
    return [
        (f"it would be signed before {decided}", np.array([day < decided for day in signing])),
        (f"it starts from {deal.available_from}", np.array([first < deal.available_from for first in starts])),
        (f"it can be signed until {deal.available_until}", np.array([d > deal.available_until for d in signing])),
        (f"{deal.term_months} months are no whole number of periods", np.full(len(starts), not whole)),
    ]


def _rented(account: Account, findings: Findings, place: int, deal: Deal) -> None:
    """Hourly lots: allowed, available on all days, within the maximum, whole where the scenario asks for it."""
    premises = account.premises
    lots = account.holdings.rent[:, place]
    if not lots.any():
        findings.checks += lots.size
        return
    tell = partial(_told, premises, deal.name)
    if deal.reserved:
        findings.forbidden("rents", lots, True, partial(tell, "it is not rented by the hour"))
        return
    for family, fault in _deal_faults(premises, deal):
        findings.forbidden(family, lots, True, partial(tell, fault))
    absent = ~available(premises, deal)[None, :, None]
    dates = f"it runs from {deal.available_from} to {deal.available_until}"
    findings.forbidden("rents", lots, absent, partial(tell, dates))
    findings.at_most("rents", lots, deal.max_lots, partial(tell, f"over {deal.max_lots:g} lots run at once"))
    if premises.scenario.procurement.whole_on_demand_lots:
        findings.whole("rents", lots, partial(tell, "lots are rented whole"))


def available(premises: Premises, deal: Deal) -> Bools:
    """Periods on all of whose days an hourly deal runs, (T,)."""
    last = [(after - first).days for first, after in premises.timeline.spans]
    return np.array(
        [
            deal.available_from <= first and (deal.available_until - first).days >= days - 1
            for (first, _), days in zip(premises.timeline.spans, last, strict=True)
        ],
        dtype=bool,
    )


def _provider_share(account: Account, findings: Findings) -> None:
    """A provider's rented GPUs, weighted by block hours ≤ max_share × all GPUs in service."""
    premises, share = account.premises, account.premises.scenario.procurement.providers.max_share
    if share is None:
        return
    gpus = bits.dot(account.supply.gpus, premises.timeline.block_share)
    total = gpus.sum(axis=1)
    for provider in sorted({source.provider for source in account.supply.sources} - {""}):
        own = gpus[:, [source.provider == provider for source in account.supply.sources]].sum(axis=1)

        def told(own: Floats, provider: str, future: int, period: int) -> Told:
            when, count = premises.when(future, period), figure(total[future, period])
            sentence = f"{provider} supplies {figure(own[future, period])} of {count} GPUs in {when}, "
            sentence += f"at most {share:.0%} may rest on one provider"
            return Told(provider, premises.timeline.names[period], sentence)

        findings.at_most("provider_share", own, share * total, partial(told, own, provider), terms=own + total)


def _quotas(account: Account, findings: Findings) -> None:
    """GPUs of a system that run at once at a provider ≤ its quota, in every block."""
    premises = account.premises
    sources = account.supply.sources
    for quota in premises.scenario.procurement.quotas:
        for provider in sorted({source.provider for source in sources} - {""}):
            if quota.provider not in (None, provider):
                continue
            kind = premises.system_index.get(quota.system, -1)
            chosen = [source.provider == provider and source.system == kind for source in sources]
            gpus = account.supply.gpus[:, chosen].sum(axis=1)

            def told(gpus: Floats, where: str, limit: float, future: int, period: int, block: int) -> Told:
                count, when = figure(gpus[future, period, block]), premises.when(future, period, block)
                sentence = f"{where} runs {count} GPUs in {when}, the quota is {figure(limit)}"
                return Told(where, premises.timeline.names[period], sentence)

            where = f"{provider}/{quota.system}"
            findings.at_most("quotas", gpus, quota.gpus, partial(told, gpus, where, quota.gpus))
