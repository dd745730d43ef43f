"""``plan simulate``: what a plan's replicas make of requests that come as they like.

Each pool of a workload's block is simulated by itself, with its share of the requests; a large one by a sample of its
replicas. What comes of them together is weighed by how many replicas each sample stands for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from planner.catalog import Catalog
from planner.errors import InputError
from planner.frozen import dataclass
from planner.render.figures import count, percent
from planner.scenario import Scenario, scenario_digest
from planner.simulation.pools import Block, Row, ServedPool, blocks_of
from planner.simulation.requests import Traffic, counted_once, length_s, sources, words_of_all
from planner.studies.command import Progress
from planner.studies.pool import cores, each
from planner.studies.result import Study
from planner.studies.simulate.curves import QUEUE_COLUMNS, latency_rows, queue_rows
from planner.traffic.fewest import Fewest, fewest
from planner.traffic.headroom import headroom_held
from planner.traffic.outcome import Outcome, Targets
from planner.traffic.requests import Source
from planner.traffic.simulate import Failures, Pool, Routing, simulate
from planner.traffic.tally import PERCENTILES
from planner.units import ms_from_s

# Simulated requests from which on processes of their own pay.
_WORTH_A_PROCESS = 200_000


@dataclass(frozen=True)
class Simulation(Study):
    """``workloads``, a row each, and ``pools``, a row for each pool of it; latencies by percentile of the requests.

    ``holds`` is whether every target is met at its percentile, ``within_share`` the share of requests within all of
    them. ``fewest_replicas`` hold them for the same requests, and ``headroom_held_share`` is the least headroom with
    which each pool would, in the table of workloads that of the worst; NaN where nothing that was tried does, there is
    no target, or it was not asked for. ``latencies`` hold the share of each workload's requests with the first token
    within a time, and each further one, ``queues`` how many wait through the busiest hour.
    """

    command = "simulate"

    requests: str
    seed: int
    workloads: pd.DataFrame
    pools: pd.DataFrame
    latencies: pd.DataFrame
    queues: pd.DataFrame

    @property
    def within_share(self) -> float:
        """Share of all workloads' requests that are within all of their targets, each workload by its rate."""
        rates, within = (self.workloads[name].to_numpy(dtype=float) for name in ("requests_per_s", "within_share"))
        return float((rates * within).sum() / rates.sum())


@dataclass(frozen=True)
class _Question:
    source: Source
    pool: Pool
    replicas: int
    least: int
    fewest: bool
    headroom: bool
    requests_per_s: float
    saturated_requests_per_s: float


@dataclass(frozen=True)
class _Answer:
    outcome: Outcome
    fewest: Fewest | None
    headroom: float | None


@dataclass(frozen=True)
class Ask:
    """What of the plan is simulated, and how its routers route; see ``blocks_of`` and ``Pool``."""

    workload: str | None = None
    period: str | None = None
    block: str | None = None
    routing: Routing = "shortest"
    failures: Failures | None = None
    fewest: bool = True
    session_hits: bool = False
    headroom: bool = False


