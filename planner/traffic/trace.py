"""Traces of requests in files: recognised by their fields, read row by row, refused with file and line."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from planner.frozen import dataclass
from planner.traffic.file import File, at, shown
from planner.traffic.hours import Hours, hours_of, of_hours
from planner.traffic.layouts import HASHED, LAYOUTS, RATES, Layout, layout_of
from planner.traffic.requests import ALONE, BLOCK, Held, Requests, joined
from planner.units import SECONDS_PER_DAY

# No request has so many tokens: the figure is in bytes, or in letters of a text.
MOST_TOKENS = 1e8
# No trace is so long: its times are in smaller units than is thought.
MOST_DAYS = 3_660.0
# Rows that are put in order in memory.
MOST_SORTED = 2_000_000

Row = tuple[float, float, float, int, float]


@dataclass(frozen=True)
class Summary:
    """A trace as a whole: requests, seconds from the first to where the next would come, means, burstiness.

    ``gap_cv`` is the standard deviation of the time between two requests over its mean, ``cached_share`` what of the
    input is in a cache.
    """

    layout: str
    requests: int
    span_s: float
    input_tokens: float
    output_tokens: float
    gap_cv: float
    cached_share: float = 0.0

    @property
    def rate_per_s(self) -> float:
        """Requests a second on average."""
        return self.requests / self.span_s


@dataclass(frozen=True)
class Trace(File):
    """A file of requests. Going through it reads it anew and holds a block of rows at a time."""

    mapping: Layout | None = None

    def blocks(self) -> Iterator[Requests]:
        """The requests, with times from the first. Raises InputError at the first row that cannot be used."""
        if self.layout.by_end:
            yield from Held(self._sorted).blocks()
            return
        first = math.nan
        for block in self._read():
            first = float(block.time_s[0]) if math.isnan(first) else first
            yield block.at(block.time_s - first)

    @cached_property
    def layout(self) -> Layout:
        """How its rows are to be read: as mapped, else as recognised by the fields of its first."""
        known = set[str]() if self.mapping is not None else self.fields()
        found = self.mapping or layout_of(known)
        if (found is not None and found.rate) or (found is None and layout_of(known, RATES) is not None):
            self.fault(1, "these are rates of requests; a demand can be made of them, a simulation takes the requests")
        if found is None:
            names = ", ".join(layout.name for layout in LAYOUTS)
            self.fault(
                1,
                f"this is no trace of {names}; --columns time=FIELD,input=FIELD,output=FIELD says what its fields hold"
                f" (it has {', '.join(sorted(known)[:12])})",
            )
        return found

    @cached_property
    def summary(self) -> Summary:
        """The trace as a whole; reads all of it."""
        count, last, tokens, gaps, squares = 0, 0.0, np.zeros(3), 0.0, 0.0
        for block in self.blocks():
            between = np.diff(block.time_s, prepend=last if count else block.time_s[0])
            gaps += float(between.sum())
            squares += float((between**2).sum())
            tokens += (block.input_tokens.sum(), block.output_tokens.sum(), block.cached_tokens.sum())
            count, last = count + len(block), float(block.time_s[-1])
        if count < 2 or gaps <= 0:
            self.fault(0, "a trace has at least two requests that do not come at once")
        mean = gaps / (count - 1)
        variance = max(squares / (count - 1) - mean**2, 0.0)
        given, written, cached = (float(total) / count for total in tokens)
        gap_cv = math.sqrt(variance) / mean
        return Summary(self.layout.name, count, last + mean, given, written, gap_cv, cached / given)

    @cached_property
    def hours(self) -> Hours:
        """Its hours from the first request on; reads all of it."""
        try:
            return hours_of(self)
        except ValueError as error:
            self.fault(0, str(error))

    @cached_property
    def held(self) -> Held:
        """All of it in memory."""
        return Held(joined([*self.blocks()]))

    def between(self, first: float, after: float) -> tuple[Summary, Held]:
        """The requests of the hours from one share of all to another, the busiest first; and what they are as a whole.

        They are held in memory from then on, and an hour follows upon the one before it that is among them.
        """
        if (first, after) not in self._parts:
            hours = self.hours.ranked(first, after)
            requests = of_hours(self.held if "held" in self.__dict__ else self, hours)
            given, written, cached = (
                float(tokens.mean())
                for tokens in (requests.input_tokens, requests.output_tokens, requests.cached_tokens)
            )
            summary = replace(
                self.summary, requests=len(requests), span_s=float(self.hours.seconds[hours].sum()),
                input_tokens=given, output_tokens=written, cached_share=cached / given,
            )  # fmt: skip
            self._parts[first, after] = summary, Held(requests)
        return self._parts[first, after]

    @cached_property
    def _parts(self) -> dict[tuple[float, float], tuple[Summary, Held]]:
        return {}

    @cached_property
    def _sorted(self) -> Requests:
        rows = joined([*self._read(in_order=False)])
        order = np.argsort(rows.time_s, kind="stable")
        first = rows.time_s[order[0]]
        return Requests(*(column[order] for column in vars(rows).values())).at(rows.time_s[order] - first)

    def _read(self, *, in_order: bool = True) -> Iterator[Requests]:
        rows: list[Row] = []
        read, first, last = 0, math.nan, -math.inf
        for line, row in self._rows():
            time = row[0]
            if math.isnan(first):
                first = time
            if in_order and time < last:
                self.fault(line, f"this request comes {last - time:g} s before the one above it; a trace goes forward")
            if abs(time - first) > MOST_DAYS * SECONDS_PER_DAY:
                days = abs(time - first) / SECONDS_PER_DAY
                self.fault(
                    line,
                    f"this is {days:,.0f} days from the first request if times are in {self.layout.unit}; --columns "
                    "with unit=ms (or us, ns) says what they are in",
                )
            last = time
            rows.append(row)
            if len(rows) == BLOCK:
                read += BLOCK
                if not in_order and read > MOST_SORTED:
                    self.fault(line, f"more than {MOST_SORTED:,} rows that are not in order of time; sort the file")
                yield _block(rows)
                rows.clear()
        if rows:
            yield _block(rows)
        elif not read:
            self.fault(0, "this has no requests")

    def _rows(self) -> Iterator[tuple[int, Row]]:
        layout, seen = self.layout, set[int]()
        for line, record in self.records():
            yield line, self._row(layout, record, line, seen)

    def _row(self, layout: Layout, record: dict[str, Any], line: int, seen: set[int]) -> Row:
        time = self.time_s(at(record, layout.time), layout.time, layout.unit, line)
        tokens = [self._tokens(at(record, field), field, layout, line) for field in (layout.input, layout.output)]
        cached = self.number(at(record, layout.cached), layout.cached, line) if layout.cached else 0.0
        if not 0 <= cached <= tokens[0]:
            self.fault(line, f"{layout.cached}: {cached:g} of {tokens[0]:g} input tokens cannot be in the cache")
        if layout.hashes and at(record, layout.hashes) is not None:
            cached = self._hits(at(record, layout.hashes), tokens[0], layout.hashes, line, seen)
        session = at(record, layout.session) if layout.session else None
        number = ALONE if session in (None, "") else zlib.crc32(str(session).encode())
        return time, tokens[0], tokens[1], number, cached

    def _tokens(self, given: Any, field: str, layout: Layout, line: int) -> float:
        tokens = self.number(given, field, line)
        if tokens <= 0:
            what = "a request has at least one token of each" if tokens == 0 else "tokens are not negative"
            self.fault(line, f"{field}: {shown(given)}; {layout.empty if tokens == 0 and layout.empty else what}")
        if tokens > MOST_TOKENS:
            self.fault(line, f"{field}: no request has {tokens:.3g} tokens; the unit is tokens")
        return tokens

    def _hits(self, blocks: Any, tokens: float, field: str, line: int, seen: set[int]) -> float:
        """Input tokens that a cache which forgets nothing has of requests before; the last one is read all the same."""
        if not isinstance(blocks, list) or any(isinstance(one, bool) or not isinstance(one, int) for one in blocks):
            self.fault(line, f"{field}: {shown(blocks)} is no list of the numbers of blocks")
        if len(blocks) > math.ceil(tokens / HASHED):
            self.fault(line, f"{field}: {len(blocks):,} blocks of {HASHED} tokens are more than {tokens:g} tokens fill")
        known = next((at for at, one in enumerate(blocks) if one not in seen), len(blocks))
        seen.update(blocks)
        return min(known * HASHED, tokens - 1.0)


def _block(rows: list[Row]) -> Requests:
    time, given, written, session, cached = zip(*rows, strict=True)
    return Requests(
        np.array(time), np.array(given), np.array(written), np.array(session, dtype=np.int64), np.array(cached)
    )
