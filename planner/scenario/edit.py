"""Values put into a YAML text where they belong: every other line, comment and quote stays as somebody wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, SequenceNode

from planner.document import Key, KeyPath

# Where a text is replaced, from one index up to another, and by what.
Edit = tuple[int, int, str]


def with_values(text: str, values: Mapping[KeyPath, Any]) -> str:
    """``text`` with plain ``values`` by path: in place of what is there, else at the end of what encloses it."""
    root = YAML(typ="safe", pure=True).compose(text)
    edits: list[Edit] = []
    missing: dict[int, tuple[MappingNode, dict[Key, Any]]] = {}
    for path, value in values.items():
        node, rest = _innermost(root, path)
        if not rest:
            edits.append((node.start_mark.index, node.end_mark.index, json.dumps(value)))
            continue
        assert isinstance(node, MappingNode)
        _, fields = missing.setdefault(id(node), (node, {}))
        for key in rest[:-1]:
            fields = fields.setdefault(key, {})
        fields[rest[-1]] = value
    edits += [_insertion(text, node, fields) for node, fields in missing.values()]
    return _edited(text, edits)


def with_first(text: str, key: str, value: Any) -> str:
    """``text`` with a field before all others of its root, which has some."""
    root = YAML(typ="safe", pure=True).compose(text)
    first = root.value[0][0]
    field = _field(key, value, quoted=first.style == '"')
    apart = ", " if root.flow_style else _newline(text) + " " * first.start_mark.column
    return _edited(text, [(first.start_mark.index, first.start_mark.index, field + apart)])


def _edited(text: str, edits: list[Edit]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _innermost(node: Node, path: KeyPath) -> tuple[Node, KeyPath]:
    """The innermost node on the way along ``path`` that is there, and the rest of the way."""
    for depth, key in enumerate(path):
        if isinstance(node, SequenceNode):
            inner = node.value[key]
        else:
            inner = next((value for name, value in node.value if name.value == str(key)), None)
        if inner is None:
            return node, path[depth:]
        node = inner
    return node, ()


def _insertion(text: str, node: MappingNode, fields: Mapping[Key, Any]) -> Edit:
    quoted = bool(node.value) and node.value[0][0].style == '"'
    written = [_field(key, value, quoted) for key, value in fields.items()]
    if not node.flow_style:
        at = text.find("\n", _end(text, *node.value[-1]))
        at = len(text) if at < 0 else at - (text[at - 1] == "\r")
        before = _newline(text) + " " * node.value[0][0].start_mark.column
        return at, at, "".join(before + field for field in written)
    if not node.value:
        at = text.index("{", node.start_mark.index) + 1
        return at, at, ", ".join(written)
    key, value = node.value[-1]
    if _is_alias(key, value) or value.start_mark.index == value.end_mark.index:
        at = node.value[0][0].start_mark.index
        return at, at, "".join(f"{field}, " for field in written)
    return value.end_mark.index, value.end_mark.index, "".join(f", {field}" for field in written)


def _end(text: str, before: Node, value: Node) -> int:
    """The index behind the last sign of a field or item of a block, comments left out; ``before`` is what names it."""
    if _is_alias(before, value):
        end: int = before.end_mark.index
        return end
    if not isinstance(value, CollectionNode) or value.flow_style:
        # What is folded or literal is taken to end where the next field begins.
        return len(text[: value.end_mark.index].rstrip())
    last = value.value[-1]
    return _end(text, *(last if isinstance(value, MappingNode) else (value, last)))


def _is_alias(before: Node, value: Node) -> bool:
    """Whether ``value`` is only named where it stands, behind ``before``: it was written further up."""
    return bool(value.start_mark.index < before.start_mark.index)


def _field(key: Key, value: Any, quoted: bool) -> str:
    return f"{json.dumps(str(key)) if quoted else key}: {_written(value, quoted)}"


def _written(value: Any, quoted: bool) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(_field(key, part, quoted) for key, part in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