def of_serving(
    scenario: Scenario,
    catalog: Catalog,
    serving: Sequence[Row],
    traffic: Traffic | Mapping[str, Traffic],
    ask: Ask,
    *,
    stopped: tuple[str, ...] = (),
    progress: Progress = lambda words: None,
) -> Simulation:
    """The simulation of a plan by the rows of its table ``serving``; ``traffic`` of all, or by workload."""
    blocks = blocks_of(scenario, catalog, serving, workload=ask.workload, period=ask.period, block=ask.block)
    if not blocks:
        raise InputError(f"{scenario.name}: no own or rented replica serves an interactive workload there")
    comes = {
        name: counted_once(scenario, name, traffic if isinstance(traffic, Traffic) else traffic[name])
        for name in (block.workload for block in blocks)
    }
    asked = [
        (block, at, question)
        for number, block in enumerate(blocks)
        for at, question in enumerate(_questions(scenario, block, comes[block.workload], ask, number))
    ]
    heavy = sum(block.requests_per_s * length_s(block, comes[block.workload])[1] for block in blocks) > _WORTH_A_PROCESS
    answers = each(
        _answer,
        [question for _, _, question in asked],
        workers=cores() if heavy else 1,
        progress=lambda words: progress(f"{scenario.name}: {words}"),
        done="pools simulated",
    )
    workloads, pools, latencies, queues = [], [], [], []
    for block in blocks:
        mine = [answer for (of, _, _), answer in zip(asked, answers, strict=True) if of is block]
        parts = [
            answer.outcome.times(pool.replicas / pool.sample) for pool, answer in zip(block.pools, mine, strict=True)
        ]
        pools += [_pool_row(block, *both) for both in zip(block.pools, mine, strict=True)]
        whole = reduce(Outcome.plus, parts)
        workloads.append(_workload_row(block, whole, pools[-len(mine) :]))
        latencies += latency_rows(block.workload, whole)
        queues += queue_rows(block.workload, whole)
    return Simulation(
        scenario.name, scenario_digest(scenario), _said(blocks, workloads, comes), words_of_all(comes),
        comes[blocks[0].workload].seed,
        pd.DataFrame(workloads), pd.DataFrame(pools), pd.DataFrame(latencies),
        pd.DataFrame(queues, columns=QUEUE_COLUMNS), stopped=stopped,
    )  # fmt: skip


def _questions(scenario: Scenario, block: Block, traffic: Traffic, ask: Ask, number: int) -> list[_Question]:
    workload = next(one for one in scenario.workloads if one.name == block.workload)
    tokens = workload.tokens
    assert tokens is not None
    if ask.session_hits and workload.prefix_cache_hit_share:
        raise InputError(
            f"--session-hits: {workload.name} states a prefix_cache_hit_share, which the plan's points have already; "
            "--set it to 0, or leave the option out"
        )
    warm_up_s, _ = length_s(block, traffic)
    targets = math.isfinite(min(block.targets.ttft_s, block.targets.tpot_s))
    found = []
    for pool, source in zip(block.pools, sources(block, tokens, traffic, number), strict=True):
        replicas = Pool(
            pool.sample, pool.curve, block.targets, ask.routing, warm_up_s=warm_up_s, failures=ask.failures,
            seed=traffic.seed, sessions=ask.session_hits,
        )  # fmt: skip
        least = math.ceil(pool.requests_per_s / pool.saturated_requests_per_s)
        sampled = pool.sample / pool.replicas
        found.append(
            _Question(
                source, replicas, pool.replicas, least, ask.fewest and targets, ask.headroom and targets,
                pool.requests_per_s * sampled, pool.saturated_requests_per_s * pool.sample,
            )
        )  # fmt: skip
    return found


def _answer(question: _Question) -> _Answer:
    outcome = simulate(question.source, question.pool)
    source, pool = question.source, question.pool
    least = fewest(source, pool, outcome, of=question.replicas, least=question.least) if question.fewest else None
    rates = question.requests_per_s, question.saturated_requests_per_s
    return _Answer(outcome, least, headroom_held(source, pool, *rates) if question.headroom else None)


def _pool_row(block: Block, pool: ServedPool, answer: _Answer) -> dict[str, Any]:
    found, least = answer.outcome, answer.fewest
    fewest_replicas = math.nan if least is None or least.replicas is None else least.replicas
    return {
        **_where(block),
        "system": pool.system,
        "pool": pool.pool,
        "point": pool.point,
        "replicas": pool.replicas,
        "simulated_replicas": pool.sample,
        "fewest_replicas": fewest_replicas,
        "headroom_held_share": math.nan if answer.headroom is None else answer.headroom,
        "places": pool.curve.limit,
        "curve_points": pool.knots,
        "requests_per_s": pool.requests_per_s,
        "saturated_requests_per_s": pool.saturated_requests_per_s * pool.replicas,
        **_figures(found),
        "longest_queue": found.most_waiting,
    }


