"""What pydantic finds wrong, said in words a planner can act on."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from planner.document import KeyPath
from planner.errors import Fault
from planner.schedule import Schedule

# Pydantic's error types by what was expected.
EXPECTED = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of sensible size",
    "int_from_float": "a whole number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text; if it is meant, put it in quotes",
    "tuple_type": "a list, such as [a, b]",
    "list_type": "a list, such as [a, b]",
    "dict_type": "a mapping, such as {name: value}",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
}
BOUNDS = {
    "greater_than": ("gt", "has to be above"),
    "greater_than_equal": ("ge", "has to be at least"),
    "less_than": ("lt", "has to be below"),
    "less_than_equal": ("le", "has to be at most"),
}


def nearest(word: object, known: Iterable[object]) -> str:
    """``; nearest: dallas`` for the known word closest to ``word``; otherwise the known words, if they are few."""
    words = sorted({str(other) for other in known})
    close = difflib.get_close_matches(str(word), words, n=1, cutoff=0.5)
    if close:
        return f"; nearest: {close[0]}"
    return f"; known: {', '.join(words)}" if 0 < len(words) <= 12 else ""


def faults_of(
    error: ValidationError, model: type[BaseModel], data: Any, fault: Callable[[KeyPath, str], Fault]
) -> list[Fault]:
    """The faults behind a ValidationError of ``model`` on ``data``.

    ``fault`` makes one from the path into ``data`` and a sentence.
    """
    found = []
    for detail in error.errors(include_url=False):
        path = _path_in(data, detail["loc"], detail["type"])
        context = detail.get("ctx", {})
        if detail["type"] == "field":
            path, message = (*path, context["field"]), context["message"]
        else:
            message = _sentence(detail["type"], detail["input"], context, detail["msg"], path, model)
        found.append(fault(path, message))
    return found


def field_type(model: type[BaseModel], path: KeyPath) -> Any:
    """The annotation of the field at ``path`` below ``model``, without Annotated and None; None if unknown."""
    current: Any = model
    for key in path:
        current = part_type(current, key)
        if current is None:
            return None
    return current


def part_type(annotation: Any, key: Any) -> Any:
    """The annotation of one field, entry or item of a value of type ``annotation``; None if it has no such part."""
    if is_section(annotation):
        found = annotation.model_fields.get(key)
        return _bare(found.annotation) if found is not None else None
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return _bare(arguments[0])
    if origin is dict:
        return _bare(arguments[1])
    return None


def is_section(annotation: Any) -> bool:
    """Whether a field is a mapping of known fields."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not Schedule


def _bare(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        # Of `float | dict[int, float] | None` the mapping is the part that has parts.
        options = [_bare(option) for option in get_args(annotation) if option is not type(None)]
        return next((option for option in options if get_origin(option) is dict), options[0])
    return annotation


def _path_in(data: Any, location: tuple[int | str, ...], kind: str) -> KeyPath:
    """Pydantic's location without the steps that are not in the data: tags of unions and ``[key]``."""
    path: list[Any] = []
    for step in location:
        in_list = isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)
        if in_list or (isinstance(data, Mapping) and step in data):
            data = data[step]
        elif kind == "missing" and step == location[-1]:
            data = None
        else:
            continue
        path.append(step)
    return tuple(path)


def _sentence(
    kind: str, given: Any, context: Mapping[str, Any], original: str, path: KeyPath, model: type[BaseModel]
) -> str:
    shown = _shown(given)
    if kind == "missing":
        return _missing(path, model)
    if kind in ("extra_forbidden", "invalid_key"):
        parent = field_type(model, path[:-1])
        known = parent.model_fields if is_section(parent) else ()
        return f"unknown field{nearest(path[-1], (name for name in known if name not in ('file', 'line')))}"
    if kind == "literal_error":
        options = [quoted or bare for quoted, bare in re.findall(r"'([^']*)'|(\d+)", context["expected"])]
        close = difflib.get_close_matches(str(given), options, n=1, cutoff=0.5)
        return f"{shown} is none of {', '.join(options)}" + (f"; nearest: {close[0]}" if close else "")
    if kind == "value_error":
        return str(context["error"])
    if given is None:
        return "this is empty; give it a value or remove the line"
    if kind in EXPECTED:
        return f"{shown} is not {EXPECTED[kind]}"
    if kind in BOUNDS:
        bound, words = BOUNDS[kind]
        return f"{shown} {words} {context[bound]:g}"
    if kind == "too_short":
        return "this list is empty; it needs at least one entry"
    if kind == "string_too_short":
        return "this is empty; give it a name"
    if kind == "string_too_long":
        return f"this is longer than {context['max_length']} characters"
    return original.replace("Input should", "this has to")


def _missing(path: KeyPath, model: type[BaseModel]) -> str:
    parent = field_type(model, path[:-1])
    described = parent.model_fields[str(path[-1])].description if is_section(parent) else None
    return "this field is missing" + (f" ({described})" if described else "")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e15 else str(value)[:40]
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"'{value}'" if len(str(value)) <= 60 else f"'{str(value)[:57]}...'"
