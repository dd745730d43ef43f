"""Every page that is written from the code, and what writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from planner.pages.api import api_reference
from planner.pages.commands import commands_reference, commands_table
from planner.pages.equations import equations_block
from planner.pages.kinds import cash_table, limits_table
from planner.pages.parts import Writer, filled
from planner.pages.schema import catalog_reference, result_reference, scenario_reference
from planner.pages.sweep import sweep_table
from planner.pages.versions import versions_table
from planner.schema.published import published, schema_name, schema_text

ROOT = Path(__file__).parents[2]


def _whole(write: Callable[[], str]) -> Callable[[str], str]:
    """A page that is written from its first line to its last."""
    return lambda text: write()


def _parts(**writers: Writer) -> Callable[[str], str]:
    """A page of which parts are written."""
    return lambda text: filled(text, writers)


# A page's path in the repository → what makes of its text the text that it should have.
PAGES: dict[str, Callable[[str], str]] = {
    "README.md": _parts(commands=partial(commands_table, linked=False)),
    "docs/index.md": _parts(commands=partial(commands_table, linked=True)),
    "docs/commands.md": _whole(commands_reference),
    "docs/api.md": _whole(api_reference),
    "docs/conventions.md": _parts(cash=cash_table),
    "docs/model.md": _parts(equations=equations_block, limits=limits_table),
    "docs/sweeps.md": _parts(sweep=sweep_table),
    "docs/versions.md": _parts(versions=versions_table),
    "docs/scenario-reference.md": _whole(scenario_reference),
    "docs/catalog-reference.md": _whole(catalog_reference),
    "docs/result-reference.md": _whole(result_reference),
    **{f"docs/schemas/{schema_name(*one)}": _whole(partial(schema_text, *one)) for one in published()},
}


def outdated(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """The pages of the repository at ``root`` that are not what the code says, and what they should be."""
    for name, write in PAGES.items():
        path = root / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if (new := write(text)) != text:
            yield name, new
