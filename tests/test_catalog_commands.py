"""``plan catalog`` as people run it: tables, one row, differences; output in 100 columns and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner.catalog import load_catalog
from planner.cli import app

SOURCES = """
sources:
  acme-2026-11: {title: Price list, publisher: Acme Cloud, address: acme.example/prices, read: 2026-11-20}
"""
OFFERS = """\
provider,region,system,kind,term_months,usd_per_gpu_hour,lot_gpus,source,as_of,evidence
acme,us-south,hgx-h200,reserved,12,2.90,8,acme-2026-11,2026-11-20,vendor
nscale,global,gb300-nvl72,reserved,36,3.1,72,acme-2026-11,2026-11-20,vendor
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mine")
    (folder / "sources.yaml").write_text(SOURCES)
    (folder / "offers.csv").write_text(OFFERS)
    return folder


def plan(*arguments: str, code: int = 0) -> str:
    """What the command prints, run in this process: rows in whole lines, everything else in 100 columns."""
    result = CliRunner().invoke(app, ["catalog", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    if "--json" not in arguments and code == 0 and arguments[0] not in ("list", "sources", "diff"):
        assert all(len(line) <= 100 for line in result.stdout.splitlines())
    return result.stdout if code == 0 else result.output


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from planner.cli import main; main()", "catalog", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


@pytest.mark.process
def test_a_process_checks_the_shipped_catalogs() -> None:
    done = process("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("no findings\n")
    # Without loading an engine, a solver or a plot.
    script = "import sys\nsys.argv = ['plan', 'catalog', 'list']\nfrom planner.cli import main\n"
    script += "try:\n    main()\nexcept SystemExit:\n    print({'ortools', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


@pytest.mark.process
def test_a_process_with_findings_ends_with_2() -> None:
    done = process("check", "--max-age-days", "1000", "--json", "-")
    assert done.returncode == 2
    found = json.loads(done.stdout)
    assert {finding["field"] for finding in found["findings"]} == {"as_of"}
    assert found["rows"] > 1000
    done = process("check", "--max-age-days", "1000")
    assert "builtin/energy.csv:5: as_of: 2024-01-01 is " in done.stdout


@pytest.mark.files
def test_two_rows_with_one_key_end_with_2_and_both_places(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(SOURCES)
    (tmp_path / "offers.csv").write_text(OFFERS + OFFERS.splitlines()[1] + "\n")
    done = process("check", "--catalog", "builtin", "--catalog", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == (
        f"{tmp_path}/offers.csv:4: acme/us-south/hgx-h200/reserved/12 is already on line 2; one of them has to go"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("check", "--today", "soon"), "--today soon: "),
        (("check", "--max-age-days", "-1"), "--max-age-days -1: must be a number of days"),
        (("check", "--catalog", "nowhere"), "nowhere: no such catalog folder"),
        (("list", "offer"), "offer: no such table; nearest: offers"),
        (("list", "--system", "hgx-h100"), "--system: name the table to list"),
        (("list", "apis", "--system", "hgx-h100"), "--system: apis have no system"),
        (("list", "offers", "--provider", "neblus"), "--provider neblus: none of these offers has it; nearest: nebius"),
        (("show", "gb30-nvl72"), "gb30-nvl72: no such row; nearest: gb300-nvl72"),
        (("levers", "--model", "deepseek-r1", "--tpot-ms", "0"), "--tpot-ms 0: must be a number above 0"),
        (
            ("levers", "--model", "deepseek-r1", "--tpot-ms", "9", "--usd-per-gpu-hour", "hgx-b200"),
            "--usd-per-gpu-hour hgx-b200: must be a system and its price",
        ),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    assert plan(*arguments, code=2).startswith(sentence)


TABLES = ["systems", "offers", "apis", "serving", "energy", "shapes", "paths", "models", "sources"]


@pytest.mark.no_cover
@pytest.mark.process
@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_listed(table: str) -> None:
    rows = json.loads(plan("list", table, "--json", "-"))[table]
    assert len(rows) == int(plan("list", table).split(" ", 1)[0].replace(",", ""))
    overview = {line.split()[0]: line.split()[1:4] for line in plan("list").splitlines()[3:] if line}
    count, oldest, newest = overview[table]
    assert int(count.replace(",", "")) == len(rows)
    field = "read" if table == "sources" else "as_of"
    days = [row[field] for row in (rows.values() if table == "sources" else rows)]
    assert (oldest, newest) == (min(days), max(days))
    # One line a row, behind the sentence, the header and its rule: nothing is folded in a pipe.
    assert len(plan("list", table).rstrip().splitlines()) >= 3 + len(rows)
    assert max(len(line) for line in plan("list", "serving").splitlines()) > 100


def test_the_overview_names_the_digest_that_plans_name() -> None:
    digest = load_catalog(["builtin"]).digest
    assert f"Digest of all rows: {digest}." in plan("list")
    assert json.loads(plan("list", "--json", "-"))["digest"] == digest


def test_a_list_keeps_what_was_asked_for() -> None:
    rows = json.loads(plan("list", "serving", "--model", "deepseek-r1", "--system", "hgx-h200", "--json", "-"))
    assert {(row["model"], row["system"]) for row in rows["serving"]} == {("deepseek-r1", "hgx-h200")}
    assert "nscale/global/gb300-nvl72/reserved-36m" in plan("list", "offers", "--provider", "nscale")


def test_a_row_is_shown_with_units_place_and_sources() -> None:
    shown = plan("show", "gb300-nvl72")
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines[0].startswith("gb300-nvl72: systems, builtin/systems.yaml:")
    assert "price_usd 4000000 USD" in lines
    assert "memory_tb_per_s_per_gpu 8 TB/s per GPU" in lines
    assert any(line.startswith("source planner-estimate this catalog: Reasoning") for line in lines)
    offer = "nscale/global/gb300-nvl72/reserved-36m"
    row = json.loads(plan("show", offer, "--json", "-"))["rows"][0]
    assert (row["table"], row["row"], row["usd_per_gpu_hour"]) == ("offers", offer, 3.3)
    assert plan("show", f"offers.csv:{row['line']}") == plan("show", offer)


def test_a_source_is_shown_with_the_rows_that_rest_on_it(mine: Path) -> None:
    own = ("--catalog", "builtin", "--catalog", str(mine))
    shown = plan("show", "acme-2026-11", *own)
    assert shown.startswith("acme-2026-11: source of 2 rows")
    assert "acme/us-south/hgx-h200/reserved-12m" in shown
    rows = json.loads(plan("show", "acme-2026-11", *own, "--json", "-"))["sources"]["acme-2026-11"]["rows"]
    assert [row["table"] for row in rows] == ["offers", "offers"]
    assert plan("show", "acme-2026-12", *own, code=2).startswith("acme-2026-12: no such row; nearest: acme-2026-11")


def test_sources_count_their_rows(mine: Path) -> None:
    found = json.loads(plan("sources", "--catalog", "builtin", "--catalog", str(mine), "--json", "-"))["sources"]
    assert found["acme-2026-11"]["rows"] == {"offers": 2}
    assert found["planner-estimate"]["rows"]["systems"] == 10


@pytest.mark.files
def test_a_difference_names_rows_and_fields(mine: Path) -> None:
    both = f"builtin+{mine}"
    assert "the same rows" in plan("diff", "builtin", "builtin")
    found = json.loads(plan("diff", "builtin", both, "--json", "-"))
    assert list(found) == ["offers"]
    assert found["offers"]["added"] == ["acme/us-south/hgx-h200/reserved-12m"]
    assert found["offers"]["removed"] == []
    (changed,) = found["offers"]["changed"]
    assert changed["row"] == "nscale/global/gb300-nvl72/reserved-36m"
    assert changed["fields"]["usd_per_gpu_hour"] == [3.3, 3.1]
    shown = plan("diff", both, "builtin")
    assert shown.startswith("offers: 0 added, 1 removed, 1 changed")
    assert "3.1 -> 3.3" in shown


def test_levers_are_a_table_and_json() -> None:
    asked = ("levers", "--model", "deepseek-r1", "--tpot-ms", "10", "--system", "hgx-b200")
    assert "hgx-b200: 3 $/GPU-hour, given" in plan(*asked, "--usd-per-gpu-hour", "hgx-b200=3")
    found = json.loads(plan(*asked, "--ttft-s", "2", "--json", "-"))
    assert found["ttft_ms"] == 2000
    assert [lever["lever"] for lever in found["levers"]][:2] == ["FP4", "MTP"]
    best = found["levers"][0]["with"]["best"]
    assert best["interpolated"] == (len(best["points"]) == 2)


def test_a_frontier_holds_what_nothing_beats() -> None:
    shown = plan("frontier", "gpt-oss-120b", "--shape", "1024/1024", "--system", "hgx-h100")
    assert shown.startswith("gpt-oss-120b at 1024/1024: points that no other of their system beats")
    found = json.loads(plan("frontier", "gpt-oss-120b", "--shape", "1024/1024", "--json", "-"))
    for system in {series["system"] for series in found["series"]}:
        points = [point for series in found["series"] if series["system"] == system for point in series["points"]]
        for point in points:
            beaten = any(
                other is not point
                and other["tok_s_per_user"] >= point["tok_s_per_user"]
                and other["output_tok_s_per_gpu"] >= point["output_tok_s_per_gpu"]
                for other in points
            )
            assert point["pareto"] != beaten


@pytest.mark.process
def test_a_figure_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        plan("frontier", "llama-3.3-70b", "--plot", str(tmp_path / name))
    drawn = (tmp_path / "one.svg").read_bytes()
    assert drawn == (tmp_path / "two.svg").read_bytes()
    for words in (b"tokens/s per user", b"output tokens/s per GPU", b"hgx-h200", b"#cc79a7"):
        assert words in drawn
    assert b"<dc:date>" not in drawn
    assert plan("frontier", "llama-3.3-70b", "--plot", "f.gif", code=2) == (
        "--plot f.gif: name a file that ends with .svg or .png\n"
    )


@pytest.mark.files
def test_a_checklist_asks_for_what_the_row_leaves_open(mine: Path) -> None:
    asked = json.loads(plan("checklist", "nscale/global/gb300-nvl72/reserved-36m", "--json", "-"))["questions"]
    fields = [question["field"] for question in asked]
    assert fields[:2] == ["usd_per_gpu_hour", "upfront_share"]
    assert {"lot_gpus", "min_lots", "max_lots", "lead_weeks", "usable_share", "available_until"} <= set(fields)
    assert "service" not in fields
    assert {"serving/*.csv", "region", "term_months", "system"} <= set(fields)
    assert all(question["question"].endswith("?") for question in asked)
    own = ("--catalog", "builtin", "--catalog", str(mine))
    shown = plan("checklist", "acme/us-south/hgx-h200/reserved-12m", *own)
    # A row of its own gives no more than price and lot: the rest is asked for, with what holds until then.
    assert "Do the systems share an RDMA network?" in shown
    assert "2.9 USD per GPU-hour, vendor" in shown
    assert "lot_gpus" not in shown
    spot = plan("checklist", "coreweave/global/hgx-h100/spot")
    assert "85 % do useful work" in spot
    assert not {"min_lots", "term_months", "billing_starts"} & set(spot.split())
    assert plan("checklist", "nscale/global/gb300-nvl72/reserved-35m", code=2).startswith(
        "nscale/global/gb300-nvl72/reserved-35m: no such offer or token API; nearest: nscale/global/gb300-nvl72/"
    )


def test_a_checklist_closes_with_what_is_answered(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(SOURCES)
    (tmp_path / "offers.csv").write_text(
        "provider,region,system,kind,usd_per_gpu_hour,lot_gpus,max_lots,lead_weeks,usable_share,service,interconnect,"
        "capabilities,available_from,available_until,source,as_of,evidence\n"
        "acme,us-south,hgx-h200,on_demand,4,8,64,0,0.97,endpoint,rdma,mtp;disagg,2026-01-01,2029-01-01,acme-2026-11,"
        "2026-11-20,vendor\n"
    )
    own = ("--catalog", "builtin", "--catalog", str(tmp_path))
    asked = json.loads(plan("checklist", "acme/us-south/hgx-h200/on_demand", *own, "--json", "-"))["questions"]
    assert [(one["field"], one["until"]) for one in asked[:2]] == [
        ("usd_per_gpu_hour", "all of them"),
        ("capabilities", "no"),
    ]
    assert asked[1]["question"] == "Does the endpoint enable kv_offload, kv_routing?"
    # What is left is proof, and the five questions on what is behind it, which no field of the row answers.
    assert [one["field"] for one in asked[2:-5]] == ["serving/*.csv"]
    drafting, stack = (one["until"] for one in asked[-4:-2])
    assert drafting.startswith("enabled; ")
    assert stack.endswith(", KV-aware routing not measured (not enabled), KV offload not measured (not enabled)")
