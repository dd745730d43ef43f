"""From files to a catalog folder: all rows of an import are written, or none."""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from planner.catalog import load_catalog
from planner.catalog.load import SOURCES
from planner.catalog.models import Offer, Row, ServingPoint
from planner.catalog.rows import csv_rows
from planner.catalog.table import cells, csv_of
from planner.document import read_text
from planner.errors import CatalogError, Fault, InputError
from planner.importers.benchmark_run import BenchmarkRun, one_model, reason_to_doubt, reason_to_keep_out, row
from planner.importers.options import ImportOptions
from planner.importers.prices import Price
from planner.importers.recognise import Found, Source, found_in
from planner.importers.record import Record
from planner.paths import is_there, read_bytes
from planner.render.files import write_file
from planner.validation import faults_of, nearest

Key = tuple[str, ...]


@dataclass
class ImportSummary:
    """What an import did: rows by name, and what was kept out or is doubtful, with place and reason."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept_out: list[tuple[str, str]] = field(default_factory=list)
    doubtful: list[tuple[str, str]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Without the search for cycles: rows are in none, and a hundred thousand of them are looked at for nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@_no_garbage()
def import_files(files: Sequence[Path], into: Path, given: ImportOptions, today: dt.date) -> ImportSummary:
    """Rows of ``files`` merged into the catalog folder ``into``; a row with the same key is replaced.

    Raises InputError for anything that cannot be mapped, before anything is written.
    """
    summary = ImportSummary()
    points: dict[Key, Row] = {}
    offers: dict[Key, Row] = {}
    sources = _sources(into)
    for path in files:
        found = list(found_in(path, given))
        if not found:
            raise InputError([Fault(str(path), 0, "", "this file holds no run")])
        source, day = _source(path, found[0].source, sources, given.as_of or today)
        runs = [item.what for item in found if isinstance(item.what, BenchmarkRun)]
        one_model(runs, given)
        for item in found:
            _take(item, given, source, day, points, offers, summary)
    texts = _merged(into, points, offers, summary)
    if not points and not offers:
        return summary
    texts[SOURCES] = _yaml({"sources": sources})
    _check(into, [*points.values(), *offers.values()])
    for name, text in texts.items():
        path = into / name
        if not is_there(path) or read_text(path, str(path)) != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, text)
            summary.files.append(path)
    return summary


def _take(
    item: Found,
    given: ImportOptions,
    source: str,
    day: dt.date,
    points: dict[Key, Row],
    offers: dict[Key, Row],
    summary: ImportSummary,
) -> None:
    """Add the row of one run or price, or the reason why there is none."""
    what = item.what
    if isinstance(what, str):
        summary.kept_out.append((item.record.place, what))
        return
    if isinstance(what, Price):
        if what.reason:
            summary.kept_out.append((what.record.place, what.reason))
            return
        offer = _validated(Offer, what.row(source, day, given.evidence or item.source.evidence), what.record)
        known = offers.get(offer.key)
        # Of instances that differ in disk or CPU alone the cheapest stands for the GPUs.
        if not isinstance(known, Offer) or offer.usd_per_gpu_hour < known.usd_per_gpu_hour:
            offers[offer.key] = offer
        return
    if reason := reason_to_keep_out(what, given):
        summary.kept_out.append((what.record.place, reason))
        return
    if doubt := reason_to_doubt(what):
        summary.doubtful.append((what.record.place, doubt))
    point = _validated(ServingPoint, row(what, given, source, day, item.source.evidence), what.record)
    key = point.key
    if key in points:
        summary.kept_out.append((what.record.place, "a later run of the same configuration and load stands for it"))
    points[key] = point


def _validated(model: Any, cells: dict[str, Any], record: Record) -> Any:
    given = {name: value for name, value in cells.items() if value not in (None, "")}
    try:
        return model.model_validate(given)
    except ValidationError as error:

        def fault(path: Any, message: str) -> Fault:
            return record.refusal(".".join(map(str, path)), message).faults[0]

        raise InputError(faults_of(error, model, given, fault)) from None


def _source(path: Path, source: Source, sources: dict[str, Any], day: dt.date) -> tuple[str, dt.date]:
    """The id of a file's source, new or known by the file's digest, and the day it was first read."""
    digest = hashlib.sha256(read_bytes(path)).hexdigest()[:12]
    name = f"{source.tool}-{digest}"
    if name not in sources:
        sources[name] = {
            "title": f"{path.name}, imported",
            "publisher": source.publisher,
            "address": f"{path.name} sha256:{digest}",
            "read": day.isoformat(),
        }
    return name, dt.date.fromisoformat(str(sources[name]["read"])[:10])


def _sources(into: Path) -> dict[str, Any]:
    path = into / SOURCES
    if not is_there(path):
        return {}
    loaded = YAML().load(read_text(path, str(path)))
    if not isinstance(loaded, dict) or not isinstance(loaded.get("sources"), dict):
        raise InputError([Fault(str(path), 1, "", "expected a mapping that begins with sources:")])
    found: dict[str, Any] = loaded["sources"]
    return found


def _merged(into: Path, points: dict[Key, Row], offers: dict[Key, Row], summary: ImportSummary) -> dict[str, str]:
    """The texts of the tables that change, by their name in the folder."""
    by_file: dict[tuple[str, type[Row]], list[Row]] = {}
    for point in points.values():
        by_file.setdefault((f"serving/{_file_name(point.model)}.csv", ServingPoint), []).append(point)  # type: ignore[attr-defined]
    if offers:
        by_file["offers.csv", Offer] = list(offers.values())
    return {name: _table(into / name, model, rows, summary) for (name, model), rows in by_file.items()}


def _table(path: Path, model: type[Row], new: Iterable[Row], summary: ImportSummary) -> str:
    faults: list[Fault] = []
    old = csv_rows(read_text(path, str(path)), str(path), model, faults) if is_there(path) else []
    if faults:
        raise CatalogError(faults)
    rows: dict[Key, Row] = {known.key: known for known in old}  # type: ignore[attr-defined]
    for one in new:
        key: Key = one.key  # type: ignore[attr-defined]
        same = key in rows and cells(rows[key]) == cells(one)
        to = summary.unchanged if same else summary.replaced if key in rows else summary.added
        to.append(one.name)  # type: ignore[attr-defined]
        rows[key] = one
    return csv_of(model, rows.values())


def _check(into: Path, rows: Iterable[Row]) -> None:
    """Raises CatalogError where a row is about a system that neither the folder nor the built-in catalog has.

    Everything else about the rows has been validated, and their sources are written with them.
    """
    names = ["builtin", str(into)] if is_there(into / "systems.yaml") else ["builtin"]
    systems = load_catalog(names).systems
    wanted = {row.system for row in rows}  # type: ignore[attr-defined]
    unknown = sorted(wanted - set(systems))
    if unknown:
        raise CatalogError(
            [Fault("--system", 0, "", f"unknown system '{name}'{nearest(name, systems)}") for name in unknown]
        )


def _file_name(model: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in model)


def _yaml(value: Any) -> str:
    text = io.StringIO()
    writer = YAML()
    writer.width = 120
    writer.dump(value, text)
    return text.getvalue()
