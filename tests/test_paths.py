"""Paths that no file can have, pipes and devices in the place of files, and links that are followed."""

from __future__ import annotations

import os
import re
import threading
from io import StringIO
from pathlib import Path

import pytest

import planner
from planner.catalog import load_catalog
from planner.catalog.load import is_catalog
from planner.cli.documents import template
from planner.errors import CatalogError, InputError, ScenarioError
from planner.history.store import find, prepare
from planner.paths import is_there, read_bytes, real
from planner.render.files import check_file, check_folder, write_bytes, write_file, write_folder
from planner.scenario import load_scenario
from planner.studies.diff.comparand import read
from tests.command import SMALL

LONG = "q" * 400
NUL = "q\0q"
PROBES = re.compile(r"\.(exists|is_dir|is_file|resolve|iterdir|glob)\(")


@pytest.mark.parametrize("name", [LONG, NUL])
def test_nothing_stands_where_no_file_can_stand(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    assert not is_there(path)
    assert real(path) == path
    with pytest.raises(OSError, match=r"name"):
        read_bytes(path)


@pytest.mark.parametrize(("name", "said"), [(LONG, "File name too long"), (NUL, "no file can have this name")])
def test_a_name_that_no_file_can_have_gets_a_sentence(name: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for wanted in (check_file, check_folder):
        with pytest.raises(InputError, match=said):
            wanted(path, "--json")
    with pytest.raises(ScenarioError, match=said):
        load_scenario(path)
    with pytest.raises(InputError, match=said):
        template(path)
    with pytest.raises(InputError, match="there is no run"):
        read(str(path), tmp_path / "runs.sqlite")
    assert not is_catalog(name, tmp_path)


@pytest.mark.parametrize("text", [f"extends: '{LONG}'", 'extends: "q\\0q"'])
def test_a_base_that_no_file_can_be_is_a_fault_with_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(f"# a scenario\n{text}\n")
    with pytest.raises(ScenarioError, match=r"s\.yaml:2: extends: .*name"):
        load_scenario(tmp_path / "s.yaml")


@pytest.mark.parametrize("name", [LONG, NUL])
def test_a_catalog_that_no_folder_can_be_is_a_fault(name: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such catalog folder"):
        load_catalog(["builtin", name], tmp_path)


def test_a_store_under_a_name_that_no_file_can_have_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        prepare(tmp_path / LONG, own=True)
    with pytest.raises(InputError, match="nothing is saved"):
        find(tmp_path / LONG, "1")


def test_pipes_and_devices_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path, kind in ((tmp_path / "pipe.yaml", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(ScenarioError, match=kind):
            load_scenario(path)
    serving = tmp_path / "serving"
    serving.mkdir()
    os.mkfifo(serving / "model.csv")
    with pytest.raises(CatalogError, match=r"model\.csv: this is a pipe"):
        load_catalog(["builtin", str(tmp_path)])


def test_a_pipe_that_the_shell_opened_is_read() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as file:
        file.write(SMALL)
    assert load_scenario(Path(f"/dev/fd/{reader}")) == load_scenario(StringIO(SMALL))
    os.close(reader)


def test_a_file_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.paths.MOST_BYTES", 1000)
    monkeypatch.setattr("planner.scenario.load.MOST_BYTES", 1000)
    (tmp_path / "s.yaml").write_text("#" * 1001)
    with pytest.raises(OSError, match="more than 1,000 bytes"):
        read_bytes(tmp_path / "s.yaml")
    with pytest.raises(ScenarioError, match="more than 1,000 bytes"):
        load_scenario(StringIO("y\n" * 501))


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to(elsewhere / "real.json")
    (tmp_path / "new.json").symlink_to(elsewhere / "later.json")
    (tmp_path / "one.csv").symlink_to(elsewhere / "one.csv")
    write_file(tmp_path / "link.json", "new")
    write_file(tmp_path / "new.json", "newer")
    write_folder(tmp_path, {"one.csv": "rows"})
    assert all((tmp_path / name).is_symlink() for name in ("link.json", "new.json", "one.csv"))
    assert {path.name: path.read_text() for path in elsewhere.iterdir()} == {
        "real.json": "new", "later.json": "newer", "one.csv": "rows"
    }  # fmt: skip


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(InputError, match="circle"):
        write_file(tmp_path / "a", "text")
    assert (tmp_path / "a").is_symlink()


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="a pipe that nobody reads"):
        write_bytes(tmp_path / "pipe", b"text")
    heard: list[bytes] = []
    handle = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(handle, True)
    reader = threading.Thread(target=lambda: heard.append(os.read(handle, 100)))
    write_bytes(tmp_path / "pipe", b"text")
    reader.start()
    reader.join()
    os.close(handle)
    assert heard == [b"text"]
    assert not (tmp_path / "pipe").is_file()
    with pytest.raises(InputError, match="it is no file"):
        write_folder(tmp_path, {"pipe": "rows"})


def test_a_terminal_is_written_to_and_stays() -> None:
    ours, theirs = os.openpty()
    name = Path(os.ttyname(theirs))
    before = name.stat().st_ino
    write_file(name, "text")
    assert os.read(ours, 100) == b"text"
    assert name.stat().st_ino == before
    os.close(ours)
    os.close(theirs)


def test_paths_are_probed_in_one_place() -> None:
    package = Path(planner.__file__).parent
    elsewhere = [
        f"{path.relative_to(package)}: {line.strip()}"
        for path in package.rglob("*.py")
        if path.name != "paths.py" and "pages" not in path.parts
        for line in path.read_text().splitlines()
        if PROBES.search(line) and "resources" not in line and "files(" not in line
    ]
    assert elsewhere == []


def test_a_yaml_text_that_would_take_minutes_is_refused() -> None:
    with pytest.raises(ScenarioError, match="more than 2,000,000 letters"):
        load_scenario(StringIO("y\n" * 1_000_001))
