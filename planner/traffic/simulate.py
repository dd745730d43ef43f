"""Requests through a pool of replicas: who takes them, when they are answered, what fails on the way."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Literal, Protocol

import numpy as np

from planner.frozen import dataclass
from planner.traffic.curve import Curve
from planner.traffic.iterations import Iterations, StepReplica
from planner.traffic.outcome import NO_TARGETS, Load, Outcome, Targets
from planner.traffic.replica import Job, Replica
from planner.traffic.requests import ALONE, Source

Routing = Literal["shortest", "turns", "session"]
ROUTINGS: tuple[Routing, ...] = ("shortest", "turns", "session")
# Sessions whose context a replica remembers, the latest ones, and those whose replica the router does.
SESSIONS = 4_096
ROUTED = 262_144


class Serves(Protocol):
    """A replica as the pool sees it; see ``planner.traffic.replica.Replica``."""

    queue: deque[Job]
    next_s: float
    present: int
    advanced_s: float
    load: Load

    def arrive(self, job: Job, now: float) -> None:
        """Take a request."""

    def step(self, now: float) -> None:
        """What was foreseen for ``now`` happens."""

    def advance(self, now: float) -> None:
        """Let the time until ``now`` pass, in which nothing happens."""

    def empty(self, now: float) -> list[Job]:
        """It fails: the requests that were in it."""


Done = Callable[[Job, float], None]


@dataclass(frozen=True)
class Failures:
    """A replica fails after ``mean_s`` on average, exponentially, and is back ``repair_s`` later.

    What was in it begins anew on others.
    """

    mean_s: float
    repair_s: float


@dataclass(frozen=True)
class Pool:
    """Replicas alike behind one router, and what is asked of them.

    ``routing``: to the replica with the fewest requests in it, of equals the first; in turns; or to the one that had
    the session last, unless requests wait there. ``queue_limit`` are those that one lets wait; ``cache_tokens`` fit its
    cache, and a request that is let in reserves its input and output. ``sessions``: a replica that had a session's last
    request has its tokens in the cache.
    Requests that come in the first ``warm_up_s`` are served and not counted.
    """

    replicas: int
    curve: Curve | Iterations
    targets: Targets = NO_TARGETS
    routing: Routing = "shortest"
    queue_limit: float = math.inf
    cache_tokens: float = math.inf
    sessions: bool = False
    warm_up_s: float = 0.0
    failures: Failures | None = None
    seed: int = 0

    def replica(self, done: Done) -> Serves:
        """A new replica, empty."""
        if isinstance(self.curve, Iterations):
            return StepReplica(self.curve, done)
        return Replica(self.curve, done, self.cache_tokens)


def simulate(source: Source, pool: Pool) -> Outcome:
    """What becomes of the requests of ``source`` in ``pool``; goes on until the last one is answered."""
    return _Run(source, pool).outcome


class _Run:
    def __init__(self, source: Source, pool: Pool) -> None:
        self._pool = pool
        self.outcome = Outcome(pool.targets, pool.replicas)
        self._replicas = [pool.replica(self._done) for _ in range(pool.replicas)]
        self._nexts = [math.inf] * pool.replicas
        self._present: list[float] = [0] * pool.replicas
        self._turn = -1
        self._homes: OrderedDict[int, int] = OrderedDict()
        self._homeless: list[Job] = []
        self._contexts: list[OrderedDict[int, float]] = [OrderedDict() for _ in range(pool.replicas)]
        self._draws = [np.random.Generator(np.random.PCG64([pool.seed, at])) for at in range(pool.replicas)]
        self._down_since = [math.nan] * pool.replicas
        self._down_s = 0.0
        mean = pool.failures.mean_s if pool.failures else math.inf
        self._troubles = [draw.exponential(mean) if pool.failures else math.inf for draw in self._draws]
        self._arrivals(source)

    def _arrivals(self, source: Source) -> None:
        now, number = 0.0, 0
        for block in source.blocks():
            columns = (block.time_s, block.input_tokens, block.output_tokens, block.session, block.cached_tokens)
            for came, given, written, session, cached in zip(*(column.tolist() for column in columns), strict=True):
                now = came
                self._until(now)
                job = Job(number, now, given, cached, written)
                number += 1
                self._take(job, now, session, given)
        self._measure(now, self.outcome.arriving)
        self._until(math.inf)
        self._measure(max([now, *(replica.advanced_s for replica in self._replicas)]), self.outcome.load)
        for job in self._homeless:
            self.outcome.turned_away(job.came_s)
        self.outcome.settle()

    def _until(self, when: float) -> None:
        """All that happens up to ``when``."""
        nexts, replicas, present = self._nexts, self._replicas, self._present
        failing = self._pool.failures is not None
        while True:
            now = min(nexts)
            if failing:
                trouble = min(self._troubles)
                busy = now < math.inf or self._homeless
                if trouble <= min(now, when) and (when < math.inf or busy):
                    self._change(trouble)
                    continue
            if now > when or now == math.inf:
                return
            at = nexts.index(now)
            replica = replicas[at]
            replica.step(now)
            nexts[at] = replica.next_s
            present[at] = replica.present

    def _take(self, job: Job, now: float, session: int = ALONE, given: float = 0.0) -> None:
        present = self._present
        if self._pool.routing == "turns":
            at = self._next_turn()
        elif self._pool.routing == "session" and session != ALONE:
            at = self._home(session)
        else:
            at = present.index(min(present))
        if present[at] == math.inf:
            self._homeless.append(job)
            return
        replica = self._replicas[at]
        if len(replica.queue) >= self._pool.queue_limit or job.tokens > self._pool.cache_tokens:
            if job.came_s >= self._pool.warm_up_s:
                self.outcome.turned_away(job.came_s)
            return
        if self._pool.sessions and session != ALONE:
            self._remember(job, self._contexts[at], session, given)
        replica.arrive(job, now)
        self._nexts[at] = replica.next_s
        present[at] = replica.present
        if replica.queue and len(replica.queue) > self.outcome.most_waiting:
            self.outcome.most_waiting = len(replica.queue)

    def _home(self, session: int) -> int:
        """The replica of a session, from now on this one."""
        homes, present = self._homes, self._present
        at = homes.pop(session, -1)
        if at < 0 or present[at] == math.inf or self._replicas[at].queue:
            at = present.index(min(present))
        homes[session] = at
        if len(homes) > ROUTED:
            homes.popitem(last=False)
        return at

    def _next_turn(self) -> int:
        for _ in self._present:
            self._turn = (self._turn + 1) % len(self._present)
            if self._present[self._turn] < math.inf:
                break
        return self._turn

    @staticmethod
    def _remember(job: Job, contexts: OrderedDict[int, float], session: int, given: float) -> None:
        """Spare the job what its replica has of the session; one token is always read."""
        job.reading = max(min(job.reading, given - contexts.pop(session, 0.0)), 1.0)
        contexts[session] = job.tokens
        if len(contexts) > SESSIONS:
            contexts.popitem(last=False)

    def _change(self, now: float) -> None:
        """A replica fails, or is back."""
        failures = self._pool.failures
        assert failures is not None
        at = self._troubles.index(now)
        replica = self._replicas[at]
        if math.isnan(self._down_since[at]):
            self._down_since[at] = now
            self._troubles[at] = now + failures.repair_s
            self._present[at] = math.inf
            self._nexts[at] = math.inf
            self._contexts[at].clear()
            jobs = replica.empty(now)
            for job in jobs:
                # Nothing of it is left.
                job.reading, job.admitted_s, job.first_s = job.given, math.nan, math.nan
            self.outcome.restarted += len(jobs)
        else:
            self._down_s += now - self._down_since[at]
            self._down_since[at] = math.nan
            self._troubles[at] = now + self._draws[at].exponential(failures.mean_s)
            self._present[at] = 0
            jobs, self._homeless = self._homeless, []
        for job in jobs:
            self._take(job, now)

    def _done(self, job: Job, now: float) -> None:
        if job.came_s >= self._pool.warm_up_s:
            self.outcome.answered(job.came_s, job.admitted_s, job.first_s, now, job.steps)

    def _measure(self, now: float, load: Load) -> None:
        """Put into ``load`` what the replicas were in until ``now``."""
        for replica in self._replicas:
            replica.advance(now)
            for name in ("running_s", "waiting_s", "busy_s", "tokens"):
                setattr(load, name, getattr(load, name) + getattr(replica.load, name))
        load.span_s = now
        load.replicas_s = now * self._pool.replicas
        load.places_s = load.replicas_s * self._pool.curve.limit
        down = sum(now - since for since in self._down_since if not math.isnan(since))
        load.down_s = self._down_s + down
