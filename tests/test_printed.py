"""What any command prints: no field's raw name, no power of ten, commands that run as they stand, nothing cut."""

from __future__ import annotations

import ast
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.testing import CliRunner

import planner
from planner.cli import COMMANDS, app
from planner.cli.commands import modules
from planner.render.console import WIDEST, console_on
from planner.render.hints import SCENARIO, filled, hint
from planner.render.sheet import Marked, Sheet, left, marked, right, show, wrapped

ROOT = Path(__file__).parents[1]
TINY = "scenarios/tiny.yaml"
PRICE = "workloads.chat.price_usd_per_mtok={input: 0.5, output: 2}"
# What each command is asked on a scenario that solves in no time; ``last`` is a run saved before.
ASKED: dict[str, list[list[str]]] = {
    "actuals": [["actuals", "last", "actuals.csv"]],
    "alternatives": [["alternatives", TINY]],
    "approve": [["approve", "last"]],
    "breakeven": [["breakeven", TINY]],
    "catalog_calibrate": [],  # tests/test_calibrate.py reads what it prints
    "catalog_check": [["catalog", "check"]],
    "catalog_checklist": [],  # names the fields of a row that the answers go into
    "catalog_diff": [["catalog", "diff", "builtin", "builtin"]],
    "catalog_frontier": [["catalog", "frontier", "llama-3.3-70b", "--shape", "1024/1024"]],
    "catalog_gaps": [["catalog", "gaps", TINY]],
    "catalog_import": [],  # tests/test_import*.py read what it prints of each format
    "catalog_levers": [["catalog", "levers", "llama-3.3-70b", "--shape", "1024/1024"]],
    "catalog_list": [["catalog", "list"], ["catalog", "list", "gains"], ["catalog", "list", "offers"]],
    "catalog_show": [],  # a row's fields under their own names are what is asked for
    "catalog_sources": [["catalog", "sources"]],
    "compare": [["compare", TINY], ["compare", TINY, "scenarios/rent-only.yaml"]],
    "diff": [],  # names the fields that differ by their paths, to be found in the file; the rest is a table's words
    "economics": [["economics", TINY, "--set", PRICE]],
    "explain": [["explain", TINY], ["explain", TINY, "--why-not", "hgx-b200"]],
    "export": [["export", TINY, "--focus", "focus.csv"]],
    "frontier": [
        ["frontier", TINY, "--over", "sites.hall.power_mw=0.03,0.06"],
        ["frontier", TINY, "--over", "budget.capex_usd=1e6,4e7", "--over", "demand=x0.5,1"],
    ],
    "history": [["history"]],
    "init": [["init", "mine.yaml"]],
    "levers": [["levers", TINY]],
    "migrate": [["migrate", TINY]],
    "replan": [["replan", "last", "--as-of", "2027-03-01"]],
    "report": [["report", TINY, "-o", "plan.html", "--options", "none"]],
    "schema": [],  # a schema is JSON
    "sensitivity": [["sensitivity", TINY]],
    "serve": [],  # serves until it is ended; tests/test_serve_process.py reads what it prints
    "show": [["show", "last"]],
    "solve": [[TINY], [TINY, "--trace"], [TINY, "--set", "objective=tokens"], [TINY, "--set", "sites.hall.power_mw=0"]],
    "stands": [["stands", TINY]],
    "verify": [["verify", TINY]],
}
UNITS = "usd|mw|mwh|kw|ms|s|mtok|gpus|gpu|months|weeks|years|hours|share|lp|pflops|percentile"
RAW = re.compile(rf"\b[a-z0-9]+(?:_[a-z0-9]+)*_(?:{UNITS})\b")
POWER_OF_TEN = re.compile(r"\d[eE][+-]?\d")
# In backticks or after an option stands what is pasted; digests, the audit's last bits and fields by their path too.
PASTED = re.compile(r"`[^`]*`|--[\w-]+(?: \S+)?|worst deviation \S+|\b\w+(?:\.[\w*-]+)+|\b[0-9a-f]{8,}\b")
# The words for it are Typer's own, whose releases name it differently.
USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
COMMAND = re.compile(r"`(plan [^`]+)`")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What each command of ``ASKED`` prints, both streams, in a folder of its own."""
    folder = tmp_path_factory.mktemp("printed")
    (folder / "scenarios").mkdir()
    for name in ("tiny", "rent-only"):
        text = (ROOT / f"scenarios/{name}.yaml").read_text(encoding="utf-8")
        (folder / f"scenarios/{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "actuals.csv").write_text("period,output_mtok,cost_usd\n2027,900000,1900000\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PLAN_STORE", str(folder / "runs.sqlite"))
        CliRunner().invoke(app, ["solve", TINY, "--save"])
        found = {}
        for name in modules():
            # A study that is new is asked of the scenario alone.
            for call in ASKED.get(name, [[*name.split("_", 1), TINY]]):
                done = CliRunner().invoke(app, call if call[0] in COMMANDS else ["solve", *call])
                assert done.exception is None or isinstance(done.exception, SystemExit), (call, done.exception)
                assert done.output, call
                found[shlex.join(call)] = done.output
        yield found


def test_no_command_is_asked_that_is_gone() -> None:
    assert set(ASKED) <= set(modules())


@pytest.mark.solve
def test_no_command_prints_a_raw_name_or_a_power_of_ten(printed: dict[str, str]) -> None:
    for call, output in printed.items():
        words = PASTED.sub(" ", output)
        assert RAW.findall(words) == [], call
        assert [line for line in words.splitlines() if POWER_OF_TEN.search(line)] == [], call


@pytest.mark.solve
def test_every_command_that_is_printed_runs_as_printed(printed: dict[str, str]) -> None:
    told = [(call, command) for call, output in printed.items() for command in COMMAND.findall(output)]
    assert len(told) > 10
    for call, command in told:
        # A command that was broken over two lines would not be pasted whole.
        assert "\n" not in command, call
        parse(command)


@pytest.mark.slow
def test_every_command_in_backticks_parses() -> None:
    """A command's bare name is a name; what it prints is held to more above."""
    names = {f"plan {name}" for name in COMMANDS}
    told = [command for path in Path(planner.__path__[0]).rglob("*.py") for command in _told(path)]
    found = [command for command in told if command not in names]
    assert len(found) > 20
    for command in found:
        parse(command)


