"""`traffic: {trace: FILE}`: a trace kept beside the scenario, known by its content from when it is loaded."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from planner.document import Node
from planner.errors import Fault, InputError
from planner.paths import is_file, is_folder, is_there, names_in
from planner.scenario.overlay import length_of, replaced
from planner.validation import nearest

DIGEST = "trace_sha256"
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
    from planner.traffic.layouts import mapped
    from planner.traffic.trace import Trace

    path = place_of(source.value, folder)
    beside = names_in(path.parent) if is_folder(path.parent) and not is_there(path) else []
    try:
        digest = digest_of(path)
    except InputError as error:
        said = error.faults[0].message.removeprefix(f"{path}: ")
        faults.append(Fault(source.file, source.line, field, f"{said}: {source.value}{nearest(path.name, beside)}"))
        return ""
    columns = traffic.part("columns")
    try:
        Trace(path, mapped(columns.value) if columns is not None and isinstance(columns.value, str) else None).layout  # noqa: B018
    except InputError as error:
        faults += [
            fault if fault.file else Fault(source.file, source.line, field, fault.message) for fault in error.faults
        ]
        return ""
    return digest
