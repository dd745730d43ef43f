"""Standard streams that are full, closed, narrow or left by their reader, and a terminal that obeys nobody's text."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli.exits import exits
from planner.cli.output import say, write_text
from planner.errors import InputError
from planner.streams import Plain, plain_lines
from tests.command import SMALL

ESCAPES = 'name: s\nprocurement: {systems: {allow: ["\\e[31mred\\e]0;title\\a\\x9b2J"]}}\n'


def shell(line: str, text: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a line of shell does to ``text`` saved as s.yaml; $PLAN is the command."""
    (folder / "s.yaml").write_text(text)
    path = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "PLAN": f"{sys.executable} -m planner.cli"} | environment,
        timeout=300,
    )


@pytest.mark.process
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("$PLAN s.yaml >/dev/full", 2, "standard output could not be written: No space left on device"),
        ("$PLAN schema result >/dev/full", 2, "standard output could not be written: No space left on device"),
        ("$PLAN --help >/dev/full", 2, "standard output could not be written: No space left on device"),
        ("$PLAN s.yaml --json - >/dev/full", 2, "standard output could not be written: No space left on device"),
        ("$PLAN s.yaml >&-", 2, "standard output is closed"),
        ("$PLAN catalog list systems >&-", 2, "standard output is closed"),
        ("$PLAN - <&-", 2, "<stdin>: standard input is closed"),
        ("$PLAN nowhere.yaml 2>&-", 2, ""),
        ("$PLAN s.yaml --gap 2>/dev/full", 2, ""),
        ("$PLAN s.yaml 2>/dev/null | true; exit ${PIPESTATUS[0]}", 141, ""),
        ("$PLAN schema scenario | true; exit ${PIPESTATUS[0]}", 141, ""),
    ],
)
def test_a_stream_that_takes_nothing_gets_a_sentence(line: str, code: int, said: str, tmp_path: Path) -> None:
    done = shell(line, SMALL, tmp_path)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") <= 1


@pytest.mark.process
def test_a_closed_stream_does_not_become_a_file(tmp_path: Path) -> None:
    done = shell("$PLAN s.yaml --json r.json --save --store runs.sqlite >&- 2>&- <&-", SMALL, tmp_path)
    assert done.returncode == 2  # there is no plan to be seen
    assert json.loads((tmp_path / "r.json").read_text())["scenario"] == "small"
    assert shell("$PLAN show last --store runs.sqlite", SMALL, tmp_path).returncode == 0


@pytest.mark.process
def test_a_narrow_encoding_costs_letters_not_the_report(tmp_path: Path) -> None:
    text = SMALL.replace("name: small", "name: große")
    done = shell("$PLAN s.yaml --json r.json", text, tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "The headline of gro?e:" in done.stdout
    schema = shell("$PLAN schema scenario", text, tmp_path, PYTHONIOENCODING="ascii")
    assert schema.stdout == shell("$PLAN schema scenario", text, tmp_path).stdout


@pytest.mark.process
def test_no_name_for_standard_output_is_replaced(tmp_path: Path) -> None:
    dashed = shell("$PLAN s.yaml --json -", SMALL, tmp_path)
    named = shell("$PLAN s.yaml --json /dev/stdout", SMALL, tmp_path)
    assert json.loads(named.stdout)["kpis"] == json.loads(dashed.stdout)["kpis"]


@pytest.mark.process
def test_no_fault_steers_the_terminal(tmp_path: Path) -> None:
    for line in ("$PLAN s.yaml", "$PLAN \"$(printf 'no\\e[31m.yaml')\"", "$PLAN s.yaml --gap \"$(printf '\\e[31m')\""):
        done = shell(line, ESCAPES, tmp_path)
        assert done.returncode == 2
        assert plain_lines(done.stderr) == done.stderr


def test_sentences_hold_nothing_that_moves_a_cursor() -> None:
    held = io.BytesIO()
    stream = Plain(held, encoding="utf-8", errors="backslashreplace")
    stream.write("a\x1b[31mb\x9b2J\tc\r\nd\u202ee\n")
    stream.flush()
    assert held.getvalue().decode() == "a?[31mb?2J?c?\nd?e\n"
    with pytest.raises(TypeError):
        stream.write(b"")  # type: ignore[arg-type]


def test_half_a_surrogate_pair_is_written_as_a_question_mark(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write_text("-", "a\ud800b")
    say("c\udfffd")
    assert capsysbinary.readouterr().out == b"a?bc?d"


def test_a_closed_standard_output_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(InputError, match="standard output is closed"):
        say("a plan")


@pytest.mark.parametrize(
    ("error", "code"), [(BrokenPipeError(), 141), (OSError(28, "No space left"), 2), (MemoryError(), 5)]
)
def test_what_the_system_refuses_ends_with_a_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import typer

    monkeypatch.setattr("planner.cli.exits.drop_stdout", lambda: None)
    with pytest.raises(typer.Exit) as ended, exits():
        raise error
    assert ended.value.exit_code == code
    assert bool(capsys.readouterr().err) == (code != 141)
