"""`traffic` and `demand: {trace: FILE}`: traces beside the scenario, known by their content from when it is loaded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.document import Node
from planner.errors import Fault, InputError
from planner.paths import is_file, is_folder, is_there, names_in
from planner.scenario.demand import OF_TRACE
from planner.scenario.overlay import length_of, replaced
from planner.validation import nearest

if TYPE_CHECKING:
    from planner.traffic.trace import Trace

DIGEST = "trace_sha256"
SEEN = "seen"
_UNREAD: dict[str, Any] = {
    "requests_per_s": 1.0, "hours": 24.0, "input_tokens": 1.0, "output_tokens": 1.0, "levels": (1.0,),
}  # fmt: skip
# Read at once.
_PART = 1 << 20


def with_traces(root: Node, folder: Path, faults: list[Fault]) -> Node:
    """The scenario with the digest of every trace that its workloads name, where it does not state one itself.

    Traces that are not there, or are of no layout that is known, are added to ``faults``. One whose digest is stated is
    looked at when it is used: a saved plan can be read without it.
    """
    for index in range(length_of(root, "workloads")):
        path = ("workloads", index, "traffic")
        traffic = root.at(path)
        source = traffic.part("trace") if traffic is not None else None
        # What is no path is left to validation.
        if traffic is None or source is None or not isinstance(source.value, str) or traffic.part(DIGEST) is not None:
            continue
        digest = _seen(traffic, source, root.title((*path, "trace")), folder, faults)
        if digest:
            known = Node({**traffic.value, DIGEST: Node(digest, source.file, source.line)}, traffic.file, traffic.line)
            root = replaced(root, path, known)
    return root


def with_traced_demand(root: Node, folder: Path, faults: list[Fault]) -> Node:
    """The scenario with what the traces say that demands name, where it is not filled in already.

    A workload that states no tokens has the trace's means; without a load, the trace's own where it goes through a day;
    and without traffic the trace's requests. What is wrong is added to ``faults``.
    """
    for index in range(length_of(root, "workloads")):
        path = ("workloads", index)
        demand = root.at((*path, "demand"))
        source = demand.part("trace") if demand is not None else None
        if demand is None or source is None or not isinstance(source.value, str) or demand.part(SEEN) is not None:
            continue
        workload = root.at(path)
        assert workload is not None
        read = _read(demand, source, root.title((*path, "demand", "trace")), folder, faults)
        # Of a trace that cannot be read nothing else is said to be missing.
        root = replaced(root, path, _filled_in(workload, demand, source, *(read or ("0" * 16, _UNREAD))))
    return root


def _read(
    demand: Node, source: Node, field: str, folder: Path, faults: list[Fault]
) -> tuple[str, dict[str, Any]] | None:
    """The digest of a demand's trace, and the fields of ``Seen``; None where it cannot be used."""
    from planner.traffic.rates import recorded

    path = place_of(source.value, folder)
    digest = _digest(path, source, field, faults)
    stated = demand.part(DIGEST)
    if digest and stated is not None and stated.value not in (None, digest):
        message = f"{source.value}: this is not the trace that trace_sha256 tells of; its own is {digest}"
        faults.append(Fault(stated.file, stated.line, field, message))
        return None
    with _told(source, field, faults):
        if digest:
            return digest, asdict(recorded(trace_of(path, demand)))
    return None


def _filled_in(workload: Node, demand: Node, source: Node, digest: str, seen: dict[str, Any]) -> Node:
    """A workload with what the trace of its ``demand`` says, where it says nothing itself."""

    def node(value: Any) -> Node:
        if isinstance(value, dict):
            return Node({key: node(part) for key, part in value.items()}, source.file, source.line)
        return Node(value, source.file, source.line)

    levels = [node(one) for one in seen["levels"]]
    known = {**demand.value, DIGEST: node(digest), SEEN: node({**seen, "levels": levels})}
    parts = {**workload.value, "demand": Node(known, demand.file, demand.line)}

    def unsaid(field: str) -> bool:
        return field not in parts or parts[field].value is None

    if seen["levels"] and unsaid("load"):
        parts["load"] = node(OF_TRACE)
    if seen["input_tokens"] is not None:
        if unsaid("tokens"):
            parts["tokens"] = node({"input": seen["input_tokens"], "output": seen["output_tokens"]})
        if unsaid("traffic"):
            columns = demand.part("columns")
            parts["traffic"] = node({"trace": source.value, DIGEST: digest})
            if columns is not None:
                parts["traffic"].value["columns"] = columns
    return Node(parts, workload.file, workload.line)


def trace_of(path: Path, stated: Node) -> Trace:
    """The trace at ``path`` with the columns that ``stated`` names. Raises InputError where they are none."""
    from planner.traffic.layouts import mapped
    from planner.traffic.trace import Trace

    columns = stated.part("columns")
    return Trace(path, mapped(columns.value) if columns is not None and isinstance(columns.value, str) else None)


@contextmanager
def _told(source: Node, field: str, faults: list[Fault]) -> Iterator[None]:
    """What is wrong inside as faults: with the trace's own file and line where they name one, else the scenario's."""
    try:
        yield
    except InputError as error:
        faults += [
            fault if fault.file else Fault(source.file, source.line, field, fault.message) for fault in error.faults
        ]


def _digest(path: Path, source: Node, field: str, faults: list[Fault]) -> str:
    """The digest of a trace; empty where it cannot be read, which is a fault."""
    beside = names_in(path.parent) if is_folder(path.parent) and not is_there(path) else []
    try:
        return digest_of(path)
    except InputError as error:
        said = error.faults[0].message.removeprefix(f"{path}: ")
        faults.append(Fault(source.file, source.line, field, f"{said}: {source.value}{nearest(path.name, beside)}"))
        return ""


def place_of(trace: str, folder: Path | None) -> Path:
    """Where a scenario's trace is: beside it, or from the working folder where it was built in Python."""
    return Path(os.path.normpath((folder or Path()) / trace))


def digest_of(path: Path) -> str:
    """The first 16 digits of the SHA-256 of what a file holds. Raises InputError where it cannot be read."""
    if not is_file(path):
        raise InputError(f"{path}: {'this is no file' if is_there(path) else 'no such file'}")
    found = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while part := file.read(_PART):
                found.update(part)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return found.hexdigest()[:16]


def _seen(traffic: Node, source: Node, field: str, folder: Path, faults: list[Fault]) -> str:
    """The digest of a trace whose layout is known; empty where that is a fault."""
    path = place_of(source.value, folder)
    digest = _digest(path, source, field, faults)
    with _told(source, field, faults):
        if digest:
            _ = trace_of(path, traffic).layout
            return digest
    return ""
