"""One table looked at closely but cheaply: its columns, how many rows, a bounded sample, its newest value.

Every statement has a deadline, and what the database cannot tell in time is unknown rather than waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from jutong.node.connectors.errors import SourceHoldsNoTablesError
from jutong.node.connectors.tables import files, library, mysql, peer, postgresql, queue, rest, sqlite, universal
from jutong.node.sources import UNIVERSAL, SourceConfig

Cell = tuple[str | None, int]
"""The beginning of a value as text and its whole length; None for NULL, and for bytes that are no text."""


class OpenTable(Protocol):
    """A table that is there and may be read."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Type by column name, in order."""

    @property
    def estimate(self) -> int:
        """The database's own idea of the rows, -1 where it has none."""

    def sample(self, limit: int) -> Sequence[Sequence[Cell]]:
        """Return cells of at most ``limit`` rows, in the order of the columns."""

    def count(self, limit: int) -> int:
        """Return the exact number of rows when it is at most ``limit`` and counted in time, else -1."""

    def newest(self, column: str) -> Any:
        """Return the greatest value of a column, None where there is none or it takes too long."""


Opener = Callable[[SourceConfig, str, str], AbstractContextManager[OpenTable]]
_OPENERS: dict[str, Opener] = {
    "postgresql": postgresql.opened,
    "mysql": mysql.opened,
    "sqlite": sqlite.opened,
    "rest": rest.opened,
    "library": library.opened,
    "files": files.opened,
    "jutong": peer.opened,
    "nats": queue.opened,
    **dict.fromkeys(UNIVERSAL, universal.opened),
}


def opened(source: SourceConfig, schema: str, table: str) -> AbstractContextManager[OpenTable]:
    """Open a table for a look.

    Raises:
        SourceUnreachableError: when the source does not answer.
        TableMissingError: when there is no such table, or the account may not read it.
        TableUnreadableError: when the database refuses a statement over it.
        SourceHoldsNoTablesError: when the source is no database.
    """
    opener = _OPENERS.get(source.dialect)
    if opener is None:
        raise SourceHoldsNoTablesError(source=source.name, dialect=source.dialect)
    return opener(source, schema, table)
