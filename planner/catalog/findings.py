"""What looks wrong with a row, and the marks in its note that say why it stands all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from planner.catalog.models import Row
from planner.errors import Fault
from planner.frozen import dataclass
from planner.validation import nearest

# What a row is held against, as marks call it.
CHECKS = ("flops", "bandwidth", "memory", "latency", "concurrency", "price", "contradiction", "age")
# `checked price: a quote for one node`, one part of a note between semicolons.
_MARK = re.compile(r"checked\b\s*([^:]*?)\s*(?::\s*(.*))?$", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """What one of ``CHECKS`` holds against a field of a row."""

    check: str
    row: Row
    field: str
    message: str


def findings(held: Iterable[Finding], rows: Iterable[Row]) -> tuple[Fault, ...]:
    """Those of ``held`` that no mark answers, and the marks that answer nothing, in file order."""
    found = {_fault(finding.row, finding.field, finding.message) for finding in held if not _answered(finding)}
    found.update(fault for row in rows for fault in _bad_marks(row))
    return tuple(sorted(found))


def _answered(finding: Finding) -> bool:
    return any(name == finding.check and reason for name, reason in _marks(finding.row))


def _marks(row: Row) -> list[tuple[str, str]]:
    """Each mark of the row's note as the check it names and the reason it gives."""
    matches = (_MARK.match(part.strip()) for part in row.note.split(";"))
    return [(match[1].lower(), match[2] or "") for match in matches if match]


def _bad_marks(row: Row) -> Iterator[Fault]:
    for name, reason in _marks(row):
        if name not in CHECKS:
            mark = f"checked {name}".rstrip()
            yield _fault(row, "note", f"'{mark}' names no check{nearest(name, CHECKS)}")
        elif not reason:
            yield _fault(row, "note", f"'checked {name}' gives no reason; write it behind a colon")


def _fault(row: Row, field: str, message: str) -> Fault:
    return Fault(row.file, row.line, field, message)
