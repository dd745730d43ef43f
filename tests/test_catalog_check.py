"""``plan catalog check``: every seeded fault is caught, and the shipped catalogs are clean."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import pytest

from planner.catalog import Catalog, load_catalog
from planner.catalog.check import check, rows_of
from planner.errors import CatalogError

# Together they take seconds, which the quick tests do not have.
pytestmark = pytest.mark.slow

SOURCES = """
sources:
  own: {title: Own figures, publisher: Own, address: own.example, read: 2026-11-01}
"""
# Invented: 100 billion parameters, 10 billion of them active.
MODELS = """
models:
  - {name: toy, total_params_billion: 100, active_params_billion: 10, source: [own], as_of: 2026-11-01,
     evidence: measured}
"""
# 8 requests in flight at 1,000 output tokens, 100 ms and 999 x 10 ms: 0.793 requests/s.
POINT = {
    "model": "toy",
    "series": "own-tp8",
    "system": "hgx-b200",
    "engine": "vllm",
    "precision": "fp8",
    "mode": "agg",
    "spec_decode": "none",
    "gpus_per_replica": 8,
    "largest_worker_gpus": 8,
    "input_tokens_nominal": 1000,
    "output_tokens_nominal": 1000,
    "input_tokens_mean": 1000,
    "output_tokens_mean": 1000,
    "concurrency": 8,
    "ttft_ms": 100,
    "ttft_statistic": "p50",
    "tpot_ms": 10,
    "tpot_statistic": "p50",
    "input_tok_s_per_gpu": 99.1,
    "output_tok_s_per_gpu": 99.1,
    "source": "own",
    "as_of": "2026-11-01",
    "evidence": "measured",
}
OFFER = {
    "provider": "own",
    "region": "us",
    "system": "hgx-b200",
    "kind": "on_demand",
    "usd_per_gpu_hour": 5,
    "lot_gpus": 8,
    "source": "own",
    "as_of": "2026-11-01",
    "evidence": "vendor",
}
SLOW = {"ttft_ms": 100, "tpot_ms": 100, "concurrency": 80}

# What is changed in the honest point, and what the finding begins with behind its file and line.
FAULTY_POINTS: list[tuple[dict[str, object], str]] = [
    # 250,000 tok/s x 2 x 10 billion are 5 PFLOP/s; a B200 has 4.5 at FP8.
    ({"input_tok_s_per_gpu": 250_000}, "input_tok_s_per_gpu: 250,099 tok/s per GPU take at least 5 PFLOP/s"),
    ({"input_tok_s_per_gpu": 130_000, "precision": "bf16"}, "input_tok_s_per_gpu: 130,099 tok/s per GPU"),
    # 10 GB of weights over 8 x 8 TB/s take 0.156 ms.
    (
        {"tpot_ms": 0.12, "concurrency": 0.17},
        "tpot_ms: 0.12 ms; reading the active weights once takes the 8 GPUs of the largest worker 0.156 ms",
    ),
    # Two workers of 4 GPUs each read all of them: 0.313 ms.
    ({"tpot_ms": 0.2, "concurrency": 0.24, "largest_worker_gpus": 4}, "tpot_ms: 0.2 ms; reading the active weights"),
    ({"gpus_per_replica": 1, "largest_worker_gpus": 1, "concurrency": 1, "precision": "bf16"}, "gpus_per_replica: 1"),
    ({"tpot_ms": 6000, "concurrency": 4752}, "tpot_ms: 6000 ms is outside 0.1 to 5,000 ms"),
    ({"ttft_ms": 0.1}, "ttft_ms: 0.1 ms is outside 1 to 3,600,000 ms"),
    ({"tpot_p99_ms": 9}, "tpot_p99_ms: 9 ms is below tpot_ms, 10 ms"),
    # Rates per decode GPU of a replica half of which prefills.
    ({"output_tok_s_per_gpu": 198.2}, "concurrency: 8 in flight; 1.59 requests/s of 10.1 s each"),
    # Decoding alone holds 10: 999 x 10 ms at 1.01 requests/s.
    (
        {"ttft_ms": "", "ttft_statistic": "", "output_tok_s_per_gpu": 126.5},
        "concurrency: 8 in flight; 1.01 requests/s of 9.99 s each (TPOT alone) hold 10.1",
    ),
    ({"as_of": "2020-01-01"}, "as_of: 2020-01-01 is 2,512 days before 2026-11-17; at most 730"),
    # A mark answers the check that it names, and has to say why.
    ({"output_tok_s_per_gpu": 198.2, "note": "checked age: old"}, "concurrency: 8 in flight; 1.59 requests/s"),
    ({"note": "checked: looks right"}, "note: 'checked' names no check; known: age, bandwidth, concurrency, contra"),
    ({"note": "own run; checked latencies: fine"}, "note: 'checked latencies' names no check; nearest: latency"),
    ({"note": "checked latency"}, "note: 'checked latency' gives no reason; write it behind a colon"),
]
HONEST_POINTS: list[dict[str, object]] = [
    {},
    # Speculative decoding reads the weights once for several tokens.
    {"tpot_ms": 0.12, "concurrency": 0.17, "spec_decode": "mtp", "requires": "mtp"},
    # Without a TTFT nothing tells how much of the time it takes.
    {"ttft_ms": "", "ttft_statistic": "", "output_tok_s_per_gpu": 9.9, "input_tok_s_per_gpu": 9.9},
    # MXFP4 is four bits, and computed as FP4 where there is FP4.
    {"input_tok_s_per_gpu": 250_000, "precision": "mxfp4"},
    # FP4 weights on a system with FP4, at a rate that FP8 could not reach.
    {"input_tok_s_per_gpu": 250_000, "precision": "fp4"},
    # Input read from a cache is not computed.
    {"input_tok_s_per_gpu": 250_000, "requires": "kv_offload"},
    {"input_tok_s_per_gpu": 250_000, "kv_routing": "on", "requires": "kv_routing"},
    {"output_tok_s_per_gpu": 198.2, "note": "checked concurrency: half of the requests stop at once"},
    {"note": "looked at; Checked age: a service that never changed", "as_of": "2020-01-01"},
]


def table(*rows: dict[str, object]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def own(folder: Path, points: list[dict[str, object]] | None = None, offers: str = "", models: str = MODELS) -> Path:
    (folder / "serving").mkdir(parents=True)
    (folder / "sources.yaml").write_text(SOURCES)
    if models:
        (folder / "models.yaml").write_text(models)
    if points:
        (folder / "serving" / "toy.csv").write_text(table(*points))
    if offers:
        (folder / "offers.csv").write_text(offers)
    return folder


def found(folder: Path, today: str = "2026-11-17") -> list[str]:
    checked = check(load_catalog(["builtin", str(folder)]), dt.date.fromisoformat(today))
    assert all(fault.file.startswith(str(folder)) for fault in checked.findings)
    return [f"{fault.line}: {fault.field}: {fault.message}" for fault in checked.findings]


@pytest.fixture(scope="module")
def builtin() -> Catalog:
    return load_catalog(["builtin"])


def test_the_shipped_catalogs_are_clean(builtin: Catalog) -> None:
    checked = check(builtin)
    assert checked.findings == ()
    assert checked.rows > 1000
    # Every point was held against physics.
    assert checked.unchecked == ()
    assert checked.today == max(row.as_of for row in rows_of(builtin))


def test_the_catalog_of_the_published_comparison_is_clean() -> None:
    folder = Path(__file__).parents[1] / "scenarios" / "published-comparison"
    assert check(load_catalog(["builtin", str(folder)])).findings == ()


@pytest.mark.parametrize(("change", "begins"), FAULTY_POINTS)
def test_a_faulty_point_is_found(change: dict[str, object], begins: str, tmp_path: Path) -> None:
    findings = found(own(tmp_path / "own", [POINT | change]))
    assert len(findings) == 1, findings
    assert findings[0].startswith(f"2: {begins}")


@pytest.mark.parametrize("change", HONEST_POINTS)
def test_an_honest_point_is_not(change: dict[str, object], tmp_path: Path) -> None:
    assert found(own(tmp_path / "own", [POINT | change])) == []


def test_a_model_without_parameters_cannot_be_checked(tmp_path: Path) -> None:
    folder = own(tmp_path / "own", [POINT | {"input_tok_s_per_gpu": 250_000}], models="")
    assert found(folder) == []
    assert "toy" in check(load_catalog(["builtin", str(folder)])).unchecked


def test_more_active_than_total_parameters_do_not_load(tmp_path: Path) -> None:
    folder = own(tmp_path / "own", models=MODELS.replace("active_params_billion: 10", "active_params_billion: 101"))
    with pytest.raises(CatalogError, match="active_params_billion: this is above total_params_billion, 100"):
        load_catalog(["builtin", str(folder)])


def test_of_two_rows_of_one_configuration_the_better_evidence_stays(tmp_path: Path) -> None:
    vendor = POINT | {"series": "vendor-tp8", "evidence": "vendor", "as_of": "2026-11-10", **SLOW, "tpot_ms": 80}
    measured = POINT | {"series": "own-tp8", **SLOW}
    newer = measured | {"series": "again-tp8", "as_of": "2026-11-05", "tpot_ms": 90}
    other = measured | {"series": "own-tp4", "tpot_ms": 90}
    folder = own(tmp_path / "own", [vendor, measured, newer, other])
    assert found(folder) == [
        f"2: tpot_ms: 80; {folder}/serving/toy.csv:4 has 90 for the same configuration and goes before it "
        "(measured, 2026-11-05)",
        f"3: tpot_ms: 100; {folder}/serving/toy.csv:4 has 90 for the same configuration and goes before it "
        "(measured, 2026-11-05)",
    ]


@pytest.mark.parametrize("usd", [0.05, 500])
def test_a_price_far_from_its_peers_is_found(usd: float, tmp_path: Path) -> None:
    findings = found(own(tmp_path / "own", offers=table(OFFER | {"usd_per_gpu_hour": usd})))
    assert len(findings) == 1
    assert findings[0].startswith(f"2: usd_per_gpu_hour: {usd:g}; the median of the other ")
    assert " on_demand offers of hgx-b200 is " in findings[0]


def test_cached_input_dearer_than_input_is_found(tmp_path: Path) -> None:
    folder = own(tmp_path / "own")
    (folder / "token_apis.csv").write_text(
        "provider,model,input_usd_per_mtok,cached_input_usd_per_mtok,output_usd_per_mtok,source,as_of,evidence,note\n"
        "own,toy,0.5,0.6,1,own,2026-11-01,vendor,\n"
        "acme,toy,0.5,0.6,1,own,2026-11-01,vendor,checked price: caching is billed apart\n"
    )
    assert found(folder) == ["2: cached_input_usd_per_mtok: 0.6 is above the 0.5 of input"]


def test_age_counts_to_the_newest_row_unless_told(builtin: Catalog) -> None:
    assert check(builtin, max_age_days=200).findings == check(builtin, check(builtin).today, 200).findings
    assert len(check(builtin, dt.date(2040, 1, 1)).findings) > 900


def test_prices_age_sooner_than_benchmarks_and_those_than_statistics(builtin: Catalog) -> None:
    day = dt.date(2027, 12, 31)
    stale = {finding.file.split("/", 1)[1] for finding in check(builtin, day).findings}
    assert {"offers.csv", "token_apis.csv", "systems.yaml", "serving/llama-3.3-70b.csv"} <= stale
    assert "load_shapes.yaml" not in stale
    ages = [finding.message.rsplit(" ", 1)[1] for finding in check(builtin, day).findings]
    assert {"365", "730", "1,095"} == set(ages)


def test_a_later_catalog_may_know_better(tmp_path: Path) -> None:
    """One configuration with other figures in a later catalog: better evidence holds, as good evidence contradicts."""
    first, second = tmp_path / "first", tmp_path / "second"
    own(first, [POINT | {"evidence": "vendor"}])
    own(second, [POINT | {"series": "again-tp8", "tpot_ms": 12}], models="")
    both = load_catalog(["builtin", str(first), str(second)])
    assert check(both).findings == ()
    (second / "serving" / "toy.csv").write_text(
        table(POINT | {"evidence": "vendor", "series": "again-tp8", "tpot_ms": 12, "ttft_ms": 500})
    )
    (finding,) = check(load_catalog(["builtin", str(first), str(second)])).findings
    assert str(finding) == (
        f"{second}/serving/toy.csv:2: tpot_ms: 12; {first}/serving/toy.csv:2 has 10 for the same configuration and is "
        "as good"
    )
