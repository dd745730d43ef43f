"""The inequalities on the page of the model, from the docstrings of the functions that write them."""

from __future__ import annotations

import inspect
import re
import textwrap

from planner.milp.build import FAMILIES


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


def equations_block(*modules: str) -> str:
    """``equations`` as Markdown."""
    return f"```text\n{equations(*modules)}```\n"
