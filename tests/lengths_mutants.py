"""Plausible wrong versions of the definitions behind points of any length, each with a case in which it matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.rules import attention, extrapolated, memory, roofline, stages
from planner.rules.extrapolated import Extrapolator
from planner.rules.families import shape_of
from planner.rules.hits import Hits
from planner.rules.roofline import Efficiency, Setup
from tests import lengths_cases as cases
from tests.rule_mutants import Mutant, constant


def without_attention(right: Any) -> Callable[..., Any]:
    return lambda setup, lengths, hits=0.0, attention=1.0: right(setup, lengths, hits, 0.0)


def cached_is_not_attended(right: Any) -> Callable[..., Any]:
    return lambda setup, lengths, hits=0.0, attention=1.0: right(
        setup, (lengths[0] * (1 - hits), lengths[1]), 0.0, attention
    )


def every_weight_read(_: Any) -> Callable[..., float]:
    return lambda setup: setup.size.total_params_billion * 1e9


def active_weights_read(_: Any) -> Callable[..., float]:
    return lambda setup: setup.size.active_params_billion * 1e9


def scaled(factor: float) -> Callable[..., Callable[..., Any]]:
    """A rule that says so many times what is right."""
    return lambda right: lambda *args, **named: factor * right(*args, **named)


def at_the_peaks(_: Any) -> Callable[..., Efficiency]:
    return lambda setups: Efficiency(1.0, 1.0, 0.0)


def of_its_own_points(right: Any) -> Callable[..., Any]:
    return lambda setups: right(setups) if len({setup.point.system for setup in setups}) == 1 else None


def dense(_: Any) -> Callable[..., tuple[float, float]]:
    return lambda size: (0.0, 1.0)


def as_prefill(_: Any) -> Callable[..., float]:
    return lambda size: attention.prefill_flop(size)


def in_heads(_: Any) -> Callable[..., float]:
    return lambda size: size.query_heads * (size.key_size + size.value_size)


def without_windows(_: Any) -> Callable[..., float]:
    return lambda point, size, lengths: attention.cache_bytes(point, size) * (lengths[0] + lengths[1] / 2)


def everything_before(right: Any) -> Callable[..., float]:
    return lambda first, last, most=None: right(first, last)


def the_most_from_the_start(_: Any) -> Callable[..., float]:
    return lambda first, last, most=None: (last - first) * ((first + last) / 2 if most is None else most)


def selected_as_it_was_read(_: Any) -> Callable[..., float]:
    return lambda size, first, last: (
        attention.prefill_flop(size) * attention.attended(first, last, size.selected_tokens)
        + attention.index_flop(size) * attention.attended(first, last)
    )


def keys_left_out(right: Any) -> Callable[..., float]:
    return lambda point, size: right(point, size.model_copy(update={"index_key_size": None}))


def reading_alone(_: Any) -> Callable[..., float]:
    return lambda size, first, last: attention.reading_flop(size, first, last)


def without_states(right: Any) -> Callable[..., float]:
    return lambda point, size, lengths: right(point, size.model_copy(update={"state_layers": 0}), lengths)


def nobody_waits(_: Any) -> Callable[..., Any]:
    return lambda self, lengths, split, hits, attention: roofline.Stages(*[self.floors(lengths, hits, attention)] * 2)


def never_waits(_: Any) -> Callable[..., float]:
    return lambda *args: 0.0


def as_in_one(_: Any) -> Callable[..., float]:
    return lambda self, point, lengths, hits: (
        self.work(point, lengths, hits) / self.work(point, shape_of(point)) * point.output_tokens_mean / lengths[1]
    )


def nothing_derated(right: Any) -> Callable[..., Any]:
    return lambda *args: None if (left := right(*args)) is None else 1 - (1 - left) * extrapolated.WORK


LENGTHS = [
    Mutant(Setup, "floors", without_attention, cases.lengths_beyond_all),
    Mutant(Setup, "floors", cached_is_not_attended, cases.hits_beyond_all),
    Mutant(Setup, "prefill_seconds", constant(100.0), cases.a_wait_for_the_input),
    Mutant(Setup, "read_bytes", every_weight_read, cases.experts_that_few_requests_read),
    Mutant(Setup, "read_bytes", active_weights_read, cases.experts_that_few_requests_read),
    Mutant(attention, "has_attention", constant(False), cases.lengths_beyond_all),
    Mutant(roofline, "routed_params", dense, cases.experts_that_few_requests_read),
    Mutant(attention, "prefill_flop", scaled(2.0), cases.lengths_beyond_all),
    Mutant(attention, "decode_flop", as_prefill, cases.a_long_output),
    Mutant(attention, "cache_bytes", scaled(0.5), cases.caches_that_do_not_fit),
    Mutant(attention, "cached_numbers", in_heads, cases.caches_that_do_not_fit),
    Mutant(attention, "attended", everything_before, cases.a_selection),
    Mutant(attention, "attended", the_most_from_the_start, cases.a_selection),
    Mutant(attention, "reading_flop", selected_as_it_was_read, cases.a_selection),
    Mutant(attention, "reading_flop", selected_as_it_was_read, cases.a_selection_of_what_is_not_cached),
    Mutant(attention, "writing_flop", reading_alone, cases.a_long_output),
    Mutant(attention, "window_bytes", constant(0.0), cases.a_window_that_does_not_fit),
    Mutant(attention, "index_flop", constant(0.0), cases.a_selection),
    Mutant(attention, "cache_bytes", keys_left_out, cases.keys_of_an_index_that_do_not_fit),
    Mutant(attention, "read_bytes", without_states, cases.states_that_outlast_the_context),
    Mutant(attention, "state_bytes", constant(0.0), cases.states_that_outlast_the_context),
    Mutant(memory, "needed_gb", without_states, cases.states_that_do_not_fit),
    Mutant(stages, "split_of", constant(None), cases.parts_apart),
    Mutant(Setup, "stages", nobody_waits, cases.parts_apart),
    Mutant(Setup, "stages", nobody_waits, cases.hits_of_parts_apart),
    Mutant(Extrapolator, "_queue_ms", never_waits, cases.a_prompt_that_waits_for_its_part),
    Mutant(Extrapolator, "_slower", as_in_one, cases.a_token_that_does_not_wait),
    Mutant(extrapolated, "derating", constant(extrapolated.WORK), cases.parts_apart),
    Mutant(extrapolated, "ttft_derating", constant(extrapolated.TTFT), cases.a_prompt_that_waits_for_its_part),
    Mutant(memory, "worker_gb", scaled(0.5), cases.workers_that_do_not_hold_their_share),
    Mutant(roofline, "efficiency_of", at_the_peaks, cases.lengths_beyond_all),
    Mutant(roofline, "efficiency_of", of_its_own_points, cases.a_configuration_of_few_points),
    Mutant(memory, "fits", constant(True), cases.caches_that_do_not_fit),
    Mutant(memory, "needed_gb", scaled(0.5), cases.caches_that_do_not_fit),
    Mutant(memory, "request_bytes", without_windows, cases.a_window_that_does_not_fit),
    Mutant(memory, "copies", constant(1.0), cases.caches_that_do_not_fit),
    Mutant(extrapolated, "derating", constant(1.0), cases.lengths_beyond_all),
    Mutant(extrapolated, "derating", constant(extrapolated.WORK), cases.a_short_output),
    Mutant(extrapolated, "derating", constant(extrapolated.WORK), cases.drafts_of_many_requests),
    Mutant(extrapolated, "tpot_derating", constant(extrapolated.TPOT), cases.drafts_at_a_target),
    Mutant(extrapolated, "wanted", constant(True), cases.lengths_that_one_configuration_has),
    Mutant(extrapolated, "wanted", constant(False), cases.lengths_beyond_all),
    Mutant(Extrapolator, "left_by_hits", nothing_derated, cases.hits_at_a_measured_length),
    Mutant(Extrapolator, "left_by_hits", constant(None), cases.hits_at_a_measured_length),
    Mutant(Hits, "spared", constant(0.0), cases.hits_at_a_measured_length),
]
