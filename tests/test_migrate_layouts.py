"""``plan migrate`` on any layout of a file: brackets, blocks, JSON, line ends, aliases, texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.document import parse
from planner.scenario import scenario_digest
from tests.command import SMALL
from tests.migrations import CHAT, HORIZON, REST, refused, told, values, wrote


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


LAYOUTS = {
    "blocks": f"name: x\nhorizon:\n  decided_on: 2026-12-01\n  start: 2027-01 # the first\n  periods: 2\n{REST}"
    f"workloads:\n- name: chat\n  model: llama-3.3-70b\n  tokens:\n    input: 1\n    output: 1 # short\n\n"
    f"  # how much\n  demand: {{requests_per_s: 1}}\n# the end\n",
    "no newline": f"name: x\nhorizon: {HORIZON}\n{REST}workloads: [{CHAT}]",
    "line ends of two signs": f"name: x\nhorizon: {HORIZON}\n{REST}workloads:\n  - {CHAT}\n".replace("\n", "\r\n"),
    "empty sections": f"name: x\nhorizon: {HORIZON}\nfinance: {{}}\nsolve: {{ }}\n{REST}workloads: [{CHAT}]\n",
    "brackets over lines": f"name: x\nhorizon: {{\n  decided_on: 2026-12-01,\n  start: 2027-01,\n  periods: 2, # two\n"
    f"}}\n{REST}workloads:\n  [\n  {CHAT},\n  ]\n",
    "a document's start and end": f"--- # a plan\nname: x\nhorizon: {HORIZON}\n{REST}workloads: [{CHAT}]\n...\n",
    "JSON": json.dumps(
        {
            "name": "x",
            "horizon": {"decided_on": "2026-12-01", "start": "2027-01", "periods": 2},
            "sites": [
                {
                    "name": "hall",
                    "region": "here",
                    "power_mw": 1,
                    "cooling": ["air"],
                    "pue": {"air": {"design": 1.25, "annual": 1.25}},
                }
            ],
            "workloads": [parse(CHAT, "")[0].plain()],  # type: ignore[union-attr]
        },
        indent=1,
    ),
    "an alias at the end": f"name: x\nhorizon: {HORIZON}\nsolve: {{seed: 2}}\n{REST}"
    f"workloads:\n  - name: chat\n    model: llama-3.3-70b\n    tokens: &one {{input: 1, output: 1}}\n"
    f"    demand: {{requests_per_s: 1}}\n  - name: other\n    model: llama-3.3-70b\n    demand: {{requests_per_s: 1}}\n"
    f"    tokens: *one\n  - {{name: third, model: llama-3.3-70b, demand: {{requests_per_s: 1}}, tokens: *one}}\n",
    "a folded text in the middle": f"name: x\ndescription: >\n  some words\n  more words\n\nhorizon: {HORIZON}\n{REST}"
    f"workloads: [{CHAT}]\nsolve: # quick\n  time_limit_s: 700\n",
    "an apostrophe and an umlaut": f"name: 'it''s \u00fc \U0001f600'\nhorizon: {HORIZON}\n{REST}workloads: [{CHAT}]\n",
    "its version last": f"name: x\nhorizon: {HORIZON}\n{REST}workloads: [{CHAT}]\nversion: 1 # old\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("keep", [False, True])
def test_any_layout_is_kept(here: Path, layout: str, keep: bool) -> None:
    text = LAYOUTS[layout]
    path = wrote("x.yaml", text)
    before = planner.load(path)
    told(path, *["--keep"] * keep)
    after, new = planner.load(path), path.read_bytes().decode()
    assert after.version == 2
    assert (values(after) == values(before)) == keep
    # Nothing of the old text is gone but its version: what is new is put between.
    left = iter(new)
    assert all(sign in left for sign in text.replace("version: 1", ""))
    assert ("\r\n" in text) == ("\r\n" in new)
    assert new.count("\n") - new.count("\r\n") == (0 if "\r\n" in text else new.count("\n"))
    if layout == "JSON":
        json.loads(new)


def test_a_mark_at_the_files_beginning_and_its_permissions_stay(here: Path) -> None:
    path = Path("x.yaml")
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    path.chmod(0o640)
    Path("link.yaml").symlink_to(path)
    told("link.yaml", "--keep")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf\nversion: 2\nname: small")
    assert Path("link.yaml").is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_layout_that_cannot_be_edited_is_refused_whole(here: Path) -> None:
    """A text whose last blank lines count ends the file: a line put before them would change it."""
    text = f"name: x\nhorizon: {HORIZON}\n{REST}workloads: [{CHAT}]\ndescription: |+\n  words\n\n\n"
    path = wrote("x.yaml", text)
    assert refused(path, "--keep") == (
        "x.yaml: this is laid out in a way that cannot be rewritten; write `version: 2` into it by hand\n"
    )
    assert path.read_text() == text
    told(path)


FIELDS: dict[tuple[str, ...], st.SearchStrategy[Any]] = {
    ("horizon", "lookahead"): st.integers(0, 4),
    ("finance", "residual_haircut"): st.sampled_from([0.0, 0.5, 1.0]),
    ("finance", "discount_rate"): st.sampled_from([0.0, 0.08]),
    ("procurement", "whole_on_demand_lots"): st.booleans(),
    ("procurement", "buy"): st.booleans(),
    ("solve", "gap"): st.sampled_from([0.001, 0.02]),
    ("solve", "seed"): st.integers(0, 3),
}


@given(
    st.fixed_dictionaries({}, optional=dict(FIELDS)),
    st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=3),
    st.sampled_from([None, 0, 1, 2, 4]),
)
def test_kept_fields_never_change_a_scenario(
    tmp_path_factory: pytest.TempPathFactory,
    said: dict[tuple[str, ...], Any],
    whole: list[bool | None],
    indent: int | None,
) -> None:
    """Whatever a scenario of version 1 says and leaves unsaid, in brackets or as JSON over lines."""
    workload: dict[str, Any] = parse(CHAT, "")[0].plain()  # type: ignore[union-attr]
    plain: dict[str, Any] = {"name": "x", "horizon": {"decided_on": "2026-12-01", "start": "2027-01", "periods": 2}}
    plain |= {
        "sites": [
            {
                "name": "hall",
                "region": "here",
                "power_mw": 1,
                "cooling": ["air"],
                "pue": {"air": {"design": 1.25, "annual": 1.25}},
            }
        ]
    }
    for (section, field), value in said.items():
        plain.setdefault(section, {})[field] = value
    plain["workloads"] = [
        workload | {"name": f"w{index}"} | ({} if one is None else {"whole_replicas": one})
        for index, one in enumerate(whole)
    ]
    path = tmp_path_factory.mktemp("kept") / "x.yaml"
    path.write_text(json.dumps(plain, indent=indent))
    before = planner.load(path)
    told(path, "--keep")
    after = planner.load(path)
    assert values(after) == values(before)
    assert scenario_digest(after) != scenario_digest(before)
    assert set(json.loads(path.read_text())) >= {"version", *plain}
