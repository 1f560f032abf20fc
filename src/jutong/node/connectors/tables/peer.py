"""A grant at another node, mapped as a table. To look at rows would be to use it, so nothing is sampled or counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jutong.node.connectors.errors import TableMissingError
from jutong.node.connectors.limits import ROWS_UNKNOWN
from jutong.node.connectors.peer import TYPE, probe, table_of
from jutong.node.sources import SourceConfig


class PeerGrant:
    """An open table; see ``OpenTable``."""

    estimate = ROWS_UNKNOWN

    def __init__(self, names: dict[str, str]) -> None:
        self.columns = names

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return nothing: a look at rows is a use of the grant."""
        return []

    def count(self, limit: int) -> int:
        """Return that the number is unknown."""
        return ROWS_UNKNOWN

    def newest(self, column: str) -> Any:
        """Return that the newest value is unknown."""
        return None


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[PeerGrant]:
    """Open a mapped grant for a look.

    Raises:
        TableMissingError: when the mapping has none of that name.
        PeerKeyError, SourceUnreachableError: when the other node cannot be called.
    """
    found = table_of(source, schema, table)
    if found is None:
        raise TableMissingError(source=source.name, table=f"{schema}.{table}")
    probe(source)
    yield PeerGrant(dict.fromkeys(found.columns, TYPE))
