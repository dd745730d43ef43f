"""The Python API's reference: every public name as Markdown, written from its signature and its docstring.

What the functions return is described too, whether its name is public or not: a reader holds it in hand.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import planner
from planner import errors
from planner.render.markdown import table

HEAD = """\
# Python API

What `import planner` offers, as its docstrings say it. This page is written from the code by
`python -m planner.pages`; edit that, not this. Names that are not here may change from one version to the next.

```python
import planner

scenario = planner.load("scenarios/tiny.yaml", overrides=("sites.hall.power_mw=0.1",))
plan = planner.solve(scenario)
assert plan.status == "optimal"
plan.tables["purchases"]     # pandas, as plan.purchases
```

Nothing is printed and nothing written: what goes wrong is an [error](#errors) that carries what it has to say.
"""
WIDTH = 90
# Exceptions and their bases that are ours.
ERRORS = tuple(name for name in planner.__all__ if name in vars(errors))


def api_reference() -> str:
    """The page docs/api.md: functions, what they take and return, errors, each by name."""
    public = {name: getattr(planner, name) for name in planner.__all__ if not name.startswith("_")}
    functions = {name: value for name, value in public.items() if inspect.isfunction(value)}
    classes = {name: value for name, value in public.items() if inspect.isclass(value) and name not in ERRORS}
    classes |= {value.__name__: value for value in map(_returned, functions.values()) if value.__module__ != "builtins"}
    parts = [HEAD, "## Functions\n"]
    parts += [f"### `{name}`\n\n{_described(function)}\n" for name, function in functions.items()]
    parts.append("## What they take and return\n")
    parts += [f"### `{name}`\n\n{_class(classes[name])}\n" for name in sorted(classes)]
    parts += ["## Errors\n", f"{_markdown(errors.__doc__)}\n"]
    parts += [f"### `{name}`\n\n{_error(public[name])}\n" for name in ERRORS]
    parts.append("## Version\n\n`planner.__version__` is the version as text, as `plan --version` prints it.")
    return "\n".join(parts) + "\n"


def _returned(function: Callable[..., Any]) -> type:
    kind: type = get_type_hints(function)["return"]
    return kind


def _described(function: Callable[..., Any]) -> str:
    """A function's signature and what it does."""
    return f"```text\n{signature(function)}\n```\n\n{_markdown(function.__doc__)}"


def signature(function: Callable[..., Any]) -> str:
    """How a function is called, with its annotations as they are written; a line each where one would be too long."""
    of = inspect.signature(function)
    shown = []
    for parameter in of.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        if parameter.name != "self":
            shown.append(_parameter(parameter))
    line = f"{function.__qualname__}({', '.join(shown)}) -> {_written(of.return_annotation)}"
    if len(line) <= WIDTH:
        return line
    inside = "".join(f"    {one},\n" for one in shown)
    return f"{function.__qualname__}(\n{inside}) -> {_written(of.return_annotation)}"


def _parameter(parameter: inspect.Parameter) -> str:
    shown = f"{parameter.name}: {_written(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return shown
    # What a function of the default does is the docstring's to say.
    return f"{shown} = {'...' if callable(parameter.default) else repr(parameter.default)}"


def _class(kind: type) -> str:
    """What a class is, its fields, and what can be asked of it."""
    parts = [_markdown(kind.__doc__)]
    if dataclasses.is_dataclass(kind):
        rows = [(f"`{field.name}`", f"`{_cell(field.type)}`") for field in dataclasses.fields(kind)]
        parts.append(table(("field", "type"), rows).rstrip())
    else:
        parts.append("Its fields are those of the [scenario reference](scenario-reference.md).")
    parts += list(_members(kind))
    return "\n\n".join(parts)


def _cell(annotation: Any) -> str:
    return _written(annotation).replace("|", "\\|")


def _written(annotation: Any) -> str:
    """An annotation as a module would write it, whether it is evaluated there or kept as text."""
    if isinstance(annotation, str):
        return annotation
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", inspect.formatannotation(annotation))


def _members(kind: type) -> Iterator[str]:
    """The properties and methods of a class, in the order in which they are written."""
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property) and member.fget is not None:
            returned = _written(inspect.signature(member.fget).return_annotation)
            yield f"`{kind.__name__}.{name}`, `{returned}`: {_markdown(member.__doc__)}"
        elif inspect.isfunction(member) and member.__module__ == kind.__module__:
            yield _described(member)


def _error(kind: type[errors.PlannerError]) -> str:
    base = kind.__bases__[0]
    above = f"[{base.__name__}](#{base.__name__.lower()})" if base.__name__ in ERRORS else f"`{base.__name__}`"
    return f"{_markdown(kind.__doc__)}\n\nA kind of {above}; the command ends with exit code {kind.exit_code}."


def _markdown(doc: str | None) -> str:
    """A docstring as Markdown, a paragraph to a line; the errors that it raises in a paragraph of their own, linked."""
    text = inspect.cleandoc(doc or "").replace("``", "`")
    text = re.sub(r"::\n\n((?: {4}.*\n|\n)+)", lambda block: f"\n```text\n{_outdented(block[1])}\n```\n\n", text)
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "\n\n".join(part if part.startswith("```") else _prose(part) for part in parts if part.strip())


def _outdented(block: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in block.rstrip().splitlines())


def _prose(text: str) -> str:
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    return "\n\n".join(re.sub(r"(^| )Raises .*", _linked, paragraph).strip() for paragraph in paragraphs)


def _linked(raises: re.Match[str]) -> str:
    linked = re.sub(rf"\b({'|'.join(ERRORS)})\b", lambda name: f"[{name[0]}](#{name[0].lower()})", raises[0].strip())
    return f"\n\n{linked}"