def test_a_command_that_does_not_parse_is_found() -> None:
    for wrong in ("plan stands", "plan explain a.yaml --why", "plan catalog lst", "plan x.yaml --set a={b: 1}"):
        with pytest.raises(USAGE_ERROR):
            parse(wrong)


def parse(command: str) -> None:
    """As a shell and then the command read it, up to where it would begin to work."""
    words = shlex.split(command)
    assert words[0] == "plan"
    group, arguments = typer.main.get_command(app), words[1:]
    if arguments[0] not in COMMANDS and not arguments[0].startswith("--"):
        arguments = ["solve", *arguments]
    if "--help" in arguments or arguments in (["--version"], ["catalog"]):
        return
    context = group.make_context("plan", arguments, resilient_parsing=False)
    while isinstance(group, TyperGroup):
        name, below, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        assert below is not None
        group = below
        context = group.make_context(name, rest, parent=context)


def _told(path: Path) -> Iterator[str]:
    """The commands in the texts of a module that people see, names filled in by any word."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "7" for part in node.values]
            yield from COMMAND.findall("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside | documented:
            yield from COMMAND.findall(node.value)


def test_a_hint_is_quoted_for_a_shell_and_names_the_scenario_of_the_call() -> None:
    told = hint("explain", SCENARIO, "--why-not", "acme/{2 years}*")
    assert told == "`plan explain SCENARIO --why-not 'acme/{2 years}*'`"
    call = ("my plan.yaml", "--set", "demand=x2")
    assert filled(told, call) == "`plan explain 'my plan.yaml' --set demand=x2 --why-not 'acme/{2 years}*'`"
    # A word of a sentence stays a word, and without a scenario there is nothing to fill in.
    assert filled("a SCENARIO, `plan SCENARIO`", ("x.yaml",)) == "a SCENARIO, `plan x.yaml`"
    assert filled(told, ()) == told


def test_a_command_is_never_broken_and_a_number_keeps_its_unit() -> None:
    command = "`plan explain a-long-name.yaml --why-not 'acme/x y'`"
    assert list(wrapped(f"ask with {command} today", 30)) == ["ask with", command, "today"]
    assert list(wrapped("it is $13.5 M now", 11)) == ["it is", "$13.5 M now"]
    assert list(wrapped("  indented words", 12)) == ["  indented", "  words"]
    assert "".join(wrapped("x" * 25, 10)) == "x" * 25


def text_of(sheet: Sheet, width: int, **how: object) -> str:
    file = io.StringIO()
    show(sheet, Console(file=file, width=width, **how))  # type: ignore[arg-type]
    return file.getvalue()


def test_a_table_too_wide_goes_on_below_with_what_its_rows_begin_with() -> None:
    columns = (left("site"), *(right(f"{year}, $ M") for year in range(2027, 2035)))
    rows = (("dallas", *["1,234.5"] * 8), ("reno", *["6.7"] * 8))
    lines = text_of(Sheet("Cash:", columns, rows), 40).splitlines()
    assert max(map(len, lines)) <= 40
    assert sum(line.startswith("dallas") for line in lines) == 3
    assert " ".join(lines).count("1,234.5") == 8


def test_text_takes_what_the_numbers_leave() -> None:
    columns = (left("name"), left("why"), right("cost, $ M"))
    sheet = Sheet("Rows:", columns, (("a-long-name-of-a-system", "because of many words", "1,234.5"),))
    for width in (45, 60, 80):
        lines = text_of(sheet, width).splitlines()
        assert max(map(len, lines)) <= width
        assert any("a-long-name-of-a-system" in line and "1,234.5" in line for line in lines)


def test_colour_has_a_meaning_and_stays_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = Sheet(
        "Orders:", (left("by"), left("what")), (marked(("today", "buy"), "due"),), (Marked("Mind this.", "warning"),)
    )
    monkeypatch.delenv("NO_COLOR", raising=False)
    bright = text_of(sheet, 80, force_terminal=True, color_system="standard")
    assert "\x1b[1;36mtoday" in bright
    assert "\x1b[33mMind this." in bright
    monkeypatch.setenv("NO_COLOR", "1")
    quiet = text_of(sheet, 80, force_terminal=True, color_system="standard")
    assert not re.search(r"\x1b\[[\d;]*3[0-7]m", quiet)
    file = io.StringIO()
    show(sheet, console_on(file))
    assert file.getvalue() == "Orders:\nby     what\n-----------\ntoday  buy\nMind this.\n\n"


def test_a_terminal_is_used_up_to_120_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    for columns, used in ((80, 80), (110, 110), (300, WIDEST)):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert console_on(Screen()).width == used


def test_a_sheet_written_anew_keeps_its_meanings() -> None:
    sheet = Sheet("a", (left(),), ((Marked("a", "due"), "a"),), ("a",)).written(str.upper)
    assert (sheet.sentence, sheet.rows, sheet.notes) == ("A", (("A", "A"),), ("A",))
    first = sheet.rows[0][0]
    assert isinstance(first, Marked)
    assert first.meaning == "due"
