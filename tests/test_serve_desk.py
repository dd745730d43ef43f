"""One question at a time: two tabs, a cancelled one, one that was left, an engine that was killed; no process runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.errors import SolverFailure
from planner.pipeline import catalog_of
from planner.scenario import Scenario, load_scenario
from planner.serve import desk as desks
from planner.serve.asked import Asked, read
from planner.serve.desk import Desk
from planner.serve.form import form_of
from planner.serve.hand import Gone
from planner.serve.values import Bound, Shown, Solved
from planner.serve.worker import portable
from tests.what_if import PATIENCE_S, hall_in


class Hand:
    """A process that is none: a plan takes until it is let go, or ended."""

    def __init__(self, held: bool) -> None:
        self.pid: int | None = 1
        self.calls: list[tuple[str, int]] = []
        self.ends = self.seen = 0
        self.let, self.over = threading.Event(), threading.Event()
        self.killed = False
        self.in_plan = threading.Event()
        if not held:
            self.let.set()

    def begin(self) -> None:
        """Nothing to begin."""

    def call(self, task: str, *arguments: Any, heard: Any = None) -> Any:
        """Answers as the tasks do."""
        first = arguments[0]
        power = int(first.sites[0].power_mw.values[0]) if isinstance(first, Scenario) else 0
        self.calls.append((task, power))
        if task == "bound":
            return Bound(1e6 / power, 1.0)
        if task == "ways":
            return {}
        if task == "page":
            return Shown("<p>found</p>", {})
        self.in_plan.set()
        while not self.let.wait(0.01):
            if self.ends > self.seen or self.killed:
                asked = not self.killed
                self.seen, self.killed = self.ends, False
                raise Gone(asked, -9)
        return Solved({"status": "optimal", "kpis": {"npv_usd": power}}, b"plan")

    def end(self) -> None:
        """What is called now raises Gone."""
        self.ends += 1
        self.over.set()

    close = end


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, Hand, Any]]:
    monkeypatch.setattr(desks, "SETTLED_S", 0.0)
    monkeypatch.setattr(desks, "PATIENCE_S", 0.0)
    monkeypatch.setattr(desks, "HEARTBEAT_S", 0.02)
    scenario = load_scenario(hall_in(tmp_path))
    form = form_of(scenario, catalog_of(scenario))
    desk, slow = Desk(scenario), Hand(held=True)
    monkeypatch.setattr(desk, "_quick", Hand(held=False))
    monkeypatch.setattr(desk, "_slow", slow)
    yield desk, slow, lambda mw: read(form, scenario, [("sites.hall.power_mw", str(mw))])
    desk.close()


def until(watch: Iterator[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(message for message in watch if message["kind"] == kind)


def test_bound_first_then_the_scenarios_own_plan_then_the_one_that_is_asked_for(made: Any) -> None:
    desk, slow, asked = made
    watch = desk.watch(asked(12))
    assert until(watch, "bound")["bounds"]["mix"].npv_usd == 1e6 / 12
    slow.let.set()
    assert [message["kind"] for message in watch if message["kind"] != "progress"] == ["bound", "answer"]
    assert slow.calls == [("plan", 10), ("plan", 12)]
    # What is known is told at once, and nothing is solved again.
    assert until(desk.watch(asked(12)), "answer") == {"kind": "answer"}
    assert len(slow.calls) == 2


def test_two_tabs_with_one_question_share_its_work(made: Any) -> None:
    desk, slow, asked = made
    one, other = desk.watch(asked(12)), desk.watch(asked(12))
    until(one, "bound")
    slow.let.set()
    assert until(one, "answer") == until(other, "answer")
    assert slow.calls == [("plan", 10), ("plan", 12)]


def test_the_tab_that_asks_last_is_answered_and_the_other_told(made: Any) -> None:
    desk, slow, asked = made
    one = desk.watch(asked(11))
    assert slow.in_plan.wait(PATIENCE_S)
    other = desk.watch(asked(12))
    assert until(one, "ended")["why"] == "taken"
    # The scenario's own plan was being looked for, which both need: that goes on.
    assert slow.ends == 0
    slow.let.set()
    until(other, "answer")
    assert slow.calls == [("plan", 10), ("plan", 12)]


def test_a_question_that_is_moved_on_from_ends_its_engine(made: Any) -> None:
    desk, slow, asked = made
    slow.let.set()
    until(desk.watch(Asked()), "answer")
    slow.let.clear()
    slow.in_plan.clear()
    one = desk.watch(asked(11))
    assert slow.in_plan.wait(PATIENCE_S)
    other = desk.watch(asked(12))
    assert until(one, "ended")["why"] == "taken"
    assert slow.ends == 1
    slow.let.set()
    until(other, "answer")


def test_cancel_ends_the_engine_and_the_question_can_be_asked_again(made: Any) -> None:
    desk, slow, asked = made
    watch = desk.watch(asked(12))
    assert slow.in_plan.wait(PATIENCE_S)
    desk.cancel()
    assert until(watch, "ended")["why"] == "cancelled"
    assert slow.ends == 1
    slow.let.set()
    until(desk.watch(asked(12), again=True), "answer")


def test_what_nobody_waits_for_is_ended(made: Any) -> None:
    desk, slow, asked = made
    watch = desk.watch(asked(12))
    assert slow.in_plan.wait(PATIENCE_S)
    until(watch, "progress")
    watch.close()
    assert slow.over.wait(PATIENCE_S)
    assert slow.ends == 1


def test_an_engine_that_was_killed_is_told_and_can_be_tried_again(made: Any) -> None:
    desk, slow, asked = made
    watch = desk.watch(asked(12))
    assert slow.in_plan.wait(PATIENCE_S)
    slow.killed = True
    failed = until(watch, "failed")
    assert failed["again"]
    assert "ended from outside (signal 9)" in failed["words"]
    slow.let.set()
    until(desk.watch(asked(12), again=True), "answer")


def test_too_many_tabs_are_refused(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, _, asked = made
    monkeypatch.setattr(desks, "MOST_WATCHES", 2)
    watches = [desk.watch(asked(12)), desk.watch(asked(12))]
    with pytest.raises(desks.TooMany):
        desk.watch(asked(12))
    assert len(watches) == 2


@pytest.mark.parametrize(("error", "words"), [
    (ValueError("no such axis"), "this failed, which is a defect of the planner (ValueError: no such axis)"),
    (SolverFailure("highs gave up"), "highs gave up"),
])  # fmt: skip
def test_whatever_a_task_raises_is_told_and_ends_the_wait(
    made: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    """A page that waits for an answer is never left waiting by a defect."""
    desk, slow, asked = made

    def broken(task: str, *arguments: Any, heard: Any = None) -> Any:
        raise portable(error)

    monkeypatch.setattr(slow, "call", broken)
    assert until(desk.watch(asked(12)), "failed")["words"] == words
