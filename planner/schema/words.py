"""A field's type, default and meaning in a planner's words."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import is_typeddict

from planner.schedule import Schedule
from planner.schema.result_rows import DATE

NAMES: dict[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    dt.date: "date",
    Schedule: "schedule",
}
KEYS = {str: "name", int: "year", float: "number"}
SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def sections_in(annotation: Any) -> Iterator[tuple[type[Any], str]]:
    """Sections inside an annotation, and what stands behind the field's name: ``[]`` for a list, ``{}`` by name."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if is_section(annotation):
        yield annotation, ""
    elif origin in (tuple, list):
        yield from ((found, "[]") for found, _ in sections_in(arguments[0]))
    elif origin is dict:
        yield from ((found, "{}") for found, _ in sections_in(arguments[1]))
    elif origin in (Union, types.UnionType):
        for choice in arguments:
            yield from sections_in(choice)


def is_section(annotation: Any) -> bool:
    """Whether a value of this type is a mapping of known fields."""
    model = isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not Schedule
    return model or is_typeddict(annotation)


def meaning(field: FieldInfo) -> str:
    """What a field means: its description, else the first line of the section it holds."""
    if field.description:
        return field.description
    inner = [found for found, _ in sections_in(field.annotation)]
    doc = (inner[0].__doc__ or "").splitlines()[0].rstrip(".") if inner else ""
    return doc[:1].lower() + doc[1:] if doc[1:2].islower() or doc[1:2] == " " else doc


def type_of(field: FieldInfo, *, null: bool = False) -> str:
    """A field's type; ``null`` says too where its value may be null."""
    return _words(field.annotation, field.metadata, null)


def default_of(field: FieldInfo) -> str:
    """A field's default as YAML would write it."""
    if field.default_factory is not None:
        return "none"
    return "**required**" if field.default is PydanticUndefined else _value(field.default)


def _words(annotation: Any, metadata: Sequence[Any] = (), null: bool = False) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0], arguments[1:], null)
    if origin is Literal:
        return ", ".join(map(_choice, arguments))
    if origin in (Union, types.UnionType):
        choices = [_words(choice, metadata, null) for choice in arguments if choice is not type(None)]
        return " or ".join(choices + ["null"] * (null and type(None) in arguments))
    if origin in (tuple, list):
        each = _words(arguments[0], (), null)
        return "list of sections" if each == "section" else f"list of {each}"
    if origin is dict:
        inner = _words(arguments[1], (), null)
        return f"{_key(arguments[0])} → ({inner})" if "→" in inner else f"{_key(arguments[0])} → {inner}"
    if is_section(annotation):
        return "section"
    return "date" if DATE in metadata else _bounded(annotation, metadata)


def _key(annotation: Any) -> str:
    return KEYS.get(annotation) or _words(annotation)


def _choice(value: Any) -> str:
    if value == "":
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _flat(metadata: Sequence[Any]) -> Iterator[Any]:
    """Metadata with that of nested fields in their place."""
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else (item,)


def _bounded(annotation: Any, metadata: Sequence[Any]) -> str:
    bounds: dict[str, float] = {}
    for item in _flat(metadata):
        for kind in SIGNS:
            if isinstance(item, getattr(annotated_types, kind.capitalize())):
                bounds[kind] = getattr(item, kind)
    if annotation is float and bounds == {"ge": 0, "le": 1}:
        return "share"
    if annotation is int and bounds == {"ge": 1}:
        return "count"
    limits = " and ".join(f"{sign} {bounds[kind]:g}" for kind, sign in SIGNS.items() if kind in bounds)
    return f"{NAMES[annotation]} {limits}".rstrip()


def _value(value: Any) -> str:
    if value is None or value == () or value == "":
        return "none"
    if isinstance(value, BaseModel) and not isinstance(value, Schedule):
        return "its defaults"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Schedule):
        return f"`{value.values[0]:g}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(str(item) for item in value) + "]`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
