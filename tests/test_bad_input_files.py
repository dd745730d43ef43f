"""Files that are no scenario, or a bad one, alone or together, and the exact sentences that they are answered with."""

from __future__ import annotations

from itertools import pairwise

import pytest
from _pytest.mark.structures import ParameterSet

from tests.small import SCENARIO, Files, edited, here, refusal, write  # noqa: F401


def forecast(text: str | bytes) -> Files:
    return {"s.yaml": edited("{output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}", "{csv: d.csv}"), "d.csv": text}


# Whole files by name, and the sentences.
FILES: dict[str, tuple[Files, str]] = {
    "empty": ({"s.yaml": ""}, "s.yaml: this file is empty; `plan init FILE` writes a scenario to begin with"),
    "only a comment": (
        {"s.yaml": "# nothing\n"},
        "s.yaml: this file is empty; `plan init FILE` writes a scenario to begin with",
    ),
    "a list": ({"s.yaml": "- a\n"}, "s.yaml:1: a scenario is a mapping of fields, such as `name: my-plan`"),
    "a word": ({"s.yaml": "hello\n"}, "s.yaml:1: a scenario is a mapping of fields, such as `name: my-plan`"),
    "two documents": (
        {"s.yaml": SCENARIO + "---\na: 1\n"},
        "s.yaml:18: this is not valid YAML: a second document begins here; a file holds one",
    ),
    "binary": ({"s.yaml": b"\x89PNG\r\n\x1a\n\x00\xff"}, "s.yaml: this is not a text file (UTF-8)"),
    "a null byte": (
        {"s.yaml": "name: a\nb: \0\n"},
        "s.yaml:2: this is not a text file: it has an unprintable character here",
    ),
    "no file": ({"s.yaml": None}, "s.yaml: no such file"),
    "no file, one alike": ({"s.yaml": None, "ss.yaml": "a"}, "s.yaml: no such file; nearest: ss.yaml"),
    "a folder": ({"s.yaml": None, "s.yaml/x": ""}, "s.yaml: this is a folder, not a file"),
    "aliases of aliases": (
        {
            "s.yaml": "a: &a [0, 0]\n"
            + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghijklmnopqrst"))
        },
        "s.yaml:1: more than 200,000 values; do aliases repeat each other?",
    ),
    "too deep": ({"s.yaml": "a: " + "[" * 5000}, "s.yaml: this is nested too deeply to be read"),
    "an endless number": (
        {"s.yaml": edited("periods: 4", "periods: " + "9" * 5000)},
        f"s.yaml:2: horizon.periods: '{'9' * 40}' is not a finite number",
    ),
    "no workloads": (
        {"s.yaml": SCENARIO[: SCENARIO.index("workloads")]},
        "s.yaml:1: workloads: this field is missing",
    ),
    "an empty list of workloads": (
        {"s.yaml": SCENARIO[: SCENARIO.index("workloads")] + "workloads: []"},
        "s.yaml:12: workloads: this list is empty; it needs at least one entry",
    ),
    "an empty field": (
        {"s.yaml": SCENARIO[: SCENARIO.index("workloads")] + "workloads:"},
        "s.yaml:12: workloads: this is empty; give it a value or remove the line",
    ),
    "a quote shorter than a period": (
        {
            "s.yaml": edited("periods: 4", "periods: 4, period: year")
            + "quotes: [{provider: acme, system: node, term_months: 6, usd_per_gpu_hour: 3, lot_gpus: 8}]"
        },
        "s.yaml:18: quotes.0.term_months: 6 months are not a whole number of years; nearest: 12",
    ),
    "the catalog's shape on other blocks": (
        {
            "s.yaml": edited("load: office", "load: steady")
            .replace("office: {day: 1.5, night: 0.5}", "office: {day: 1, night: 1}")
            .replace("{day: 0.5, night: 0.5}", "{day: 0.25, night: 0.75}")
        },
        "s.yaml:17: workloads.chat.load: the catalog's shape 'steady' does not fit the scenario's blocks: the mean of"
        " the levels, weighted with the blocks' shares, is 0.9; it has to be 1",
    ),
    "no blocks at all": (
        {"s.yaml": edited("blocks: {day: 0.5, night: 0.5}\n", ""), "cat/load_shapes.yaml": None},
        "s.yaml:1: blocks: no catalog has load blocks, so the scenario has to name them\n"
        "s.yaml:10: load_shapes.office: unknown block 'day'",
    ),
    "a catalog without tables": (
        {"s.yaml": edited("[cat]", "[empty]"), "empty/README": "nothing yet"},
        "empty: this folder holds no catalog file, such as offers.csv",
    ),
    "several faults, in file order": (
        {
            "s.yaml": edited("model: tiny", "model: [tiny]")
            .replace("region: us", "regoin: us")
            .replace("2028-01: 4", "2028-01: -4")
            .replace("{day: 0.5, night: 0.5}", "{day: 0.5, night: 0.6}")
            .replace("periods: 4", "periods: 0")
        },
        """\
s.yaml:2: horizon.periods: this has to be at least 1, not 0
s.yaml:4: blocks: the shares add up to 1.1, not 1
s.yaml:7: sites.dallas.regoin: unknown field; nearest: region
s.yaml:8: sites.dallas.power_mw.2028-01: -4 is negative
s.yaml:14: workloads.chat.model: expected text, not a list""",
    ),
    "extends nothing": (
        {"s.yaml": "extends: bas.yaml\n", "base.yaml": SCENARIO},
        "s.yaml:1: extends: no such file: bas.yaml; nearest: base.yaml",
    ),
    "extends itself": (
        {"s.yaml": "extends: s.yaml\n"},
        "s.yaml:1: extends: the files extend each other in a circle: s.yaml -> s.yaml",
    ),
    "extends in a circle": (
        {"s.yaml": "extends: b.yaml\n", "b.yaml": "name: b\nextends: c.yaml\n", "c.yaml": "extends: s.yaml\n"},
        "c.yaml:1: extends: the files extend each other in a circle: s.yaml -> b.yaml -> c.yaml -> s.yaml",
    ),
    "extends a list": (
        {"s.yaml": "extends: [b.yaml]\n"},
        "s.yaml:1: extends: expected the path of a scenario file",
    ),
    "extends what is not YAML": (
        {"s.yaml": "extends: b.yaml\n", "b.yaml": "a: [\n"},
        "b.yaml:2: this is not valid YAML: the text ends inside a bracket",
    ),
    "extends what is not text": (
        {"s.yaml": "extends: b.yaml\n", "b.yaml": b"\xff\xfe"},
        "s.yaml:1: extends: this is not a text file (UTF-8): b.yaml",
    ),
    "faults in the base and over it": (
        {
            "s.yaml": "extends: b/base.yaml\nsites:\n  - {name: dallas, usable_share: 3}\n",
            "b/base.yaml": edited("power_mw", "power_mv"),
        },
        "b/base.yaml:8: sites.dallas.power_mv: unknown field; nearest: power_mw\n"
        "s.yaml:3: sites.dallas.usable_share: this has to be at most 1, not 3",
    ),
    "a forecast in an unknown unit": (
        forecast("date,request_per_s\n2027-01,3\n"),
        "d.csv:1: expected two columns, date and one of output_mtok_per_day, requests_per_s, gpu_hours_per_day;"
        " nearest: requests_per_s",
    ),
    "a forecast with a third column": (
        forecast("date,requests_per_s,note\n2027-01,3,a\n"),
        "d.csv:1: expected two columns, date and one of output_mtok_per_day, requests_per_s, gpu_hours_per_day",
    ),
    "an empty forecast": (
        forecast(""),
        "d.csv: expected two columns, date and one of output_mtok_per_day, requests_per_s, gpu_hours_per_day",
    ),
    "only a forecast's header": (
        forecast("date,requests_per_s\n"),
        "d.csv:1: this file holds no forecast, only a header",
    ),
    "a forecast of bad cells": (
        forecast(
            "date,requests_per_s\n2027-01,many\n2027-13,3\n2027-03,-3\n2027-04,3\n2027-04-01,3\n2027-05,nan\n"
            "2027-05,1,2\n2027-07,\n"
        ),
        """\
d.csv:2: requests_per_s: 'many' is not a finite number
d.csv:3: date: '2027-13' is no date; write 2027-01-31, 2027-01 or 2027
d.csv:4: requests_per_s: -3 is negative
d.csv:6: date: this date is given twice, first on line 5
d.csv:7: requests_per_s: 'nan' is not a finite number
d.csv:8: this row has 3 cells, the header has 2
d.csv:9: requests_per_s: '' is not a finite number""",
    ),
    "a forecast with an open quote": (
        forecast('date,requests_per_s\n"2027-01,3\n'),
        "d.csv:2: this is not valid CSV: unexpected end of data",
    ),
    "a binary forecast": (
        forecast(b"\xff\xfe"),
        "s.yaml:16: workloads.chat.demand.csv: this is not a text file (UTF-8): d.csv",
    ),
    "two forecasts": (
        {"s.yaml": edited("{output_mtok_per_day", "{csv: d.csv, output_mtok_per_day")},
        "s.yaml:16: workloads.chat.demand: give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day"
        ", csv, users and trace",
    ),
    "a forecast that is no path": (
        {"s.yaml": edited("{output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}", "{csv: 3}")},
        "s.yaml:16: workloads.chat.demand.csv: expected text, not 3; put it in quotes",
    ),
}

# Reading these is plain Python without end, and three times as slow when traced.
DEEP = ("aliases of aliases", "too deep")


def _untraced(kind: str) -> ParameterSet:
    return pytest.param(kind, marks=[pytest.mark.files, pytest.mark.no_cover] if kind in DEEP else [])


@pytest.mark.parametrize("kind", [_untraced(kind) for kind in FILES])
def test_files(kind: str) -> None:
    files, sentences = FILES[kind]
    write(files)
    assert refusal() == sentences
