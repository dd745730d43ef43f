"""The project's frozen dataclasses do what the standard ones do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, replace
from functools import cached_property
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.frozen import dataclass


@dataclass(frozen=True)
class Own:
    """A class with all that the project's own have."""

    name: str
    size: float = 1.0
    parts: list[int] = field(default_factory=list, compare=False)
    hidden: int = field(default=0, repr=False)

    @cached_property
    def double(self) -> float:
        """Something kept."""
        return 2 * self.size


@dataclasses.dataclass(frozen=True)
class Standard:
    """The same by the standard library."""

    name: str
    size: float = 1.0
    parts: list[int] = field(default_factory=list, compare=False)
    hidden: int = field(default=0, repr=False)


@dataclass(frozen=True, eq=False)
class ByIdentity:
    """One that is equal to itself alone."""

    name: str


@dataclass(frozen=True)
class Told:
    """One with a method of its own."""

    name: str

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Heir(Own):
    """One with a field more."""

    more: int = 0


@dataclass(frozen=True)
class Checked:
    """One with a class variable, a field by its name alone and something to check."""

    kind: ClassVar[str] = "checked"

    size: float
    kept: list[int] = field(default_factory=list)
    told: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("below zero")


VALUES = st.tuples(st.text(max_size=2), st.floats(0, 2), st.lists(st.integers(0, 1), max_size=1), st.integers(0, 1))


def told(call: Callable[[], Any]) -> Any:
    """What a call returns, or the error that it ends with."""
    try:
        return call()
    except Exception as error:
        return type(error)


@given(VALUES, VALUES)
def test_what_is_equal_hashed_and_printed_is_that_of_the_standard_ones(one: Any, other: Any) -> None:
    ours, theirs = (Own(*one), Own(*other)), (Standard(*one), Standard(*other))
    assert (ours[0] == ours[1]) == (theirs[0] == theirs[1])
    assert (ours[0] != ours[1]) == (theirs[0] != theirs[1])
    assert hash(ours[0]) == hash(theirs[0])
    assert repr(ours[0]) == repr(theirs[0]).replace("Standard", "Own")


@given(VALUES)
def test_copies_and_pickles_are_equal_and_of_the_class(one: Any) -> None:
    own = Own(*one)
    for copied in (copy.copy(own), copy.deepcopy(own), pickle.loads(pickle.dumps(own)), replace(own)):
        assert type(copied) is Own
        assert dataclasses.asdict(copied) == dataclasses.asdict(own)
    assert replace(own, name="other").name == "other"


@pytest.mark.parametrize("name", ["name", "hidden", "unknown", "double"])
def test_nothing_is_set_or_deleted_once_it_is_made(name: str) -> None:
    own = Own("a")
    with pytest.raises(FrozenInstanceError):
        setattr(own, name, 1)
    with pytest.raises(FrozenInstanceError):
        delattr(own, name)
    assert own == Own("a")


def test_what_is_kept_is_worked_out_once() -> None:
    own = Own("a", 3.0)
    assert own.double is own.double == 6.0


def test_others_than_its_own_class_are_not_equal() -> None:
    assert Own("a") != Standard("a")
    assert Own("a") != Heir("a")
    assert Heir("a", more=1) != Heir("a", more=2)
    assert Heir("a", more=1) == Heir("a", more=1)
    assert ByIdentity("a") != ByIdentity("a")
    assert len({ByIdentity("a"), ByIdentity("a"), Own("a"), Own("a")}) == 3


def test_a_method_of_its_own_stays() -> None:
    assert repr(Told("plain")) == "plain"
    assert repr(Heir("a", more=1)) == "Heir(name='a', size=1.0, parts=[], more=1)"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        ((), {"size": 1.0}),
        (("a", 1.0, [], 0, 0), {}),
        (("a",), {"name": "b"}),
        (("a",), {"unknown": 1}),
    ],
)
def test_values_that_are_no_fields_or_too_few_are_refused(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    assert told(lambda: Own(*values, **named)) is TypeError
    assert told(lambda: Standard(*values, **named)) is TypeError


@given(VALUES, st.integers(0, 4), st.permutations(["name", "size", "parts", "hidden"]), st.sets(st.integers(0, 3)))
def test_fields_stand_in_their_order_however_they_are_given(
    one: Any, by_place: int, order: list[str], left_out: set[int]
) -> None:
    names = ("name", "size", "parts", "hidden")
    given = {name: value for place, (name, value) in enumerate(zip(names, one, strict=True)) if place >= by_place}
    named = {name: given[name] for name in order if name in given and names.index(name) not in left_out - {0}}
    own, standard = Own(*one[:by_place], **named), Standard(*one[:by_place], **named)
    assert list(vars(own).items()) == list(vars(standard).items())


def test_defaults_are_made_anew_and_what_is_made_is_checked() -> None:
    assert Checked(1.0).kept is not Checked(1.0).kept
    assert vars(Checked(told="words", size=1.0)) == {"size": 1.0, "kept": [], "told": "words"}
    assert told(lambda: Checked(-1.0)) is ValueError
    assert told(lambda: Checked(1.0, [], "words")) is TypeError  # type: ignore[call-arg]


def test_a_match_takes_fields_in_order() -> None:
    match Own("a", 3.0):
        case Own(name, size):
            assert (name, size) == ("a", 3.0)
