"""A scenario and a catalog small enough to read at a glance, what to do to them, and what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import InputError
from planner.pipeline import catalog_of
from planner.scenario import Scenario, load_scenario

SCENARIO = """\
name: small
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 4}
catalogs: [cat]
blocks: {day: 0.5, night: 0.5}
sites:
  - name: dallas
    region: us
    power_mw: {2027-01: 2, 2028-01: 4}
    pue: {air: {design: 1.2, annual: 1.2}, liquid: {design: 1.1, annual: 1.1}}
load_shapes:
  office: {day: 1.5, night: 0.5}
workloads:
  - name: chat
    model: tiny
    tokens: {input: 100, output: 100}
    demand: {output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}
    load: office
"""
CATALOG = {
    "systems.yaml": """\
systems:
  - system: node
    name: 8-GPU node
    generation: blackwell
    gpus: 8
    nvlink_domain_usable_gpus: 8
    usable_share: 0.95
    memory_gb_per_gpu: 180
    memory_tb_per_s_per_gpu: 8
    fp8_dense_pflops_per_gpu: 4.5
    nameplate_it_kw: 10
    nameplate_it_kw_contains: the node
    network_kw_share: 0.1
    idle_it_kw: 2
    busy_it_kw: 8
    cooling: air
    price_usd: 400000
    price_contains: the node
    network_capex_share: 0.1
    installation_capex_share: 0.03
    support_share_per_year: 0.05
    lead_weeks: 12
    life_years: 5
    residual_share_by_age_years: {1: 0.7, 2: 0.5}
    available_from: 2025-01
    source: [maker]
    as_of: 2026-01
    evidence: vendor
""",
    "offers.csv": """\
provider,region,system,kind,term_months,usd_per_gpu_hour,lot_gpus,source,as_of,evidence
acme,us,node,on_demand,,4,8,acme-prices,2026-01-01,vendor
acme,us,node,reserved,12,3,8,acme-prices,2026-01-01,vendor
""",
    "token_apis.csv": """\
provider,model,input_usd_per_mtok,output_usd_per_mtok,source,as_of,evidence
zenith,tiny,0.2,0.8,acme-prices,2026-01-01,vendor
""",
    "serving/tiny.csv": """\
model,series,system,engine,precision,mode,spec_decode,gpus_per_replica,largest_worker_gpus,input_tokens_nominal,output_tokens_nominal,input_tokens_mean,output_tokens_mean,concurrency,ttft_ms,ttft_statistic,tpot_ms,tpot_statistic,input_tok_s_per_gpu,output_tok_s_per_gpu,source,as_of,evidence
tiny,sweep,node,vllm,fp8,agg,none,8,8,100,100,100,100,16,300,p50,20,p50,500,500,bench,2026-01-01,independent
""",
    "load_shapes.yaml": """\
blocks: {day: 0.5, night: 0.5}
shapes:
  - {name: steady, level: {day: 1.2, night: 0.8}, source: [maker], as_of: 2026-01, evidence: estimate}
""",
    "energy.csv": """\
region,usd_per_mwh,source,as_of,evidence
us,70,bench,2026-01-01,independent
""",
    "price_paths.yaml": """\
paths:
  - {name: falling, hardware: {2026: 1, 2027: 0.9}, rent: {2026: 1}, api: {2026: 1},
     source: [maker], as_of: 2026-01, evidence: estimate}
""",
    "sources.yaml": """\
sources:
  maker: {title: Price list, publisher: Maker, address: maker.example/prices, read: 2026-01-05}
  acme-prices: {title: Prices, publisher: Acme, address: acme.example/prices, read: 2026-01-05}
  bench: {title: Benchmark, publisher: Bench, address: bench.example, read: 2026-01-05}
""",
}

Files = dict[str, str | bytes | None]


def edited(old: str, new: str, text: str = SCENARIO) -> str:
    """The text with the first ``old`` replaced; there has to be one."""
    assert old in text
    return text.replace(old, new, 1)


def write(files: Files) -> None:
    """Write files below the current folder; None removes one."""
    for name, text in files.items():
        path = Path(name)
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)


def settle() -> None:
    """Write the scenario and the catalog to the current folder."""
    write({"s.yaml": SCENARIO, **{f"cat/{name}": text for name, text in CATALOG.items()}})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario and the catalog in a folder of its own for every test of a module that imports this."""
    monkeypatch.chdir(tmp_path)
    settle()


def load(*overrides: str) -> Scenario:
    """The scenario in the current folder, checked against its catalogs."""
    scenario = load_scenario("s.yaml", overrides)
    catalog_of(scenario)
    return scenario


def refusal(*overrides: str) -> str:
    """What loading answers; a traceback fails the test."""
    with pytest.raises(InputError) as refused:
        load(*overrides)
    assert refused.value.exit_code == 2
    return str(refused.value)


def cases(table: str) -> Iterator[tuple[str, str]]:
    """What to do, and the sentences expected, of each case of a table. Lines with # are headings."""
    lines = [line for line in table.strip("\n").split("\n") if not line.startswith("# ")]
    for case in re.split(r"\n(?!! )", "\n".join(lines)):
        what, *sentences = case.split("\n")
        yield what, "\n".join(line.removeprefix("! ") for line in sentences)


def edits(table: str) -> list[tuple[str, str, str]]:
    """What to replace, by what, and the sentences expected: ``old => new``, where \\n is a line's end, \\t a tab."""
    found = []
    for what, sentences in cases(table):
        old, _, new = what.replace("\\n", "\n").replace("\\t", "\t").partition(" =>")
        found.append((old, new.removeprefix(" "), sentences))
    return found
