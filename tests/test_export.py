"""What leaves the planner as a file: every sum is the plan's, every text stays text, every format reads back."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import arro3.io
import pandas as pd
import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import AuditFailure, InputError
from planner.export import focus_rows, ledger, parquet
from planner.export.focus import focus_bytes
from planner.render.csv import csv_text
from planner.report.workbook import workbook_of
from tests import small
from tests.exports import (  # noqa: F401
    LINK,
    SCRIPT,
    TINY,
    Solved,
    either_plan,
    hostile_plans,
    read_parquet,
    rich_plan,
    solved_file,
    tiny_plan,
)

command: Any = import_module("planner.cli.export")


# The ledger


def test_the_ledger_has_every_kind_of_payment_that_it_is_tested_with(rich: Solved) -> None:
    rows = rich.ledger.table
    assert {"own", "existing", "site", "reserved", "signed", "hourly", "revenue"} == set(rows["kind"])
    assert {"contract_tail", "prepayment_credit", "residual"} <= set(rows["category"])
    assert (rows["kind"] == "own").any()
    deposits = rows[(rows["category"] == "hardware") & (rows["future"] == "boom")]["usd"]
    assert sorted(set(deposits.round())) == [80000.0, 320000.0, 400000.0]


def test_the_ledger_adds_up_to_the_cash_flow(solved: Solved) -> None:
    rows, plan = solved.ledger.table, solved.plan
    mine = rows.groupby(["future", "category"])[["usd", "npv_usd"]].sum()
    theirs = plan.cashflow.groupby(["future", "category"])[["usd", "npv_usd"]].sum()
    pd.testing.assert_frame_equal(mine, theirs, check_like=True)


def test_another_scenario_and_another_catalog_are_refused(tiny: Solved, rich: Solved) -> None:
    with pytest.raises(InputError, match="was not made from this scenario"):
        ledger(tiny.plan, rich.scenario)
    with pytest.raises(InputError, match="was not made from this scenario"):
        ledger(replace(tiny.plan, catalog_digest="0"), tiny.scenario)


def test_rows_that_do_not_add_up_are_refused(tiny: Solved) -> None:
    cash = tiny.plan.cashflow.copy()
    cash.loc[cash["category"] == "support", "usd"] += 1
    with pytest.raises(AuditFailure, match=r"by 1\.00 USD \(base, 202[78], support\)"):
        ledger(replace(tiny.plan, cashflow=cash), tiny.scenario)


@pytest.mark.solve
def test_a_conversion_and_token_apis_add_up_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hall converted for liquid nodes, beside an API for what they cannot serve; the charge has eight quarters."""
    monkeypatch.chdir(tmp_path)
    small.settle()
    small.write(
        {
            "cat/systems.yaml": small.edited("cooling: air", "cooling: liquid", small.CATALOG["systems.yaml"]),
            "cat/token_apis.csv": small.edited("0.2,0.8", "0.8,3.2", small.CATALOG["token_apis.csv"]),
        }
    )
    solved = solved_file(
        tmp_path / "s.yaml",
        "horizon.periods=8",
        "sites.dallas.cooling=[air]",
        "sites.dallas.power_mw=0.03",
        "sites.dallas.conversion={cost_usd: 40000}",
        "procurement.rent=[]",
    )
    rows = solved.ledger.table
    assert {"conversion", "token_api", "hardware"} <= set(rows["category"])
    costs = focus_rows(solved.plan, solved.scenario)
    assert costs["BilledCost"].sum() == pytest.approx(solved.plan.kpis["cash_usd"])
    charge = costs[costs["x_Category"] == "conversion"]
    assert charge["BilledCost"].sum() == pytest.approx(40000)
    assert charge["EffectiveCost"].sum() == pytest.approx(40000)


# CSV


@pytest.mark.files
def test_no_text_of_a_csv_file_is_a_formula_and_all_read_back(hostile: Solved) -> None:
    texts = [LINK, "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''@a", "'quoted'", "plain", "", SCRIPT]
    frame = pd.DataFrame({"text": texts, "usd": [-1.5] * len(texts), "=SUM(A1)": texts})
    written = csv_text(frame)
    read = pd.read_csv(io.StringIO(written), keep_default_na=False, lineterminator="\n")
    for cell in read["text"]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")), cell
    assert read.columns[2] == "'=SUM(A1)"
    assert read["usd"].tolist() == [-1.5] * len(texts)
    # As the documentation says to.
    back = read["text"].str.replace(r"^'(?='*[=+\-@\t\r\n＝＋－＠])", "", regex=True)
    assert back.tolist() == texts
    purchases = pd.read_csv(io.StringIO(csv_text(hostile.plan.purchases)))
    assert set(purchases["site"]) == {f"'{LINK}"}
    costs = pd.read_csv(io.BytesIO(focus_bytes(focus_rows(hostile.plan, hostile.scenario), hostile.plan, ".csv")))
    assert set(costs["BillingAccountId"]) == {SCRIPT if hostile.plan.scenario == SCRIPT else f"'{LINK}"}
    assert f"'{LINK}" in set(costs["ProviderName"])


# Parquet


def test_parquet_reads_back_as_the_tables(solved: Solved) -> None:
    files = parquet.parquet_files(solved.plan)
    assert sorted(files) == sorted(f"{name}.parquet" for name in solved.plan.tables)
    for name, frame in solved.plan.tables.items():
        read = read_parquet(files[f"{name}.parquet"])
        assert list(read.columns) == list(frame.columns)
        if len(frame):
            theirs = frame.astype(object).where(frame.notna(), None)
            pd.testing.assert_frame_equal(read.astype(object).where(read.notna(), None), theirs, check_dtype=False)


