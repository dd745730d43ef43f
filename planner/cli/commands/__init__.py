"""The commands: found by their modules, those of the studies and those of this folder, which are made the same way.

``levers`` is ``plan levers``; ``catalog_levers`` is ``plan catalog levers``.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from planner import studies
from planner.frozen import dataclass
from planner.studies.command import CATALOG, Place

# Names that begin so are those of commands inside a group.
NESTED = f"{CATALOG}_"


@dataclass(frozen=True)
class Command:
    """A command: its name within its group, and the module with its ``PLACE``, ``Options`` and ``run``."""

    name: str
    module: ModuleType

    @property
    def place(self) -> Place:
        """Where it stands."""
        place: Place = self.module.PLACE
        return place

    @property
    def options(self) -> type:
        """The dataclass of its arguments and options."""
        options: type = self.module.Options
        return options

    @property
    def help(self) -> str:
        """What it does, in a sentence."""
        return inspect.getdoc(self.module.run) or ""


def modules() -> dict[str, str]:
    """The module of each command by its whole name, such as ``levers`` or ``catalog_levers``; none is loaded."""
    found = {name: f"{studies.__name__}.{name}.command" for _, name, folder in iter_modules(studies.__path__) if folder}
    return found | {name: f"{__name__}.{name}" for _, name, _ in iter_modules(__path__)}


def names() -> tuple[str, ...]:
    """The names that may follow ``plan``."""
    return (*sorted(name for name in modules() if not name.startswith(NESTED)), CATALOG)


def all_commands(*, nested: bool = False, only: str = "") -> list[Command]:
    """Commands in the order of the help: those of ``plan``, or ``nested`` those of ``plan catalog``."""
    listed = [
        Command(name.removeprefix(NESTED), import_module(module))
        for name, module in modules().items()
        if name.startswith(NESTED) == nested and only in ("", name)
    ]
    return sorted(listed, key=lambda command: (*command.place.order, command.name))