def _workload_row(block: Block, found: Outcome, pools: Sequence[dict[str, Any]]) -> dict[str, Any]:
    least = [row["fewest_replicas"] for row in pools]
    targets = block.targets
    return {
        **_where(block),
        "requests_per_s": block.requests_per_s,
        "replicas": sum(row["replicas"] for row in pools),
        "simulated_replicas": sum(row["simulated_replicas"] for row in pools),
        "fewest_replicas": float(np.sum(least)),
        "headroom_share": max(pool.headroom for pool in block.pools),
        "headroom_held_share": float(np.max([row["headroom_held_share"] for row in pools])),
        **_targets(targets),
        **_figures(found),
        "holds": found.holds,
    }


def _where(block: Block) -> dict[str, Any]:
    return {"workload": block.workload, "future": block.future, "period": block.period, "block": block.block}


def _targets(targets: Targets) -> dict[str, Any]:
    return {
        "ttft_target_s": targets.ttft_s,
        "ttft_percentile": targets.ttft_percentile,
        "tpot_target_ms": ms_from_s(targets.tpot_s),
        "tpot_percentile": targets.tpot_percentile,
    }


def _figures(found: Outcome) -> dict[str, Any]:
    busiest = found.busiest
    return {
        "requests": found.requests,
        "within_share": found.share_within,
        "ttft_within_share": found.share_within_ttft,
        "tpot_within_share": found.share_within_tpot,
        **{f"ttft_p{percent}_s": found.ttft.percentile(percent) for percent in PERCENTILES},
        **{f"tpot_p{percent}_ms": ms_from_s(found.tpot.percentile(percent)) for percent in PERCENTILES},
        **{f"end_to_end_p{percent}_s": found.whole.percentile(percent) for percent in PERCENTILES},
        "utilisation_share": found.utilisation,
        "mean_queue": found.mean_waiting,
        "busiest_minute_requests": math.nan if busiest is None else busiest.requests,
        "busiest_minute_within_share": math.nan if busiest is None else busiest.within,
        "restarted": found.restarted,
    }


def _seeds(comes: Mapping[str, Traffic]) -> str:
    seeds = list(dict.fromkeys(traffic.seed for traffic in comes.values()))
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"


def _said(
    blocks: Sequence[Block], workloads: Sequence[dict[str, Any]], comes: Mapping[str, Traffic]
) -> tuple[str, ...]:
    said = []
    for row in workloads:
        verdict = "holds" if row["holds"] else "misses"
        least = row["fewest_replicas"]
        fewer = "" if math.isnan(least) else f"; {count(least)} of its {count(row['replicas'])} replicas would do"
        if not math.isnan(least) and least > row["replicas"]:
            fewer = f"; it would take {count(least)} replicas instead of {count(row['replicas'])}"
        said.append(
            f"{row['workload']} {verdict} its targets in {row['block']} of {row['period']}: "
            f"{percent(row['within_share'], 1)} of requests are within all of them{fewer}."
        )
        if not math.isnan(row["headroom_held_share"]):
            said.append(
                f"Each of its pools would hold them with a headroom of {percent(row['headroom_held_share'])}; the plan "
                f"has {percent(row['headroom_share'])}."
            )
    said.append(f"Requests: {words_of_all(comes)}; {_seeds(comes)}.")
    pools = [pool for block in blocks for pool in block.pools]
    thinned = [pool for pool in pools if pool.sample < pool.replicas]
    if thinned:
        said.append(
            f"Of large pools a sample is simulated ({sum(pool.sample for pool in thinned)} of "
            f"{count(sum(pool.replicas for pool in thinned))} replicas), with its share of the requests; whole ones "
            "pool more and queue less."
        )
    flat = sorted({pool.point for pool in pools if pool.knots == 1})
    if flat:
        said.append(
            f"{count(len(flat))} of {count(len({pool.point for pool in pools}))} configurations were measured at one "
            "concurrency alone: their time per token is taken to be the same below it."
        )
    unread = sorted({pool.point for pool in pools if not pool.ttft_known})
    if unread:
        said.append(f"Nobody measured the time to the first token of {', '.join(unread)}: reading takes none here.")
    return tuple(said)
