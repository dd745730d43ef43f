"""Kinds: every record is known to each table, rule, schema and page that speaks of its kind, and nothing else is."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import planner
from planner.audit.findings import FAMILIES, Findings, Told
from planner.audit.site_rules import SITE_RULES
from planner.kinds import evidence, limits
from planner.kinds.evidence import Evidence
from planner.kinds.limits import LIMITS, LimitKind
from planner.milp import Model, build_model
from planner.milp import build as milp_build
from planner.milp.elastic import LimitGroup, build_elastic
from planner.milp.matrix import Builder
from planner.pages.equations import equation_lines, equations
from planner.pages.schema import scenario_reference
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.report import binding
from planner.scenario.models import Budget, Scenario, Trust
from planner.schema.published import schema
from planner.studies import changes
from planner.studies.explain.conflict import words

ROOT = Path(__file__).parents[1]
EVERY_LIMIT = (
    "sites.hall.lease={it_kw: 40, usd_per_kw_month: 100}",
    "sites.hall.liquid_it_kw=40",
    "sites.hall.air_it_kw=40",
    "sites.hall.rack_positions=4",
    "sites.hall.kw_per_rack_position=12",
    "sites.hall.colocation_usd_per_kw_month=0",
    "budget.capex_usd={2027: 2e6}",
    "procurement.quotas=[{system: hgx-h200, gpus: 64}]",
    "procurement.providers.max_share=0.9",
    "procurement.hourly_depth_gpus=64",
    "service.min_served=0.9",
    "workloads.chat.sla.tpot_ms=5",
)

every_kind = pytest.mark.parametrize("kind", LIMITS.values(), ids=list(LIMITS))
site_kind = pytest.mark.parametrize("kind", limits.SITE_LIMITS, ids=[kind.key for kind in limits.SITE_LIMITS])


@pytest.fixture(scope="module")
def model() -> Model:
    """The elastic matrix of a scenario that sets every limit there is."""
    scenario = planner.load(ROOT / "scenarios" / "tiny.yaml", EVERY_LIMIT)
    return build_model(build_problem(scenario, catalog_of(scenario), elastic=True))


def test_keys_are_those_of_the_records() -> None:
    assert all(key == kind.key for key, kind in LIMITS.items())
    assert {kind.currency for kind in LIMITS.values()} == set(limits.CURRENCIES)
    assert all(spent.field in Budget.model_fields for spent in limits.SPENDING)
    assert len(limits.SPENDING) == sum(field.endswith("_usd") for field in Budget.model_fields)


@every_kind
def test_a_kind_has_all_words_that_somebody_says(kind: LimitKind) -> None:
    for noun in (kind.binding, kind.conflict):
        assert noun.format("here") == noun.replace("{}", "here")
        assert noun.count("{}") == 1
    sentence = kind.sentence("here", "2027", 2.0, 1.0)
    assert sentence.startswith("here")
    assert not re.search(r"[{}]|nan|\d{9}", sentence)
    assert kind.meaning
    assert kind.unit
    assert words(LimitGroup(kind, "here")) == kind.conflict.format("here")
    assert binding._words(kind.key) == kind.binding


@every_kind
def test_a_kind_can_be_relaxed_in_the_matrix(kind: LimitKind, model: Model) -> None:
    rows = {block.kind for block in model.milp.limits}
    relaxed = {group.kind for group in build_elastic(model, 30.0).groups}
    assert kind in relaxed
    assert (kind in rows) != kind.gated


def test_the_matrix_has_no_limit_without_a_record(model: Model) -> None:
    assert {block.kind.key for block in model.milp.limits} <= set(LIMITS)
    tides = LimitKind("tides", "sites.tides", "water", "m", "MW", ("power",), "{}", "{}", limits.POWER.sentence)
    builder = Builder()
    rows = builder.constraints("tides", (["hall"], ["base"]))
    with pytest.raises(KeyError, match=r"'tides' is no kind of limit; planner.kinds.limits has sla, "):
        builder.limit(tides, rows, ["hall"], 1.0)


@every_kind
def test_a_kind_is_held_by_the_audit(kind: LimitKind) -> None:
    assert set(kind.families) <= set(FAMILIES)


def test_the_audit_knows_no_rule_without_a_name() -> None:
    with pytest.raises(KeyError, match="'tides' is no rule of the audit"):
        Findings().at_most("tides", 2.0, 1.0, lambda: Told("", "", ""))
    with pytest.raises(KeyError, match="'tides' is no rule of the audit"):
        Findings().fault("tides", "hall", "it is wet")


@site_kind
def test_a_limit_of_sites_is_in_the_problem_in_the_audit_and_in_a_site(kind: LimitKind, model: Model) -> None:
    assert kind in [limit.kind for limit in model.problem.limits.on_sites]
    assert [rule.kind for rule in SITE_RULES].count(kind) == 1
    scenario = planner.load(ROOT / "scenarios" / "tiny.yaml", EVERY_LIMIT)
    stated = changes.site_limit(scenario.sites[0], kind.site_field)
    assert stated is not None
    more = changes.with_site_limit(scenario, kind.site_field, 2.0, scenario.sites[0].name)
    moved = changes.site_limit(more.sites[0], kind.site_field)
    assert moved is not None
    assert moved.values == tuple(value + 2.0 for value in stated.values)


@every_kind
def test_a_kind_is_stated_by_a_field_of_the_scenario(kind: LimitKind) -> None:
    section, _, rest = kind.field.partition(".")
    assert section in Scenario.model_fields
    reference = scenario_reference()
    assert all(f"`{name}`" in reference for name in kind.field.split(".")), rest


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the schema of a result says of its fields."""
    return list(_descriptions(schema("result")))


