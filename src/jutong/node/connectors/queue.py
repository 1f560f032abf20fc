"""A NATS server: its tables are the streams our mapping names. Looking at messages takes none away."""

from __future__ import annotations

from typing import Any

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import ROWS_UNKNOWN
from jutong.node.exchange.errors import SourceLostError
from jutong.node.queues.errors import QueueForbiddenError, StreamMissingError
from jutong.node.queues.mapping import MESSAGE_ID, SCHEMA, SEQUENCE, SUBJECT, TIME, StreamTable
from jutong.node.queues.server import Server
from jutong.node.sources import SourceConfig

OF_MESSAGES = {SEQUENCE: "bigint", TIME: "timestamptz", SUBJECT: "text", MESSAGE_ID: "text"}
TYPE = "json"


def probe(source: SourceConfig) -> None:
    """Sign in and ask whether there is JetStream.

    Raises:
        SourceUnreachableError: when that does not work.
        DriverMissingError: when this node has no driver.
    """
    with Server(source) as server:
        _asked(source, server, server.js.account_info())


def table_of(source: SourceConfig, schema: str, table: str) -> StreamTable | None:
    """Return a mapped table; None where there is none of the name."""
    return source.streams.tables.get(table) if schema in {"", SCHEMA} else None


def columns(table: StreamTable) -> dict[str, str]:
    """Return the columns of a table and their types."""
    return {name: OF_MESSAGES.get(name, TYPE) for name in table.every_column}


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """Return the mapped streams; the estimate is how many messages a stream holds.

    Raises:
        SourceUnreachableError: when the server does not answer.
    """
    with Server(source) as server:
        held = {}
        for name, table in source.streams.tables.items():
            try:
                info = _asked(source, server, server.stream(table.stream))
                held[name] = ROWS_UNKNOWN if table.subject else info.state.messages
            except StreamMissingError:
                held[name] = ROWS_UNKNOWN
    return tuple(
        TableInfo(
            schema_name=SCHEMA, name=name, comment=table.comment, row_estimate=held[name], kind="view",
            columns=tuple(
                ColumnInfo(name=column, type=kind, nullable=column != SEQUENCE, key=column == SEQUENCE)
                for column, kind in columns(table).items()
            ),
        )
        for name, table in sorted(source.streams.tables.items())
    )  # fmt: skip


def _asked(source: SourceConfig, server: Server, work: Any) -> Any:
    try:
        return server.run(work)
    except (SourceLostError, QueueForbiddenError) as error:
        raise SourceUnreachableError(source=source.name, reason=error.fields["reason"]) from error
