"""A scenario as it stood in git: `REV:path/to/scenario.yaml`, with the files it draws on from the same revision."""

from __future__ import annotations

import io
import json
import os
import posixpath
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from planner.catalog.load import BUILTIN
from planner.document import Node, parse
from planner.errors import InputError
from planner.scenario import Scenario, load_scenario


@contextmanager
def scenario_at(source: str) -> Iterator[Scenario]:
    """The scenario of ``REV:path``; its catalogs can be read while the context lasts.

    As for git, the path starts at the top of the repository, or where one is if it begins with ``./``. Raises
    InputError where git knows no such thing, ScenarioError with the scenario's own faults.
    """
    commit, path = _named_in_git(source)
    text = _text(source, commit, path)
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        top = Path(folder)
        _fetch(source, commit, path, text, top, set())
        opened = io.StringIO(text)
        opened.name = source
        yield load_scenario(opened, (), (top / path).parent)


def json_at(source: str) -> Any:
    """What the JSON file ``REV:path`` holds, None where it is none. Raises InputError where git has no such file."""
    commit, path = _named_in_git(source)
    try:
        return json.loads(_text(source, commit, path))
    except (ValueError, RecursionError):
        return None


def _named_in_git(source: str) -> tuple[str, str]:
    """Commit and path of ``REV:path``. Raises InputError where git knows no such revision."""
    revision, _, path = source.partition(":")
    commit = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"])
    if commit is None:
        raise InputError(f"{source}: git knows no revision {revision} here")
    return commit.strip(), _from_top(path)


def _fetch(source: str, commit: str, path: str, text: str, top: Path, seen: set[str]) -> None:
    """Write the files that the scenario at ``path`` names below ``top``, each where it stands in the repository.

    What is not there, or outside of the repository, is left to the loader, which says whose line asks for it.
    """
    root, _ = parse(text, source)
    (top / path).parent.mkdir(parents=True, exist_ok=True)
    if root is None or path in seen:
        return
    seen.add(path)
    folder = posixpath.dirname(path)
    for name in _named(root, "catalogs"):
        if name != BUILTIN:
            for file in _files(commit, _joined(folder, name)):
                _write(commit, file, top)
    demands = (node.at(("demand", "csv")) for node in _items(root, "workloads"))
    for demand in demands:
        if demand is not None and isinstance(demand.value, str):
            _write(commit, _joined(folder, demand.value), top)
    extends = root.part("extends")
    if extends is not None and isinstance(extends.value, str):
        base = _joined(folder, extends.value)
        written = _write(commit, base, top)
        if written is not None:
            _fetch(source, commit, base, written, top, seen)


def _write(commit: str, path: str, top: Path) -> str | None:
    """The text of a file, written below ``top``; None where it is not there or not text."""
    if path.startswith(("../", "/")):
        return None
    content = _show(commit, path)
    if content is None:
        return None
    (top / path).parent.mkdir(parents=True, exist_ok=True)
    (top / path).write_bytes(content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _files(commit: str, folder: str) -> list[str]:
    if folder.startswith(("../", "/")):
        return []
    listed = _git(["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", f"{folder}/"])
    return [name for name in (listed or "").split("\0") if name]


def _named(root: Node, field: str) -> list[str]:
    return [str(node.value) for node in _items(root, field) if isinstance(node.value, str)]


def _items(root: Node, field: str) -> list[Node]:
    part = root.part(field)
    return list(part.value) if part is not None and isinstance(part.value, list) else []


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _from_top(path: str) -> str:
    """The path from the top of the repository, as git reads it."""
    if path.startswith(("./", "../")):
        here = (_git(["rev-parse", "--show-prefix"]) or "").strip()
        path = posixpath.join(here, path)
    return posixpath.normpath(path)


def _text(source: str, commit: str, path: str) -> str:
    content = _show(commit, path)
    if content is None:
        raise InputError(f"{source}: there is no file {path} in that revision")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{source}: this is not a text file (UTF-8)") from None


def _show(commit: str, path: str) -> bytes | None:
    """The content of a file at a commit, as it was checked in."""
    done = _run(["cat-file", "blob", f"{commit}:{path}"])
    return done.stdout if done.returncode == 0 else None


def _git(arguments: list[str]) -> str | None:
    """What git prints, None where it fails."""
    done = _run(arguments)
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def _run(arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(["git", *arguments], capture_output=True, env=environment, check=False)
    except OSError as error:
        raise InputError("a revision needs git, which is not installed here") from error
