"""What a scenario says against what its catalogs hold: names, blocks, terms, years."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from planner.catalog import Catalog
from planner.catalog.shapes import level_fault
from planner.document import KeyPath
from planner.errors import ScenarioError
from planner.kinds.limits import SPENDING
from planner.rules.budgets import fiscal_year, year_name
from planner.rules.eligibility import api_ruled_out
from planner.rules.extrapolated import Extrapolator, Refusal, in_words
from planner.rules.families import reachable, shape_of
from planner.rules.tariffs import FLAT
from planner.rules.work import apart
from planner.scenario.demand import OF_TRACE
from planner.scenario.models import MONTHS_PER_PERIOD, Horizon, Scenario
from planner.schedule import add_months
from planner.validation import nearest

Found = Iterator[tuple[KeyPath, str]]
SHAPES_NAMED = 3
# What an import calls the engine that neither its file nor its user names.
NO_ENGINE = "unknown"
RESERVED_TERM = re.compile(r"reserved_\d+[ym]")


def check_references(scenario: Scenario, catalog: Catalog) -> None:
    """Everything ``scenario`` names is there. Raises ScenarioError with every fault."""
    checks = (
        _systems,
        _counts,
        _providers,
        _models,
        _engines,
        _evaluations,
        _lengths,
        _shapes,
        _blocks,
        _futures,
        _money,
        _energy,
        _terms,
        _forecasts,
    )
    faults = [
        scenario.origin.fault(path, message)
        for path, message in chain.from_iterable(check(scenario, catalog) for check in checks)
    ]
    if faults:
        raise ScenarioError(faults)


def _unknown(kind: str, named: Iterable[tuple[KeyPath, str]], known: Iterable[str]) -> Found:
    """A fault for each name that is not known."""
    words = set(known)
    for path, name in named:
        if name not in words:
            yield path, f"unknown {kind} '{name}'{nearest(name, words)}"


def _listed(path: KeyPath, names: Iterable[str] | None) -> Iterator[tuple[KeyPath, str]]:
    return (((*path, index), name) for index, name in enumerate(names or ()))


def _keys(path: KeyPath, mapping: Mapping[str, object]) -> Iterator[tuple[KeyPath, str]]:
    return (((*path, name), name) for name in mapping)


def _field(section: str, items: Iterable[object], field: str) -> Iterator[tuple[KeyPath, str]]:
    for index, item in enumerate(items):
        name = getattr(item, field)
        if name is not None:
            yield (section, index, field), name


def _systems(scenario: Scenario, catalog: Catalog) -> Found:
    procurement = scenario.procurement
    named: list[tuple[KeyPath, str]] = []
    for index, site in enumerate(scenario.sites):
        named += [
            (("sites", index, "existing", position, "system"), existing.system)
            for position, existing in enumerate(site.existing)
        ]
    for field in ("allow", "deny", "include"):
        named += _listed(("procurement", "systems", field), getattr(procurement.systems, field))
    named += [
        (("procurement", "quotas", index, "system"), quota.system) for index, quota in enumerate(procurement.quotas)
    ]
    named += _keys(("procurement", "software_gain_per_year"), procurement.software_gain_per_year)
    for index, workload in enumerate(scenario.workloads):
        named += _keys(("workloads", index, "gpu_hours_weight"), workload.gpu_hours_weight)
    named += _field("quotes", scenario.quotes, "system")
    named += _field("contracts", scenario.contracts, "system")
    yield from _unknown("system", named, catalog.systems)
    leads = [
        (path, name)
        for path, name in _keys(("procurement", "lead_weeks"), procurement.lead_weeks)
        if not RESERVED_TERM.fullmatch(name)
    ]
    yield from _unknown("system or reserved term", leads, [*catalog.systems, "reserved_1y", "reserved_3y"])


def _counts(scenario: Scenario, catalog: Catalog) -> Found:
    """Where an existing group states its GPUs beside its systems, both are the same fleet."""
    for index, site in enumerate(scenario.sites):
        for position, existing in enumerate(site.existing):
            if existing.gpus is None or existing.system not in catalog.systems:
                continue
            each = catalog.systems[existing.system].gpus
            if existing.count * each != existing.gpus:
                whole = max(round(existing.gpus / each), 1)
                yield (
                    ("sites", index, "existing", position, "gpus"),
                    f"{existing.count:,} × {existing.system} are {existing.count * each:,} GPUs, "
                    f"not {existing.gpus:,}; count is of systems of {each} GPUs; nearest: {whole}",
                )


def _providers(scenario: Scenario, catalog: Catalog) -> Found:
    known = {offer.provider for offer in catalog.offers.values()} | {
        api.provider for api in catalog.token_apis.values()
    }
    known |= {quote.provider for quote in scenario.quotes} | {contract.provider for contract in scenario.contracts}
    rules = scenario.procurement.providers
    named = [
        *_listed(("procurement", "providers", "allow"), rules.allow),
        *_listed(("procurement", "providers", "deny"), rules.deny),
    ]
    for index, quota in enumerate(scenario.procurement.quotas):
        if quota.provider is not None:
            named.append((("procurement", "quotas", index, "provider"), quota.provider))
    depth = scenario.procurement.hourly_depth_gpus
    named += _keys(("procurement", "hourly_depth_gpus"), depth if isinstance(depth, dict) else {})
    yield from _unknown("provider", named, known)


def _models(scenario: Scenario, catalog: Catalog) -> Found:
    known = {point.model for point in catalog.serving.values()} | {api.model for api in catalog.token_apis.values()}
    yield from _unknown("model", _field("workloads", scenario.workloads, "model"), known)


def _engines(scenario: Scenario, catalog: Catalog) -> Found:
    """An engine that a workload asks for is one that some serving point ran on, and that is known."""
    named = [
        entry
        for index, workload in enumerate(scenario.workloads)
        for entry in _listed(("workloads", index, "engines"), workload.engines)
    ]
    yield from _unknown("engine", named, {point.engine for point in catalog.serving.values()} - {NO_ENGINE})


def _evaluations(scenario: Scenario, catalog: Catalog) -> Found:
    """An accuracy floor names an evaluation that some precision of the model has a score in."""
    for index, workload in enumerate(scenario.workloads):
        if workload.accuracy is None:
            continue
        known = {row.evaluation for row in catalog.accuracy.values() if row.model == workload.model}
        if workload.accuracy.evaluation not in known:
            named = f"no score of {workload.model} at '{workload.accuracy.evaluation}' in any accuracy.csv"
            yield (
                ("workloads", index, "accuracy", "evaluation"),
                f"{named}{nearest(workload.accuracy.evaluation, known)}",
            )


def _lengths(scenario: Scenario, catalog: Catalog) -> Found:
    """Requests are as long as measured ones or between them, or those reach them, unless a token API may answer."""
    for index, workload in enumerate(scenario.workloads):
        points = [point for point in catalog.serving.values() if point.model == workload.model]
        if workload.tokens is None or not points or reachable(workload, points, catalog):
            continue
        if any(not api_ruled_out(scenario, workload, api) for api in catalog.token_apis.values()):
            continue
        wanted = workload.tokens
        refused: Counter[Refusal] = Counter()
        if workload.extrapolate != "never":
            own = [point for point in points if not point.derivation]
            refused = Extrapolator(own, catalog).refusals((wanted.input, wanted.output))
        if refused[""]:
            continue
        shapes = {shape_of(point) for point in points if not point.derivation}
        closest = sorted(shapes, key=lambda shape: apart(shape, (wanted.input, wanted.output)))[:SHAPES_NAMED]
        measured = ", ".join(f"{shape[0]:g} / {shape[1]:g}" for shape in closest)
        message = (
            f"no configuration of {workload.model} was measured at, or on either side of, {wanted.input:g} input / "
            f"{wanted.output:g} output tokens; nearest measured: {measured}"
        )
        if refused:
            message += f"; none can be extrapolated: {in_words(refused)}"
        yield ("workloads", index, "tokens"), message


def _shapes(scenario: Scenario, catalog: Catalog) -> Found:
    """Shapes exist and fit the scenario's blocks, which may not be those the catalog's shapes are made for."""
    blocks = scenario.blocks if scenario.blocks is not None else catalog.blocks
    for name, level in scenario.load_shapes.items():
        message = level_fault(level, blocks)
        if message:
            yield ("load_shapes", name), message
    own = {FLAT, *scenario.load_shapes}
    for index, workload in enumerate(scenario.workloads):
        path = ("workloads", index, "load")
        if workload.load in own or workload.own_levels:
            continue
        if workload.load == OF_TRACE and workload.demand.seen is not None:
            hours = f"{workload.demand.seen.hours:.3g}"
            yield path, f"the workload's trace has {hours} hours; a shape takes a day of them, in windows of an hour"
            continue
        if workload.load not in catalog.load_shapes:
            yield from _unknown("load shape", [(path, workload.load)], [*own, *catalog.load_shapes])
            continue
        message = level_fault(catalog.load_shapes[workload.load].level, blocks)
        if message:
            yield path, f"the catalog's shape '{workload.load}' does not fit the scenario's blocks: {message}"


def _blocks(scenario: Scenario, catalog: Catalog) -> Found:
    blocks = scenario.blocks if scenario.blocks is not None else catalog.blocks
    if not blocks:
        yield ("blocks",), "no catalog has load blocks, so the scenario has to name them"
    named = _keys(("procurement", "spot_availability"), scenario.procurement.spot_availability)
    yield from _unknown("block", named, blocks)


def _futures(scenario: Scenario, _: Catalog) -> Found:
    workloads = [workload.name for workload in scenario.workloads]
    for index, future in enumerate(scenario.futures):
        named = _keys(("futures", index, "demand_by_workload"), future.demand_by_workload)
        yield from _unknown("workload", named, workloads)


def _money(scenario: Scenario, catalog: Catalog) -> Found:
    path = scenario.finance.price_path
    if path != FLAT or catalog.price_paths:
        yield from _unknown("price path", [(("finance", "price_path"), path)], [FLAT, *catalog.price_paths])
    horizon = scenario.horizon
    months = MONTHS_PER_PERIOD[horizon.period] * (horizon.periods + horizon.lookahead)
    month = scenario.budget.fiscal_year_start
    first, last = (fiscal_year(day, month) for day in (horizon.start, add_months(horizon.start, months - 1)))
    years = year_name(first, month) + (f" to {year_name(last, month)}" if first < last else "")
    for kind in SPENDING:
        limit = getattr(scenario.budget, kind.field)
        for year in limit if isinstance(limit, dict) else ():
            if not first <= year <= last:
                yield ("budget", kind.field, year), f"{year_name(year, month)} is outside the solved horizon, {years}"
    yield from _fiscal_year(horizon, month)
    if scenario.objective == "cost_per_token" and scenario.service.min_served <= 0:
        message = "the objective cost_per_token needs a share above 0: serving nothing would be cheapest"
        yield ("service", "min_served"), message


def _fiscal_year(horizon: Horizon, month: int) -> Found:
    """A period lies in one fiscal year."""
    months = MONTHS_PER_PERIOD[horizon.period]
    before = (month - 1) % months
    if before:
        close = [
            str(start) for start in (month - before, month - before + months) if start <= MONTHS_PER_PERIOD["year"]
        ]
        yield (
            ("budget", "fiscal_year_start"),
            f"{month}: a {horizon.period} of the horizon would straddle fiscal years; nearest: {' or '.join(close)}, "
            f"or periods of a {'quarter or a month' if horizon.period == 'year' and not (month - 1) % 3 else 'month'}",
        )


def _energy(scenario: Scenario, catalog: Catalog) -> Found:
    priced = [region for region, row in catalog.energy.items() if row.usd_per_mwh is not None]
    for index, site in enumerate(scenario.sites):
        if site.electricity_usd_per_mwh is None and site.region not in priced:
            message = f"no electricity price for region '{site.region}'; give electricity_usd_per_mwh"
            yield ("sites", index, "region"), message + nearest(site.region, priced)


def _terms(scenario: Scenario, _: Catalog) -> Found:
    period = scenario.horizon.period
    months = MONTHS_PER_PERIOD[period]
    for index, quote in enumerate(scenario.quotes):
        if quote.term_months % months:
            below = quote.term_months // months * months
            close = " or ".join(str(term) for term in (below, below + months) if term)
            message = f"{quote.term_months} months are not a whole number of {period}s; nearest: {close}"
            yield ("quotes", index, "term_months"), message


def _forecasts(scenario: Scenario, _: Catalog) -> Found:
    for index, workload in enumerate(scenario.workloads):
        if workload.demand.csv is not None:
            message = "a CSV file is read where a scenario is loaded from a file; give the forecast itself"
            yield ("workloads", index, "demand", "csv"), message
