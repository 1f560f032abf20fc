"""Statistics over a library table: what an analyst may ask, in types, and how small cells are kept from being seen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import CODE, NAME

MOST_GROUPS, MOST_MEASURES, MOST_FILTERS, MOST_VALUES = 3, 4, 8, 50
Grouping = Literal["value", "year", "month", "province", "city", "county", "band"]
"""How values are put together: as they are, by the year or month of a date, by the first two, four or six digits of a
division's code, by bands of so many units."""
MeasureKind = Literal["count", "sum", "average", "least", "greatest"]
Comparison = Literal["eq", "in", "prefix", "ge", "le"]
Name = Annotated[str, Field(pattern=NAME)]
Value = Annotated[str, Field(min_length=1, max_length=64)]


class GroupBy(Document):
    """One dimension. ``codes`` is the id of the code table its values have names in, or empty."""

    field: Name
    title: str
    by: Grouping = "value"
    width: Annotated[int, Field(ge=0, le=10**9)] = 0
    codes: str = ""


class Measure(Document):
    """What is computed of each cell; ``count`` needs no field."""

    kind: MeasureKind
    field: str = Field(default="", pattern=r"^([a-z][a-z0-9_]{0,62})?$")
    title: str = ""


class StatFilter(Document):
    """One condition on the rows that count; all must hold."""

    field: Name
    operator: Comparison
    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=MOST_VALUES)]


class StatisticsQuery(Document):
    """One question. Nothing in it is SQL."""

    library: str = Field(pattern=CODE)
    table: Name
    zone: Literal["fused", "service"] = "fused"
    title: str = ""
    groups: Annotated[tuple[GroupBy, ...], Field(max_length=MOST_GROUPS)] = ()
    measures: Annotated[tuple[Measure, ...], Field(min_length=1, max_length=MOST_MEASURES)]
    filters: Annotated[tuple[StatFilter, ...], Field(max_length=MOST_FILTERS)] = ()


class Suppression(Document):
    """The rules of keeping single ones from being seen, in one version.

    A cell of fewer than ``floor`` is not shown, nor a sum of which one row makes more than ``dominance_percent``, nor
    a difference to what the same organisation asked within ``remember_days`` that has fewer than ``floor``.
    """

    version: str
    effective_from: str
    clause: str
    floor: Annotated[int, Field(ge=2, le=1000)]
    dominance_percent: Annotated[int, Field(ge=1, le=100)]
    remember_days: Annotated[int, Field(ge=1, le=3650)]
    most_cells: Annotated[int, Field(ge=1, le=100_000)]


class StatisticsTicketOrder(Document):
    """Kind ``statistics-ticket``: lets one signed-in person see the answer to one question, once, at the node."""

    query: StatisticsQuery
    suppression: Suppression
    purpose: str
    official: str
    post: str
    organisation_code: str
    organisation_name: str
    valid_until_ms: int
    nonce: str
