"""A diff as a comment on a pull request: the verdict, what changes at a glance, details folded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.history.store import save
from planner.render.markdown import markdown
from planner.render.sheet import Sheet, left
from tests.store import TINY, plan, tiny_run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run 1 is tiny, run 2 tiny with less power, which costs more."""
    path = tmp_path_factory.mktemp("store") / "runs.sqlite"
    for overrides in ((), ("sites.hall.power_mw=0.04",)):
        save(path, tiny_run(*overrides))
    return path


def comment(*words: str | Path) -> tuple[int, str]:
    done = plan("diff", *words, "--markdown", "-")
    return done.exit_code, done.stdout


def test_what_is_folded_opens_by_its_summary() -> None:
    sheet = Sheet("Inputs:", (left("field"),), (("a",),))
    assert markdown("B costs more.", [Sheet("A and B.")], [("1 <input>", [sheet])]) == (
        "### B costs more.\n\nA and B.\n\n<details><summary>1 &#60;input&#62;</summary>\n\n"
        "**Inputs:**\n\n| field |\n| --- |\n| a |\n\n</details>\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "verdict"),
    [
        (("1", "2"), 0, "B costs 47.9 % more than A: $1.10 per Mtok output, $0.747 before."),
        (("2", "1"), 0, "B costs 32.4 % less than A: $0.747 per Mtok output, $1.10 before."),
        (("1", "1"), 0, "B costs what A costs: $0.747 per Mtok output."),
        (
            ("1", "2", "--fail-above", "3%"),
            6,
            "B costs 47.9 % more than A: $1.10 per Mtok output, $0.747 before. More than 3% is not allowed here.",
        ),
    ],
)
def test_the_verdict_stands_first(store: Path, words: tuple[str, ...], code: int, verdict: str) -> None:
    ended, text = comment(*words, "--store", store)
    assert ended == code
    first, *rest = text.splitlines()
    assert first == f"### {verdict.replace('$', '&#36;')}"
    assert rest[1] == f"run {words[0]} (A) and run {words[1]} (B)."


def test_what_changes_is_seen_and_the_rest_is_folded(store: Path) -> None:
    _, text = comment("1", "2", "--store", store)
    shown, *folded = text.split("<details>")
    assert "| 2027 | buy hgx-h200 for hall | 4 | 2 | -16 | -748 |" in shown
    seen = [line.split(" | ")[0].removeprefix("| ") for line in shown.splitlines() if re.match(r"\| (?!-)", line)]
    assert seen[:6] == [
        "figure", "cost of the reported periods, &#36; per Mtok output", "NPV of all cost, &#36; k", "cash, &#36; k",
        "capex, &#36; k", "opex, &#36; k",
    ]  # fmt: skip
    summaries = [re.match(r"<summary>(.*)</summary>", part) for part in folded]
    assert [found and found[1] for found in summaries] == [
        "Inputs that changed: 1", "Cash by period and tag", "All figures of the cost",
    ]  # fmt: skip
    assert "| sites.hall.power_mw | 0.06 | 0.04 |" in folded[0]
    assert "| 2028 | 375 | 923 | +549 | +146.4 % |" in folded[1]
    assert "NPV by category" in folded[2]
    assert text.count("</details>") == 3


@pytest.mark.slow
def test_without_a_plan_the_verdict_says_so_and_what_to_relax_is_seen(store: Path, tmp_path: Path) -> None:
    none = tmp_path / "none.yaml"
    none.write_text(TINY.read_text().replace("power_mw: 0.06 ", "power_mw: 0.03 ").replace("[on_demand]", "[]"))
    code, text = comment("1", none, "--store", store)
    assert code == 3
    assert text.startswith(f"### {none} has no plan.\n")
    assert "hall needs 0.07012 MW in 2027, the cap is 0.03" in text.split("<details>")[0]
