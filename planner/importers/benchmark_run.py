"""A run as its file tells it, and whether it measures what it says."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from planner.frozen import dataclass
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.importers.tally import Reason
from planner.units import MS_PER_S

# A run of fewer requests measures its own beginning and end.
FEWEST_REQUESTS = 20
FEWEST_ROUNDS = 2
# Requests in flight by Little's law may be this far off those stated before a row says so.
LITTLE_TOLERANCE = 0.25


class Said(NamedTuple):
    """A field of the row that the file itself states, under which of its keys."""

    field: str
    value: Any
    key: str = ""


@dataclass(frozen=True)
class BenchmarkRun:
    """One run. Rates are tokens/s of all ``gpus`` together; latencies in ms; tokens are means really served.

    ``gpus`` is the replica's, None where only the user knows. ``concurrency`` is None where the run was open loop and
    states none. ``hardware`` is what the file calls its accelerators. ``layout`` is how the replica lies on its GPUs,
    and ``knobs`` are whatever else makes two configurations two: what varies of them within a file names its series.
    """

    record: Record
    input_tok_s: float
    output_tok_s: float
    input_tokens: float
    output_tokens: float
    ttft_ms: float
    ttft_statistic: str
    tpot_ms: float
    tpot_statistic: str
    ttft_p99_ms: float | None = None
    tpot_p99_ms: float | None = None
    concurrency: float | None = None
    mean_e2e_ms: float | None = None
    completed: float | None = None
    failed: float = 0.0
    gpus: float | None = None
    named_model: str = ""
    as_of: dt.date | None = None
    note: str = ""
    hardware: Said | None = None
    layout: str = ""
    knobs: tuple[tuple[str, str], ...] = ()
    said: tuple[Said, ...] = ()

    @property
    def keys(self) -> dict[str, str]:
        """What the file calls the fields that it states."""
        return {one.field: one.key for one in (*self.said, self.hardware) if one is not None and one.key}

    @property
    def requests_per_s(self) -> float:
        """Requests the replica finishes."""
        return self.output_tok_s / self.output_tokens

    @property
    def in_flight(self) -> float:
        """Requests in flight: as stated, or by Little's law."""
        return self.concurrency if self.concurrency is not None else self.little

    @property
    def little(self) -> float:
        """Requests/s × time in the system; from TTFT and TPOT where no mean of the whole latency is stated."""
        whole = self.mean_e2e_ms or self.ttft_ms + (self.output_tokens - 1) * self.tpot_ms
        return self.requests_per_s * whole / MS_PER_S


def too_many_failed(completed: float, failed: float, given: ImportOptions) -> Reason | None:
    """Why a run with so many failures measures another system than the one that was asked for, None where it may."""
    tried = completed + failed
    if not tried or failed <= given.failed_share * tried:
        return None
    return Reason(
        "too many requests failed", f"{failures(completed, failed)}, more than --failed-share {given.failed_share:g}"
    )


def reason_to_keep_out(run: BenchmarkRun, given: ImportOptions) -> Reason | None:
    """Why a run is no measurement of what it says, None where it is one."""
    if run.completed is None:
        return None
    least = max(FEWEST_REQUESTS, FEWEST_ROUNDS * run.in_flight)
    if run.completed < least:
        sentence = f"{run.completed:.0f} requests were completed, fewer than {least:.0f}: too few to measure a rate"
        return Reason("too few requests to measure a rate", sentence)
    return too_many_failed(run.completed, run.failed, given)


def reason_to_doubt(run: BenchmarkRun) -> str:
    """What does not fit together in a run, '' where all does: rate × latency are the requests in flight."""
    if run.concurrency is None or run.ttft_statistic not in ("mean", "p50"):
        return ""
    if abs(run.little / run.concurrency - 1) <= LITTLE_TOLERANCE:
        return ""
    return f"by Little's law {run.little:.0f} requests are in flight, {run.concurrency:g} are stated"


def failures(completed: float | None, failed: float) -> str:
    """What a plan should know of a run's failures, '' where there was none."""
    if not failed or completed is None:
        return ""
    tried = completed + failed
    return f"{failed:.0f} of {tried:.0f} requests failed, {failed / tried:.1%}"
