"""Where the fields of a scenario were written."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from planner.document import KeyPath, Node
from planner.errors import Fault
from planner.frozen import dataclass


@dataclass(frozen=True)
class Origin:
    """The text a scenario was read from, field by field.

    ``folder`` is what its paths are relative to; None where it was built in Python. Two scenarios that say the same
    are equal wherever they were written, so nothing here is compared.
    """

    folder: Path | None = field(default=None, compare=False)
    root: Node = field(default=Node({}, "scenario", 0), compare=False)

    def place(self, path: KeyPath) -> tuple[str, int]:
        """File and line of the field at ``path``, or of the innermost one that encloses it."""
        node = self.root.nearest(path)
        return node.file, node.line

    def fault(self, path: KeyPath, message: str) -> Fault:
        """A fault of the field at ``path`` (keys and list indices, from the top)."""
        file, line = self.place(path)
        title = self.root.title(path)
        return Fault(file, line, "" if file == f"--set {title}" else title, message)
