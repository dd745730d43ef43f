"""What a provider asks for tokens, and for an optimisation that costs extra."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.scenario.procurement import TokenQuote

ROOT = Path(__file__).parents[1]
QUOTE = """
token_quotes:
  - provider: PROVIDER
    model: llama-3.3-70b
    input_usd_per_mtok: 0.01
    output_usd_per_mtok: 0.05
    ttft_ms: 300
    ttft_statistic: p50
    tpot_ms: 15
    tpot_statistic: p50
    concurrency: 64
    tokens: {input: 1024, output: 1024}
"""
# 64 requests in flight of 0.3 s + 1,023 × 15 ms each, 2,048 tokens a request.
MTOK_PER_DAY = 64 / (0.3 + 1023 * 0.015) * 2048 * 86_400 / 1e6


def asked(tmp_path: Path, text: str = QUOTE, provider: str = "acme", *overrides: str) -> planner.Plan:
    file = tmp_path / "s.yaml"
    allowed = f"procurement: {{token_api: true, providers: {{allow: [together, {provider}]}}}}"
    file.write_text(
        f"extends: {ROOT}/tests/compat/0.1.0/scenarios/tiny.yaml\n{allowed}\n{text.replace('PROVIDER', provider)}"
    )
    return planner.solve(planner.load(file, overrides))


def test_a_concurrency_is_so_many_tokens_a_day() -> None:
    latency = {"ttft_ms": 300, "ttft_statistic": "p50", "tpot_ms": 15, "tpot_statistic": "p50"}
    price = {"provider": "x", "model": "y", "input_usd_per_mtok": 1, "output_usd_per_mtok": 1}
    quote = TokenQuote.model_validate(price | latency | {"concurrency": 64, "tokens": {"input": 1024, "output": 1024}})
    assert quote.most_mtok_per_day == pytest.approx(723.9, abs=0.1)
    assert TokenQuote.model_validate(price).most_mtok_per_day is None
    assert TokenQuote.model_validate(price | {"max_mtok_per_day": 7}).most_mtok_per_day == 7


def test_it_is_used_up_to_its_concurrency_at_its_price(tmp_path: Path) -> None:
    plan = asked(tmp_path)
    assert plan.audit.passed
    calls = plan.token_api
    assert set(calls["provider"]) == {"acme"}
    made = calls["mtok_input"] + calls["mtok_output"]
    assert calls["cost_usd"].to_numpy() == pytest.approx(0.01 * calls["mtok_input"] + 0.05 * calls["mtok_output"])
    # Half of the hours of a year each: in the hours it runs it is no faster than quoted, and at the peak as fast.
    days = {"2027": 365, "2028": 366}
    per_day = made / (calls["period"].map(days) * 0.5)
    assert per_day.max() == pytest.approx(MTOK_PER_DAY, rel=2e-3)
    assert "a quote of the scenario" in set(plan.trace("token_api")["gives"])
    assert asked(tmp_path, QUOTE.replace("64", "128")).kpis["npv_usd"] < plan.kpis["npv_usd"]


@pytest.mark.slow
def test_no_price_path_moves_it(tmp_path: Path) -> None:
    path = "finance.price_path=falling-2024"
    unlimited = QUOTE.replace("    concurrency: 64\n    tokens: {input: 1024, output: 1024}\n", "")
    flat, fell = asked(tmp_path, unlimited), asked(tmp_path, unlimited, "acme", path)
    assert fell.audit.passed
    assert set(fell.token_api["cost_usd"]) == set(flat.token_api["cost_usd"])


def test_it_stands_in_the_place_of_the_listed_price(tmp_path: Path) -> None:
    plan = asked(tmp_path, provider="deepinfra")
    rows = plan.token_api[plan.token_api["provider"] == "deepinfra"]
    assert rows["cost_usd"].sum() == pytest.approx((0.01 + 0.05) * rows["mtok_output"].sum())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "    tokens: {input: 1024, output: 1024}\n",
            "",
            "what it serves in a day takes tokens, ttft_ms and tpot_ms too",
        ),
        ("    ttft_statistic: p50\n", "", "this and ttft_statistic, such as p50, go together"),
        (
            "    concurrency",
            "    max_mtok_per_day: 5\n    concurrency",
            "concurrency says that already; give one of them",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(planner.ScenarioError, match=sentence):
        asked(tmp_path, QUOTE.replace(old, new))


@pytest.mark.parametrize(
    ("surcharge", "taken"), [(1.1, "quoted with mtp"), pytest.param(3.0, "quoted", marks=pytest.mark.slow)]
)
def test_an_add_on_is_paid_where_it_is_worth_it(surcharge: float, taken: str) -> None:
    def quote(region: str, usd: float, capabilities: list[str]) -> dict[str, object]:
        row = {"provider": "nebius", "system": "hgx-b200", "term_months": 12, "lot_gpus": 8, "service": "endpoint"}
        return row | {"region": region, "usd_per_gpu_hour": usd, "capabilities": capabilities}

    scenario = planner.Scenario.model_validate(
        {
            "name": "add-on",
            "horizon": {"decided_on": "2026-12-01", "start": "2027-01", "periods": 4},
            "blocks": {"all": 1.0},
            "load_shapes": {"flat": {"all": 1.0}},
            "workloads": [
                {
                    "name": "chat",
                    "model": "deepseek-r1",
                    "tokens": {"input": 8192, "output": 1024},
                    "demand": {"output_mtok_per_day": 3000},
                    "load": "flat",
                    "sla": {"ttft_s": 20, "tpot_ms": 30},
                }
            ],
            "procurement": {
                "rent": ["reserved"],
                "token_api": False,
                "providers": {"allow": ["nebius"]},
                "systems": {"allow": ["hgx-b200"]},
            },
            "quotes": [quote("quoted", 3.0, []), quote("quoted with mtp", 3.0 * surcharge, ["mtp"])],
        }
    )
    assert set(planner.solve(scenario).contracts["region"]) == {taken}
