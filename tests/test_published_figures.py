"""docs/published-figures.md against its own constants: every number in its tables is recomputed here.

The constants are pinned; what the page prints must be what ``planner.units`` makes of them, and the arithmetic that the
page shows must come to the same value.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from planner.units import (
    SECONDS_PER_HOUR,
    mtok_from_tokens,
    tok_per_s_per_mw,
    tokens_per_hour,
    usd_per_mtok_from_gpu_hour,
)

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "published-figures.md").read_text(encoding="utf-8")

CONSTANTS = {
    "H200 price": 1.41,
    "GB300 price, printed": 2.65,
    "GB300 price, unrounded": 2.652,
    "H200 rate": 90.0,
    "GB300 rate": 6_000.0,
    "H200 cost": 4.20,
    "GB300 cost": 0.12,
    "H200 rate per MW": 54_000.0,
    "GB300 rate per MW": 2_800_000.0,
    "H200 all-in power": 1.73,
    "GB300 all-in power": 2.10,
    "H200 FP8 dense": 1.979,
    "H200 FP8 sparse": 3.958,
    "GB300 FP8 dense": 5.0,
    "GB300 FP4 dense": 15.0,
    "GB300 FP4 sparse": 20.0,
}
H200_USD, GB300_USD, GB300_USD_EXACT, H200_RATE, GB300_RATE = list(CONSTANTS.values())[:5]
H200_COST, GB300_COST, H200_PER_MW, GB300_PER_MW, H200_KW, GB300_KW = list(CONSTANTS.values())[5:11]
H200_FP8, H200_FP8_SPARSE, GB300_FP8, GB300_FP4, GB300_FP4_SPARSE = list(CONSTANTS.values())[11:]

# The same formula gives the rate that a cost needs: $/Mtok and tok/s change places.
H200_RATE_EXACT = usd_per_mtok_from_gpu_hour(H200_USD, H200_COST)
# And kW per GPU from tok/s per GPU and per MW.
kw_per_gpu = tok_per_s_per_mw
INPUT, OUTPUT = 8_192, 1_024
BASIS = (INPUT + OUTPUT) / OUTPUT
TOKENS_A_MONTH = 10e9


def usd(digits: int) -> Callable[[float], str]:
    return lambda value: f"${value:,.{digits}f}"


def plain(digits: int) -> Callable[[float], str]:
    return lambda value: f"{value:,.{digits}f}"


def times(digits: int) -> Callable[[float], str]:
    return lambda value: f"{value:.{digits}f}×"


def million(value: float) -> str:
    return f"{value / 1e6:.2f} M"


def whole(value: float) -> str:
    return f"{int(value):,}"


@dataclass(frozen=True)
class Claim:
    """A recomputed value, how the page writes it, what was printed (same unit), and the first words of the verdict."""

    value: float
    write: Callable[[float], str]
    printed: float | None = None
    verdict: str = ""


CLAIMS = {
    "1": Claim(usd_per_mtok_from_gpu_hour(H200_USD, H200_RATE), usd(2), 4.20, "does not follow"),
    "2": Claim(H200_RATE_EXACT, plain(2), 90, "holds if"),
    "3": Claim(usd_per_mtok_from_gpu_hour(GB300_USD, GB300_RATE), usd(3), 0.12, "holds"),
    "4": Claim(kw_per_gpu(H200_RATE, H200_PER_MW), plain(3), H200_KW, "see 5"),
    "5": Claim(H200_PER_MW * H200_KW / 1e3, plain(2), 90, "holds"),
    "6": Claim(kw_per_gpu(GB300_RATE, GB300_PER_MW), plain(3), GB300_KW, "see 7"),
    "7": Claim(GB300_PER_MW * GB300_KW / 1e3, plain(0), 6_000, "holds after rounding"),
    "8": Claim(GB300_USD / H200_USD, times(2), 2, "holds after rounding"),
    "9": Claim(GB300_RATE / H200_RATE, times(1), 65, "holds"),
    "10": Claim(GB300_RATE / H200_RATE_EXACT, times(1), 65, "holds"),
    "11": Claim(GB300_PER_MW / H200_PER_MW, times(1), 50, "holds"),
    "12": Claim(H200_COST / GB300_COST, times(1), 35, "holds"),
    "13": Claim(
        usd_per_mtok_from_gpu_hour(H200_USD, H200_RATE) / usd_per_mtok_from_gpu_hour(GB300_USD, GB300_RATE),
        times(1),
        35,
        "holds",
    ),
    "14": Claim(H200_FP8_SPARSE / H200_USD, plain(2), 2.8, "holds, sparse"),
    "15": Claim(GB300_FP4 / GB300_USD_EXACT, plain(2), 5.6, "holds truncated"),
    "16": Claim((GB300_FP4 / GB300_USD_EXACT) / (H200_FP8_SPARSE / H200_USD), times(2), 2, "not comparable"),
    "17": Claim((GB300_FP8 / GB300_USD_EXACT) / (H200_FP8 / H200_USD), times(2), 2),
    "18": Claim((GB300_FP4 / GB300_USD_EXACT) / (H200_FP8 / H200_USD), times(2), 2),
    "19": Claim((GB300_FP4_SPARSE / GB300_USD_EXACT) / (H200_FP8_SPARSE / H200_USD), times(2), 2),
    "20": Claim(2.8 * SECONDS_PER_HOUR / 1e3, plain(1), 2.8, "unit loose"),
    "21": Claim(5.6 * SECONDS_PER_HOUR / 1e3, plain(1), 5.6, "unit loose"),
    "22": Claim(usd_per_mtok_from_gpu_hour(H200_USD, H200_RATE / SECONDS_PER_HOUR), usd(0), 4.20, "wrong unit"),
    "23": Claim(usd_per_mtok_from_gpu_hour(GB300_USD, GB300_RATE / SECONDS_PER_HOUR), usd(0), 0.12, "wrong unit"),
    "24": Claim(tokens_per_hour(H200_PER_MW) / 1e6, plain(1), 0.054, "wrong, 3,600× too low"),
    "25": Claim(tokens_per_hour(GB300_PER_MW) / 1e9, plain(2)),
    "26": Claim(tokens_per_hour(H200_PER_MW * 10) / 1e9, plain(3), 0.54, "wrong, 3.6× too low"),
    "27": Claim(tokens_per_hour(GB300_PER_MW * 10) / 1e9, plain(1), 28, "wrong, 3.6× too low"),
    "28": Claim(mtok_from_tokens(TOKENS_A_MONTH) * 12 * H200_COST, usd(0), 42e6, "wrong, 83.3× too high"),
    "29": Claim(mtok_from_tokens(TOKENS_A_MONTH) * 12 * GB300_COST, usd(0), 1.2e6, "wrong, 83.3× too high"),
    "30": Claim(42e6 / 12 / H200_COST / 1e3, plain(0), 10),
}
BASIS_ROWS = {
    "B1": Claim(BASIS, plain(1)),
    "B2": Claim(H200_COST * BASIS, usd(2)),
    "B3": Claim(GB300_COST * BASIS, usd(2)),
    "B4": Claim(H200_RATE_EXACT * 8, plain(0)),
    "B5": Claim(H200_RATE_EXACT * 8 / BASIS, plain(1)),
}
HALL_ROWS = {
    "H1": Claim(10e3 / H200_KW, whole),
    "H2": Claim(10e3 / GB300_KW, whole),
    "H3": Claim(10e3 / GB300_KW / 72, whole),
    "H4": Claim(10e3 / (140 * 1.10 * 1.15), whole),
}
POWER_ROWS = {
    "W1": GB300_KW,
    "W2": 50e3 / 23_000,
    "W3": 240e3 / 104_000,
    "W4": 140 / 72 * 1.10 * 1.15,
    "W5": 140 / 64 * 1.10 * 1.15,
}
POINTS = {
    "P1": (637.0, 6_186.0),
    "P2": (1_121.0, 8_373.0),
    "P3": (501.0, 634.0),
    "P4": (H200_RATE_EXACT, GB300_RATE),
}
MTP = {
    "M1": (usd_per_mtok_from_gpu_hour(GB300_USD_EXACT, 2.35), usd_per_mtok_from_gpu_hour(GB300_USD_EXACT, 0.11)),
    "M2": (634.0, 6_186.0),
    "M3": (3_004.0, 8_373.0),
    "M4": (6_821.0, 13_357.0),
}
PRICES = {
    "S1": (1.41, 2.652),
    "S2": (1.74, 3.30),
    "S3": (1.60, 3.96),
    "S4": (1.22, 2.31),
    "S5": (1.59, 2.79),
    "S6": (2.05, 3.30),
}
SOURCES = set("NAKCJSDLV")


def table(name: str) -> dict[str, dict[str, str]]:
    """Rows of the table behind ``<!-- name -->``: first cell → column → cell."""
    text = PAGE.split(f"<!-- {name} -->")[1].strip()
    lines = text.split("\n\n")[0].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(len(row) == len(head) for row in rows), f"{name}: a row has another number of cells than the head"
    return {row[0]: dict(zip(head, row, strict=True)) for row in rows}


_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def evaluate(arithmetic: str) -> float:
    """The value of arithmetic as the page writes it: ``1.41 ÷ (90 × 3,600) × 10⁶``."""
    text = arithmetic.replace(",", "").replace("×", "*").replace("÷", "/")
    text = re.sub("([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda power: f"**{power[1].translate(_SUPERSCRIPTS)}", text)

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, int | float), f"'{arithmetic}' is more than arithmetic"
            return float(node.value)
        assert isinstance(node, ast.BinOp), f"'{arithmetic}' is more than arithmetic"
        return _OPERATORS[type(node.op)](value(node.left), value(node.right))

    return value(ast.parse(text, mode="eval").body)


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def number(cell: str) -> float | None:
    """The first number of a cell, millions written out; None where there is none."""
    found = re.search(r"[\d,]*\.?\d+", cell)
    if found is None:
        return None
    return float(found[0].replace(",", "")) * (1e6 if cell.endswith(" M") else 1.0)


def test_the_constants_of_the_page_are_those_of_the_test() -> None:
    rows = table("constants")
    assert {name: number(row["value"]) for name, row in rows.items()} == CONSTANTS
    for name, row in rows.items():
        keys = {part.strip()[0] for part in row["source"].split(",") if part.strip().isupper()}
        assert keys <= SOURCES, f"{name}: {row['source']}"
        assert keys, f"{name} names no source"


@pytest.mark.parametrize(
    ("name", "column", "claims"),
    [("claims", "recomputed", CLAIMS), ("basis", "value", BASIS_ROWS), ("hall", "count", HALL_ROWS)],
)
def test_every_row_is_what_its_arithmetic_and_its_units_give(
    name: str, column: str, claims: Mapping[str, Claim]
) -> None:
    rows = table(name)
    assert list(rows) == list(claims), "rows of the page and of the test differ"
    for key, claim in claims.items():
        row = rows[key]
        assert row[column] == claim.write(claim.value), f"row {key}"
        # 93.25 stands for the exact 93.2540 in the arithmetic.
        assert evaluate(row["arithmetic"]) == pytest.approx(claim.value, rel=1e-4), f"row {key}"


@pytest.mark.parametrize("key", list(CLAIMS))
def test_every_verdict_follows_from_printed_and_recomputed(key: str) -> None:
    claim, row = CLAIMS[key], table("claims")[key]
    assert number(row["printed"]) == claim.printed
    assert row["verdict"].startswith(claim.verdict)
    assert bool(row["verdict"]) == bool(claim.verdict)
    if claim.printed is None or not claim.verdict:
        return
    factor = claim.value / claim.printed
    if claim.verdict.startswith("wrong, "):
        low = factor > 1
        text = f"{max(factor, 1 / factor):,.1f}".removesuffix(".0")
        assert row["verdict"] == f"wrong, {text}× too {'low' if low else 'high'}"
    elif claim.verdict.startswith("wrong unit"):
        assert factor > 1_000
    elif claim.verdict.startswith("holds"):
        assert factor == pytest.approx(1, abs=0.07)
    elif claim.verdict.startswith("does not follow"):
        assert claim.write(claim.value) != row["printed"]


def test_operating_points() -> None:
    rows = table("points")
    assert list(rows) == list(POINTS)
    for key, (h200, gb300) in POINTS.items():
        h200_usd = usd_per_mtok_from_gpu_hour(H200_USD, h200)
        gb300_usd = usd_per_mtok_from_gpu_hour(GB300_USD_EXACT, gb300)
        assert list(rows[key].values())[3:] == [
            f"{h200:,.2f}" if key == "P4" else f"{h200:,.0f}",
            f"{gb300:,.0f}",
            f"{gb300 / h200:.1f}×",
            f"${h200_usd:.3f}",
            f"${gb300_usd:.3f}",
            f"{h200_usd / gb300_usd:.1f}×",
        ], key
    # The dashboard's own costs, where they stray from rate and price.
    assert usd_per_mtok_from_gpu_hour(H200_USD, 501) == pytest.approx(0.81, rel=0.04)
    assert usd_per_mtok_from_gpu_hour(GB300_USD_EXACT, 357) / 2.23 == pytest.approx(0.925, abs=0.005)
    assert 6.5 < POINTS["P1"][0] / H200_RATE_EXACT < 7.5
    # Where GB300's curves pass 6,000, between the two points around it: tok/s per user at total tok/s per GPU.
    fp8, fp4 = np.interp(GB300_RATE, [5_055, 6_186], [107, 84]), np.interp(GB300_RATE, [3_821, 8_316], [138, 98])
    assert f"near {fp8:.0f} tok/s per user (FP8 8k/1k) and {fp4:.0f} (FP4 1k/1k)" in " ".join(PAGE.split())


def test_the_mtp_point() -> None:
    rows = table("mtp")
    assert list(rows) == list(MTP)
    for key, (off, on) in MTP.items():
        assert list(rows[key].values())[2:] == [f"{off:,.0f}", f"{on:,.0f}", f"{on / off:.1f}×"], key


def test_price_bases() -> None:
    rows = table("prices")
    assert list(rows) == list(PRICES)
    for key, (h200, gb300) in PRICES.items():
        one = usd_per_mtok_from_gpu_hour(h200, H200_RATE_EXACT)
        other = usd_per_mtok_from_gpu_hour(gb300, GB300_RATE)
        row = list(rows[key].values())[2:]
        assert [number(cell) for cell in row[:2]] == [h200, gb300], key
        assert row[2:] == [f"${one:.2f}", f"${other:.3f}", f"{one / other:.1f}×"], key


def test_power_bases() -> None:
    rows = table("power")
    assert list(rows) == list(POWER_ROWS)
    for key, kw in POWER_ROWS.items():
        row = rows[key]
        assert evaluate(row["arithmetic, kW per GPU"]) == pytest.approx(kw), key
        assert row["kW per GPU"] == f"{kw:.2f}", key
        assert row["total tok/s per MW at 6,000 per GPU"] == million(tok_per_s_per_mw(GB300_RATE, kw)), key


def test_this_catalog_has_the_rack_that_the_page_says() -> None:
    systems = YAML(typ="safe").load(ROOT / "catalogs" / "systems.yaml")["systems"]
    by_name = {system["system"]: system for system in systems}
    rack, node = by_name["gb300-nvl72"], by_name["hgx-h200"]
    assert (rack["nameplate_it_kw"], rack["network_kw_share"], rack["gpus"]) == (140, 0.1, 72)
    assert rack["nvlink_domain_usable_gpus"] == 64
    assert (node["fp8_dense_pflops_per_gpu"], rack["fp8_dense_pflops_per_gpu"]) == (H200_FP8, GB300_FP8)
    assert rack["fp4_dense_pflops_per_gpu"] == GB300_FP4


def test_rounding_windows() -> None:
    def between(low: float, high: float, price: float, per_mw_low: float, per_mw_high: float, kw: float) -> str:
        least = max(usd_per_mtok_from_gpu_hour(price, high), per_mw_low * kw / 1e3)
        most = min(usd_per_mtok_from_gpu_hour(price, low), per_mw_high * kw / 1e3)
        return f"{least:,.1f} and {most:,.1f}" if most < 1_000 else f"{least:,.0f} and {most:,.0f}"

    prose = " ".join(PAGE.split())
    h200 = between(4.195, 4.205, H200_USD, 53_500, 54_500, H200_KW)
    gb300 = between(0.115, 0.125, GB300_USD_EXACT, 2.75e6, 2.85e6, GB300_KW)
    assert f"the H200 between {h200} total tok/s per GPU" in prose
    assert f"the GB300 between {gb300}." in prose


def test_the_summary_says_what_the_tables_say() -> None:
    summary = " ".join(PAGE.split("In short:")[1].split("##")[0].split())
    rows = table("points")
    assert f"makes {rows['P1']['throughput ratio']} the total tokens at {rows['P1']['cost ratio']} lower" in summary
    ratio = number(rows["P3"]["cost ratio"])
    assert ratio is not None
    assert ratio < 1
    assert "without MTP it is the more expensive" in summary
    assert "factors of 83, 3,600 and 3.6" in summary


def test_every_source_key_used_is_listed() -> None:
    listed = set(re.findall(r"^\| ([A-Z]) \|", PAGE, flags=re.M))
    assert listed == SOURCES
    used = set(re.findall(r"\(([A-Z])\)", PAGE))
    assert used <= SOURCES
