"""Screening curves, as power planners draw them: what a GPU-hour in use costs by utilisation and by months held.

Each way of getting GPUs is taken alone, for one system and one workload, with the scenario's prices and discount rate:
a first look at buying against renting, without power caps, lead times, whole racks or the shape of a demand. The plan
knows those.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner.catalog import Catalog
from planner.catalog.models import System
from planner.errors import InputError
from planner.frozen import dataclass
from planner.problem.serving import candidates
from planner.report.view import timeline_of
from planner.rules.latency import SLACK
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.studies.breakeven.sourcing import PriceOverrides, SourcingOption, on_demand, owned, reserved, token_api
from planner.timeline import Timeline
from planner.units import MONTHS_PER_YEAR, SECONDS_PER_HOUR, mtok_from_tokens
from planner.validation import nearest

UTILISATION = np.round(np.arange(0.05, 1.0001, 0.05), 2)


@dataclass(frozen=True)
class Screening:
    """The ways side by side. ``mtok_per_gpu_hour`` are 10⁶ output tokens that a usable GPU makes in an hour of use."""

    system: str
    workload: str
    point: str
    mtok_per_gpu_hour: float
    months: int
    utilisation: float
    ways: tuple[SourcingOption, ...]

    @property
    def by_utilisation(self) -> pd.DataFrame:
        """utilisation, then USD per GPU-hour in use of each way, held for ``months``."""
        columns = {way.name: way.used(UTILISATION, self.months) for way in self.ways}
        return pd.DataFrame({"utilisation": UTILISATION, **columns})

    @property
    def by_months(self) -> pd.DataFrame:
        """months held, then USD per GPU-hour in use of each way, at ``utilisation``."""
        most = min(len(way.usd_per_gpu_hour) for way in self.ways)
        held = np.arange(1, most + 1)
        columns = {way.name: [float(way.used(self.utilisation, int(m))) for m in held] for way in self.ways}
        return pd.DataFrame({"months": held, **columns})

    @property
    def crossovers(self) -> pd.DataFrame:
        """way, against, utilisation (above it ``way`` is cheaper, NaN: nowhere), from_month (on, for good; NaN: never).

        ``way`` is paid for whether used or not. Months are whole; both are at the screening's other figure.
        """
        rows = []
        months = self.by_months
        for index, way in enumerate(self.ways):
            for other in self.ways:
                if way.hourly or (not other.hourly and other in self.ways[: index + 1]):
                    continue
                rows.append(
                    (way.name, other.name, self._share(way, other), _from_month(months[way.name], months[other.name]))
                )
        return pd.DataFrame(rows, columns=["way", "against", "utilisation", "from_month"])

    @property
    def crossings(self) -> pd.DataFrame:
        """Every place where two curves cross: way, against, over (utilisation or months), at, below, above.

        ``below`` and ``above`` name which of the two costs less on either side. Over utilisation, two ways paid for
        whether used or not cross where their energy in use makes up for their price; over months, ``at`` is the first
        month of the new order.
        """
        rows: list[tuple[str, str, str, float, str, str]] = []
        months = self.by_months
        for index, way in enumerate(self.ways):
            for other in self.ways[index + 1 :]:
                rows += [(way.name, other.name, *found) for found in self._over_utilisation(way, other)]
                cheaper = (months[way.name] < months[other.name]).to_numpy()
                for at in np.flatnonzero(cheaper[1:] != cheaper[:-1]) + 1:
                    names = (other.name, way.name) if cheaper[at] else (way.name, other.name)
                    rows.append((way.name, other.name, "months", float(months["months"].iloc[at]), *names))
        return pd.DataFrame(rows, columns=["way", "against", "over", "at", "below", "above"])

    def _over_utilisation(self, way: SourcingOption, other: SourcingOption) -> Iterator[tuple[str, float, str, str]]:
        """The one utilisation at which two curves cross, if there is one: paid ÷ share + in use = the same of both."""
        fixed, used = zip(*((self._paid(one), self._in_use(one)) for one in (way, other)), strict=True)
        if used[0] == used[1]:
            return
        share = (fixed[0] - fixed[1]) / (used[1] - used[0])
        if 0 < share < 1:
            # What costs less by the hour in use wins where it is used most.
            names = (other.name, way.name) if used[0] < used[1] else (way.name, other.name)
            yield ("utilisation", float(share), *names)

    def _paid(self, way: SourcingOption) -> float:
        """USD per usable GPU-hour held, whether used or not."""
        return 0.0 if way.hourly else float(way.usd_per_gpu_hour[self.months - 1] / way.usable)

    def _in_use(self, way: SourcingOption) -> float:
        """USD per hour in use beside it."""
        return float(way.used(1.0, self.months)) - self._paid(way)

    def _share(self, way: SourcingOption, other: SourcingOption) -> float:
        """The utilisation above which ``way`` costs less; 0 where it does everywhere, NaN where nowhere."""
        if not other.hourly:
            less = way.used(UTILISATION, self.months) < other.used(UTILISATION, self.months)
            return 0.0 if less.all() else np.nan
        room = float(other.used(1.0, self.months)) - way.busy_usd
        share = way.usd_per_gpu_hour[self.months - 1] / way.usable / room if room > 0 else np.inf
        return float(share) if share <= 1 else np.nan


def _from_month(one: pd.Series[float], other: pd.Series[float]) -> float:
    dearer = np.flatnonzero((one >= other).to_numpy())
    if len(dearer) == 0:
        return 1.0
    return np.nan if dearer[-1] + 1 == len(one) else float(dearer[-1] + 2)


def screen(
    scenario: Scenario,
    catalog: Catalog,
    system: str,
    workload: str,
    *,
    site: str | None = None,
    months: int = 36,
    utilisation: float = 1.0,
    given: PriceOverrides | None = None,
) -> Screening:
    """The screening curves of ``system`` for ``workload``, held for ``months`` or in use for ``utilisation``.

    Raises InputError where one of them is unknown, does not fit, or no way of getting the system has a price.
    """
    given = given or PriceOverrides()
    if system not in catalog.systems:
        raise InputError(f"--system {system}: there is no such system{nearest(system, catalog.systems)}")
    found = [item for item in scenario.workloads if item.name == workload]
    if not found:
        names = [item.name for item in scenario.workloads]
        raise InputError(f"--workload {workload}: the scenario has no such workload{nearest(workload, names)}")
    chosen, task, timeline = catalog.systems[system], found[0], timeline_of(scenario, catalog)
    most = int(chosen.life_years * MONTHS_PER_YEAR)
    if not 1 <= months <= most:
        raise InputError(f"--months {months}: a {system} is held for 1 to {most} months")
    if not 0 < utilisation <= 1:
        raise InputError(f"--utilisation {utilisation:g}: must be more than 0 and at most 1")
    point, rate = _best_point(scenario, catalog, timeline, chosen, task)
    ways = [
        *owned(scenario, catalog, timeline, chosen, site, most, given.own),
        *reserved(scenario, catalog, chosen, most, given.reserve),
        *on_demand(scenario, catalog, chosen, most, given.on_demand),
        *token_api(scenario, catalog, task, rate, most),
    ]
    if not ways:
        raise InputError(f"--system {system}: nothing in the scenario or the catalog gives it a price")
    assert task.tokens is not None
    mtok = mtok_from_tokens(rate * task.tokens.output * SECONDS_PER_HOUR)
    return Screening(system, workload, point, mtok, months, utilisation, tuple(ways))


def _best_point(
    scenario: Scenario, catalog: Catalog, timeline: Timeline, system: System, task: Workload
) -> tuple[str, float]:
    """The fastest point that meets the workload's targets, and its requests/s per GPU in the first period."""
    if task.tokens is None:
        raise InputError(f"--workload {task.name}: a gpu_hours workload makes no tokens, so there is nothing to screen")
    index = scenario.workloads.index(task)
    fitting = [
        (float(item.rate[0]), item.name)
        for item in candidates(scenario, catalog, timeline, {system.system})
        if item.workload == index and item.sla_excess <= SLACK
    ]
    if not fitting:
        raise InputError(f"--system {system.system}: no serving point of it meets the targets of {task.name}")
    rate, name = max(fitting)
    return name, rate
