"""A plan's tables as one future sees them, and the calendar that goes with them."""

from __future__ import annotations

from planner.catalog import Catalog, load_catalog
from planner.plan import Plan
from planner.plan.tables import ALL
from planner.scenario import Scenario
from planner.table import Table, isin
from planner.timeline import Timeline, build_timeline


def rows_of(table: Table, future: str, *, lookahead: bool = False) -> Table:
    """Rows that hold in ``future``, those of the lookahead only where asked for."""
    held = isin(table["future"], (future, ALL))
    return table.take(held if lookahead else held & ~table["lookahead"].astype(bool))


def timeline_of(scenario: Scenario, catalog: Catalog | None = None) -> Timeline:
    """The scenario's calendar; the catalogs are read again only where the load blocks are theirs and none is given."""
    blocks = scenario.blocks
    if blocks is None:
        origin = scenario.origin
        catalog = catalog if catalog is not None else load_catalog(scenario.catalogs, origin.folder if origin else None)
        blocks = catalog.blocks
    return build_timeline(scenario.horizon, blocks, scenario.finance.discount_rate)


def probabilities(plan: Plan) -> dict[str, float]:
    """Probability of each future."""
    futures = plan.kpis.get("futures")
    return {item["name"]: item["probability"] for item in futures} if futures else {plan.futures[0]: 1.0}
