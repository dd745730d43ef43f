"""Catalogs that were read and found good before, kept in the user's cache folder, so that reading them again is quick.

What is kept is named by a digest of all that it depends on: every byte of the files, their names as faults tell them,
and the code that reads them. So it is never out of date, and never has to be cleared. It is safe to delete at any
time; what is damaged, or cannot be read or written, is as if it were not there. Catalogs with faults are never kept.
``PLAN_CACHE`` in the environment names another folder, or says ``off``.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import pydantic
from ruamel import yaml

from planner._version import __version__
from planner.catalog.models import Catalog
from planner.catalog.packed import packed, unpacked
from planner.paths import names_in, read_bytes

VARIABLE = "PLAN_CACHE"
OFF = "off"
PREFIX = "catalog-"
# Beyond this the oldest files go: some thousand catalogs like the shipped one, ten of a hundred thousand points.
MOST_BYTES_KEPT = 200_000_000


def folder() -> Path | None:
    """Where catalogs are kept; None where they are not."""
    given = os.environ.get(VARIABLE, "")
    if given:
        return None if given == OFF else Path(given)
    from platformdirs import user_cache_path

    found = user_cache_path("token-factory-planner", appauthor=False)
    # Of a user without a home it would be a folder named `~` in whatever folder this is.
    return found if found.is_absolute() else None


def key_of(folders: Iterable[tuple[str, Mapping[str, bytes]]]) -> str:
    """What catalogs are kept under: a digest of what each is called, its files' names and bytes, and the code."""
    parts = [
        [shown, *([name, hashlib.sha256(content).hexdigest()] for name, content in files.items())]
        for shown, files in folders
    ]
    return hashlib.sha256(json.dumps([_reader(), parts]).encode()).hexdigest()[:32]


def find(key: str) -> Catalog | None:
    """The catalog that is kept under ``key``; None where there is none, or a damaged one."""
    kept_in = folder()
    if kept_in is None:
        return None
    try:
        digest, _, text = read_bytes(_file(kept_in, key)).partition(b"\n")
        return unpacked(text) if hashlib.sha256(text).hexdigest().encode() == digest else None
    except (OSError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # Whoever changed the file changed the digest in it too. It is built anew.
        return None


def keep(key: str, catalog: Catalog) -> None:
    """Keep a catalog under ``key``, whole or not at all, however many processes do so at once."""
    kept_in = folder()
    if kept_in is None:
        return
    text = packed(catalog)
    # A folder that cannot be made or written to, a disk that is full, a name that no folder can have: none is an error.
    with suppress(OSError, ValueError):
        kept_in.mkdir(parents=True, exist_ok=True)
        _write(_file(kept_in, key), hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
        _make_room(kept_in)


def _file(kept_in: Path, key: str) -> Path:
    return kept_in / f"{PREFIX}{key}.json"


def _write(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open(beside, "xb") as file:
            file.write(content)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _make_room(kept_in: Path) -> None:
    """Remove the oldest files that are too many, those that a process left behind when it ended among them."""
    found = []
    for path in (kept_in / name for name in names_in(kept_in) if name.startswith(PREFIX)):
        with suppress(OSError):
            stands = path.stat()
            found.append((stands.st_mtime_ns, stands.st_size, path))
    total = 0
    for _, size, path in sorted(found, reverse=True):
        total += size
        if total > MOST_BYTES_KEPT:
            with suppress(OSError):
                path.unlink()


@lru_cache(maxsize=1)
def _reader() -> Sequence[str]:
    """What reads: the versions, and the code of what a row is, so that whoever changes it finds nothing of before."""
    package = Path(__file__).parents[1]
    code = hashlib.sha256()
    for room in (package, package / "catalog", package / "kinds"):
        for name in names_in(room):
            if name.endswith(".py"):
                with suppress(OSError):
                    code.update(read_bytes(room / name))
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return __version__, python, pydantic.VERSION, str(yaml.__version__), code.hexdigest()
