"""A log of requests as the time of an engine's iteration, and as a concurrency curve in the rows of a catalog."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from planner.catalog.load import SOURCES
from planner.catalog.models import ServingPoint
from planner.frozen import dataclass
from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.catalog_folder import merged, sources_in, systems_of, written, yaml_text
from planner.importers.hardware import Names
from planner.importers.import_files import check_system, source_of, validated
from planner.importers.options import ImportOptions
from planner.importers.request_log import RequestLog
from planner.importers.serving_row import Origin, row
from planner.importers.tally import ImportSummary, Reason
from planner.render.figures import percent
from planner.traffic.calibrate import Checked, checked, in_flight
from planner.traffic.closed import Steady, steady
from planner.traffic.iterations import Iterations
from planner.units import ms_from_s

# Of the time with requests under way, the share with so few and with so many that the curve goes no further.
_FEW, _MANY = 0.05, 0.95


@dataclass(frozen=True)
class Calibration:
    """The fit to a log, how far it is off, and the curve at as many requests as were under way in it.

    ``input_tokens`` and ``output_tokens`` are the log's means; ``requests`` those that were answered.
    """

    fit: Checked
    curve: tuple[Steady, ...]
    requests: int
    input_tokens: float
    output_tokens: float


def calibrated(log: RequestLog, replicas: int = 1, step_tokens: float = 2_048.0) -> Calibration:
    """The fit to a log of requests that ``replicas`` of an engine shared, and the curve of one of them."""
    seen = log.answered
    found = checked(seen, log.first_half, replicas)
    low, high = (in_flight(seen, share) / replicas for share in (_FEW, _MANY))
    fit = found.fit
    curve = tuple(
        steady(
            Iterations(fit.base_s, fit.token_s, fit.cached_s, limit, step_tokens), seen.input_tokens, seen.output_tokens
        )
        for limit in loads(low, high)
    )
    means = (float(np.mean(lengths)) for lengths in (seen.input_tokens, seen.output_tokens))
    return Calibration(found, curve, len(seen.first_s), *means)


def loads(low: float, high: float) -> list[int]:
    """Requests in flight at which a curve is told: powers of two from ``low`` to ``high``, and these two.

    >>> loads(3, 40), loads(0.4, 1), loads(64, 64)
    ([3, 4, 8, 16, 32, 40], [1], [64])
    """
    first, last = max(1, round(low)), max(1, round(high))
    between = [2**power for power in range(last.bit_length()) if first < 2**power < last]
    return sorted({first, *between, last})


def write_rows(
    log: RequestLog, found: Calibration, path: Path, into: Path, given: ImportOptions, today: dt.date
) -> ImportSummary:
    """The curve as rows of the catalog folder ``into``; a row with the same key is replaced. Raises InputError."""
    known = systems_of(into)
    check_system(given.system, known)
    sources = sources_in(into)
    name, entry, day = source_of(path, log.source, sources, given.as_of or today)
    origin = Origin(name, day, log.source.evidence)
    summary = ImportSummary()
    points = _points(log, found, given, Names(known), origin)
    texts = merged(into, points, [], summary)
    texts[SOURCES] = yaml_text({"sources": sources | {name: entry}})
    summary.files = written(into, texts)
    return summary


def _points(
    log: RequestLog, found: Calibration, given: ImportOptions, names: Names, origin: Origin
) -> Sequence[ServingPoint]:
    about = BenchmarkRun(log.record, 0.0, 0.0, 0.0, 0.0, 0.0, "p50", 0.0, "p50")
    if log.about is not None:
        told = log.about(log.record, replace(given, failed_share=1.0))
        if isinstance(told, Reason):
            raise log.record.refusal("", told.sentence)
        about = told
    fit = found.fit
    note = (
        f"by an iteration model fitted to {found.requests} requests, {percent(fit.fit.error, 1)} off them and "
        f"{percent(fit.held_out_error, 1)} off the half it had not seen"
    )
    points = []
    for one in found.curve:
        run = replace(
            about,
            input_tok_s=one.requests_per_s * found.input_tokens,
            output_tok_s=one.requests_per_s * found.output_tokens,
            input_tokens=found.input_tokens,
            output_tokens=found.output_tokens,
            ttft_ms=ms_from_s(one.ttft_s),
            ttft_statistic="p50",
            tpot_ms=ms_from_s(one.tpot_s),
            tpot_statistic="p50",
            ttft_p99_ms=None,
            tpot_p99_ms=None,
            concurrency=float(one.requests),
            mean_e2e_ms=ms_from_s(one.mean_whole_s),
            completed=None,
            failed=0.0,
            note=note,
            # Requests of a log have lengths of their own, whatever the client's options call them.
            said=tuple(said for said in about.said if said.field not in ("input_tokens", "output_tokens")),
        )
        cells = row(run, given, names, origin)
        cells["series"] = given.series or f"{cells['series']}-calibrated"
        points.append(validated(ServingPoint, cells, log.record, run.keys))
    return points
