"""The catalog that the form takes names from; light, for the server loads no plan."""

from __future__ import annotations

from planner.catalog import Catalog, load_catalog
from planner.rules import apply_quotes, check_references
from planner.scenario import Scenario


def catalog_of(scenario: Scenario) -> Catalog:
    """The catalogs of a scenario, checked against it; points for its workloads are derived by who plans."""
    catalog = apply_quotes(scenario, load_catalog(scenario.catalogs, scenario.origin.folder))
    check_references(scenario, catalog)
    return catalog
