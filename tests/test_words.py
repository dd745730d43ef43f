"""Names of fields and columns in words, with their units."""

import re

import pytest

from planner.fields import fields_of, unit_of
from planner.render.words import header, label
from planner.schema.result import table_rows

COLUMNS = sorted({(name, unit_of(field)) for row in table_rows().values() for name, field in fields_of(row).items()})


@pytest.mark.parametrize(("name", "unit"), COLUMNS)
def test_no_heading_of_a_table_is_a_raw_name(name: str, unit: str | None) -> None:
    """No heading has an underscore or ends with a unit that it has told already, and one of money says so."""
    heading = header(name, unit)  # type: ignore[arg-type]
    assert not re.search(r"_|\busd\b", heading)
    assert heading[0].isupper() or heading[0] == "$"
    assert "usd" not in name or "$" in heading


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("sites.dallas.power_mw", "Power at dallas, MW"),
        ("sites.*.power_mw", "Power of all sites, MW"),
        ("budget.capex_usd", "Capex budget, $"),
        ("workloads.chat.latency.tpot_ms", "Time per output token of chat, ms"),
        ("finance.discount_rate", "Discount rate"),
    ],
)
def test_a_field_is_named_by_what_it_is_and_whose(path: str, words: str) -> None:
    assert label(path) == words


def test_two_columns_of_a_table_never_share_a_heading() -> None:
    for row in table_rows().values():
        headings = [header(name, unit_of(field)) for name, field in fields_of(row).items()]
        assert len(set(headings)) == len(headings)
