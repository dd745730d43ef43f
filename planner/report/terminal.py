"""The terminal view of a plan: the verdict, what to do next, the headline, then the tables behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from planner.catalog import Catalog
from planner.plan import Plan
from planner.render.console import Plain
from planner.render.sheet import Sheet, left, show
from planner.report.binding import binding_sheet
from planner.report.cash import cash_sheet
from planner.report.futures import futures_sheet, later_sheet
from planner.report.headline import headline
from planner.report.hourly import rented_sheet
from planner.report.limits import budget_sheet, power_sheet
from planner.report.orders import next_orders, purchases_and_contracts
from planner.report.serving import serving_sheet
from planner.report.tags import tag_sheets
from planner.report.verdict import Verdict
from planner.report.view import timeline_of
from planner.report.workloads import workload_sheets
from planner.scenario import Scenario

if TYPE_CHECKING:
    from rich.console import Console

MORE = (
    "What each way alone needs and costs: `plan compare SCENARIO`.",
    "Which other values would change the orders: `plan stands SCENARIO`.",
)


def sheets(
    plan: Plan,
    scenario: Scenario,
    catalog: Catalog | None = None,
    beside: Sequence[tuple[str, str]] = (),
    more: Sequence[Sheet] = (),
    verdict: Verdict | None = None,
) -> Iterator[Sheet]:
    """The parts of the view in order; ``beside`` are lines of the headline, ``more`` stands behind the futures."""
    timeline = timeline_of(scenario, catalog)
    length = scenario.horizon.period
    if verdict is not None:
        yield verdict_sheet(verdict)
    yield next_orders(plan, scenario)
    yield headline(plan, scenario, timeline, beside)
    yield purchases_and_contracts(plan, scenario, length)
    if len(plan.futures) > 1:
        yield later_sheet(plan, scenario)
        yield futures_sheet(plan)
        yield from more
    else:
        yield rented_sheet(plan)
    yield serving_sheet(plan, scenario, timeline)
    yield from workload_sheets(plan, scenario)
    yield power_sheet(plan, scenario, timeline, length)
    yield budget_sheet(plan, scenario, timeline)
    yield cash_sheet(plan, scenario)
    yield from tag_sheets(plan, scenario)
    yield binding_sheet(plan, scenario)


def verdict_sheet(verdict: Verdict) -> Sheet:
    """Its three sentences, the first to stand out, and which commands tell more of the others."""
    sign, *others = verdict.sentences
    return Sheet(sign, (left(),), tuple((sentence,) for sentence in others), MORE)


def render(
    plan: Plan,
    scenario: Scenario,
    console: Console | Plain,
    *,
    catalog: Catalog | None = None,
    beside: Sequence[tuple[str, str]] = (),
    more: Sequence[Sheet] = (),
) -> None:
    """Print ``plan`` in as many columns as the console has.

    ``catalog`` saves reading it again where the scenario leaves the load blocks to it; ``beside`` are further lines of
    the headline, such as the cost at another percentile; ``more`` are further parts, such as the value of information.
    """
    for sheet in sheets(plan, scenario, catalog, beside, more):
        show(sheet, console)
