"""Rows of a catalog as tables: one line each, or one row with all its fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from planner.catalog.models import (
    Accuracy,
    Catalog,
    Energy,
    Gain,
    LoadShape,
    ModelSize,
    Offer,
    PricePath,
    Row,
    ServingPoint,
    System,
    TokenApi,
)
from planner.catalog.optimisations import OPTIMISATIONS, in_words
from planner.catalog.row import PLACE
from planner.catalog.tables import (
    Difference,
    fields_of,
    name_of,
    place_of,
    rows_by_kind,
    rows_by_source,
    rows_of_source,
)
from planner.kinds.evidence import ORDER
from planner.render.figures import short
from planner.render.sheet import Column, Sheet, left, right

# What a field's name says of its unit, the longest ending first.
UNITS = (
    ("usd_per_gpu_hour", "USD per GPU-hour"),
    ("usd_per_gpu_year", "USD per GPU and year"),
    ("usd_per_mtok", "USD per million tokens"),
    ("usd_per_mwh", "USD per MWh"),
    ("gco2e_per_kwh", "gCO2e per kWh"),
    ("tok_s_per_gpu", "tokens/s per GPU"),
    ("tb_per_s_per_gpu", "TB/s per GPU"),
    ("pflops_per_gpu", "PFLOP/s per GPU"),
    ("gb_per_gpu", "GB per GPU"),
    ("mtok_per_day", "million tokens a day"),
    ("share_per_year", "share a year"),
    ("params_billion", "billion"),
    ("gpus_per_replica", "GPUs"),
    ("share_by_age_years", "share, by age in years"),
    ("_tokens_nominal", "tokens"),
    ("_tokens_mean", "tokens"),
    ("concurrency", "requests"),
    ("price_usd", "USD"),
    ("_it_kw", "kW"),
    ("_share", "share"),
    ("_usd", "USD"),
    ("_weeks", "weeks"),
    ("_months", "months"),
    ("_years", "years"),
    ("_ms", "ms"),
    ("gpus", "GPUs"),
)

SHORT = {one.key: one.name for one in OPTIMISATIONS}
# What a benchmark does not say of itself.
NOT_SAID = "not stated"
Cells = Callable[[Any], tuple[str, ...]]
LISTS: dict[str, tuple[type[Row], tuple[Column, ...], Cells]] = {
    "systems": (
        System,
        (
            left("maker"),
            right("GPUs"),
            right("HBM GB"),
            right("kW"),
            right("price, $"),
            right("weeks"),
            left("evidence"),
        ),
        lambda s: (
            s.maker,
            str(s.gpus),
            short(s.memory_gb_per_gpu),
            short(s.nameplate_it_kw),
            f"{s.price_usd:,.0f}",
            short(s.lead_weeks),
            s.evidence,
        ),
    ),
    "offers": (
        Offer,
        (right("$/GPU-h"), right("lot"), right("weeks"), left("as of"), left("evidence")),
        lambda o: (short(o.usd_per_gpu_hour), str(o.lot_gpus), short(o.lead_weeks), str(o.as_of), o.evidence),
    ),
    "apis": (
        TokenApi,
        (right("in $/Mtok"), right("cached"), right("out $/Mtok"), left("as of"), left("evidence")),
        lambda a: (
            short(a.input_usd_per_mtok),
            _or_dash(a.cached_input_usd_per_mtok),
            short(a.output_usd_per_mtok),
            str(a.as_of),
            a.evidence,
        ),
    ),
    "serving": (
        ServingPoint,
        (
            right("TTFT ms"),
            right("TPOT ms"),
            right("in tok/s"),
            right("out tok/s"),
            left("drafts"),
            left("KV offload"),
            left("KV routing"),
        ),
        lambda p: (
            _or_dash(p.ttft_ms),
            short(p.tpot_ms),
            short(p.input_tok_s_per_gpu),
            short(p.output_tok_s_per_gpu),
            *(NOT_SAID if state == "unknown" else state for state in _switches(p)),
        ),
    ),
    "energy": (
        Energy,
        (right("$/MWh"), right("gCO2e/kWh"), left("as of"), left("evidence")),
        lambda e: (_or_dash(e.usd_per_mwh), _or_dash(e.gco2e_per_kwh), str(e.as_of), e.evidence),
    ),
    "shapes": (
        LoadShape,
        (left("level by block"), left("as of"), left("evidence")),
        lambda s: (_text(s.level), str(s.as_of), s.evidence),
    ),
    "paths": (
        PricePath,
        (left("years"), left("as of"), left("evidence")),
        lambda p: (f"{min(p.rent)} to {max(p.rent)}", str(p.as_of), p.evidence),
    ),
    "accuracy": (
        Accuracy,
        (right("score, %"), right("points lost"), left("as of"), left("evidence")),
        lambda a: (f"{100 * a.score_share:g}", _or_dash(a.loss_points), str(a.as_of), a.evidence),
    ),
    "gains": (
        Gain,
        (left("of"), right("gain"), left("on"), left("ran"), left("evidence")),
        lambda g: (SHORT[g.optimisation], in_words(g), g.measure, " on ".join(filter(None, _ran(g))), g.evidence),
    ),
    "models": (
        ModelSize,
        (right("weights, 1e9"), right("active, 1e9"), left("as of"), left("evidence")),
        lambda m: (short(m.total_params_billion), short(m.active_params_billion), str(m.as_of), m.evidence),
    ),
}

# Their names hold whole sentences: such rows are told by file and line, which `plan catalog show` takes as well.
BY_PLACE = ("gains",)
NOTES = {
    "serving": ("Rates are over all deployed GPUs.",),
    "gains": ("Dates, names and conditions: `plan catalog list gains --json -`.",),
}


def _place(row: Row) -> str:
    return place_of(row).rpartition("/")[2]


def _ran(gain: Gain) -> tuple[str, str]:
    return gain.model, gain.hardware


def _switches(point: ServingPoint) -> tuple[str, str, str]:
    return point.spec_decode, point.switch("kv_offload"), point.switch("kv_routing")


def _or_dash(value: float | None) -> str:
    return "-" if value is None else short(value)


def unit_of(field: str) -> str:
    """The unit that a field's name carries; nothing where it has none."""
    return next((unit for ending, unit in UNITS if field.endswith(ending)), "")


