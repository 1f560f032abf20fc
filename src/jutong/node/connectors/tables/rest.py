"""A mapped table of a REST service. Its rows are looked up by key only, so nothing is sampled and nothing counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jutong.node.connectors.errors import TableMissingError
from jutong.node.connectors.limits import ROWS_UNKNOWN
from jutong.node.connectors.rest import TYPE, columns, probe
from jutong.node.sources import SourceConfig


class RestTable:
    """An open table; see ``OpenTable``."""

    estimate = ROWS_UNKNOWN

    def __init__(self, names: dict[str, str]) -> None:
        self.columns = names

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return nothing: without a key there is nothing to ask for."""
        return []

    def count(self, limit: int) -> int:
        """Return that the number is unknown."""
        return ROWS_UNKNOWN

    def newest(self, column: str) -> Any:
        """Return that the newest value is unknown."""
        return None


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[RestTable]:
    """Open a mapped table for a look.

    Raises:
        TableMissingError: when the mapping has none of that name.
        SourceUnreachableError: when nothing listens at the service's address.
    """
    if table not in source.service.tables:
        raise TableMissingError(source=source.name, table=f"{schema}.{table}")
    probe(source)
    yield RestTable(dict.fromkeys(columns(source, table), TYPE))
