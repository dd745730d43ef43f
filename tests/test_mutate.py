"""The harness of mutated inputs itself: its cases come again, its quick ways say what the slow ones do, falls count."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from planner.document import parse
from planner.errors import Fault, InputError
from planner.scenario import Scenario
from tests import mutated_cases
from tests.mutate import Fall, Tally, case
from tests.mutated_cases import IN_BLOCKS, RUNS, SCENARIOS, document_of, outcome, parsed, scenario_text
from tests.mutations import cells, cut, dumped, mutated

ROOT = Path(__file__).parents[1]


def test_a_case_is_the_same_whenever_it_is_asked_for() -> None:
    texts = {number: scenario_text(number, random.Random(f"1 scenario {number}")) for number in range(20)}
    assert texts == {number: scenario_text(number, random.Random(f"1 scenario {number}")) for number in range(20)}
    assert len(set(texts.values())) == 20


@pytest.mark.parametrize("shipped", SCENARIOS)
def test_a_document_is_written_as_what_it_says(shipped: str) -> None:
    text, document = document_of(ROOT / shipped)
    read, faults = parse(text, "s.yaml")
    again, others = parse(dumped(document), "s.yaml")
    assert not faults
    assert not others
    assert read is not None
    assert again is not None
    assert again.plain() == read.plain()


def test_a_text_in_blocks_is_read_as_it_is_whole() -> None:
    rng = random.Random(7)
    seen = 0
    for number in range(12):
        text = scenario_text(number, rng)
        if not text.startswith(IN_BLOCKS):
            continue
        (whole, faults), (quick, others) = parse(text, "s.yaml"), parsed(text, "s.yaml")
        assert whole is not None
        assert quick is not None
        assert quick.plain() == whole.plain()
        assert [(fault.field, fault.message) for fault in others] == [(fault.field, fault.message) for fault in faults]
        seen += 1
    assert seen > 5


def test_one_to_three_things_are_changed() -> None:
    _, document = document_of(ROOT / SCENARIOS[1])
    rng = random.Random(3)
    changed = [mutated(document, rng) for _ in range(20)]
    assert sum(repr(one) != repr(document) for one in changed) >= 19
    table = "a,b\n1,2\n3,4\n"
    assert cells(table, rng) != table
    assert any(cut("a: [1]\n", rng) != "a: [1]\n" for _ in range(3))


def told(number: int) -> str | Fall:
    return case("scenario", number, 1, 60, Path("."))


def test_what_falls_over_is_counted_with_the_command_that_has_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(number: int, seed: int, folder: Path) -> str:
        return ["none", "built"][number]

    monkeypatch.setitem(RUNS, "scenario", run)
    tally = Tally()
    for number in (1, 2):
        tally.add("scenario", told(number))
    assert tally.ends == {("scenario", "built"): 1, ("scenario", "FELL OVER"): 1}
    assert "IndexError" in capsys.readouterr().out
    assert str(tally.fell[0]).endswith("(--only scenario:2)")


def test_a_warning_of_a_number_is_a_fall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RUNS, "scenario", lambda *_: str(np.float64(1) / np.float64(0)))
    fall = told(0)
    assert isinstance(fall, Fall)
    assert fall.said.startswith("RuntimeWarning")


@pytest.mark.parametrize(
    ("fault", "passes"),
    [
        (Fault("s.yaml", 3, "", "unknown"), True),
        (Fault("--set x", 0, "x", "unknown"), True),
        (Fault("s.yaml", 0, "", "this file is empty; write one"), True),
        (Fault("s.yaml", 0, "", "something is wrong"), False),
        (Fault("", 0, "x", "something is wrong"), False),
    ],
)
def test_a_fault_has_a_place(fault: Fault, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> Scenario:
        raise InputError([fault])

    monkeypatch.setattr(mutated_cases, "load_scenario", refuse)
    if passes:
        assert outcome(Path("s.yaml"), str) == "bad input"
    else:
        with pytest.raises(AssertionError, match="a fault without a place"):
            outcome(Path("s.yaml"), str)
