"""Parts of a report as Markdown, for a pull request or a wiki; nothing in a name is markup, a mention or a link."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from planner.render.sheet import Sheet, plain

# What means something in Markdown, in HTML or to a forge: mentions, issues, formulas, addresses that become links.
_ACTIVE = re.compile(r"[&<>\\`*{}\[\]#|~@!$]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=www)\.", re.ASCII)


def markdown(title: str, sheets: Iterable[Sheet], folded: Iterable[tuple[str, Iterable[Sheet]]] = ()) -> str:
    """A heading, then every part: its sentence, its table, its notes; what is ``folded`` opens by its summary."""
    parts = [f"### {_inert(title)}", *_parts(sheets)]
    for summary, inside in folded:
        parts += [f"<details><summary>{_inert(summary)}</summary>", *_parts(inside), "</details>"]
    return "\n\n".join(parts) + "\n"


def table(head: Collection[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = ["|" + "---|" * len(head), *(_line(row) for row in rows)]
    return "\n".join([_line(head), *lines]) + "\n"


def _parts(sheets: Iterable[Sheet]) -> Iterator[str]:
    for sheet in sheets:
        if sheet.sentence:
            yield f"**{_inert(sheet.sentence)}**" if sheet.rows else _inert(sheet.sentence)
        if sheet.rows:
            yield "\n".join(_table(sheet))
        yield from (f"<sub>{_inert(note)}</sub>" for note in sheet.notes)


def _table(sheet: Sheet) -> Iterable[str]:
    yield _row(column.header for column in sheet.columns)
    yield "|" + "|".join(" ---: " if column.right else " --- " for column in sheet.columns) + "|"
    for row in sheet.rows:
        yield _row(row)


def _row(cells: Iterable[str]) -> str:
    return _line(_inert(cell) for cell in cells)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _inert(words: str) -> str:
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", plain(words))
