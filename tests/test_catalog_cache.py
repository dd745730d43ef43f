"""Catalogs kept in the cache folder: the same with it and without, whatever has become of the folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from planner import paths
from planner.catalog import Catalog, cache, load_catalog
from planner.catalog import load as loader
from planner.catalog.packed import BY_KEY, BY_NAME, packed, unpacked
from planner.errors import CatalogError
from tests.small import CATALOG, edited, here, write  # noqa: F401
from tests.strategies import catalog, examples, point, system
from tests.work import calls_of

# A newer run of the same configuration, which the shipped row gives way to; and a price of its own.
NEWER = CATALOG["serving/tiny.csv"].splitlines()[1].replace("tiny,sweep", "tiny,again").replace("01-01", "02-01")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder that does not stand yet."""
    path = tmp_path / "kept" / "here"
    monkeypatch.setenv(cache.VARIABLE, str(path))
    return path


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Catalog]:
    """Loads the small catalog as if there were no cache."""

    def loaded() -> Catalog:
        with monkeypatch.context() as without:
            without.setenv(cache.VARIABLE, cache.OFF)
            return load_catalog(["cat"])

    return loaded


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def told(found: Catalog) -> list[Any]:
    """All that a catalog says: values with their types, places in files and what each row states itself, in order."""
    told: list[Any] = []
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        told.append((field.name, repr(value)))
        rows = value.values() if isinstance(value, dict) else ()
        told += [(type(row), sorted(row.model_fields_set)) for row in rows if isinstance(row, BaseModel)]
    return told


def never(*given: Any) -> Any:
    raise AssertionError("this was read although it is kept")


def test_what_is_kept_is_what_was_read(
    folder: Path, forget: Callable[[], Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"cat/serving/tiny.csv": CATALOG["serving/tiny.csv"] + NEWER + "\n"})
    first = load_catalog(["cat"])
    assert len(first.superseded) == 1
    assert len(kept(folder)) == 1
    with monkeypatch.context() as patched:
        patched.setattr(loader, "_checked", never)
        again = load_catalog(["cat"])
    assert again == first
    assert told(again) == told(first) == told(forget())


@pytest.mark.files
def test_everything_shipped_is_kept_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_catalog(["builtin"])
    monkeypatch.setattr(loader, "_checked", never)
    again = load_catalog(["builtin"])
    assert told(again) == told(first)
    for name, model in (BY_NAME | BY_KEY).items():
        for row in getattr(again, name).values():
            assert type(row) is model
            assert row.line > 1
            assert row.file.startswith("builtin/")


def test_every_field_of_a_catalog_is_packed() -> None:
    assert {*BY_NAME, *BY_KEY, "sources", "blocks", "digest"} == {field.name for field in dataclasses.fields(Catalog)}


floats = st.floats(min_value=1e-9, max_value=1e15) | st.sampled_from([0.1 + 0.2, 1e15, 1e-9, 1e15 / 3, 5.0])


@pytest.mark.property
@examples(5)
@given(st.lists(st.tuples(floats, floats, st.text(max_size=12)), max_size=6), st.dictionaries(st.text(), floats))
def test_any_figure_and_any_word_come_back(rows: list[Any], blocks: dict[str, float]) -> None:
    points = [
        point(series=f"s{at}", concurrency=at + 1, ttft_ms=ttft, tpot_ms=tpot, note=note)
        for at, (ttft, tpot, note) in enumerate(rows)
    ]
    given = dataclasses.replace(catalog([system("h-node")], points=points), blocks=blocks)
    assert told(unpacked(packed(given))) == told(given)


