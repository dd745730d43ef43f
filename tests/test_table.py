"""Tables of the core: they order, group and sum as pandas does, and are pandas frames for whoever asks."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.framed import Framed
from planner.table import Table, coded, isin, mapped, sums

KEYS = ("text", "whole", "day", "so")
VALUES = {
    "text": st.sampled_from(["a", "b", "ü", ""]),
    "whole": st.integers(-2, 2),
    "number": st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([0.0, -0.0, 1.5])),
    "so": st.booleans(),
    "day": st.dates(dt.date(2027, 1, 1), dt.date(2027, 1, 3)),
}
ROWS = st.lists(st.fixed_dictionaries(VALUES), max_size=12)
BY = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True)
many = settings(max_examples=40)


def of(rows: list[dict[str, Any]]) -> tuple[Table, pd.DataFrame]:
    """The same rows as a table and as a frame."""
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in VALUES}
    if not any(value is not None for value in columns["number"]):
        columns["number"] = np.full(len(rows), np.nan)
    return Table(columns), pd.DataFrame(columns)


def same(table: Table, frame: pd.DataFrame) -> None:
    expected = frame.reset_index(drop=True)
    # What has no values is of no type that anybody could tell.
    pd.testing.assert_frame_equal(table.frame(), expected, check_index_type=False, check_dtype=len(frame) > 0)


@many
@given(ROWS)
def test_a_table_is_the_frame_of_the_same_rows_and_comes_back_from_it(rows: list[dict[str, Any]]) -> None:
    table, frame = of(rows)
    same(table, frame)
    back = Table.of_frame(frame)
    same(back, frame)
    if rows:
        assert [back[name].dtype for name in back.names] == [table[name].dtype for name in table.names]
    assert len(back) == len(frame)
    # NaN is not itself.
    assert repr(table.records()) == repr(frame.to_dict(orient="records"))
    assert repr([tuple(row) for row in table.rows()]) == repr([tuple(row) for row in frame.itertuples(index=False)])


@many
@given(ROWS, BY, st.booleans())
def test_rows_are_ordered_as_pandas_orders_them(rows: list[dict[str, Any]], by: list[str], falls: bool) -> None:
    table, frame = of(rows)
    same(table.ordered([*by, "number"]), frame.sort_values([*by, "number"], kind="stable"))
    rises = [not falls, *[True] * (len(by) - 1)]
    same(table.ordered(by, by[:1] if falls else ()), frame.sort_values(by, kind="stable", ascending=rises))


@many
@given(ROWS, BY, st.booleans())
def test_groups_are_those_of_pandas(rows: list[dict[str, Any]], by: list[str], as_met: bool) -> None:
    table, frame = of(rows)
    mine = list(table.groups(by, as_met=as_met))
    theirs = list(frame.groupby(by, sort=not as_met))
    assert [key for key, _ in mine] == [key for key, _ in theirs]
    for (_, found), (_, expected) in zip(mine, theirs, strict=True):
        same(found, expected)
    same(table.distinct(by), frame.drop_duplicates(by))
    same(table.distinct(), frame.drop_duplicates())
    numbers, first = table.numbered(by, as_met=as_met)
    assert list(numbers) == list(frame.groupby(by, sort=not as_met).ngroup())
    assert list(first) == [int(same.index[0]) for _, same in theirs]


@many
@given(ROWS, BY)
def test_sums_of_groups_are_those_of_pandas(rows: list[dict[str, Any]], by: list[str]) -> None:
    for table, frame in (of(rows), of(sorted(rows, key=lambda row: [str(row[name]) for name in by]))):
        table, frame = table.with_columns(more=table["whole"]), frame.assign(more=frame["whole"])
        found = table.sums(by, "number", "more")
        expected = frame.groupby(by, as_index=False)[["number", "more"]].sum()
        assert found.names == (*by, "number", "more")
        assert list(found["number"]) == pytest.approx(list(expected["number"]), rel=1e-12, abs=1e-9)
        assert list(found["more"]) == list(expected["more"])


@many
@given(ROWS, st.data())
def test_rows_are_taken_as_pandas_takes_them(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    table, frame = of(rows)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), dtype=bool)
    same(table.take(mask), frame[mask])
    same(table.take(np.flatnonzero(mask)[::-1]), frame.iloc[np.flatnonzero(mask)[::-1]])
    same(table.take(slice(2)), frame[:2])
    same(table.only(["so", "text"]), frame[["so", "text"]])
    same(Table.joined([table, table.take(mask)]), pd.concat([frame, frame[mask]]))
    other = table.with_columns(text="x", more=1.5, number=table["whole"])
    same(other, frame.assign(text="x", more=1.5, number=frame["whole"]))
    assert list(isin(table["text"], ("a", "ü"))) == list(frame["text"].isin(["a", "ü"]))
    worth = {"a": 1.0, "b": 2.0, "ü": 0.5, "": 0.0}
    assert list(mapped(table["text"], worth)) == list(frame["text"].map(worth))
    codes, known = coded(table["day"].tolist())
    assert [known[code] for code in codes] == list(frame["day"])
    assert known == list(dict.fromkeys(frame["day"]))


def test_numbers_among_which_one_is_missing_are_no_objects() -> None:
    table = Table({"a": [1, None], "b": [None, None], "c": [1, 2.5], "d": ["x", None], "e": [True, False]})
    assert [table[name].dtype for name in table.names] == [float, object, float, object, bool]
    assert np.isnan(table["a"][1])


def test_columns_differ_in_no_length_and_nobody_changes_them() -> None:
    own = np.zeros(2)
    table = Table({"a": own, "b": "x"})
    assert len(table) == 2
    with pytest.raises(ValueError, match="have 2, 3 rows"):
        table.with_columns(c=[1, 2, 3])
    with pytest.raises(ValueError, match="read-only"):
        table["a"][0] = 1
    own[0] = 0.0
    with pytest.raises(KeyError):
        table["c"]
    with pytest.raises(KeyError):
        mapped(table["b"], {})


def test_of_no_rows_there_are_columns_all_the_same() -> None:
    table = Table.of_rows(("a", "b"), ())
    assert (len(table), table.names, list(table.groups(["a"])), table.records()) == (0, ("a", "b"), [], [])
    assert len(table.ordered(["a", "b"]).distinct()) == 0
    # As pandas has it.
    assert (table["a"].dtype, Table({"a": []})["a"].dtype) == (object, float)
    assert table.with_columns(c=np.nan)["c"].dtype == float
    assert table.sums(["a"], "b").names == ("a", "b")


def test_many_columns_of_many_values_are_told_apart() -> None:
    """More combinations than a whole number counts."""
    rows = 1_000
    columns = {f"c{index}": np.arange(rows) * 7_919 % rows for index in range(8)}
    table = Table(columns).with_columns(c0=np.arange(rows) // 2 * 0)
    numbers, first = table.numbered(table.names)
    assert len(first) == rows
    assert list(numbers) == list(np.argsort(np.argsort(columns["c1"])))


def test_sums_keep_what_is_small_beside_what_is_large() -> None:
    numbers = np.tile([0, 1], 1_000)
    found = sums(np.where(numbers == 0, 0.1, 1e15), numbers, 3)
    assert found.tolist() == [100.0, 1e18, 0.0]
    assert sums(np.array([1.0, np.nan, 2.0]), np.array([1, 1, 1]), 3).tolist() == [0.0, 3.0, 0.0]
    assert sums(np.array([np.inf, 1.0, 2.0, 3.0]), np.array([0, 1, 0, 1]), 2).tolist() == [np.inf, 4.0]


def test_texts_that_are_missing_come_last() -> None:
    table = Table({"text": ["b", None, "", float("nan"), "a"]})
    assert table.ordered(["text"])["text"].tolist()[:3] == ["", "a", "b"]
    assert len(table.distinct()) == 4


def test_a_frame_that_is_changed_later_changes_no_table() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    table = Table.of_frame(frame)
    frame.loc[0, "a"] = 7.0
    assert table.records() == [{"a": 1.0, "b": "x"}, {"a": 2.0, "b": "y"}]


@dataclass(frozen=True)
class Held(Framed):
    name: str
    rows: pd.DataFrame
    rest: pd.DataFrame


def test_a_frame_is_made_when_asked_for_and_stands_for_the_table_then() -> None:
    table = Table({"a": [1, 2]})
    held = Held("x", table, pd.DataFrame({"b": [0.5]}))
    assert held.table("rows") is table
    assert list(held.table("rest")["b"]) == [0.5]
    frame = held.rows
    assert held.rows is frame
    frame.loc[0, "a"] = 7
    assert list(held.table("rows")["a"]) == [7, 2]
    assert list(table["a"]) == [1, 2]
    other = held.with_tables(rest=table)
    assert other.table("rest") is table
    assert other.rows is frame
    assert held.table("rest").names == ("b",)


def test_what_holds_tables_is_copied_and_packed_like_any_other() -> None:
    held = Held("x", Table({"a": [1, 2]}), Table({"b": ["y"]}))
    for other in (replace(held, name="z"), copy.deepcopy(held), pickle.loads(pickle.dumps(held))):
        assert list(other.rows["a"]) == [1, 2]
        assert list(other.table("rest")["b"]) == ["y"]
    with pytest.raises(AttributeError):
        held.rows = pd.DataFrame()  # type: ignore[misc]
    with pytest.raises(TypeError, match="rest"):
        Held("x", Table({}))  # type: ignore[call-arg]
