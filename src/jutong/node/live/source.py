"""What the gateway needs of a department's live database: one point query at a time, bounded and read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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
