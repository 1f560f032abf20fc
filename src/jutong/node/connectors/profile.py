"""What a bounded sample of a table looks like, in counts only: no value leaves the node."""

from __future__ import annotations

from collections.abc import Sequence

from jutong.contracts.orders import ProfileOrder
from jutong.contracts.receipts import ColumnProfile, PatternCount, ProfileReceipt
from jutong.node.connectors.limits import MAX_COLUMNS
from jutong.node.connectors.tables import Cell, opened
from jutong.node.sources import SourceConfig
from jutong.standards.patterns import count

MOST_SAMPLED = 5_000
"""Rows a sample holds at most, whatever the order says."""
MOST_COUNTED = 100_000
"""Rows up to which a table is counted exactly."""


def profile(source: SourceConfig, order: ProfileOrder) -> ProfileReceipt:
    """Look at a sample of one table and count. Columns past the 300th are left out.

    Raises:
        JutongError: as ``tables.opened`` does.
    """
    with opened(source, order.schema_name, order.table) as table:
        rows = table.sample(max(1, min(order.sample_rows, MOST_SAMPLED)))
        counted = table.count(MOST_COUNTED)
        names = list(table.columns)[:MAX_COLUMNS]
    columns = tuple(_column(name, [row[place] for row in rows]) for place, name in enumerate(names))
    return ProfileReceipt(
        source=order.source,
        schema_name=order.schema_name,
        table=order.table,
        ok=True,
        sampled=len(rows),
        rows=counted,
        columns=columns,
    )


def _column(name: str, cells: Sequence[Cell]) -> ColumnProfile:
    filled = [(text, length) for text, length in cells if (text.strip() if text is not None else length)]
    lengths = [length for _, length in filled]
    patterns = count(text for text, _ in filled if text is not None)
    return ColumnProfile(
        name=name,
        filled=len(filled),
        distinct=len(set(filled)),
        shortest=min(lengths, default=0),
        longest=max(lengths, default=0),
        patterns=tuple(PatternCount(pattern=pattern, count=number) for pattern, number in patterns.items()),
    )
