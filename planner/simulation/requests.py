"""The requests of a workload for each of its pools: made, or those of a trace brought to the workload's rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from planner.errors import InputError
from planner.frozen import dataclass
from planner.render.figures import percent
from planner.rules.tariffs import FLAT
from planner.scenario import Scenario
from planner.scenario.traces import digest_of, place_of
from planner.scenario.traffic import Arrivals, Lengths
from planner.scenario.traffic import Traffic as Stated
from planner.scenario.workload import Tokens
from planner.simulation.pools import Block, ServedPool
from planner.traffic.arrivals import Made
from planner.traffic.layouts import mapped
from planner.traffic.requests import Held, Source, Thinned
from planner.traffic.scaled import Again, Lengthened, Stretched, Superposed, Uncached
from planner.traffic.spread import INPUT_CV, OUTPUT_CV
from planner.traffic.trace import Summary, Trace

# Mean answers that a simulation lasts after the warm-up, and that the warm-up lasts.
LASTS, WARMS_UP = 20, 2
# Requests of a trace that are held in memory, to be gone through again and again.
MOST_HELD = 2_000_000


@dataclass(frozen=True)
class Traffic:
    """How requests come: from a ``trace``, ``stretched`` to the rate or as ``superposed`` copies, else gamma arrivals.

    ``sources`` of equal rate are laid over each other; of a trace that is ``superposed`` as many as its rate calls for.
    ``requests`` are simulated of each workload at least; ``own_lengths`` leaves those of the trace as they are, and
    what it has in a cache is not read where ``hits`` count. ``by_block`` takes of a trace that goes through a day the
    hours that belong to a block, because the load shape has the variation between blocks.
    """

    trace: Trace | None = None
    superposed: bool = False
    own_lengths: bool = False
    cv: float = 1.0
    input_cv: float = INPUT_CV
    output_cv: float = OUTPUT_CV
    requests: int = 20_000
    seed: int = 1
    sources: int = 1
    hits: bool = True
    by_block: bool = True

    @property
    def hours(self) -> int:
        """The hours of the trace of which a block has its own, 0 where all of the trace is for every block."""
        return len(self.trace.hours.seconds) if self.by_block and self.trace and self.trace.hours.is_shape else 0

    def of_block(self, block: Block) -> tuple[Summary, Held]:
        """What is to be simulated of the trace in a block, as a whole and held in memory."""
        assert self.trace is not None
        whole = self.trace.summary
        if whole.requests <= MOST_HELD:
            held = self.trace.held
        if self.hours:
            whole, held = self.trace.between(*block.hours)
        if whole.requests > MOST_HELD:
            raise InputError(
                f"{self.trace.path}: {whole.requests:,} requests; a simulation takes up to {MOST_HELD:,}, "
                "so cut the hours that are of interest out of it"
            )
        return whole, held


def traffic_of(scenario: Scenario, workload: str, *, requests: int = Traffic.requests) -> Traffic:
    """How a workload's requests come, as the scenario says. Raises InputError where its trace is another one by now."""
    stated = next(one.traffic for one in scenario.workloads if one.name == workload) or Stated()
    trace = None
    if stated.trace is not None:
        path = place_of(stated.trace, scenario.origin.folder)
        if stated.trace_sha256 is not None and digest_of(path) != stated.trace_sha256:
            raise InputError(
                f"{path}: this is not the trace that {workload} was planned with, {stated.trace_sha256} by its SHA-256"
            )
        trace = Trace(path, mapped(stated.columns) if stated.columns else None)
    arrivals, lengths = stated.arrivals or Arrivals(), stated.lengths or Lengths()
    return Traffic(
        trace,
        own_lengths=stated.own_lengths,
        cv=arrivals.cv,
        input_cv=lengths.input_cv,
        output_cv=lengths.output_cv,
        requests=requests,
        seed=stated.seed,
        sources=stated.sources,
    )


def traffic_of_all(scenario: Scenario, requests: int, seed: int | None) -> dict[str, Traffic]:
    """How the requests of each workload come, as the scenario says, with another ``seed`` where one is given."""
    names = [one.name for one in scenario.workloads if one.tokens is not None]
    found = {name: traffic_of(scenario, name, requests=requests) for name in names}
    return found if seed is None else {name: replace(traffic, seed=seed) for name, traffic in found.items()}


