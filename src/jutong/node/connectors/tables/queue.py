"""A stream mapped as a table: its newest messages can be looked at, and none is taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jutong.node.connectors.errors import TableMissingError, TableUnreadableError
from jutong.node.connectors.limits import LONGEST_VALUE, ROWS_UNKNOWN
from jutong.node.connectors.queue import columns, table_of
from jutong.node.files.lines import as_text, parsed
from jutong.node.mapped import parts_of, value_at
from jutong.node.queues.errors import QueueForbiddenError, StreamMissingError
from jutong.node.queues.mapping import StreamTable
from jutong.node.queues.server import Server
from jutong.node.sources import SourceConfig

MOST_LOOKED_AT = 200


class QueueTable:
    """An open table; see ``OpenTable``."""

    def __init__(self, server: Server, table: StreamTable, state: Any) -> None:
        self._server, self._table, self._state = server, table, state
        self.columns = columns(table)
        self.estimate = ROWS_UNKNOWN if table.subject else int(state.messages)

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return cells of at most ``limit`` of the newest messages that are rows."""
        first = max(self._state.first_seq, self._state.last_seq - min(limit, MOST_LOOKED_AT) + 1)
        return self._server.run(self._looked(range(first, self._state.last_seq + 1)))

    async def _looked(self, numbers: range) -> list[list[tuple[str | None, int]]]:
        from nats.js.errors import NotFoundError  # noqa: PLC0415 - an optional driver

        pointers = [parts_of(pointer) for pointer in self._table.every_column.values()]
        found = []
        for number in numbers:
            try:
                message = await self._server.js.get_msg(self._table.stream, number)
                row = parsed((message.data or b"").decode())
            except (NotFoundError, ValueError):
                continue
            if isinstance(row, dict):
                told = {"s": number, "u": message.subject, "i": (message.headers or {}).get("Nats-Msg-Id"), "d": row}
                found.append([_cell(as_text(value_at(told, parts))) for parts in pointers])
        return found

    def count(self, limit: int) -> int:
        """Return how many messages there are, where all of the stream's are ours."""
        return self.estimate if self.estimate <= limit else ROWS_UNKNOWN

    def newest(self, column: str) -> Any:
        """Return that the newest value is unknown."""
        return None


def _cell(text: str | None) -> tuple[str | None, int]:
    return (None, 0) if text is None else (text[:LONGEST_VALUE], len(text))


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[QueueTable]:
    """Open a mapped stream for a look.

    Raises:
        TableMissingError: when the mapping or the server has none of that name.
        SourceUnreachableError, TableUnreadableError: when the server does not let us look.
    """
    found = table_of(source, schema, table)
    if found is None:
        raise TableMissingError(source=source.name, table=f"{schema}.{table}")
    with Server(source) as server:
        try:
            yield QueueTable(server, found, server.run(server.stream(found.stream)).state)
        except StreamMissingError as error:
            raise TableMissingError(source=source.name, table=found.stream) from error
        except QueueForbiddenError as error:
            raise TableUnreadableError(source=source.name, table=table, reason=error.fields["reason"]) from error