def test_types_are_the_same_with_rows_and_without(tiny: Solved, rich: Solved) -> None:
    def types(solved: Solved) -> dict[str, list[str]]:
        files = parquet.parquet_files(solved.plan).items()
        return {
            name: [repr(schema.field(column).type) for column in schema.names]
            for name, content in files
            for schema in [arro3.io.read_parquet(io.BytesIO(content)).schema]
        }

    assert tiny.plan.contracts.empty
    assert not rich.plan.contracts.empty
    assert types(tiny) == types(rich)
    assert parquet.column_kinds()["contracts"]["start"] == "date"


def test_every_parquet_file_says_where_it_comes_from(tiny: Solved) -> None:
    content = parquet.parquet_files(tiny.plan)["purchases.parquet"]
    told = re.search(rb'\{"catalog_digest".*', content, flags=re.DOTALL)
    assert told is not None
    entry, _ = json.JSONDecoder().raw_decode(told[0].decode(errors="replace"))
    columns = entry.pop("columns")
    assert sorted(columns) == sorted(tiny.plan.purchases.columns)
    assert columns["cost_usd"]["unit"] == "USD"
    assert all(column["meaning"] for column in columns.values())
    assert entry == {
        "catalog_digest": tiny.plan.catalog_digest,
        "planner": planner.__version__,
        "scenario": "tiny",
        "scenario_digest": tiny.plan.scenario_digest,
        "status": "optimal",
        "table": "purchases",
    }


# The command


def _plan(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(path for path in (str(TINY.parents[1]), *sys.path) if path)
    return subprocess.run(
        [sys.executable, "-m", "planner.cli", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": paths},
        timeout=300,
    )


@pytest.mark.process
def test_one_command_writes_all_of_them(tiny: Solved, tmp_path: Path) -> None:
    done = _plan(
        "export", TINY, "--xlsx", "t.xlsx", "--parquet", "tables", "--focus", "focus.csv", "--mps", "m.lp", cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "t.xlsx: workbook, 12 tables and the 16 payments behind their sums\n"
        "tables: 12 Parquet tables, 36 rows\n"
        "focus.csv: FOCUS 1.2, 17 rows: $2.24 M billed, $1.35 M effective\n"
        "m.lp: the model, 36 variables and 42 constraints\n"
    )
    assert (tmp_path / "t.xlsx").read_bytes() == workbook_of(tiny.ledger)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["focus.csv", "m.lp", "t.xlsx", "tables"]
    rows = focus_rows(tiny.plan, tiny.scenario)
    assert (tmp_path / "focus.csv").read_bytes() == focus_bytes(rows, tiny.plan, ".csv")


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("xlsx", "plan.xls", "--xlsx plan.xls: the name has to end in .xlsx"),
        ("focus", "costs", "--focus costs: the name has to end in .csv or .parquet"),
        ("mps", "model.txt", "--mps model.txt: the name has to end in .mps or .lp"),
        ("mps", "none/model.mps", "--mps none/model.mps: there is no folder none"),
        ("parquet", "none/tables", "--parquet none/tables: there is no folder none"),
        ("gap", 2.0, "--gap 2: must be more than 0 and less than 1, such as 0.001"),
        ("solver", "cpl", "--solver cpl: unknown; one of auto, relay, scip, highs, cpsat, pulp:cbc, or pulp:NAME"),
    ],
)
def test_bad_options_get_a_sentence(
    option: str, value: str | float, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = ["--focus", "focus.csv"] if option in ("gap", "solver") else []
    refused = CliRunner().invoke(app, ["export", str(TINY), f"--{option}", str(value), *file])
    assert refused.exit_code == 2
    assert refused.stderr.startswith(sentence)
    assert not any(tmp_path.iterdir())


@pytest.mark.process
def test_without_a_target_there_is_a_sentence(tmp_path: Path) -> None:
    done = _plan("export", TINY, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "plan export writes nothing without one of --xlsx FILE, --parquet DIR, --focus FILE, --mps FILE\n"
    )


@pytest.mark.process
def test_no_plan_no_files(tmp_path: Path) -> None:
    smaller = ("--set", "procurement.rent=[]", "--set", "sites.hall.power_mw=0.03")
    done = _plan("export", TINY, *smaller, "--xlsx", "t.xlsx", "--mps", "m.mps", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("no plan meets every limit")
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_a_plan_above_the_gap_is_written_and_said(
    tiny: Solved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = replace(tiny.plan, status="feasible", proof=replace(tiny.plan.proof, gap=0.02))
    monkeypatch.setattr(command, "solve_scenario", lambda *arguments, **options: stopped)
    ended = CliRunner().invoke(app, ["export", str(TINY), "--parquet", str(tmp_path / "tables")])
    assert ended.exit_code == 4
    assert ended.stderr == "The plan is within 2 % of the optimum, 1 % was asked for.\n"
    assert (tmp_path / "tables" / "purchases.parquet").exists()


@pytest.mark.process
def test_only_an_export_loads_its_libraries() -> None:
    code = (
        "import sys, planner.cli.solve, planner.cli; print(sorted({'xlsxwriter', 'arro3', 'pulp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TINY.parents[1], check=True)
    assert done.stdout == "[]\n"
