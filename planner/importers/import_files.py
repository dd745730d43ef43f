"""From files to a catalog folder: whatever can be read of them, written at the end and at once."""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from planner.catalog.load import SOURCES
from planner.catalog.models import LoadShape, Offer, ServingPoint, System
from planner.errors import CatalogError, Fault, InputError
from planner.importers.benchmark_run import BenchmarkRun, reason_to_doubt, reason_to_keep_out
from planner.importers.catalog_folder import Key, merged, sources_in, systems_of, written, yaml_text
from planner.importers.choice import Measured, Priced, standing_price, standing_run
from planner.importers.hardware import Names
from planner.importers.model_names import model_of
from planner.importers.options import ImportOptions
from planner.importers.prices import Price
from planner.importers.recognise import Found, Source, found_in
from planner.importers.record import Record
from planner.importers.serving_row import Origin, row, varying, with_knobs
from planner.importers.shapes import FILE as SHAPES
from planner.importers.shapes import SOURCE as TRAFFIC
from planner.importers.shapes import blocks_of, shape_of, shapes_text, trace_in
from planner.importers.tally import ImportSummary, Reason, worst
from planner.paths import read_bytes
from planner.traffic.trace import Trace
from planner.validation import faults_of, nearest


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

    What cannot be read or mapped is kept out with its reason and stops nothing else. Raises InputError, and writes
    nothing, where no row is left for such a reason, or where the options themselves cannot be used.
    """
    summary = ImportSummary()
    sources = sources_in(into)
    known = systems_of(into)
    check_system(given.system, known)
    names = Names(known)
    points: dict[Key, list[Measured]] = {}
    offers: dict[Key, list[Priced]] = {}
    added: dict[str, Any] = {}
    shapes: dict[str, LoadShape] = {}
    for path in files:
        trace = trace_in(path, given)
        if trace is not None:
            name, entry, day = source_of(path, TRAFFIC, sources, given.as_of or today)
            if _shape(trace, given, into, Origin(name, day, TRAFFIC.evidence), shapes, summary):
                added[name] = entry
            continue
        found = _found(path, given, summary)
        if not any(item.source.tool for item in found):
            continue
        tool = next(item.source for item in found if item.source.tool)
        name, entry, day = source_of(path, tool, sources, given.as_of or today)
        origin = Origin(name, day, tool.evidence)
        kept = _points(found, given, names, origin, points, summary) + _offers(
            found, given, names, origin, offers, summary
        )
        if kept:
            added[name] = entry
    if summary.refused and not points and not offers and not shapes:
        raise worst(summary.refused)
    texts = merged(into, _standing_points(points, summary), _standing_offers(offers, summary), summary)
    if shapes:
        texts[SHAPES] = shapes_text(into, [*shapes.values()], summary)
    if not points and not offers and not shapes:
        return summary
    texts[SOURCES] = yaml_text({"sources": sources | added})
    summary.files = written(into, texts)
    return summary


def _shape(
    trace: Trace,
    given: ImportOptions,
    into: Path,
    origin: Origin,
    shapes: dict[str, LoadShape],
    summary: ImportSummary,
) -> bool:
    """Add the load shape of a record of traffic by its name. Whether there is one."""
    summary.read += 1
    try:
        shape, fields = shape_of(trace, given, blocks_of(into), origin)
    except InputError as error:
        summary.refuse(error)
        return False
    if shape.name in shapes:
        message = f"another file makes the shape {shape.name} already; import it apart, with --shape NAME"
        summary.refuse(InputError([Fault(str(trace.path), 0, "", message)]))
        return False
    shapes[shape.name] = shape
    summary.workloads.append(fields)
    return True


def _found(path: Path, given: ImportOptions, summary: ImportSummary) -> list[Found]:
    """What a file holds, up to where it can no longer be read."""
    found: list[Found] = []
    try:
        found.extend(found_in(path, given))
        if not found:
            raise InputError([Fault(str(path), 0, "", "this file holds no run")])
    except InputError as error:
        summary.read += 1
        summary.refuse(error)
    summary.read += len(found)
    for item in found:
        if isinstance(item.what, InputError):
            summary.refuse(item.what)
        elif isinstance(item.what, Reason):
            summary.keep_out(item.record.place, item.what)
    return found


def _points(
    found: Iterable[Found],
    given: ImportOptions,
    names: Names,
    origin: Origin,
    points: dict[Key, list[Measured]],
    summary: ImportSummary,
) -> int:
    """Add the points of a file's runs by key, and say how many there are."""
    made: list[tuple[BenchmarkRun, ServingPoint]] = []
    for run in _of_model([item.what for item in found if isinstance(item.what, BenchmarkRun)], given, summary):
        if reason := reason_to_keep_out(run, given):
            summary.keep_out(run.record.place, reason)
            continue
        try:
            made.append((run, validated(ServingPoint, row(run, given, names, origin), run.record, run.keys)))
        except InputError as error:
            summary.refuse(error)
            continue
        if doubt := reason_to_doubt(run):
            summary.doubtful.append((run.record.place, doubt))
    knobs = {} if given.series else varying((point.series, run) for run, point in made)
    for run, point in made:
        series = with_knobs(point.series, run, knobs.get(point.series, ()))
        told_apart = point if series == point.series else point.model_copy(update={"series": series})
        points.setdefault(told_apart.key, []).append(Measured(run.record, told_apart, run.completed or 0.0))
    return len(made)


