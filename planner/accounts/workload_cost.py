"""Cost by workload: every line of the ledger shared out by who used what it pays for, so that the dollars add up.

One rule for each kind of line. What a supply costs over its time (hardware with its running cost and residual value,
contracts with their tails) is charged at one level price for each GPU-hour that was used of it, later hours discounted
as money is; what is paid by the hour, and what systems draw when idle, by the GPU-hours used in the same period; the
power of serving and token APIs go to who caused them. So hours that nobody used are paid by those who use the same
supply, and what nobody ever used by all, by the GPU-hours that they use of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np

from planner import bits
from planner.accounts.account import Account
from planner.accounts.holdings import spread
from planner.accounts.inputs import Floats
from planner.accounts.ledger import MIDDLE, START, Line, ledger_lines
from planner.accounts.supply import Source
from planner.frozen import dataclass
from planner.kinds.cash import ENERGY, REVENUE, TOKEN_API


@dataclass(frozen=True)
class LineShare:
    """A line of the ledger, and what each workload bears of its NPV: ``usd`` and of that ``idle_usd``, (F, W)."""

    line: Line
    usd: Floats
    idle_usd: Floats


@dataclass(frozen=True)
class Usage:
    """GPU-hours by period of P supplies, and what W workloads use of them."""

    account: Account

    @cached_property
    def used(self) -> Floats:
        """Held by replicas, (F, W, P, T)."""
        return self._by_supply(self.account.service.occupied)

    @cached_property
    def busy(self) -> Floats:
        """Drawing the power of serving, (F, W, P, T)."""
        return self._by_supply(self.account.service.rows.gpus)

    @cached_property
    def usable(self) -> Floats:
        """May serve, (F, P, T)."""
        return np.asarray((self.account.supply.usable * self._hours).sum(axis=3))

    @cached_property
    def there(self) -> Floats:
        """In service, spares included, (F, P, T)."""
        return np.asarray((self.account.supply.gpus * self._hours).sum(axis=3))

    @property
    def _hours(self) -> Floats:
        return self.account.inputs.timeline.block_hours

    def _by_supply(self, gpus: Floats) -> Floats:
        """GPUs of each row of the serving table, shared by the supplies of its pool as they are usable."""
        rows, flow = self.account.service.rows, self.account.supply
        futures, supplies, periods, blocks = flow.usable.shape
        workloads = len(self.account.inputs.workloads)
        shape = (futures, workloads, len(flow.pools), periods, blocks)
        pooled = spread(shape, (rows.future, rows.workload, rows.pool, rows.period, rows.block), gpus)
        whole = np.where(flow.pool_usable > 0, flow.pool_usable, 1.0)
        found = np.zeros((futures, workloads, supplies, periods))
        for pool, source in flow.member:
            part = flow.usable[:, source] / whole[:, pool] * self._hours
            found[:, :, source] += (pooled[:, :, pool] * part[:, None]).sum(axis=3)
        return found


def line_shares(account: Account, lines: Iterable[Line]) -> tuple[LineShare, ...]:
    """What each workload bears of every line but revenue; over the workloads they add up to the line's NPV."""
    usage = Usage(account)
    workloads = account.inputs.workloads
    found: list[tuple[Line, Floats, Floats, Floats]] = []
    for line in lines:
        if line.category == REVENUE.key:
            continue
        npv = _npv(account, line)
        if line.category == TOKEN_API.key:
            mine = np.array([workload.name == line.resource.workload for workload in workloads])
            usd = npv.sum(axis=1)[:, None] * mine
            found.append((line, usd, np.zeros_like(usd), np.zeros(len(npv))))
        else:
            found.append((line, *_of_capacity(usage, line, npv)))
    key = _key_of_all(usage, [usd for _, usd, _, _ in found])
    return tuple(
        LineShare(line, usd + unused[:, None] * key, idle + unused[:, None] * key) for line, usd, idle, unused in found
    )


def expected_shares(account: Account, lines: Iterable[Line]) -> tuple[tuple[Line, Floats], ...]:
    """Every line but revenue with the part of it that each workload bears, (W,), adding up to 1."""
    found = []
    for shared in line_shares(account, lines):
        usd = bits.dot(shared.usd.T, account.inputs.probability)
        whole = usd.sum()
        found.append((shared.line, usd / whole if whole else np.full(len(usd), 1 / len(usd))))
    return tuple(found)


def _npv(account: Account, line: Line) -> Floats:
    """The line's money discounted, (F, periods)."""
    own = account.inputs.timeline
    length = line.usd.shape[1]
    calendar = own.extended(max(length - own.periods, 1))
    factor = {START: calendar.discount_start, MIDDLE: calendar.discount_middle}[line.timing]
    return np.asarray(line.usd * factor[:length])


