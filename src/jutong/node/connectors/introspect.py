"""One question to any source: which tables and columns are there? No row leaves the database."""

from __future__ import annotations

from typing import Protocol

from jutong.contracts.receipts import TableInfo
from jutong.node.connectors import endpoints, folder, library, mysql, peer, postgresql, queue, rest, sqlite, universal
from jutong.node.sources import UNIVERSAL, SourceConfig


class Dialect(Protocol):
    """What a dialect's module offers."""

    def probe(self, source: SourceConfig) -> None:
        """Sign in and leave."""

    def inventory(self, source: SourceConfig) -> tuple[TableInfo, ...]:
        """List what is there."""


_MODULES: dict[str, Dialect] = {
    "postgresql": postgresql, "sqlite": sqlite, "mysql": mysql, "rest": rest, "library": library, "files": folder,
    "endpoints": endpoints, "jutong": peer, "nats": queue,
    **dict.fromkeys(UNIVERSAL, universal),
}  # fmt: skip


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """Return the tables and views the read-only account sees, with comments, keys and row estimates.

    At most 500 tables of 300 columns, 10 seconds a statement; ``row_estimate`` is -1 where the database has none.

    Raises:
        SourceUnreachableError: when the source does not answer.
        SourceTooLargeError: when there is more than fits.
    """
    return _MODULES[source.dialect].inventory(source)


def probe(source: SourceConfig) -> None:
    """Sign in at the source and leave again.

    Raises:
        SourceUnreachableError: when that does not work.
    """
    _MODULES[source.dialect].probe(source)
