"""``plan schema`` and ``plan init``: texts that are there without solving anything."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import get_args

from planner.errors import InputError
from planner.paths import is_there
from planner.render.files import check_file
from planner.render.hints import hint
from planner.scenario.versions import version_of
from planner.schema.published import VERSIONS, Which, schema_name, schema_text
from planner.studies.command import Outcome


def schema(which: str, version: int | None = None) -> str:
    """One of the published schemas, the newest of its format unless it is another ``version`` that is asked for."""
    for known in get_args(Which):
        if which == known:
            newest = VERSIONS[known]
            if version is not None and not 1 <= version <= newest:
                is_newest = "there is version 1 alone" if newest == 1 else f"the newest is {newest}"
                raise InputError(f"--version {version}: there is no such schema of a {which}; {is_newest}")
            return schema_text(known, version)
    raise InputError(f"{which}: no such schema; one of {', '.join(get_args(Which))}")


def template(path: Path) -> Outcome:
    """Write the commented scenario to start from, where nothing is yet, and beside it the schema that it names."""
    if is_there(path):
        raise InputError(f"{path} exists already; name a file that does not")
    check_file(path, "init")
    written = (resources.files("planner.scenario") / "template.yaml").read_bytes()
    version = version_of(written.decode())
    beside = path.with_name(schema_name("scenario", version))
    files = [] if is_there(beside) else [(str(beside), schema_text("scenario", version).encode())]
    files.append((str(path), written))
    told = (
        f"{path} written; {hint(str(path))} solves it",
        f"{beside} beside it tells an editor what a scenario may say",
    )
    return Outcome(files=files, text="".join(f"{line}\n" for line in told))
