"""`traffic:` of a workload: what it may say, which trace it means, and that it is what is simulated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.errors import InputError, ScenarioError
from planner.pipeline import catalog_of, load
from planner.scenario import Scenario, scenario_digest
from planner.simulation.requests import Traffic, traffic_of
from planner.studies.simulate.command import Options, _traffic
from planner.studies.simulate.study import Ask, of_serving
from planner.traffic.arrivals import Made
from planner.traffic.requests import Floats, joined
from tests.store import TINY
from tests.test_simulate import ROW

TRACE = "arrival_time,input_toks,output_toks\n0,100,10\n1,300,30\n3,200,20\n"


def scenario(folder: Path, traffic: str, trace: str = TRACE) -> Scenario:
    """Tiny, with a workload's traffic, and a trace beside it."""
    if trace:
        (folder / "day.csv").write_text(trace, encoding="utf-8")
    (folder / "own.yaml").write_text(
        f"extends: {TINY}\nworkloads:\n  - name: chat\n    traffic: {traffic}\n", encoding="utf-8"
    )
    return load(folder / "own.yaml")


def faults(folder: Path, traffic: str, trace: str = TRACE) -> str:
    with pytest.raises(ScenarioError) as caught:
        scenario(folder, traffic, trace)
    return str(caught.value)


def test_what_it_says_is_how_requests_come(tmp_path: Path) -> None:
    said = "{arrivals: {cv: 3}, lengths: {input_cv: 2, output_cv: 0.5}, sources: 4, seed: 7}"
    assert traffic_of(scenario(tmp_path, said), "chat") == Traffic(
        cv=3.0, input_cv=2.0, output_cv=0.5, sources=4, seed=7
    )
    assert traffic_of(load(TINY), "chat") == Traffic()


def test_a_trace_is_looked_for_beside_the_scenario_and_known_by_what_it_holds(tmp_path: Path) -> None:
    """6 seconds over three requests; SHA-256 by sha256sum."""
    found = scenario(tmp_path, "{trace: day.csv}")
    traffic = traffic_of(found, "chat")
    assert traffic.trace is not None
    assert traffic.trace.path == tmp_path / "day.csv"
    assert traffic.trace.summary.rate_per_s == pytest.approx(3 / 4.5)
    other = scenario(tmp_path, "{trace: day.csv}", TRACE.replace("300", "301"))
    assert scenario_digest(other) != scenario_digest(found)
    assert scenario_digest(scenario(tmp_path, "{trace: day.csv}")) == scenario_digest(found)


def test_a_trace_that_is_another_by_now_is_refused_when_it_is_used(tmp_path: Path) -> None:
    found = scenario(tmp_path, "{trace: day.csv}")
    (tmp_path / "day.csv").write_text(TRACE + "4,1,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="not the trace that chat was planned with"):
        traffic_of(found, "chat")


def test_a_stated_digest_needs_no_file_until_it_is_used(tmp_path: Path) -> None:
    found = scenario(tmp_path, "{trace: gone.csv, trace_sha256: 0123456789abcdef}")
    with pytest.raises(InputError, match=r"gone\.csv: no such file"):
        traffic_of(found, "chat")


@pytest.mark.parametrize(
    ("traffic", "said"),
    [
        ("{trace: dya.csv}", "no such file: dya.csv; nearest: day.csv"),
        ("{trace: day.csv, arrivals: {cv: 2}}", "arrivals: this makes requests, and trace has them"),
        ("{trace: day.csv, lengths: {}}", "lengths: this makes requests"),
        ("{trace: day.csv, columns: time=a}", "it does not say which field is input"),
        ("{own_lengths: true}", "own_lengths: this belongs to trace: FILE"),
        ("{sources: 0}", "sources"),
        ("{arrivals: {cv: .nan}}", "cv"),
        ("{arrivals: {cw: 2}}", "nearest: cv"),
        ("{trace: .}", "this is no file"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, traffic: str, said: str) -> None:
    found = faults(tmp_path, traffic)
    assert said in found
    assert "own.yaml:4: " in found


def test_a_file_that_is_no_trace_is_named_itself(tmp_path: Path) -> None:
    assert "day.csv:1: this is no trace of Azure" in faults(tmp_path, "{trace: day.csv}", "a,b\n1,2\n")


def test_a_simulation_takes_it(tmp_path: Path) -> None:
    found = scenario(tmp_path, "{trace: day.csv, sources: 3}")
    traffic = {"chat": traffic_of(found, "chat", requests=200)}
    simulated = of_serving(found, catalog_of(found), [ROW], traffic, Ask(fewest=False))
    assert simulated.requests == (
        "day.csv (vLLM), 3 copies laid over each other, their time stretched, lengths scaled to the workload's means"
    )


def test_options_stand_over_it() -> None:
    assert _traffic(Options("tiny.yaml")) is None
    assert _traffic(Options("tiny.yaml", seed=3)) is None
    assert _traffic(Options("tiny.yaml", arrivals="poisson")) == Traffic()
    assert _traffic(Options("tiny.yaml", arrivals="gamma", cv=2.0, sources=5)) == Traffic(cv=2.0, sources=5)


def times(made: Made) -> Floats:
    return joined([*made.blocks()]).time_s


def test_steady_sources_come_one_after_another() -> None:
    """Four beats of 1 s, each begun at a moment of its own: 1 s after every request comes one of the same source."""
    found = times(Made(4.0, 400, 10, 10, 0.0, sources=4, seed=3))
    assert len(found) == 400
    assert found[4:] - found[:-4] == pytest.approx(np.ones(396))
    assert len(set(np.round(found[:4], 6))) == 4


def test_many_sources_are_calmer_than_one() -> None:
    """Counts of 100 s at 1/s: variance over mean nears cv² = 9 of one source, and of 400 is near 1 in 100 s."""

    def dispersion(sources: int) -> float:
        found = times(Made(1.0, 60_000, 10, 10, 3.0, sources=sources, seed=2))
        counts = np.histogram(found, bins=np.arange(0, found[-1], 100.0))[0]
        return float(counts.var() / counts.mean())

    one, many = dispersion(1), dispersion(400)
    assert one == pytest.approx(9.0, rel=0.25)
    assert many < one / 2


def test_sources_keep_the_rate_and_the_lengths() -> None:
    one, many = (joined([*Made(50.0, 40_000, 10, 10, 3.0, sources=at).blocks()]) for at in (1, 50))
    assert many.time_s[-1] == pytest.approx(800.0, rel=0.05)
    assert np.array_equal(one.input_tokens, many.input_tokens)
