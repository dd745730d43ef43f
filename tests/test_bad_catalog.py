"""Every kind of bad catalog row, and the exact sentences that it is answered with.

A case is a file of the small catalog, what to replace in it and by what; the lines with ! are the sentences.
"""

from __future__ import annotations

import pytest

from tests.small import CATALOG, Files, edited, edits, here, refusal, settle, write  # noqa: F401

# File of the catalog, what to replace, by what, and the sentences.
ROWS = r"""
systems.yaml:     source: [maker]\n =>
! cat/systems.yaml:2: source: this field is missing (ids in sources.yaml)
systems.yaml: [maker] => []
! cat/systems.yaml:26: source: this list is empty; it needs at least one entry
systems.yaml: [maker] => [makr]
! cat/systems.yaml:2: source: unknown source 'makr'; nearest: maker
systems.yaml: [maker] => makr; bench
! cat/systems.yaml:2: source: unknown source 'makr'; nearest: maker
systems.yaml:     as_of: 2026-01\n =>
! cat/systems.yaml:2: as_of: this field is missing (day the figures were valid or read)
systems.yaml:     evidence: vendor\n =>
! cat/systems.yaml:2: evidence: this field is missing (measured, independent, vendor, predicted or estimate)
systems.yaml: evidence: vendor => evidence: hearsay
! cat/systems.yaml:28: evidence: 'hearsay' is none of measured, independent, vendor, predicted, estimate
systems.yaml: evidence: vendor => evidence: independant
! cat/systems.yaml:28: evidence: 'independant' is none of measured, independent, vendor, predicted, estimate; nearest: independent
systems.yaml: price_usd: 400000 => price_usd: 0
! cat/systems.yaml:17: price_usd: a price of 0; a missing price is missing, never zero
systems.yaml: gpus: 8 => gpus: eight
! cat/systems.yaml:5: gpus: 'eight' is not a whole number
systems.yaml: {1: 0.7, 2: 0.5} => {1: 0.5, 2: 0.7}
! cat/systems.yaml:24: residual_share_by_age_years: this may not rise with age
systems.yaml: {1: 0.7, 2: 0.5} => {one: 0.5, 2: 0.7}
! cat/systems.yaml:24: residual_share_by_age_years.one: 'one' is not a number
systems.yaml: idle_it_kw: 2 => idle_it_kw: 20
! cat/systems.yaml:15: busy_it_kw: this has to lie between idle_it_kw and nameplate_it_kw
systems.yaml: name: 8-GPU => names: 8-GPU
! cat/systems.yaml:3: names: unknown field; nearest: name
systems.yaml: name: 8-GPU => file: x\n    name: 8-GPU
! cat/systems.yaml:3: file: unknown field
systems.yaml: systems: => system:
! cat/systems.yaml:1: system: unknown field; nearest: systems
systems.yaml: systems:\n => systems:\n  - just a word\n
! cat/systems.yaml:2: expected a mapping of fields, such as {system: ..., name: ...}, not 'just a word'
offers.csv: acme-prices,2026 => acme-price,2026
! cat/offers.csv:2: source: unknown source 'acme-price'; nearest: acme-prices
offers.csv: acme-prices,2026 => ,2026
! cat/offers.csv:2: source: this field is missing (ids in sources.yaml)
offers.csv: 2026-01-01,vendor => ,vendor
! cat/offers.csv:2: as_of: this field is missing (day the figures were valid or read)
offers.csv: 2026-01-01,vendor => yesterday,vendor
! cat/offers.csv:2: as_of: 'yesterday' is no date; write 2027-01-31, 2027-01 or 2027
offers.csv: 2026-01-01,vendor => 2026-01-01,
! cat/offers.csv:2: evidence: this field is missing (measured, independent, vendor, predicted or estimate)
offers.csv: ,4, => ,0,
! cat/offers.csv:2: usd_per_gpu_hour: a price of 0; a missing price is missing, never zero
offers.csv: ,4, => ,,
! cat/offers.csv:2: usd_per_gpu_hour: this field is missing
offers.csv: ,4, => ,free,
! cat/offers.csv:2: usd_per_gpu_hour: 'free' is not a number
offers.csv: ,4, => ,nan,
! cat/offers.csv:2: usd_per_gpu_hour: 'nan' is not a finite number
offers.csv: ,4, => ,-1,
! cat/offers.csv:2: usd_per_gpu_hour: this has to be above 0, not '-1'
offers.csv: lot_gpus => lot_gpu
! cat/offers.csv:1: lot_gpu: unknown column; nearest: lot_gpus
! cat/offers.csv:1: lot_gpus: this column is missing
offers.csv: lot_gpus => lot_gpus,colour
! cat/offers.csv:1: colour: unknown column; nearest: source
! cat/offers.csv:2: this row has 10 cells, the header has 11
! cat/offers.csv:3: this row has 10 cells, the header has 11
offers.csv: evidence\n => evidence,colour\n
! cat/offers.csv:1: colour: unknown column; nearest: source
! cat/offers.csv:2: this row has 10 cells, the header has 11
! cat/offers.csv:3: this row has 10 cells, the header has 11
offers.csv: term_months => system
! cat/offers.csv:1: system: this column is there twice
offers.csv: node,on => nodes,on
! cat/offers.csv:2: system: unknown system 'nodes'; nearest: node
offers.csv: on_demand => ondemand
! cat/offers.csv:2: kind: 'ondemand' is none of on_demand, spot, reserved; nearest: on_demand
offers.csv: reserved,12 => reserved,
! cat/offers.csv:3: term_months: this is missing; a reserved offer has a term
offers.csv: on_demand,, => on_demand,12,
! cat/offers.csv:2: term_months: this belongs to reserved offers; this one is on_demand
offers.csv: reserved,12,3 => on_demand,,4
! cat/offers.csv:3: acme/us/node/on_demand is already on line 2; one of them has to go
offers.csv: 12,3,8 => 12,3,8.5
! cat/offers.csv:3: lot_gpus: '8.5' is not a whole number
offers.csv: 12,3,8, => 12,3,
! cat/offers.csv:3: this row has 9 cells, the header has 10
token_apis.csv: 0.2 => 0
! cat/token_apis.csv:2: input_usd_per_mtok: a price of 0; a missing price is missing, never zero
energy.csv: 70 => 0
! cat/energy.csv:2: usd_per_mwh: a price of 0; a missing price is missing, never zero
serving/tiny.csv: 8,8, => 8,16,
! cat/serving/tiny.csv:2: largest_worker_gpus: this is above gpus_per_replica, 8
serving/tiny.csv: ,fp8, => ,mxpf4,
! cat/serving/tiny.csv:2: precision: 'mxpf4' is none of fp4, mxfp4, fp8, bf16, int4; nearest: mxfp4
serving/tiny.csv: ,300,p50, => ,,p50,
! cat/serving/tiny.csv:2: ttft_ms: this is missing beside ttft_statistic; where TTFT is unknown leave out both
serving/tiny.csv: ,300,p50, => ,300,,
! cat/serving/tiny.csv:2: ttft_statistic: this is missing beside ttft_ms; where TTFT is unknown leave out both
systems.yaml: generation: blackwell => generation: [blackwell]
! cat/systems.yaml:4: generation: expected text, not a list
serving/tiny.csv: none,8 => mtp,8
! cat/serving/tiny.csv:2: requires: this has to name mtp where spec_decode is mtp
load_shapes.yaml: night: 0.8 => night: 0.9
! cat/load_shapes.yaml:3: steady.level: the mean of the levels, weighted with the blocks' shares, is 1.05; it has to be 1
load_shapes.yaml: night: 0.8 => evening: 0.8
! cat/load_shapes.yaml:3: steady.level: unknown block 'evening'; nearest: night
load_shapes.yaml: night: 0.5} => night: 0.4}
! cat/load_shapes.yaml:1: blocks: the shares add up to 0.9, not 1
load_shapes.yaml: night: 0.5} => night: half}
! cat/load_shapes.yaml:1: blocks: expected a share of the hours, 0 to 1, by block
load_shapes.yaml: level => levels
! cat/load_shapes.yaml:3: levels: unknown field; nearest: level
price_paths.yaml: 0.9 => 0
! cat/price_paths.yaml:2: hardware.2027: this has to be above 0, not 0
price_paths.yaml: {2026: 1, 2027: 0.9} => {}
! cat/price_paths.yaml:2: hardware: this names no year; {2026: 1.0} leaves prices as they are
price_paths.yaml: rent: {2026: 1} => rent: {}
! cat/price_paths.yaml:2: rent: this names no year; {2026: 1.0} leaves prices as they are
price_paths.yaml: rent => rents
! cat/price_paths.yaml:2: rents: unknown field; nearest: rent
sources.yaml: title: Price list,  =>
! cat/sources.yaml:2: sources.maker.title: this field is missing
sources.yaml: read: 2026-01-05 => read: later
! cat/sources.yaml:2: sources.maker.read: 'later' is no date; write 2027-01-31, 2027-01 or 2027
sources.yaml: bench: => maker:
! cat/sources.yaml:4: sources.maker: this field is given twice, first on line 2
sources.yaml: bench: {title: Benchmark, publisher: Bench, address: bench.example, read: 2026-01-05} => bench: known
! cat/sources.yaml:4: sources.bench: expected a mapping of fields, such as {title: ..., publisher: ...}, not 'known'
"""  # noqa: E501

