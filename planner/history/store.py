"""The store: one SQLite file, one row a run. A run is in it whole or not at all, whoever is killed while writing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from planner.errors import InputError
from planner.frozen import dataclass
from planner.history.run import Run, sheets_of_plain, sheets_to_plain
from planner.paths import is_folder, is_there, real
from planner.validation import nearest

# Says in the file's header whose file it is ("PLAN"), and in which layout.
APPLICATION_ID = 0x504C414E
LAYOUT = 1
PATIENCE_S = 60.0
LAST = "last"
TABLE = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    saved_at TEXT NOT NULL,
    scenario TEXT NOT NULL,
    scenario_digest TEXT NOT NULL,
    scenario_text TEXT NOT NULL,
    folder TEXT NOT NULL,
    overrides TEXT NOT NULL,
    catalog_digest TEXT NOT NULL,
    versions TEXT NOT NULL,
    result_text TEXT NOT NULL,
    view TEXT NOT NULL,
    decisions TEXT NOT NULL,
    served TEXT NOT NULL
)
"""
COLUMNS = (
    "saved_at", "scenario", "scenario_digest", "scenario_text", "folder", "overrides", "catalog_digest", "versions",
    "result_text", "view", "decisions", "served",
)  # fmt: skip
# Kept as JSON text.
PACKED = ("overrides", "versions", "view", "decisions", "served")
SHAPES: dict[str, type] = {
    "overrides": list, "versions": dict, "view": list, "decisions": dict, "served": list, "result_text": dict,
}  # fmt: skip
# What of a result stands in the list of runs; None where there was no plan.
IN_RESULT = ("status", "kpis.levelised_usd_per_mtok_output", "kpis.levelised_usd_per_mtok_total", "kpis.npv_usd",
             "solver.gap")  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A run as it stands in a list."""

    id: int
    saved_at: str
    scenario: str
    scenario_digest: str
    catalog_digest: str
    status: str
    levelised_usd_per_mtok_output: float | None
    levelised_usd_per_mtok_total: float | None
    npv_usd: float | None
    gap: float | None


def store_path(given: Path | None) -> Path:
    """The store's file: ``given``, or ``runs.sqlite`` in the user's data folder."""
    if given is not None:
        return given
    from platformdirs import user_data_path

    return user_data_path("token-factory-planner", appauthor=False) / "runs.sqlite"


def prepare(path: Path, *, own: bool) -> None:
    """Raises InputError where a run could not be saved at ``path``.

    The folder is made where it is the user's data folder, not where somebody named it (``own``).
    """
    if is_folder(path):
        raise InputError(f"--store {path}: that is a folder, name a file in it")
    if not own:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path.parent} could not be made: {error.strerror or error}; name a --store") from error
    if not is_folder(path.parent):
        raise InputError(f"--store {path}: there is no folder {path.parent}")
    with writing(path):
        pass


def save(path: Path, run: Run) -> Run:
    """The run as it stands in the store at ``path``, with its id. Raises InputError where that fails."""
    with writing(path) as connection:
        return insert(connection, run)


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction on the store at ``path``, made where there is none; undone where anything fails in it.

    SQLite's rollback journal undoes it too where the process ends before it is committed: the next one to open the
    file does so. Who comes while another writes waits for up to a minute.
    """
    with _opened(path, "rwc") as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            _lay_out(connection, path)
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def insert(connection: sqlite3.Connection, run: Run) -> Run:
    """Add a run to an open transaction."""
    fields = {name: getattr(run, name) for name in COLUMNS} | {"view": sheets_to_plain(run.view)}
    row = [json.dumps(value, ensure_ascii=False) if name in PACKED else value for name, value in fields.items()]
    marks = ", ".join("?" for _ in COLUMNS)
    done = connection.execute(f"INSERT INTO runs ({', '.join(COLUMNS)}) VALUES ({marks})", row)
    assert done.lastrowid is not None
    return replace(run, id=done.lastrowid)


