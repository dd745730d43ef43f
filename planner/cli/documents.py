"""``plan schema`` and ``plan init``: texts that are there without solving anything."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import get_args

from planner.errors import InputError
from planner.render.files import check_file
from planner.schema.published import Which, schema_name, schema_text
from planner.studies.command import Outcome


def schema(which: str) -> str:
    """One of the published schemas."""
    for known in get_args(Which):
        if which == known:
            return schema_text(known)
    raise InputError(f"{which}: no such schema; one of {', '.join(get_args(Which))}")


def template(path: Path) -> Outcome:
    """Write the commented scenario to start from, where nothing is yet, and beside it the schema that it names."""
    if path.exists():
        raise InputError(f"{path} exists already; name a file that does not")
    check_file(path, "init")
    beside = path.with_name(schema_name("scenario"))
    files = [] if beside.exists() else [(str(beside), schema_text("scenario").encode())]
    files.append((str(path), (resources.files("planner.scenario") / "template.yaml").read_bytes()))
    told = (
        f"{path} written; `plan {path}` solves it",
        f"{beside} beside it tells an editor what a scenario may say",
    )
    return Outcome(files=files, text="".join(f"{line}\n" for line in told))
