"""The form: the fields of a scenario that are asked about in a meeting, each with its meaning, unit and range.

Meanings, units and limits are the schema's own; which fields there are is this list's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.kinds.limits import SPENDING
from planner.render.words import header
from planner.rules.eligibility import provider_ruled_out, system_ruled_out
from planner.scenario import Scenario
from planner.schedule import Schedule, written_date
from planner.serve.fields import FACTORS, Field, info, number, slider, tidy

POWER, DEMAND, WAYS, BUDGET = "Power", "Demand", "Buy or rent", "Budget"
SYSTEMS, LATENCY, QUOTAS, QUOTES = "Systems and providers", "Latency and headroom", "Quotas", "Quotes"
GROUPS = (POWER, DEMAND, WAYS, BUDGET, SYSTEMS, LATENCY, QUOTAS, QUOTES)
# Groups that are open at first.
OPEN = (POWER, DEMAND, WAYS)
RENT = {"reserved": "contracts for a term", "on_demand": "on demand, by the hour", "spot": "spot, by the hour"}
MILLION = 1e6


@dataclass(frozen=True)
class Form:
    """All fields by the name that a link gives them, in their order."""

    fields: tuple[Field, ...]

    def by_name(self) -> Mapping[str, Field]:
        """Each field by its name."""
        return {field.name: field for field in self.fields}

    def groups(self) -> list[tuple[str, tuple[Field, ...]]]:
        """Each group that has fields, with them."""
        found = [(group, tuple(field for field in self.fields if field.group == group)) for group in GROUPS]
        return [(group, fields) for group, fields in found if fields]

    def ways(self) -> list[tuple[str, str, dict[str, str]]]:
        """The three buttons: name, meaning, and what each sets; buying and renting within what the scenario allows."""
        fields = [field for field in self.fields if field.group == WAYS]
        kept = {
            "Mix": ("as the scenario allows", [field.name for field in fields]),
            "Buy": ("systems bought and nothing else", [_BUY]),
            "Rent": (
                "contracts and by the hour, nothing bought",
                [field.name for field in fields if field.path == _RENT],
            ),
        }
        return [
            (label, about, {field.name: field.written(bool(field.now) and field.name in names) for field in fields})
            for label, (about, names) in kept.items()
        ]


_BUY, _RENT, _API = "procurement.buy", "procurement.rent", "procurement.token_api"


def form_of(scenario: Scenario, catalog: Catalog) -> Form:
    """The form of a scenario. A name that holds what ends a path in ``--set`` has no field."""
    fields = (
        *_power(scenario),
        *_demand(scenario),
        *_ways(scenario),
        *_budget(scenario),
        *_names(scenario, catalog),
        *_latency(scenario),
        *_quotas(scenario),
        *_quotes(scenario),
    )
    return Form(tuple(field for field in fields if "=" not in field.path and "," not in field.member))


def _power(scenario: Scenario) -> Iterator[Field]:
    for index, site in enumerate(scenario.sites):
        keys = ("sites", index, "power_mw")
        yield from _schedule(scenario, site.power_mw, keys, f"sites.{site.name}.power_mw", POWER, f"at {site.name}")


def _schedule(
    scenario: Scenario, schedule: Schedule, keys: tuple[Any, ...], path: str, group: str, label: str
) -> Iterator[Field]:
    """A field for each date of a schedule, or one for all time."""
    for day, value in schedule.anchors:
        always = day == dt.date.min
        when = written_date(day)
        made = Field(
            path if always else f"{path}.{when}", group, label if always else f"{label}, from {when}", "number", value
        )
        yield slider(number(scenario, keys, made), max(schedule.values))


def _demand(scenario: Scenario) -> Iterator[Field]:
    low, high = FACTORS
    for workload in scenario.workloads:
        yield Field(
            f"workloads.{workload.name}.demand",
            DEMAND,
            workload.name,
            "factor",
            1.0,
            about="the whole forecast, times this",
            unit="× the forecast",
            low=low,
            high=high,
            step=0.05,
            least=0.0,
        )


def _ways(scenario: Scenario) -> Iterator[Field]:
    rules = scenario.procurement
    about = _about("procurement", "buy")
    if scenario.sites:
        yield Field(_BUY, WAYS, "buy systems", "switch", rules.buy, about=about)
    for kind, words in RENT.items():
        yield Field(_RENT, WAYS, words, "member", kind in rules.rent, member=kind)
    yield Field(_API, WAYS, "token APIs", "switch", rules.token_api, about=_about("procurement", "token_api"))


def _about(*keys: str) -> str:
    found = info(keys)
    return "" if found is None else found.description or ""


def _budget(scenario: Scenario) -> Iterator[Field]:
    for kind in SPENDING:
        given = getattr(scenario.budget, kind.field)
        keys, path = ("budget", kind.field), f"budget.{kind.field}"
        words = header(kind.field).partition(",")[0].removesuffix(" budget")
        by_year = given if isinstance(given, dict) else {None: given}
        largest = max((usd for usd in by_year.values() if usd is not None), default=0.0) / MILLION
        for year, usd in by_year.items():
            label = words if year is None else f"{words} of {year}"
            made = Field(
                path if year is None else f"{path}.{year}",
                BUDGET,
                label,
                "number",
                None if usd is None else tidy(usd / MILLION),
                unit="$ M",
                scale=MILLION,
            )
            yield slider(number(scenario, keys, made), largest)


def _names(scenario: Scenario, catalog: Catalog) -> Iterator[Field]:
    """Which systems and providers may be used, of those that the catalog or a quote has."""
    announced = {name for name, row in catalog.systems.items() if row.announced}
    for name, system in sorted(catalog.systems.items()):
        if name in announced and name not in scenario.procurement.systems.include:
            continue
        allowed = not system_ruled_out(scenario, system)
        yield Field("procurement.systems", SYSTEMS, name, "member", allowed, member=name)
    providers = {row.provider for row in catalog.offers.values()} | {quote.provider for quote in scenario.quotes}
    for name in sorted(providers):
        allowed = not provider_ruled_out(scenario, name)
        yield Field("procurement.providers", SYSTEMS, name, "member", allowed, member=name)
    share = scenario.procurement.providers.max_share
    if share is not None:
        keys = ("procurement", "providers", "max_share")
        made = Field(
            ".".join(keys), SYSTEMS, "most of all GPUs from one provider", "number", tidy(100 * share), scale=0.01
        )
        yield slider(number(scenario, keys, replace(made, unit="%")), 100.0)


def _latency(scenario: Scenario) -> Iterator[Field]:
    for index, workload in enumerate(scenario.workloads):
        at = f"workloads.{workload.name}"
        for name, words in (("ttft_s", "time to first token"), ("tpot_ms", "time per output token")):
            value = getattr(workload.sla, name)
            if value is not None:
                percentile = getattr(workload.sla, f"{name.partition('_')[0]}_percentile")
                made = Field(f"{at}.sla.{name}", LATENCY, f"{workload.name}: {words}, p{percentile}", "number", value)
                yield slider(number(scenario, ("workloads", index, "sla", name), made), value)
        if isinstance(workload.headroom, str):
            continue
        made = Field(f"{at}.headroom", LATENCY, f"{workload.name}: headroom", "number", tidy(100 * workload.headroom))
        made = replace(made, scale=0.01, unit="%")
        yield slider(number(scenario, ("workloads", index, "headroom"), made), 30.0)


def _quotas(scenario: Scenario) -> Iterator[Field]:
    for index, quota in enumerate(scenario.procurement.quotas):
        at = quota.provider or "each provider"
        made = Field(f"procurement.quotas.{index}.gpus", QUOTAS, f"{quota.system} at {at}", "number", quota.gpus)
        yield slider(number(scenario, ("procurement", "quotas", index, "gpus"), made), quota.gpus)
    depth = scenario.procurement.hourly_depth_gpus
    if isinstance(depth, int | float):
        keys = ("procurement", "hourly_depth_gpus")
        made = Field(".".join(keys), QUOTAS, "by the hour, of a system at a provider", "number", float(depth))
        yield slider(number(scenario, keys, made), float(depth))


def _quotes(scenario: Scenario) -> Iterator[Field]:
    for index, quote in enumerate(scenario.quotes):
        words = f"{quote.system} at {quote.provider}, {quote.term_months} months"
        for name, more in (("usd_per_gpu_hour", ""), ("max_lots", ": most lots")):
            value = getattr(quote, name)
            if value is not None:
                made = Field(f"quotes.{index}.{name}", QUOTES, words + more, "number", float(value))
                yield slider(number(scenario, ("quotes", index, name), made), float(value))
    for index, api in enumerate(scenario.token_quotes):
        for name, words in (("input_usd_per_mtok", "input"), ("output_usd_per_mtok", "output")):
            value = getattr(api, name)
            made = Field(f"token_quotes.{index}.{name}", QUOTES, f"{api.name}: {words}", "number", value)
            yield slider(number(scenario, ("token_quotes", index, name), made), value)
