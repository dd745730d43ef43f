"""`extends: base.yaml`: one scenario laid over another."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

from planner.catalog.load import BUILTIN
from planner.document import KeyPath, Node, parse, read_text
from planner.errors import Fault, InputError, ScenarioError
from planner.paths import is_folder, is_there, names_in, real
from planner.scenario.versions import NEWEST, OLDEST, VERSIONS
from planner.validation import nearest

DATE = re.compile(r"\d{4}(-\d{1,2}){0,2}")
EMPTY = "this file is empty; `plan init FILE` writes a scenario to begin with"
NOT_FIELDS = "a scenario is a mapping of fields, such as `name: my-plan`"


def read_scenario(
    text: str, shown: str, folder: Path, chain: tuple[Path, ...] = (), *, one_version: bool = True
) -> Node:
    """The root node of a scenario text, laid over the one it extends, whose version is its own where it states none.

    ``shown`` names the text in faults, ``folder`` is what its paths are relative to, ``chain`` the files that led here;
    without ``one_version`` they may state different ones. Raises ScenarioError with the faults of the first text that
    cannot be used.
    """
    root, faults = parse(text, shown)
    if root is None and not faults:
        faults = (Fault(shown, 0, "", EMPTY),)
    elif root is not None and not isinstance(root.value, dict):
        faults = (*faults, Fault(shown, root.line, "", NOT_FIELDS))
    if root is None or faults:
        raise ScenarioError(faults)
    extends = root.value.get("extends")
    if extends is None:
        return root
    base = _base(extends, folder, chain, one_version)
    if one_version:
        _check_version(root, base)
    return overlay(base, without_base(root))


def without_base(root: Node) -> Node:
    """A scenario's own fields, without the one that names what it extends."""
    return Node({key: node for key, node in root.value.items() if key != "extends"}, root.file, root.line)


def _check_version(root: Node, base: Node) -> None:
    """Raises ScenarioError where a scenario and its base state different versions."""
    own, other = root.part("version"), base.part("version")
    # What is no version is left to be refused where the file's own fields are, and here where they hide it.
    if own is None or other is None or own.value == other.value or own.value not in VERSIONS:
        return
    if other.value not in VERSIONS:
        message = f"{other.value} is none of {', '.join(map(str, VERSIONS))}"
        raise ScenarioError([Fault(other.file, other.line, "version", message)])
    older, which = (own, "this") if own.value == OLDEST else (other, "that")
    message = (
        f"this states version {own.value}, and {other.file}, line {other.line}, which it extends, version "
        f"{other.value}; `plan migrate {shlex.quote(older.file)}` rewrites {which} file as version {NEWEST}"
    )
    raise ScenarioError([Fault(own.file, own.line, "version", message)])


def _base(extends: Node, folder: Path, chain: tuple[Path, ...], one_version: bool) -> Node:
    if not isinstance(extends.value, str):
        message = "expected the path of a scenario file"
        raise ScenarioError([Fault(extends.file, extends.line, "extends", message)])
    path = folder / extends.value
    resolved = real(path)
    if resolved in chain:
        steps = " -> ".join(step.name for step in (*chain[chain.index(resolved) :], resolved))
        message = f"the files extend each other in a circle: {steps}"
        raise ScenarioError([Fault(extends.file, extends.line, "extends", message)])
    shown = os.path.normpath(os.path.join(os.path.dirname(extends.file), extends.value))
    try:
        text = read_text(path, shown)
    except InputError as error:
        message = f"{error.faults[0].message}: {extends.value}{nearest_file(path)}"
        raise ScenarioError([Fault(extends.file, extends.line, "extends", message)]) from None
    base = read_scenario(text, shown, path.parent, (*chain, resolved), one_version=one_version)
    return relative_to(Path(extends.value).parent, base)


def nearest_file(path: Path) -> str:
    """``; nearest: 10mw.yaml`` for a file that is not there, from the scenarios beside where it would be."""
    if is_there(path) or not is_folder(path.parent):
        return ""
    return nearest(path.name, [name for name in names_in(path.parent) if name.endswith((".yaml", ".yml"))])


def relative_to(folder: Path, root: Node) -> Node:
    """A base scenario whose paths are those of the file that extends it; ``folder`` leads to the base."""
    if folder == Path():
        return root
    paths: list[KeyPath] = [("catalogs", index) for index in range(length_of(root, "catalogs"))]
    for index in range(length_of(root, "workloads")):
        files = (("demand", "csv"), ("demand", "trace"), ("traffic", "trace"))
        paths += [("workloads", index, *field) for field in files]
    for path in paths:
        node = root.at(path)
        if node is not None and isinstance(node.value, str) and node.value != BUILTIN:
            root = replaced(root, path, Node(os.path.normpath(folder / node.value), node.file, node.line))
    return root


def length_of(root: Node, field: str) -> int:
    """How many entries a list of the scenario has; none where it is no list."""
    part = root.part(field)
    return len(part.value) if part is not None and isinstance(part.value, list) else 0


def replaced(node: Node, path: KeyPath, new: Node) -> Node:
    """A copy of ``node`` with ``new`` at ``path``, where there has to be something already."""
    if not path:
        return new
    part = node.part(path[0])
    assert part is not None
    value: Any = dict(node.value) if isinstance(node.value, dict) else list(node.value)
    value[path[0]] = replaced(part, path[1:], new)
    return Node(value, node.file, node.line)


def overlay(base: Node, over: Node, field: str = "") -> Node:
    """``over`` on top of ``base``: mappings merge, lists of named things merge by name, all else is replaced.

    Schedules are replaced whole, and so are a demand, whose unit is part of what it says, and traffic of another kind.
    """
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        if field in ("demand", "traffic") or _is_schedule(base) or _is_schedule(over):
            return over
        merged = dict(base.value)
        for key, node in over.value.items():
            merged[key] = overlay(merged[key], node, str(key)) if key in merged else node
        return Node(merged, over.file, over.line)
    names = _names(over)
    if names and _names(base):
        items = dict(zip(_names(base), base.value, strict=True))
        for name, item in zip(names, over.value, strict=True):
            items[name] = overlay(items[name], item) if name in items else item
        return Node(list(items.values()), over.file, over.line)
    return over


def _is_schedule(node: Node) -> bool:
    return bool(node.value) and all(DATE.fullmatch(str(key)) for key in node.value)


def _names(node: Node) -> list[str]:
    """The names of a list of named things; none where one has no name of its own."""
    if not isinstance(node.value, list):
        return []
    names = [item.part("name") for item in node.value]
    known = [str(name.value) for name in names if name is not None and isinstance(name.value, str)]
    return known if len(set(known)) == len(node.value) else []
