"""The page of the model: inequalities from the docstrings of the functions that write them, limits from their records.

In docs/model.md a comment ``<!-- equations: demand -->`` opens what is written from the modules it names, and
``<!-- limits -->`` the table of limits; ``<!-- end -->`` closes it.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from pathlib import Path

from planner.kinds.limits import LIMITS
from planner.milp.build import FAMILIES

_PART = re.compile(r"(<!-- (equations|limits)(?:: ([\w ]+))? -->\n).*?(<!-- end -->)", flags=re.S)
_OVER = {"period": "period", "year": "calendar year", "span": ""}


def model_page(text: str) -> str:
    """The page ``text`` with its inequalities and limits written anew."""

    def part(found: re.Match[str]) -> str:
        body = limits_table() if found[2] == "limits" else f"```text\n{equations(*found[3].split())}```\n"
        return f"{found[1]}\n{body}\n{found[4]}"

    return _PART.sub(part, text)


def equations(*modules: str) -> str:
    """The inequalities of modules of ``planner.milp``, a line each: name, inequality, for every what."""
    lines = [
        re.split(r" {2,}", line)
        for module in modules
        for function in FAMILIES
        if function.__module__ == f"planner.milp.{module}"
        for line in equation_lines(inspect.getdoc(function) or "")
    ]
    columns = max(map(len, lines))
    widths = [max(len(line[column]) for line in lines if column < len(line)) for column in range(columns)]
    padded = ("   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)) for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in padded)


def equation_lines(docstring: str) -> list[str]:
    """The lines of a docstring's literal block; none where it has none."""
    _, _, literal = docstring.partition("::\n\n")
    return textwrap.dedent(literal).rstrip().splitlines()


def limits_table() -> str:
    """Every kind of limit as Markdown."""
    rows = [(f"`{kind.key}`", f"`{kind.field}`", kind.meaning, kind.unit, _OVER[kind.over]) for kind in LIMITS.values()]
    head = ("limit", "stated by", "what is counted", "unit", "in every")
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(model_page(page.read_text(encoding="utf-8")), encoding="utf-8")
