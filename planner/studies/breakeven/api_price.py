"""At what price of tokens a plan would call an API: one that meets the targets, whether or not anyone sells it yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planner.catalog import Catalog
from planner.catalog.models import Statistic, TokenApi
from planner.errors import InputError
from planner.rules.eligibility import provider_ruled_out
from planner.rules.latency import targets
from planner.scenario import Scenario
from planner.scenario.models import TokenQuote, Workload
from planner.studies.breakeven.threshold import Case, Threshold, bracketed
from planner.studies.changes import with_procurement
from planner.studies.command import Progress
from planner.studies.result import limit_of

# The provider of the tokens where the scenario allows none by name.
ANYONE = "token-api"
STATISTICS: dict[int, Statistic] = {50: "p50", 90: "p90", 95: "p95", 99: "p99"}


def listed(scenario: Scenario, catalog: Catalog, workload: Workload) -> TokenApi | None:
    """The token API of the workload's model that is cheapest per Mtok of output, whatever its latency, if any."""
    rows = [
        api
        for api in catalog.token_apis.values()
        if api.model == workload.model and not provider_ruled_out(scenario, api.provider)
    ]
    return min(rows, key=lambda api: (api.output_usd_per_mtok, api.name), default=None)


def input_share(scenario: Scenario, catalog: Catalog, workload: Workload) -> float:
    """What a token of input costs of one of output: as the cheapest that is listed has it, or as much."""
    api = listed(scenario, catalog, workload)
    return 1.0 if api is None else api.input_usd_per_mtok / api.output_usd_per_mtok


def api_threshold(
    scenario: Scenario,
    catalog: Catalog,
    workload: Workload,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    precision: float = 0.05,
    most_solves: int = 8,
    progress: Progress = lambda words: None,
) -> Threshold | None:
    """The price per Mtok of output at which plans begin to call a token API of the workload's model.

    It has any number of tokens, at latencies that just meet the workload's targets, and stands in the place of all that
    are listed; of what its input costs ``input_share`` tells. None where the workload may not use token APIs.
    """
    if workload.kind == "gpu_hours" or not workload.token_api:
        return None
    cheapest = listed(scenario, catalog, workload)
    return bracketed(
        "api",
        None if cheapest is None else cheapest.output_usd_per_mtok,
        without_apis(scenario, catalog, workload),
        lambda usd: with_api_price(scenario, catalog, workload, usd),
        gap=gap,
        time_limit_s=limit_of(scenario, time_limit_s),
        precision=precision,
        most_solves=most_solves,
        progress=progress,
    )


def without_apis(scenario: Scenario, catalog: Catalog, workload: Workload) -> Case:
    """Scenario and catalog in which nobody sells tokens of the workload's model."""
    kept = {key: api for key, api in catalog.token_apis.items() if api.model != workload.model}
    quotes = tuple(quote for quote in scenario.token_quotes if quote.model != workload.model)
    return scenario.model_copy(update={"token_quotes": quotes}), replace(catalog, token_apis=kept)


def with_api_price(scenario: Scenario, catalog: Catalog, workload: Workload, output_usd_per_mtok: float) -> Case:
    """Scenario and catalog in which one provider alone sells the model's tokens, at that price and in time."""
    usd, share = output_usd_per_mtok, input_share(scenario, catalog, workload)
    if not scenario.procurement.token_api:
        # Switching this one on is no word about those of other models.
        catalog = replace(catalog, token_apis={})
    scenario, catalog = without_apis(scenario, catalog, workload)
    latency: dict[str, Any] = {}
    for metric, limit_ms, percentile in targets(workload.sla):
        latency |= {f"{metric}_ms": limit_ms, f"{metric}_statistic": STATISTICS[percentile]}
    assert workload.model is not None
    quote = TokenQuote(
        provider=_provider(scenario), model=workload.model,
        input_usd_per_mtok=share * usd, output_usd_per_mtok=usd, **latency,
    )  # fmt: skip
    scenario = with_procurement(scenario, token_api=True)
    return scenario.model_copy(update={"token_quotes": (*scenario.token_quotes, quote)}), catalog


def _provider(scenario: Scenario) -> str:
    """A provider that the scenario does not rule out."""
    allowed = (*(scenario.procurement.providers.allow or ()), ANYONE)
    for name in allowed:
        if not provider_ruled_out(scenario, name):
            return name
    raise InputError("procurement.providers allows no provider, so that none can sell tokens")