def _of_capacity(usage: Usage, line: Line, npv: Floats) -> tuple[Floats, Floats, Floats]:
    """What each workload bears of what GPUs cost, and of that what was idle, (F, W); what nobody used, (F,)."""
    mine = _supplies(usage.account, line)
    used, usable = usage.used[:, :, mine], usage.usable[:, mine]
    resource = line.resource
    if resource.kind == "hourly":
        return _shared(npv, used.sum(axis=2), usable.sum(axis=1))
    if line.category == ENERGY.key:
        rate = usage.account.supply.energy_usd[mine] * usage.account.inputs.timeline.discount_middle
        serving = (usage.busy[:, :, mine] * rate).sum(axis=2)
        usd, idle, unused = _shared(npv - serving.sum(axis=1), used.sum(axis=2), usable.sum(axis=1))
        return usd + serving.sum(axis=2), idle, unused
    if resource.gpus.any():
        # Of a supply that was bought or signed in several periods, what is this decision's own.
        there = usage.there[:, mine].sum(axis=1)
        hours = resource.gpus * usage.account.inputs.timeline.hours
        part = np.divide(hours, there, out=np.zeros_like(there), where=there > 0)
        used, usable = used * part[:, None, None], usable * part[:, None]
    middle = usage.account.inputs.timeline.discount_middle
    level_used, level_usable = ((hours * middle).sum(axis=-1) for hours in (used.sum(axis=2), usable.sum(axis=1)))
    return _shared(npv.sum(axis=1, keepdims=True), level_used[..., None], level_usable[:, None])


def _shared(npv: Floats, used: Floats, usable: Floats) -> tuple[Floats, Floats, Floats]:
    """USD (F, T) by the hours used (F, W, T): by workload and the idle part of that, (F, W); what nobody used, (F,)."""
    whole = used.sum(axis=1)
    share = np.divide(used, whole[:, None], out=np.zeros_like(used), where=whole[:, None] > 0)
    usd = share * npv[:, None]
    idle = 1 - np.divide(whole, usable, out=np.ones_like(whole), where=usable > 0).clip(max=1.0)
    return usd.sum(axis=2), (usd * idle[:, None]).sum(axis=2), np.where(whole > 0, 0.0, npv).sum(axis=1)


def _supplies(account: Account, line: Line) -> list[int]:
    """The supplies that a line pays for: one of its own, or those of a site."""
    resource, inputs = line.resource, account.inputs
    named = {
        "own": f"own:{resource.who}/{resource.system}",
        "existing": resource.key,
        "signed": resource.key,
        "reserved": f"offer:{resource.key.rpartition('/')[0]}",
        "hourly": f"offer:{resource.key}",
    }
    matches: Callable[[Source], bool]
    if resource.kind in named:
        matches = lambda source: source.key == named[resource.kind]  # noqa: E731
    else:
        site = next(index for index, item in enumerate(inputs.sites) if item.name == resource.who)
        kind = inputs.system_index.get(resource.system)
        matches = lambda source: source.site == site and kind in (None, source.system)  # noqa: E731
    return [index for index, source in enumerate(account.supply.sources) if matches(source)]


def _key_of_all(usage: Usage, borne: list[Floats]) -> Floats:
    """How what nobody used is shared, (F, W), 1 over the workloads: by all GPU-hours, else by cost, else evenly."""
    middle = usage.account.inputs.timeline.discount_middle
    hours = (usage.used.sum(axis=2) * middle).sum(axis=2)
    evenly = np.ones_like(hours)
    paid = sum(borne, start=np.zeros_like(hours)).clip(min=0.0)
    key = evenly
    for better in (paid, hours):
        key = np.where(better.sum(axis=1, keepdims=True) > 0, better, key)
    return np.asarray(key / key.sum(axis=1, keepdims=True))


def cost_by_workload(account: Account) -> tuple[Floats, Floats]:
    """Expected NPV of cost that each workload bears, adding up to that of the plan, and the idle part of each, (W,)."""
    shares = line_shares(account, ledger_lines(account))
    chance = account.inputs.probability
    none = np.zeros((len(chance), len(account.inputs.workloads)))
    usd = sum((share.usd for share in shares), start=none)
    idle = sum((share.idle_usd for share in shares), start=none)
    return bits.dot(usd.T, chance), bits.dot(idle.T, chance)


def gpu_hours_by_workload(account: Account) -> Floats:
    """Expected GPU-hours used by each workload, (W, T)."""
    used = Usage(account).used.sum(axis=2)
    return bits.dot(np.moveaxis(used, 0, -1), account.inputs.probability)
