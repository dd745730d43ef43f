"""Work that takes long: what it shows meanwhile, and how it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.cli import waiting
from planner.cli.waiting import wait_for
from planner.errors import SolverFailure
from tests.command import many_periods


@pytest.mark.process
def test_ctrl_c_is_130_and_quiet(tmp_path: Path) -> None:
    source, out = tmp_path / "long.yaml", tmp_path / "r.json"
    source.write_text(many_periods())
    running = subprocess.Popen(
        [sys.executable, "-m", "planner.cli", source, "--gap", "1e-9", "--json", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        # As in a shell's foreground, also where the tests themselves run in a background that ignores it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(timeout=6)
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate(timeout=20)
    assert (running.returncode, stdout, stderr) == (130, "", "")
    assert not out.exists()


def test_work_beside_hands_back_answers_and_errors() -> None:
    def answers(tell: Callable[[str], None]) -> int:
        tell("next")
        return 3

    assert wait_for(answers, "first") == 3

    def fails(tell: object) -> int:
        raise SolverFailure("no plan")

    with pytest.raises(SolverFailure, match="no plan"):
        wait_for(fails, "first")


@pytest.mark.process
def test_long_work_shows_a_sign_of_life_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.01)
    wait_for(lambda tell: time.sleep(0.3), "hall: solving")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    # What draws goes around the stream that takes sentences only.
    monkeypatch.setattr(sys, "__stderr__", sys.stderr)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    seen: list[str] = []

    def until_seen(_: object) -> None:
        for _ in range(1000):
            seen.append(capsys.readouterr().err)
            if "hall: solving" in "".join(seen):
                return
            time.sleep(0.02)

    wait_for(until_seen, "hall: solving")
    assert "hall: solving" in "".join(seen)
