"""Rules of contracts: reserved lots, hourly lots, token APIs, providers' shares, quotas and hourly depth."""

from __future__ import annotations

from functools import partial

import numpy as np

from planner import bits
from planner.accounts.account import Account
from planner.accounts.inputs import Bools, Floats, Inputs
from planner.accounts.terms import ContractTerms
from planner.audit.findings import Findings, Told, figure
from planner.audit.reasons import provider_fault, system_fault
from planner.kinds.limits import HOURLY_DEPTH, PROVIDER_SHARE, QUOTA
from planner.rules.dates import on_all_days
from planner.rules.offers import hourly_depth

Reasons = list[tuple[str, Bools]]


def check_contracts(account: Account, findings: Findings) -> None:
    """Everything that limits what is signed and rented."""
    for index, terms in enumerate(account.inputs.contract_terms):
        _signed(account, findings, index, terms)
        _rented(account, findings, index, terms)
    _provider_share(account, findings)
    _quotas(account, findings)
    _hourly_depth(account, findings)


def _faults(inputs: Inputs, terms: ContractTerms) -> list[tuple[str, str]]:
    """(family, why) an offer is ruled out at any time."""
    kinds = inputs.scenario.procurement.rent
    faults = []
    if terms.kind not in kinds:
        family = "contracts" if terms.reserved else "rents"
        faults.append((family, f"procurement.rent does not list {terms.kind}"))
    system = inputs.catalog.systems[terms.system]
    if fault := system_fault(inputs, system, named=not terms.path_moves_rate):
        faults.append(("contracts" if terms.reserved else "rents", fault))
    if fault := provider_fault(inputs, terms.provider):
        faults.append(("providers", fault))
    return faults


def _told(inputs: Inputs, where: str, sentence: str, *index: int) -> Told:
    """A sentence about an offer in the period that stands second in the index, after the future."""
    return Told(where, inputs.timeline.names[index[1]], f"{where} in {inputs.when(*index)}: {sentence}")


def _signed(account: Account, findings: Findings, index: int, terms: ContractTerms) -> None:
    """Whole lots, allowed, signed in time, within the offer's dates, minimum and maximum."""
    inputs = account.inputs
    lots, running = account.holdings.sign[:, index], account.holdings.under_contract[:, index]
    if not lots.any():
        findings.checks += lots.size
        return
    tell = partial(_told, inputs, terms.name)
    if not terms.reserved:
        findings.forbidden("contracts", lots, True, partial(tell, "it is not sold for a term"))
        return
    for family, fault in _faults(inputs, terms):
        findings.forbidden(family, lots, True, partial(tell, fault))
    findings.whole("contracts", lots, partial(tell, "lots are signed whole"))
    for reason, ruled_out in _signing_days(inputs, terms):
        findings.forbidden("contracts", lots, ruled_out[None], partial(tell, reason))
    least = np.where(lots > 0, float(terms.min_lots), 0.0)
    findings.at_least("contracts", lots, least, partial(tell, f"a signing takes at least {terms.min_lots} lots"))
    findings.at_most("contracts", running, terms.max_lots, partial(tell, f"over {terms.max_lots:g} lots run at once"))


def _signing_days(inputs: Inputs, terms: ContractTerms) -> Reasons:
    """(why, periods in which a contract may not start), (T,) each."""
    decided = inputs.scenario.horizon.decided_on
    starts = [first for first, _ in inputs.timeline.spans]
    signing = inputs.order_days(terms.lead_weeks)
    whole = terms.term_months % inputs.timeline.months_per_period == 0
    return [
        (f"it would be signed before {decided}", np.array([day < decided for day in signing])),
        (f"it starts from {terms.available_from}", np.array([first < terms.available_from for first in starts])),
        (f"it can be signed until {terms.available_until}", np.array([d > terms.available_until for d in signing])),
        (f"{terms.term_months} months are no whole number of periods", np.full(len(starts), not whole)),
    ]


