"""What the gateway needs of a department's live database: bounded, read-only, and never a name from a caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from jutong.contracts.orders import Condition

STATEMENT_SECONDS = 5.0
"""How long a database may take to answer one call."""

CONNECT_SECONDS = 3.0

Row = Sequence[Any]


@dataclass(frozen=True, eq=False)
class PointQuery:
    """Which columns of which rows. Every name in it comes from a signed order, none from a caller.

    ``lookup`` columns are compared with the call's key values, in order; ``conditions`` is the grant's row
    predicate. Compared by identity, so that a connector can keep the compiled statement beside it.
    """

    schema: str
    table: str
    columns: tuple[str, ...]
    lookup: tuple[str, ...]
    conditions: tuple[Condition, ...]
    limit: int


@dataclass(frozen=True)
class RangeQuery:
    """Which columns of the rows that follow a place in an order.

    Names come from a signed order. ``conditions`` is the grant's row predicate and whatever a caller narrowed it by.
    ``order`` columns place a row; a row where one of them is empty has no place and is left out. ``after`` holds the
    place of the last row seen, None at the start.
    """

    schema: str
    table: str
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...]
    order: tuple[str, ...]
    after: tuple[Any, ...] | None
    limit: int


@dataclass(frozen=True)
class ProbedTable:
    """What a probe saw of a table: its columns, which of them lead an index, and about how many rows it has."""

    columns: frozenset[str]
    indexed: frozenset[str]
    row_estimate: int
    is_view: bool = False


class LiveSource(Protocol):
    """One configured database.

    Every method raises ``SourceUnavailableError`` when the database cannot be reached, ``SourceSlowError`` when it
    does not answer in time and ``SourceChangedError`` when table or column are not there.
    """

    @property
    def name(self) -> str:
        """The source's name in the node's configuration."""

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        """Return at most ``query.limit`` rows.

        Raises:
            KeyUnfitError: if a value cannot be one of its lookup column.
        """

    async def probe(self, schema: str, table: str) -> ProbedTable:
        """Describe a table without reading a row."""

    async def close(self) -> None:
        """Let go of every connection."""


@runtime_checkable
class BulkSource(Protocol):
    """A source that also answers for many keys, or for a stretch of rows, in one statement. Errors as above."""

    async def fetch_many(self, query: PointQuery, keys: Sequence[Sequence[str]]) -> Sequence[tuple[int, Row]]:
        """Return rows with the number of the key each belongs to, at most ``query.limit`` for one key.

        Raises:
            KeyUnfitError: if a value cannot be one of its lookup column.
        """

    async def scan(self, query: RangeQuery) -> Sequence[Row]:
        """Return at most ``query.limit`` rows in the order of ``query.order``.

        Raises:
            KeyUnfitError: if a condition's value cannot be one of its column.
        """
