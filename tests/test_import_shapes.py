"""``plan catalog import`` of a trace or a series of rates: a load shape of your own, beside those that are there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from planner.catalog import load_catalog
from planner.cli import app
from planner.scenario import load_scenario
from planner.traffic.windows import busiest_first, cut
from tests.store import TINY

# A day of hours whose busiest is the last.
RATES = "time,requests_per_s\n" + "".join(f"2026-03-01T{hour:02},{hour + 1}\n" for hour in range(24))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("day.csv").write_text(RATES, encoding="utf-8")


def plan(*words: str) -> Result:
    return CliRunner().invoke(app, ["catalog", "import", *words, "--into", "mine", "--as-of", "2026-11-01"])


def test_a_shape_by_hand() -> None:
    """Surge is the busiest 1.2 hours of 24: 24 and a fifth of 23, over a mean of 12.5."""
    done = plan("day.csv", "--shape", "ours")
    assert done.exit_code == 0, done.output
    assert "and in a workload: load: ours, demand: {requests_per_s: 12.5}" in done.output
    shape = load_catalog(["builtin", "mine"]).load_shapes["ours"]
    assert shape.level["surge"] == pytest.approx((24 + 0.2 * 23) / 1.2 / 12.5, abs=1e-6)
    assert (shape.evidence, str(shape.as_of)) == ("measured", "2026-11-01")
    assert shape.source == ("traffic-" + shape.source[0].removeprefix("traffic-"),)
    assert (
        "24 hours of 12.5 requests per second on average, sorted from the busiest down and cut at 5, 30 and 70 %"
        in (shape.note)
    )


def test_what_is_printed_is_a_workload() -> None:
    done = plan("day.csv")
    fields = YAML(typ="safe").load("{" + done.output.rpartition("in a workload: ")[2] + "}")
    text = f"extends: {TINY}\ncatalogs: [builtin, mine]\nworkloads:\n  - name: chat\n    load: {fields['load']}\n"
    text += f"    demand: {fields['demand']}\n".replace("'", "")
    Path("s.yaml").write_text(text, encoding="utf-8")
    assert load_scenario(Path("s.yaml")).workloads[0].load == "day"


def test_a_trace_says_its_lengths_too() -> None:
    rows = "".join(f"{at * 600},{1200 if at % 2 else 1300},30\n" for at in range(144))
    Path("trace.csv").write_text("arrival_time,input_toks,output_toks\n" + rows, encoding="utf-8")
    done = plan("trace.csv")
    assert "load: trace, demand: {requests_per_s: 0.00166667}, tokens: {input: 1250, output: 30}" in done.output


def test_again_it_changes_nothing_and_comments_stay() -> None:
    plan("day.csv")
    path = Path("mine/load_shapes.yaml")
    path.write_text("# ours\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert "unchanged: 1 row, day" in plan("day.csv").output
    Path("other.csv").write_text(RATES, encoding="utf-8")
    assert "added: 1 row, other" in plan("other.csv").output
    Path("day.csv").write_text(RATES.replace("T23,24", "T23,99"), encoding="utf-8")
    assert "replaced: 1 row, day" in plan("day.csv").output
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ours\n")
    assert set(load_catalog(["builtin", "mine"]).load_shapes) >= {"day", "other", "office"}


def test_it_is_cut_at_the_folders_own_blocks() -> None:
    Path("mine").mkdir()
    flat = "{name: level, level: {day: 1, night: 1}, source: [ours], as_of: 2026-01, evidence: estimate}"
    Path("mine/load_shapes.yaml").write_text(
        f"blocks: {{day: 0.5, night: 0.5}}\nshapes:\n  - {flat}\n", encoding="utf-8"
    )
    Path("mine/sources.yaml").write_text(
        "sources:\n  ours: {title: a, publisher: b, address: c.example, read: 2026-01-05}\n", encoding="utf-8"
    )
    done = plan("day.csv")
    assert done.exit_code == 0, done.output
    (row,) = [row for row in YAML(typ="safe").load(Path("mine/load_shapes.yaml"))["shapes"] if row["name"] == "day"]
    assert row["level"] == {"day": 1.48, "night": 0.52}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,requests_per_s\n0,1\n3600,2\n", "day.csv: this has 2 hours; a load shape takes a day of them"),
        ("time,requests_per_s\n0,1\n3600,x\n", "day.csv:3: requests_per_s: x is no number"),
        ("time,requests_per_s\n0,1\n3600,-1\n", "day.csv:3: requests_per_s: -1; a rate is not negative"),
        ("time,requests_per_s\n0,1\n3600,nan\n", "day.csv:3: requests_per_s: nan is no number"),
        ("time,requests_per_s\n0,1\n600,1\n2000,1\n", "day.csv:4: this window comes 1400 s after the one above it"),
        ("time,requests_per_s\n0,1\n600,1\n1e9,1\n", "day.csv:4: this is 11,574 days from the first window"),
        ("time,requests_per_s\nsoon,1\n", "day.csv:2: time: soon is no date"),
        ("time,requests_per_s\n0,1\n", "day.csv: a series has at least two windows"),
        ("arrival_time,input_toks,output_toks\n0,1,0\n", "day.csv:2: output_toks: 0; a request has at least one token"),
    ],
)
def test_what_makes_no_shape_is_refused_and_writes_nothing(text: str, said: str) -> None:
    Path("day.csv").write_text(text, encoding="utf-8")
    done = plan("day.csv")
    assert done.exit_code == 2
    assert said in done.stderr
    assert not Path("mine").exists()


def test_the_catalogs_measured_shapes_are_cut_alike() -> None:
    """A series as uneven as a shipped shape says is cut to the same levels, whatever the order of its windows."""
    catalog = load_catalog(["builtin"])
    for name in ("servegen-m-large", "servegen-m-mid", "servegen-m-small", "servegen-deepseek-r1", "servegen-mm-image"):
        level, shares = catalog.load_shapes[name].level, catalog.blocks
        rates = np.repeat([level[block] for block in shares], [round(2000 * share) for share in shares.values()])
        mixed = np.random.default_rng(1).permutation(rates)
        found = cut(busiest_first(mixed, np.ones(len(mixed))), [*shares.values()])
        assert found.tolist() == pytest.approx([level[block] for block in shares], rel=1e-9)
