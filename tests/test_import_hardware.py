"""What files call the GPUs: by card and form factor, by an alias of one's own system, by the instance they come in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planner.catalog import load_catalog
from planner.catalog.models import Offer
from planner.catalog.points import price_of
from planner.errors import InputError
from planner.importers import ImportOptions, ImportSummary, import_files
from planner.importers.hardware import Names, card_of
from tests.measured import INFERENCEX, INFERENCEX_API, OURS, TODAY, VLLM, imported_rows
from tests.small import CATALOG

BUILTIN = Names(load_catalog(["builtin"]).systems)
CALLED = {
    "H100": "hgx-h100", "NVIDIA H100 80GB HBM3": "hgx-h100", "h100_sxm": "hgx-h100", "H100-SXM5": "hgx-h100",
    "H100-MEGA": "hgx-h100", "8xH100": "hgx-h100", "NVIDIA DGX H100": "hgx-h100", "hgx-h100": "hgx-h100",
    "NVIDIA H200": "hgx-h200", "H200-SXM-141GB": "hgx-h200", "h200-cw": "hgx-h200", "H200x8": "hgx-h200",
    "NVIDIA B200-SXM-180GB": "hgx-b200", "b200-trt": "hgx-b200", "B300-SXM-270GBx8": "hgx-b300",
    "NVIDIA GB200": "gb200-nvl72", "gb200-nv": "gb200-nvl72", "GB300-NVL72_GB300-288GB_aarch64x72": "gb300-nvl72",
}  # fmt: skip
NONE = (
    "H100 PCIe", "H100PCIe", "h100_pcie", "H100-NVL", "H100NVL", "NVIDIA H100 NVL", "H100 94GB", "H100-96GB",
    "H200 NVL", "H200NVL", "GH200", "GH200 480GB", "GB200 NVL4", "H100 MIG 1g.10gb", "H20", "H800", "A100-80GB-SXM4",
    "L40S", "RTX PRO 6000", "H200x8 MI350Xx8", "TPU v5", "Tesla T4", "unheard of", "", "B2000", "H1000",
)  # fmt: skip


@pytest.mark.parametrize(("name", "system"), CALLED.items())
def test_a_name_is_that_of_a_system(name: str, system: str) -> None:
    assert BUILTIN.system_of(name) == system
    assert not BUILTIN.denies(name, system)


@pytest.mark.parametrize("name", NONE)
def test_a_name_is_taken_for_none_that_it_is_not(name: str) -> None:
    assert BUILTIN.system_of(name) is None
    # What is no known card is whatever the user says that it is.
    assert BUILTIN.denies(name, "hgx-h100") == (card_of(name) is not None)


def test_cards_are_told_as_they_are_sold() -> None:
    assert [str(card_of(name)) for name in ("h100nvl", "AMD Instinct MI300X-192GB-750W", "H100 94GB")] == [
        "H100 NVL",
        "MI300X OAM",
        "H100 94 GB",
    ]


# --- one's own systems ---


def own(folder: Path, aliases: str) -> Path:
    """A catalog with one's own system, a node of 8 GPUs, under its aliases."""
    mine = folder / "mine"
    mine.mkdir()
    (mine / "systems.yaml").write_text(f"{CATALOG['systems.yaml']}    aliases: {aliases}\n")
    (mine / "sources.yaml").write_text(CATALOG["sources.yaml"])
    return mine


@pytest.mark.parametrize(
    ("aliases", "gpu", "system"),
    [
        ("[L40S]", "NVIDIA L40S 48GB", "node"),
        pytest.param("[A100-80GB]", "A100-80GB-SXM4", "node", marks=pytest.mark.slow),
        pytest.param("[H100 PCIe]", "NVIDIA H100 PCIe", "node", marks=pytest.mark.slow),
        ("[H100 PCIe]", "NVIDIA H100 80GB HBM3", "hgx-h100"),
        ("[H100]", "h100_sxm", "node"),
    ],
)
def test_an_alias_names_ones_own_system(tmp_path: Path, aliases: str, gpu: str, system: str) -> None:
    own(tmp_path, aliases)
    _, [row] = imported_rows(tmp_path, VLLM | {"gpu": gpu}, ImportOptions(model="m", precision="fp8"))
    assert row.system == system


