"""The pages of docs/ and the README say what is true: code runs, output is real, links lead somewhere.

What a fence's info string asks for:

- ``python``: executed, all blocks of a page in one namespace. ``python sketch`` is not.
- ``console``: a line ``$ plan …`` is run, and what stands behind it up to the next ``$`` is its output, standard error
  included. Nothing behind it: only the exit code counts. A line ``…`` stands for any lines. The exit code has to be 0,
  unless ``$ echo $?`` and a number follow. Other commands (``$ pip install …``) are not run.
- ``yaml scenario``: loaded as a scenario, and its names looked up in its catalogs. One whose first line is a path
  as a comment, ``# scenarios/mine.yaml``, is there under that path when the page's commands and code run.

Every page runs in its own copy of the repository's root (scenarios, catalogs, docs, the tests' samples), so blocks may
write files.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import COMMANDS, app
from planner.pages.__main__ import main as write_pages
from planner.pages.written import PAGES as WRITTEN
from planner.pages.written import outdated
from planner.pipeline import catalog_of
from tests.limits import give_time

ROOT = Path(__file__).parents[1]
# Commands run in processes of their own, so tracing here finds nothing.
pytestmark = pytest.mark.no_cover

PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if page.exists()]
SECONDS_FOR_A_COMMAND = 1500

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
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), [], number))
        elif found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1] = (found[-1][0].removesuffix("\\") + line.strip(), [], found[-1][2])
        elif found:
            found[-1][1].append(line)
    made: list[Command] = []
    for index, (text, output, number) in enumerate(found):
        if not re.match(r"plan( |$)", text):
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


def _ids(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def _with(info: str) -> list[Path]:
    return [page for page in PAGES if blocks(page, info)]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the repository's root to run a page in, with ``plan`` on the path."""
    for name in ("scenarios", "catalogs", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for scenario in (tmp_path / "scenarios").glob("*.yaml"):
        give_time(scenario)
    shutil.copytree(ROOT / "tests" / "samples", tmp_path / "tests" / "samples")
    bin_folder = tmp_path / ".bin"
    bin_folder.mkdir()
    shim = bin_folder / "plan"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m planner.cli "$@"\n')
    shim.chmod(0o755)
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    # Runs that a page saves are its own, and saved at a known time.
    monkeypatch.setenv("PLAN_STORE", str(tmp_path / "runs.sqlite"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1796083200")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write_scenarios(page: Path, workspace: Path) -> None:
    for block in blocks(page, "yaml scenario"):
        if name := file_of(block):
            assert not (workspace / name).exists(), f"{block.place}: {name} is shipped"
            (workspace / name).write_text(block.text, encoding="utf-8")
            give_time(workspace / name)


@pytest.mark.docs
@pytest.mark.parametrize("page", _with("python"), ids=_ids(_with("python")))
def test_python_blocks_run(page: Path, workspace: Path) -> None:
    _write_scenarios(page, workspace)
    namespace: dict[str, object] = {"__name__": "__docs__"}
    for block in blocks(page, "python"):
        # Blank lines in front keep the page's line numbers in a traceback.
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
        exec(code, namespace)


@pytest.mark.docs
@pytest.mark.parametrize("page", _with("console"), ids=_ids(_with("console")))
def test_commands_print_what_the_page_shows(page: Path, workspace: Path) -> None:
    _write_scenarios(page, workspace)
    for block in blocks(page, "console"):
        for command in commands(block):
            done = subprocess.run(
                command.text,
                shell=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=SECONDS_FOR_A_COMMAND,
            )
            where = f"{command.place}: $ {command.text}"
            assert done.returncode == command.code, f"{where}\n{done.stdout}"
            if normalised(command.output):
                printed = done.stdout.splitlines()
                assert same_output(command.output, printed), f"{where}\n" + _difference(command.output, printed)


@pytest.mark.docs
def test_the_readmes_first_command_prints_what_it_shows(workspace: Path) -> None:
    (shown,) = blocks(ROOT / "README.md", "text")
    done = subprocess.run(["plan", "scenarios/10mw.yaml"], capture_output=True, encoding="utf-8", check=True)
    printed = done.stdout.splitlines()
    assert same_output(shown.text.splitlines(), printed), _difference(shown.text.splitlines(), printed)


def _difference(shown: list[str], printed: list[str]) -> str:
    from difflib import unified_diff

    return "\n".join(unified_diff(normalised(shown), normalised(printed), "the page", "the command", lineterm=""))


@pytest.mark.parametrize("page", _with("yaml scenario"), ids=_ids(_with("yaml scenario")))
def test_scenarios_of_a_page_load(page: Path, workspace: Path) -> None:
    for number, block in enumerate(blocks(page, "yaml scenario")):
        file = workspace / (file_of(block) or f"scenarios/block-{number}.yaml")
        file.write_text(block.text, encoding="utf-8")
        try:
            catalog_of(planner.load(file))
        except planner.InputError as error:
            pytest.fail(f"{block.place}: {error}")


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def _links(page: Path) -> Iterator[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    yield from re.findall(r"\[[^\]]+\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("page", PAGES, ids=_ids(PAGES))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), f"{page.name}: {link} leads out of the repository"
        assert target.exists(), f"{page.name}: {link} is not there"
        if anchor:
            assert anchor in _anchors(target), f"{page.name}: {link} has no such heading"


def test_the_index_lists_every_page() -> None:
    listed = set(_links(ROOT / "docs" / "index.md"))
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert pages <= listed


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_is_what_the_code_says(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text == WRITTEN[name](text), "write it anew: python -m planner.pages"


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_comes_whole_out_of_what_is_written_by_hand(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    by_hand = re.sub(r"(<!-- (?!end)[\w: ]+ -->\n).*?(<!-- end -->)", r"\1\2", text, flags=re.S)
    assert WRITTEN[name](by_hand) == text


@pytest.mark.docs
def test_the_pages_that_are_not_current_are_named(tmp_path: Path) -> None:
    for name in WRITTEN:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert list(outdated(tmp_path)) == []
    (tmp_path / "docs" / "api.md").write_text("# Python API\n", encoding="utf-8")
    assert dict(outdated(tmp_path)) == {"docs/api.md": (ROOT / "docs" / "api.md").read_text(encoding="utf-8")}


@pytest.mark.slow
def test_a_check_of_the_pages_names_them_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pages", "--check"])
    assert write_pages() == 0
    before = (ROOT / "docs" / "api.md").read_bytes()
    monkeypatch.setitem(WRITTEN, "docs/api.md", lambda text: f"{text}more\n")
    assert write_pages() == 1
    assert capsys.readouterr().out == "docs/api.md is not what the code says\n"
    assert (ROOT / "docs" / "api.md").read_bytes() == before


def test_the_api_page_has_every_public_name_and_what_it_raises() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^### `(\w+)`$", text, flags=re.M))
    assert set(planner.__all__) - {"__version__"} <= told
    for name in ("compare", "explain", "frontier", "load", "load_catalog", "solve"):
        section = text.split(f"### `{name}`\n")[1].split("\n##")[0]
        assert re.search(r"^Raises \[\w+\]\(#\w+\)", section, flags=re.M), name


def test_the_commands_page_has_every_command_and_option_of_the_help() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `(plan[\w -]*)`\n(.*?)(?=^## |\Z)", page, flags=re.M | re.S))
    assert {name.split()[1] for name in sections if name != "plan"} == set(COMMANDS)
    for name, text in sections.items():
        asked = CliRunner().invoke(app, [*name.split()[1:], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
        options = asked.output.split("Options:")[1].split("Commands:")[0]
        told = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", options, flags=re.M)) - {"--help"}
        assert set(re.findall(r"^\| .*?`(--[a-z-]+)", text, flags=re.M)) == told, name


def test_every_argument_and_option_has_a_meaning() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| .*\|  \|$", page, flags=re.M) == []


@pytest.mark.parametrize("name", ["scenario", "catalog", "result"])
def test_every_field_of_a_reference_page_has_a_meaning(name: str) -> None:
    page = (ROOT / "docs" / f"{name}-reference.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^\| `", page, flags=re.M)) > 60
    assert re.findall(r"^\| `.*\|  \|$", page, flags=re.M) == []


def test_glossary_is_in_order_with_one_line_each() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", text, flags=re.M)[1:]
    assert len(words) > 40
    assert words == sorted(words, key=lambda word: word.lower().replace("-", " "))


def test_the_catalog_page_says_which_systems_have_points() -> None:
    text = (ROOT / "docs" / "catalogs-and-evidence.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.split("<!-- points -->")[1].split("\n\n")[1].splitlines()]
    head, _, *body = [[cell.strip() for cell in row] for row in rows]
    found: dict[tuple[str, str], set[str]] = {}
    for model in head[1:]:
        with (ROOT / "catalogs" / "serving" / f"{model}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault((row["system"], model), set()).add(row["evidence"])
    catalog = planner.load_catalog(["builtin"])
    assert [row[0] for row in body] == list(catalog.systems)
    assert head[1:] == sorted(path.stem for path in (ROOT / "catalogs" / "serving").glob("*.csv"))
    for system, *cells in body:
        for model, cell in zip(head[1:], cells, strict=True):
            kinds = found.get((system, model), set())
            word = "both" if len(kinds) == 2 else next(iter(kinds), "none")
            assert cell == word, f"{model} on {system}"
            assert kinds <= {"independent", "predicted"}


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a  "], ["a"], True),
        (["a"], ["b"], False),
        (["solved in   1.2 s"], ["solved in  13.45 s"], True),
        (["ortools 9.15.6755"], ["ortools 9.12.1"], True),
        (["$4.35 per Mtok"], ["$4.36 per Mtok"], False),
        (["first", "…", "last"], ["first", "x", "y", "last"], True),
        (["first", "…"], ["first"], True),
        (["first"], ["first", "x"], False),
    ],
)
def test_what_may_differ_between_page_and_run(shown: list[str], printed: list[str], same: bool) -> None:
    assert same_output(shown, printed) is same


def test_commands_of_a_block() -> None:
    text = "$ pip install x\nCollecting\n$ plan a \\\n    --quiet\nout\n\n$ echo $?\n3\n$ plan b\n"
    first, second = commands(Block(ROOT / "docs" / "index.md", "console", text, 10))
    assert (first.text, normalised(first.output), first.code, first.place) == (
        "plan a --quiet", ["out"], 3, "docs/index.md:12"
    )  # fmt: skip
    assert (second.text, second.output, second.code) == ("plan b", [], 0)
