"""``plan catalog calibrate``."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

from planner.cli.catalog.import_ import day_of
from planner.cli.commands.catalog_calibrate import Options
from planner.errors import InputError
from planner.importers import ImportOptions
from planner.importers.calibration import Calibration, calibrated, write_rows
from planner.importers.request_log import RequestLog, read_log
from planner.importers.tally import ImportSummary
from planner.paths import is_folder, is_there
from planner.render.figures import count, digits, percent
from planner.render.sheet import Sheet, right
from planner.studies.command import Outcome
from planner.units import ms_from_s

_SAID = (
    "system", "model", "precision", "gpus_per_replica", "spec_decode", "engine", "engine_version", "series",
    "input_tokens", "output_tokens",
)  # fmt: skip


def calibrate(options: Options) -> Outcome:
    """Fit the log, say what a step takes and how far that is off, and write the curve where it is asked for."""
    given = ImportOptions(**{name: getattr(options, name) for name in _SAID}, as_of=day_of(options.as_of))
    into = options.into
    if into is None and any(getattr(options, name) is not None for name in (*_SAID, "as_of")):
        raise InputError("options about the rows belong to --into FOLDER, which they are written to")
    if into is not None and is_there(into) and not is_folder(into):
        raise InputError(f"--into {into}: this is a file; name a folder")
    log = read_log(options.log)
    try:
        found = calibrated(log, options.replicas, options.step_tokens)
    except InputError as error:
        raise InputError(f"{options.log}: {error}") from None
    sheets = [_fit(log, found), _curve(found)]
    if into is not None:
        summary = write_rows(log, found, options.log, into, given, dt.date.today())
        sheets.append(Sheet(_written(summary), notes=(f"To plan with it: catalogs: [builtin, {into}]",)))
    return Outcome(sheets, _json(log, found))


def _fit(log: RequestLog, found: Calibration) -> Sheet:
    fit, checked = found.fit.fit, found.fit
    head = (
        f"A step takes {digits(ms_from_s(fit.base_s))} ms, {digits(ms_from_s(fit.token_s))} ms for each token in it "
        f"and {digits(ms_from_s(fit.cached_s) * 1e3)} ms for each 1,000 tokens in the cache."
    )
    return Sheet(head, notes=tuple(_notes(log, found, checked.held_out_error)))


def _notes(log: RequestLog, found: Calibration, held_out_error: float) -> Iterator[str]:
    fit = found.fit.fit
    yield (
        f"Fitted to {count(fit.requests)} of {count(found.requests)} requests, whose time after the first token it "
        f"gives to {percent(fit.error, 1)}, by the median."
    )
    if math.isfinite(held_out_error):
        yield (
            f"Fitted to the first half alone it is {percent(held_out_error, 1)} off the {count(found.fit.held_out)} of "
            "the other one."
        )
    left_out = found.requests - fit.requests
    if left_out:
        yield (
            f"{count(left_out)} are left out: they have one token, or took a tenth longer than the steps beside them, "
            "as those do that lose their place."
        )
    if log.failed:
        yield f"{count(log.failed)} requests failed and are not counted."
    if not log.admitted:
        yield "The log does not say when a request was let in: it is taken to be read from when it was sent."


def _curve(found: Calibration) -> Sheet:
    columns = (
        right("in flight"), right("first token, ms"), right("each token, ms"), right("requests/s"),
        right("output tokens/s"),
    )  # fmt: skip
    rows = tuple(
        (
            count(one.requests), digits(ms_from_s(one.ttft_s)), digits(ms_from_s(one.tpot_s)),
            digits(one.requests_per_s), digits(one.requests_per_s * found.output_tokens),
        )
        for one in found.curve
    )  # fmt: skip
    return Sheet(
        f"So a replica with always as many requests in it, of {digits(found.input_tokens)} / "
        f"{digits(found.output_tokens)} tokens on average and latencies at the median, no further than the log goes:",
        columns, rows,
    )  # fmt: skip


def _written(summary: ImportSummary) -> str:
    told = [
        f"{count(len(names))} {what}"
        for what, names in (("added", summary.added), ("replaced", summary.replaced), ("unchanged", summary.unchanged))
        if names
    ]
    return f"Rows: {', '.join(told)}; {', '.join(map(str, summary.files)) or 'nothing'} written."


def _json(log: RequestLog, found: Calibration) -> dict[str, Any]:
    checked = found.fit
    held_out = checked.held_out_error
    return {
        "tool": log.source.tool,
        "requests": found.requests,
        "failed": log.failed,
        "input_tokens": found.input_tokens,
        "output_tokens": found.output_tokens,
        "base_s": checked.fit.base_s,
        "token_s": checked.fit.token_s,
        "cached_s": checked.fit.cached_s,
        "fitted_requests": checked.fit.requests,
        "error": checked.fit.error,
        "held_out_requests": checked.held_out,
        "held_out_error": held_out if math.isfinite(held_out) else None,
        "curve": [one._asdict() for one in found.curve],
    }
