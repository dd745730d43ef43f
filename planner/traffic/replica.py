"""A replica that shares its time among the requests in it, as fast as its curve says.

Two clocks of its own run as fast as one request gets on: one of inputs read, one of tokens written. A request that
begins at a mark of a clock is done at a mark that is known then, however many come and go meanwhile; so an event costs
a place in a heap, not a look at every request.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

from planner.traffic.curve import Curve
from planner.traffic.outcome import Load


class Job:
    """A request on its way: what it asks for, and when what happened to it.

    ``given`` is its input, ``reading`` what of it has to be read, ``steps`` are the tokens to write after the first,
    ``tokens`` what it takes in the cache at the end. ``number`` tells requests apart that come at once.
    """

    __slots__ = ("admitted_s", "came_s", "first_s", "given", "number", "reading", "steps", "tokens")

    def __init__(self, number: int, came_s: float, given: float, cached: float, written: float) -> None:
        self.number = number
        self.came_s = came_s
        self.given = given
        self.reading = max(given - cached, 0.0)
        self.steps = max(written - 1, 0.0)
        self.tokens = given + written
        self.admitted_s = math.nan
        self.first_s = math.nan


class Replica:
    """Processor sharing below a limit of requests, and of tokens in the cache; the rest queues as it comes.

    ``next_s`` is when something happens next if nobody comes; ``present`` counts requests in it, queue included;
    ``advanced_s`` is until when its time has passed.
    """

    def __init__(self, curve: Curve, done: Callable[[Job, float], None], cache_tokens: float = math.inf) -> None:
        self.queue: deque[Job] = deque()
        self.next_s = math.inf
        self.present = 0
        self.load = Load()
        self._done = done
        self._limit = curve.limit
        self._free_tokens = cache_tokens
        self._input_tokens = curve.input_tokens
        self._read_rate = [1 / seconds if seconds else math.inf for seconds in curve.ttft_s]
        self._write_rate = [1 / seconds for seconds in curve.tpot_s]
        self._reading: list[tuple[float, int, Job]] = []
        self._writing: list[tuple[float, int, Job]] = []
        self._read = self._written = 0.0
        self._running = 0
        self.advanced_s = 0.0

    def arrive(self, job: Job, now: float) -> None:
        """Take a request."""
        self.advance(now)
        self.present += 1
        if self._running < self._limit and job.tokens <= self._free_tokens and not self.queue:
            self._admit(job, now)
        else:
            self.queue.append(job)
        self._foresee()

    def step(self, now: float) -> None:
        """What was foreseen for ``now`` happens: an input is read, or an output is written."""
        self.advance(now)
        if self._reads_next:
            self._read, _, job = heappop(self._reading)
            self._begin(job, now)
        else:
            self._written, _, job = heappop(self._writing)
            self._leave(job, now)
        self._foresee()

    def empty(self, now: float) -> list[Job]:
        """It fails: the requests that were in it, in the order in which they came."""
        self.advance(now)
        jobs = [job for _, _, job in (*self._reading, *self._writing)]
        self._free_tokens += sum(job.tokens for job in jobs)
        jobs += self.queue
        self._reading.clear()
        self._writing.clear()
        self.queue.clear()
        self._running = self.present = 0
        self._foresee()
        return sorted(jobs, key=lambda job: job.number)

    def advance(self, now: float) -> None:
        """Let the time until ``now`` pass, in which nothing happens."""
        passed = now - self.advanced_s
        if passed <= 0:
            return
        self.advanced_s = now
        running = self._running
        if running:
            if self._reading:
                self._read += passed * self._read_rate[running]
            written = passed * self._write_rate[running]
            self._written += written
            load = self.load
            load.tokens += written * len(self._writing)
            load.running_s += passed * running
            load.waiting_s += passed * len(self.queue)
            load.busy_s += passed

    def _admit(self, job: Job, now: float) -> None:
        self._running += 1
        self._free_tokens -= job.tokens
        job.admitted_s = now
        if job.reading and self._read_rate[self._running] < math.inf:
            heappush(self._reading, (self._read + job.reading / self._input_tokens, job.number, job))
        else:
            self._begin(job, now)

    def _begin(self, job: Job, now: float) -> None:
        """Its first token is there."""
        job.first_s = now
        if job.steps:
            heappush(self._writing, (self._written + job.steps, job.number, job))
        else:
            self._leave(job, now)

    def _leave(self, job: Job, now: float) -> None:
        self._running -= 1
        self.present -= 1
        self._free_tokens += job.tokens
        self._done(job, now)
        queue = self.queue
        while queue and self._running < self._limit and queue[0].tokens <= self._free_tokens:
            self._admit(queue.popleft(), now)

    def _foresee(self) -> None:
        reading, writing, running = self._reading, self._writing, self._running
        read_s = written_s = math.inf
        if reading:
            read_s = (reading[0][0] - self._read) / self._read_rate[running]
        if writing:
            written_s = (writing[0][0] - self._written) / self._write_rate[running]
        self._reads_next = read_s <= written_s
        first_s = read_s if self._reads_next else written_s
        # What rounding leaves of a mark that is reached lies in the past.
        self.next_s = self.advanced_s + first_s if first_s > 0 else self.advanced_s
