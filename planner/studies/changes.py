"""Changes to a scenario or a catalog that questions are made of: a limit moved, prices or demand scaled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from planner.catalog import Catalog
from planner.catalog.models import ServingPoint, TokenApi
from planner.kinds.limits import SPENDING
from planner.rules.offers import hourly_depth
from planner.scenario.models import Scenario, Site, Sla, TokenQuote, Workload, YearlyLimit
from planner.schedule import Schedule, add_months

Api = TypeVar("Api", TokenApi, TokenQuote)


def sites(scenario: Scenario, change: Callable[[Site], Site], name: str | None = None) -> Scenario:
    """``change`` made to every site, or to that of ``name``."""
    found = tuple(change(site) if name in (None, site.name) else site for site in scenario.sites)
    return scenario.model_copy(update={"sites": found})


def workloads(scenario: Scenario, change: Callable[[Workload], Workload], name: str | None = None) -> Scenario:
    """``change`` made to every workload, or to that of ``name``."""
    found = tuple(change(item) if name in (None, item.name) else item for item in scenario.workloads)
    return scenario.model_copy(update={"workloads": found})


def raised(schedule: Schedule, by: float) -> Schedule:
    """Every value of ``schedule`` raised by an amount, none below 0."""
    return Schedule(anchors=tuple((day, max(value + by, 0.0)) for day, value in schedule.anchors))


def later(schedule: Schedule, months: int) -> Schedule:
    """Every step of ``schedule`` but its first so many months later."""
    first, *rest = schedule.anchors
    return Schedule(anchors=(first, *((add_months(day, months), value) for day, value in rest)))


def site_limit(site: Site, field: str) -> Schedule | None:
    """The limit that ``field`` of a site states (``power_mw``, ``lease.it_kw``), None where there is none."""
    found: Any = site
    for name in field.split("."):
        found = None if found is None else getattr(found, name)
    assert found is None or isinstance(found, Schedule)
    return found


def with_site_limit(scenario: Scenario, field: str, by: float, name: str) -> Scenario:
    """The limit that ``field`` of the site ``name`` states raised by an amount at every date."""

    def change(section: Any, path: list[str]) -> Any:
        first, *rest = path
        inner = getattr(section, first)
        return section.model_copy(update={first: change(inner, rest) if rest else raised(inner, by)})

    return sites(scenario, lambda site: change(site, field.split(".")), name)


def with_power_share(scenario: Scenario, factor: float) -> Scenario:
    """The power caps times ``factor`` at every date."""
    return sites(scenario, lambda s: s.model_copy(update={"power_mw": s.power_mw.scaled(factor)}))


def with_power_later(scenario: Scenario, months: int) -> Scenario:
    """Every step of the power caps but the first so many months later."""
    return sites(scenario, lambda s: s.model_copy(update={"power_mw": later(s.power_mw, months)}))


def with_demand(scenario: Scenario, factor: float, workload: str | None = None) -> Scenario:
    """The forecasts times ``factor``."""

    def change(item: Workload) -> Workload:
        return item.model_copy(update={"demand": item.demand.scaled(factor)})

    return workloads(scenario, change, workload)


def with_latency(scenario: Scenario, field: str, by: float, workload: str) -> Scenario:
    """The target ``ttft_s`` or ``tpot_ms`` of ``workload`` moved by so much of its unit."""

    def change(item: Workload) -> Workload:
        stated = getattr(item.sla, field)
        assert stated is not None
        sla: Sla = item.sla.model_copy(update={field: max(stated + by, 1e-6)})
        return item.model_copy(update={"sla": sla})

    return workloads(scenario, change, workload)


def with_budget(scenario: Scenario, field: str, by_usd: float) -> Scenario:
    """A budget moved by an amount, in every year it is given for."""
    limit: YearlyLimit = getattr(scenario.budget, field)
    assert limit is not None
    if isinstance(limit, dict):
        moved: YearlyLimit = {year: max(usd + by_usd, 0.0) for year, usd in limit.items()}
    else:
        moved = max(limit + by_usd, 0.0)
    return scenario.model_copy(update={"budget": scenario.budget.model_copy(update={field: moved})})


def with_quota(scenario: Scenario, index: int, by_gpus: float) -> Scenario:
    """One quota moved by so many GPUs, at each provider it holds for."""
    quotas = list(scenario.procurement.quotas)
    quotas[index] = quotas[index].model_copy(update={"gpus": max(quotas[index].gpus + by_gpus, 0.0)})
    return with_procurement(scenario, quotas=tuple(quotas))


def with_hourly_depth(scenario: Scenario, by_gpus: float) -> Scenario:
    """What providers are taken to have by the hour moved by so many GPUs, for each one that the scenario names."""
    stated = scenario.procurement.hourly_depth_gpus
    assert stated is not None
    if isinstance(stated, dict):
        moved: float | dict[str, float] = {name: max(gpus + by_gpus, 0.0) for name, gpus in stated.items()}
    else:
        moved = max(stated + by_gpus, 0.0)
    return with_procurement(scenario, hourly_depth_gpus=moved)


def with_supply_factor(scenario: Scenario, catalog: Catalog, factor: float) -> Scenario:
    """Every quota, and what each provider is taken to have by the hour, times ``factor``."""
    rules = scenario.procurement
    quotas = tuple(quota.model_copy(update={"gpus": quota.gpus * factor}) for quota in rules.quotas)
    stated = rules.hourly_depth_gpus
    if isinstance(stated, dict):
        # A provider that is not named has a depth too.
        names = {*stated, *(offer.provider for offer in catalog.offers.values())}
        stated = {name: hourly_depth(rules, name, None) * factor for name in sorted(names)}
    elif stated is not None:
        stated = stated * factor
    return with_procurement(scenario, quotas=quotas, hourly_depth_gpus=stated)


def with_budget_factor(scenario: Scenario, factor: float) -> Scenario:
    """Every budget times ``factor``, in each year it is given for."""
    found: dict[str, YearlyLimit] = {}
    for kind in SPENDING:
        limit: YearlyLimit = getattr(scenario.budget, kind.field)
        if isinstance(limit, dict):
            found[kind.field] = {year: usd * factor for year, usd in limit.items()}
        elif limit is not None:
            found[kind.field] = limit * factor
    return scenario.model_copy(update={"budget": scenario.budget.model_copy(update=found)})


def with_hours_until(catalog: Catalog, first_without: dt.date) -> Catalog:
    """Hourly offers end before ``first_without``, those that end sooner as they do."""
    last = first_without - dt.timedelta(days=1)
    offers = {
        key: row
        if row.kind == "reserved"
        else row.model_copy(update={"available_until": min(last, row.available_until or last)})
        for key, row in catalog.offers.items()
    }
    return replace(catalog, offers=offers)


def with_max_share(scenario: Scenario, by: float) -> Scenario:
    """The greatest share of a provider moved by ``by``."""
    providers = scenario.procurement.providers
    assert providers.max_share is not None
    share = min(max(providers.max_share + by, 0.0), 1.0)
    return with_procurement(scenario, providers=providers.model_copy(update={"max_share": share}))


def with_procurement(scenario: Scenario, **fields: object) -> Scenario:
    """Other fields of the section ``procurement``."""
    return scenario.model_copy(update={"procurement": scenario.procurement.model_copy(update=fields)})


def with_hardware_price(catalog: Catalog, factor: float, system: str | None = None) -> Catalog:
    """Prices of systems times ``factor``."""
    found = {
        key: row.model_copy(update={"price_usd": row.price_usd * factor}) if system in (None, key) else row
        for key, row in catalog.systems.items()
    }
    return replace(catalog, systems=found)


def with_rates(
    scenario: Scenario, catalog: Catalog, factor: float, *, hourly_only: bool = False, name: str | None = None
) -> tuple[Scenario, Catalog]:
    """Prices of rent times ``factor``: all of them, of hourly offers only, or of the offer or quote ``name``."""
    offers = {
        key: row.model_copy(update={"usd_per_gpu_hour": row.usd_per_gpu_hour * factor})
        if (name is None or row.name == name) and not (hourly_only and row.kind == "reserved")
        else row
        for key, row in catalog.offers.items()
    }
    quotes = scenario.quotes
    if not hourly_only:
        quotes = tuple(
            quote.model_copy(update={"usd_per_gpu_hour": quote.usd_per_gpu_hour * factor})
            if name in (None, quote_name(quote))
            else quote
            for quote in scenario.quotes
        )
    return scenario.model_copy(update={"quotes": quotes}), replace(catalog, offers=offers)


def with_api_price(scenario: Scenario, catalog: Catalog, factor: float, name: str) -> tuple[Scenario, Catalog]:
    """The prices of the token API or token quote ``name`` times ``factor``."""

    def priced(row: Api) -> Api:
        fields = ("input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok")
        stated = {field: getattr(row, field) for field in fields}
        return row.model_copy(update={field: usd * factor for field, usd in stated.items() if usd is not None})

    apis = {key: priced(row) if row.name == name else row for key, row in catalog.token_apis.items()}
    quotes = tuple(
        priced(quote) if f"{quote.provider}/{quote.model}" == name else quote for quote in scenario.token_quotes
    )
    return scenario.model_copy(update={"token_quotes": quotes}), replace(catalog, token_apis=apis)


def quote_name(quote: object) -> str:
    """The name of the offer that a quote is: ``nscale/quoted/gb300-nvl72/reserved-36m``."""
    return f"{quote.provider}/{quote.region}/{quote.system}/reserved-{quote.term_months}m"  # type: ignore[attr-defined]


def with_points(catalog: Catalog, keep: Callable[[ServingPoint], bool]) -> Catalog:
    """Only the serving points that ``keep`` says."""
    return replace(catalog, serving={key: row for key, row in catalog.serving.items() if keep(row)})


def with_speed(catalog: Catalog, factor: float, point: str) -> Catalog:
    """The rates of the serving point ``point`` times ``factor``, at the same latency."""
    fields = ("input_tok_s_per_gpu", "output_tok_s_per_gpu")
    found = {
        key: row.model_copy(update={field: getattr(row, field) * factor for field in fields})
        if row.name == point
        else row
        for key, row in catalog.serving.items()
    }
    return replace(catalog, serving=found)


def with_later_delivery(scenario: Scenario, catalog: Catalog, weeks: float) -> Scenario:
    """Lead times of bought systems longer by so many weeks; what is there or on order already is not late."""
    named = dict(scenario.procurement.lead_weeks)
    for key, system in catalog.systems.items():
        named[key] = named.get(key, system.lead_weeks) + weeks
    return with_procurement(scenario, lead_weeks=named)


def orders_until(scenario: Scenario) -> dt.date:
    """The last day of today's orders: the day service starts."""
    return scenario.horizon.start
