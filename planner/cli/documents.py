"""``plan schema`` and ``plan init``: texts that are there without solving anything."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import get_args

import typer

from planner.errors import InputError
from planner.render.files import check_file, write_file
from planner.schema.published import Which, schema_name, schema_text


def print_schema(which: str) -> None:
    """Print one of the published schemas."""
    for known in get_args(Which):
        if which == known:
            typer.echo(schema_text(known), nl=False)
            return
    raise InputError(f"{which}: no such schema; one of {', '.join(get_args(Which))}")


def write_template(path: Path) -> None:
    """Write the commented scenario to start from, where nothing is yet, and beside it the schema that it names."""
    if path.exists():
        raise InputError(f"{path} exists already; name a file that does not")
    check_file(path, "init")
    schema = path.with_name(schema_name("scenario"))
    if not schema.exists():
        write_file(schema, schema_text("scenario"))
    write_file(path, (files("planner.scenario") / "template.yaml").read_text(encoding="utf-8"))
    typer.echo(f"{path} written; `plan {path}` solves it")
    typer.echo(f"{schema} beside it tells an editor what a scenario may say")
