"""`--set path=value`: one field of a scenario, by name, in place of what the file says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_origin

from planner.document import Key, KeyPath, Node, parse, scalar
from planner.errors import Fault
from planner.scenario.models import Scenario
from planner.schedule import Schedule, parse_date
from planner.validation import is_section, nearest, part_type

# In a path, every item of a list.
EVERY = "*"
EXAMPLE = "write path=value, such as --set sites.dallas.power_mw=12"


class _Refused(ValueError):
    """Why a path leads nowhere."""


def overridden(root: Node, overrides: Sequence[str], faults: list[Fault]) -> Node:
    """The scenario ``root`` with each ``path=value`` in place. What is wrong is added to ``faults``."""
    for override in overrides:
        path, equals, text = override.partition("=")
        path = path.strip()
        shown = f"--set {path}"
        if not equals or not path:
            faults.append(Fault(f"--set {override}", 0, "", EXAMPLE))
            continue
        value, wrong = parse(text, shown)
        if wrong:
            faults.extend(Fault(shown, 0, "", f"'{text}': {fault.message}") for fault in wrong)
            continue
        placed = _placed(value if value is not None else Node(None, shown, 0))
        try:
            for one in everywhere(root, path):
                root = _set(root, Scenario, one.split("."), placed, [])
        except _Refused as refused:
            faults.append(Fault(shown, 0, "", str(refused)))
    return root


def everywhere(root: Node, path: str) -> list[str]:
    """The paths that ``path`` stands for: one for every item of the list that each ``*`` in it follows.

    Raises ValueError with a sentence where that is no list, or an empty one.
    """
    words = path.split(".")
    if EVERY not in words:
        return [path]
    at = words.index(EVERY)
    above = ".".join(words[:at])
    listed = root.at(key_path(root, above)) if above else root
    if listed is None or not isinstance(listed.value, list):
        raise _Refused(f"{above or 'the scenario'} is no list, so {EVERY} stands for nothing in it")
    every = [".".join([*words[:at], str(index), *words[at + 1 :]]) for index in range(len(listed.value))]
    if not every:
        raise _Refused(f"{above} is empty, so {EVERY} stands for nothing in it")
    return [one for part in every for one in everywhere(root, part)]


def key_path(root: Node, path: str) -> KeyPath:
    """The keys and list indices that ``path`` names in the scenario ``root``; items of lists by name or number.

    Raises ValueError with a sentence where it leads nowhere.
    """
    keys: list[Key] = []
    words, node, kind = path.split("."), root, Scenario
    above: list[str] = []
    while words:
        here = node if node.value is not None else Node(_empty(kind), node.file, 0)
        key, rest = _step(here, kind, words, ".".join(above) or "the scenario")
        above += words[: len(words) - len(rest)]
        keys.append(key)
        node, kind, words = here.part(key) or Node(None, node.file, 0), _type_below(kind, key), rest
    return tuple(keys)


def _placed(node: Node) -> Node:
    """The value without line numbers: it stands on no line of a file."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _placed(part) for key, part in value.items()}
    elif isinstance(value, list):
        value = [_placed(part) for part in value]
    return Node(value, node.file, 0)


def _set(node: Node | None, kind: Any, words: list[str], new: Node, above: list[str]) -> Node:
    """``node``, a value of type ``kind`` or absent, with ``new`` at the path ``words`` below it.

    ``above`` is the path that led here.
    """
    if not words:
        return new
    here = node if node is not None and node.value is not None else Node(_empty(kind), new.file, 0)
    key, rest = _step(here, kind, words, ".".join(above) or "the scenario")
    taken = words[: len(words) - len(rest)]
    part = _set(here.part(key), _type_below(kind, key), rest, new, above + taken)
    if isinstance(here.value, list):
        assert isinstance(key, int)
        return Node([*here.value[:key], part, *here.value[key + 1 :]], here.file, here.line)
    return Node({**here.value, key: part}, here.file, here.line)


def _empty(kind: Any) -> Any:
    return [] if get_origin(kind) is tuple else {}


def _type_below(kind: Any, key: Key) -> Any:
    return float if kind is Schedule else part_type(kind, key)


def _step(here: Node, kind: Any, words: list[str], where: str) -> tuple[Key, list[str]]:
    """The key that the first words name, and the words left. Names may hold dots, so the longest match counts."""
    candidates = [(".".join(words[:count]), words[count:]) for count in range(len(words), 0, -1)]
    if get_origin(kind) is tuple and isinstance(here.value, list):
        return _item(here, candidates, where)
    if is_section(kind) and isinstance(here.value, dict):
        if words[0] not in kind.model_fields:
            raise _Refused(f"no field '{words[0]}' in {where}{nearest(words[0], kind.model_fields)}")
        return words[0], words[1:]
    if not isinstance(here.value, dict) or (kind is not Schedule and get_origin(kind) is not dict):
        raise _Refused(f"{where} has no parts, so there is no '{words[0]}' in it")
    for name, rest in candidates:
        known = next(
            (key for key in here.value if str(key) == name or (kind is Schedule and _same_day(key, name))), None
        )
        if known is not None:
            return known, rest
    # Only a mapping of mappings leaves words for later; a new name of any other takes them all.
    deep = _is_nested(kind)
    name = words[0] if deep else candidates[0][0]
    key = scalar(name)
    return (key if isinstance(key, int | float) and not isinstance(key, bool) else name), words[1:] if deep else []


def _same_day(one: Key, other: str) -> bool:
    try:
        return parse_date(one) == parse_date(other)
    except ValueError:
        return False


def _is_nested(kind: Any) -> bool:
    below = part_type(kind, "")
    return is_section(below) or get_origin(below) is dict


def _item(here: Node, candidates: list[tuple[str, list[str]]], where: str) -> tuple[Key, list[str]]:
    """The index of the item of a list that the words name, by its name or its number from 0."""
    named = dict(_named(here))
    for name, rest in candidates:
        if name in named:
            return named[name], rest
    word, rest = candidates[-1]
    if word.isdecimal() and len(word) < 10 and int(word) < len(here.value):
        return int(word), rest
    one = where.rsplit(".", 1)[-1].removesuffix("s")
    if named:
        raise _Refused(f"no {one} '{word}'{nearest(word, named)}")
    count = len(here.value)
    listed = "none" if not count else "one, 0" if count == 1 else f"0 to {count - 1}"
    raise _Refused(f"no {one} '{word}': the scenario lists {listed}")


def _named(here: Node) -> Iterator[tuple[str, int]]:
    for index, item in enumerate(here.value):
        name = item.part("name")
        if name is not None and isinstance(name.value, str):
            yield name.value, index
