"""The serving point that a run becomes, with what the user adds to what its file says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from planner.catalog.models import System
from planner.catalog.row import MOST
from planner.catalog.serving import SWITCHES
from planner.frozen import dataclass
from planner.importers.benchmark_run import BenchmarkRun, Said, failures, reason_to_doubt
from planner.importers.hardware import Names, is_builtin
from planner.importers.model_names import model_of
from planner.importers.options import ImportOptions

_NOTHING = Said("", None)


@dataclass(frozen=True)
class Origin:
    """What all rows of a file share: its source, the day it was first read, and how far its tool is trusted."""

    source: str
    day: dt.date
    evidence: str


def row(run: BenchmarkRun, given: ImportOptions, names: Names, origin: Origin) -> dict[str, Any]:
    """The fields of a serving point. Raises InputError for what neither the file nor the user says."""
    said = {one.field: one for one in run.said}
    system = _system(run, given, names)
    undated = "" if run.as_of or given.as_of else "undated: the day is that of the import"
    gpus = _gpus(run, given)
    mode = _settled(run, given, said, "mode", "mode", "agg")
    spec_decode = _spec_decode(run, given, said.get("spec_decode", _NOTHING))
    requires = [name for name, needed in (("mtp", spec_decode != "none"), ("disagg", mode == "disagg")) if needed]
    switches: dict[str, Any] = {name: _settled(run, given, said, name, name, "unknown") for name in SWITCHES}
    switched = [name for name, state in switches.items() if state == "on"]
    requires += switched
    precision, four_bits = _precision(run, given, said, names.systems.get(system))
    engine = _settled(run, given, said, "engine", "engine", "unknown")
    nominal_in = given.input_tokens or said.get("input_tokens", _NOTHING).value or round(run.input_tokens)
    nominal_out = given.output_tokens or said.get("output_tokens", _NOTHING).value or round(run.output_tokens)
    lengths = (f"{nominal_in:g}", f"{nominal_out:g}")
    parts = (origin.source, engine, precision, mode, spec_decode, *switched, *lengths, run.layout)
    return {
        "model": _model(run, given, said),
        "series": given.series or "-".join(slug(str(part)) for part in parts if part),
        "system": system,
        "engine": engine,
        "engine_version": _settled(run, given, said, "engine_version", "version", ""),
        "precision": precision,
        "mode": mode,
        "spec_decode": spec_decode,
        **switches,
        "gpus_per_replica": gpus,
        "largest_worker_gpus": _settled(run, given, said, "largest_worker_gpus", "largest worker", gpus),
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
        "requires": tuple(requires),
        "source": (origin.source,),
        "as_of": run.as_of or given.as_of or origin.day,
        "evidence": given.evidence or origin.evidence,
        "note": "; ".join(
            part
            for part in (run.note, four_bits, undated, failures(run.completed, run.failed), reason_to_doubt(run))
            if part
        ),
    }


@lru_cache(maxsize=1024)
def slug(text: str) -> str:
    """A part of a series' name: what names of files and points cannot have becomes a dash."""
    return re.sub(r"[^A-Za-z0-9._=+]+", "-", text).strip("-")


def varying(runs: Iterable[tuple[str, BenchmarkRun]]) -> dict[str, list[str]]:
    """The knobs that vary among the runs of each series: what its name has to say beside its layout."""
    values: dict[str, dict[str, set[str]]] = {}
    for series, run in runs:
        of_series = values.setdefault(series, {})
        for knob, value in run.knobs:
            of_series.setdefault(knob, set()).add(value)
    return {series: sorted(name for name, known in knobs.items() if len(known) > 1) for series, knobs in values.items()}


def with_knobs(series: str, run: BenchmarkRun, knobs: Iterable[str]) -> str:
    """The name of a series with the knobs that vary: ``…-tp8-ctx_tokens=4096``."""
    stated = dict(run.knobs)
    parts = (f"{slug(knob)}={slug(stated[knob])}" for knob in knobs if knob in stated)
    return "-".join([series, *(part.replace("-", "_") for part in parts)])