@every_kind
def test_a_kind_is_in_the_schema_and_on_the_page_of_the_model(kind: LimitKind, said: list[str]) -> None:
    listed = [text for text in said if text.startswith("kind of limit: ")]
    assert len(listed) == 2
    assert all(kind.key in text.removeprefix("kind of limit: ").split(", ") for text in listed)
    page = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    assert f"| `{kind.key}` | `{kind.field}` | {kind.meaning} |" in page


def _descriptions(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("description"), str):
            yield part["description"]
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _descriptions(item)


@every_kind
def test_a_kind_is_itself_in_another_process(kind: LimitKind) -> None:
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_every_family_of_constraints_says_its_inequality_and_the_page_has_it() -> None:
    page = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    for family in milp_build.FAMILIES:
        assert equation_lines(family.__doc__ or ""), family.__name__
        module = family.__module__.removeprefix("planner.milp.")
        assert re.search(rf"<!-- equations: [\w ]*\b{module}\b", page), module
    assert equations("demand").splitlines()[0].split("   ")[0] == "interactive"


def test_a_kind_is_named_in_one_place() -> None:
    for kind in (limits.QUOTA, limits.PROVIDER_SHARE, limits.POSITIONS):
        files = [
            path.relative_to(ROOT).as_posix()
            for path in sorted((ROOT / "planner").rglob("*.py"))
            if re.search(rf'(?<!\w)"{kind.key}"', path.read_text(encoding="utf-8"))
        ]
        assert files == ["planner/kinds/limits.py"], kind.key


def test_classes_of_evidence_are_those_of_the_type_of_trust_and_of_the_schema() -> None:
    assert get_args(Evidence) == evidence.ORDER
    assert tuple(Trust.model_fields) == evidence.ORDER
    served = schema("result")["$defs"]["Served"]["properties"]["evidence"]["enum"]
    assert tuple(served) == evidence.ORDER
    reference = scenario_reference()
    assert all(found.points in reference for found in evidence.CLASSES)
    page = (ROOT / "docs" / "catalogs-and-evidence.md").read_text(encoding="utf-8")
    assert all(f"| `{key}` |" in page or f"*{key}*" in page or f"| {key} |" in page for key in evidence.ORDER)


def test_what_is_proven_is_not_weak() -> None:
    assert not set(evidence.PROVEN) & set(evidence.WEAK)
    for found in evidence.CLASSES:
        assert bool(found.weak_prices) == bool(found.weak_points) == found.weak
