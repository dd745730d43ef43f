"""A replica that works in iterations, as engines with continuous batching do: a step reads inputs and writes tokens.

The time of a step is ``a + b·tokens + g·cache``: its tokens are those read in it and one for each answer under way, the
cache holds the tokens of all requests in it. While nobody's input is read and nobody ends, steps differ by what the
cache grew alone; so many of them are one event, whose time is a quadratic in their number.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

from planner.frozen import dataclass
from planner.traffic.outcome import Load
from planner.traffic.replica import Job


@dataclass(frozen=True)
class Iterations:
    """Seconds of a step: ``base_s``, for each token in it, for each token in the cache; and the engine's limits.

    ``limit`` requests are under way at most, ``step_tokens`` are read and written in a step at most, and
    ``cache_tokens`` fit the cache. With ``keeps_prefix`` what a request had there stays until its room is taken.
    """

    base_s: float
    token_s: float
    cached_s: float
    limit: int
    step_tokens: float = 2_048.0
    cache_tokens: float = math.inf
    keeps_prefix: bool = False


@dataclass(frozen=True)
class _PutBack:
    """A request that lost its place: ``tokens`` to have in the cache again before it writes ``steps`` more.

    Free room is taken from its oldest part on. When this one's was freed, last of it ``free`` tokens were free in all
    and ``taken`` had ever been taken.
    """

    tokens: float
    steps: float
    freed: float
    free: float
    taken: float

    def kept(self, taken: float) -> float:
        """Of what it had in the cache, tokens that nobody's have replaced yet, from the start of its text on."""
        return max(0.0, min(self.freed, self.free - (taken - self.taken)))


class _Place:
    """A request that is under way: tokens ``left`` to read, ``context`` in the cache, ``steps`` to write after that.

    From step ``since`` on it writes, and its context grows by one a step.
    """

    __slots__ = ("context", "gone", "job", "left", "since", "steps")

    def __init__(self, job: Job, left: float, steps: float, context: float) -> None:
        self.job = job
        self.left = left
        self.steps = steps
        self.context = context
        self.since = -1
        self.gone = False


