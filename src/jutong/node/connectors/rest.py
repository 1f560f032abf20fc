"""A REST service: its tables are those its mapping names; nothing is asked of the service but whether it listens."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS, ROWS_UNKNOWN
from jutong.node.sources import SourceConfig

SCHEMA = "rest"
TYPE = "json"


def probe(source: SourceConfig) -> None:
    """Connect to the service's address and leave.

    Raises:
        SourceUnreachableError: when nothing listens there.
    """
    parts = urlsplit(source.dsn)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), CONNECT_SECONDS).close()
    except OSError as error:
        raise SourceUnreachableError(source=source.name, reason=error.strerror or type(error).__name__) from error


def columns(source: SourceConfig, table: str) -> dict[str, bool]:
    """Return the columns of a mapped table, and whether a row is looked up by each."""
    mapped = source.service.tables[table]
    names = dict.fromkeys([*sorted(mapped.lookup), *mapped.columns])
    return {name: name in mapped.lookup for name in names}


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """Return the mapped tables.

    Raises:
        SourceUnreachableError: when nothing listens at the service's address.
    """
    probe(source)
    return tuple(
        TableInfo(
            schema_name=SCHEMA, name=name, comment=mapped.comment, row_estimate=ROWS_UNKNOWN, kind="view",
            columns=tuple(
                ColumnInfo(name=column, type=TYPE, nullable=not key, key=key)
                for column, key in columns(source, name).items()
            ),
        )
        for name, mapped in sorted(source.service.tables.items())
    )  # fmt: skip
