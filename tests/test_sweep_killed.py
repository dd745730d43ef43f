"""A sweep on processes or on Dask, a worker or the driver killed half way: the bytes of a serial one."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.clusters import Cluster, children, dask_cluster, kill, process, run, wait_until
from tests.store import TINY

pytestmark = [pytest.mark.process, pytest.mark.no_cover]

# So many that a busy machine notices that some are done before all are.
CASES, MANY = 36, 600
HALF_WAY = CASES // 6


def write_cases(path: Path, count: int) -> None:
    """Demand and power in steps; the last case has no plan."""
    rows = [f"x{0.8 + 0.4 * index / count:g},{0.03 + 0.03 * index / count:g}" for index in range(count - 1)]
    path.write_text("\n".join(["demand,sites.hall.power_mw", *rows, "x99,"]) + "\n")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the cases, and what one process makes of them, one after the other."""
    folder = tmp_path_factory.mktemp("sweep")
    write_cases(folder / "cases.csv", CASES)
    done = run("sweep", TINY, "--cases", "cases.csv", "-o", "serial.parquet", "--jobs", "1", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def killed_half_way(room: Path, keep: str, *where: str, cluster: Cluster | None = None, driver: bool = False) -> int:
    """A sweep of which the driver, or else a worker, is killed when some of the cases are done; its exit code."""
    words = ("planner.cli", "sweep", str(TINY), "--cases", "cases.csv", "-o", f"{keep}.parquet", "--keep", keep, *where)
    with process(*words, cwd=room) as running:
        wait_until(lambda: (room / keep).exists() and len(list((room / keep).glob("*.json"))) >= HALF_WAY)
        workers = children(running.pid)
        assert len(list((room / keep).glob("*.json"))) < CASES
        if driver:
            kill(running)
        elif cluster is not None:
            kill(cluster.workers[0])
        else:
            os.kill(workers[0], signal.SIGKILL)
        code = running.wait()
        if driver:
            wait_until(lambda: not any(Path(f"/proc/{worker}/exe").exists() for worker in workers))
    return code


def same(room: Path, name: str) -> bool:
    return (room / name).read_bytes() == (room / "serial.parquet").read_bytes()


def test_a_process_that_is_killed_costs_its_case_and_no_more(room: Path) -> None:
    assert killed_half_way(room, "local", "--jobs", "2") == 0
    assert same(room, "local.parquet")


def test_processes_end_with_a_driver_that_is_killed_and_the_sweep_goes_on(room: Path) -> None:
    assert killed_half_way(room, "driver", "--jobs", "2", driver=True) == -signal.SIGKILL
    assert not (room / "driver.parquet").exists()
    done = run(
        "sweep", TINY, "--cases", "cases.csv", "-o", "again.parquet", "--keep", "driver", "--jobs", "2", cwd=room
    )
    assert done.returncode == 0, done.stderr
    assert same(room, "again.parquet")


def test_a_dask_worker_that_is_killed_costs_its_case_and_no_more(room: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with dask_cluster(tmp_path, 2) as cluster:
        assert killed_half_way(room, "dask", "--executor", cluster.executor, cluster=cluster) == 0
        assert cluster.workers[0].wait() == -signal.SIGKILL
        # Any other study finds on the worker that is left what it finds here.
        line = ("frontier", TINY, "--over", "sites.hall.power_mw=0.02,0.06", "--json", "-")
        there, here = run(*line, "--executor", cluster.executor, cwd=room), run(*line, "--jobs", "1", cwd=room)
    assert same(room, "dask.parquet")
    assert (there.returncode, there.stdout) == (0, here.stdout)


def test_a_sweep_on_dask_goes_on_after_its_driver_was_killed(room: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with dask_cluster(tmp_path, 2) as cluster:
        where = ("--executor", cluster.executor)
        assert killed_half_way(room, "left", *where, cluster=cluster, driver=True) == -signal.SIGKILL
        done = run("sweep", TINY, "--cases", "cases.csv", "-o", "right.parquet", "--keep", "left", *where, cwd=room)
    assert done.returncode == 0, done.stderr
    assert same(room, "right.parquet")


def test_ctrl_c_ends_it_all_without_a_word(room: Path) -> None:
    write_cases(room / "many.csv", MANY)
    words = ("planner.cli", "sweep", str(TINY), "--cases", "many.csv", "--keep", "stopped", "--jobs", "2")
    with process(*words, cwd=room, stderr=subprocess.PIPE) as running:
        wait_until(lambda: (room / "stopped").exists())
        workers = children(running.pid)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
        assert (running.returncode, said) == (130, b"")
        wait_until(lambda: not any(Path(f"/proc/{worker}/exe").exists() for worker in workers))
