"""What a catalog does not know of an offer or a token API, as a sheet; and all there is to ask, as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from planner.catalog.models import Catalog, Offer, TokenApi
from planner.catalog.tables import name_of
from planner.cli.catalog.asked import FIVE, AnyRow, Asked, Question, left_open
from planner.cli.catalog.of_apis import APIS
from planner.cli.catalog.of_offers import OFFERS
from planner.cli.catalog.rows_sheet import unit_of
from planner.errors import InputError
from planner.render.markdown import markdown
from planner.render.sheet import Sheet, left
from planner.validation import nearest

TITLE = "Request for proposals: what a capacity plan needs to know"
INTRODUCTION = (
    "Answer what applies. Each answer fills the field named beside it, in the unit given; what stays empty is planned "
    "with as unknown. Say for every figure whether it was measured, by whom and when."
)
CAPACITY, TOKENS = "GPUs, by the hour or for a term", "Tokens, by the million"


def row_named(catalog: Catalog, name: str) -> Offer | TokenApi:
    """The offer or token API of that name. Raises InputError with the nearest where there is none."""
    rows: dict[str, Offer | TokenApi] = {name_of(api): api for api in catalog.token_apis.values()}
    rows |= {name_of(offer): offer for offer in catalog.offers.values()}
    if name not in rows:
        raise InputError(f"{name}: no such offer or token API{nearest(name, rows)}")
    return rows[name]


def questions(row: Offer | TokenApi, catalog: Catalog) -> list[Question]:
    """The questions that a row leaves open: those of a contract in its order, then the five on what is behind it."""
    return left_open(OFFERS, row, catalog) if isinstance(row, Offer) else left_open(APIS, row, catalog)


def sheet(row: Offer | TokenApi, catalog: Catalog) -> Sheet:
    """The questions, each with its field and what holds until it is answered."""
    rows = tuple((one.field, one.question, one.until) for one in questions(row, catalog))
    where = "a quote of the scenario" if isinstance(row, Offer) else "a token quote of the scenario"
    return Sheet(
        f"{name_of(row)}: {len(rows)} questions before signing",
        (left("field"), left("question"), left("until then the planner takes")),
        rows,
        (f"The row: {row.file}:{row.line}. Put answers into a catalog of your own, or {where}.",),
    )


def page() -> str:
    """All questions to everybody, as Markdown with a column for the answers."""
    return markdown(TITLE, [Sheet(INTRODUCTION), *_sections(CAPACITY, OFFERS), *_sections(TOKENS, APIS)])


def every(catalog: Catalog) -> dict[str, list[dict[str, object]]]:
    """All questions, with how many rows of the catalog leave each open."""
    return {
        "offers": _counted(OFFERS, list(catalog.offers.values()), catalog),
        "token_apis": _counted(APIS, list(catalog.token_apis.values()), catalog),
    }


def _counted(asked: Sequence[Asked[AnyRow]], rows: Sequence[AnyRow], catalog: Catalog) -> list[dict[str, object]]:
    return [
        {
            "section": one.section,
            "field": one.field,
            "question": one.question,
            "left_open_by": sum(one.until(row, catalog) is not None for row in rows),
            "rows": len(rows),
        }
        for one in asked
    ]


def _sections(title: str, asked: Sequence[Asked[AnyRow]]) -> Iterator[Sheet]:
    """The five questions, and those of a contract."""
    yield _table(f"{title}: five questions on what serves them", [one for one in asked if one.section in FIVE])
    yield _table(f"{title}: the contract", [one for one in asked if one.section not in FIVE])


def _table(title: str, asked: Sequence[Asked[Any]]) -> Sheet:
    """Of a contract's questions each says what it is about; the five do so themselves."""
    telling = any(one.section not in FIVE for one in asked)
    rows = [
        (*((one.section.lower(),) if telling else ()), one.question, one.field, unit_of(one.field), "") for one in asked
    ]
    heads = ("about",) if telling else ()
    columns = tuple(left(head) for head in (*heads, "question", "field", "unit", "answer"))
    return Sheet(title, columns, tuple(rows))
