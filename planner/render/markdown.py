"""Parts of a report as Markdown, for a pull request or a wiki; nothing in a name is markup, a mention or a link."""

from __future__ import annotations

import re
from collections.abc import Iterable

from planner.render.sheet import Sheet, plain

# What means something in Markdown, in HTML or to a forge: mentions, issues, formulas, addresses that become links.
_ACTIVE = re.compile(r"[&<>\\`*{}\[\]#|~@!$]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=www)\.", re.ASCII)


def markdown(title: str, sheets: Iterable[Sheet]) -> str:
    """A heading, then every part: its sentence, its table, its notes."""
    parts = [f"### {_inert(title)}"]
    for sheet in sheets:
        parts.append(f"**{_inert(sheet.sentence)}**" if sheet.rows else _inert(sheet.sentence))
        if sheet.rows:
            parts.append("\n".join(_table(sheet)))
        parts += [f"<sub>{_inert(note)}</sub>" for note in sheet.notes]
    return "\n\n".join(parts) + "\n"


def _table(sheet: Sheet) -> Iterable[str]:
    yield _row(column.header for column in sheet.columns)
    yield "|" + "|".join(" ---: " if column.right else " --- " for column in sheet.columns) + "|"
    for row in sheet.rows:
        yield _row(row)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_inert(cell) for cell in cells) + " |"


def _inert(words: str) -> str:
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", plain(words))
