"""The fenced blocks of a page, and the commands in them.

What a fence's info string asks for:

- ``python``: executed, all blocks of a page in one namespace. ``python sketch`` is not.
- ``console``: a line ``$ plan …`` is run, and what stands behind it up to the next ``$`` is its output, standard error
  included. Nothing behind it: only the exit code counts. A line ``…`` stands for any lines. The exit code has to be 0,
  unless ``$ echo $?`` and a number follow. A file that the reader writes by ``$ cat > FILE <<'END'`` is written. Other
  commands (``$ pip install …``) are not run.
- ``yaml scenario``: loaded as a scenario, and its names looked up in its catalogs. One whose first line is a path
  as a comment, ``# scenarios/mine.yaml``, is there under that path when the page's commands and code run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

# A command that a page runs, and one that writes a file: its lines go up to the word named there.
RUN = re.compile(r"plan( |$)|cat > ")
WRITES = re.compile(r"cat > \S+ <<'(\w+)'$")

# What may differ from run to run or machine to machine, and what both sides are written as.
CHANGING = (
    (re.compile(r"[ \t]*(?<![\w.])\d[\d,]*(\.\d+)?(e[+-]?\d+)? (s|ms)\b"), " # s"),  # times, and their alignment
    (re.compile(r"\b\d+\.\d+\.\d+(\.?\w+)*"), "#.#.#"),  # versions
    (re.compile(r"worst deviation [\d.e+-]+"), "worst deviation #"),  # the last bits of sums
    (re.compile(r"\b[0-9a-f]{16}\b"), "#"),  # digests, which a new field or catalog row changes
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its info string, its text and the line it starts on."""

    page: Path
    info: str
    text: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command of a console block with the output and the exit code that the page shows."""

    text: str
    output: list[str]
    code: int
    place: str


def blocks(page: Path, info: str) -> list[Block]:
    return [block for block in _fences(page) if block.info == info]


def _fences(page: Path) -> Iterator[Block]:
    opened: tuple[str, int] | None = None
    inside: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if opened is None:
            if line.startswith("```"):
                opened, inside = (line.removeprefix("```").strip(), number + 1), []
        elif line.rstrip() == "```":
            yield Block(page, opened[0], "\n".join(inside) + "\n", opened[1])
            opened = None
        else:
            inside.append(line)
    assert opened is None, f"{page.name}: the block on line {opened[1] if opened else 0} is not closed"


def commands(block: Block) -> list[Command]:
    found: list[tuple[str, list[str], int]] = []
    last = ""
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if last:
            found[-1] = (f"{found[-1][0]}\n{line}", [], found[-1][2])
            last = "" if line == last else last
        elif line.startswith("$ "):
            found.append((line.removeprefix("$ "), [], number))
            last = written[1] if (written := WRITES.match(line.removeprefix("$ "))) else ""
        elif found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1] = (found[-1][0].removesuffix("\\") + line.strip(), [], found[-1][2])
        elif found:
            found[-1][1].append(line)
    made: list[Command] = []
    for index, (text, output, number) in enumerate(found):
        if not RUN.match(text):
            continue
        after = found[index + 1] if index + 1 < len(found) else ("", ["0"], 0)
        code = int(after[1][0]) if after[0] == "echo $?" else 0
        made.append(Command(text, output, code, f"{block.page.relative_to(ROOT)}:{number}"))
    return made


def normalised(lines: list[str]) -> list[str]:
    """Lines without trailing blanks and blank lines around them, what may change written as ``#``."""
    cleaned = []
    for line in lines:
        for pattern, mark in CHANGING:
            line = pattern.sub(mark, line)
        cleaned.append(line.rstrip())
    while cleaned and not cleaned[0]:
        cleaned.pop(0)
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    return cleaned


def same_output(shown: list[str], printed: list[str]) -> bool:
    """Whether what was printed is what the page shows, ``…`` standing for any lines."""
    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line.strip() in ("…", "...") else re.escape(line) + r"\n" for line in normalised(shown)
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in normalised(printed))) is not None


def file_of(block: Block) -> str | None:
    """The path that a scenario's first line asks to save it under."""
    found = re.match(r"# (scenarios/[\w-]+\.yaml)\n", block.text)
    return found[1] if found else None
