"""A YAML 1.2 text as plain values that remember the file and line they were written on."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from planner.errors import Fault, InputError
from planner.frozen import dataclass
from planner.paths import read_bytes

Key = str | int | float
KeyPath = tuple[Key, ...]

# Aliases let a few lines stand for billions of values; no honest file comes near this.
MOST_VALUES = 200_000
# Twice what so many values take; the parser reads some 40,000 letters a second.
MOST_LETTERS = 2_000_000
TAG = "tag:yaml.org,2002:"
# The parser's usual complaints, and what they come from.
REWORDED = {
    "found character '\\t'": "a tab stands here; YAML indents with spaces",
    "'<stream end>'": "the text ends inside a bracket",
    "found unexpected end of stream": "a quote is opened and not closed",
    "mapping values are not allowed": "a ':' cannot stand here; check the indentation, or put the text in quotes",
    "sequence entries are not allowed": "a '- ' cannot stand here; check the indentation",
    "could not find expected ':'": "a ':' is missing after the field's name",
    "expected <block end>": "the indentation does not fit the lines above",
    "expected '<document start>'": "the indentation does not fit the lines above",
    "expected the node content": "a value is missing",
    "found another document": "a second document begins here; a file holds one",
}


@dataclass(frozen=True)
class Node:
    """A value and where it was written.

    ``value`` is a scalar, a list of nodes, or a mapping of keys to nodes. ``line`` is that of the key for what stands
    in a mapping, 0 where there is none.
    """

    value: Any
    file: str
    line: int

    def plain(self) -> Any:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def part(self, key: Key) -> Node | None:
        """The node under a key or at an index; None where there is none."""
        if isinstance(self.value, dict):
            found: Node | None = self.value.get(key)
            return found
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]  # type: ignore[no-any-return]
        return None

    def at(self, path: KeyPath) -> Node | None:
        """The node at ``path``; None where there is none."""
        node: Node | None = self
        for key in path:
            node = node.part(key) if node is not None else None
        return node

    def nearest(self, path: KeyPath) -> Node:
        """The node at ``path``, or the innermost one that encloses where it would be."""
        node = self
        for key in path:
            inner = node.part(key)
            if inner is None:
                break
            node = inner
        return node

    def title(self, path: KeyPath) -> str:
        """``sites.dallas.power_mw``: the path with the names of named things in place of their index."""
        words, node = [], self
        for key in path:
            inner = node.part(key)
            name = inner.part("name") if inner is not None and isinstance(node.value, list) else None
            words.append(str(name.value) if name is not None and isinstance(name.value, str) else str(key))
            node = inner if inner is not None else Node(None, "", 0)
        return ".".join(words)


def read_text(path: Path, shown: str) -> str:
    """The text of a file. Raises InputError, naming it ``shown``, where there is none."""
    return text_of(bytes_of(path, shown), shown)


def bytes_of(path: Path, shown: str) -> bytes:
    """All that a file holds. Raises InputError, naming it ``shown``, where it cannot be read."""
    try:
        return read_bytes(path)
    except OSError as error:
        said = error.strerror or str(error)
        message = f"the file cannot be read: {said}" if error.errno else said
    raise InputError([Fault(shown, 0, "", message)])


def text_of(content: bytes, shown: str) -> str:
    """What a file holds as text. Raises InputError, naming it ``shown``, where it is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError([Fault(shown, 0, "", "this is not a text file (UTF-8)")]) from None


def written_out(plain: object) -> str:
    """A YAML text of plain values, keys in their order."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    yaml.width = 120
    text = io.StringIO()
    yaml.dump(plain, text)
    return text.getvalue().rstrip("\n") + "\n"


@lru_cache(maxsize=64)
def parse(text: str, file: str) -> tuple[Node | None, tuple[Fault, ...]]:
    """The root node of a YAML text and all its faults; no root where the text is empty or not YAML."""
    if len(text) > MOST_LETTERS:
        return None, (Fault(file, 0, "", f"more than {MOST_LETTERS:,} letters; tables belong into CSV"),)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        return None, (_syntax_fault(error, file),)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, (Fault(file, line, "", "this is not a text file: it has an unprintable character here"),)
    except RecursionError:
        return None, (Fault(file, 0, "", "this is nested too deeply to be read"),)
    if root is None:
        return None, ()
    reader = _Reader(file)
    node = reader.node(root, root.start_mark.line + 1, ())
    return node, tuple(Fault(file, line, node.title(path), message) for line, path, message in reader.faults)


def scalar(text: str) -> Any:
    """What a plain YAML word means: a number, true or false, nothing, or itself."""
    node, faults = parse(text, "")
    return text if node is None or faults or isinstance(node.value, dict | list) else node.value


def _syntax_fault(error: MarkedYAMLError, file: str) -> Fault:
    """What keeps a text from being YAML, without the parser's own words where they are the usual ones."""
    mark, opened = error.problem_mark or error.context_mark, error.context_mark
    problem = (error.problem or error.context or "it cannot be read").rstrip(".")
    if problem.startswith("expected ',' or") and opened:
        problem = f"a bracket opened on line {opened.line + 1} is not closed, or a comma is missing"
    else:
        problem = next((said for part, said in REWORDED.items() if part in problem), problem)
    return Fault(file, mark.line + 1 if mark else 0, "", f"this is not valid YAML: {problem}")


