"""The store of runs: what is kept, that nothing is lost, and that it comes back to the byte."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from planner.errors import InputError
from planner.history.run import Run
from planner.history.store import find, insert, listed, save, store_path, writing
from planner.history.written import written
from planner.pipeline import load
from planner.scenario import load_scenario, scenario_digest
from planner.scenario.models import Scenario
from tests.store import TINY, empty_run, plan, tiny_run

SAVES = """
import sys
from pathlib import Path
from tests.store import empty_run
from planner.history.store import save
for number in range(4):
    save(Path(sys.argv[1]), empty_run(f"{sys.argv[2]}-{number}"))
"""
DIES = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from tests.store import empty_run
from planner.history.store import insert, writing
with writing(Path(sys.argv[1])) as connection:
    # More than the cache holds, so that pages of it are in the file already.
    connection.execute("PRAGMA cache_size = 5")
    for number in range(50):
        insert(connection, replace(empty_run("lost"), result_text="x" * 20_000))
    assert Path(sys.argv[1] + "-journal").exists()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def script(text: str, *words: str | Path) -> subprocess.Popen[bytes]:
    """Python in a process of its own."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen([sys.executable, "-c", text, *map(str, words)], env=env, cwd=TINY.parents[1])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def test_a_run_comes_back_as_it_was_saved(store: Path) -> None:
    saved = save(store, tiny_run())
    assert saved.id == 1
    assert find(store, "1") == saved
    assert find(store, "last") == saved
    assert find(store, "1").result_text == tiny_run().result_text
    assert scenario_digest(saved.question()) == saved.scenario_digest == saved.result["scenario_digest"]
    assert saved.catalog_digest == saved.result["catalog"]["digest"]
    assert {"planner", "python", "ortools"} <= set(saved.versions)


def test_save_show_and_history(store: Path, tmp_path: Path) -> None:
    done = plan(TINY, "--save", "--store", store, "--json", tmp_path / "r.json")
    assert done.exit_code == 2, "`plan SCENARIO` is for the entry point; the app has `plan solve`"
    done = plan("solve", TINY, "--save", "--store", store, "--json", tmp_path / "r.json")
    assert done.exit_code == 0, done.output
    assert done.stderr == "run 1 saved; `plan show 1` shows it\n"
    shown = plan("show", "1", "--store", store)
    assert shown.stdout == done.stdout
    assert shown.stdout.startswith("Buy 4 hgx-h200 systems (32 GPUs) for hall by 4 December 2026")
    as_json = plan("show", "last", "--store", store, "--json", "-")
    assert as_json.stdout_bytes == (tmp_path / "r.json").read_bytes()
    table = plan("history", "--store", store).stdout.splitlines()
    digest = tiny_run().scenario_digest
    assert re.fullmatch(rf" +1  \d{{4}}-\d\d-\d\d \d\d:\d\d  tiny +\$0\.831  \$2\.18 M  0 %  {digest}", table[3])
    (as_json,) = json.loads(plan("history", "--store", store, "--json", "-").stdout)["runs"]
    assert as_json["catalog_digest"] == tiny_run().catalog_digest
    assert max(map(len, table)) <= 100


@pytest.mark.slow
def test_json_on_standard_output_stays_json_alone(store: Path) -> None:
    done = plan("solve", "-", "--save", "--store", store, "--json", "-", text=TINY.read_text())
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["scenario"] == "tiny"
    assert find(store, "1").result_text == done.stdout


def test_no_plan_is_kept_too(store: Path) -> None:
    infeasible = ["--set", "procurement.rent=[]", "--set", "sites.hall.power_mw=0.03"]
    assert plan("solve", TINY, *infeasible, "--save", "--store", store).exit_code == 3
    run = find(store, "1")
    assert run.overrides == ("procurement.rent=[]", "sites.hall.power_mw=0.03")
    assert not run.planned
    assert "no plan" in plan("history", "--store", store).stdout
    assert plan("show", "1", "--store", store).stdout.splitlines()[:2] == [
        "no plan meets every limit; the smallest set of limits to relax:",
        "  - hall needs 0.07012 MW in 2027, the cap is 0.03",
    ]


def test_the_whole_scenario_is_in_the_run(store: Path, tmp_path: Path) -> None:
    (tmp_path / "forecast.csv").write_text("date,output_mtok_per_day\n2027-01-01,2750\n")
    text = "extends: base.yaml\nworkloads:\n  - {name: chat, demand: {csv: forecast.csv}}\n"
    (tmp_path / "over.yaml").write_text(text)
    (tmp_path / "base.yaml").write_text(TINY.read_text())
    scenario = load(tmp_path / "over.yaml", ("sites.hall.power_mw=0.05",))
    alone = written(scenario)
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / "alone.yaml").write_text(alone)
    assert load(tmp_path / "alone.yaml") == scenario
    assert "csv" not in alone
    assert "extends" not in alone


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=1+1", "@sum(a)", "a: b # c", "No", "'\"\\", "é\u202e日"]
)
def test_names_are_only_names(store: Path, name: str) -> None:
    scenario = load(TINY).model_copy(update={"name": name, "description": name})
    assert load_scenario(io.StringIO(written(scenario))) == scenario
    run = save(store, empty_run(name))
    assert find(store, "1") == run
    shown = plan("history", "--store", store).stdout
    assert ("?" if "\u202e" in name else name) in shown


