"""`plan serve` with the processes that work for it: the same figures as the shell's, and nothing left running."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")

import httpx
from starlette.testclient import TestClient

from planner.pipeline import solve
from planner.scenario import load_scenario
from planner.serve.app import app_of
from planner.serve.hand import Gone, Hand
from planner.serve.server import served_of
from planner.studies.diff.comparand import answered, read
from planner.studies.diff.study import diff
from tests.what_if import PATIENCE_S, hall_in, serving

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]
TOKEN, PORT = "let-me-in", 8123
MOVE = {"sites.hall.power_mw": "12"}


def gone(pid: int) -> bool:
    """Whether a process ends; one that has ended and is not waited for counts as gone."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def events(client: TestClient, **asked: str) -> dict[str, dict[str, Any]]:
    """The last message of each kind of a question that is waited for."""
    text = client.get(f"/{TOKEN}/events", params=asked).text
    found = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    return {message["kind"]: message for message in found}


def test_a_move_is_answered_as_the_shell_and_plan_diff_answer_it(tmp_path: Path) -> None:
    path, store = hall_in(tmp_path), tmp_path / "runs.sqlite"
    served = served_of(str(path), (), store)
    app = app_of(served, TOKEN, PORT)
    with TestClient(app, base_url=f"http://127.0.0.1:{PORT}") as client:
        found = events(client, **MOVE)
        pids = app.state.desk.pids
        file = client.post(f"/{TOKEN}/overlay", params=MOVE).json()
        run = client.post(f"/{TOKEN}/run", params=MOVE).json()
        report = client.get(f"/{TOKEN}/report.html", params=MOVE)
        curves = client.get(f"/{TOKEN}/curves", params=MOVE | {"~system": "hgx-h200", "~precision": "fp8"}).json()
        none = client.get(f"/{TOKEN}/curves", params=MOVE | {"~system": "hgx-h200"}).json()
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)

    overlay = path.with_name("hall-what-if-1.yaml")
    assert "hall-what-if-1.yaml" in file["words"]
    plan = solve(load_scenario(overlay))
    assert found["answer"]["npv_usd"] == plan.kpis["npv_usd"]
    assert found["bound"]["bound_usd"] <= plan.kpis["npv_usd"]
    assert found["first"]["words"].startswith("A plan for now: $")

    sides = [answered(read(str(one), store), gap=None, time_limit_s=None, progress=print) for one in (path, overlay)]
    told = re.sub(r"<[^>]+>", " ", found["answer"]["html"])
    for figure in diff(*sides).figures:
        if figure.name == "npv_usd":
            assert figure.more is not None
            assert f"-{abs(figure.more) / 1e6:,.1f}" in told
    assert "power at hall" in told.lower()

    assert run["words"] == "Saved as run 1."
    assert read("1", store).result["kpis"]["npv_usd"] == plan.kpis["npv_usd"]  # type: ignore[union-attr]
    assert report.headers["content-disposition"] == "attachment; filename*=UTF-8''hall-plan.html"
    assert "<!DOCTYPE html>" in report.text
    assert list(curves) == ["speed-1"]
    assert none == {}


def test_a_scenario_without_a_plan_says_what_to_relax(tmp_path: Path) -> None:
    path = hall_in(tmp_path)
    app = app_of(served_of(str(path)), TOKEN, PORT)
    with TestClient(app, base_url=f"http://127.0.0.1:{PORT}") as client:
        found = events(client, **{"procurement.rent.on_demand": "off"})
    assert found["bound"]["headline"] == "Bound: no plan keeps every limit"
    assert not found["answer"]["planned"]
    assert "No plan keeps every limit" in found["answer"]["html"]
    assert " MW" in found["answer"]["html"]


def test_an_engine_ends_when_it_is_told_to_and_another_works_on(tmp_path: Path) -> None:
    large, hand = load_scenario(ROOT / "scenarios" / "10mw.yaml"), Hand()
    try:
        for ended in (lambda pid: hand.end(), lambda pid: os.kill(pid, signal.SIGKILL)):
            hand.begin()
            pid = hand.pid
            assert pid is not None

            timer = threading.Timer(0.5, ended, (pid,))
            timer.start()
            with pytest.raises(Gone) as error:
                hand.call("plan", large, b"")
            assert gone(pid)
            assert error.value.asked == ("as you asked" in str(error.value))
        small = load_scenario(hall_in(tmp_path))
        assert hand.call("bound", small).npv_usd > 0
    finally:
        hand.close()


def workers_of(pid: int) -> list[int]:
    """The processes that a process has begun."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(one)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for one in (task / "children").read_text().split()
        if task.name != str(pid)
    ]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc")
def test_a_tab_that_is_closed_and_a_server_that_is_killed_leave_nothing_running() -> None:
    with serving(str(ROOT / "scenarios" / "10mw.yaml")) as (process, address):
        with httpx.stream("GET", f"{address}events", timeout=PATIENCE_S) as stream:
            for line in stream.iter_lines():
                if "Proving the plan" in line:
                    break
        before = workers_of(process.pid)
        end = time.monotonic() + PATIENCE_S
        while len(workers_of(process.pid)) > 1 and time.monotonic() < end:
            time.sleep(0.1)
        # Of the two processes the one that was solving is gone, and no other has taken its place.
        assert len(before) == 2
        assert len(workers_of(process.pid)) == 1
        left = workers_of(process.pid)
        process.send_signal(signal.SIGKILL)
        assert all(gone(pid) for pid in (*before, *left))
