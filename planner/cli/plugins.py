"""Packages' entry points are looked up when somebody asks for them, and not already when pydantic names them.

pydantic asks for plugins of its own, of which the command has none; what reads entry points loads a library for e-mail
besides, which takes a fortieth of a small plan.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

NAME = "importlib.metadata"


class _Later(ModuleType):
    """``importlib.metadata`` until anything of it is used."""

    def __getattr__(self, name: str) -> Any:
        # What imports asks for these, whatever it wants of a module.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(), name)

    @staticmethod
    def entry_points(**asked: Any) -> Any:
        """Those of the installed packages."""
        return _real().entry_points(**asked)


def without_plugins() -> None:
    """Let pydantic look for no plugins, and what would find them be loaded when it is used."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if NAME not in sys.modules:
        sys.modules[NAME] = _Later(NAME)


def _real() -> ModuleType:
    if isinstance(sys.modules.get(NAME), _Later):
        del sys.modules[NAME]
    return import_module(NAME)
