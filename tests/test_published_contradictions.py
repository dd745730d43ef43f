"""Figures that contradict each other on docs/published-figures.md, and the losses on docs/catalogs-and-evidence.md."""

from __future__ import annotations

import re

import pytest

from planner.catalog import Catalog, load_catalog
from tests.store import ROOT
from tests.test_published_figures import evaluate, table

# In flight by Little's law over what was in flight, and what other two figures of one thing are apart.
FACTORS = {
    "D1": 39.867 * 8 / (0.9 * 1024) * (0.9 * 1024 - 1) * 23.79e-3 / 4,
    "D2": 5.8248 * (129.96e-3 + (505 - 1) * 42.9e-3) / 100,
    "D3": 1.7617 * (87.42e-3 + (510 - 1) * 12e-3) / 16,
    "D4": 8 * 720 / 2200,
    "D5": 304_000 / (475_000 / 2.75),
    "D6": 6.0 / 1.5,
    "D7": 0.89 / 0.80,
    "D8": 230 / 229,
}


@pytest.fixture(scope="module")
def builtin() -> Catalog:
    return load_catalog(["builtin"])


def test_every_factor_is_what_its_arithmetic_gives() -> None:
    rows = table("contradictions")
    assert list(rows) == list(FACTORS)
    for key, factor in FACTORS.items():
        assert evaluate(rows[key]["arithmetic"]) == pytest.approx(factor, rel=1e-4), key
        assert rows[key]["factor"] == f"{factor:.2f}×", key


def test_the_catalog_does_what_the_page_says(builtin: Catalog) -> None:
    points = list(builtin.serving.values())
    assert "llama-4-scout" not in {point.model for point in points}
    # The table of D1 is shipped but for its rows of B200.
    assert {point.system for point in points if "inferencex-blog-mi355x-glm5" in point.source} == {"mi355x-oam"}
    node = builtin.systems["mi355x-oam"]
    assert (node.price_usd, node.nameplate_it_kw, node.busy_it_kw) == (304_000, 17.5, 12.075)
    assert builtin.systems["hgx-b300"].price_usd == 475_000
    rents = [offer for offer in builtin.offers.values() if offer.system == "mi300x-oam"]
    assert [(offer.provider, offer.usd_per_gpu_hour) for offer in rents] == [
        ("tensorwave", 1.5),
        ("vultr", 1.85),
        ("crusoe", 1.71),
    ]
    scores = {
        row.checkpoint: row.score_share
        for row in builtin.accuracy.values()
        if (row.model, row.precision, row.evaluation) == ("deepseek-r1", "fp8", "AIME 2024")
    }
    assert scores == {"deepseek-ai/DeepSeek-R1": 0.8, "deepseek-ai/DeepSeek-R1-0528": 0.89}
    assert builtin.models["minimax-m2.5"].total_params_billion == 229


def test_the_losses_of_the_page_are_those_of_the_rows(builtin: Catalog) -> None:
    text = (ROOT / "docs" / "catalogs-and-evidence.md").read_text(encoding="utf-8")
    body = text.split("<!-- losses -->")[1].strip().split("\n\n")[0].splitlines()[2:]
    assert len(body) == 7
    for line in body:
        model, evaluation, published, made, loss, source = (cell.strip() for cell in line.strip("|").split("|"))
        (native, native_precision), (score, precision) = (
            re.fullmatch(r"([\d.]+) % \((\w+)\)", cell).groups()  # type: ignore[union-attr]
            for cell in (published, made)
        )
        assert builtin.models.get(model) is None or builtin.models[model].native_precision == native_precision
        (row,) = [
            row
            for row in builtin.accuracy.values()
            if (row.model, row.precision, row.evaluation, *row.source) == (model, precision, evaluation, source)
        ]
        assert row.score_share == pytest.approx(float(score) / 100)
        assert row.native_score_share == pytest.approx(float(native) / 100)
        assert row.loss_points == float(loss) == pytest.approx(float(native) - float(score))
