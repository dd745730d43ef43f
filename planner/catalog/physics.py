"""What no hardware can do: operating points held against the FLOP/s, bandwidth and memory of their system.

Every bound leaves out whatever would tighten it (attention, caches, activations, communication, idle workers), so a
point beyond one is wrong, and a point within all may still be.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.catalog.models import ModelSize, ServingPoint, System
from planner.errors import Fault

# Least bytes of a weight; scales and layers kept in a higher precision only add to it.
BYTES = {"fp4": 0.5, "int4": 0.5, "fp8": 1.0, "bf16": 2.0}
# Tokens one decode step may yield at most with speculative decoding. Published drafts have 1 to 8 tokens.
MOST_TOKENS_PER_STEP = 16
# A figure has to be beyond a bound by more than its rounding.
ROUNDING = 1.01


def beyond_physics(point: ServingPoint, system: System, size: ModelSize) -> Iterator[Fault]:
    """What of a point its system cannot do with a model of this size."""
    yield from _flops(point, system, size)
    yield from _bandwidth(point, system, size)
    yield from _memory(point, system, size)


def peak_pflops(point: ServingPoint, system: System) -> float:
    """Dense PFLOP/s a GPU has at most for the point. Four-bit weights are computed in FP8 where there is no FP4."""
    if point.precision in ("fp4", "int4"):
        return system.fp4_dense_pflops_per_gpu or system.fp8_dense_pflops_per_gpu
    return system.fp8_dense_pflops_per_gpu / (2 if point.precision == "bf16" else 1)


def tokens_per_step(point: ServingPoint) -> int:
    """Tokens of one request that a decode step may yield at most."""
    return 1 if point.spec_decode == "none" else MOST_TOKENS_PER_STEP


def _flops(point: ServingPoint, system: System, size: ModelSize) -> Iterator[Fault]:
    # Input found in a cache is not computed: where the cache may be large, only output counts.
    cached = "kv_offload" in point.requires
    tokens = point.output_tok_s_per_gpu + (0 if cached else point.input_tok_s_per_gpu)
    needed = 2 * size.active_params_billion * 1e9 * tokens / 1e15
    peak = peak_pflops(point, system)
    if needed > peak * ROUNDING:
        yield Fault(
            point.file,
            point.line,
            "output_tok_s_per_gpu" if cached else "input_tok_s_per_gpu",
            f"{tokens:,.0f} tok/s per GPU take at least {needed:.3g} PFLOP/s with {size.active_params_billion:g} "
            f"billion active parameters; {system.system} has {peak:.3g} dense at {point.precision}",
        )


def _bandwidth(point: ServingPoint, system: System, size: ModelSize) -> Iterator[Fault]:
    # A token is decoded inside one worker, so no more GPUs than the largest has read weights for it at a time.
    read_tb = size.active_params_billion * BYTES[point.precision] / 1000
    together = system.memory_tb_per_s_per_gpu * point.largest_worker_gpus
    least_ms = 1000 * read_tb / together / tokens_per_step(point)
    if point.tpot_ms * ROUNDING < least_ms:
        yield Fault(
            point.file,
            point.line,
            "tpot_ms",
            f"{point.tpot_ms:g} ms; reading the active weights once takes the {point.largest_worker_gpus} GPUs of the "
            f"largest worker {least_ms:.3g} ms a token, at {tokens_per_step(point)} tokens a step",
        )


def _memory(point: ServingPoint, system: System, size: ModelSize) -> Iterator[Fault]:
    needed = size.total_params_billion * BYTES[point.precision]
    there = system.memory_gb_per_gpu * point.gpus_per_replica
    if needed > there * ROUNDING:
        yield Fault(
            point.file,
            point.line,
            "gpus_per_replica",
            f"{point.gpus_per_replica} GPUs hold {there:,.0f} GB; the weights alone are {needed:,.0f} GB at "
            f"{point.precision}",
        )
