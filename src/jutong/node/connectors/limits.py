"""How much of a department's database one look may take, so that looking never hurts the business."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Literal

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.node.connectors.errors import SourceTooLargeError

MAX_TABLES = 500
MAX_COLUMNS = 300
CONNECT_SECONDS = 5
LOOK_SECONDS = 10
ROWS_UNKNOWN = -1
"""``row_estimate`` of a table the database has no estimate for; it is never counted for an inventory."""

LONGEST_VALUE = 256
"""Characters of a value that come over for a sample; its length is told whole."""

MAX_ROWS_OF_CATALOG = MAX_TABLES * MAX_COLUMNS

Head = tuple[str, str, str, int, Literal["table", "view"]]
"""Schema, name, comment, row estimate and kind of a table."""
Listed = tuple[Head, ColumnInfo]
"""A table and one of its columns; sorted by table."""


def gather(source: str, listed: Iterable[Listed]) -> tuple[TableInfo, ...]:
    """Put the columns of each table together.

    Raises:
        SourceTooLargeError: past 500 tables, or 300 columns in one of them.
    """
    tables: list[TableInfo] = []
    for (schema, name, comment, rows, kind), columns in groupby(listed, key=lambda pair: pair[0]):
        if len(tables) == MAX_TABLES:
            raise SourceTooLargeError(source=source, what="表", limit=MAX_TABLES)
        described = tuple(column for _, column in columns)
        if len(described) > MAX_COLUMNS:
            raise SourceTooLargeError(source=source, what=f"表 {name} 的字段", limit=MAX_COLUMNS)
        tables.append(
            TableInfo(schema_name=schema, name=name, comment=comment, row_estimate=rows, columns=described, kind=kind)
        )
    return tuple(tables)
