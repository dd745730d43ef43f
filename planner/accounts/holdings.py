"""Holdings: what a plan buys, keeps, signs and rents, as dense arrays over the inputs' axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.accounts.inputs import Floats, Inputs
from planner.decisions import Decided
from planner.frozen import dataclass
from planner.table import Table


@dataclass(frozen=True)
class Holdings:
    """Counts by future and period.

    ``buy`` and ``own`` (F, S, K, T) systems; ``keep`` (F, G, T) systems; ``sign`` and ``under_contract`` (F, O, T)
    and ``rent`` (F, O, T, B) lots, ``at_once`` those that run at once; of these ``jobs`` and ``jobs_at_once`` by job;
    ``convert`` (F, S, T) conversions; ``kept`` (F, S, K, T) is ``keep`` by site and system.
    """

    buy: Floats
    own: Floats
    keep: Floats
    kept: Floats
    sign: Floats
    under_contract: Floats
    rent: Floats
    at_once: Floats
    jobs: Floats
    jobs_at_once: Floats
    convert: Floats

    @property
    def installed(self) -> Floats:
        """Systems in service at a site, bought or kept, (F, S, K, T)."""
        return self.own + self.kept

    @property
    def standing(self) -> Floats:
        """Hourly lots that run through a block, (F, O, T, B)."""
        return self.rent - self.jobs

    @property
    def rent_at_once(self) -> Floats:
        """Hourly lots that run at once, (F, O, T, B)."""
        return self.standing + self.jobs_at_once


def spread(shape: tuple[int, ...], indices: tuple[NDArray[np.intp], ...], values: NDArray[np.float64]) -> Floats:
    """A dense array of ``shape`` with each row's value added at its index."""
    if 0 in shape:
        return np.zeros(shape)
    flat = np.ravel_multi_index(indices, shape)
    return np.bincount(flat, weights=values, minlength=int(np.prod(shape))).reshape(shape).astype(float)


def running(started: Floats, periods: int) -> Floats:
    """Sum of the last ``periods`` entries along the last axis: what started and has not yet ended."""
    total = started.copy()
    for shift in range(1, min(periods, started.shape[-1])):
        total[..., shift:] += started[..., :-shift]
    return total


def term_periods(inputs: Inputs, term_months: int) -> int:
    """Periods of a contract's term (at least one)."""
    return max(1, round(term_months / inputs.timeline.months_per_period))


def group_codes(inputs: Inputs, rows: Table) -> NDArray[np.intp]:
    """The index of each row's (site, group) among all existing groups, -1 where there is none such."""
    known = {(group.site, group.index): index for index, group in enumerate(inputs.groups)}
    sites = inputs.codes(rows, "site")
    pairs = np.stack([sites, rows["group"].astype(np.int64)], axis=1)
    used, codes = np.unique(pairs, axis=0, return_inverse=True)
    indices = [known.get((int(site), int(group)), -1) for site, group in used]
    return np.array([*indices, -1], dtype=np.intp)[codes.reshape(-1)]


def holdings(inputs: Inputs, decided: Decided) -> Holdings:
    """The holdings that the tables say; every name in them must be known."""
    time = inputs.timeline.periods
    futures, sites = len(inputs.futures), len(inputs.sites)
    offers = len(inputs.contract_terms)

    def dense(rows: Table, axes: dict[str, int], value: str | None) -> Floats:
        indices = [inputs.codes(rows, "future")]
        indices += [inputs.codes(rows, axis) for axis in axes if axis != "period"]
        indices.insert(1 + list(axes).index("period"), rows["period"].astype(np.intp))
        values = np.ones(len(rows)) if value is None else rows[value].astype(float)
        return spread((futures, *axes.values()), tuple(indices), values)

    buy = dense(decided.buys, {"site": sites, "system": len(inputs.systems), "period": time}, "count")
    own = np.zeros_like(buy)
    for index, system in enumerate(inputs.systems):
        own[:, :, index] = running(buy[:, :, index], inputs.life_periods(system))
    sign = dense(decided.signs, {"offer": offers, "period": time}, "lots")
    under_contract = np.zeros_like(sign)
    for index, terms in enumerate(inputs.contract_terms):
        under_contract[:, index] = running(sign[:, index], term_periods(inputs, terms.term_months))
    keep = _keep(inputs, decided)
    hourly = {"offer": offers, "period": time, "block": len(inputs.timeline.blocks)}
    jobs = decided.rents.take(decided.rents["by_job"].astype(bool))
    return Holdings(
        buy=buy,
        own=own,
        keep=keep,
        kept=_kept(inputs, keep, buy.shape),
        sign=sign,
        under_contract=under_contract,
        rent=dense(decided.rents, hourly, "lots"),
        at_once=dense(decided.rents, hourly, "at_once"),
        jobs=dense(jobs, hourly, "lots"),
        jobs_at_once=dense(jobs, hourly, "at_once"),
        convert=dense(decided.conversions, {"site": sites, "period": time}, None),
    )


def _keep(inputs: Inputs, decided: Decided) -> Floats:
    """Systems kept of each existing group, (F, G, T)."""
    rows = decided.keeps
    shape = (len(inputs.futures), len(inputs.groups), inputs.timeline.periods)
    indices = (
        inputs.codes(rows, "future"),
        group_codes(inputs, rows),
        rows["period"].astype(np.intp),
    )
    return spread(shape, indices, rows["count"].astype(float))


def _kept(inputs: Inputs, keep: Floats, shape: tuple[int, ...]) -> Floats:
    """``keep`` summed by site and system, (F, S, K, T)."""
    kept = np.zeros(shape)
    for index, group in enumerate(inputs.groups):
        kept[:, group.site, inputs.system_index[group.existing.system]] += keep[:, index]
    return kept