def test_a_system_without_the_alias_is_told_how_to_have_it(tmp_path: Path) -> None:
    own(tmp_path, "[]")
    asked = ImportOptions(system="node", model="m", precision="fp8")
    said = r"gpu: the file says H100 \(hgx-h100\), --system says node; list that name under its aliases if it has these"
    with pytest.raises(InputError, match=said):
        imported_rows(tmp_path, VLLM | {"gpu": "H100"}, asked)
    # What no table knows is what the user says.
    _, [row] = imported_rows(tmp_path, VLLM | {"gpu": "H100 PCIe"}, asked)
    assert row.system == "node"


# --- prices ---

HEADER = "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,AvailabilityZone\n"


def offers(folder: Path, text: str, asked: ImportOptions) -> tuple[ImportSummary, dict[str, Offer]]:
    folder.mkdir(exist_ok=True)
    (folder / "list.csv").write_text(text)
    done = import_files([folder / "list.csv"], folder / "mine", asked, TODAY)
    rows = load_catalog(["builtin", str(folder / "mine")]).offers.values() if done.kept else ()
    return done, {row.name: row for row in rows if row.source[0].partition("-")[0] in ("skypilot", "gpuhunt")}


def test_machines_of_one_gpu_are_a_product_of_their_own(tmp_path: Path) -> None:
    """The cheaper part does not stand for the node, nor its price for the node's."""
    text = HEADER + "v1,H200,1,2.10,,x,\nv2,H200,2,4.20,,x,\nn8,H200,8,24.0,,x,\nn8b,H200,8,22.0,,x,\n"
    done, rows = offers(tmp_path, text, ImportOptions(provider="small"))
    said = {name: (row.usd_per_gpu_hour, row.lot_gpus, row.domain_gpus, row.interconnect) for name, row in rows.items()}
    assert said == {
        "small/x/hgx-h200/on_demand": (2.75, 8, None, "rdma"),
        "small/x/hgx-h200/on_demand/1-gpu": (2.1, 1, 1, "none"),
        "small/x/hgx-h200/on_demand/2-gpu": (2.1, 2, 2, "none"),
    }
    assert dict(done.reasons) == {"another instance has the same GPUs for no more": 1}
    catalog = load_catalog(["builtin", str(tmp_path / "mine")])
    price = price_of(catalog, "hgx-h200", {})
    assert price is not None
    assert price.usd_per_gpu_hour == 2.75


def test_trays_of_a_rack_are_no_rack(tmp_path: Path) -> None:
    text = (
        "instance_name,location,price,gpu_count,gpu_name,gpu_memory,spot,provider\ntray,us,40.0,4,GB200,186,False,p\n"
    )
    _, rows = offers(tmp_path, text, ImportOptions())
    [(name, row)] = rows.items()
    assert (name, row.usd_per_gpu_hour, row.domain_gpus) == ("p/us/gb200-nvl72/on_demand/4-gpu", 10.0, 4)


GOOGLE = """\
InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,SpotPrice
a3-highgpu-8g,208.0,1872.0,,,,us,us-a,9.87,3.95
,,,H100,8,H100,us,us-a,78.38,31.35
,,,H100,1,H100,us,us-a,9.80,3.92
,,,H100,8.0,H100,eu,eu-a,80.0,
a2-ultragpu-8g,96,1360,,,,us,us-a,10.0,
,,,A100-80GB,8,A100-80GB,us,us-a,30.0,
"""


