"""Account: everything recomputed from a plan's tables, each part once and when first asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from planner.accounts.holdings import Holdings, holdings
from planner.accounts.inputs import Floats, Inputs, build_inputs
from planner.accounts.service import Service, service
from planner.accounts.supply import GpuSupply, supply
from planner.catalog.models import Catalog
from planner.decisions import COLUMNS, Decided, Decisions
from planner.frozen import dataclass
from planner.scenario.models import Scenario
from planner.table import Table


@dataclass(frozen=True, eq=False)
class Account:
    """A plan's tables held against its Scenario and Catalog. Names in the tables must be known."""

    scenario: Scenario
    catalog: Catalog
    decisions: Decisions

    @cached_property
    def decided(self) -> Decided:
        """The tables, as they are when they are first read."""
        return self.decisions.decided

    @cached_property
    def inputs(self) -> Inputs:
        """Axes and calendar."""
        return build_inputs(self.scenario, self.catalog, self.decided)

    def with_only(self, table: str, rows: Table) -> Account:
        """The same inputs and pools, with the rows of one table as the only decisions."""
        decided = replace(self._undecided, **{table: rows})
        alone = Account(self.scenario, self.catalog, Decisions(**vars(decided)))
        # Axes and calendar are those of the whole plan.
        vars(alone).update(inputs=self.inputs, decided=decided)
        return alone

    @cached_property
    def _undecided(self) -> Decided:
        """The pools alone."""
        names = [name for name in COLUMNS if name != "pools"]
        return replace(self.decided, **{name: getattr(self.decided, name).take(slice(0)) for name in names})

    @cached_property
    def holdings(self) -> Holdings:
        """What is owned, held and rented."""
        return holdings(self.inputs, self.decided)

    @cached_property
    def supply(self) -> GpuSupply:
        """GPUs by supply and pool."""
        return supply(self.inputs, self.decided, self.holdings)

    @cached_property
    def service(self) -> Service:
        """What is served, and with which GPUs."""
        return service(self.inputs, self.decided, self.supply)

    @cached_property
    def busy_gpu_hours(self) -> Floats:
        """GPU-hours served by each supply, (F, P, T): a pool's in proportion to the usable GPUs of its supplies."""
        flow = self.supply
        usable = np.where(flow.pool_usable > 0, flow.pool_usable, 1.0)
        load = self.service.pool_busy / usable
        busy = np.zeros(flow.usable.shape)
        for pool, source in flow.member:
            busy[:, source] += flow.usable[:, source] * load[:, pool]
        hours = self.inputs.timeline.block_hours
        return np.asarray((busy * hours[None, None]).sum(axis=3))