def _rented(account: Account, findings: Findings, index: int, terms: ContractTerms) -> None:
    """Hourly lots: allowed, available on all days, within the maximum, whole where the scenario asks for it."""
    inputs = account.inputs
    lots = account.holdings.rent[:, index]
    if not lots.any():
        findings.checks += lots.size
        return
    tell = partial(_told, inputs, terms.name)
    if terms.reserved:
        findings.forbidden("rents", lots, True, partial(tell, "it is not rented by the hour"))
        return
    for family, fault in _faults(inputs, terms):
        findings.forbidden(family, lots, True, partial(tell, fault))
    absent = ~on_all_days(inputs.timeline, terms.available_from, terms.available_until)[None, :, None]
    dates = f"it runs from {terms.available_from} to {terms.available_until}"
    findings.forbidden("rents", lots, absent, partial(tell, dates))
    holdings = account.holdings
    running, jobs, standing = (
        array[:, index] for array in (holdings.rent_at_once, holdings.jobs_at_once, holdings.standing)
    )
    findings.at_most("rents", running, terms.max_lots, partial(tell, f"over {terms.max_lots:g} lots run at once"))
    findings.at_most("rents", holdings.jobs[:, index], jobs, partial(tell, "more lots run than run at once"))
    throughout = holdings.at_once[:, index] - jobs
    findings.equal("rents", throughout, standing, partial(tell, "lots that run through a block all run at once"))
    if inputs.scenario.procurement.whole_on_demand_lots:
        for whole in (standing, jobs):
            findings.whole("rents", whole, partial(tell, "lots are rented whole"))


def _provider_share(account: Account, findings: Findings) -> None:
    """A provider's rented GPUs ≤ max_share × all GPUs in service, in every block or weighted by block hours."""
    inputs, rules = account.inputs, account.inputs.scenario.procurement.providers
    share, gpus, sources = rules.max_share, account.supply.gpus, account.supply.sources
    if share is None:
        return
    certain = np.ones(len(sources), dtype=bool)
    if rules.max_share_of == "gpu_hours":
        gpus = bits.dot(gpus, inputs.timeline.block_share)
    else:
        # At an instant, of what runs by the job only the provider's own is there for certain.
        certain = np.array([not source.by_job for source in sources], dtype=bool)
        gpus = account.supply.at_once * (inputs.timeline.block_share > 0)
    for provider in sorted({source.provider for source in sources} - {""}):
        mine = np.array([source.provider == provider for source in sources], dtype=bool)
        own, total = gpus[:, mine].sum(axis=1), gpus[:, mine | certain].sum(axis=1)

        def told(own: Floats, total: Floats, provider: str, *at: int) -> Told:
            sentence = f"{provider} supplies {figure(own[at])} of {figure(total[at])} GPUs in {inputs.when(*at)}, "
            sentence += f"at most {share:.0%} may rest on one provider"
            return Told(provider, inputs.timeline.names[at[1]], sentence)

        findings.at_most(
            PROVIDER_SHARE.family, own, share * total, partial(told, own, total, provider), terms=own + total
        )


def _quotas(account: Account, findings: Findings) -> None:
    """GPUs of a system that run at once at a provider ≤ its quota, in every block."""
    inputs = account.inputs
    sources = account.supply.sources
    for quota in inputs.scenario.procurement.quotas:
        for provider in sorted({source.provider for source in sources} - {""}):
            if quota.provider not in (None, provider):
                continue
            kind = inputs.system_index.get(quota.system, -1)
            chosen = [source.provider == provider and source.system == kind for source in sources]
            gpus = account.supply.at_once[:, chosen].sum(axis=1)

            def told(gpus: Floats, where: str, limit: float, future: int, period: int, block: int) -> Told:
                count, when = figure(gpus[future, period, block]), inputs.when(future, period, block)
                sentence = f"{where} runs {count} GPUs in {when}, the quota is {figure(limit)}"
                return Told(where, inputs.timeline.names[period], sentence)

            where = f"{provider}/{quota.system}"
            findings.at_most(QUOTA.family, gpus, quota.gpus, partial(told, gpus, where, quota.gpus))


def _hourly_depth(account: Account, findings: Findings) -> None:
    """GPUs of a system rented by the hour at a provider ≤ what it is taken to have, in every block."""
    inputs, terms = account.inputs, account.inputs.contract_terms
    rules = inputs.scenario.procurement
    depth = np.array([hourly_depth(rules, offer.provider, offer.max_lots) for offer in terms])
    gpus = account.holdings.rent_at_once * np.array([float(offer.lot_gpus) for offer in terms])[:, None, None]
    counted = {(o.provider, o.system) for o, most in zip(terms, depth, strict=True) if np.isfinite(most)}
    for provider, system in sorted(counted):
        same = [(o.provider, o.system) == (provider, system) for o in terms] & np.isfinite(depth)
        found, limit, where = gpus[:, same].sum(axis=1), float(depth[same].min()), f"{provider}/{system}"

        def told(found: Floats, where: str, limit: float, future: int, period: int, block: int) -> Told:
            count, when = figure(found[future, period, block]), inputs.when(future, period, block)
            sentence = f"{where} has {count} GPUs by the hour in {when}, it is assumed to have {figure(limit)}"
            return Told(where, inputs.timeline.names[period], sentence)

        findings.at_most(HOURLY_DEPTH.family, found, limit, partial(told, found, where, limit))
