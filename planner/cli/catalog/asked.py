"""Questions to those who sell GPUs or tokens: what each asks, the field its answer fills, what holds until then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from planner.catalog.models import Catalog, Offer, ServingPoint, TokenApi
from planner.frozen import dataclass

AnyRow = TypeVar("AnyRow", Offer, TokenApi)
# The five that buyers of tokens are told to ask, by the names that they go by.
FP4_AND_ACCURACY = "FP4 and its accuracy"
DRAFTING = "Speculative decoding or MTP"
SERVING_STACK = "Disaggregation, KV-aware routing, KV offload"
AGENTS = "Agentic workloads"
ONE_FLEET = "Training to inference on one fleet"
FIVE = (FP4_AND_ACCURACY, DRAFTING, SERVING_STACK, AGENTS, ONE_FLEET)


@dataclass(frozen=True)
class Question:
    """A question, the field of the row or the file of a catalog that its answer fills, and what holds until then."""

    field: str
    question: str
    until: str


@dataclass(frozen=True)
class Asked(Generic[AnyRow]):
    """A question to all who sell one kind of thing.

    ``until`` is what the planner takes for a row that does not answer it, None where the row does; ``of_row`` are the
    words for one row, where they differ.
    """

    section: str
    field: str
    question: str
    until: Callable[[AnyRow, Catalog], str | None]
    of_row: Callable[[AnyRow, Catalog], str] | None = None


def left_open(asked: Sequence[Asked[AnyRow]], row: AnyRow, catalog: Catalog) -> list[Question]:
    """The questions that ``row`` leaves open."""
    found = []
    for one in asked:
        until = one.until(row, catalog)
        if until is not None:
            words = one.question if one.of_row is None else one.of_row(row, catalog)
            found.append(Question(one.field, words, until))
    return found


def always(until: str) -> Callable[[AnyRow, Catalog], str | None]:
    """What no field of a row could ever answer: the same until somebody does."""
    return lambda row, catalog: until


def counted(points: Sequence[ServingPoint], what: str) -> str:
    """``3 points with MTP``, and what nobody says is not measured."""
    return f"{len(points)} point{'' if len(points) == 1 else 's'} with {what}" if points else f"{what} not measured"
