"""Everything that can go wrong, as a tree.

::

    PlannerError                 exit code, a sentence a planner can act on
    ├── InputError         2     a scenario, catalog or option that cannot be used
    │   ├── ScenarioError        faults of a scenario file, each with file, line and field
    │   └── CatalogError         faults of catalog rows, each with file, line and field
    ├── InfeasiblePlan     3     no plan exists; carries what to relax
    └── SolverFailure      5     no plan: the solver failed or found none in time
        ├── StoppedByClock       the time limit struck before there was a plan
        └── AuditFailure         a plan was found and the audit refused it

Exit code 4 (a plan above the gap asked for, or one that the clock stopped the search for) is a result, not an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one place: ``file:line: field: what`` and what would be right."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class PlannerError(Exception):
    """Anything the planner refuses or fails at; ``exit_code`` is what the command ends with."""

    exit_code = 1


class InputError(PlannerError):
    """A scenario, catalog or option that cannot be used. ``faults`` lists all of them, in file order."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        self.faults: tuple[Fault, ...] = (
            (Fault("", 0, "", faults),) if isinstance(faults, str) else tuple(sorted(set(faults)))
        )
        super().__init__(faults if isinstance(faults, str) else "\n".join(map(str, self.faults)))


class ScenarioError(InputError):
    """Faults of a scenario."""


class CatalogError(InputError):
    """Faults of catalog rows."""


@dataclass(frozen=True)
class Relaxation:
    """One limit that stands in the way: what it would have to be, where it is worst, in planner's words.

    ``kind`` is the family of limit, ``subject`` what it belongs to, ``needed`` and ``limit`` are in ``unit``.
    """

    kind: str
    subject: str
    period: str
    needed: float
    limit: float
    unit: str
    sentence: str


class InfeasiblePlan(PlannerError):
    """No plan meets every limit. ``relaxations`` is the smallest set of limits to relax together.

    ``proven`` tells whether no smaller set would do, or whether the search for one was stopped; ``stopped`` whether it
    was the clock that stopped it. ``notes`` are sentences on what of the scenario no plan of it can use.
    """

    exit_code = 3

    def __init__(
        self, relaxations: Iterable[Relaxation], proven: bool, *, stopped: bool = False, notes: Iterable[str] = ()
    ) -> None:
        self.relaxations = tuple(relaxations)
        self.proven = proven
        self.stopped = stopped
        self.notes = tuple(notes)
        lines = [f"  - {relaxation.sentence}" for relaxation in self.relaxations]
        smallest = "the smallest set of limits to relax" if proven else "a set of limits to relax (not proven smallest)"
        if stopped:
            lines.append("The clock stopped the search for less to relax; --time-limit gives it more.")
        if self.notes:
            lines += ["what the scenario says may not be what was meant:", *(f"  - {note}" for note in self.notes)]
        super().__init__("\n".join([f"no plan meets every limit; {smallest}:", *lines]))


class SolverFailure(PlannerError):
    """No plan: the solver failed, or found none within its time limit."""

    exit_code = 5


class StoppedByClock(SolverFailure):
    """The time limit struck before there was a plan. More time finds one, or another machine does."""


class AuditFailure(SolverFailure):
    """A plan was found and the audit refused it: a defect of the planner, never shown as a plan."""
