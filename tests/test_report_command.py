"""The command that writes the page: where it goes, and what cannot be written."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import small
from tests.reports import ROOT, settled
from tests.store import TINY, plan


def plan_command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "planner.cli", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.process
def test_the_command_writes_it(tmp_path: Path) -> None:
    settled(tmp_path, small.SCENARIO)
    done = plan_command("report", "s.yaml", "-o", "plan.html", "--options", "none", "--set", "name=x", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"plan.html: the plan of x, optimal\n", done.stdout)
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "<h1>x</h1>" in page
    assert "No options were asked for." in page


@pytest.mark.solve
def test_what_requests_see_is_a_part_of_its_own_where_it_is_asked_for(tmp_path: Path) -> None:
    """With --simulate the page has one sentence and one part more, and is otherwise the same letter by letter."""
    pages = {}
    for name, asked in (("plain", ()), ("simulated", ("--simulate",)), ("board", ("--simulate", "--board"))):
        path = tmp_path / f"{name}.html"
        done = plan("report", TINY, "-o", str(path), "--options", "none", *asked)
        assert done.exit_code == 0, done.output
        pages[name] = path.read_text(encoding="utf-8").replace("\u00a0", " ")
    sentence = r"By simulation (\d+\.\d) % of requests meet all targets\."
    (share,) = re.findall(sentence, pages["simulated"])
    assert re.findall(sentence, pages["board"]) == [share]
    part = re.search(r'<details class="part" id="simulation">.*?</section>\s*</details>\n\n', pages["simulated"], re.S)
    assert part is not None
    assert f"chat holds its targets in day of 2027: {share} % of requests are within all of them" in part[0]
    for words in ("first token, s", "hall/hgx-h200", "Latency by percentile of the requests"):
        assert words in part[0]
    (image,) = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="By simulation [^"]+">', part[0])
    assert b"<svg" in base64.b64decode(image)
    listed = '<li><a href="#simulation">Under simulated requests</a></li>'
    assert listed in pages["simulated"]
    rest = pages["simulated"].replace(part[0], "").replace(listed, "")
    assert re.sub(f" {sentence}", "", rest) == pages["plain"]


@pytest.mark.process
def test_standard_output_gets_the_page_alone(tmp_path: Path) -> None:
    settled(tmp_path, small.SCENARIO)
    done = plan_command("report", "s.yaml", "-o", "-", "--options", "none", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("<!DOCTYPE html>\n")
    assert done.stdout.endswith("</html>\n")


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["-o", "no/plan.html"], 2, "--output no/plan.html: there is no folder no"),
        (["-o", "cat"], 2, "--output cat: that is a folder, name a file in it"),
        (["-o", "p.html", "--options", "byu"], 2, "--options byu: there is no option 'byu'; did you mean buy?"),
        (["-o", "p.html", "--gap", "2"], 2, "--gap 2: must be more than 0 and less than 1, such as 0.001"),
        (["-o", "p.html", "--set", "procurement.buy=false", "--set", "procurement.rent=[]",
          "--set", "procurement.token_api=false"], 3, "no plan meets every limit"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_said(tmp_path: Path, arguments: list[str], code: int, sentence: str) -> None:
    settled(tmp_path, small.SCENARIO)
    done = plan_command("report", "s.yaml", *arguments, folder=tmp_path)
    assert done.returncode == code
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat", "s.yaml"]


@pytest.mark.process
def test_a_plan_without_a_page_loads_no_plots() -> None:
    code = "import sys, planner.cli, planner.cli.solve; print([m for m in ('plotly', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
