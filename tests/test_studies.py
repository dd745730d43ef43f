"""A study is a folder: all have the same parts, and one more folder is one more command."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner import studies
from planner.cli.application import application
from planner.cli.commands import Command, all_commands, modules
from planner.studies.command import Place
from planner.studies.result import Result

FOLDERS = sorted(path.parent.name for path in Path(studies.__path__[0]).glob("*/__init__.py"))
HEAVY = ("matplotlib", "numpy", "ortools", "pandas", "pydantic", "scipy")

COMMAND = '''
"""``plan hello``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.studies.command import PLANS, Outcome, Place, Progress
from planner.studies.options import Json, command_options

PLACE = Place(PLANS, 35, "`plan hello NAME`", "a greeting")


@command_options
class Options:
    """The options of one call."""

    name: Annotated[str, typer.Argument(metavar="NAME", help="Who is greeted.")]
    loud: Annotated[bool, typer.Option("--loud", help="Louder.")] = False
    json: Json = None


def run(options: Options, progress: Progress) -> Outcome:
    """Greet somebody."""
    words = f"Hello {options.name}{'!' if options.loud else '.'}"
    return Outcome(json={"words": words}, text="" if options.json == "-" else words, message="said", exit_code=3)
'''


def commands() -> list[Command]:
    return [*all_commands(), *all_commands(nested=True)]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_study_has_a_result_a_sheet_and_a_command(name: str) -> None:
    study = import_module(f"planner.studies.{name}.study")
    results = [
        value
        for value in vars(study).values()
        if isinstance(value, type) and issubclass(value, Result) and value.__module__ == study.__name__
    ]
    assert any(dataclasses.is_dataclass(value) for value in results)
    assert import_module(f"planner.studies.{name}.sheet").__doc__
    assert modules()[name] == f"planner.studies.{name}.command"


def test_every_command_says_its_place_options_and_help() -> None:
    for command in commands():
        assert isinstance(command.place, Place), command.name
        assert dataclasses.is_dataclass(command.options), command.name
        assert command.help.endswith("."), command.name
    places = [(command.place.group, command.place.rank) for command in commands()]
    assert len(set(places)) == len(places)


def test_help_waits_for_nothing_heavy() -> None:
    code = (
        "import sys; from planner.cli.commands import all_commands; all_commands(), all_commands(nested=True); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_one_more_folder_is_one_more_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""``plan hello``."""\n')
    (folder / "command.py").write_text(COMMAND)
    monkeypatch.setattr(studies, "__path__", [*studies.__path__, str(tmp_path)])
    app = application()
    listed = CliRunner().invoke(app, ["--help"]).output
    assert listed.index("  verify ") < listed.index("  hello ") < listed.index("  compare ")
    said = CliRunner().invoke(app, ["hello", "world", "--loud"])
    assert (said.exit_code, said.stdout, said.stderr) == (3, "Hello world!", "said\n")
    told = CliRunner().invoke(app, ["hello", "world", "--json", str(tmp_path / "none" / "x.json")])
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr == f"--json {tmp_path / 'none' / 'x.json'}: there is no folder {tmp_path / 'none'}\n"
    assert CliRunner().invoke(app, ["hello", "world", "--json", "-"]).stdout == '{\n "words": "Hello world."\n}\n'
    for name in ("planner.studies.hello", "planner.studies.hello.command"):
        sys.modules.pop(name)