def listed(path: Path) -> list[Listed]:
    """All runs, oldest first; none where there is no store. Raises InputError where the file is no store."""
    if not is_there(path):
        return []
    with _opened(path, "rw") as connection:
        if _is_empty(connection, path):
            return []
        # One run that is damaged hides none of the others.
        whole = 'CASE WHEN json_valid(result_text) THEN result_text ELSE \'{"status": "damaged"}\' END'
        parts = ", ".join(f"json_extract({whole}, '$.{part}')" for part in IN_RESULT)
        own = "id, saved_at, scenario, scenario_digest, catalog_digest"
        return [Listed(*row) for row in connection.execute(f"SELECT {own}, {parts} FROM runs ORDER BY id")]


def find(path: Path, wanted: str) -> Run:
    """The run of an id, or the ``last`` one. Raises InputError, naming the nearest id, where there is none."""
    known: list[tuple[int, str]] = []
    if is_there(path):
        with _opened(path, "rw") as connection:
            if not _is_empty(connection, path):
                known = connection.execute("SELECT id, scenario FROM runs ORDER BY id").fetchall()
                number = str(known[-1][0]) if known and wanted == LAST else wanted
                if number.isdecimal() and number.isascii() and len(number) < 19:
                    query = f"SELECT id, {', '.join(COLUMNS)} FROM runs WHERE id = ?"
                    row = connection.execute(query, (int(number),)).fetchone()
                    if row is not None:
                        return _run(row, path)
    if not known:
        raise InputError(f"there is no run {wanted}: nothing is saved in {path}; `plan SCENARIO --save` saves a run")
    raise InputError(f"there is no run {wanted} in {path}{_hint(wanted, known)}")


def _hint(wanted: str, known: list[tuple[int, str]]) -> str:
    """The nearest id: by number, or of the newest run of a scenario named like it."""
    if wanted.isdecimal() and wanted.isascii():
        return f"; nearest: {min((id for id, _ in known), key=lambda id: (abs(id - int(wanted[:18])), id))}"
    newest = {name: id for id, name in known}
    close = nearest(wanted, newest).removeprefix("; nearest: ")
    return f"; nearest: {newest[close]} ({close})" if close in newest else f"; nearest: {known[-1][0]}"


def _run(row: tuple[Any, ...], path: Path) -> Run:
    """A row as a run. Raises InputError where what it holds is no longer what was saved."""
    fields: dict[str, Any] = dict(zip(("id", *COLUMNS), row, strict=True))
    name = ""
    try:
        for name in (*PACKED, "result_text"):
            held = json.loads(fields[name])
            if not isinstance(held, SHAPES[name]):
                raise ValueError("another shape")
            if name in PACKED:
                fields[name] = held
        name = "view"
        fields["overrides"] = tuple(fields["overrides"])
        fields["view"] = sheets_of_plain(fields["view"])
        return Run(**fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(f"{path}: run {fields['id']} is damaged, its {name} cannot be read; save it again") from None


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """A connection; what SQLite finds wrong becomes a sentence."""
    try:
        uri = f"{real(path).as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE_S, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        if "not a database" in str(error):
            raise InputError(f"{path}: this is no store of runs; name another file with --store") from None
        raise InputError(f"{path}: the store of runs cannot be used: {error}") from error


def _lay_out(connection: sqlite3.Connection, path: Path) -> None:
    """The table, where the file is new."""
    if _is_empty(connection, path):
        connection.execute(TABLE)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {LAYOUT}")


def _is_empty(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether nothing is in the file yet. Raises InputError where something else is, or a later layout."""
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not owner:
        return True
    if owner != APPLICATION_ID:
        raise InputError(f"{path}: this is no store of runs; name another file with --store")
    if layout > LAYOUT:
        raise InputError(f"{path}: a later version of the planner wrote this store; it cannot be read by this one")
    return False
