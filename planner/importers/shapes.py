"""Load shapes of your own: how busy the hours of a trace, or of a series of rates, are, as rows of a catalog."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from planner.catalog import load_catalog
from planner.catalog.load import YAML_FILES
from planner.catalog.models import LoadShape
from planner.catalog.rows import yaml_rows
from planner.document import parse, read_text
from planner.errors import CatalogError, Fault, InputError
from planner.importers.catalog_folder import yaml_text
from planner.importers.options import ImportOptions
from planner.importers.recognise import Source
from planner.importers.serving_row import Origin
from planner.importers.tally import ImportSummary
from planner.paths import is_file, is_folder, is_there
from planner.render.figures import short
from planner.traffic.layouts import RATES, layout_of, mapped
from planner.traffic.rates import recorded
from planner.traffic.trace import Trace
from planner.traffic.windows import Recorded, cut

FILE = "load_shapes.yaml"
SOURCE = Source("traffic", "own measurement", "measured")
SECTION = YAML_FILES[FILE][0]
# Digits of a level: what they leave out of the mean is less than is noticed.
DIGITS = 6


def trace_in(path: Path, given: ImportOptions) -> Trace | None:
    """The file as a record of traffic; None where it is something else. Raises InputError for columns that are none."""
    if given.columns is not None:
        return Trace(path, mapped(given.columns))
    if not is_file(path):
        return None
    try:
        fields = Trace(path).fields()
    except InputError:
        # Whoever reads it as what it is says what is wrong.
        return None
    known = layout_of(fields) or layout_of(fields, RATES)
    return None if known is None else Trace(path)


def shape_of(trace: Trace, given: ImportOptions, blocks: Mapping[str, float], origin: Origin) -> tuple[LoadShape, str]:
    """The load shape of a record of traffic, cut at ``blocks``, and the fields by which a workload takes all it says.

    Raises InputError with file and line, and where it makes no day.
    """
    found = recorded(trace)
    if not found.levels:
        message = f"this has {short(found.hours, 3)} hours; a load shape takes a day of them, in windows of an hour"
        raise InputError([Fault(str(trace.path), 0, "", message)])
    levels = cut(found.levels, [*blocks.values()])
    shape = LoadShape(
        name=given.shape or trace.path.name.partition(".")[0],
        level={name: round(float(level), DIGITS) for name, level in zip(blocks, levels, strict=True)},
        source=(origin.source,),
        as_of=origin.day,
        evidence=given.evidence or origin.evidence,
        note=_note(found, [*blocks.values()]),
    )
    return shape, _as_workload(shape, found)


def _note(found: Recorded, shares: Sequence[float]) -> str:
    ends = [f"{100 * sum(shares[:at]):g}" for at in range(1, len(shares))]
    where = " and ".join(filter(None, (", ".join(ends[:-1]), ends[-1]))) if ends else ""
    lengths = "" if found.input_tokens is None else f", {short(found.input_tokens)} input and "
    lengths += "" if found.output_tokens is None else f"{short(found.output_tokens)} output tokens"
    return (
        f"{short(found.hours)} hours of {short(found.requests_per_s)} requests per second on average{lengths}, sorted "
        "from the busiest down" + (f" and cut at {where} % of the time" if where else "") + "; each level is the mean "
        "of its part over the mean of all"
    )


def _as_workload(shape: LoadShape, found: Recorded) -> str:
    parts = [f"load: {shape.name}", f"demand: {{requests_per_s: {found.requests_per_s:.6g}}}"]
    if found.input_tokens is not None and found.output_tokens is not None:
        parts.append(f"tokens: {{input: {found.input_tokens:.6g}, output: {found.output_tokens:.6g}}}")
    return ", ".join(parts)


def blocks_of(into: Path) -> dict[str, float]:
    """The load blocks of the catalog ``into``, over the built-in one."""
    path = into / FILE
    if is_folder(into) and is_there(path):
        root, faults = parse(read_text(path, str(path)), str(path))
        if faults:
            raise CatalogError(faults)
        own = root.part("blocks") if root is not None else None
        if own is not None:
            return dict(own.plain())
    return dict(load_catalog(["builtin"]).blocks)


def shapes_text(into: Path, shapes: Sequence[LoadShape], summary: ImportSummary) -> str:
    """The text of the folder's load shapes with ``shapes`` among them; comments stay. Raises CatalogError."""
    path = into / FILE
    text = read_text(path, str(path)) if is_there(path) else ""
    old = _known(text, str(path))
    written: dict[str, Any] = YAML().load(text) if text.strip() else {}
    rows = written.setdefault(SECTION, [])
    for shape in shapes:
        row = _row(shape)
        same = shape.name in old and _row(old[shape.name]) == row
        to = summary.unchanged if same else summary.replaced if shape.name in old else summary.added
        to.append(shape.name)
        if not same:
            at = [index for index, known in enumerate(rows) if known["name"] == shape.name]
            place = at[0] if at else len(rows)
            rows[place : place + 1] = [row]
    return yaml_text(written) if summary.added or summary.replaced else text


def _known(text: str, file: str) -> dict[str, LoadShape]:
    if not text.strip():
        return {}
    root, wrong = parse(text, file)
    faults = list(wrong)
    section = root.part(SECTION) if root is not None else None
    rows = yaml_rows(section, LoadShape, faults) if section is not None else []
    if faults:
        raise CatalogError(faults)
    return {row.name: row for row in rows}


def _row(shape: LoadShape) -> dict[str, Any]:
    plain: dict[str, Any] = shape.model_dump(mode="json", exclude={"file", "line"}, exclude_defaults=True)
    # The name first, as in the shipped files, and the date as YAML has it.
    first = {name: plain[name] for name in ("name", "level")}
    return {**first, **plain, "as_of": dt.date.fromisoformat(plain["as_of"])}