FILES: dict[str, tuple[Files, str]] = {
    "a system twice": (
        {"cat/systems.yaml": CATALOG["systems.yaml"] + CATALOG["systems.yaml"].removeprefix("systems:\n")},
        "cat/systems.yaml:29: node is already on line 2; one of them has to go",
    ),
    "a point in two files": (
        {"cat/serving/a.csv": CATALOG["serving/tiny.csv"]},
        "cat/serving/tiny.csv:2: tiny/node/sweep/16/8 is already on cat/serving/a.csv:2; one of them has to go",
    ),
    "an empty table": (
        {"cat/offers.csv": ""},
        "cat/offers.csv: this file is empty; it needs a header with the columns' names",
    ),
    "a binary table": ({"cat/offers.csv": b"\xff"}, "cat/offers.csv: this is not a text file (UTF-8)"),
    "a table under a wrong name": (
        {"cat/offer.csv": "a"},
        "cat/offer.csv: no catalog file has this name; nearest: offers.csv",
    ),
    "an empty list of systems": (
        {"cat/systems.yaml": ""},
        "cat/systems.yaml: this file is empty; it has to hold systems",
    ),
    "systems without a heading": (
        {"cat/systems.yaml": "- a\n"},
        "cat/systems.yaml:1: expected a mapping that begins with systems:",
    ),
    "systems that are no list": (
        {"cat/systems.yaml": "systems: {a: 3}\n"},
        "cat/systems.yaml:1: expected a list (lines that begin with '- ')",
    ),
    "sources that are no mapping": (
        {"cat/sources.yaml": "sources: [a]\n"},
        "cat/sources.yaml:1: sources: expected a mapping of ids to sources",
    ),
    "systems that are not YAML": (
        {"cat/systems.yaml": "systems: [\n"},
        "cat/systems.yaml:2: this is not valid YAML: the text ends inside a bracket",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_files(kind: str) -> None:
    files, sentences = FILES[kind]
    write(files)
    assert refusal() == sentences


@pytest.mark.parametrize(("old", "new", "sentences"), edits(ROWS))
def test_catalog(old: str, new: str, sentences: str) -> None:
    name, _, old = old.partition(": ")
    write({f"cat/{name}": edited(old, new, CATALOG[name])})
    assert refusal() == sentences
