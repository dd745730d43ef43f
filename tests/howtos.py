"""The how-tos for contributors as steps that can be followed: each says a file, a line in it, and what goes there.

``In `FILE`, after `LINE` `` (or ``before``, or ``instead of``) stands above the fence with what goes there. ``LINE`` is
a whole line without its indentation, or, with ``…`` at its end, what a line begins with; where it has a backquote
itself, it stands in two. ``In a new file `FILE` `` stands above all of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("add-a-*.md"))
FENCES = "python sketch", "markdown"

_STEP = re.compile(
    r"^In (?:a new file `(?P<new>[^`\n]+)`"
    r"|`(?P<file>[^`\n]+)`,\s(?P<where>before|after|instead of)\s(?P<ticks>`+)(?P<line>[^\n]+?)(?P=ticks))\n\n"
    rf"```(?:{'|'.join(FENCES)})\n(?P<text>.*?)^```$",
    flags=re.M | re.S,
)


@dataclass(frozen=True)
class Step:
    """``text`` goes into ``file``: ``where`` before, after or instead of ``line``, or as all of a new file."""

    file: str
    where: str
    line: str
    text: str

    def applied(self, before: str) -> str:
        """The file's text after the step. Raises AssertionError where the line does not stand in it exactly once."""
        if not self.where:
            assert not before, f"{self.file} is there already"
            return self.text
        lines = before.splitlines(keepends=True)
        found = [number for number, line in enumerate(lines) if self._is(line.strip())]
        assert len(found) == 1, f"{self.file}: {len(found)} lines are `{self.line}`"
        start, end = found[0] + (self.where == "after"), found[0] + (self.where != "before")
        return "".join([*lines[:start], self.text, *lines[end:]])

    def _is(self, line: str) -> bool:
        return line.startswith(self.line[:-1]) if self.line.endswith("…") else line == self.line


def steps(page: Path) -> Iterator[Step]:
    """The steps of a page, in their order."""
    for found in _STEP.finditer(page.read_text(encoding="utf-8")):
        file = found["new"] or found["file"]
        yield Step(file, found["where"] or "", found["line"] or "", found["text"])


def followed(page: Path, root: Path = ROOT) -> dict[str, str]:
    """What the files that a page changes hold after its steps, by their path in the repository at ``root``.

    Raises AssertionError with every step that cannot be taken.
    """
    texts: dict[str, str] = {}
    faults = []
    for step in steps(page):
        path = root / step.file
        before = texts.get(step.file, path.read_text(encoding="utf-8") if path.exists() else "")
        try:
            texts[step.file] = step.applied(before)
        except AssertionError as fault:
            faults.append(str(fault))
    assert not faults, "\n".join([f"{page.name} cannot be followed:", *faults])
    return texts


def follow(page: Path, root: Path) -> list[str]:
    """Take the steps of a page in the repository at ``root``, and return the files that they changed."""
    texts = followed(page, root)
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return list(texts)