def _of_model(runs: list[BenchmarkRun], given: ImportOptions, summary: ImportSummary) -> list[BenchmarkRun]:
    """The runs of the model that is asked for; a file that names it beside others is taken apart by its names."""
    named = sorted({run.named_model for run in runs if run.named_model})
    if given.model is None or len(named) < 2:
        return runs
    own = {name for name in named if model_of(name) == given.model}
    if not own:
        first, second = named[:2]
        message = f"runs of {first} and of {second} in one file; import them apart"
        summary_error = runs[0].record.refusal("", message)
        for _ in runs:
            summary.refuse(summary_error)
        return []
    for run in runs:
        if run.named_model not in own:
            summary.keep_out(
                run.record.place, Reason("another model", f"a run of {run.named_model}, not of {given.model}")
            )
    return [run for run in runs if run.named_model in own]


def _offers(
    found: Iterable[Found],
    given: ImportOptions,
    names: Names,
    origin: Origin,
    offers: dict[Key, list[Priced]],
    summary: ImportSummary,
) -> int:
    """Add the offers of a file's prices by key, and say how many there are."""
    count = 0
    for item in found:
        if not isinstance(item.what, Price):
            continue
        fields = item.what.row(names, origin.source, origin.day, given.evidence or origin.evidence)
        if isinstance(fields, Reason):
            summary.keep_out(item.record.place, fields)
            continue
        try:
            offer: Offer = validated(Offer, fields, item.record, {})
        except InputError as error:
            summary.refuse(error)
            continue
        offers.setdefault(offer.key, []).append(Priced(item.record, offer))
        count += 1
    return count


def _standing_points(points: dict[Key, list[Measured]], summary: ImportSummary) -> list[ServingPoint]:
    """One point of each key; the others are counted as kept out."""
    standing = []
    for runs in points.values():
        first, *others = standing_run(runs)
        standing.append(first.point)
        for other in others:
            sentence = f"another run of the same configuration and load stands for it, {first.record.place}"
            summary.keep_out(other.record.place, Reason("another run stands for it", sentence))
    return standing


def _standing_offers(offers: dict[Key, list[Priced]], summary: ImportSummary) -> list[Offer]:
    """One offer of each key; the others are counted as kept out."""
    standing = []
    for prices in offers.values():
        first, *others = standing_price(prices)
        standing.append(first.offer)
        for other in others:
            sentence = f"{first.record.place} has the same GPUs for no more"
            summary.keep_out(other.record.place, Reason("another instance has the same GPUs for no more", sentence))
    return standing


def validated(model: Any, cells: dict[str, Any], record: Record, keys: dict[str, str]) -> Any:
    """A row of the fields. Raises InputError in the words of the file where it has words of its own."""
    given = {name: value for name, value in cells.items() if value not in (None, "")}
    try:
        return model.model_validate(given)
    except ValidationError as error:

        def fault(path: Any, message: str) -> Fault:
            field = ".".join(map(str, path))
            return record.refusal(keys.get(field, field), message).faults[0]

        raise InputError(faults_of(error, model, given, fault)) from None


def source_of(path: Path, source: Source, sources: dict[str, Any], day: dt.date) -> tuple[str, Any, dt.date]:
    """The id of a file's source, new or known by the file's digest, its entry, and the day it was first read."""
    digest = hashlib.sha256(read_bytes(path)).hexdigest()[:12]
    name = f"{source.tool}-{digest}"
    entry = sources.get(name) or {
        "title": f"{path.name}, imported",
        "publisher": source.publisher,
        "address": f"{path.name} sha256:{digest}",
        "read": day.isoformat(),
    }
    return name, entry, dt.date.fromisoformat(str(entry["read"])[:10])


def check_system(name: str | None, systems: dict[str, System]) -> None:
    """Raises CatalogError where the user names a system that there is not."""
    if name is not None and name not in systems:
        raise CatalogError([Fault("--system", 0, "", f"unknown system '{name}'{nearest(name, systems)}")])
