"""The levers as a table of one line per system and lever."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.catalog.models import ServingPoint
from planner.catalog.optimisations import OPTIMISATIONS, in_words
from planner.catalog.points import At, Price
from planner.render.figures import digits, price, short
from planner.render.sheet import Sheet, left, right
from planner.studies.catalog_levers.study import LeverGains, Side
from planner.units import s_from_ms, user_tok_per_s

NOTES = (
    "without, with: $ per million total tokens at the point with the most total tok/s per GPU.",
    "row: its line in {file}.",
    "a-b: interpolated between two rows of one series, at exactly the TPOT asked for.",
    "no row: none is on this side of the lever. too slow: there are rows, but none within the limits.",
    "not measured: rows are missing on one side, or on both.",
    "Other levers are not held equal: on either side the best row counts, whatever else it uses.",
)


def lever_gains_sheet(levers: LeverGains) -> Sheet:
    """One line per lever of a system, the prices and the rows that are missing under it."""
    several = len({lever.maker for lever in levers.found}) > 1
    rows = []
    shown = maker = ""
    file = f"builtin/serving/{levers.model}.csv"
    for lever in levers.found:
        sides = (*_cells(lever.without, file), *_cells(lever.with_it, file))
        gain = f"{digits(lever.ratio)}x" if lever.ratio else "-" if lever.measured else "not measured"
        # One maker is named in no column, and of several each at its first system.
        of_maker = (lever.maker if lever.maker != maker else "",) if several else ()
        rows.append((*of_maker, lever.system if lever.system != shown else "", lever.name, *sides, gain))
        shown, maker = lever.system, lever.maker
    limit = "" if math.isinf(levers.ttft_ms) else f", TTFT up to {short(s_from_ms(levers.ttft_ms))} s"
    return Sheet(
        f"Levers of {levers.model} at {levers.shape}, TPOT up to {short(levers.tpot_ms)} ms "
        f"({short(user_tok_per_s(levers.tpot_ms))} tok/s per user){limit}",
        (
            *((left("maker"),) if several else ()),
            left("system"),
            left("lever"),
            right("without"),
            right("ms"),
            left("row"),
            right("with"),
            right("ms"),
            left("row"),
            right("gain"),
        ),
        tuple(rows),
        (
            *(note.format(file=file) for note in NOTES),
            *_predicted_note(levers),
            *_absent_notes(levers),
            *_told_notes(levers),
            *_price_notes(levers),
            *_missing_notes(levers),
        ),
    )


def _cells(side: Side, file: str) -> tuple[str, str, str]:
    if side.best is None:
        return ("too slow" if side.rows else "no row", "", "")
    cost = price(side.usd_per_mtok) if side.usd_per_mtok is not None else "no price"
    return (cost, short(side.best.tpot_ms, 3), _row(side.best, file))


def _row(at: At, file: str) -> str:
    place = str(at.point.line) if at.point.file == file else f"{at.point.file.rsplit('/', 1)[-1]}:{at.point.line}"
    place = place if at.slower is None else f"{place}-{at.slower.line}"
    return f"{place}*" if at.point.evidence == "predicted" else place


def _predicted_note(levers: LeverGains) -> Iterator[str]:
    best = [side.best for lever in levers.found for side in (lever.without, lever.with_it)]
    if any(at is not None and at.point.evidence == "predicted" for at in best):
        yield "*: predicted by a performance model, not measured."


def _absent_notes(levers: LeverGains) -> Iterator[str]:
    """Which rows there are none of, lever by lever."""
    systems = list(levers.prices)
    for name in dict.fromkeys(lever.name for lever in levers.found):
        of_lever = [lever for lever in levers.found if lever.name == name]
        if not any(lever.without.rows or lever.with_it.rows for lever in of_lever):
            yield f"No row says whether it has {name}."
            continue
        for words in ("without", "with"):
            without = [
                lever.system for lever in of_lever if not (lever.with_it if words == "with" else lever.without).rows
            ]
            if without:
                yield f"No row {words} {name} on {'any system' if without == systems else ', '.join(without)}."


def _told_notes(levers: LeverGains) -> Iterator[str]:
    """What others tell of optimisations that no rows have measured."""
    if levers.told:
        yield "Told elsewhere of what is not measured here, and never planned with (`plan catalog list gains`):"
    names = {one.key: one.name for one in OPTIMISATIONS}
    for gain in levers.told:
        ran = ", ".join((gain.model or "model not stated", gain.hardware))
        yield f"  {names[gain.optimisation]}: {in_words(gain)} {gain.measure}"
        yield f"    {ran} ({gain.evidence})"


def _price_notes(levers: LeverGains) -> Iterator[str]:
    for system, found in levers.prices.items():
        yield f"{system}: {_price(found)}"
    terms = {found.origin.rsplit("/", 1)[-1] for found in levers.prices.values() if found is not None}
    if len(terms) > 1:
        yield "Prices of different terms: compare systems only at prices that you state."


def _price(found: Price | None) -> str:
    if found is None:
        return "no offer in the catalog; state --usd-per-gpu-hour"
    kind = "" if found.published else "; an estimate, no published offer"
    return f"{short(found.usd_per_gpu_hour)} $/GPU-hour, {found.origin}{kind}"


def _missing_notes(levers: LeverGains) -> Iterator[str]:
    for lever in levers.found:
        for words, side in (("without", lever.without), ("with", lever.with_it)):
            if side.missing is not None:
                fast, slow = side.missing
                yield f"rows missing, {lever.system} {words} {lever.name}:"
                yield f"  none between {_place(fast)} and {_place(slow)}"


def _place(point: ServingPoint) -> str:
    return f"{short(point.tpot_ms, 3)} ms (line {point.line}, concurrency {point.concurrency:g})"
