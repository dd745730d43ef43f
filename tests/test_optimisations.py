"""Optimisations one by one: a column each of a serving point, what rows of 0.1.0 say of them, gains told elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from planner.catalog import Catalog, load_catalog
from planner.catalog.models import Gain, ServingPoint
from planner.catalog.optimisations import OPTIMISATIONS, in_words, known_by
from planner.catalog.precedence import configuration
from planner.cli.catalog.rows_sheet import rows_sheet
from planner.rules.families import family
from tests.store import ROOT
from tests.strategies import META, point

GAIN: dict[str, Any] = META | {
    "optimisation": "kv_routing",
    "hardware": "8 x A10G",
    "measure": "output tokens per second",
    "gain_low": 2.34,
    "gain_high": 2.34,
    "conditions": "against round robin",
}


@pytest.fixture(scope="module")
def builtin() -> Catalog:
    return load_catalog(["builtin"])


@pytest.mark.parametrize("name", ["kv_offload", "kv_routing"])
@pytest.mark.parametrize(
    ("state", "named", "refusal"),
    [
        ("on", True, ""),
        ("off", False, ""),
        ("unknown", False, ""),
        ("unknown", True, ""),
        ("on", False, "requires: this has to name {0} where {0} is on"),
        ("off", True, "requires: this may not name {0} where {0} is off"),
    ],
)
def test_a_switch_agrees_with_what_the_point_requires(name: str, state: str, named: bool, refusal: str) -> None:
    fields: dict[str, Any] = {name: state, "requires": (name,) if named else ()}
    if not refusal:
        assert point(**fields).requires == fields["requires"]
        return
    with pytest.raises(ValidationError, match=refusal.format(name)):
        point(**fields)


def test_a_row_without_the_columns_states_nothing_but_what_it_requires() -> None:
    bare, before = point(), point(requires="kv_offload")
    assert (bare.kv_offload, bare.switch("kv_offload"), bare.switch("kv_routing")) == ("unknown", "unknown", "unknown")
    assert (before.kv_offload, before.switch("kv_offload"), before.switch("kv_routing")) == ("unknown", "on", "unknown")


@pytest.mark.parametrize("method", ["mtp", "eagle", "draft_model", "ngram", "other", "unknown"])
def test_every_way_to_draft_requires_mtp_of_an_endpoint(method: str) -> None:
    assert point(spec_decode=method, requires="mtp").spec_decode == method
    with pytest.raises(ValidationError, match=f"this has to name mtp where spec_decode is {method}"):
        point(spec_decode=method)


def test_what_is_switched_on_is_another_configuration_and_another_family() -> None:
    bare, off = point(), point(kv_offload="off", kv_routing="off")
    offload, routing = (point(**{name: "on", "requires": name}) for name in ("kv_offload", "kv_routing"))  # type: ignore[arg-type]
    assert len({configuration(row) for row in (bare, offload, routing)}) == 3
    assert len({family(row) for row in (bare, offload, routing)}) == 3
    # What nobody says counts as off, in both.
    assert (configuration(bare), family(bare)) == (configuration(off), family(off))


def test_known_by_the_best_evidence() -> None:
    offload = next(one for one in OPTIMISATIONS if one.key == "kv_offload")

    def having(evidence: str) -> ServingPoint:
        return point(kv_offload="on", requires="kv_offload", evidence=evidence)

    assert known_by(offload, [point(), point(kv_offload="off")]) == "not measured"
    for evidence in ("predicted", "estimate"):
        assert known_by(offload, [having(evidence)]) == "predicted"
    for evidence in ("measured", "independent", "vendor"):
        assert known_by(offload, [having("predicted"), having(evidence)]) == "measured"


def test_a_list_of_points_has_a_column_each() -> None:
    rows = [point(), point(spec_decode="eagle", kv_offload="on", kv_routing="off", requires="mtp;kv_offload")]
    sheet = rows_sheet("serving", rows)
    assert [column.header for column in sheet.columns][-3:] == ["drafts", "KV offload", "KV routing"]
    assert [row[-3:] for row in sheet.rows] == [("none", "not stated", "not stated"), ("eagle", "on", "off")]


def test_a_gain_is_a_range_in_words() -> None:
    assert in_words(Gain.model_validate(GAIN)) == "2.34x"
    assert in_words(Gain.model_validate(GAIN | {"gain_high": 22})) == "2.34 to 22x"
    with pytest.raises(ValidationError, match=r"gain_high: this is below gain_low, 2\.34"):
        Gain.model_validate(GAIN | {"gain_high": 2})


def test_the_shipped_gains_are_of_what_no_shipped_point_says(builtin: Catalog) -> None:
    told = {gain.optimisation for gain in builtin.gains.values()}
    points = list(builtin.serving.values())
    assert told == {one.key for one in OPTIMISATIONS if known_by(one, points) == "not measured"}
    assert told == {"other_drafts", "kv_offload", "kv_routing"}
    # 6,423 against 2,742 tokens/s, as its source has them.
    (measured,) = (gain for gain in builtin.gains.values() if gain.source == ("golubev-llm-d-routing",))
    assert measured.gain_low == measured.gain_high == pytest.approx(6423 / 2742, abs=0.005)


def test_the_page_says_what_the_shipped_points_tell(builtin: Catalog) -> None:
    text = (ROOT / "docs" / "catalogs-and-evidence.md").read_text(encoding="utf-8")
    lines = dict(
        re.findall(r"^\| ([^|]+) \| `(?:precision|spec_decode|mode|kv_\w+)`: [^|]+ \| ([^|]+) \|$", text, re.MULTILINE)
    )
    rows = [*builtin.serving.values(), *builtin.superseded.values()]
    assert list(lines) == [one.name for one in OPTIMISATIONS]
    for one in OPTIMISATIONS:
        assert lines[one.name].startswith(known_by(one, rows)), one.name
    mute = sum(row.spec_decode == "unknown" for row in rows)
    assert f"of {mute} points nobody recorded it" in lines["MTP"]
    with_mtp = {row.model for row in rows if row.spec_decode == "mtp"}
    assert with_mtp == {"deepseek-r1", "glm-5", "qwen3.5-397b-a17b"}


def test_the_page_names_the_engines_of_the_shipped_points(builtin: Catalog) -> None:
    text = (ROOT / "docs" / "catalogs-and-evidence.md").read_text(encoding="utf-8")
    section = text.partition("### Engines")[2].partition("##")[0]
    named = set(re.findall(r"`([a-z-]+)`", section.partition("in the shipped ones")[0])) - {"engines"}
    assert named == {row.engine for row in (*builtin.serving.values(), *builtin.superseded.values())}
