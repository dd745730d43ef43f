"""Who works on what: one question at a time, its bound at once, its plan after that; what nobody waits for is ended.

Everything here runs in threads; the processes that do the work are two, one for bounds and pages, one for plans.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from planner.errors import PlannerError
from planner.scenario import Scenario
from planner.serve.asked import Asked, scenario_with
from planner.serve.hand import Gone, Hand
from planner.serve.values import Bound, Question, Shown, Solved

# A question that is moved on from sooner than this is not solved: a hand is still on the slider.
SETTLED_S = 0.7
# A page that is loaded anew comes back within this; else nobody waits any more.
PATIENCE_S = 2.0
# How often a stream says that it is still there.
HEARTBEAT_S = 1.0
# Answers that are kept, plans among them.
MOST_KEPT = 24
MOST_BOUNDS = 400
# Pages that may wait at once.
MOST_WATCHES = 12

# What a stream ends with.
ENDS = ("answer", "ended", "failed")


class Ended(Exception):
    """The work on a question was ended: by whom, in a word."""


class TooMany(Exception):
    """More pages wait than one person has."""


@dataclass
class Job:
    """The work on one question: what was said of it so far, who listens, and why it ended where somebody ended it."""

    asked: Asked
    scenario: Scenario
    messages: list[dict[str, Any]] = field(default_factory=list)
    watches: int = 0
    ended: str = ""
    done: bool = False
    stage: str = "bound"
    since: float = field(default_factory=time.monotonic)
    left_at: float = 0.0


class Desk:
    """One person's questions about ``base``, a scenario as its file has it."""

    def __init__(self, base: Scenario) -> None:
        self.base = base
        self._quick, self._slow = Hand(), Hand()
        self._news = threading.Condition()
        self._job: Job | None = None
        self._solving: tuple[str, ...] | None = None
        self._solve_lock = threading.Lock()
        self._bounds: OrderedDict[tuple[str, ...], Bound] = OrderedDict()
        self._ways: OrderedDict[tuple[str, ...], dict[str, Bound]] = OrderedDict()
        self._solved: OrderedDict[tuple[str, ...], Solved] = OrderedDict()
        self._shown: OrderedDict[tuple[str, ...], Shown] = OrderedDict()
        self._closed = False

    def begin(self) -> None:
        """Begin the processes and the first bound, before anybody asks."""
        threading.Thread(target=self._begin, daemon=True).start()

    def _begin(self) -> None:
        with suppress(PlannerError):
            self._slow.begin()
            self.bound(Asked())

    def close(self) -> None:
        """End everything."""
        self._closed = True
        self._end_job("closed")
        self._quick.close()
        self._slow.close()

    @property
    def pids(self) -> list[int]:
        """Of the processes that there are."""
        return [pid for pid in (self._quick.pid, self._slow.pid) if pid is not None]

    @property
    def engine_pid(self) -> int | None:
        """Of the process that solves."""
        return self._slow.pid

    @property
    def busy(self) -> bool:
        """Whether a plan is being looked for."""
        return self._solving is not None

    # What is known or quickly found.

    def bound(self, asked: Asked, scenario: Scenario | None = None) -> Bound:
        """The bound of a question."""
        known = self._bounds.get(asked.overrides)
        if known is None:
            known = self._quick.call("bound", scenario or scenario_with(self.base, asked))
            _keep(self._bounds, asked.overrides, known, MOST_BOUNDS)
        return known

    def ways(self, asked: Asked, scenario: Scenario) -> dict[str, Bound]:
        """The bounds of buying alone and of renting alone."""
        known = self._ways.get(asked.overrides)
        if known is None:
            known = self._quick.call("ways", scenario)
            _keep(self._ways, asked.overrides, known, MOST_BOUNDS)
        return known

    def solved(self, asked: Asked) -> Solved | None:
        """The plan of a question, where it has been found."""
        return self._solved.get(asked.overrides)

    def shown(self, asked: Asked) -> Shown | None:
        """The answer of a question as the page shows it, where there is one."""
        return self._shown.get(asked.overrides)

    def known_bounds(self, asked: Asked) -> dict[str, Bound]:
        """The bounds of a question that are known: ``mix``, and of each way alone."""
        mix = self._bounds.get(asked.overrides)
        return ({} if mix is None else {"mix": mix}) | self._ways.get(asked.overrides, {})

    def question(self, asked: Asked) -> Question | None:
        """A solved question; None where it is not solved."""
        solved, before = self.solved(asked), self.solved(Asked())
        if solved is None or before is None:
            return None
        scenario = scenario_with(self.base, asked)
        return Question(scenario, solved, self.base, before, bool(asked.moves), self.known_bounds(asked))

    def quickly(self, task: str, *arguments: Any) -> Any:
        """A task of the process that is not solving."""
        return self._quick.call(task, *arguments)

    # One question at a time.

    def watch(self, asked: Asked, *, again: bool = False) -> Iterator[dict[str, Any]]:
        """What is said of a question until it is answered, from the beginning; its work begins where it has not.

        ``again`` begins the work anew where it had ended. Raises TooMany.
        """
        job = self._joined(asked, again)
        return self._told(job)

    def _joined(self, asked: Asked, again: bool) -> Job:
        scenario = scenario_with(self.base, asked)
        with self._news:
            job = self._job
            same = job is not None and job.asked.overrides == asked.overrides
            if job is not None and same and not (again and job.done) and not job.ended:
                if job.watches >= MOST_WATCHES:
                    raise TooMany
                job.watches += 1
                return job
        self._end_job("taken")
        with self._news:
            job = Job(asked, scenario, watches=1)
            self._job = job
        threading.Thread(target=self._work, args=(job,), daemon=True).start()
        return job

    def _told(self, job: Job) -> Iterator[dict[str, Any]]:
        at = 0
        try:
            while True:
                with self._news:
                    if at >= len(job.messages):
                        self._news.wait(HEARTBEAT_S)
                    fresh, at = job.messages[at:], len(job.messages)
                    finished = job.done
                if not fresh:
                    yield {"kind": "progress", "stage": job.stage, "seconds": time.monotonic() - job.since}
                for message in fresh:
                    yield message
                    if message["kind"] in ENDS:
                        return
                if finished and not fresh:
                    return
        finally:
            self._left(job)

    def _left(self, job: Job) -> None:
        with self._news:
            job.watches -= 1
            alone = job.watches <= 0 and not job.done
        if alone:
            threading.Thread(target=self._end_if_left, args=(job,), daemon=True).start()

    def _end_if_left(self, job: Job) -> None:
        time.sleep(PATIENCE_S)
        with self._news:
            still = job.watches <= 0 and not job.done and self._job is job
        if still:
            self._end_job("left")

    def cancel(self) -> None:
        """End the work on the question there is, whoever waits for it."""
        self._end_job("cancelled")

    def _end_job(self, why: str) -> None:
        """End the work on a question. That on the scenario as it is goes on where another question will need it."""
        with self._news:
            job, self._job = self._job, None
            if job is not None and not job.done:
                job.ended = why
                job.done = True
                job.messages.append({"kind": "ended", "why": why})
                self._news.notify_all()
            spare = why == "taken" and self._solving == ()
            kill = self._solving is not None and not spare
        if kill:
            self._slow.end()
            # Where everybody is gone nothing is left running either.
            if why in ("taken", "cancelled") and not self._closed:
                with suppress(Gone):
                    self._slow.begin()

    def _say(self, job: Job, kind: str, **parts: Any) -> None:
        with self._news:
            if job.ended:
                raise Ended(job.ended)
            job.messages.append({"kind": kind, **parts})
            job.done = kind in ENDS
            self._news.notify_all()

    def _work(self, job: Job) -> None:
        try:
            self._answer(job)
        except Ended:
            pass
        except Gone as gone:
            with suppress(Ended):
                if not gone.asked:
                    self._say(job, "failed", words=str(gone), again=True)
        except PlannerError as error:
            with suppress(Ended):
                self._say(job, "failed", words=str(error), again=False)

    def _answer(self, job: Job) -> None:
        """Bound, ways, plan, page."""
        asked = job.asked
        self.bound(Asked())
        self.bound(asked, job.scenario)
        self._say(job, "bound", bounds=self.known_bounds(asked))
        if self.bound(asked).known:
            self.ways(asked, job.scenario)
            self._say(job, "bound", bounds=self.known_bounds(asked))
        if self.solved(asked) is None:
            self._settle(job)
        start = self._plan(job, Asked(), self.base)
        if asked.moves:
            self._plan(job, asked, job.scenario, start)
        if self.shown(asked) is None:
            self._stage(job, "page")
            question = self.question(asked)
            assert question is not None
            _keep(self._shown, asked.overrides, self._quick.call("page", question), MOST_KEPT)
        self._say(job, "answer")

    def _settle(self, job: Job) -> None:
        """Wait until nobody has moved on for a moment."""
        with self._news:
            self._news.wait_for(lambda: bool(job.ended), SETTLED_S)
            if job.ended:
                raise Ended(job.ended)

    def _plan(self, job: Job, asked: Asked, scenario: Scenario, start: Solved | None = None) -> Solved:
        """The plan of a question: known, being looked for already, or looked for now."""
        self._stage(job, "plan" if asked.moves else "base")
        with self._solve_lock:
            known = self.solved(asked)
            if known is not None:
                return known
            with self._news:
                if job.ended:
                    raise Ended(job.ended)
                self._solving = asked.overrides
            try:
                found: Solved = self._slow.call(
                    "plan", scenario, b"" if start is None else start.plan, heard=_first(self, job)
                )
            finally:
                with self._news:
                    self._solving = None
            _keep(self._solved, asked.overrides, found, MOST_KEPT)
            # The scenario as it is stays known, however much is asked.
            if () in self._solved:
                self._solved.move_to_end(())
            return found

    def _stage(self, job: Job, stage: str) -> None:
        with self._news:
            if job.ended:
                raise Ended(job.ended)
            job.stage, job.since = stage, time.monotonic()


def _first(desk: Desk, job: Job) -> Any:
    def heard(said: Mapping[str, Any]) -> None:
        with suppress(Ended):
            desk._say(job, "first", **said)

    return heard


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