def test_gpus_without_a_host_cost_the_hosts_price_as_well(tmp_path: Path) -> None:
    """(78.38 + 9.87) ÷ 8 on demand, (31.35 + 3.95) ÷ 8 spot; (30 + 10) ÷ 8 for one's own system."""
    own(tmp_path, "[A100-80GB]")
    done, rows = offers(tmp_path, GOOGLE, ImportOptions(provider="gcp"))
    assert {name: row.usd_per_gpu_hour for name, row in rows.items()} == {
        "gcp/us/hgx-h100/on_demand": pytest.approx(11.03125),
        "gcp/us/hgx-h100/spot": pytest.approx(4.4125),
        "gcp/us/node/on_demand": pytest.approx(5.0),
    }
    assert dict(done.reasons) == {
        "a host, priced with its GPUs": 3,
        "InstanceType is empty: this is the price of GPUs without their host": 3,
    }
    assert any(said.endswith("host, a3-highgpu-1g, which is not in the file") for _, said in done.kept_out)


def test_an_instance_tells_the_form_that_its_list_leaves_out(tmp_path: Path) -> None:
    text = HEADER + "Standard_NC40ads_H100_v5,H100,1,6.98,,x,\nStandard_ND96isr_H100_v5,H100,8,98.3,,x,\n"
    done, rows = offers(tmp_path, text, ImportOptions(provider="azure"))
    assert list(rows) == ["azure/x/hgx-h100/on_demand"]
    assert done.kept_out[0][1] == "no system of the catalog has H100 NVL"


def test_what_a_run_was_on_is_held_against_what_the_user_says(tmp_path: Path) -> None:
    asked = ImportOptions(**vars(OURS) | {"system": "hgx-h100"})
    _, [row] = imported_rows(tmp_path, VLLM | {"gpu": "an accelerator of ours"}, asked)
    assert row.system == "hgx-h100"
    for gpu in ("H100 PCIe", "NVIDIA H200", "L40S"):
        with pytest.raises(InputError, match=f"gpu: the file says {gpu}.*, --system says hgx-h100"):
            imported_rows(tmp_path, VLLM | {"gpu": gpu}, asked)


# --- a float of four bits ---


@pytest.mark.parametrize(
    ("run", "system", "precision"),
    [
        (INFERENCEX | {"hw": "mi355x"}, "mi355x-oam", "mxfp4"),
        ([INFERENCEX_API | {"hardware": "mi355x"}], "mi355x-oam", "mxfp4"),
        ([INFERENCEX_API | {"hardware": "mi355x", "precision": "fp8"}], "mi355x-oam", "fp8"),
        ([INFERENCEX_API], "hgx-b200", "fp4"),
    ],
    ids=["aggregate", "row of the API", "eight bits", "another maker"],
)
def test_four_bits_on_gpus_of_amd_are_mxfp4(tmp_path: Path, run: Any, system: str, precision: str) -> None:
    """InferenceX calls both makers' formats FP4; a plan must not count scores of NVFP4 for what runs MXFP4."""
    _, [row] = imported_rows(tmp_path, run, ImportOptions())
    assert (row.system, row.precision) == (system, precision)
    assert ("the file's fp4 is MXFP4 on mi355x-oam" in row.note) == (precision == "mxfp4")
    assert (f"-{precision}-") in row.series


def test_nvfp4_is_refused_on_gpus_that_do_not_compute_it(tmp_path: Path) -> None:
    asked = replace(OURS, system="mi355x-oam", precision="fp4")
    with pytest.raises(InputError, match="fp4 is NVFP4, which mi355x-oam does not compute; --precision mxfp4 is what"):
        imported_rows(tmp_path, VLLM, asked)
    _, [row] = imported_rows(tmp_path, VLLM, replace(asked, precision="mxfp4"))
    assert (row.precision, row.note) == ("mxfp4", imported_rows(tmp_path / "b", VLLM, OURS)[1][0].note)