def _settled(
    run: BenchmarkRun, given: ImportOptions, said: dict[str, Said], field: str, what: str, default: Any = None
) -> Any:
    """What the user or the file says of a field, where they do not contradict each other."""
    wanted, stated = getattr(given, field), said.get(field, _NOTHING)
    if wanted is not None and stated.value is not None and str(wanted) != str(stated.value):
        message = f"the file says {what} {stated.value}, {given.option(field)} says {wanted}"
        raise run.record.refusal(stated.key, message)
    found = wanted if wanted is not None else stated.value if stated.value is not None else default
    if found is None:
        raise run.record.refusal("", f"the file does not say the {what}; give {given.option(field)}")
    return found


def _model(run: BenchmarkRun, given: ImportOptions, said: dict[str, Said]) -> str:
    """The model as scenarios name it: a file's name for one of the catalog is never another of the catalog's."""
    wanted, known = given.model, model_of(run.named_model)
    if "model" in said:
        return str(_settled(run, given, said, "model", "model"))
    if wanted is None and known is None:
        hint = f" (the file names {run.named_model})" if run.named_model else ""
        raise run.record.refusal("", f"the file does not say the model{hint}; give --model")
    if known not in (None, wanted) and wanted is not None and model_of(wanted) is not None:
        raise run.record.refusal("", f"the file names {run.named_model} ({known}), --model says {wanted}")
    return str(wanted or known)


def _system(run: BenchmarkRun, given: ImportOptions, names: Names) -> str:
    """The system that was measured: what the file calls its hardware is held against what the user says."""
    wanted, called = given.system, run.hardware
    if called is None or not called.value:
        if wanted is None:
            raise run.record.refusal("", "the file does not say the system; give --system")
        return wanted
    found = names.system_of(called.value)
    if wanted is None:
        if found is None:
            message = f"no system of the catalog has {called.value}, so that it does not say the system; give --system"
            raise run.record.refusal(called.key, message)
        return found
    if names.denies(called.value, wanted):
        known = f" ({found})" if found and found != called.value else ""
        hint = "" if is_builtin(wanted) else "; list that name under its aliases if it has these GPUs"
        raise run.record.refusal(called.key, f"the file says {called.value}{known}, --system says {wanted}{hint}")
    return wanted


def _precision(
    run: BenchmarkRun, given: ImportOptions, said: dict[str, Said], system: System | None
) -> tuple[str, str]:
    """The precision, and what is to be said of it: files call any float of four bits FP4, AMD's GPUs compute MXFP4."""
    stated = said.get("precision", _NOTHING)
    if system is None or system.maker != "AMD":
        return str(_settled(run, given, said, "precision", "precision")), ""
    if given.precision == "fp4":
        message = f"fp4 is NVFP4, which {system.system} does not compute; --precision mxfp4 is what it does"
        raise run.record.refusal(stated.key, message)
    if stated.value != "fp4":
        return str(_settled(run, given, said, "precision", "precision")), ""
    known = {**said, "precision": stated._replace(value="mxfp4")}
    return str(_settled(run, given, known, "precision", "precision")), f"the file's fp4 is MXFP4 on {system.system}"


def _spec_decode(run: BenchmarkRun, given: ImportOptions, said: Said) -> str:
    """None, a method, or unknown; a file that says ``on`` does not say by which."""
    wanted, stated = given.spec_decode, said.value or "unknown"
    if wanted is None:
        return "unknown" if stated == "on" else str(stated)
    if stated not in (wanted, "unknown") and (stated != "on" or wanted == "none"):
        message = f"the file says that speculative decoding is {stated}, --spec-decode says {wanted}"
        raise run.record.refusal(said.key, message)
    return wanted


def _gpus(run: BenchmarkRun, given: ImportOptions) -> int:
    if run.gpus is None and given.gpus_per_replica is None:
        raise run.record.refusal("", "the file does not say how many GPUs served; give --gpus-per-replica")
    if run.gpus is not None and given.gpus_per_replica not in (None, run.gpus):
        message = f"the file says {run.gpus:g} GPUs, --gpus-per-replica says {given.gpus_per_replica}"
        raise run.record.refusal("", message)
    gpus = run.gpus if run.gpus is not None else float(given.gpus_per_replica or 0)
    if not 1 <= gpus <= MOST or gpus != int(gpus):
        raise run.record.refusal("", f"{gpus:g} is no number of GPUs")
    return int(gpus)