class _Reader:
    """Turns composed YAML into nodes and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[tuple[int, KeyPath, str]] = []
        self._seen = 0
        self._open: set[int] = set()

    def node(self, raw: YamlNode, line: int, path: KeyPath) -> Node:
        self._seen += 1
        if id(raw) in self._open:
            self._fault(line, path, "an alias makes this value contain itself")
            return Node(None, self.file, line)
        if self._seen > MOST_VALUES:
            if self._seen == MOST_VALUES + 1:
                self._fault(line, (), f"more than {MOST_VALUES:,} values; do aliases repeat each other?")
            return Node(None, self.file, line)
        self._open.add(id(raw))
        value: Any
        if isinstance(raw, MappingNode) and raw.tag == TAG + "map":
            value = dict(self._entries(raw, path))
        elif isinstance(raw, SequenceNode) and raw.tag == TAG + "seq":
            value = [self.node(item, item.start_mark.line + 1, (*path, index)) for index, item in enumerate(raw.value)]
        else:
            value = self._scalar(raw, line, path)
        self._open.discard(id(raw))
        return Node(value, self.file, line)

    def _entries(self, raw: MappingNode, path: KeyPath) -> Iterator[tuple[Key, Node]]:
        lines: dict[Key, int] = {}
        for raw_key, raw_value in raw.value:
            line = raw_key.start_mark.line + 1
            if not isinstance(raw_key, ScalarNode):
                self._fault(line, path, "a field's name has to be a single word")
                continue
            key = self._key(raw_key, line, path)
            if raw_key.tag == TAG + "merge":
                self._fault(line, path, "YAML 1.2 has no merge key '<<'; repeat the fields, or use extends")
                continue
            if key in lines:
                self._fault(line, (*path, key), f"this field is given twice, first on line {lines[key]}")
                continue
            lines[key] = line
            yield key, self.node(raw_value, line, (*path, key))

    def _key(self, raw: ScalarNode, line: int, path: KeyPath) -> Key:
        if raw.tag in (TAG + "int", TAG + "float"):
            value = self._scalar(raw, line, (*path, raw.value))
            return value if isinstance(value, int | float) else str(raw.value)
        return str(raw.value)

    def _scalar(self, raw: YamlNode, line: int, path: KeyPath) -> Any:
        text: str = raw.value if isinstance(raw.value, str) else ""
        kind = str(raw.tag).removeprefix(TAG) if isinstance(raw, ScalarNode) else ""
        if kind in ("str", "timestamp", "merge", "value"):
            if not _is_written(text):
                self._fault(line, path, "half of a surrogate pair is no letter")
                return None
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on", "y")
        if kind not in ("int", "float"):
            self._fault(line, path, f"the YAML tag '{raw.tag}' means nothing here")
            return None
        try:
            number = _number(text.replace("_", "").lower())
            if math.isfinite(number):
                return number
        except (ValueError, OverflowError):
            pass
        self._fault(line, path, f"'{text[:40]}' is not a finite number")
        return None

    def _fault(self, line: int, path: KeyPath, message: str) -> None:
        self.faults.append((line, path, message))


def _is_written(text: str) -> bool:
    """Whether a text can be written as UTF-8: an escape such as "\\ud800" says half a letter."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(text: str) -> int | float:
    digits = text.lstrip("+-")
    if digits[:2] in ("0x", "0o", "0b"):
        return int(text, 0)
    if digits.isdigit():
        return int(text)
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))
