"""The pages of docs/ and the README say what is true: code runs, output is real, links lead somewhere.

What a fence's info string asks for is told in :mod:`tests.fences`.

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
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import COMMANDS, app
from planner.pages.__main__ import main as write_pages
from planner.pages.written import PAGES as WRITTEN
from planner.pages.written import outdated
from planner.pipeline import catalog_of
from tests.fences import Block, Command, blocks, commands, file_of, normalised, same_output
from tests.limits import give_time

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
# Commands run in processes of their own, so tracing here finds nothing.
pytestmark = pytest.mark.no_cover

PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if page.exists()]
SECONDS_FOR_A_COMMAND = 1500
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
# A figure of a sentence with its unit: $4.33 M, 80 %, 104 GPUs.
FIGURE = re.compile(r"\$?\d[\d.,]*\d(?: (?:%|[kM]\b|MW|GPUs))?")


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


def _is_part_of_a_page(command: Command) -> bool:
    """Whether a page shows the same command with all that is shown here: there it is run."""
    pages = [page for page in _with("console") if page != README]
    shown = (other for page in pages for block in blocks(page, "console") for other in commands(block))
    return any(
        other.text == command.text and other.code == command.code and same_output(command.output, other.output)
        for other in shown
        if normalised(command.output)
    )


@pytest.mark.docs
@pytest.mark.parametrize("page", _with("console"), ids=_ids(_with("console")))
def test_commands_print_what_the_page_shows(page: Path, workspace: Path) -> None:
    _write_scenarios(page, workspace)
    for block in blocks(page, "console"):
        for command in commands(block):
            if page == README and _is_part_of_a_page(command):
                continue
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


@pytest.mark.docs
def test_the_comment_in_the_readme_is_what_the_command_above_it_writes(workspace: Path) -> None:
    readme = ROOT / "README.md"
    shown = [line[2:] for line in readme.read_text(encoding="utf-8").splitlines() if re.match(r">( |$)", line)]
    wanted = [command for block in blocks(readme, "console") for command in commands(block)]
    before, diff = (command.text for command in wanted if "half.yaml" in command.text)
    assert subprocess.run(before, shell=True).returncode == 0
    assert subprocess.run(diff, shell=True, capture_output=True).returncode == 6
    written = (workspace / "comment.md").read_text(encoding="utf-8").partition("<details>")[0].splitlines()
    assert same_output(shown, written), _difference(shown, written)


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
    yield from LINK.findall(text)


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


def test_the_figures_of_a_short_answer_are_those_of_its_pages() -> None:
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+\?) \| ([^|]+) \| ([^|]+) \|$", text, flags=re.M)
    assert len(rows) > 10
    for question, answer, pages in rows:
        behind = " ".join((ROOT / "docs" / link).read_text(encoding="utf-8") for link in LINK.findall(pages))
        behind = " ".join(behind.split())
        assert [figure for figure in FIGURE.findall(answer) if figure not in behind] == [], question


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


def test_a_file_that_a_block_writes_ends_at_its_last_word() -> None:
    text = "$ cat > a.yaml <<'END'\nname: $ a\n$ plan b\nEND\n$ plan a.yaml\nout\n"
    written, run = commands(Block(ROOT / "docs" / "index.md", "console", text, 10))
    assert (written.text, written.output) == ("cat > a.yaml <<'END'\nname: $ a\n$ plan b\nEND", [])
    assert (run.text, run.output, run.place) == ("plan a.yaml", ["out"], "docs/index.md:14")
