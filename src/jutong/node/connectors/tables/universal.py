"""A table of the universal lane, looked at from a process of its own that holds its session open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jutong.node.sources import SourceConfig
from jutong.node.universal import apart


class ApartTable:
    """An open table; see ``OpenTable``."""

    def __init__(self, helper: apart.Apart, found: dict[str, Any]) -> None:
        self._helper = helper
        self.columns: dict[str, str] = found["columns"]
        self.estimate: int = found["estimate"]

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return cells of at most ``limit`` rows."""
        return [[(text, int(length)) for text, length in row] for row in self._helper.ask("sample", limit)]

    def count(self, limit: int) -> int:
        """Return the exact number of rows up to ``limit``, else -1."""
        return int(self._helper.ask("count", limit))

    def newest(self, column: str) -> Any:
        """Return the greatest value of a column as a text, or None."""
        return self._helper.ask("newest", column)


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[ApartTable]:
    """Open a table; see ``tables.opened``."""
    with apart.helper(source) as helper:
        yield ApartTable(helper, helper.ask("open", schema, table))