def test_lots_of_a_run_of_0_1_0_all_run_at_once() -> None:
    """It has no columns for lots by the job, which it did not know."""
    rents = [{"future": "base", "offer": "a/b/c/on_demand", "period": 0, "block": "all", "lots": 2.5}]
    old = replace(empty_run("old"), decisions={"rents": rents}).decided().rents
    assert old[["lots", "at_once", "by_job"]].values.tolist() == [[2.5, 2.5, False]]
    new = replace(empty_run("new"), decisions={"rents": [rents[0] | {"at_once": 3.0, "by_job": True}]}).decided().rents
    assert new[["lots", "at_once", "by_job"]].values.tolist() == [[2.5, 3.0, True]]


def test_a_scenario_built_in_python_is_written_in_full() -> None:
    plain = load(TINY).model_dump()
    scenario = Scenario.model_validate(plain)
    assert load_scenario(io.StringIO(written(scenario))) == scenario


@pytest.mark.process
def test_killed_while_writing_nothing_is_lost(store: Path) -> None:
    before = [save(store, empty_run(f"kept-{number}")) for number in range(3)]
    dying = script(DIES, store)
    assert dying.wait(timeout=60) == -9
    assert Path(f"{store}-journal").exists(), "the transaction was under way"
    assert [find(store, str(run.id)) for run in before] == before
    assert [run.scenario for run in listed(store)] == ["kept-0", "kept-1", "kept-2"]
    assert save(store, empty_run("next")).id == 4
    with sqlite3.connect(store) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.process
def test_killed_while_the_store_is_made_the_next_makes_it(store: Path) -> None:
    assert script(DIES, store).wait(timeout=60) == -9
    assert listed(store) == []
    assert save(store, empty_run("first")).id == 1


@pytest.mark.process
def test_who_writes_at_the_same_time_waits(store: Path) -> None:
    writers = [script(SAVES, store, name) for name in ("a", "b", "c")]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    found = listed(store)
    assert sorted(run.scenario for run in found) == sorted(f"{name}-{i}" for name in "abc" for i in range(4))
    assert [run.id for run in found] == list(range(1, 13))


def test_what_fails_in_a_transaction_is_undone(store: Path) -> None:
    def fails() -> None:
        with writing(store) as connection:
            insert(connection, empty_run("half"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert listed(store) == []


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("7", "there is no run 7 in STORE; nearest: 2"),
        ("0", "there is no run 0 in STORE; nearest: 1"),
        ("9" * 30, f"there is no run {'9' * 30} in STORE; nearest: 2"),
        ("hopla", "there is no run hopla in STORE; nearest: 1 (hoopla)"),
        ("²", "there is no run ² in STORE; nearest: 2"),
        ("1; DROP TABLE runs", "there is no run 1; DROP TABLE runs in STORE; nearest: 2"),
    ],
)
def test_an_unknown_run_is_one_sentence_with_the_nearest(store: Path, wanted: str, sentence: str) -> None:
    save(store, empty_run("hoopla"))
    save(store, empty_run("zebra"))
    done = plan("show", wanted, "--store", store)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == sentence.replace("STORE", str(store)) + "\n"


def test_nothing_saved_yet(store: Path) -> None:
    done = plan("history", "--store", store)
    assert (done.exit_code, done.stdout) == (0, "No run is saved yet; `plan SCENARIO --save` saves one.\n\n")
    assert json.loads(plan("history", "--store", store, "--json", "-").stdout)["runs"] == []
    done = plan("show", "1", "--store", store)
    assert done.exit_code == 2
    assert done.stderr.startswith("there is no run 1: nothing is saved in ")
    assert not store.exists()


def test_another_file_is_no_store_and_stays_as_it_is(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("mine" * 1000)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (a)")
    for path in (text, other):
        before = path.read_bytes()
        for words in (["history"], ["show", "1"], ["solve", TINY, "--save"]):
            done = plan(*words, "--store", path)
            assert done.exit_code == 2
            assert done.stderr == f"{path}: this is no store of runs; name another file with --store\n"
        assert path.read_bytes() == before


def test_a_later_layout_is_refused(store: Path) -> None:
    save(store, empty_run("a"))
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="a later version of the planner wrote this store"):
        listed(store)


def test_bad_stores_are_told_before_solving(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "that is a folder"), (tmp_path / "no" / "runs.sqlite", "there is no folder")):
        done = plan("solve", TINY, "--save", "--store", path)
        assert done.exit_code == 2
        assert words in done.stderr
        assert done.stdout == ""


def test_by_default_runs_are_in_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("PLAN_STORE", raising=False)
    assert store_path(None).name == "runs.sqlite"
    if sys.platform == "linux":
        assert store_path(None) == tmp_path / "token-factory-planner" / "runs.sqlite"
        assert plan("history").exit_code == 0
        assert not (tmp_path / "token-factory-planner").exists()


def test_the_day_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1796083200")
    tiny_run.cache_clear()
    assert tiny_run().saved_at == "2026-12-01T00:00:00+00:00"
    tiny_run.cache_clear()


def test_a_run_is_what_the_store_has_columns_for() -> None:
    from dataclasses import fields

    from planner.history.store import COLUMNS

    assert {field.name for field in fields(Run)} == {"id", "source", *COLUMNS}
