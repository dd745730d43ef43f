"""Price lists become offers; a price of nothing is a missing one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from planner.catalog import load_catalog
from planner.catalog.models import Offer
from planner.importers import ImportOptions, ImportSummary, import_files

TODAY = dt.date(2026, 11, 21)
SKYPILOT = """\
InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Price,SpotPrice,Region,Zone
p5.48xlarge,192,2048,H100,8,,55.04,20.0,us-east-1,us-east-1a
p5.48xlarge,192,2048,H100,8,,52.80,,us-east-1,us-east-1b
p5en.48xlarge,192,2048,H200,8,,0,0.0,us-east-2,us-east-2a
m7i.large,2,8,,,,0.10,0.04,us-east-1,us-east-1a
g6.xlarge,4,16,L4,1,,0.80,0.30,us-east-1,us-east-1a
"""
GPUHUNT = """instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,provider
b200x8,us-west,44.0,208,1600,8,B200,180,False,,together
b200x8,us-west,20.0,208,1600,8,B200,180,True,,together
h100x1,us-west,,26,200,1,H100,80,False,,together
"""


def prices(folder: Path, text: str, asked: ImportOptions) -> tuple[ImportSummary, dict[str, Offer]]:
    path = folder / "list.csv"
    path.write_text(text)
    done = import_files([path], folder / "mine", asked, TODAY)
    built = load_catalog(["builtin"]).offers
    rows = load_catalog(["builtin", str(folder / "mine")]).offers
    return done, {row.name: row for key, row in rows.items() if key not in built}


def test_skypilot(tmp_path: Path) -> None:
    """The cheapest instance of a region stands for its GPUs: 52.80 ÷ 8 on demand, 20 ÷ 8 spot."""
    done, rows = prices(tmp_path, SKYPILOT, ImportOptions(provider="aws"))
    assert {name: (row.usd_per_gpu_hour, row.lot_gpus) for name, row in rows.items()} == {
        "aws/us-east-1/hgx-h100/on_demand": (pytest.approx(6.60), 8),
        "aws/us-east-1/hgx-h100/spot": (pytest.approx(2.50), 8),
    }
    assert all(row.evidence == "independent" and row.source[0].startswith("skypilot-") for row in rows.values())
    reasons = [reason for _, reason in done.kept_out]
    assert reasons.count("no on-demand price: 0 is missing, not free") == 1
    assert reasons.count("no spot price: 0 is missing, not free") == 1
    assert reasons.count("no GPU") == 2
    assert reasons.count("no system of the catalog has L4") == 2


def test_gpuhunt(tmp_path: Path) -> None:
    done, rows = prices(tmp_path, GPUHUNT, ImportOptions())
    assert {name: row.usd_per_gpu_hour for name, row in rows.items()} == {
        "together/us-west/hgx-b200/on_demand": 5.5,
        "together/us-west/hgx-b200/spot": 2.5,
    }
    assert [reason for _, reason in done.kept_out] == ["no on-demand price: 0 is missing, not free"]
    assert done.kept_out[0][0].endswith("list.csv:4")