def overview(catalog: Catalog) -> Sheet:
    """How many rows of each kind there are, how old they are, and their evidence."""
    lines = []
    for kind, rows in rows_by_kind(catalog).items():
        counts: dict[str, int] = {}
        for row in rows:
            counts[row.evidence] = counts.get(row.evidence, 0) + 1
        if rows:
            oldest, newest = (str(choose(row.as_of for row in rows)) for choose in (min, max))
            evidence = ", ".join(f"{counts[name]} {name}" for name in ORDER if name in counts)
            lines.append((kind, f"{len(rows):,}", oldest, newest, evidence))
    days = [source.read for source in catalog.sources.values()]
    if days:
        lines.append(("sources", f"{len(days):,}", str(min(days)), str(max(days)), ""))
    return Sheet(
        "What the catalog holds",
        (left("table"), right("rows"), left("oldest"), left("newest"), left("evidence")),
        tuple(lines),
        (f"Digest of all rows: {catalog.digest}.",),
    )


def rows_sheet(kind: str, rows: Sequence[Row]) -> Sheet:
    """One line per row of a kind."""
    _, columns, cells = LISTS[kind]
    name = _place if kind in BY_PLACE else name_of
    lines = tuple((name(row), *cells(row)) for row in rows)
    return Sheet(f"{len(rows):,} {kind}", (left("row"), *columns), lines, NOTES.get(kind, ()))


def row_sheet(kind: str, row: Row, catalog: Catalog) -> Sheet:
    """Every field of a row with its unit, and its sources spelled out."""
    shared = [field for field in Row.model_fields if field not in ("source", *PLACE)]
    given = fields_of(row)
    own = [field for field in given if field not in (*shared, "source")]
    lines = [(field, _text(given[field]), unit_of(field)) for field in (*own, *shared)]
    for source in row.source:
        known = catalog.sources[source]
        lines.append((f"source {source}", f"{known.publisher}: {known.title}; {known.address}; read {known.read}", ""))
    return Sheet(f"{name_of(row)}: {kind}, {place_of(row)}", (left("field"), left("value"), left("unit")), tuple(lines))


def source_sheet(name: str, catalog: Catalog) -> Sheet:
    """A source with its particulars, and the rows that rest on it."""
    source = catalog.sources[name]
    rows = rows_of_source(catalog, name)
    lines = [("title", source.title), ("publisher", source.publisher)]
    lines += [("address", source.address), ("read", str(source.read))]
    lines += [(kind, f"{name_of(row)} ({place_of(row)})") for kind, row in rows]
    return Sheet(f"{name}: source of {len(rows)} rows", (left("field"), left("value")), tuple(lines))


def sources_sheet(catalog: Catalog) -> Sheet:
    """Which rows rest on each source."""
    lines = []
    for source, counts in rows_by_source(catalog).items():
        known = catalog.sources[source]
        rows = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none"
        lines.append((source, known.publisher, str(known.read), rows))
    return Sheet(
        f"{len(catalog.sources)} sources", (left("source"), left("publisher"), left("read"), left("rows")), tuple(lines)
    )


def difference_sheet(difference: Difference) -> Sheet:
    """Rows added, removed and changed, by field."""
    lines = [("+", name, "", "") for name in difference.added]
    lines += [("-", name, "", "") for name in difference.removed]
    for changed in difference.changed:
        for index, (field, (before, after)) in enumerate(changed.fields.items()):
            name = changed.name if index == 0 else ""
            lines.append(("~" if name else "", name, field, f"{_text(before)} -> {_text(after)}"))
    counts = f"{len(difference.added)} added, {len(difference.removed)} removed, {len(difference.changed)} changed"
    return Sheet(
        f"{difference.kind}: {counts}", (left(), left("row"), left("field"), left("before -> after")), tuple(lines)
    )


def _text(value: Any) -> str:
    if value is None or value in ("", []):
        return "-"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(part)}" for key, part in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
