"""A store in which something has been written over: the run says so, and the others are as they were."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import pytest

from planner.errors import InputError, ScenarioError
from planner.history.store import PACKED, find, listed, prepare, save
from planner.scenario import load_scenario
from tests.command import SMALL
from tests.store import empty_run

DAMAGES = ["", "{", "null", "7", '"x"', "9" * 5000, "[" * 100_000, "\x00", '[{"sentence": 1}]', "{}", "[7]"]


def damaged(folder: Path, column: str, text: object) -> Path:
    """A store of two runs, in the second of which one column holds something else."""
    path = folder / "runs.sqlite"
    for name in ("one", "two"):
        save(path, empty_run(name))
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE runs SET {column} = ? WHERE id = 2", (text,))
    connection.close()
    return path


@pytest.mark.parametrize("text", [*DAMAGES, b"\xff\xfe", 7], ids=lambda text: repr(text)[:20])
def test_a_damaged_run_is_told_and_hides_no_other(text: object, tmp_path: Path) -> None:
    path = damaged(tmp_path, "result_text", text)
    assert [run.scenario for run in listed(path)] == ["one", "two"]
    assert find(path, "1").scenario == "one"
    if text != "{}":
        with pytest.raises(InputError, match=r"runs\.sqlite: run 2 is damaged, its result_text cannot be read"):
            find(path, "last")


@pytest.mark.parametrize("column", PACKED)
@pytest.mark.parametrize("text", ["", "{", "7", "9" * 5000, b"\xff"], ids=lambda text: repr(text)[:20])
def test_every_part_of_a_run_may_be_damaged(column: str, text: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"run 2 is damaged, its {column} cannot be read"):
        find(damaged(tmp_path, column, text), "2")


def test_a_view_of_another_shape_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run 2 is damaged, its view cannot be read"):
        find(damaged(tmp_path, "view", '[{"sentence": "x"}]'), "2")


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00" + b"\xff" * 4000, b"{}", b"\x00" * 5000])
def test_what_is_no_store_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    path.write_bytes(content)
    if not content:
        assert listed(path) == []
        return
    for ask in (lambda: listed(path), lambda: find(path, "1"), lambda: prepare(path, own=True)):
        with pytest.raises(InputError, match=r"runs\.sqlite: "):
            ask()


def test_half_a_surrogate_pair_is_no_name() -> None:
    with pytest.raises(ScenarioError, match=r"<text>:2: name: half of a surrogate pair is no letter"):
        load_scenario(io.StringIO(SMALL.replace("name: small", 'name: "a\\ud800"')))
