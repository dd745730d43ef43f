"""What pydantic finds wrong, said in words a planner can act on."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from planner.document import KeyPath
from planner.errors import Fault
from planner.fields import explanation
from planner.schedule import Schedule

# Pydantic's error types by what the value is not, and by what was expected in its place.
NOT = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of sensible size",
    "int_from_float": "a whole number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
EXPECTED = {
    "string_type": "text",
    "tuple_type": "a list, such as [a, b]",
}
BOUNDS = {"greater_than": "above", "greater_than_equal": "at least", "less_than": "below", "less_than_equal": "at most"}


def nearest(word: object, known: Iterable[object], few: int = 12) -> str:
    """``; nearest: dallas`` for the known word closest to ``word``; otherwise the known words, if they are ``few``."""
    words = sorted({str(other) for other in known})
    close = _closest(word, words)
    if close:
        return f"; nearest: {close}"
    return f"; known: {', '.join(words)}" if 0 < len(words) <= few else ""


def _closest(word: object, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)), "")


def faults_of(
    error: ValidationError, model: type[BaseModel], data: Any, fault: Callable[[KeyPath, str], Fault]
) -> list[Fault]:
    """The faults behind a ValidationError of ``model`` on ``data``.

    ``fault`` makes one from the path into ``data`` and a sentence.
    """
    details = [(_path_in(data, detail["loc"], detail["type"]), detail) for detail in error.errors(include_url=False)]
    # A misspelt field is one fault, not also the absence of the field that was meant.
    meant = {(*path[:-1], _meant(model, path)) for path, detail in details if detail["type"] == "extra_forbidden"}
    found = []
    for path, detail in details:
        kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
        if kind == "missing" and path in meant:
            continue
        # Pydantic counts valid entries only; the faults of the others are reported themselves.
        if kind == "too_short" and len(given) >= context["min_length"]:
            continue
        if kind == "field":
            found.append(fault((*path, context["field"]), context["message"]))
        else:
            found.append(fault(path, _sentence(kind, given, context, detail["msg"], path, model)))
    return found


def field_type(model: type[BaseModel], path: KeyPath) -> Any:
    """The annotation of the field at ``path`` below ``model``, without Annotated and None; None if unknown."""
    return reduce(part_type, path, model)


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
        if isinstance(data, Mapping) and step not in data:
            # Keys that are no words, such as 1.5, come as words.
            step = next((key for key in data if str(key) == step), step)
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
        return f"unknown field{_where(path, model)}"
    if given is None:
        return "this is empty; give it a value or remove the line"
    if kind == "literal_error":
        options = [quoted or bare for quoted, bare in re.findall(r"'([^']*)'|(\d+)", context["expected"])]
        close = _closest(given, options)
        return f"{shown} is none of {', '.join(options)}" + (f"; nearest: {close}" if close else "")
    if kind == "value_error":
        return str(context["error"])
    if kind in NOT:
        return f"{shown} is not {NOT[kind]}"
    if kind in EXPECTED:
        quotes = "; put it in quotes" if kind == "string_type" and isinstance(given, int | float) else ""
        return f"expected {EXPECTED[kind]}, not {shown}{quotes}"
    if kind == "dict_type":
        entry = _fields(part_type(field_type(model, path), "")) or "value"
        return f"expected a mapping, such as {{name: {entry}}}, not {shown}"
    if kind == "model_type":
        fields = _fields(field_type(model, path))
        return f"expected a mapping of fields{fields and f', such as {fields}'}, not {shown}"
    if kind in BOUNDS:
        return f"this has to be {BOUNDS[kind]} {next(iter(context.values())):g}, not {shown}"
    if kind == "too_short":
        return "this list is empty; it needs at least one entry"
    if kind == "string_too_short":
        return "this is empty; give it a name"
    if kind == "string_too_long":
        return f"this is longer than {context['max_length']} characters"
    return original.replace("Input should", "this has to")


def _where(path: KeyPath, model: type[BaseModel]) -> str:
    """Where a field belongs that is none here: to a section beside it, or under the name that is meant."""
    name, siblings = path[-1], _siblings(model, path)
    sections = {sibling: field_type(model, (*path[:-1], sibling)) for sibling in siblings}
    homes = [sibling for sibling, kind in sections.items() if is_section(kind) and name in kind.model_fields]
    if homes:
        return f"; it belongs to {' or '.join(homes)}, as in {homes[0]}: {{{name}: ...}}"
    return nearest(name, siblings, few=len(siblings))


def _fields(section: Any) -> str:
    """The first of the fields that a section has to have: ``{design: ..., annual: ...}``; nothing where it is none."""
    if not is_section(section):
        return ""
    every = section.model_fields
    # Its own ones before those that all rows share.
    names = sorted(every, key=lambda name: (not every[name].is_required(), name not in section.__annotations__))
    return f"{{{', '.join(f'{name}: ...' for name in names[:2])}}}"


def _siblings(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The fields known where the last step of ``path`` stands; a row's own place is not for its author to write."""
    parent = field_type(model, path[:-1])
    return [name for name in parent.model_fields if name not in ("file", "line")] if is_section(parent) else []


def _meant(model: type[BaseModel], path: KeyPath) -> str:
    return _closest(path[-1], _siblings(model, path))


def _missing(path: KeyPath, model: type[BaseModel]) -> str:
    parent = field_type(model, path[:-1])
    meant = explanation(parent.model_fields[str(path[-1])]) if is_section(parent) else ""
    return "this field is missing" + (f" ({meant})" if meant else "")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.12g}"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"'{value}'" if len(str(value)) <= 60 else f"'{str(value)[:57]}...'"
