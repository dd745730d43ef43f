"""Scenario files of version 1 rewritten as version 2, their comments and their layout kept."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from planner.catalog.load import BUILTIN
from planner.document import Key, KeyPath, Node, parse, read_text
from planner.errors import Fault, InputError
from planner.frozen import dataclass
from planner.paths import real
from planner.scenario.edit import with_first, with_values
from planner.scenario.load import scenario_of, source_text
from planner.scenario.models import Scenario, Solve
from planner.scenario.overlay import overlay, read_scenario, relative_to, without_base
from planner.scenario.versions import NEWEST, OLDEST, VERSION_1, unsaid
from planner.validation import field_type

# The line by which an editor finds the schema: what leads to its folder, and its name.
_SCHEMA_LINE = re.compile(r"^(# yaml-language-server: \$schema=)(\S*?)scenario-1\.json", re.MULTILINE)


LIMIT = ("solve", "time_limit_s")


@dataclass(frozen=True)
class Change:
    """A field that says something else in version 2: its path in ``VERSION_1``, whose it is, and both values."""

    path: tuple[str, ...]
    names: tuple[str, ...]
    old: Any
    new: Any


@dataclass(frozen=True)
class Migrated:
    """A file and the ``text`` it should have, None where it has it; ``was`` is the version that it was of.

    ``changes`` are the fields that say something else thereby; those of ``base``, the file it extends, are told there.
    ``root`` is the file laid over its base, both as they should be, ``states_version`` whether it states one itself.
    ``schema`` is the folder, as the file names it, where it had the schema of version 1.
    """

    path: Path
    shown: str
    text: str | None
    was: int
    changes: tuple[Change, ...]
    base: Migrated | None
    root: Node
    states_version: bool
    schema: str | None

    @property
    def chain(self) -> tuple[Migrated, ...]:
        """The files it is made of, the first base first."""
        return (*self.base.chain, self) if self.base is not None else (self,)


def migrated(path: Path, *, keep: bool = False, known: Mapping[Path, Migrated] | None = None) -> Migrated:
    """The scenario at ``path`` as version 2, and with it the files it extends, of which ``known`` are done already.

    With ``keep`` what version 1 left unsaid is written out as what it meant, so that no plan changes. Raises
    ScenarioError where the file is no scenario, InputError where it is laid out in a way that cannot be rewritten.
    """
    text, shown, _ = source_text(path)
    before = read_scenario(text, shown, path.parent, (real(path),), one_version=False)
    scenario_of(before, path.parent)
    return _migrated(path, shown, keep, known or {})


def _migrated(path: Path, shown: str, keep: bool, known: Mapping[Path, Migrated]) -> Migrated:
    if real(path) in known:
        return known[real(path)]
    text = read_text(path, shown)
    root = _root(text, shown)
    extends, stated = root.part("extends"), root.part("version")
    base = None
    if extends is not None:
        below = os.path.normpath(os.path.join(os.path.dirname(shown), extends.value))
        base = _migrated(path.parent / extends.value, below, keep, known)
    line = _SCHEMA_LINE.search(text)
    new = _SCHEMA_LINE.sub(rf"\g<1>\g<2>scenario-{NEWEST}.json", text)
    schema = line[2] if line is not None else None
    was = stated.value if stated is not None else base.was if base is not None else OLDEST
    if was == NEWEST:
        changed = new if new != text else None
        return Migrated(path, shown, changed, was, (), base, _over(base, root), stated is not None, schema)
    # A file without a version has its base's, which will be there.
    says: dict[KeyPath, Any] = {} if base is not None and stated is None else {("version",): NEWEST}
    if says:
        new = with_values(new, says) if stated is not None else with_first(new, "version", NEWEST)
    longer = () if keep else _longer(root)
    others: dict[KeyPath, Any] = {change.path: change.new for change in longer}
    if keep:
        others = _own(_over(base, root), root)
    new, says = with_values(new, others), says | others
    after, _ = parse(new, shown)
    if after is None or after.plain() != _with(root.plain(), says):
        # A layout that nobody thought of, such as a field behind a text that ends the file with empty lines.
        message = "this is laid out in a way that cannot be rewritten; write `version: 2` into it by hand"
        raise InputError([Fault(shown, 0, "", message)])
    whole = _over(base, after)
    changes = (*_changes(whole, _told(base)), *longer)
    return Migrated(path, shown, new if new != text else None, was, changes, base, whole, stated is not None, schema)


def _root(text: str, shown: str) -> Node:
    root, _ = parse(text, shown)
    assert root is not None
    return root


def _with(plain: Any, values: Mapping[KeyPath, Any]) -> Any:
    """Plain fields of a file, just read, with ``values`` by path."""
    for path, value in values.items():
        part = plain
        for key in path[:-1]:
            part = part.setdefault(key, {}) if isinstance(part, dict) else part[key]
        part[path[-1]] = value
    return plain


def _over(base: Migrated | None, root: Node) -> Node:
    own, extends = without_base(root), root.part("extends")
    if base is None or extends is None:
        return own
    return overlay(relative_to(Path(extends.value).parent, base.root), own)


def _own(whole: Node, own: Node) -> dict[KeyPath, Any]:
    """What version 1 fills in, at its place in a file of its ``own`` that is part of the ``whole``."""
    found = {}
    for place, path in unsaid(whole.plain()).items():
        here = _place(whole, own, place)
        if here is not None:
            meant = VERSION_1[path]
            found[here] = list(meant) if isinstance(meant, tuple) else meant
    return found


def _longer(root: Node) -> tuple[Change, ...]:
    """A time limit that is shorter than what version 2 takes where none is stated: whole replicas take longer."""
    limit, least = root.at(LIMIT), round(Solve().time_limit_s)
    if limit is None or not isinstance(limit.value, int | float) or limit.value >= least:
        return ()
    return (Change(LIMIT, (root.title(LIMIT[:-1]),), limit.value, least),)


def _place(whole: Node, own: Node, place: KeyPath) -> KeyPath | None:
    """Where ``place`` of the whole is in a file: items of a list by name; None where the file has no such item."""
    keys: list[Key] = []
    there: Node | None = own
    for key in place:
        name = _name(whole.part(key)) if isinstance(whole.value, list) else None
        if name is not None and there is not None:
            items = there.value if isinstance(there.value, list) else []
            key = next((index for index, item in enumerate(items) if _name(item) == name), -1)
        if isinstance(whole.value, list) and (there is None or key == -1):
            return None
        keys.append(key)
        whole, there = whole.part(place[len(keys) - 1]) or Node({}, "", 0), there.part(key) if there else None
    return tuple(keys)


def _name(item: Node | None) -> Any:
    name = item.part("name") if item is not None else None
    return name.value if name is not None else None


def _told(base: Migrated | None) -> set[tuple[tuple[str, ...], str]]:
    """The changes of the files below, each by its path and what it is of."""
    files = base.chain if base is not None else ()
    return {(change.path, name) for file in files for change in file.changes for name in change.names}


def _changes(whole: Node, told: set[tuple[tuple[str, ...], str]]) -> list[Change]:
    """The fields that version 1 left unsaid, one for each path, but those that are ``told`` already."""
    places: dict[tuple[str, ...], list[tuple[str, Any]]] = {}
    for place, path in unsaid(whole.plain()).items():
        name = whole.title(place[:-1])
        new = _todays(whole, place)
        if (path, name) not in told and new != VERSION_1[path]:
            places.setdefault(path, []).append((name, new))
    return [
        Change(path, tuple(name for name, _ in found), VERSION_1[path], found[0][1]) for path, found in places.items()
    ]


def _todays(whole: Node, place: KeyPath) -> Any:
    """What a field that is left out says in version 2."""
    section: type[BaseModel] = field_type(Scenario, place[:-1])
    part, name = whole.at(place[:-1]), str(place[-1])
    try:
        return getattr(section.model_validate(part.plain() if part is not None else {}), name)
    except ValidationError:
        return section.model_fields[name].get_default(call_default_factory=True)


def names_elsewhere(root: Node) -> list[str]:
    """What a scenario names from its own folder: the file it extends, catalogs, forecasts."""
    named = [root.part("extends")]
    for field, path in (("catalogs", ()), ("workloads", ("demand", "csv"))):
        part = root.part(field)
        named += [item.at(path) for item in (part.value if part is not None else ())]
    return [str(node.value) for node in named if node is not None and node.value != BUILTIN]
