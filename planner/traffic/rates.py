"""Series of rates in files: how many requests a second came in each window of time."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from planner.frozen import dataclass
from planner.traffic.file import File, at
from planner.traffic.layouts import RATES, Layout, layout_of
from planner.traffic.trace import MOST_DAYS, Trace
from planner.traffic.windows import Floats, Recorded, busiest_first, whole
from planner.units import HOURS_PER_DAY, SECONDS_PER_DAY, SECONDS_PER_HOUR

# Shorter windows are averaged: what comes and goes within ten minutes is a burst, and belongs to headroom.
LEAST_WINDOW_S = 600.0
# Longer ones say nothing of the hours of a day.
MOST_WINDOW_S = SECONDS_PER_HOUR
# A rate that no service has is one of another unit.
MOST_PER_S = 1e9


@dataclass(frozen=True)
class Rates(File):
    """A file of rates, a row for each window of time. A window that is not there was not recorded."""

    mapping: Layout | None = None

    @cached_property
    def layout(self) -> Layout:
        """How its rows are to be read."""
        found = self.mapping or layout_of(self.fields(), RATES)
        assert found is not None
        return found

    @cached_property
    def windows(self) -> tuple[Floats, Floats]:
        """Seconds from the first, and requests/s, (N,) each; raises InputError at the first row that is no window."""
        times: list[float] = []
        rates: list[float] = []
        step = math.nan
        for line, record in self.records():
            time = self.time_s(at(record, self.layout.time), self.layout.time, self._unit, line)
            rate = self.number(at(record, self.layout.rate), self.layout.rate, line)
            if rate < 0:
                self.fault(line, f"{self.layout.rate}: {rate:g}; a rate is not negative")
            if rate > MOST_PER_S:
                self.fault(line, f"{self.layout.rate}: {rate:.3g} requests a second are more than any service has")
            if times:
                step = self._step(time, times, step, line)
            times.append(time)
            rates.append(rate)
        if len(times) < 2:
            self.fault(0, "a series has at least two windows")
        if not any(rates):
            self.fault(0, "no window of this has any requests")
        return np.array(times) - times[0], np.array(rates)

    def recorded(self) -> Recorded:
        """What it says of demand."""
        times, rates = self.windows
        step = float(np.diff(times).min())
        if step < LEAST_WINDOW_S:
            times, rates = _averaged(times, rates)
            step = LEAST_WINDOW_S
        hours = whole((float(times[-1]) + step) / SECONDS_PER_HOUR)
        kept = rates[times < hours * SECONDS_PER_HOUR - step / 2]
        if not kept.any():
            self.fault(0, f"none of the {hours:g} hours that count has any requests")
        shape = hours >= HOURS_PER_DAY and step <= MOST_WINDOW_S
        return Recorded(float(kept.mean()), hours, busiest_first(kept, np.ones(len(kept))) if shape else ())

    @cached_property
    def _unit(self) -> str:
        if self.layout.unit:
            return self.layout.unit
        _, record = next(self.records(), (0, {}))
        try:
            float(at(record, self.layout.time))
        except (TypeError, ValueError):
            return "day"
        return "s"

    def _step(self, time: float, times: list[float], step: float, line: int) -> float:
        """Seconds from one window to the next, by all so far; later ones may be missing, but come in the same beat."""
        since = time - times[-1]
        if since <= 0:
            self.fault(line, "this window does not come after the one above it; a series goes forward")
        if time - times[0] > MOST_DAYS * SECONDS_PER_DAY:
            self.fault(
                line,
                f"this is {(time - times[0]) / SECONDS_PER_DAY:,.0f} days from the first window if times are in "
                f"{self._unit}; --columns with unit=ms (or us, ns) says what they are in",
            )
        if math.isnan(step):
            return since
        beats = since / step
        if abs(beats - round(beats)) > 0.01 * max(beats, 1.0):
            self.fault(
                line,
                f"this window comes {since:g} s after the one above it, and the first ones {step:g} s after each "
                "other; windows are equally long, and what was not recorded is left out",
            )
        return step


def _averaged(times: Floats, rates: Floats) -> tuple[Floats, Floats]:
    """Windows of ten minutes, each the mean of what was recorded in it."""
    place = (times / LEAST_WINDOW_S + 1e-9).astype(np.int64)
    known = np.bincount(place)
    seen = known > 0
    mean: Floats = np.bincount(place, rates)[seen] / known[seen]
    starts: Floats = np.flatnonzero(seen).astype(np.float64) * LEAST_WINDOW_S
    return starts, mean


def opened(trace: Trace) -> Trace | Rates:
    """The file as what it is: single requests, or rates. Raises InputError where it is neither."""
    if trace.mapping is not None:
        return Rates(trace.path, trace.mapping) if trace.mapping.rate else trace
    if layout_of(trace.fields(), RATES) is not None:
        return Rates(trace.path)
    _ = trace.layout
    return trace


def recorded(trace: Trace) -> Recorded:
    """What a file of requests, or of rates, says of demand; reads all of it. Raises InputError with file and line."""
    found = opened(trace)
    return found.recorded() if isinstance(found, Rates) else found.hours.recorded()
