"""Old names that still work until 0.3, each with a DeprecationWarning: of modules, of what is in them, of arguments."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    # Those who only want the help need not wait for it.
    Loader = object

P = ParamSpec("P")
R = TypeVar("R")

UNTIL = "it goes in 0.3"
# Module as it was → as it is.
MODULES = {
    "planner.analysis": "planner.studies",
    "planner.analysis.alternatives": "planner.studies.alternatives.study",
    "planner.analysis.axes": "planner.studies.frontier.axes",
    "planner.analysis.breakeven": "planner.studies.breakeven.threshold",
    "planner.analysis.changes": "planner.studies.changes",
    "planner.analysis.compare": "planner.studies.compare.study",
    "planner.analysis.conflict": "planner.studies.explain.conflict",
    "planner.analysis.economics": "planner.studies.economics.study",
    "planner.analysis.explain": "planner.studies.explain.study",
    "planner.analysis.frontier": "planner.studies.frontier.study",
    "planner.analysis.information": "planner.studies.information",
    "planner.analysis.levers": "planner.studies.levers.study",
    "planner.analysis.options": "planner.studies.compare.options",
    "planner.analysis.percentile": "planner.studies.percentile",
    "planner.analysis.screening": "planner.studies.breakeven.screening",
    "planner.analysis.sensitivity": "planner.studies.sensitivity.study",
    "planner.analysis.verify": "planner.studies.verify.study",
    "planner.analysis.ways": "planner.studies.breakeven.sourcing",
    "planner.history.actuals": "planner.studies.actuals.study",
    "planner.history.diff": "planner.studies.diff.study",
    "planner.history.replan": "planner.studies.replan.study",
    "planner.history.side": "planner.studies.diff.comparand",
    "planner.scenario.derive": "planner.rules.derive",
}
# A name that is another one in the module's new place.
NAMES = {
    "planner.analysis.levers": {"iceberg": "levers", "levers": "all_levers"},
    "planner.analysis.verify": {"Voice": "EngineResult"},
    "planner.analysis.ways": {"Given": "PriceOverrides", "Way": "SourcingOption"},
    "planner.history.side": {"Side": "Comparand"},
    "planner.scenario.derive": {"derived": "derive_points"},
}
# A name that a module had itself, and where it is now.
ATTRIBUTES = {
    "planner.importers": {
        "Brought": ("planner.importers", "ImportSummary"),
        "Given": ("planner.importers", "ImportOptions"),
    },
    "planner.scenario": {
        "check_references": ("planner.rules", "check_references"),
        "derived": ("planner.rules", "derive_points"),
        "quoted": ("planner.rules", "apply_quotes"),
    },
}


class Finder(Loader):
    """Imports a module by its old name. Both names give the same objects."""

    @staticmethod
    def find_spec(name: str, path: object, target: object = None, /) -> ModuleSpec | None:
        """How to import ``name``, where it is an old one."""
        if name not in MODULES:
            return None
        return ModuleSpec(name, Finder(), is_package=name == "planner.analysis")

    def create_module(self, spec: ModuleSpec) -> None:
        """A module as ever."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill it with what its new place has."""
        old, new = module.__name__, MODULES[module.__name__]
        warnings.warn(f"{old} is {new} now; {UNTIL}", DeprecationWarning, stacklevel=2)
        there = import_module(new)
        own = {"__name__", "__spec__", "__loader__", "__package__", "__path__", "__file__", "__cached__"}
        vars(module).update({name: value for name, value in vars(there).items() if name not in own})
        vars(module).update({name: getattr(there, now) for name, now in NAMES.get(old, {}).items()})


def install() -> None:
    """Let old modules be found, ahead of the empty folders that an older checkout leaves behind."""
    sys.meta_path.insert(0, Finder())


def attributes(module: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module that knows its old names."""

    def get(name: str) -> Any:
        if name not in ATTRIBUTES[module]:
            raise AttributeError(f"module '{module}' has no attribute '{name}'")
        place, now = ATTRIBUTES[module][name]
        warnings.warn(f"{module}.{name} is {place}.{now} now; {UNTIL}", DeprecationWarning, stacklevel=2)
        return getattr(import_module(place), now)

    return get


def renamed(**arguments: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function that takes keyword arguments by their old names too."""

    def around(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given: dict[str, Any] = dict(kwargs)
            for old, new in arguments.items():
                if old in given:
                    words = f"{function.__name__}({old}=) is {new}= now; {UNTIL}"
                    warnings.warn(words, DeprecationWarning, stacklevel=2)
                    if new in given:
                        raise TypeError(f"{function.__name__}() got both {old}= and {new}=")
                    given[new] = given.pop(old)
            return function(*args, **given)

        return call

    return around
