"""The tables a folder is mapped to hold: their columns, for an inventory and for a move."""

from __future__ import annotations

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.kernel.errors import JutongError
from jutong.node.connectors.errors import TableMissingError
from jutong.node.connectors.limits import MAX_COLUMNS, ROWS_UNKNOWN
from jutong.node.files.fetching import glimpsed
from jutong.node.files.mapping import SCHEMA, FileTable
from jutong.node.files.reading import columns_of, open_file
from jutong.node.sources import SourceConfig

TYPE = "text"
"""What a file of texts says of a column's type. Rules make other types of it."""


def mapped(source: SourceConfig, schema: str, table: str) -> FileTable:
    """Return a table's mapping.

    Raises:
        TableMissingError: when the folder has none of this name.
    """
    found = source.files.tables.get(table) if source.files and schema in {"", SCHEMA} else None
    if found is None:
        raise TableMissingError(source=source.name, table=f"{schema}.{table}" if schema else table)
    return found


def columns(source: SourceConfig, table: FileTable) -> dict[str, str]:
    """Return the type of each column of a table; where the mapping does not say it, by a file's beginning.

    Raises:
        JutongError: when there is no file to look at, or it cannot be read.
    """
    if table.columns and table.format != "parquet":
        return dict.fromkeys(table.columns, TYPE)
    with glimpsed(source, table) as newest:
        file = open_file(newest, table, quickly=True)
        kinds = file.headings()
        named = columns_of(table, file).items()
        return {name: str(kinds[heading]) if table.format == "parquet" else TYPE for name, heading in named}


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """Return the mapped tables; one whose columns nobody knows yet is listed without any."""
    tables = source.files.tables if source.files else {}
    return tuple(_info(source, name, table) for name, table in sorted(tables.items()))


def _info(source: SourceConfig, name: str, table: FileTable) -> TableInfo:
    try:
        found = columns(source, table)
    except JutongError:
        found = {}
    described = tuple(
        ColumnInfo(name=column, type=kind, nullable=True) for column, kind in list(found.items())[:MAX_COLUMNS]
    )
    return TableInfo(schema_name=SCHEMA, name=name, comment=table.comment, row_estimate=ROWS_UNKNOWN, columns=described)