def test_zeros_keep_their_sign_and_counts_are_no_floats() -> None:
    node = system("h-node").model_copy(update={"licence_usd_per_gpu_year": -0.0, "life_years": 5.0})
    found = unpacked(packed(catalog([node, system("b-node")]))).systems
    assert [repr(row.licence_usd_per_gpu_year) for row in found.values()] == ["-0.0", "0.0"]
    assert [repr(row.gpus) for row in found.values()] == ["8", "8"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content.replace(b'"tiny"', b'"tony"'),
        lambda content: hashlib.sha256(b"{}").hexdigest().encode() + b"\n{}",
        lambda content: hashlib.sha256(b"[1").hexdigest().encode() + b"\n[1",
        lambda content: b"\xff\n\xfe",
    ],
)
def test_a_damaged_file_is_built_anew(
    damage: Callable[[bytes], bytes], folder: Path, forget: Callable[[], Catalog]
) -> None:
    load_catalog(["cat"])
    (file,) = kept(folder)
    good = file.read_bytes()
    file.write_bytes(damage(good))
    assert file.read_bytes() != good
    assert told(load_catalog(["cat"])) == told(forget())
    assert file.read_bytes() == good


def test_rows_of_other_fields_are_built_anew(folder: Path, forget: Callable[[], Catalog]) -> None:
    load_catalog(["cat"])
    (file,) = kept(folder)
    whole = json.loads(file.read_bytes().partition(b"\n")[2])
    del whole["tables"]["serving"]["columns"]["mode"]
    text = json.dumps(whole).encode()
    file.write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
    assert told(load_catalog(["cat"])) == told(forget())


def test_what_stands_in_the_place_of_a_file_is_no_matter(folder: Path, forget: Callable[[], Catalog]) -> None:
    load_catalog(["cat"])
    (file,) = kept(folder)
    file.unlink()
    file.mkdir()
    assert told(load_catalog(["cat"])) == told(forget())
    file.rmdir()
    os.mkfifo(file)
    assert told(load_catalog(["cat"])) == told(forget())


