"""What no hardware can do and no benchmark can show: operating points held against their system and themselves.

Every bound leaves out whatever would tighten it (attention, caches, activations, communication, idle workers), so a
point beyond one is wrong, and a point within all may still be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.catalog.findings import Finding
from planner.catalog.models import Catalog, ModelSize, ServingPoint, System
from planner.catalog.serving import SWITCHES
from planner.units import ms_from_s, s_from_ms

# Least bytes of a weight; scales and layers kept in a higher precision only add to it.
BYTES = {"fp4": 0.5, "mxfp4": 0.5, "int4": 0.5, "fp8": 1.0, "bf16": 2.0}
# Tokens one decode step may yield at most with speculative decoding. Published drafts have 1 to 8 tokens.
MOST_TOKENS_PER_STEP = 16
# A figure has to be beyond a bound by more than its rounding.
ROUNDING = 1.01
FASTEST_TPOT_MS, SLOWEST_TPOT_MS = 0.1, 5_000.0
FASTEST_TTFT_MS, SLOWEST_TTFT_MS = 1.0, 3_600_000.0
# Relative difference that Little's law leaves to medians in place of means, and to the start of a run.
LITTLE = 0.25


def physics(catalog: Catalog, points: Iterable[ServingPoint]) -> Iterator[Finding]:
    """What of the points cannot be. Only those of models with known parameters are held against their system."""
    for point in points:
        size = catalog.models.get(point.model)
        if size is not None:
            system = catalog.systems[point.system]
            yield from _flops(point, system, size)
            yield from _bandwidth(point, system, size)
            yield from _memory(point, system, size)
        yield from _latencies(point)
        yield from _little(point)


def _flops(point: ServingPoint, system: System, size: ModelSize) -> Iterator[Finding]:
    # Input found in a cache is not computed: where much of it may be found there, only output counts.
    cached = not set(SWITCHES).isdisjoint(point.requires)
    tokens = point.output_tok_s_per_gpu + (0 if cached else point.input_tok_s_per_gpu)
    # A weight takes a multiplication and an addition per token.
    needed = 2 * size.active_params_billion * 1e9 * tokens / 1e15
    peak = peak_pflops(point, system)
    if needed > peak * ROUNDING:
        yield Finding(
            "flops",
            point,
            "output_tok_s_per_gpu" if cached else "input_tok_s_per_gpu",
            f"{tokens:,.0f} tok/s per GPU take at least {needed:.3g} PFLOP/s with {size.active_params_billion:g} "
            f"billion active parameters; {system.system} has {peak:.3g} dense at {point.precision}",
        )


def peak_pflops(point: ServingPoint, system: System) -> float:
    """Dense PFLOP/s a GPU has at most for the point. Four-bit weights are computed in FP8 where there is no FP4."""
    if point.precision in ("fp4", "mxfp4", "int4"):
        return system.fp4_dense_pflops_per_gpu or system.fp8_dense_pflops_per_gpu
    return system.fp8_dense_pflops_per_gpu / (2 if point.precision == "bf16" else 1)


def _bandwidth(point: ServingPoint, system: System, size: ModelSize) -> Iterator[Finding]:
    # A token is decoded inside one worker, so no more GPUs than the largest has read weights for it at a time.
    read_tb = size.active_params_billion * BYTES[point.precision] / 1000
    together = system.memory_tb_per_s_per_gpu * point.largest_worker_gpus
    tokens = 1 if point.spec_decode == "none" else MOST_TOKENS_PER_STEP
    least_ms = ms_from_s(read_tb / together) / tokens
    if point.tpot_ms * ROUNDING < least_ms:
        yield Finding(
            "bandwidth",
            point,
            "tpot_ms",
            f"{point.tpot_ms:g} ms; reading the active weights once takes the {point.largest_worker_gpus} GPUs of the "
            f"largest worker {least_ms:.3g} ms a token, at {tokens} tokens a step",
        )


def _memory(point: ServingPoint, system: System, size: ModelSize) -> Iterator[Finding]:
    needed = size.total_params_billion * BYTES[point.precision]
    there = system.memory_gb_per_gpu * point.replica_gpus
    if needed > there * ROUNDING:
        yield Finding(
            "memory",
            point,
            "gpus_per_replica",
            f"{point.replica_gpus:.3g} GPUs hold {there:,.0f} GB; the weights alone are {needed:,.0f} GB at "
            f"{point.precision}",
        )


def _latencies(point: ServingPoint) -> Iterator[Finding]:
    for field, fastest, slowest in (
        ("ttft_ms", FASTEST_TTFT_MS, SLOWEST_TTFT_MS),
        ("tpot_ms", FASTEST_TPOT_MS, SLOWEST_TPOT_MS),
    ):
        value: float | None = getattr(point, field)
        if value is None:
            continue
        if not fastest <= value <= slowest:
            message = f"{value:g} ms is outside {fastest:g} to {slowest:,.0f} ms; is the unit right?"
            yield Finding("latency", point, field, message)
        tail_field = field.replace("_ms", "_p99_ms")
        tail: float | None = getattr(point, tail_field)
        if tail is not None and tail < value and getattr(point, field.replace("_ms", "_statistic")) != "mean":
            yield Finding("latency", point, tail_field, f"{tail:g} ms is below {field}, {value:g} ms")


def _little(point: ServingPoint) -> Iterator[Finding]:
    requests_per_s = point.output_tok_s_per_gpu * point.replica_gpus / point.output_tokens_mean
    # Where TTFT is unknown decoding alone may hold no more than the concurrency.
    seconds = s_from_ms((point.ttft_ms or 0.0) + (point.output_tokens_mean - 1) * point.tpot_ms)
    held = requests_per_s * seconds
    off = held / point.concurrency - 1
    if off > LITTLE or (off < -LITTLE and point.ttft_ms is not None):
        yield Finding(
            "concurrency",
            point,
            "concurrency",
            f"{point.concurrency:g} in flight; {requests_per_s:.3g} requests/s of {seconds:.3g} s each "
            f"({'TTFT and TPOT' if point.ttft_ms is not None else 'TPOT alone'}) "
            f"hold {held:.3g}. Rates per decode or per prefill GPU, or a replica of another size?",
        )
