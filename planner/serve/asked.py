"""What is asked: the fields that a link or the form changes, as overrides of the scenario, checked one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

from planner.errors import Fault, ScenarioError
from planner.frozen import dataclass
from planner.scenario import Scenario
from planner.scenario.load import scenario_of
from planner.serve.fields import Field, Value
from planner.serve.form import Form

# A link that is longer holds no move that the form can make.
MOST_MOVES = 400
Move = tuple[Field, Value]


class Refused(Exception):
    """What is asked cannot be: a sentence for each field by name, and '' for what is no field's own."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        super().__init__("; ".join(sentences.values()))
        self.sentences = dict(sentences)


@dataclass(frozen=True)
class Asked:
    """Fields with their new values, only those that differ from the scenario's own, in the form's order.

    ``overrides`` are the same as ``--set`` takes them; they tell two questions apart.
    """

    moves: tuple[Move, ...] = ()
    overrides: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        """The same as the query of a link."""
        return urlencode([(field.name, field.written(value)) for field, value in self.moves])


def read(form: Form, base: Scenario, items: Iterable[tuple[str, str]]) -> Asked:
    """What a query asks. Raises Refused where it names no field, or a value that a field cannot have."""
    known, found, faults = form.by_name(), {}, {}
    for count, (name, text) in enumerate(items):
        field = known.get(name)
        if field is None or count >= MOST_MOVES:
            faults[""] = "The link asks for something that this form does not have; begin anew."
            continue
        try:
            found[name] = field.read(text)
        except ValueError as error:
            faults[name] = str(error)
    if faults:
        raise Refused(faults)
    moves = [(field, found[name]) for name, field in known.items() if name in found and found[name] != field.now]
    return Asked(tuple(moves), tuple(_overrides(base, moves)))


def _overrides(base: Scenario, moves: Iterable[Move]) -> Iterator[str]:
    """Each move as ``--set`` takes it; what is in a list or not becomes the whole list."""
    members: dict[str, dict[str, bool]] = {}
    for field, value in moves:
        if field.kind == "member":
            members.setdefault(field.path, {})[field.member] = bool(value)
        elif field.kind == "factor":
            yield f"{field.path}=x{value:.12g}"
        elif isinstance(value, bool):
            yield f"{field.path}={str(value).lower()}"
        elif isinstance(value, float):
            yield f"{field.path}={value * field.scale:.12g}"
        else:
            yield f"{field.path}={'null' if value is None else json.dumps(value)}"
    for path, wanted in members.items():
        yield from _lists(base, path, wanted)


def _lists(base: Scenario, path: str, wanted: Mapping[str, bool]) -> Iterator[str]:
    """The list at ``path`` with what is ``wanted`` and without what is not; of names that may be used, both lists."""
    rules = base.procurement
    if path == "procurement.rent":
        yield f"{path}={_listed(_changed(rules.rent, wanted))}"
        return
    names = rules.systems if path == "procurement.systems" else rules.providers
    deny = _changed(names.deny, {name: not use for name, use in wanted.items()})
    if names.allow is not None:
        # What is not on the list of those allowed is put there; what is, is denied, which is the shorter change.
        allow = _changed(names.allow, {name: True for name, use in wanted.items() if use})
        if allow != list(names.allow):
            yield f"{path}.allow={_listed(allow)}"
    if deny != list(names.deny):
        yield f"{path}.deny={_listed(deny)}"


def _changed(before: Iterable[str], wanted: Mapping[str, bool]) -> list[str]:
    kept = [name for name in before if wanted.get(name, True)]
    return kept + [name for name, use in wanted.items() if use and name not in kept]


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(json.dumps(name) for name in names)}]"


def scenario_with(base: Scenario, asked: Asked) -> Scenario:
    """The scenario that is asked about. Raises Refused with what the scenario's own rules say of the values."""
    if not asked.moves:
        return base
    try:
        return scenario_of(base.origin.root, base.origin.folder or Path(), asked.overrides)
    except ScenarioError as error:
        raise Refused(_sentences(error.faults, asked)) from None


def _sentences(faults: Iterable[Fault], asked: Asked) -> dict[str, str]:
    """Each fault by the field that it is of, as far as that can be told."""
    found: dict[str, str] = {}
    for fault in faults:
        path = fault.file.removeprefix("--set ")
        name = next((field.name for field, _ in asked.moves if field.path == path or fault.field == field.path), "")
        found[name] = fault.message if name else str(fault)
    return found