class StepReplica:
    """Requests are let in as they come while there is a place and their input fits the cache.

    Where the cache is full with what is being written, the request that was let in last is put back, and what it had
    written is read again. See ``planner.traffic.replica.Replica`` for what the pool sees.
    """

    def __init__(self, model: Iterations, done: Callable[[Job, float], None]) -> None:
        self.queue: deque[Job] = deque()
        self.next_s = math.inf
        self.present = 0
        self.advanced_s = 0.0
        self.load = Load()
        self._done = done
        self._model = model
        self._places: dict[int, _Place] = {}
        self._reading: list[_Place] = []
        self._ends: list[tuple[float, int, _Place]] = []
        self._writers = 0
        self._cache = 0.0
        self._step = 0
        # Tokens that ever took room in the cache.
        self._taken = 0.0
        self._again: dict[int, _PutBack] = {}
        # The steps under way: when they began, how many, and what is read of whom.
        self._from_s = 0.0
        self._steps = 0
        self._chunks: list[tuple[_Place, float]] = []

    def arrive(self, job: Job, now: float) -> None:
        """Take a request; it is let in at the end of the step that is under way."""
        self.advance(now)
        self.present += 1
        alone = not self.queue
        self.queue.append(job)
        if self.next_s == math.inf:
            self._plan(now)
        elif alone and not self._chunks and self._fits(job, self._cache):
            self._cut(now)

    def step(self, now: float) -> None:
        """The steps that were under way are done."""
        self.advance(now)
        self._step += self._steps
        written = self._writers * self._steps
        self.load.tokens += written
        self._cache += written
        self._taken += written
        for place, chunk in self._chunks:
            place.left -= chunk
            place.context += chunk
            self._cache += chunk
            self._taken += chunk
            if place.left <= 0:
                self._begin(place, now)
        ends = self._ends
        while ends and (ends[0][0] <= self._step or ends[0][2].gone):
            _, _, place = heappop(ends)
            if not place.gone:
                self._writers -= 1
                self._leave(place, now)
        self._plan(now)

    def empty(self, now: float) -> list[Job]:
        """It fails: the requests that were in it, in the order in which they came."""
        self.advance(now)
        jobs = [place.job for place in self._places.values()] + [*self.queue]
        for holder in (self._places, self._reading, self._ends, self._again, self._chunks, self.queue):
            holder.clear()
        self._writers = self.present = self._steps = 0
        self._cache = 0.0
        self.next_s = math.inf
        return sorted(jobs, key=lambda job: job.number)

    def advance(self, now: float) -> None:
        """Let the time until ``now`` pass."""
        passed = now - self.advanced_s
        if passed <= 0:
            return
        self.advanced_s = now
        if self._places:
            self.load.running_s += passed * len(self._places)
            self.load.waiting_s += passed * len(self.queue)
            self.load.busy_s += passed

    def _plan(self, now: float) -> None:
        """What is done next: one step where something is read, else as many as are alike."""
        model = self._model
        crowded = self._make_room()
        self._from_s = now
        self._chunks = self._read(let_in=not crowded)
        tokens = float(sum(chunk for _, chunk in self._chunks))
        if tokens:
            self._steps = 1
            cache = self._cache + tokens
            self.next_s = now + model.base_s + model.token_s * (self._writers + tokens) + model.cached_s * cache
        elif self._writers:
            most = int(self._ends[0][0]) - self._step
            room = (model.cache_tokens - self._cache) / self._writers
            # Whether somebody is let in again is asked after a step.
            self._steps = 1 if crowded else max(1, int(min(most, room)))
            self.next_s = now + self._lasts(self._steps)
        else:
            self._steps, self.next_s = 0, math.inf

    def _read(self, *, let_in: bool) -> list[tuple[_Place, float]]:
        """What the next step reads: of inputs that are begun, then of those that are let in."""
        budget = self._model.step_tokens - self._writers
        chunks = []
        for place in self._reading:
            chunk = min(place.left, budget)
            if chunk <= 0:
                break
            chunks.append((place, chunk))
            budget -= chunk
        coming = sum(place.left for place in self._reading)
        while let_in and self.queue and budget > 0 and self._fits(self.queue[0], self._cache + coming):
            job = self.queue.popleft()
            place = self._let_in(job)
            left = place.left
            self._cache += place.context
            self._places[job.number] = place
            self._reading.append(place)
            coming += left
            if math.isnan(job.admitted_s):
                job.admitted_s = self.advanced_s
            chunk = min(left, budget)
            chunks.append((place, chunk))
            budget -= chunk
        return chunks

    def _let_in(self, job: Job) -> _Place:
        back = self._again.pop(job.number, None)
        if back is None:
            return _Place(job, job.reading, job.steps, max(job.given - job.reading, 0.0))
        kept = min(back.kept(self._taken), back.tokens - 1) if self._model.keeps_prefix else 0.0
        return _Place(job, back.tokens - kept, back.steps, kept)

    def _fits(self, job: Job, cache: float) -> bool:
        if len(self._places) >= self._model.limit:
            return False
        back = self._again.get(job.number)
        tokens = job.given if back is None else back.tokens
        return not self._places or cache + self._writers + tokens <= self._model.cache_tokens

    def _make_room(self) -> bool:
        """Put back who was let in last while the next step does not fit the cache; nobody is let in then."""
        crowded = False
        room = self._model.cache_tokens
        while self._cache + self._writers > room and len(self._places) > 1:
            number, place = self._places.popitem()
            place.gone = True
            written = self._step - place.since if place.since >= 0 else 0
            if place.since >= 0:
                self._writers -= 1
            else:
                self._reading.remove(place)
            held = place.context + written
            self._cache -= held
            self._again[number] = _PutBack(
                held + place.left, place.steps - written, held, room - self._cache, self._taken
            )
            self.queue.appendleft(place.job)
            crowded = True
        return crowded

    def _begin(self, place: _Place, now: float) -> None:
        self._reading.remove(place)
        job = place.job
        if math.isnan(job.first_s):
            job.first_s = now
        if place.steps > 0:
            place.since = self._step
            self._writers += 1
            heappush(self._ends, (self._step + place.steps, job.number, place))
        else:
            self._leave(place, now)

    def _leave(self, place: _Place, now: float) -> None:
        self._cache -= place.context + (self._step - place.since if place.since >= 0 else 0)
        del self._places[place.job.number]
        self.present -= 1
        self._done(place.job, now)

    def _lasts(self, steps: int) -> float:
        """Seconds of so many steps in which nothing is read."""
        model, writers = self._model, self._writers
        first = model.base_s + model.token_s * writers + model.cached_s * self._cache
        return steps * first + model.cached_s * writers * steps * (steps - 1) / 2

    def _cut(self, now: float) -> None:
        """End the steps under way with the one in which ``now`` lies."""
        low, high = 0, self._steps
        while high - low > 1:
            middle = (low + high) // 2
            if self._from_s + self._lasts(middle) >= now:
                high = middle
            else:
                low = middle
        self._steps = high
        self.next_s = self._from_s + self._lasts(high)
