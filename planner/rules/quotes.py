"""Quotes for tokens as rows of the catalog: each stands in the place of the provider's price for that model."""

from __future__ import annotations

from dataclasses import replace

from planner.catalog import Catalog
from planner.catalog.models import QuotedApi, Source
from planner.scenario.models import Scenario

SOURCE = "quote"


def apply_quotes(scenario: Scenario, catalog: Catalog) -> Catalog:
    """``catalog`` with the token quotes of ``scenario``, of the day it is decided."""
    if not scenario.token_quotes:
        return catalog
    day = scenario.horizon.decided_on
    rows = [
        QuotedApi(
            **quote.model_dump(exclude={"concurrency", "tokens", "max_mtok_per_day", "tags"}),
            max_mtok_per_day=quote.most_mtok_per_day,
            source=(SOURCE,),
            as_of=day,
            evidence="vendor",
        )
        for quote in scenario.token_quotes
    ]
    title = f"token quotes of the scenario {scenario.name}"
    source = Source(title=title, publisher="the providers quoting", address="the scenario's token_quotes", read=day)
    return replace(
        catalog,
        token_apis={**catalog.token_apis, **{row.key: row for row in rows}},
        sources={**catalog.sources, SOURCE: source},
    )