def counted_once(scenario: Scenario, name: str, traffic: Traffic) -> Traffic:
    """A workload's traffic without what the plan has of it already.

    Those are a trace's hits where the workload states hits, and what its hours differ by where the load shape says so.
    """
    workload = next(one for one in scenario.workloads if one.name == name)
    shape = scenario.load_shapes.get(workload.load)
    uneven = workload.load != FLAT if shape is None else len(set(shape.values())) > 1
    hits = traffic.hits and not workload.prefix_cache_hit_share
    return replace(traffic, hits=hits, by_block=traffic.by_block and uneven)


def words_of_all(traffic: Mapping[str, Traffic]) -> str:
    """What the requests of workloads are; where they differ, of each one."""
    words = {workload: words_of(one) for workload, one in traffic.items()}
    found = list(dict.fromkeys(words.values()))
    return found[0] if len(found) == 1 else "; ".join(f"{workload}: {said}" for workload, said in words.items())


def words_of(traffic: Traffic) -> str:
    """What the requests are, in a clause."""
    if traffic.trace is None:
        kind = (
            "Poisson arrivals" if traffic.cv == 1 else f"gamma arrivals of a coefficient of variation of {traffic.cv:g}"
        )
        if traffic.sources > 1 and traffic.cv != 1:
            kind += f" from each of {traffic.sources:,} sources"
        return f"{kind}, lognormal lengths with {traffic.input_cv:g} for input and {traffic.output_cv:g} for output"
    how = "copies laid over each other" if traffic.superposed else "time stretched"
    if traffic.sources > 1:
        how = f"{traffic.sources:,} copies laid over each other, their time stretched"
    lengths = "its own lengths" if traffic.own_lengths else "lengths scaled to the workload's means"
    whole = traffic.trace.summary
    if traffic.hits and whole.cached_share:
        lengths += f", {percent(whole.cached_share, 1)} of the input in a cache that forgets nothing"
    if traffic.hours:
        how = f"of its {traffic.hours:,} hours those that are as busy as the block, {how}"
    return f"{traffic.trace.path.name} ({whole.layout}), {how}, {lengths}"


def length_s(block: Block, traffic: Traffic) -> tuple[float, float]:
    """Seconds of warm-up, and seconds in all: enough answers after one another, and enough requests."""
    whole_s = max(pool.whole_s for pool in block.pools)
    sampled = sum(pool.requests_per_s * pool.sample / pool.replicas for pool in block.pools)
    warm_up_s = WARMS_UP * whole_s
    return warm_up_s, warm_up_s + max(LASTS * whole_s, traffic.requests / sampled)


def sources(block: Block, tokens: Tokens, traffic: Traffic, number: int) -> list[Source]:
    """The requests of each pool's sample; ``number`` tells the workload from the others, so that none come alike."""
    _, seconds = length_s(block, traffic)
    count = math.ceil(block.requests_per_s * seconds)
    seed = traffic.seed * 1_000 + number
    if traffic.trace is None and traffic.cv == 1.0:
        # Part of a Poisson process is one.
        return [_poisson(pool, tokens, traffic, seconds, seed * 1_000 + at) for at, pool in enumerate(block.pools)]
    whole: Source = (
        _of_trace(block, tokens, traffic, count, seed)
        if traffic.trace is not None
        else Made(
            block.requests_per_s, count, tokens.input, tokens.output, traffic.cv, traffic.input_cv, traffic.output_cv,
            seed, traffic.sources,
        )
    )  # fmt: skip
    found: list[Source] = []
    first = 0.0
    for pool in block.pools:
        part = pool.share * pool.sample / pool.replicas
        found.append(whole if part == 1.0 else Thinned(whole, first, part, seed))
        first += pool.share
    return found


def _poisson(pool: ServedPool, tokens: Tokens, traffic: Traffic, seconds: float, seed: int) -> Made:
    rate = pool.requests_per_s * pool.sample / pool.replicas
    return Made(
        rate, math.ceil(rate * seconds), tokens.input, tokens.output, 1.0, traffic.input_cv, traffic.output_cv, seed
    )


def _of_trace(block: Block, tokens: Tokens, traffic: Traffic, count: int, seed: int) -> Source:
    summary, held = traffic.of_block(block)
    own: Source = held
    rate = summary.rate_per_s
    copies = max(1, round(block.requests_per_s / rate)) if traffic.superposed else traffic.sources
    if traffic.superposed or copies > 1:
        own, rate = Superposed(held.requests, summary.span_s, copies, seed), rate * copies
    if not traffic.hits and summary.cached_share:
        own = Uncached(own)
    if not traffic.own_lengths:
        own = Lengthened(own, tokens.input / summary.input_tokens, tokens.output / summary.output_tokens)
    return Stretched(Again(own, summary.span_s, count), rate / block.requests_per_s)
