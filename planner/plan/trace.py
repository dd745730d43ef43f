"""Where a plan's figures come from: the catalog row behind every row of its tables, with source and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, Energy, Offer, QuotedApi, Row, ServingPoint, System
from planner.kinds import cash
from planner.scenario.models import Scenario
from planner.table import Table

COLUMNS = ("table", "item", "gives", "row", "evidence", "as_of", "where", "source", "note")
_SYSTEM = {
    "purchases": "price, lead time, life",
    "fleet": "power, life, support",
    "retirements": "life, resale value",
}
# What ``item_of`` looks at.
_TELLING = ("system", "provider", "region", "kind", "term_months", "model", "point", "category")
_Found = tuple[str, str, str, Row | None]


def trace(scenario: Scenario, catalog: Catalog, tables: Mapping[str, Table]) -> Table:
    """One line per item of a table and catalog row it is computed from, in ``COLUMNS``.

    ``item`` is what ``item_of`` gives for a row of that table. ``row`` is the catalog row's name, ``where`` its file
    and line, ``source`` its source ids; all empty where the figure stands in the scenario itself.
    """
    found = [*_systems(catalog, tables), *_offers(catalog, tables), *_apis(catalog, tables)]
    found += [*_points(tables, catalog.named), *_around(scenario, catalog, tables)]
    found += list(_cash(found, tables["cashflow"]))
    lines = dict.fromkeys(_line(*entry) for entry in found)
    return Table.of_rows(COLUMNS, list(lines))


def item_of(table: str, row: Mapping[str, Any]) -> str:
    """What a row of ``table`` is about, as the trace names it."""
    if table in _SYSTEM:
        return str(row["system"])
    if table in ("contracts", "on_demand"):
        term = row.get("term_months")
        kind = f"{row['kind']}-{term:g}m" if term else row["kind"]
        return f"{row['provider']}/{row['region']}/{row['system']}/{kind}"
    if table == "token_api":
        return f"{row['provider']}/{row['model']}"
    if table == "serving":
        return str(row["point"])
    if table == "cashflow":
        return str(row["category"])
    return ""


def _items(table: str, rows: Table) -> list[str]:
    told = rows.only([name for name in _TELLING if name in rows.names]).distinct()
    return list(dict.fromkeys(item_of(table, row) for row in told.records()))


def _systems(catalog: Catalog, tables: Mapping[str, Table]) -> Iterator[_Found]:
    for table, gives in _SYSTEM.items():
        for item in _items(table, tables[table]):
            yield table, item, gives, catalog.systems[item]


def _offers(catalog: Catalog, tables: Mapping[str, Table]) -> Iterator[_Found]:
    offers: dict[str, list[Offer]] = {}
    for offer in catalog.offers.values():
        item = offer.name.removesuffix(f"/{offer.product}") if offer.product else offer.name
        offers.setdefault(item, []).append(offer)
    for table in ("contracts", "on_demand"):
        rows: dict[str, list[dict[str, Any]]] = {}
        for row in tables[table].records():
            rows.setdefault(item_of(table, row), []).append(row)
        for item, same in rows.items():
            sold = _of_lots(offers.get(item, []), same)
            if not sold:
                yield table, item, "a quote of the scenario", None
            for offer in sold:
                yield table, item, "price, lots, term", offer
            yield table, item, "GPUs, usable share", catalog.systems[same[0]["system"]]


def _of_lots(offers: list[Offer], rows: list[dict[str, Any]]) -> list[Offer]:
    """The offers behind rows: products of one provider, region and system differ in the GPUs of their lots."""
    lots = {round(row["gpus"] / row["lots"]) for row in rows if row["lots"]}
    return [offer for offer in offers if len(offers) == 1 or offer.lot_gpus in lots]


def _apis(catalog: Catalog, tables: Mapping[str, Table]) -> Iterator[_Found]:
    apis = {api.name: api for api in catalog.token_apis.values()}
    for item in _items("token_api", tables["token_api"]):
        quote = isinstance(apis[item], QuotedApi)
        yield (
            "token_api",
            item,
            "a quote of the scenario" if quote else "price per token",
            None if quote else apis[item],
        )


def _points(tables: Mapping[str, Table], points: Mapping[str, Sequence[ServingPoint]]) -> Iterator[_Found]:
    for item in _items("serving", tables["serving"]):
        gives = "throughput, latency" if item in points else "the scenario's own weight of a GPU-hour"
        point = points[item][-1] if item in points else None
        carried = point is not None and point.derivation == "extrapolated"
        yield "serving", item, f"{gives}, extrapolated" if carried else gives, point
        if isinstance(point, DerivedPoint):
            for parent in point.parents:
                yield "serving", item, f"{point.derived} from", points[parent][-1]


def _around(scenario: Scenario, catalog: Catalog, tables: Mapping[str, Table]) -> Iterator[_Found]:
    """What no table's row names: electricity, price path, load shapes."""
    there = set(tables["cashflow"]["category"])
    for site in scenario.sites:
        if (tables["fleet"]["site"] == site.name).any():
            own = site.electricity_usd_per_mwh is not None
            row = None if own else catalog.energy.get(site.region)
            yield "cashflow", cash.ENERGY.key, f"electricity of {site.name}", row
    path = catalog.price_paths.get(scenario.finance.price_path)
    if path is not None:
        for record in cash.RECORDS:
            if record.on_price_path and record.key in there:
                yield "cashflow", record.key, "price path", path
    for workload in scenario.workloads:
        shape = None if workload.load in scenario.load_shapes else catalog.load_shapes.get(workload.load)
        if shape is not None:
            yield "serving", workload.name, f"load shape of {workload.name}", shape


def _cash(found: list[_Found], cashflow: Table) -> Iterator[_Found]:
    """The rows behind each category of cash there is."""
    there = set(cashflow["category"])
    for record in cash.RECORDS:
        if record.key in there:
            for table, item, gives, row in found:
                if table == record.table:
                    yield "cashflow", record.key, f"{item}: {gives}", row


def _line(table: str, item: str, gives: str, row: Row | None) -> tuple[str, ...]:
    if row is None:
        return table, item, gives, "", "scenario", "", "", "", ""
    where = f"{row.file}:{row.line}" if row.file else ""
    return table, item, gives, _name(row), row.evidence, row.as_of.isoformat(), where, "; ".join(row.source), row.note


def _name(row: Row) -> str:
    if isinstance(row, System):
        return row.system
    if isinstance(row, Energy):
        return row.region
    return str(row.name)  # type: ignore[attr-defined]
