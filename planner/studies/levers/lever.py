"""The levers, one by one: what each takes away, and by what it is known what that brings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from planner.catalog import Catalog
from planner.catalog.models import ServingPoint
from planner.catalog.optimisations import (
    DISAGGREGATION,
    FP4,
    KV_OFFLOAD,
    KV_ROUTING,
    MTP,
    OTHER_DRAFTS,
    Known,
    Optimisation,
    known_by,
)
from planner.frozen import dataclass
from planner.plan.notes.note import listed
from planner.scenario import Scenario
from planner.scenario.models import Workload
from planner.studies import changes

# By model, those that a plan may use.
Points = Mapping[str, Sequence[ServingPoint]]
Change = Callable[[Scenario, Catalog], tuple[Scenario, Catalog]]


@dataclass(frozen=True)
class Lever:
    """Something taken away: ``change`` makes the scenario and catalog without it.

    ``optimisation`` is what serving points have or have not, None where the lever is of the scenario alone.
    """

    name: str
    change: Change
    optimisation: Optimisation | None = None

    def known(self, usable: Points) -> Known | None:
        """By what the lever's worth is known from the points that a plan may use; None where no point has to tell."""
        if self.optimisation is None:
            return None
        return known_by(self.optimisation, [point for points in usable.values() for point in points])


def all_levers() -> tuple[Lever, ...]:
    """In the order of the waterfall."""
    return (
        Lever("without FP4", _without(FP4), FP4),
        # Points of which it is not known whether they draft may do so by MTP, and do not count as without it.
        Lever("without MTP", _without(MTP, or_unknown=True), MTP),
        Lever("without other speculative decoding", _without(OTHER_DRAFTS), OTHER_DRAFTS),
        Lever("without disaggregation", _without(DISAGGREGATION), DISAGGREGATION),
        Lever("without KV offload", _without(KV_OFFLOAD), KV_OFFLOAD),
        Lever("without KV-aware routing", _without(KV_ROUTING), KV_ROUTING),
        Lever("at half the utilisation", _half_used),
        Lever("rented at on-demand list price", _at_list),
        Lever("Hopper only", _hopper_only),
    )


def usable_points(scenario: Scenario, catalog: Catalog, systems: Collection[str]) -> Points:
    """The points of each model that a workload serves, on systems that can be had."""
    models = dict.fromkeys(workload.model for workload in scenario.workloads if workload.model is not None)
    return {
        model: [point for point in catalog.serving.values() if point.model == model and point.system in systems]
        for model in models
    }


def unmeasured(known: Mapping[str, Known | None], usable: Points) -> Iterator[str]:
    """Which levers nobody has measured or predicted: for no model that is served, or not for some of them."""
    absent = [lever for lever in all_levers() if known[lever.name] == "not measured"]
    if absent and usable:
        names = ", ".join(lever.name.removeprefix("without ") for lever in absent)
        yield (
            f"Not measured, so not priced: {names}. No serving point of {listed(list(usable))} on a system that can be "
            "had says that it has any."
        )
    for lever in all_levers():
        if lever.optimisation is None or known[lever.name] == "not measured":
            continue
        lacking = [model for model, points in usable.items() if known_by(lever.optimisation, points) == "not measured"]
        if lacking:
            yield f"{lever.name}: not measured for {listed(lacking)}; what it costs is of the others alone."


def _without(optimisation: Optimisation, *, or_unknown: bool = False) -> Change:
    """No point that has it, nor one of which that is unknown where ``or_unknown``."""

    def kept(point: ServingPoint) -> bool:
        has = optimisation.has(point)
        return not (or_unknown if has is None else has)

    def change(scenario: Scenario, catalog: Catalog) -> tuple[Scenario, Catalog]:
        return scenario, changes.with_points(catalog, kept)

    return change


def _half_used(scenario: Scenario, catalog: Catalog) -> tuple[Scenario, Catalog]:
    """Half of what is used of a GPU's saturated rate now."""

    def change(workload: Workload) -> Workload:
        own = {point: 1 - (1 - share) / 2 for point, share in (workload.headroom_by_point or {}).items()}
        halved = {"headroom": 1 - (1 - workload.stated_headroom) / 2, "headroom_by_point": own or None}
        return workload.model_copy(update=halved)

    return changes.workloads(scenario, change), catalog


def _at_list(scenario: Scenario, catalog: Catalog) -> tuple[Scenario, Catalog]:
    """No contract, no quote and no spot: what is rented is rented at the hourly list price."""
    hourly = tuple(kind for kind in scenario.procurement.rent if kind == "on_demand")
    return changes.with_procurement(scenario, rent=hourly).model_copy(update={"quotes": ()}), catalog


def _hopper_only(scenario: Scenario, catalog: Catalog) -> tuple[Scenario, Catalog]:
    """No system of a later generation is bought or rented; what is owned or signed already stays."""
    later = tuple(key for key, system in catalog.systems.items() if system.generation != "hopper")
    systems = scenario.procurement.systems
    denied = systems.model_copy(update={"deny": tuple(dict.fromkeys((*systems.deny, *later))), "include": ()})
    kept = tuple(quote for quote in scenario.quotes if quote.system not in later)
    return changes.with_procurement(scenario, systems=denied).model_copy(update={"quotes": kept}), catalog
