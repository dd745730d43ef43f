"""An approved plan as a file: the same bytes each time, refused where it was changed, held against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.errors import InputError
from planner.history.baseline import approve, baseline_of, run_or_baseline
from planner.history.run import Run, run_of
from planner.history.store import save
from planner.pipeline import catalog_of, load, solve
from planner.studies.actuals.study import actuals
from planner.studies.diff.cash import cash_by_period, cash_by_tag, summed
from tests.revisions import begin_in, git
from tests.store import ROOT, TINY, plan, tiny_run

TAGGED = (
    'sites.hall.tags={cost_centre: "0815"}', 'workloads.chat.tags={product: assistant}', "horizon.period=quarter",
    "horizon.periods=2", "horizon.lookahead=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def tagged() -> Run:
    scenario = load(TINY, TAGGED)
    catalog = catalog_of(scenario)
    found = solve(scenario, catalog)
    return run_of(scenario, catalog, found, found.to_dict(), [])


@pytest.fixture
def store(tmp_path: Path, tagged: Run) -> Path:
    """Run 1 is tiny, run 2 tiny with less power, run 3 has tags."""
    path = tmp_path / "runs.sqlite"
    for run in (tiny_run(), tiny_run("sites.hall.power_mw=0.04"), tagged):
        save(path, run)
    return path


def written(path: Path, run: Run, **words: Any) -> Path:
    path.write_text(approve(run, **words).to_json(), encoding="utf-8")
    return path


def test_the_same_run_approved_alike_is_the_same_bytes_and_says_nothing_of_where_it_was(store: Path) -> None:
    save(store, tiny_run())
    one, other = (plan("approve", run, "-o", "-", "--by", "Kim", "--on", "2027-01", "--store", store) for run in "14")
    assert one.exit_code == 0, one.output
    assert one.stdout == other.stdout
    assert str(ROOT) not in one.stdout
    assert tiny_run().saved_at not in one.stdout
    assert json.loads(one.stdout)["approved"] == {"by": "Kim", "on": "2027-01-01"}
    told = "run 1 (tiny) approved by Kim on 2027-01-01\n$0.747 per Mtok output, $2.24 M of cash, digest "
    assert one.stderr.startswith(told)


def test_nobody_and_no_day_is_named_unless_it_is_given(store: Path, tmp_path: Path) -> None:
    done = plan("approve", "1", "-o", tmp_path / "b.json", "--store", store)
    assert done.stdout.startswith(f"{tmp_path / 'b.json'}: run 1 (tiny) approved\n$0.747")
    assert json.loads((tmp_path / "b.json").read_text())["approved"] == {"by": None, "on": None}
    digests = {approve(tiny_run(), by, None).digest for by in ("", "Kim", "kim")}
    assert len(digests) == 3


def test_a_baseline_is_the_run_again(tmp_path: Path, tagged: Run) -> None:
    run, baseline = run_or_baseline(str(written(tmp_path / "b.json", tagged, by="Kim")), tmp_path / "none.sqlite")
    assert baseline is not None
    assert (run.result, run.served, run.overrides) == (tagged.result, tagged.served, tagged.overrides)
    assert (run.scenario_digest, run.catalog_digest) == (tagged.scenario_digest, tagged.catalog_digest)
    assert run.result_text == tagged.result_text
    assert run.question() == tagged.question()
    assert run.label == str(tmp_path / "b.json")


def test_other_blanks_and_another_order_of_keys_are_no_change() -> None:
    value = approve(tiny_run(), "Kim").to_dict()
    turned = dict(reversed(json.loads(json.dumps(value)).items()))
    assert baseline_of(turned, "b.json").digest == value["digest"]


CHANGES: dict[str, Any] = {
    "a figure": lambda value: value["result"]["kpis"].update(cash_usd=1.0),
    "who": lambda value: value["approved"].update(by="Joe"),
    "when": lambda value: value["approved"].update(on="2027-02-01"),
    "the question": lambda value: value.update(scenario_text=value["scenario_text"].replace("0.06", "0.07")),
    "tokens": lambda value: value["served"].pop(),
    "a field more": lambda value: value.update(note="fine"),
    "a field less": lambda value: value.pop("versions"),
    "the digest": lambda value: value.update(digest="0" * 64),
    "no digest": lambda value: value.pop("digest"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_changed_baseline_is_refused(tmp_path: Path, change: Any) -> None:
    value = json.loads(approve(tiny_run(), "Kim").to_json())
    change(value)
    path = tmp_path / "b.json"
    path.write_text(json.dumps(value))
    for words in (("diff", path, TINY), ("actuals", path, tmp_path / "a.csv")):
        done = plan(*words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"{path}: this baseline is not what was approved: its digest is ")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"baseline": 2}, "b.json: this is a baseline of version 2; this planner reads version 1"),
        ({"version": 2}, "b.json: this is not a baseline; `plan approve RUN -o b.json` writes one"),
        ([1], "b.json: this is not a baseline"),
        (None, "b.json: this is not a baseline"),
    ],
)
def test_what_is_no_baseline_is_said_so(value: Any, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        baseline_of(value, "b.json")
    assert sentence in str(refused.value)


def test_a_baseline_with_a_true_digest_but_without_its_parts_is_refused() -> None:
    from planner.history.baseline import _digest

    content = {"approved": {"by": None, "on": None}, "overrides": []}
    with pytest.raises(InputError, match="this baseline lacks parts"):
        baseline_of({"baseline": 1, "digest": _digest(content)} | content, "b.json")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["9", "-o", "new.json"], "there is no run 9 in "),
        (["1", "--on", "2027-13"], "--on: '2027-13' is no date; write 2027-01-31, 2027-01 or 2027"),
        (["1"], "baseline.json is there already; `-o baseline.json` replaces it"),
        (["1", "-o", "none/b.json"], "--output none/b.json: there is no folder none"),
    ],
)
def test_what_cannot_be_approved_is_one_sentence(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("baseline.json").write_text("kept")
    done = plan("approve", *words, "--store", store)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert Path("baseline.json").read_text() == "kept"


def test_a_run_without_a_plan_is_not_approved() -> None:
    from tests.store import empty_run

    with pytest.raises(InputError, match="run 0 has no plan to approve"):
        approve(empty_run("none"))


def test_diff_holds_a_baseline_as_it_holds_its_run(store: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "b.json", tiny_run(), by="Kim")
    mine, runs = (json.loads(plan("diff", a, "2", "--store", store, "--json", "-").stdout) for a in (path, "1"))
    assert mine["a"].pop("baseline") == {
        "digest": approve(tiny_run(), "Kim").digest, "approved_by": "Kim", "approved_on": None,
    }  # fmt: skip
    assert mine["a"].pop("what") == str(path)
    assert runs["a"].pop("what") == "run 1"
    assert mine == runs
    done = plan("diff", path, "2", "--store", store, "--fail-above", "3%")
    assert done.exit_code == 6
    assert "A is the plan of tiny approved by Kim, digest " in done.stdout
    assert plan("diff", path, "2", "--store", store, "--fail-above", "48%").exit_code == 0


def test_a_baseline_of_another_revision_is_read_from_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_in(tmp_path, monkeypatch)
    path = written(tmp_path / "b.json", tiny_run(), by="Kim")
    git("add", "b.json")
    git("commit", "-qm", "approve")
    path.write_text("{}")
    other = tmp_path / "r.json"
    other.write_text(tiny_run("sites.hall.power_mw=0.04").result_text)
    done = plan("diff", "HEAD:b.json", other)
    assert "HEAD:b.json (A)" in done.stdout
    assert "A is the plan of tiny approved by Kim" in done.stdout
    assert plan("diff", "HEAD:c.json", other).stderr == "HEAD:c.json: there is no file c.json in that revision\n"


def test_cash_by_period_and_by_tag_adds_up_to_the_plans(tagged: Run) -> None:
    result = tagged.result
    periods = cash_by_period(result, result)
    assert [cash.period for cash in periods] == ["2027-Q1", "2027-Q2"]
    assert sum(cash.figure.a or 0 for cash in periods) == pytest.approx(result["kpis"]["cash_usd"])
    tags = cash_by_tag(result, result)
    for tag in ("cost_centre", "product"):
        of_tag = [cash for cash in tags if cash.tag == tag]
        assert sum(cash.figure.b or 0 for cash in of_tag) == pytest.approx(result["kpis"]["cash_usd"])
    named = {at: figure.a for at, figure in summed(tags, lambda cash: (cash.tag, cash.value))}
    assert list(named) == [("cost_centre", "0815"), ("cost_centre", ""), ("product", "assistant")]


def test_a_side_that_has_no_tags_knows_nothing_of_them(tagged: Run) -> None:
    for cash in cash_by_tag(tiny_run().result, tagged.result):
        assert cash.figure.a is None
        assert cash.figure.b is not None
        assert cash.to_dict()["more"] is None
    assert cash_by_period({"status": "infeasible"}, tagged.result)[0].figure.a is None


def test_actuals_by_tag_are_held_against_the_baseline(tmp_path: Path, tagged: Run) -> None:
    """Site cost as planned but for 1,000 USD, rented hours as planned, and centre 99, which nobody planned."""
    planned = {
        (row["period"], row["value"]): row["usd"] for row in tagged.result["cost_by_tag"] if row["tag"] == "cost_centre"
    }
    file = tmp_path / "a.csv"
    site, rest = planned["2027-Q1", "0815"] + 1000, planned["2027-Q1", ""]
    file.write_text(
        f"period,cost_centre,cost_usd\n2027-Q1,0815,{site}\n2027-Q1,99,7\n2027-Q1,(none),{rest}\n2027-Q2,99,5\n"
    )
    path = written(tmp_path / "b.json", tagged, by="Kim")
    run, baseline = run_or_baseline(str(path), tmp_path / "none.sqlite")
    found = actuals(run, file, baseline)
    told = {(line.value, line.period): (line.pair.plan, line.pair.actual) for line in found.tags}
    assert told["0815", "2027-Q1"] == (pytest.approx(site - 1000), pytest.approx(site))
    assert told["99", "2027-Q1"] == (0.0, 7.0)
    assert told["0815", "2027-Q2"] == (pytest.approx(planned["2027-Q2", "0815"]), None)
    whole = {line.period: line.pairs["cost_usd"].actual for line in found.lines}
    assert whole == {"2027-Q1": pytest.approx(site + 7 + rest), "2027-Q2": None}
    assert sum(line.pairs["cost_usd"].plan or 0 for line in found.lines) == pytest.approx(
        run.result["kpis"]["cash_usd"]
    )
    done = plan("actuals", path, file)
    assert done.stdout.splitlines()[0].startswith("The plan of tiny approved by Kim, digest ")
    assert "by cost_centre:" in done.stdout
    assert json.loads(plan("actuals", path, file, "--json", "-").stdout)["baseline"]["approved_by"] == "Kim"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("period,cost_center,cost_usd\n2027-Q1,1,1\n", "a.csv:1: no column 'cost_center'; nearest: cost_centre"),
        (
            "period,cost_centre,output_mtok\n2027-Q1,1,1\n",
            "output_mtok: a plan knows only cost_usd of what bears a tag",
        ),
        (
            "period,cost_centre,product,cost_usd\n2027-Q1,1,x,1\n",
            "cost_centre: a row is of one tag alone; give product",
        ),
        ("period,cost_centre,workload,cost_usd\n2027-Q1,1,chat,1\n", "a row is of one tag alone; give workload a row"),
        ("period,cost_centre,cost_usd\n2027-Q1,1,1\n2027-Q1,1,2\n", "a.csv:3: 2027-Q1 cost_centre 1 is given twice"),
        ("period,cost_centre,cost_usd\n2027-Q1,1,\n", "this file holds no figures, only a header"),
    ],
)
def test_bad_rows_of_tags_are_one_sentence(tmp_path: Path, tagged: Run, text: str, sentence: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text)
    with pytest.raises(InputError) as refused:
        actuals(tagged, file)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
