"""The commands' reference: every command with its arguments and options as Markdown, written from the functions.

What Typer is told stands in the annotations, so the page is the same for every version of Typer and of its help.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo, ParameterInfo

from planner.cli.application import CATALOG_PLACE, application
from planner.cli.commands import all_commands
from planner.frozen import dataclass
from planner.render.markdown import table
from planner.studies.command import CATALOG

HEAD = """\
# Commands

Every command with its arguments and options, as `plan COMMAND --help` has them. This page is written from the commands
by `python -m planner.pages`; edit those, not this.

An option without a default is off, or leaves the choice to the scenario or the command. What is repeatable may be given
more than once.
"""

NAMES: dict[Any, str] = {str: "text", int: "whole number", float: "number", Path: "path", bool: ""}
Function = Callable[..., Any]


@dataclass(frozen=True)
class Command:
    """A command as its user calls it, and the function behind it."""

    name: str
    function: Function
    said: str

    @property
    def help(self) -> str:
        """What it does, a paragraph to a line."""
        return _paragraphs(self.said or inspect.getdoc(self.function) or "")


def commands_reference() -> str:
    """The page docs/commands.md: a section per command, a table row per argument or option."""
    app = application()
    parts = [HEAD, f"## `plan`\n\n{_paragraphs(str(app.info.help))}\n", _table(_own(app))]
    for command in commands(app, "plan"):
        parts += [
            f"## `{command.name}`\n\n{command.help}\n",
            f"```text\n{usage(command)}\n```\n",
            _table(command.function),
        ]
    return "\n".join(parts).rstrip() + "\n"


def commands(group: typer.Typer, name: str) -> Iterator[Command]:
    """The commands of a group in their order, those of the groups inside it behind them."""
    for info in group.registered_commands:
        assert info.callback is not None
        called = info.name or info.callback.__name__.replace("_", "-")
        yield Command(f"{name} {called}", info.callback, info.help or "")
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, f"{name} {inner.name}")


def commands_table(*, linked: bool) -> str:
    """What each command is for, a row each; ``linked`` to its page, as seen from docs/."""
    places = [(command.name, command.place) for command in all_commands()] + [(CATALOG, CATALOG_PLACE)]
    rows = []
    for name, place in sorted(places, key=lambda item: item[1].order):
        if place.usage:
            page = place.page or f"commands.md#plan-{name}"
            rows.append((f"[{place.usage}]({page})" if linked else place.usage, place.summary))
    return table(("command", "what for"), rows)


def usage(command: Command) -> str:
    """The line that calls a command: its arguments, and the options it cannot do without."""
    words = [command.name]
    for parameter in _parameters(command.function):
        if isinstance(parameter.info, ArgumentInfo):
            words.append(parameter.shown if parameter.required else f"[{parameter.shown.strip('[]')}]")
        elif parameter.required:
            words.append(f"{parameter.flags[0]} {parameter.shown}")
    return " ".join([*words, "[OPTIONS]"])


@dataclass(frozen=True)
class Parameter:
    """An argument or option: what Typer is told of it, its type and its default."""

    name: str
    info: ParameterInfo
    annotation: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether the command cannot do without it."""
        return self.default is inspect.Parameter.empty

    @property
    def flags(self) -> list[str]:
        """An option's names, the long one first."""
        # In an Annotated, the first name stands where the default would.
        first = self.info.default if isinstance(self.info.default, str) else f"--{self.name.replace('_', '-')}"
        return [first, *(self.info.param_decls or ())]

    @property
    def shown(self) -> str:
        """What stands for its value: a metavar, else its type; nothing for a switch."""
        if self.info.metavar:
            return self.info.metavar
        word = NAMES[_plain(self.annotation)]
        return f"<{word}>" if word else ""

    @property
    def repeatable(self) -> bool:
        """Whether it is an option that may be given more than once."""
        return isinstance(self.info, OptionInfo) and _is_list(self.annotation)


def _parameters(function: Function) -> list[Parameter]:
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        annotation, info = get_args(hints[name])[:2]
        found.append(Parameter(name, info, annotation, parameter.default))
    return found


def _own(group: typer.Typer) -> Function:
    """The function with the options of ``plan`` itself."""
    assert group.registered_callback is not None
    assert group.registered_callback.callback is not None
    return group.registered_callback.callback


def _table(function: Function) -> str:
    cells = ([_call(one), _default(one), _meaning(one)] for one in _parameters(function))
    rows = ([cell.replace("|", "\\|") for cell in row] for row in cells)
    return table(("argument or option", "default", "meaning"), rows)


def _call(parameter: Parameter) -> str:
    if isinstance(parameter.info, ArgumentInfo):
        return f"`{parameter.shown}`"
    *others, long = reversed(parameter.flags)
    return ", ".join([*(f"`{flag}`" for flag in others), f"`{long} {parameter.shown}".rstrip() + "`"])


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "**required**"
    return "" if parameter.default in (None, False) else f"`{parameter.default}`"


def _meaning(parameter: Parameter) -> str:
    text = parameter.info.help or ""
    return f"{text} Repeatable." if parameter.repeatable and "repeatable" not in text else text


def _is_list(annotation: Any) -> bool:
    return any(get_origin(choice) is list for choice in (annotation, *get_args(annotation)))


def _plain(annotation: Any) -> Any:
    """The type of one value, without None and list."""
    if get_origin(annotation) in (Union, types.UnionType):
        return _plain(next(choice for choice in get_args(annotation) if choice is not type(None)))
    return _plain(get_args(annotation)[0]) if get_origin(annotation) is list else annotation


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