@pytest.mark.parametrize("place", ["/proc/no-folder", "/dev/null/no-folder", "s.yaml", "x" * 300])
def test_a_folder_that_cannot_be_is_no_matter(
    place: str, forget: Callable[[], Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, place)
    assert told(load_catalog(["cat"])) == told(forget())


def test_a_disk_that_is_full_leaves_nothing_behind(
    folder: Path, forget: Callable[[], Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert told(load_catalog(["cat"])) == told(forget())
    assert kept(folder) == []


def test_an_interrupted_write_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load_catalog(["cat"])
    assert kept(folder) == []


def test_any_byte_of_any_file_makes_another_catalog(folder: Path) -> None:
    assert load_catalog(["cat"]).offers["acme", "us", "node", "on_demand", ""].usd_per_gpu_hour == 4
    write({"cat/offers.csv": edited(",4,", ",5,", CATALOG["offers.csv"])})
    assert load_catalog(["cat"]).offers["acme", "us", "node", "on_demand", ""].usd_per_gpu_hour == 5
    # A comment moves the lines that faults and `show` tell.
    write({"cat/energy.csv": "\n" + CATALOG["energy.csv"]})
    assert load_catalog(["cat"]).energy["us"].line == 3
    write({"cat/token_apis.csv": None})
    assert load_catalog(["cat"]).token_apis == {}
    Path("cat").rename("dog")
    assert load_catalog(["dog"]).energy["us"].file == "dog/energy.csv"
    assert len(kept(folder)) == 5


def test_the_order_of_catalogs_counts(folder: Path) -> None:
    write({f"over/{name}": CATALOG[name] for name in ("sources.yaml", "energy.csv")})
    write({"over/energy.csv": edited(",70,", ",80,", CATALOG["energy.csv"])})
    for _ in ("read", "kept"):
        assert load_catalog(["cat", "over"]).energy["us"].usd_per_mwh == 80
        # The later one names a system that only the earlier one has, so both orders are good.
        assert load_catalog(["over", "cat"]).energy["us"].usd_per_mwh == 70
    assert len(kept(folder)) == 2


def test_other_code_finds_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_catalog(["cat"])
    versions = cache._reader()
    assert (Path(cache.__file__).parent / "row.py").is_file()
    for at in range(len(versions)):
        other = [*versions[:at], "another", *versions[at + 1 :]]
        monkeypatch.setattr(cache, "_reader", lambda other=other: other)
        load_catalog(["cat"])
        assert len(kept(folder)) == at + 2


def test_faults_come_with_their_place_and_are_never_kept(folder: Path) -> None:
    load_catalog(["cat"])
    write({"cat/offers.csv": edited(",4,", ",free,", CATALOG["offers.csv"])})
    for _ in ("first", "again"):
        with pytest.raises(CatalogError) as refused:
            load_catalog(["cat"])
        assert list(map(str, refused.value.faults)) == ["cat/offers.csv:2: usd_per_gpu_hour: 'free' is not a number"]
    write({"cat/offers.csv": CATALOG["offers.csv"], "cat/ofers.csv": "a,b\n"})
    with pytest.raises(CatalogError, match=r"cat/ofers\.csv: no catalog file has this name; nearest: offers\.csv"):
        load_catalog(["cat"])
    write({"cat/ofers.csv": None, "cat/energy.csv": b"\xff"})
    with pytest.raises(CatalogError, match=r"cat/energy\.csv: this is not a text file"):
        load_catalog(["cat"])
    assert len(kept(folder)) == 1


def test_a_file_that_changes_meanwhile_is_kept_as_it_was_read(
    folder: Path, forget: Callable[[], Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(forget())

    def changing(key: str) -> None:
        write({"cat/offers.csv": edited(",4,", ",5,", CATALOG["offers.csv"])})

    with monkeypatch.context() as patched:
        patched.setattr(cache, "find", changing)
        assert told(load_catalog(["cat"])) == before
    after = told(load_catalog(["cat"]))
    assert after == told(forget())
    assert after != before
    write({"cat/offers.csv": CATALOG["offers.csv"]})
    assert told(load_catalog(["cat"])) == before


def test_many_at_once(folder: Path, forget: Callable[[], Catalog]) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: told(load_catalog(["cat"])), range(24)))
    assert all(one == found[0] for one in found)
    assert found[0] == told(forget())
    assert len(kept(folder)) == 1


@pytest.mark.process
def test_processes_at_once(folder: Path) -> None:
    code = "from planner import load_catalog; print(load_catalog(['builtin']).digest)"
    environment = os.environ | {"PYTHONPATH": str(Path(paths.__file__).parents[1])}
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)
    ]
    digests = {process.communicate()[0].strip() for process in started}
    assert [process.returncode for process in started] == [0, 0, 0, 0]
    assert digests == {load_catalog(["builtin"]).digest}
    assert len(kept(folder)) == 1


def test_the_oldest_go_where_there_are_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_catalog(["cat"])
    (first,) = kept(folder)
    left_behind = folder / f"{first.name}.123.ab"
    left_behind.write_bytes(b"x")
    for file in (first, left_behind):
        os.utime(file, (1, 1))
    (folder / "notes.txt").write_text("of somebody else")
    monkeypatch.setattr(cache, "MOST_BYTES_KEPT", first.stat().st_size + 1000)
    write({"cat/energy.csv": "\n" + CATALOG["energy.csv"]})
    load_catalog(["cat"])
    names = [path.name for path in kept(folder)]
    assert len(names) == 2
    assert "notes.txt" in names
    assert first.name not in names
    assert left_behind.name not in names


def test_off_writes_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "off")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    load_catalog(["cat"])
    assert kept(folder) == kept(tmp_path / "home") == []


def test_without_a_word_it_is_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, appauthor: tmp_path / name)
    load_catalog(["cat"])
    assert len(kept(tmp_path / "token-factory-planner")) == 1
    # A user without a home.
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, appauthor: Path("~/.cache") / name)
    load_catalog(["cat"])
    assert not Path("~").exists()


@pytest.mark.files
@pytest.mark.no_cover
def test_what_is_kept_takes_a_tenth_of_the_work(folder: Path) -> None:
    load_catalog(["builtin"])
    (file,) = kept(folder)
    again = calls_of(lambda: load_catalog(["builtin"]))
    file.unlink()
    assert 10 * again < calls_of(lambda: load_catalog(["builtin"]))
