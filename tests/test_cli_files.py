"""Files that the command writes: whole or not at all, and only those."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from planner.errors import InputError
from planner.render.files import write_file, write_folder
from tests.command import SMALL, plan, small_scenario  # noqa: F401


@pytest.mark.process
def test_csv_cells_are_no_formulas(tmp_path: Path) -> None:
    done = plan("-", "--csv", tmp_path, "-q", text=SMALL.replace("name: dallas", "name: '=cmd()'"))
    assert done.returncode == 0, done.stderr
    with (tmp_path / "purchases.csv").open(newline="") as file:
        assert {row["site"] for row in csv.DictReader(file)} == {"'=cmd()"}


def test_a_folder_that_cannot_be_written_is_2(small: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write anywhere")
        assert plan(small, "--json", tmp_path / "r.json").returncode == 2
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.process
def test_files_are_replaced_and_their_neighbours_stay(small: Path, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "serving.csv").write_text("old")
    assert plan(small, "-q", "--json", tmp_path / "r.json", "--csv", tmp_path).returncode == 0
    assert json.loads((tmp_path / "r.json").read_text())["version"] == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (
        (tmp_path / "serving.csv")
        .read_text()
        .startswith("future,workload,system,pool,point,engine,engine_version,period")
    )
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_file_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "r.json").write_text("old")

    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="could not be written: No space left on device"):
        write_file(tmp_path / "r.json", "new")
    with pytest.raises(InputError, match="could not be written: No space left on device"):
        write_folder(tmp_path, {"purchases.csv": "new"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"r.json": "old"}
