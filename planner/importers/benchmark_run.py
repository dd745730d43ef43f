"""A run as its file tells it, and the serving point that it becomes with what the user adds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from planner.errors import InputError
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.units import MS_PER_S

# A run of fewer requests measures its own beginning and end.
FEWEST_REQUESTS = 20
FEWEST_ROUNDS = 2
# Requests in flight by Little's law may be this far off those stated before a row says so.
LITTLE_TOLERANCE = 0.25


@dataclass(frozen=True)
class BenchmarkRun:
    """One run. Rates are tokens/s of all ``gpus`` together; latencies in ms; tokens are means really served.

    ``gpus`` is the replica's, None where only the user knows. ``concurrency`` is None where the run was open loop and
    states none. ``said`` are fields of the row that the file itself states.
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
    said: tuple[tuple[str, Any], ...] = ()

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


def reason_to_keep_out(run: BenchmarkRun, given: ImportOptions) -> str:
    """Why a run is no measurement of what it says, '' where it is one: with more errors it is one of another system."""
    if run.completed is not None:
        least = max(FEWEST_REQUESTS, FEWEST_ROUNDS * run.in_flight)
        if run.completed < least:
            return f"{run.completed:.0f} requests were completed, fewer than {least:.0f}: too few to measure a rate"
        tried = run.completed + run.failed
        if run.failed > given.failed_share * tried:
            return f"{_failures(run)}, more than --failed-share {given.failed_share:g}"
    return ""


def reason_to_doubt(run: BenchmarkRun) -> str:
    """What does not fit together in a run, '' where all does: rate × latency are the requests in flight."""
    if run.concurrency is None or run.ttft_statistic not in ("mean", "p50"):
        return ""
    if abs(run.little / run.concurrency - 1) <= LITTLE_TOLERANCE:
        return ""
    return f"by Little's law {run.little:.0f} requests are in flight, {run.concurrency:g} are stated"


def row(run: BenchmarkRun, given: ImportOptions, source: str, today: dt.date, evidence: str) -> dict[str, Any]:
    """The fields of a serving point. Raises InputError for what neither the file nor the user says."""
    said = dict(run.said)

    def settled(field: str, what: str, default: Any = None) -> Any:
        wanted, stated = getattr(given, field), said.get(field)
        if wanted is not None and stated is not None and str(wanted) != str(stated):
            raise run.record.refusal("", f"the file says {what} {stated}, {given.option(field)} says {wanted}")
        found = wanted if wanted is not None else stated if stated is not None else default
        if found is None:
            hint = f" (the file names {run.named_model})" if field == "model" and run.named_model else ""
            raise run.record.refusal("", f"the file does not say the {what}{hint}; give {given.option(field)}")
        return found

    undated = "" if run.as_of or given.as_of else "undated: the day is that of the import"
    gpus = _gpus(run, given)
    mode = settled("mode", "mode", "agg")
    spec_decode = _spec_decode(run, given, said.pop("spec_decode", "unknown"))
    requires = [name for name, needed in (("mtp", spec_decode != "none"), ("disagg", mode == "disagg")) if needed]
    precision, engine = settled("precision", "precision"), settled("engine", "engine")
    nominal_in = given.input_tokens or said.get("input_tokens") or round(run.input_tokens)
    nominal_out = given.output_tokens or said.get("output_tokens") or round(run.output_tokens)
    series = given.series or f"{source}-{engine}-{precision}-{mode}-{spec_decode}-{nominal_in:g}-{nominal_out:g}"
    return {
        "model": settled("model", "model"),
        "series": series,
        "system": settled("system", "system"),
        "engine": engine,
        "engine_version": settled("engine_version", "version", ""),
        "precision": precision,
        "mode": mode,
        "spec_decode": spec_decode,
        "gpus_per_replica": gpus,
        "largest_worker_gpus": settled("largest_worker_gpus", "largest worker", gpus),
        "input_tokens_nominal": nominal_in,
        "output_tokens_nominal": nominal_out,
        "input_tokens_mean": run.input_tokens,
        "output_tokens_mean": run.output_tokens,
        "concurrency": round(run.in_flight, 3),
        "ttft_ms": run.ttft_ms,
        "ttft_statistic": run.ttft_statistic,
        "ttft_p99_ms": run.ttft_p99_ms,
        "tpot_ms": run.tpot_ms,
        "tpot_statistic": run.tpot_statistic,
        "tpot_p99_ms": run.tpot_p99_ms,
        "input_tok_s_per_gpu": run.input_tok_s / gpus,
        "output_tok_s_per_gpu": run.output_tok_s / gpus,
        "requires": (*requires, *said.get("requires", ())),
        "source": (source,),
        "as_of": run.as_of or given.as_of or today,
        "evidence": given.evidence or evidence,
        "note": "; ".join(part for part in (run.note, undated, _failures(run), reason_to_doubt(run)) if part),
    }


def _failures(run: BenchmarkRun) -> str:
    """What a plan should know of a run's failures, '' where there was none."""
    if not run.failed or run.completed is None:
        return ""
    tried = run.completed + run.failed
    return f"{run.failed:.0f} of {tried:.0f} requests failed, {run.failed / tried:.1%}"


def _spec_decode(run: BenchmarkRun, given: ImportOptions, stated: str) -> str:
    """None, a method, or unknown; a file that says ``on`` does not say by which."""
    wanted = given.spec_decode
    if wanted is None:
        return "unknown" if stated == "on" else stated
    if stated not in (wanted, "unknown") and (stated != "on" or wanted == "none"):
        raise run.record.refusal(
            "", f"the file says that speculative decoding is {stated}, --spec-decode says {wanted}"
        )
    return wanted


def _gpus(run: BenchmarkRun, given: ImportOptions) -> int:
    if run.gpus is None and given.gpus_per_replica is None:
        raise run.record.refusal("", "the file does not say how many GPUs served; give --gpus-per-replica")
    if run.gpus is not None and given.gpus_per_replica not in (None, run.gpus):
        message = f"the file says {run.gpus:g} GPUs, --gpus-per-replica says {given.gpus_per_replica}"
        raise run.record.refusal("", message)
    gpus = run.gpus if run.gpus is not None else float(given.gpus_per_replica or 0)
    if gpus < 1 or gpus != int(gpus):
        raise run.record.refusal("", f"{gpus:g} is no number of GPUs")
    return int(gpus)


def one_model(runs: list[BenchmarkRun], given: ImportOptions) -> None:
    """Raises InputError where one name is given to runs of several models."""
    named = {run.named_model for run in runs if run.named_model}
    if given.model is not None and len(named) > 1:
        first, second = sorted(named)[:2]
        raise InputError(
            [runs[0].record.refusal("", f"runs of {first} and of {second} in one file; import them apart").faults[0]]
        )
