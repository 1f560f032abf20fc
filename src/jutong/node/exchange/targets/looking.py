"""Tables of a database that jobs filled, looked at again long after: one shape for the two kinds of servers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from jutong.node.exchange.targets.whole import Left
from jutong.node.sources import SourceConfig


class UnlikeError(ValueError):
    """The table's columns are not those any more that rows landed in."""


class Look(Protocol):
    """A server whose book is read."""

    def left(self) -> Sequence[Left]:
        """Return how the newest job left each table that may still be written."""

    def rows(self, left: Left) -> int:
        """Count a table's rows."""

    def digest(self, left: Left) -> tuple[int, str]:
        """Read a table's landed columns; return rows and digest, by the scheme the job used.

        Raises:
            UnlikeError: when the columns are others now.
        """

    def close(self) -> None:
        """End the connection."""


def look_at(source: SourceConfig) -> Look:
    """Connect to a database that moves may fill; only its own driver is loaded.

    Raises:
        SourceUnreachableError: when it does not let us in.
        TargetLostError, TargetRefusedError: likewise of all that is asked later.
    """
    if source.dialect == "mysql":
        from jutong.node.exchange.targets.mylook import MyLook  # noqa: PLC0415

        return MyLook(source)
    from jutong.node.exchange.targets.pglook import PgLook  # noqa: PLC0415

    return PgLook(source)


def in_writes(source: SourceConfig, relation: str) -> tuple[str, str] | None:
    """Return schema and table of a book's line, if that may be written."""
    found = (schema for schema in source.writes if relation.startswith(f"{schema}."))
    schema = next(found, None)
    return (schema, relation[len(schema) + 1 :]) if schema is not None else None


def known(lefts: Iterable[Left | None]) -> list[Left]:
    """Return those that say enough, and how many rows there must be."""
    return [left for left in lefts if left is not None and left.proof.table_rows >= 0]
